//! The ledger as it stands in the database, after whatever people did.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::gifts::{balance, give, refund, top_up};
use crate::support::{Api, Opening, PATIENCE, ROOM, Shop};

const PRICES: [(&str, i64); 3] = [("rose", 1), ("heart", 5), ("coffee", 10)];
const PEOPLE: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    TopUp {
        who: usize,
        coins: i64,
    },
    Count {
        who: usize,
        gift: usize,
        count: u32,
    },
    Clicks {
        who: usize,
        gift: usize,
        clicks: u32,
    },
    /// Makes the call of an earlier gift again.
    Repeat {
        which: usize,
    },
    Refund {
        which: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, gift) = (0..PEOPLE, 0..PRICES.len());
    let step = prop_oneof![
        2 => (who.clone(), 1..500_i64).prop_map(|(who, coins)| Step::TopUp { who, coins }),
        4 => (who.clone(), gift.clone(), 1..40_u32)
            .prop_map(|(who, gift, count)| Step::Count { who, gift, count }),
        3 => (who, gift, 1..40_u32)
            .prop_map(|(who, gift, clicks)| Step::Clicks { who, gift, clicks }),
        2 => (0..40_usize).prop_map(|which| Step::Repeat { which }),
        2 => (0..40_usize).prop_map(|which| Step::Refund { which }),
    ];
    prop::collection::vec(step, 1..30)
}

/// A gift that was paid.
struct Paid {
    who: usize,
    key: String,
    body: serde_json::Value,
    answer: serde_json::Value,
    coins: i64,
    is_refunded: bool,
}

/// Does the steps, and says after each what the balance of the person must be.
async fn walk(shop: &Shop, round: usize, steps: Vec<Step>) -> Result<i64, TestCaseError> {
    let admin = shop.sign_in("boss", "admin").await;
    let mut people: Vec<Api> = Vec::new();
    for who in 0..PEOPLE {
        people.push(shop.sign_in(&format!("p{round}-{who}"), "viewer").await);
    }
    let mut balances = [0_i64; PEOPLE];
    let mut paid: Vec<Paid> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        let key = format!("k{number}");
        match step {
            Step::TopUp { who, coins } => {
                balances[who] += coins;
                prop_assert_eq!(top_up(&people[who], &key, coins).await, balances[who]);
            }
            Step::Count { who, gift, .. } | Step::Clicks { who, gift, .. } => {
                let (gift, price) = PRICES[gift];
                let (name, count) = match step {
                    Step::Clicks { clicks, .. } => ("clicks", clicks),
                    Step::Count { count, .. } => ("count", count),
                    _ => unreachable!(),
                };
                let coins = price * i64::from(count);
                let mut body = json!({"room": ROOM, "gift": gift});
                body[name] = json!(count);
                let answer = give(&people[who], &key, body.clone()).await;
                if balances[who] < coins {
                    prop_assert_eq!(answer.problem(402), "balance");
                    continue;
                }
                balances[who] -= coins;
                let answer = answer.expect_status(200);
                prop_assert_eq!(&answer["balance"], &json!(balances[who]));
                paid.push(Paid { who, key, body, answer, coins, is_refunded: false });
            }
            Step::Repeat { which } => {
                let Some(paid) = paid.get(which) else { continue };
                let again = give(&people[paid.who], &paid.key, paid.body.clone()).await;
                prop_assert_eq!(&again.expect_status(200), &paid.answer);
            }
            Step::Refund { which } => {
                let Some(paid) = paid.get_mut(which) else { continue };
                let answer = refund(&admin, &paid.answer["order"]).await;
                if paid.is_refunded {
                    prop_assert_eq!(answer.problem(409), "refunded");
                } else {
                    balances[paid.who] += paid.coins;
                    paid.is_refunded = true;
                    let balance = &answer.expect_status(200)["balance"];
                    prop_assert_eq!(balance, &json!(balances[paid.who]));
                }
            }
        }
    }
    for (person, expected) in people.iter().zip(balances) {
        prop_assert_eq!(balance(person).await, expected);
    }
    let kept = paid.iter().filter(|paid| !paid.is_refunded);
    Ok(kept.map(|paid| paid.coins).sum())
}

