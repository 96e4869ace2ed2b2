//! What can be given, and for how much: `gifts.json`.

use chat_types::business::{EffectClass, MAX_BUSINESS_ID_BYTES};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

const FILE: &str = "gifts.json";
const BUILT_IN: &str = include_str!("../../catalogue/gifts.json");
/// Longest file, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;
const MAX_GIFTS: usize = 200;
const MAX_TITLE_CHARS: usize = 60;
/// Highest price of one gift, in coins.
const MAX_PRICE: u32 = 1_000_000;
/// Most gifts of one message of clicks, and longest time for which clicks are held back.
const MAX_MERGE_COUNT: u32 = 9_999;
const MAX_MERGE_MS: u32 = 60_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "there is no folder {dir}: make it, or start without --catalogue-dir for the built-in catalogue",
        dir = dir.display()
    )]
    NoFolder { dir: PathBuf },
    #[error("the gifts of {path} cannot be read: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} has more than {MAX_FILE_BYTES} bytes: remove gifts", path = path.display())]
    TooLong { path: PathBuf },
    #[error("{origin} is no list of gifts: {source}; docs/business.md has its form")]
    Malformed { origin: String, source: serde_json::Error },
    #[error("{origin}: gift {gift:?}: {rule}")]
    Gift { origin: String, gift: String, rule: String },
    #[error("{origin} has {found} gifts: 1 to {MAX_GIFTS} are needed")]
    Number { origin: String, found: usize },
}

/// How clicks in a row become messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ComboRule {
    /// Whether they are merged at all.
    pub(crate) merge: bool,
    /// A message for so many gifts,
    pub(crate) merge_count: u32,
    /// or for what was clicked within so many milliseconds, whichever comes first.
    pub(crate) merge_ms: u32,
}

/// "A message for every 20 gifts or clicks within a second" ("Live Room Setup Guide",
/// product/1047/49589).
impl Default for ComboRule {
    fn default() -> Self {
        Self { merge: true, merge_count: 20, merge_ms: 1_000 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiftKind {
    /// 1 to 64 bytes of printable ASCII without spaces.
    pub(crate) id: String,
    /// 1 to 60 characters, shown as it stands.
    pub(crate) title: String,
    /// Of one, in coins.
    pub(crate) price: u32,
    /// Name of its picture and animation, for clients: letters, digits, `-` and `_`.
    pub(crate) art: String,
    #[serde(default)]
    pub(crate) effect: EffectClass,
    #[serde(default)]
    pub(crate) combo: ComboRule,
}

impl GiftKind {
    /// The rule that the gift breaks.
    fn fault(&self) -> Option<String> {
        let ComboRule { merge_count, merge_ms, .. } = self.combo;
        let title_chars = self.title.chars().count();
        let is_id = |text: &str, may: fn(u8) -> bool| {
            (1..=MAX_BUSINESS_ID_BYTES).contains(&text.len()) && text.bytes().all(may)
        };
        let of_art = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !is_id(&self.id, |byte| byte.is_ascii_graphic()) {
            Some("id has to have 1 to 64 bytes of printable ASCII without spaces".into())
        } else if self.title.trim().is_empty()
            || title_chars > MAX_TITLE_CHARS
            || self.title.chars().any(char::is_control)
        {
            Some(format!("title has to have 1 to {MAX_TITLE_CHARS} characters"))
        } else if !(1..=MAX_PRICE).contains(&self.price) {
            Some(format!("price has to be 1 to {MAX_PRICE} coins"))
        } else if !is_id(&self.art, of_art) {
            Some("art has to have 1 to 64 letters, digits, '-' and '_'".into())
        } else if !(1..=MAX_MERGE_COUNT).contains(&merge_count) {
            Some(format!("combo.merge_count has to be 1 to {MAX_MERGE_COUNT}"))
        } else if !(1..=MAX_MERGE_MS).contains(&merge_ms) {
            Some(format!("combo.merge_ms has to be 1 to {MAX_MERGE_MS}"))
        } else {
            None
        }
    }
}

/// A list of gifts, in the order in which they are shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Catalogue {
    gifts: Vec<GiftKind>,
}

impl Catalogue {
    /// The file in the folder. Without a folder, or with a folder that has no such file, the gifts
    /// that come with the program. A folder that is named and not there is a mistake.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, Error> {
        let Some(dir) = dir else {
            return Self::read(BUILT_IN.as_bytes(), "the built-in catalogue");
        };
        if !dir.is_dir() {
            return Err(Error::NoFolder { dir: dir.to_owned() });
        }
        let path = dir.join(FILE);
        let failed = |source| Error::Read { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tracing::info!(path = %path.display(), "no such file: the built-in gifts are used");
                return Self::read(BUILT_IN.as_bytes(), "the built-in catalogue");
            }
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(Error::TooLong { path });
        }
        Self::read(&bytes, &path.display().to_string())
    }

