//! What a column may hold beside a number and a text, for rows whose fields are read by name.

use std::num::TryFromIntError;

use super::from_db;

/// A number that is never negative, or NULL.
#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Optional(Option<i64>);

impl From<Optional> for Option<u64> {
    fn from(column: Optional) -> Self {
        column.0.map(from_db)
    }
}

impl TryFrom<Optional> for Option<u32> {
    type Error = TryFromIntError;

    fn try_from(column: Optional) -> Result<Self, TryFromIntError> {
        column.0.map(u32::try_from).transpose()
    }
}

/// 0 or 1.
#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Flag(i64);

impl From<Flag> for bool {
    fn from(column: Flag) -> Self {
        column.0 != 0
    }
}