/// Recomputes everything from the entries.
async fn audit(database: &SqlitePool) {
    let number = async |statement| number(database, statement).await;
    let uneven = "SELECT COUNT(*) FROM (SELECT transaction_number FROM ledger_entries
        GROUP BY transaction_number HAVING SUM(amount) <> 0 OR COUNT(*) <> 2)";
    assert_eq!(number(uneven).await, 0, "every transaction has two entries that add up to zero");
    let wrong =
        "SELECT COUNT(*) FROM ledger_accounts a WHERE balance <> (SELECT COALESCE(SUM(amount), 0)
        FROM ledger_entries e WHERE e.account = a.account)";
    assert_eq!(number(wrong).await, 0, "every balance is the sum of its entries");
    let negative =
        "SELECT COUNT(*) FROM ledger_accounts WHERE account LIKE 'wallet:%' AND balance < 0";
    assert_eq!(number(negative).await, 0, "no wallet is below zero");
    let all = "SELECT COALESCE(SUM(balance), 0) FROM ledger_accounts";
    assert_eq!(number(all).await, 0, "coins are neither made nor lost");
    let orders = "SELECT COALESCE(SUM(coins), 0) FROM gift_orders WHERE refunded_ms IS NULL";
    for other in [
        "SELECT COALESCE(SUM(balance), 0) FROM ledger_accounts WHERE account LIKE 'income:%'",
        "SELECT COALESCE(SUM(coins), 0) FROM gift_income",
        "SELECT COALESCE(SUM(coins), 0) FROM gift_sums WHERE span = 'day'",
        "SELECT COALESCE(SUM(coins), 0) FROM gift_sums WHERE span = 'stream'",
    ] {
        assert_eq!(number(other).await, number(orders).await, "{other}");
    }
    let untold = "SELECT COUNT(*) FROM gift_combos WHERE total <> told AND due_ms IS NULL";
    assert_eq!(number(untold).await, 0, "what is not told is going to be");
    let miscounted = "SELECT COUNT(*) FROM (SELECT c.total, SUM(o.count - o.withdrawn) AS places
        FROM gift_combos c JOIN gift_orders o ON o.group_id = c.group_id AND o.combo = c.combo
        GROUP BY c.group_id, c.combo)
        WHERE total <> places";
    assert_eq!(number(miscounted).await, 0, "every gift is in a combo, or was given back untold");
    let withdrawn = "SELECT COUNT(*) FROM gift_orders
        WHERE withdrawn > count OR (withdrawn > 0 AND refunded_ms IS NULL)";
    assert_eq!(number(withdrawn).await, 0, "only what was given back is not told");
    let mut tx = database.begin().await.unwrap();
    for (counted, kept) in [
        (
            "SELECT COUNT(*) FROM outbox WHERE state = 'waiting'",
            "SELECT COALESCE(SUM(waiting), 0) FROM outbox_senders",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE state = 'waiting'
                GROUP BY group_id, kind, sender)",
            "SELECT COUNT(*) FROM outbox_senders WHERE waiting > 0",
        ),
    ] {
        let of_rows = sqlx::query(counted).fetch_one(&mut *tx).await.unwrap().get::<i64, _>(0);
        let kept_so = sqlx::query(kept).fetch_one(&mut *tx).await.unwrap().get::<i64, _>(0);
        assert_eq!(of_rows, kept_so, "the figure of what waits is exact: {kept}");
    }
}

/// How a shop is opened whose database a test reads.
fn opening(data_dir: &Arc<Mutex<PathBuf>>) -> Opening {
    let of_config = Arc::clone(data_dir);
    Opening {
        configure: Box::new(move |config| of_config.lock().unwrap().clone_from(&config.data_dir)),
        ..Opening::default()
    }
}

async fn database(data_dir: &Mutex<PathBuf>) -> SqlitePool {
    let file = data_dir.lock().unwrap().join("business.db");
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    SqlitePool::connect_with(options).await.unwrap()
}

async fn number(database: &SqlitePool, statement: &'static str) -> i64 {
    sqlx::query(statement).fetch_one(database).await.unwrap().get(0)
}

#[tokio::test]
async fn what_is_done_is_forgotten_in_its_time_and_the_ledger_is_kept() {
    const POSTINGS: &str = "SELECT COUNT(*) FROM outbox";
    const KEYS: &str = "SELECT COUNT(*) FROM idempotency_keys";
    let data_dir = Arc::default();
    let shop = Shop::open_with(opening(&data_dir)).await;
    let mei = shop.sign_in("mei", "viewer").await;
    top_up(&mei, "k1", 100).await;
    let body = json!({"room": ROOM, "gift": "rose", "count": 1});
    give(&mei, "k2", body).await.expect_status(200);
    let kept = database(&data_dir).await;
    let becomes = async |statement, wanted| {
        let looking = async {
            while number(&kept, statement).await != wanted {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, looking).await.expect("the database gets there");
    };
    becomes("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'", 0).await;
    assert!(number(&kept, POSTINGS).await > 0);
    shop.clock.advance_ms(24 * 3_600_000 + 1);
    // It cleans up at the start, and once an hour.
    let shop = shop.business_restarted().await;
    becomes(POSTINGS, 0).await;
    assert_eq!(number(&kept, KEYS).await, 2);
    shop.clock.advance_ms(6 * 24 * 3_600_000);
    let shop = shop.business_restarted().await;
    becomes(KEYS, 0).await;
    let mei = shop.sign_in("mei", "viewer").await;
    assert_eq!(balance(&mei).await, 99);
    let entries = mei.get_ok("/wallet/entries").await;
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn coins_are_neither_made_nor_lost_whatever_people_do() {
    let runtime = Runtime::new().unwrap();
    let data_dir = Arc::default();
    let shop = runtime.block_on(Shop::open_with(opening(&data_dir)));
    let database = runtime.block_on(database(&data_dir));
    let rounds = Mutex::new((0, 0));
    let mut runner =
        TestRunner::new(Cases { cases: 16, failure_persistence: None, ..Cases::default() });
    let done = runner.run(&steps(), |steps| {
        let round = {
            let mut rounds = rounds.lock().unwrap();
            rounds.0 += 1;
            rounds.0
        };
        let income = runtime.block_on(walk(&shop, round, steps))?;
        let expected = {
            let mut rounds = rounds.lock().unwrap();
            rounds.1 += income;
            rounds.1
        };
        runtime.block_on(async {
            audit(&database).await;
            let host = shop.sign_in("host", "host").await;
            let told = host.get_ok(&format!("/rooms/{ROOM}/income")).await;
            prop_assert_eq!(&told["coins"], &json!(expected));
            prop_assert_eq!(&told["balance"], &json!(expected));
            Ok(())
        })
    });
    done.unwrap();
}
