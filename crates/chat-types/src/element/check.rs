//! What a message body has to fulfil, and the codes of a body that does not.

use serde::Deserialize;
use serde_json::Value;
use std::io::{self, Write};

use super::{DOWNLOAD_BY_URL, Element, ImageElement, VideoElement, readable_text};
use crate::code::{ApiError, Code};

/// Largest message body, as the JSON bytes of `MsgBody` (the limit of the 8.0 client library). An
/// application may have another limit.
pub const MAX_MESSAGE_BYTES: usize = 12 * 1024;
/// Elements in one message: far above any real one, so that a body of tiny elements stays cheap.
pub const MAX_ELEMENTS: usize = 64;

/// What is wrong with a message body. The two families of calls have different codes for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{info}")]
pub struct BodyError {
    pub fault: Fault,
    /// What to change.
    pub info: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `MsgBody` is missing, empty, or wrong as a whole.
    Body,
    NotAnArray,
    Element,
    TooLong,
}

impl BodyError {
    fn new(fault: Fault, info: impl Into<String>) -> Self {
        Self { fault, info: info.into() }
    }

    /// `position` counts from 0.
    fn element(position: usize, info: impl AsRef<str>) -> Self {
        Self::new(Fault::Element, format!("element {} of MsgBody: {}", position + 1, info.as_ref()))
    }

    /// 10004, or 80002 for a body that is too long.
    pub fn for_group(self) -> ApiError {
        let code = match self.fault {
            Fault::TooLong => Code::MESSAGE_TOO_LONG,
            Fault::Body | Fault::NotAnArray | Fault::Element => Code::BAD_PARAMETER,
        };
        ApiError::new(code, self.info)
    }

    /// 90002, 90007, 90010, or 80002 for a body that is too long.
    pub fn for_c2c(self) -> ApiError {
        let code = match self.fault {
            Fault::TooLong => Code::MESSAGE_TOO_LONG,
            Fault::Body => Code::C2C_MSG_BODY,
            Fault::NotAnArray => Code::C2C_MSG_BODY_NOT_ARRAY,
            Fault::Element => Code::C2C_ELEMENT,
        };
        ApiError::new(code, self.info)
    }
}

/// Reads `MsgBody` out of the JSON of a REST call. Done before the call as a whole is read, it
/// gives each fault its own code and names the element that is wrong.
pub fn read_body(request: &Value) -> Result<Vec<Element>, BodyError> {
    let elements = match request.get("MsgBody") {
        Some(Value::Array(elements)) => elements,
        None | Some(Value::Null) => {
            return Err(BodyError::new(Fault::Body, "MsgBody is missing: give its elements"));
        }
        Some(_) => {
            return Err(BodyError::new(
                Fault::NotAnArray,
                "MsgBody has to be an array of elements {MsgType, MsgContent}",
            ));
        }
    };
    check_count(elements.len())?;
    let read = |(position, element)| {
        check_sizes(element).map_err(|info| BodyError::element(position, info))?;
        Element::deserialize(element)
            .map_err(|error: serde_json::Error| BodyError::element(position, error.to_string()))
    };
    elements.iter().enumerate().map(read).collect()
}

/// Sizes that the REST API demands. 0 is one of them, so they cannot be missed in the typed element.
fn check_sizes(element: &Value) -> Result<(), String> {
    let content = &element["MsgContent"];
    let (objects, names): (Vec<&Value>, &[&str]) = match element["MsgType"].as_str() {
        Some("TIMImageElem") => {
            let infos = content["ImageInfoArray"].as_array();
            (infos.into_iter().flatten().collect(), &["Width", "Height"])
        }
        Some("TIMVideoFileElem") => (vec![content], &["ThumbSize", "ThumbWidth", "ThumbHeight"]),
        _ => return Ok(()),
    };
    let missing = objects
        .iter()
        .find_map(|object| names.iter().find(|name| object.get(**name).is_none_or(Value::is_null)));
    missing.map_or(Ok(()), |name| Err(format!("{name} is missing: the REST API needs it")))
}

