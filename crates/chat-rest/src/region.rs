//! The cloud's hosts (product/1047/34620).

/// Where an application of the cloud has its data. It is chosen when the application is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    China,
    Singapore,
    Seoul,
    Tokyo,
    Frankfurt,
    /// Newer lists of the vendor leave it out.
    Mumbai,
    SiliconValley,
    Jakarta,
}

impl Region {
    pub const ALL: [Self; 8] = [
        Self::China,
        Self::Singapore,
        Self::Seoul,
        Self::Tokyo,
        Self::Frankfurt,
        Self::Mumbai,
        Self::SiliconValley,
        Self::Jakarta,
    ];

    /// The host that calls go to.
    pub const fn host(self) -> &'static str {
        match self {
            Self::China => "console.tim.qq.com",
            Self::Singapore => "adminapisgp.im.qcloud.com",
            Self::Seoul => "adminapikr.im.qcloud.com",
            Self::Tokyo => "adminapijpn.im.qcloud.com",
            Self::Frankfurt => "adminapiger.im.qcloud.com",
            Self::Mumbai => "adminapiind.im.qcloud.com",
            Self::SiliconValley => "adminapiusa.im.qcloud.com",
            Self::Jakarta => "adminapiidn.im.qcloud.com",
        }
    }

    /// A second name of the same service, for when the first cannot be reached. None is known for
    /// Tokyo.
    pub const fn backup_host(self) -> Option<&'static str> {
        match self {
            Self::China => Some("adminapi.my-imcloud.com"),
            Self::Singapore => Some("adminapisgp.my-imcloud.com"),
            Self::Seoul => Some("adminapikr.my-imcloud.com"),
            Self::Tokyo => None,
            Self::Frankfurt => Some("adminapiger.my-imcloud.com"),
            Self::Mumbai => Some("adminapiind.my-imcloud.com"),
            Self::SiliconValley => Some("adminapiusa.my-imcloud.com"),
            Self::Jakarta => Some("adminapiidn.my-imcloud.com"),
        }
    }
}