    fn read(json: &[u8], origin: &str) -> Result<Self, Error> {
        let origin = origin.to_owned();
        let catalogue: Self = match serde_json::from_slice(json) {
            Ok(catalogue) => catalogue,
            Err(source) => return Err(Error::Malformed { origin, source }),
        };
        let found = catalogue.gifts.len();
        if !(1..=MAX_GIFTS).contains(&found) {
            return Err(Error::Number { origin, found });
        }
        let mut ids = HashSet::new();
        for gift in &catalogue.gifts {
            let twice = || (!ids.insert(&gift.id)).then(|| "this id stands twice".to_owned());
            if let Some(rule) = gift.fault().or_else(twice) {
                return Err(Error::Gift { origin, gift: gift.id.clone(), rule });
            }
        }
        Ok(catalogue)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&GiftKind> {
        self.gifts.iter().find(|gift| gift.id == id)
    }

    pub(crate) fn all(&self) -> &[GiftKind] {
        &self.gifts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(gifts: Value) -> Result<Catalogue, String> {
        Catalogue::read(gifts.to_string().as_bytes(), "gifts.json")
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_built_in_gifts_keep_the_rules_and_the_numbers_of_the_guide() {
        let catalogue = Catalogue::open(None).unwrap();
        let rose = catalogue.find("rose").unwrap();
        assert_eq!(rose.combo, ComboRule { merge: true, merge_count: 20, merge_ms: 1_000 });
        assert_eq!((rose.price, rose.effect), (1, EffectClass::Quiet));
        assert!(!catalogue.find("rocket").unwrap().combo.merge);
        assert!(catalogue.find("nothing").is_none());
    }

    #[test]
    fn a_gift_that_breaks_a_rule_is_named_with_the_rule() {
        let with = |name: &str, value: Value| {
            let mut gift = json!({"id": "cup", "title": "Cup", "price": 3, "art": "cup"});
            gift[name] = value;
            read(json!([gift])).unwrap_err()
        };
        for (name, wrong, said) in [
            ("id", json!("two words"), "id has to"),
            ("id", json!(""), "id has to"),
            ("title", json!(" "), "title has to"),
            ("title", json!("t".repeat(61)), "title has to"),
            ("price", json!(0), "price has to"),
            ("price", json!(1_000_001), "price has to"),
            ("price", json!(-1), "no list of gifts"),
            ("price", json!(1.5), "no list of gifts"),
            ("art", json!("../cup"), "art has to"),
            ("effect", json!("loud"), "no list of gifts"),
            ("combo", json!({"merge_count": 0}), "merge_count"),
            ("combo", json!({"merge_ms": 60_001}), "merge_ms"),
            ("colour", json!("red"), "no list of gifts"),
        ] {
            let error = with(name, wrong.clone());
            assert!(error.contains(said) && error.starts_with("gifts.json"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_list_that_is_empty_or_names_a_gift_twice_is_refused() {
        assert!(read(json!([])).unwrap_err().contains("has 0 gifts"));
        let cup = json!({"id": "cup", "title": "Cup", "price": 3, "art": "cup"});
        assert!(read(json!([cup, cup])).unwrap_err().contains("twice"));
    }

    #[test]
    fn the_file_of_a_folder_takes_the_place_of_the_built_in_gifts() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Catalogue::open(Some(dir.path())).unwrap().find("rose").is_some());
        let cup = r#"[{"id":"cup","title":"Cup","price":3,"art":"cup"}]"#;
        std::fs::write(dir.path().join(FILE), cup).unwrap();
        let catalogue = Catalogue::open(Some(dir.path())).unwrap();
        assert_eq!(catalogue.all().len(), 1);
        assert_eq!(catalogue.find("cup").unwrap().combo, ComboRule::default());
        std::fs::write(dir.path().join(FILE), "x".repeat(256 * 1024 + 1)).unwrap();
        assert!(matches!(Catalogue::open(Some(dir.path())), Err(Error::TooLong { .. })));
        std::fs::write(dir.path().join(FILE), "[").unwrap();
        assert!(matches!(Catalogue::open(Some(dir.path())), Err(Error::Malformed { .. })));
    }
}