/// Checks what holds for every message: 1 to [`MAX_ELEMENTS`] elements, at most one of them custom,
/// something to read or custom data, no U+0000, which databases do not store, places on the earth,
/// images with at least one of the three sizes, and at most `max_bytes` of JSON.
pub fn check_body(elements: &[Element], max_bytes: usize) -> Result<(), BodyError> {
    check_count(elements.len())?;
    let custom = elements.iter().filter(|element| matches!(element, Element::Custom(_))).count();
    if custom > 1 {
        return Err(BodyError::new(
            Fault::Body,
            "MsgBody has more than one TIMCustomElem: send them as separate messages",
        ));
    }
    if readable_text(elements).is_empty() && custom == 0 {
        return Err(BodyError::new(
            Fault::Body,
            "the message has no text: give Text at least one letter",
        ));
    }
    for (position, element) in elements.iter().enumerate() {
        check_values(element).map_err(|info| BodyError::element(position, info))?;
        if element.has_text(|text| text.contains('\0')) {
            let info = "it has U+0000 in it, which no text may have";
            return Err(BodyError::element(position, info));
        }
    }
    let bytes = json_bytes(elements);
    if bytes > max_bytes {
        return Err(BodyError::new(
            Fault::TooLong,
            format!("the message has {bytes} bytes; {max_bytes} is the most"),
        ));
    }
    Ok(())
}

/// [`check_body`], and what the REST API demands of media: URLs, UUIDs, sizes in pixels and
/// download flags.
pub fn check_rest_body(elements: &[Element], max_bytes: usize) -> Result<(), BodyError> {
    check_body(elements, max_bytes)?;
    for (position, element) in elements.iter().enumerate() {
        check_complete(element).map_err(|info| BodyError::element(position, info))?;
    }
    Ok(())
}

fn check_count(count: usize) -> Result<(), BodyError> {
    if count == 0 {
        return Err(BodyError::new(Fault::Body, "MsgBody is empty: give at least one element"));
    }
    if count > MAX_ELEMENTS {
        return Err(BodyError::new(
            Fault::Body,
            format!("MsgBody has {count} elements; {MAX_ELEMENTS} is the most"),
        ));
    }
    Ok(())
}

