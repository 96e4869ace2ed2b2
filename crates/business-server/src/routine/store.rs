//! Leases in the database.

use crate::storage::{Error, Tx, to_db};

/// Who may run a routine, and until when.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Lease {
    pub(super) name: String,
    pub(super) node: String,
    pub(super) owner: String,
    #[sqlx(try_from = "i64")]
    pub(super) until_ms: u64,
}

/// When a lease of somebody else may be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Takeable {
    /// One that ends by then has ended.
    pub(super) now_ms: u64,
    /// One that ends later was made by a clock that has been set back since.
    pub(super) latest_ms: u64,
    /// From a process of the same node, which this one comes after.
    pub(super) from_same_node: bool,
}

pub(super) async fn leases(tx: &mut Tx) -> Result<Vec<Lease>, Error> {
    let found = sqlx::query_as("SELECT name, node, owner, until_ms FROM leases");
    Ok(found.fetch_all(&mut **tx).await?)
}

/// Makes the lease, renews the owner's own, or takes one that may be taken. False when it is
/// somebody else's.
pub(super) async fn take(tx: &mut Tx, lease: &Lease, takeable: Takeable) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO leases (name, node, owner, until_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
         SET node = excluded.node, owner = excluded.owner, until_ms = excluded.until_ms
         WHERE leases.owner = excluded.owner OR leases.until_ms <= $5 OR leases.until_ms > $6
             OR ($7 = 1 AND leases.node = excluded.node)",
    )
    .bind(&lease.name)
    .bind(&lease.node)
    .bind(&lease.owner)
    .bind(to_db(lease.until_ms))
    .bind(to_db(takeable.now_ms))
    .bind(to_db(takeable.latest_ms))
    .bind(i64::from(takeable.from_same_node))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all leases of an owner.
pub(super) async fn release(tx: &mut Tx, owner: &str) -> Result<(), Error> {
    sqlx::query("UPDATE leases SET until_ms = 0 WHERE owner = $1")
        .bind(owner)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
