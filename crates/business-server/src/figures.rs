//! Counters of a subject since the start of the service, and what is read of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter as it stands.
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) value: u64,
}

/// Makes `Figures`, which count, and a struct of the given name, which is what they stand at.
macro_rules! figures {
    ($read:ident { $($(#[doc = $doc:literal])+ $name:ident;)+ }) => {
        #[derive(Debug, Default)]
        pub(crate) struct Figures {
            $($(#[doc = $doc])+ pub(crate) $name: std::sync::atomic::AtomicU64,)+
        }

        /// Counted since the start of the service.
        #[derive(Debug, Clone, Copy, serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $read {
            $($(#[doc = $doc])+ $name: u64,)+
        }

        impl Figures {
            pub(crate) fn read(&self) -> $read {
                let read = |figure: &std::sync::atomic::AtomicU64| {
                    figure.load(std::sync::atomic::Ordering::Relaxed)
                };
                $read { $($name: read(&self.$name),)+ }
            }

            /// Each with its name and what it counts.
            pub(crate) fn listed(&self) -> Vec<$crate::figures::Listed> {
                let now = self.read();
                vec![$($crate::figures::Listed {
                    name: stringify!($name),
                    help: concat!($($doc),+),
                    value: now.$name,
                },)+]
            }
        }
    };
}

pub(crate) use figures;

pub(crate) fn count(figure: &AtomicU64) {
    add(figure, 1);
}

pub(crate) fn add(figure: &AtomicU64, number: usize) {
    figure.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
}
