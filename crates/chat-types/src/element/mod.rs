//! Message elements and priority ("Message Formats", product/1047/33527).

mod check;
mod read;

pub use check::{
    BodyError, Fault, MAX_ELEMENTS, MAX_MESSAGE_BYTES, check_body, check_rest_body, read_body,
};

use serde::{Deserialize, Serialize};

/// Priority of a group message. Case sensitive on the wire. The two lowest are one class when a room
/// has to choose; everybody is told the name that the sender gave.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Priority {
    Lowest,
    Low,
    #[default]
    Normal,
    High,
}

/// One element of a message body, with the field names of the REST API.
///
/// Of a media element every field may be absent: old clients leave out what they do not know.
/// [`check_rest_body`] asks for what the REST API demands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "MsgType", content = "MsgContent")]
pub enum Element {
    #[serde(rename = "TIMTextElem")]
    Text(TextElement),
    #[serde(rename = "TIMCustomElem")]
    Custom(CustomElement),
    #[serde(rename = "TIMFaceElem")]
    Face(FaceElement),
    #[serde(rename = "TIMLocationElem")]
    Location(LocationElement),
    #[serde(rename = "TIMImageElem")]
    Image(ImageElement),
    #[serde(rename = "TIMSoundElem")]
    Sound(SoundElement),
    #[serde(rename = "TIMFileElem")]
    File(FileElement),
    #[serde(rename = "TIMVideoFileElem")]
    Video(VideoElement),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TextElement {
    pub text: String,
}

/// Business data of the application; the service never reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CustomElement {
    pub data: String,
    pub desc: String,
    pub ext: String,
    pub sound: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FaceElement {
    pub index: i64,
    #[serde(default)]
    pub data: String,
}

/// A place on the earth, in degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LocationElement {
    #[serde(default)]
    pub desc: String,
    /// -90 to 90.
    pub latitude: f64,
    /// -180 to 180.
    pub longitude: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageElement {
    /// Any globally unique text.
    #[serde(rename = "UUID")]
    pub uuid: String,
    /// 1 JPG, 2 GIF, 3 PNG, 4 BMP, 255 other.
    pub image_format: u32,
    /// The image in its sizes.
    pub image_info_array: Vec<ImageInfo>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageInfo {
    /// 1 original, 2 large, 3 thumbnail.
    #[serde(rename = "Type")]
    pub kind: u32,
    /// Bytes.
    pub size: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    #[serde(rename = "URL")]
    pub url: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SoundElement {
    pub url: String,
    #[serde(rename = "UUID")]
    pub uuid: String,
    /// Bytes.
    pub size: u32,
    /// Length in seconds.
    pub second: u32,
    /// Always [`DOWNLOAD_BY_URL`].
    #[serde(rename = "Download_Flag")]
    pub download_flag: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FileElement {
    pub url: String,
    #[serde(rename = "UUID")]
    pub uuid: String,
    /// Bytes.
    pub file_size: u32,
    pub file_name: String,
    /// Always [`DOWNLOAD_BY_URL`].
    #[serde(rename = "Download_Flag")]
    pub download_flag: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VideoElement {
    pub video_url: String,
    #[serde(rename = "VideoUUID")]
    pub video_uuid: String,
    /// Bytes.
    pub video_size: u32,
    /// Length in seconds.
    pub video_second: u32,
    /// Such as `mp4`.
    pub video_format: String,
    /// Always [`DOWNLOAD_BY_URL`].
    pub video_download_flag: u32,
    pub thumb_url: String,
    #[serde(rename = "ThumbUUID")]
    pub thumb_uuid: String,
    /// Bytes.
    pub thumb_size: u32,
    /// Pixels.
    pub thumb_width: u32,
    /// Pixels.
    pub thumb_height: u32,
    /// Such as `JPG`.
    pub thumb_format: String,
    /// Always [`DOWNLOAD_BY_URL`].
    pub thumb_download_flag: u32,
}

/// The only documented value of the download flags: the file is fetched from its URL.
pub const DOWNLOAD_BY_URL: u32 = 2;

impl Element {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextElement { text: text.into() })
    }

    /// The name in `MsgType`.
    pub const fn msg_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "TIMTextElem",
            Self::Custom(_) => "TIMCustomElem",
            Self::Face(_) => "TIMFaceElem",
            Self::Location(_) => "TIMLocationElem",
            Self::Image(_) => "TIMImageElem",
            Self::Sound(_) => "TIMSoundElem",
            Self::File(_) => "TIMFileElem",
            Self::Video(_) => "TIMVideoFileElem",
        }
    }
}

impl Element {
    /// Whether any text in it, whatever it is for, fulfils this.
    pub(crate) fn has_text(&self, wanted: impl Fn(&str) -> bool) -> bool {
        let any = |texts: &[&String]| texts.iter().any(|text| wanted(text));
        match self {
            Self::Text(TextElement { text }) => any(&[text]),
            Self::Custom(CustomElement { data, desc, ext, sound }) => {
                any(&[data, desc, ext, sound])
            }
            Self::Face(FaceElement { data, .. }) => any(&[data]),
            Self::Location(LocationElement { desc, .. }) => any(&[desc]),
            Self::Image(ImageElement { uuid, image_info_array, .. }) => {
                any(&[uuid]) || image_info_array.iter().any(|info| wanted(&info.url))
            }
            Self::Sound(SoundElement { url, uuid, .. }) => any(&[url, uuid]),
            Self::File(FileElement { url, uuid, file_name, .. }) => any(&[url, uuid, file_name]),
            Self::Video(VideoElement {
                video_url,
                video_uuid,
                video_format,
                thumb_url,
                thumb_uuid,
                thumb_format,
                ..
            }) => any(&[video_url, video_uuid, video_format, thumb_url, thumb_uuid, thumb_format]),
        }
    }
}

/// The text a person reads in a message: its text elements, and in brackets the names of its faces
/// and what other media it has. Empty when the message holds only custom data.
pub fn readable_text(elements: &[Element]) -> String {
    let mut out = String::new();
    for element in elements {
        match element {
            Element::Text(text) => out.push_str(&text.text),
            Element::Face(face) if face.data.is_empty() => {
                out.push_str(&format!("[{}]", face.index));
            }
            Element::Face(face) => out.push_str(&format!("[{}]", face.data)),
            Element::Location(_) => out.push_str("[location]"),
            Element::Image(_) => out.push_str("[image]"),
            Element::Sound(_) => out.push_str("[sound]"),
            Element::File(_) => out.push_str("[file]"),
            Element::Video(_) => out.push_str("[video]"),
            Element::Custom(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_element_has_the_documented_json_form() {
        let location =
            Element::Location(LocationElement { desc: "a".into(), latitude: 1.5, longitude: -2.0 });
        let forms = [
            (Element::text("hi"), json!({"Text": "hi"})),
            (
                Element::Custom(CustomElement { data: "{}".into(), ..CustomElement::default() }),
                json!({"Data": "{}", "Desc": "", "Ext": "", "Sound": ""}),
            ),
            (
                Element::Face(FaceElement { index: 4, data: "wave".into() }),
                json!({"Index": 4, "Data": "wave"}),
            ),
            (location, json!({"Desc": "a", "Latitude": 1.5, "Longitude": -2.0})),
            (
                Element::Image(ImageElement {
                    uuid: "u".into(),
                    image_format: 1,
                    image_info_array: vec![ImageInfo {
                        kind: 1,
                        size: 2,
                        width: 3,
                        height: 4,
                        url: "x".into(),
                    }],
                }),
                json!({"UUID": "u", "ImageFormat": 1, "ImageInfoArray": [
                    {"Type": 1, "Size": 2, "Width": 3, "Height": 4, "URL": "x"}]}),
            ),
            (
                Element::Sound(SoundElement { url: "x".into(), ..SoundElement::default() }),
                json!({"Url": "x", "UUID": "", "Size": 0, "Second": 0, "Download_Flag": 0}),
            ),
            (
                Element::File(FileElement { file_name: "a".into(), ..FileElement::default() }),
                json!({"Url": "", "UUID": "", "FileSize": 0, "FileName": "a", "Download_Flag": 0}),
            ),
            (
                Element::Video(VideoElement::default()),
                json!({"VideoUrl": "", "VideoUUID": "", "VideoSize": 0, "VideoSecond": 0,
                    "VideoFormat": "", "VideoDownloadFlag": 0, "ThumbUrl": "", "ThumbUUID": "",
                    "ThumbSize": 0, "ThumbWidth": 0, "ThumbHeight": 0, "ThumbFormat": "",
                    "ThumbDownloadFlag": 0}),
            ),
        ];
        for (element, content) in forms {
            let form = json!({"MsgType": element.msg_type(), "MsgContent": content});
            assert_eq!(serde_json::to_value(&element).unwrap(), form);
            assert_eq!(serde_json::from_value::<Element>(form).unwrap(), element);
        }
    }

    #[test]
    fn text_and_faces_read_as_one_line_and_media_as_a_word_in_brackets() {
        let face = Element::Face(FaceElement { index: 4, data: "wave".into() });
        let image = Element::Image(ImageElement::default());
        let custom = Element::Custom(CustomElement { data: "x".into(), ..Default::default() });
        let body = [Element::text("hi "), face, image, custom.clone()];
        assert_eq!(readable_text(&body), "hi [wave][image]");
        assert_eq!(readable_text(&[custom]), "");
    }

    fn any_element() -> impl Strategy<Value = Element> {
        let text = || "\\PC{0,12}";
        prop_oneof![
            text().prop_map(Element::text),
            (text(), text(), text(), text()).prop_map(|(data, desc, ext, sound)| {
                Element::Custom(CustomElement { data, desc, ext, sound })
            }),
            (any::<i64>(), text())
                .prop_map(|(index, data)| Element::Face(FaceElement { index, data })),
            (text(), -90.0..=90.0_f64, -180.0..=180.0_f64).prop_map(
                |(desc, latitude, longitude)| {
                    Element::Location(LocationElement { desc, latitude, longitude })
                }
            ),
            (text(), any::<u32>(), any::<u32>()).prop_map(|(url, kind, size)| {
                let info = ImageInfo { kind, size, url: url.clone(), ..ImageInfo::default() };
                let image_info_array = vec![info.clone(), info];
                Element::Image(ImageElement { uuid: url, image_format: size, image_info_array })
            }),
            (text(), any::<u32>()).prop_map(|(url, size)| {
                Element::Sound(SoundElement { url, size, ..SoundElement::default() })
            }),
            (text(), any::<u32>()).prop_map(|(file_name, file_size)| {
                Element::File(FileElement { file_name, file_size, ..FileElement::default() })
            }),
            (text(), any::<u32>()).prop_map(|(thumb_uuid, thumb_width)| {
                Element::Video(VideoElement { thumb_uuid, thumb_width, ..VideoElement::default() })
            }),
        ]
    }

    proptest! {
        #[test]
        fn an_element_reads_as_what_was_written(element in any_element()) {
            let json = serde_json::to_string(&element).unwrap();
            prop_assert_eq!(serde_json::from_str::<Element>(&json).unwrap(), element);
        }
    }
}
