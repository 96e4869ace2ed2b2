//! The tables in which people stand: what somebody is told of the own rows, and what becomes of them
//! when the person is deleted. Export and deletion both go by this list, in its order, and every table
//! of the database is in it or in the list of the others.

use super::export::Section;
use super::{decisions, sections};

/// A table with rows that are about somebody.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Columns that hold ids of accounts.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares them with the schema"))]
    ids: &'static [&'static str],
    pub(super) told: Told,
    pub(super) erased: Erased,
}

/// What of a table a person is told.
pub(super) enum Told {
    By(&'static [Section]),
    /// Nothing, and why.
    Not(#[expect(dead_code, reason = "for who reads the list")] &'static str),
}

/// How a person goes out of a table.
pub(super) enum Erased {
    By(&'static [Step]),
    /// By what `erase.rs` does for this table alone.
    Apart,
    /// Not at all, and why.
    Not(#[expect(dead_code, reason = "for who reads the list")] &'static str),
}

pub(super) enum Step {
    /// Takes the account.
    Remove(&'static str),
    /// Takes the account and the name that it gets instead.
    Rename(&'static str),
    /// Takes the account and the time, in Unix milliseconds.
    End(&'static str),
}

/// Everything of the person that is told, section by section.
pub(in crate::accounts) fn sections() -> impl Iterator<Item = &'static Section> {
    let told = TABLES.iter().filter_map(|table| match table.told {
        Told::By(sections) => Some(sections),
        Told::Not(_) => None,
    });
    told.flatten()
}

pub(super) static TABLES: &[Table] = &[
    Table {
        name: "gift_orders",
        ids: &["user_id", "owner"],
        told: Told::By(&[sections::GIFTS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE gift_orders SET user_id = $2 WHERE user_id = $1",
            ),
            Step::Rename(
                "UPDATE gift_orders SET owner = $2 WHERE owner = $1",
            ),
        ]),
    },
    Table {
        name: "gift_sums",
        ids: &["user_id"],
        told: Told::By(&[sections::RANKINGS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE gift_sums SET user_id = $2 WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "gift_combos",
        ids: &["user_id"],
        told: Told::By(&[sections::COMBOS]),
        erased: Erased::Apart,
    },
    Table {
        name: "idempotency_keys",
        ids: &["user_id"],
        told: Told::By(&[sections::ANSWERS]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM idempotency_keys WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "ledger_accounts",
        ids: &["account"],
        told: Told::Not("the sums of what is in ledger_entries"),
        erased: Erased::By(&[
            Step::Rename(
                "INSERT INTO ledger_accounts (account, balance)
                 SELECT 'wallet:' || $2, balance FROM ledger_accounts
                 WHERE account = 'wallet:' || $1",
            ),
            Step::Rename(
                "INSERT INTO ledger_accounts (account, balance)
                 SELECT 'income:' || $2, balance FROM ledger_accounts
                 WHERE account = 'income:' || $1",
            ),
            Step::Rename(
                "UPDATE ledger_entries SET account = 'wallet:' || $2
                 WHERE account = 'wallet:' || $1",
            ),
            Step::Rename(
                "UPDATE ledger_entries SET account = 'income:' || $2
                 WHERE account = 'income:' || $1",
            ),
            Step::Remove(
                "DELETE FROM ledger_accounts WHERE account = 'wallet:' || $1",
            ),
            Step::Remove(
                "DELETE FROM ledger_accounts WHERE account = 'income:' || $1",
            ),
        ]),
    },
    Table {
        name: "ledger_entries",
        ids: &["account"],
        told: Told::By(&[sections::WALLET, sections::INCOME]),
        erased: Erased::Not("with ledger_accounts"),
    },
    Table {
        name: "ledger_transactions",
        ids: &[],
        told: Told::Not("with ledger_entries"),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE ledger_transactions
                 SET reference = 'top_up:' || $2 || substr(reference, length('top_up:' || $1) + 1)
                 WHERE number IN (SELECT transaction_number FROM ledger_entries
                                  WHERE account = 'wallet:' || $2)
                   AND substr(reference, 1, length('top_up:' || $1 || ':')) = 'top_up:' || $1 || ':'",
            ),
        ]),
    },
    Table {
        name: "shop_orders",
        ids: &["user_id"],
        told: Told::By(&[sections::SHOP_ORDERS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE shop_orders SET user_id = $2 WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "product_clicks",
        ids: &["user_id"],
        told: Told::By(&[sections::PRODUCTS_OPENED]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE product_clicks SET user_id = $2 WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "showings",
        ids: &["shown_by"],
        told: Told::By(&[sections::SHOWN]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE showings SET shown_by = $2 WHERE shown_by = $1",
            ),
        ]),
    },
    Table {
        name: "like_runs",
        ids: &["user_id"],
        told: Told::By(&[sections::LIKES]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM like_runs WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "follow_sums",
        ids: &["host"],
        told: Told::Not("how many others there are"),
        erased: Erased::By(&[
            Step::Remove(
                "UPDATE follow_sums SET followers = followers - 1
                 WHERE host IN (SELECT host FROM follows WHERE user_id = $1 AND following = 1)",
            ),
            Step::Remove(
                "DELETE FROM follow_sums WHERE host = $1",
            ),
        ]),
    },
    Table {
        name: "follows",
        ids: &["host", "user_id"],
        told: Told::By(&[sections::FOLLOWS]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM follows WHERE user_id = $1",
            ),
            Step::Remove(
                "DELETE FROM follows WHERE host = $1",
            ),
        ]),
    },
    Table {
        name: "statistics_chatters",
        ids: &["user_id"],
        told: Told::By(&[sections::STREAMS_COMMENTED]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE statistics_chatters SET user_id = $2 WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "statistics_presence",
        ids: &["user_id"],
        told: Told::By(&[sections::PRESENT]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM statistics_presence WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "watching",
        ids: &["user_id"],
        told: Told::By(&[sections::WATCHING]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM watching WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "experience_caps",
        ids: &["user_id"],
        told: Told::By(&[sections::EXPERIENCE]),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM experience_caps WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "levels_to_write",
        ids: &["user_id"],
        told: Told::Not("work that is done within seconds"),
        erased: Erased::By(&[
            Step::Remove(
                "DELETE FROM levels_to_write WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "moderation_log",
        ids: &["user_id"],
        told: Told::By(&[sections::MODERATED]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE moderation_log SET user_id = $2, text = '' WHERE user_id = $1",
            ),
            Step::Rename(
                "UPDATE moderation_log SET reason = 'moderator ' || $2
                 WHERE reason = 'moderator ' || $1",
            ),
        ]),
    },
    Table {
        name: "moderation_reviews",
        ids: &["user_id", "moderator"],
        told: Told::By(&[sections::REVIEWS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE moderation_reviews SET user_id = $2, text = '' WHERE user_id = $1",
            ),
            Step::Rename(
                "UPDATE moderation_reviews SET moderator = $2 WHERE moderator = $1",
            ),
        ]),
    },
    Table {
        name: "moderation_measures",
        ids: &["user_id"],
        told: Told::By(&[sections::MEASURES]),
        erased: Erased::By(&[
            Step::End(
                "DELETE FROM moderation_measures WHERE user_id = $1 AND until_s <= $2 / 1000",
            ),
            Step::Rename(
                "UPDATE moderation_measures SET reason = 'moderator ' || $2
                 WHERE reason = 'moderator ' || $1",
            ),
        ]),
    },
    Table {
        name: "room_moderators",
        ids: &["user_id", "added_by"],
        told: Told::By(&[sections::MODERATES]),
        erased: Erased::By(&[
            Step::Remove(
                "UPDATE moderation_versions SET version = version + 1
                 WHERE group_id IN (SELECT group_id FROM room_moderators WHERE user_id = $1)",
            ),
            Step::Remove(
                "DELETE FROM room_moderators WHERE user_id = $1",
            ),
            Step::Rename(
                "UPDATE room_moderators SET added_by = $2 WHERE added_by = $1",
            ),
        ]),
    },
    Table {
        name: "rooms",
        ids: &["owner"],
        told: Told::By(&[sections::ROOMS]),
        // Of rooms without a group: who owns another one is not deleted.
        erased: Erased::By(&[
            Step::Rename("UPDATE rooms SET owner = $2 WHERE owner = $1"),
        ]),
    },
    Table {
        name: "draws",
        ids: &["opened_by"],
        told: Told::By(&[sections::DRAWS_OPENED]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE draws SET opened_by = $2 WHERE opened_by = $1",
            ),
        ]),
    },
    Table {
        name: "draw_entrants",
        ids: &["user_id"],
        told: Told::By(&[sections::DRAWS_ENTERED]),
        erased: Erased::Not("the hash of the list is in the draw's ticket, and anybody may draw again"),
    },
    Table {
        name: "draw_pages",
        ids: &[],
        told: Told::Not("the list of draw_entrants"),
        erased: Erased::Not("as draw_entrants"),
    },
    Table {
        name: "draw_records",
        ids: &[],
        told: Told::Not("made of the other tables of draws, and public"),
        erased: Erased::Not("as draw_entrants"),
    },
    Table {
        name: "draw_winners",
        ids: &["user_id"],
        told: Told::By(&[sections::DRAWS_WON]),
        erased: Erased::By(&[
            Step::Remove(
                "UPDATE draw_winners SET nick = '' WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "broadcasts",
        ids: &["made_by"],
        told: Told::By(&[sections::BROADCASTS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE broadcasts SET made_by = $2 WHERE made_by = $1",
            ),
        ]),
    },
    Table {
        name: "assistant_greetings",
        ids: &[],
        told: Told::Not("names that are greeted within seconds"),
        erased: Erased::Not("the same"),
    },
    Table {
        name: "audit",
        ids: &["actor", "target"],
        told: Told::By(&[sections::ACTS]),
        erased: Erased::By(&[
            Step::Rename(
                "UPDATE audit SET actor = $2 WHERE actor = $1",
            ),
            Step::Rename(
                "UPDATE audit SET target = $2 WHERE target = $1",
            ),
        ]),
    },
    Table {
        name: "outbox",
        ids: &["sender"],
        told: Told::Not("what rooms are told of what is in other tables"),
        erased: Erased::Apart,
    },
    Table {
        name: "outbox_senders",
        ids: &["sender"],
        told: Told::Not("how many postings wait, which are there for as long as those"),
        erased: Erased::Not("how many postings wait: it goes with the last of them"),
    },
    Table {
        name: "notifications",
        ids: &[],
        told: Told::Not("what the shop is told of what is in other tables"),
        erased: Erased::Apart,
    },
    Table {
        name: "webhook_events",
        ids: &[],
        told: Told::Not("what is heard within seconds, and is in other tables then"),
        erased: Erased::Not("emptied when it was heard; what came meanwhile goes with the second erasure"),
    },
    Table {
        name: "account_jobs",
        ids: &["user_id"],
        told: Told::Not("work that is done within seconds"),
        erased: Erased::Not("the deletion itself"),
    },
    Table {
        name: "gone_accounts",
        ids: &["user_id"],
        told: Told::Not("of accounts that are not here"),
        erased: Erased::Not("nobody is to come in under the id yet"),
    },
    Table {
        name: "kept_decisions",
        ids: &["user_id"],
        told: Told::Not("of accounts that are not here"),
        erased: Erased::Not("nobody escapes a decision by being deleted"),
    },
    Table {
        name: "account_subjects",
        ids: &["user_id"],
        told: Told::By(&[sections::IDENTITY]),
        erased: Erased::By(&[
            Step::End(
                "UPDATE account_subjects SET issuer = NULL, subject = NULL, user_id = NULL,
                     newest_ms = CASE WHEN newest_ms < $2 THEN $2 ELSE newest_ms END
                 WHERE user_id = $1",
            ),
        ]),
    },
    Table {
        name: "accounts",
        ids: &["user_id"],
        told: Told::By(&[sections::ACCOUNT]),
        erased: Erased::By(&[
            Step::Remove(decisions::KEEP),
            Step::Remove(
                "DELETE FROM accounts WHERE user_id = $1",
            ),
        ]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Database;
    use std::collections::BTreeSet;

    /// Tables in which nobody stands.
    const OTHERS: &[&str] = &[
        "_sqlx_migrations",
        "secrets",
        "leases",
        "counters",
        "streams",
        "notification_figures",
        "notification_kinds",
        "gift_income",
        "moderation_rules",
        "moderation_words",
        "moderation_versions",
        "like_totals",
        "like_days",
        "like_streams",
        "products",
        "seeded_products",
        "slot_queue",
        "slot_schedule",
        "assistant_rules",
        "assistant_notices",
        "broadcast_rooms",
        "statistics_minutes",
        "experience_gifts",
    ];
    /// Names of columns that hold ids of accounts, in whichever table.
    const IDS: &[&str] = &[
        "user_id",
        "owner",
        "host",
        "opened_by",
        "shown_by",
        "made_by",
        "added_by",
        "actor",
        "target",
        "moderator",
        "sender",
        "account",
    ];

    #[tokio::test]
    async fn every_table_of_the_database_is_told_and_erased_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path()).await.unwrap();
        let mut tx = database.read().await.unwrap();
        let schema = crate::storage::schema(&mut tx).await;
        let listed: BTreeSet<&str> =
            TABLES.iter().map(|table| table.name).chain(OTHERS.iter().copied()).collect();
        assert_eq!(listed, schema.keys().map(String::as_str).collect());
        assert_eq!(listed.len(), TABLES.len() + OTHERS.len(), "a table is listed twice");
        for (name, columns) in &schema {
            let table = TABLES.iter().find(|table| table.name == name);
            let known = table.map_or(&[][..], |table| table.ids);
            for column in columns.iter().map(String::as_str).filter(|name| IDS.contains(name)) {
                // A process, and no account.
                let is_person = (name.as_str(), column) != ("leases", "owner");
                assert!(!is_person || known.contains(&column), "{name}.{column}");
            }
        }
    }

    #[test]
    fn every_column_with_an_id_is_erased_or_its_table_says_why_not() {
        let steps = || {
            TABLES.iter().filter_map(|table| match table.erased {
                Erased::By(steps) => Some(steps),
                _ => None,
            })
        };
        let statements: Vec<&str> = steps()
            .flatten()
            .map(|step| match step {
                Step::Remove(text) | Step::Rename(text) | Step::End(text) => *text,
            })
            .collect();
        for table in TABLES.iter().filter(|table| matches!(table.erased, Erased::By(_))) {
            for column in table.ids {
                let removed = format!("DELETE FROM {} ", table.name);
                let changed = format!("UPDATE {} ", table.name);
                let by_column = format!("WHERE {column} = ");
                let is_erased = |text: &str| {
                    (text.contains(&removed) || text.contains(&changed))
                        && text.contains(&by_column)
                };
                assert!(statements.iter().any(|text| is_erased(text)), "{}.{column}", table.name);
            }
        }
    }
}
