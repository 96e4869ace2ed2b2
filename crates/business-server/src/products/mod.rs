//! Products: the catalogue, the slot of each room, and what is sold.
//!
//! * `catalogue` – what a product may look like, and the catalogue that a new shop starts with
//! * `slot` – what a room is being sold now: recommended, taken down, ended, scheduled
//! * `sales` – links that were opened, and orders that the shop reports
//!
//! Every product may be recommended in every room. The service keeps no cart and takes no money for
//! products: the link leads to the shop, and the shop says what it has sold.

mod catalogue;
mod http;
mod sales;
mod slot;
mod store;

pub use catalogue::CatalogueError;
pub(crate) use catalogue::seed;
pub(crate) use http::routes;
pub(crate) use slot::{keep_slots, recommend};

use chat_types::business::api::CatalogueEntry;

use crate::problem::Problem;
use crate::storage::{self, Tx};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no product {0}: take the id from the catalogue")]
    Absent(String),
    #[error("{product} is sold out: {left} pieces are left; add to its stock first")]
    SoldOut { product: String, left: u32 },
    #[error("nobody counts the pieces of {0}: set its stock first")]
    Uncounted(String),
    #[error("the stock of {0} would be more than {max}", max = u32::MAX)]
    TooMany(String),
    #[error("order {0} was reported before with other contents: an order id is used once")]
    OtherOrder(String),
    #[error("the prepared list has nothing that can be shown: prepare another one")]
    NothingPrepared,
    #[error("this product does not fit into the custom field: {0}")]
    Unfit(#[from] chat_types::business::ProductFault),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Absent(_) => Self::not_found("product", text),
            Error::SoldOut { .. } => Self::conflict("sold_out", text),
            Error::Uncounted(_) => Self::conflict("uncounted", text),
            Error::TooMany(_) | Error::Unfit(_) => Self::invalid(text),
            Error::OtherOrder(_) => Self::conflict("order_id", text),
            Error::NothingPrepared => Self::conflict("queue_empty", text),
            Error::Storage(error) => error.into(),
        }
    }
}

/// The product, or [`Error::Absent`].
async fn find(tx: &mut Tx, product: &str) -> Result<CatalogueEntry, Error> {
    store::find(tx, product).await?.ok_or_else(|| Error::Absent(product.to_owned()))
}
