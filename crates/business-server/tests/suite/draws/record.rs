//! The record of a draw, and its pages.

use draw::Record;
use serde_json::{Value, json};

use super::{OVER_MS, database, drawn, opened, path, wish_with};
use crate::support::{Opening, ROOM, Shop};

#[tokio::test]
async fn the_record_of_the_largest_draw_is_made_once_and_answered_in_pages() {
    const ENTRANTS: u64 = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_owned();
    let configure = Box::new(move |config: &mut business_server::Config| {
        config.data_dir = data_dir.clone();
    });
    let shop = Shop::open_with(Opening { configure, ..Opening::default() }).await;
    let host = shop.sign_in("host", "host").await;
    let draw = opened(&host, wish_with("winners", json!(1_000))).await;
    let pool = database(dir.path()).await;
    sqlx::query(
        "WITH RECURSIVE people (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM people WHERE n < $2)
         INSERT INTO draw_entrants (draw, user_id, said_ms)
             SELECT $1, printf('viewer_of_the_evening_%010d', n), 0 FROM people",
    )
    .bind(draw["draw"].as_str().unwrap())
    .bind(i64::try_from(ENTRANTS).unwrap())
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("UPDATE draws SET entrants = $1")
        .bind(i64::try_from(ENTRANTS).unwrap())
        .execute(&pool)
        .await
        .unwrap();
    shop.clock.advance_ms(OVER_MS);
    let view = drawn(&shop, &host, &draw).await;
    assert_eq!((&view["entrants"], &view["winners_drawn"]), (&json!(ENTRANTS), &json!(1_000)));

    // Pages of a bounded length are what is stored.
    let (pages, longest): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), MAX(LENGTH(entrants)) FROM draw_pages")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(pages, 200);
    assert!(longest < 40_000, "{longest}");
    // The record does not come from the entrants any more.
    sqlx::query("DELETE FROM draw_entrants").execute(&pool).await.unwrap();
    pool.close().await;

    // Many who take their time with it hold up nobody else.
    let mut slow = Vec::new();
    for _ in 0..12 {
        let request = host.request(reqwest::Method::GET, &format!("{}/record", path(&draw)));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        slow.push(answer);
    }
    host.get_ok("/rooms").await;
    let text = slow.pop().unwrap().text().await.unwrap();
    let record = Record::read(text.as_bytes()).unwrap();
    assert_eq!(record.verify_published(draw["commitment"].as_str().unwrap()), Ok(()));
    drop(slow);

    let list = host.get_ok(&format!("/rooms/{ROOM}/draws")).await;
    assert_eq!(list[0]["winners"].as_array().unwrap().len(), 20);
    let (mut entrants, mut winners) = (Vec::new(), Vec::new());
    for (what, all, longest) in [("entrants", &mut entrants, 1_000), ("winners", &mut winners, 100)]
    {
        let mut from = json!(0);
        while let Some(number) = from.as_u64() {
            let page = host.get_ok(&format!("{}/{what}?from={number}", path(&draw))).await;
            let some = page[what].as_array().unwrap();
            assert_eq!(some.len(), longest, "{what} from {number}");
            all.extend(some.iter().cloned());
            from = page["next"].clone();
        }
    }
    assert_eq!(json!(record.entrants), json!(entrants));
    let winners: Vec<&Value> = winners.iter().map(|winner| &winner["user"]).collect();
    assert_eq!(json!(record.winners), json!(winners));

    let shop = shop.business_restarted().await;
    let host = shop.sign_in("host", "host").await;
    let again = host.get(&format!("{}/record", path(&draw))).await;
    assert!(again.text == text, "the record does not change");
}
