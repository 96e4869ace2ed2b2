//! What an administrator decided of an account, over the deletion of the account. Whoever could delete
//! the own account to be what the identity server says again would be beyond every decision.

use crate::storage::{Error, Tx};

/// Keeps what was decided of an account that is about to be deleted.
pub(super) const KEEP: &str = "INSERT INTO kept_decisions (user_id, role, blocked_s)
     SELECT user_id, CASE WHEN role_is_set = 1 THEN role END, blocked_s FROM accounts
     WHERE user_id = $1 AND (role_is_set = 1 OR blocked_s IS NOT NULL)
     ON CONFLICT (user_id) DO UPDATE SET role = excluded.role, blocked_s = excluded.blocked_s";

/// Whether an account that is not here any more was kept out.
pub(in crate::accounts) async fn is_blocked(tx: &mut Tx, user_id: &str) -> Result<bool, Error> {
    let kept =
        sqlx::query("SELECT 1 FROM kept_decisions WHERE user_id = $1 AND blocked_s IS NOT NULL")
            .bind(user_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(kept.is_some())
}

/// Gives an account that is here again what was kept for it.
pub(super) async fn take_over(tx: &mut Tx, user_id: &str) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET role = COALESCE(kept.role, accounts.role),
             role_is_set = CASE WHEN kept.role IS NULL THEN 0 ELSE 1 END,
             blocked_s = kept.blocked_s
         FROM kept_decisions AS kept
         WHERE accounts.user_id = $1 AND kept.user_id = $1",
    )
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM kept_decisions WHERE user_id = $1")
        .bind(user_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
