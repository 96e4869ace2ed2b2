//! What a product may look like, and the catalogue that a new shop starts with.

use chat_types::business::{Product, ProductFault};
use reqwest::Url;
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

use super::{CatalogueEntry, store};
use crate::problem::Problem;
use crate::storage::{self, Database};

/// What is sold where nobody has said anything else.
const BUILT_IN: &str = include_str!("../../catalogue/products.json");
const FILE: &str = "products.json";
/// Longest catalogue file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_ID_BYTES: usize = 64;
const MAX_LINK_BYTES: usize = 1_024;
const DEMO_PICTURE: &str = "demo:";
/// The latest end of an offer that the field can tell: the end of the year 9999.
const LATEST_END_S: u64 = 253_402_300_799;

/// What is said of a product beside its id and stock.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductDescription {
    /// 1 to 60 characters.
    title: String,
    /// In the smallest unit of the currency: 3900 is ¥39.00.
    price_minor: u32,
    /// Three capital letters of ISO 4217.
    currency: String,
    /// `demo:NAME`, or an http or https address.
    #[serde(default)]
    picture: String,
    /// Where it is bought: an http or https address.
    #[serde(default)]
    link: String,
}

/// A new product: its description, which has to stand here member by member so that a member of
/// another name is noticed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProduct {
    /// 1 to 64 letters, digits, `.`, `_` or `-`.
    id: String,
    /// 1 to 60 characters.
    title: String,
    /// In the smallest unit of the currency: 3900 is ¥39.00.
    price_minor: u32,
    /// Three capital letters of ISO 4217.
    currency: String,
    /// `demo:NAME`, or an http or https address.
    #[serde(default)]
    picture: String,
    /// Where it is bought: an http or https address.
    #[serde(default)]
    link: String,
    /// Pieces that there are; nobody counts them without it.
    #[serde(default)]
    stock: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("a product id has 1 to {MAX_ID_BYTES} letters, digits, '.', '_' or '-', not . or ..")]
    Id,
    #[error("a title has no control characters")]
    Title,
    #[error("{0} is no http or https address of at most {MAX_LINK_BYTES} bytes")]
    Address(&'static str),
    #[error("the product does not fit into the custom field of a room: {0}")]
    Field(#[from] ProductFault),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::invalid(fault.to_string())
    }
}

impl NewProduct {
    pub(super) fn checked(self) -> Result<CatalogueEntry, Fault> {
        let Self { id, title, price_minor, currency, picture, link, stock } = self;
        ProductDescription { title, price_minor, currency, picture, link }.checked(id, stock)
    }
}

impl ProductDescription {
    /// The product with this id and stock. It is refused now if the field of a room could not hold
    /// it later, with the highest price, the latest end and the largest stock: what a host wants to
    /// recommend must not fail before the audience.
    pub(super) fn checked(self, id: String, stock: Option<u32>) -> Result<CatalogueEntry, Fault> {
        let may_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        // Clients take the last two out of an address before they call.
        if !(1..=MAX_ID_BYTES).contains(&id.len())
            || !id.bytes().all(may_name)
            || [".", ".."].contains(&id.as_str())
        {
            return Err(Fault::Id);
        }
        if self.title.trim().chars().any(char::is_control) {
            return Err(Fault::Title);
        }
        let is_demo = |picture: &str| {
            picture.starts_with(DEMO_PICTURE) && !picture.chars().any(char::is_control)
        };
        if !self.picture.is_empty() && !is_demo(&self.picture) {
            check_address("picture", &self.picture)?;
        }
        if !self.link.is_empty() {
            check_address("link", &self.link)?;
        }
        let Self { title, price_minor, currency, picture, link } = self;
        let title = title.trim().to_owned();
        let entry = CatalogueEntry { id, title, price_minor, currency, picture, link, stock };
        let longest = Product {
            price_minor: u32::MAX,
            stock: Some(u32::MAX),
            ..offered(&entry, None, Some(LATEST_END_S))
        };
        longest.to_field()?;
        Ok(entry)
    }
}

fn check_address(member: &'static str, text: &str) -> Result<(), Fault> {
    let url = Url::parse(text).ok().filter(|url| {
        text.len() <= MAX_LINK_BYTES
            && !text.chars().any(char::is_control)
            && ["http", "https"].contains(&url.scheme())
            && url.has_host()
    });
    url.map(|_| ()).ok_or(Fault::Address(member))
}

