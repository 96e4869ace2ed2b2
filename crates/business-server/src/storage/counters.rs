//! Numbers that are given once, upwards from 1, in the order of the commits: who takes one holds its
//! counter until the end of the transaction. A number that was given does not come again, whatever
//! becomes of the row that has it; one of a transaction that is undone does.

use super::{Error, Tx, from_db, to_db};

/// The next number of a counter, of which each scope has one of its own.
pub(crate) async fn next_in(tx: &mut Tx, counter: &str, scope: &str) -> Result<u64, Error> {
    claim(tx, counter, scope, 1).await
}

/// Takes so many numbers at once; answers the first of them.
pub(crate) async fn claim(
    tx: &mut Tx,
    counter: &str,
    scope: &str,
    count: u64,
) -> Result<u64, Error> {
    let last = sqlx::query_scalar(
        "INSERT INTO counters (name, scope, n) VALUES ($1, $2, $3)
         ON CONFLICT (name, scope) DO UPDATE SET n = counters.n + excluded.n RETURNING n",
    )
    .bind(counter)
    .bind(scope)
    .bind(to_db(count))
    .fetch_one(&mut **tx)
    .await?;
    Ok(from_db(last).saturating_sub(count).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;

    #[tokio::test]
    async fn each_scope_counts_for_itself_and_what_is_undone_is_given_again() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let mut tx = database.write().await.unwrap();
        assert_eq!(next_in(&mut tx, "things", "a").await.unwrap(), 1);
        assert_eq!(claim(&mut tx, "things", "a", 3).await.unwrap(), 2);
        assert_eq!(next_in(&mut tx, "things", "b").await.unwrap(), 1);
        tx.commit().await.unwrap();
        let mut tx = database.write().await.unwrap();
        assert_eq!(next_in(&mut tx, "things", "a").await.unwrap(), 5);
        drop(tx);
        let mut tx = database.write().await.unwrap();
        assert_eq!(next_in(&mut tx, "things", "a").await.unwrap(), 5);
    }
}