fn check_values(element: &Element) -> Result<(), &'static str> {
    match element {
        Element::Location(place) if !(-90.0..=90.0).contains(&place.latitude) => {
            Err("Latitude goes from -90 to 90")
        }
        Element::Location(place) if !(-180.0..=180.0).contains(&place.longitude) => {
            Err("Longitude goes from -180 to 180")
        }
        Element::Image(ImageElement { image_info_array, .. }) => {
            if image_info_array.is_empty() {
                Err("ImageInfoArray is empty: give at least the original image")
            } else if image_info_array.iter().any(|info| !(1..=3).contains(&info.kind)) {
                Err("Type in ImageInfoArray is 1 (original), 2 (large) or 3 (thumbnail)")
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

fn check_complete(element: &Element) -> Result<(), String> {
    match element {
        Element::Image(image) => {
            given("UUID", &image.uuid)?;
            for info in &image.image_info_array {
                given("URL", &info.url)?;
            }
            Ok(())
        }
        Element::Sound(sound) => {
            given("Url", &sound.url)?;
            given("UUID", &sound.uuid)?;
            by_url("Download_Flag", sound.download_flag)
        }
        Element::File(file) => {
            given("Url", &file.url)?;
            given("UUID", &file.uuid)?;
            by_url("Download_Flag", file.download_flag)
        }
        Element::Video(video) => check_video(video),
        Element::Text(_) | Element::Custom(_) | Element::Face(_) | Element::Location(_) => Ok(()),
    }
}

fn check_video(video: &VideoElement) -> Result<(), String> {
    given("VideoUrl", &video.video_url)?;
    given("VideoUUID", &video.video_uuid)?;
    by_url("VideoDownloadFlag", video.video_download_flag)?;
    given("ThumbUrl", &video.thumb_url)?;
    given("ThumbUUID", &video.thumb_uuid)?;
    by_url("ThumbDownloadFlag", video.thumb_download_flag)
}

fn given(name: &str, value: &str) -> Result<(), String> {
    if value.is_empty() { Err(format!("{name} is missing: the REST API needs it")) } else { Ok(()) }
}

fn by_url(name: &str, value: u32) -> Result<(), String> {
    if value == DOWNLOAD_BY_URL {
        Ok(())
    } else {
        Err(format!("{name} has to be {DOWNLOAD_BY_URL}"))
    }
}

/// Length of the JSON, without making it.
fn json_bytes(elements: &[Element]) -> usize {
    struct Length(usize);
    impl Write for Length {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    match serde_json::to_writer(&mut length, elements) {
        Ok(()) => length.0,
        Err(_) => usize::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CustomElement, FileElement, ImageInfo, LocationElement, SoundElement};
    use super::*;
    use serde_json::json;

    fn fault(elements: &[Element]) -> Fault {
        check_rest_body(elements, MAX_MESSAGE_BYTES).unwrap_err().fault
    }

    #[test]
    fn a_body_is_refused_when_empty_too_long_or_with_two_custom_elements() {
        assert_eq!(fault(&[]), Fault::Body);
        assert_eq!(fault(&[Element::text("")]), Fault::Body);
        assert_eq!(fault(&vec![Element::text("a"); MAX_ELEMENTS + 1]), Fault::Body);
        assert_eq!(fault(&[Element::text("x".repeat(MAX_MESSAGE_BYTES))]), Fault::TooLong);
        let custom = Element::Custom(CustomElement::default());
        assert_eq!(fault(&[custom.clone(), custom.clone()]), Fault::Body);
        assert!(check_body(&[custom], MAX_MESSAGE_BYTES).is_ok());
        let text = [Element::text("<b>hi</b>")];
        let bytes = serde_json::to_vec(&text).unwrap().len();
        assert!(check_body(&text, bytes).is_ok());
        assert_eq!(check_body(&text, bytes - 1).unwrap_err().fault, Fault::TooLong);
    }

    #[test]
    fn a_place_lies_on_the_earth() {
        let at = |latitude, longitude| {
            let desc = String::new();
            [Element::Location(LocationElement { desc, latitude, longitude })]
        };
        assert!(check_body(&at(-90.0, 180.0), 1_000).is_ok());
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::NAN)]
        {
            assert_eq!(fault(&at(latitude, longitude)), Fault::Element);
        }
    }

    #[test]
    fn no_text_of_an_element_has_the_sign_that_ends_texts_elsewhere() {
        for (kind, text) in [
            ("TIMTextElem", "Text"),
            ("TIMCustomElem", "Data"),
            ("TIMCustomElem", "Desc"),
            ("TIMCustomElem", "Ext"),
            ("TIMCustomElem", "Sound"),
            ("TIMFaceElem", "Data"),
            ("TIMLocationElem", "Desc"),
            ("TIMImageElem", "UUID"),
            ("TIMSoundElem", "Url"),
            ("TIMSoundElem", "UUID"),
            ("TIMFileElem", "Url"),
            ("TIMFileElem", "UUID"),
            ("TIMFileElem", "FileName"),
            ("TIMVideoFileElem", "VideoUrl"),
            ("TIMVideoFileElem", "VideoUUID"),
            ("TIMVideoFileElem", "VideoFormat"),
            ("TIMVideoFileElem", "ThumbUrl"),
            ("TIMVideoFileElem", "ThumbUUID"),
            ("TIMVideoFileElem", "ThumbFormat"),
        ] {
            let element = |value: &str| {
                let mut content = json!({"Index": 1, "Latitude": 1.0, "Longitude": 1.0, "Text": "x",
                    "ImageInfoArray": [{"Type": 1}]});
                content[text] = value.into();
                let element = json!({"MsgType": kind, "MsgContent": content});
                [serde_json::from_value::<Element>(element).unwrap()]
            };
            assert!(check_body(&element("x"), 1_000).is_ok(), "{kind} {text}");
            assert_eq!(fault(&element("x\0y")), Fault::Element, "{kind} {text}");
        }
        let info = ImageInfo { kind: 1, url: "x\0".into(), ..Default::default() };
        let image = ImageElement { image_info_array: vec![info], ..Default::default() };
        assert_eq!(fault(&[Element::Image(image)]), Fault::Element);
    }

    #[test]
    fn sizes_in_pixels_may_be_0_but_have_to_be_there() {
        let image = |size: Value| {
            let content = json!({"UUID": "u", "ImageFormat": 1, "ImageInfoArray": [size]});
            read_body(&json!({"MsgBody": [{"MsgType": "TIMImageElem", "MsgContent": content}]}))
        };
        let whole = json!({"Type": 2, "Size": 9, "Width": 0, "Height": 0, "URL": "http://x/2"});
        assert!(check_rest_body(&image(whole).unwrap(), 1_000).is_ok());
        let without = json!({"Type": 2, "Size": 9, "Width": 0, "URL": "http://x/2"});
        assert!(image(without).unwrap_err().info.contains("Height is missing"));
    }

    #[test]
    fn the_rest_api_wants_media_complete_where_a_client_may_leave_something_out() {
        let info = ImageInfo { kind: 1, width: 1, height: 1, url: "x".into(), size: 0 };
        let image = |uuid: &str, info: &ImageInfo| {
            let image_info_array = vec![info.clone()];
            Element::Image(ImageElement { uuid: uuid.into(), image_format: 1, image_info_array })
        };
        let sound = SoundElement { url: "x".into(), uuid: "u".into(), ..Default::default() };
        let file = FileElement { url: "x".into(), download_flag: 2, ..Default::default() };
        let video = VideoElement { video_url: "x".into(), ..Default::default() };
        for wrong in [
            image("", &info),
            image("u", &ImageInfo { url: String::new(), ..info.clone() }),
            Element::Sound(sound.clone()),
            Element::File(file.clone()),
            Element::Video(video),
        ] {
            let elements = [wrong];
            assert!(check_body(&elements, MAX_MESSAGE_BYTES).is_ok(), "{elements:?}");
            assert_eq!(fault(&elements), Fault::Element, "{elements:?}");
        }
        for wrong in [
            image("u", &ImageInfo { kind: 4, ..info.clone() }),
            Element::Image(ImageElement { uuid: "u".into(), ..Default::default() }),
        ] {
            assert!(check_body(&[wrong], MAX_MESSAGE_BYTES).is_err());
        }
        let whole = [
            image("u", &info),
            Element::Sound(SoundElement { download_flag: 2, ..sound }),
            Element::File(FileElement { uuid: "u".into(), ..file }),
            Element::Video(VideoElement {
                video_url: "x".into(),
                video_uuid: "u".into(),
                video_download_flag: 2,
                thumb_url: "x".into(),
                thumb_uuid: "u".into(),
                thumb_size: 1,
                thumb_width: 1,
                thumb_height: 1,
                thumb_download_flag: 2,
                ..Default::default()
            }),
        ];
        assert_eq!(check_rest_body(&whole, MAX_MESSAGE_BYTES), Ok(()));
    }

    #[test]
    fn each_family_of_calls_has_its_codes_for_a_wrong_body() {
        let element = json!([{"MsgType": "TIMSongElem", "MsgContent": {}}]);
        for (body, group, c2c) in [
            (json!({}), 10004, 90002),
            (json!({"MsgBody": []}), 10004, 90002),
            (json!({"MsgBody": "hi"}), 10004, 90007),
            (json!({"MsgBody": element}), 10004, 90010),
        ] {
            let error = read_body(&body).unwrap_err();
            assert_eq!(error.clone().for_group().code.0, group);
            assert_eq!(error.for_c2c().code.0, c2c);
        }
        let error = read_body(&json!({"MsgBody": element})).unwrap_err();
        assert!(error.info.starts_with("element 1 of MsgBody: MsgType \"TIMSongElem\" is unknown"));
        let long = check_body(&[Element::text("long")], 3).unwrap_err();
        assert_eq!((long.clone().for_group().code.0, long.for_c2c().code.0), (80002, 80002));
        let body = json!({"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]});
        assert_eq!(read_body(&body).unwrap(), [Element::text("hi")]);
    }
}
