//! Numbers that are given once: one row for each scope.

use crate::storage::{Error, Tx, from_db};

#[derive(Debug, Clone, Copy)]
pub(in crate::gifts) enum Scope {
    Orders,
    Transactions,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Transactions => "transactions",
        }
    }
}

/// The next number of the scope. It is given again only if the transaction is undone.
pub(in crate::gifts) async fn claim(tx: &mut Tx, scope: Scope) -> Result<u64, Error> {
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO ledger_counters (scope, last) VALUES ($1, 1)
         ON CONFLICT (scope) DO UPDATE SET last = ledger_counters.last + 1
         RETURNING last",
    )
    .bind(scope.name())
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(last))
}