/// A product as the field and the notice have it.
pub(super) fn offered(
    entry: &CatalogueEntry,
    special_minor: Option<u32>,
    ends_at_s: Option<u64>,
) -> Product {
    Product {
        id: entry.id.clone(),
        title: entry.title.clone(),
        price_minor: special_minor.unwrap_or(entry.price_minor),
        currency: entry.currency.clone(),
        picture: entry.picture.clone(),
        ends_at_s,
        stock: entry.stock,
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("the catalogue {path} cannot be read: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the catalogue {path} has more than {MAX_FILE_BYTES} bytes", path = path.display())]
    TooLong { path: PathBuf },
    #[error("the catalogue of products is not the JSON list that it has to be: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the catalogue of products has a wrong entry: {id:?}: {why}")]
    Entry { id: String, why: String },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Takes the entries of the catalogue file over that have not been taken over before; without
/// one, those of the built-in catalogue. What was changed or removed since stays so.
pub(crate) async fn seed(
    database: &Database,
    catalogue_dir: Option<&Path>,
) -> Result<(), CatalogueError> {
    let file = catalogue_dir.map(|folder| folder.join(FILE)).filter(|file| file.exists());
    let text = match file {
        Some(file) => read_file(&file)?,
        None => BUILT_IN.to_owned(),
    };
    let entries = read_entries(&text)?;
    let mut tx = database.write().await?;
    for entry in &entries {
        if store::note_seeded(&mut tx, &entry.id).await? {
            // A product of this id that the shop made by itself stays as it is.
            store::insert(&mut tx, entry).await?;
        }
    }
    tx.commit().await.map_err(storage::Error::from)?;
    Ok(())
}

fn read_file(path: &Path) -> Result<String, CatalogueError> {
    let unreadable = |source| CatalogueError::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(CatalogueError::TooLong { path: path.to_owned() });
    }
    Ok(text)
}

fn read_entries(text: &str) -> Result<Vec<CatalogueEntry>, CatalogueError> {
    let entries: Vec<NewProduct> = serde_json::from_str(text)?;
    let checked = entries.into_iter().map(|entry| {
        let id = entry.id.clone();
        entry.checked().map_err(|fault| CatalogueError::Entry { id, why: fault.to_string() })
    });
    checked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn new_product(change: impl FnOnce(&mut NewProduct)) -> Result<CatalogueEntry, Fault> {
        let text = r#"{"id": "cup", "title": " Cup ", "price_minor": 3900, "currency": "CNY"}"#;
        let mut new: NewProduct = serde_json::from_str(text).unwrap();
        change(&mut new);
        new.checked()
    }

    #[test]
    fn the_built_in_catalogue_can_be_sold() {
        let entries = read_entries(BUILT_IN).unwrap();
        assert!(entries.iter().all(|entry| !entry.link.is_empty() && entry.stock.is_some()));
        assert!(entries.len() >= 3);
    }

    #[test]
    fn a_title_stands_without_the_space_around_it() {
        assert_eq!(new_product(|_| {}).unwrap().title, "Cup");
    }

    #[test]
    fn each_member_keeps_its_rule() {
        for id in ["", ".", "..", "a b", "a/b", "caf\u{e9}", &*"x".repeat(65)] {
            assert!(matches!(new_product(|new| new.id = id.to_owned()), Err(Fault::Id)), "{id}");
        }
        let addresses = ["ftp://shop.example", "javascript:alert(1)", "//x", "shop", "https://"];
        for address in addresses.into_iter().chain(["https://shop.example/a\nb", "demo:a\u{0}"]) {
            let picture = new_product(|new| new.picture = address.to_owned());
            let link = new_product(|new| new.link = address.to_owned());
            assert!(matches!(picture, Err(Fault::Address("picture"))), "{address}");
            assert!(matches!(link, Err(Fault::Address("link"))), "{address}");
        }
        let long = format!("https://shop.example/{}", "x".repeat(MAX_LINK_BYTES));
        assert!(new_product(|new| new.link = long).is_err());
        assert!(new_product(|new| new.currency = "cny".into()).is_err());
        assert!(new_product(|new| new.title = " ".into()).is_err());
        assert!(matches!(new_product(|new| new.title = "a\u{0}b".into()), Err(Fault::Title)));
        let demo = new_product(|new| new.picture = "demo:cup".into());
        assert_eq!(demo.unwrap().picture, "demo:cup");
    }

    #[test]
    fn a_catalogue_with_one_wrong_entry_names_it() {
        let text = r#"[{"id": "cup", "title": "", "price_minor": 1, "currency": "CNY"}]"#;
        assert!(read_entries(text).unwrap_err().to_string().contains("cup"));
        assert!(read_entries("{}").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The promise of `checked`: no price, end or stock makes the field too long later.
        #[test]
        fn what_was_taken_into_the_catalogue_always_fits_into_the_field(
            title in "\\PC{1,60}",
            path in "[a-z\"]{0,400}",
            price in any::<u32>(),
            special in any::<Option<u32>>(),
            ends in proptest::option::of(0..=LATEST_END_S),
            stock in any::<Option<u32>>(),
        ) {
            let new = NewProduct {
                id: "x".repeat(MAX_ID_BYTES),
                title,
                price_minor: price,
                currency: "CNY".into(),
                picture: format!("demo:{path}"),
                link: String::new(),
                stock: None,
            };
            if let Ok(entry) = new.checked() {
                let entry = CatalogueEntry { stock, ..entry };
                prop_assert!(offered(&entry, special, ends).to_field().is_ok());
            }
        }
    }
}
