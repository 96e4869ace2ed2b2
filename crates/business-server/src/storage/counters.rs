//! Numbers that are given once, upwards from 1, in the order of the commits: who takes one holds its
//! counter until the end of the transaction. A number that was given does not come again, whatever
//! becomes of the row that has it; one of a transaction that is undone does.

use super::{Error, Tx, from_db, to_db};

/// The next number of a counter.
pub(crate) async fn next(tx: &mut Tx, counter: &str) -> Result<u64, Error> {
    next_in(tx, counter, "").await
}

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
    use crate::storage::{DATABASE_FILE, Database, MIGRATIONS};
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Connection};

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

    /// Before all numbers came from one table.
    const EARLIER: i64 = 55;
    const VALUES: &str = "
        INSERT INTO numbers_given (name, last) VALUES ('audit', 3), ('deleted', 4);
        UPDATE ledger_counters SET last = 5 WHERE scope = 'orders';
        UPDATE ledger_counters SET last = 6 WHERE scope = 'transactions';
        UPDATE ledger_counters SET last = 7 WHERE scope = 'shop_orders';
        UPDATE outbox_figures SET value = 8 WHERE name = 'number';
        UPDATE notification_figures SET value = 9 WHERE name = 'number';
        INSERT INTO counters (name, scope, n) VALUES ('showings', 'r', 2);
        INSERT INTO rooms (group_id, owner, title, status, status_since_s, created_s, streams)
        VALUES ('r', 'host', 'Room', 'live', 1, 1, 11), ('new', 'host', 'New', 'live', 1, 1, 0);
        INSERT INTO draw_numbers (group_id, last) VALUES ('r', 12);";

    #[tokio::test]
    async fn a_database_of_before_goes_on_counting_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE_FILE);
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut earlier = options.connect().await.unwrap();
        MIGRATIONS.run_to(EARLIER, &mut earlier).await.unwrap();
        sqlx::raw_sql(VALUES).execute(&mut earlier).await.unwrap();
        earlier.close().await.unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let mut tx = database.write().await.unwrap();
        for (counter, scope, expected) in [
            ("audit", "", 4),
            ("deleted", "", 5),
            ("gift_orders", "", 6),
            ("ledger_transactions", "", 7),
            ("shop_orders", "", 8),
            ("outbox", "", 9),
            ("notifications", "", 10),
            ("showings", "r", 3),
            ("streams", "r", 12),
            ("streams", "new", 1),
            ("draws", "r", 13),
            ("draws", "new", 1),
        ] {
            let next = next_in(&mut tx, counter, scope).await.unwrap();
            assert_eq!(next, expected, "{counter} {scope}");
        }
    }
}
