//! What a page is given, and when.

use desk::commands::room::{next_batch, open_room, send_comment};
use desk::{Account, Desk, Options, Page, PageAnswer, PageBatch, Reads};
use live_core::view::{RoomEvent, RoomEventKind, SessionView};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

async fn patiently<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it has to happen within the patience of a test")
}

/// A desk without a crowd, and pages that are in the demo room.
async fn desk() -> (TempDir, Desk) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { data_dir: dir.path().join("service"), crowd: 0, seed: 1 };
    (dir, Desk::start(options).await.unwrap())
}

async fn seated(desk: &Desk, name: &str, account: Account) -> Arc<Page> {
    desk.seat(name, account).await.unwrap();
    desk.page(name).unwrap()
}

fn reads() -> Reads {
    let events = vec![
        RoomEventKind::Session,
        RoomEventKind::Chat,
        RoomEventKind::Online,
        RoomEventKind::Danmaku,
    ];
    Reads { events, shop: true }
}

/// What a page shows: the sum of its batches.
struct Shown {
    page: Arc<Page>,
    opening: u32,
    texts: Vec<String>,
    online: bool,
    shop_is_open: bool,
}

impl Shown {
    async fn open(page: &Arc<Page>) -> Self {
        let opening = open_room(page, reads()).await.unwrap();
        let page = Arc::clone(page);
        Self { page, opening, texts: vec![], online: false, shop_is_open: false }
    }

    async fn next(&mut self) -> PageBatch {
        let batch = patiently(next_batch(&self.page, self.opening, PageAnswer::default())).await;
        for event in batch.events.clone() {
            match event {
                RoomEvent::ChatReset { rows } => {
                    self.texts = rows.into_iter().map(|row| row.key).collect();
                }
                RoomEvent::Chat { rows } => {
                    for row in rows {
                        if !self.texts.contains(&row.key) {
                            self.texts.push(row.key);
                        }
                    }
                }
                RoomEvent::Session { session } => self.online = session == SessionView::Online,
                _ => {}
            }
        }
        for shop in &batch.shop {
            self.shop_is_open = shop.open;
        }
        batch
    }

    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            assert!(!self.next().await.ended);
        }
    }
}

#[tokio::test]
async fn a_page_shows_what_was_said_while_it_did_not_ask_and_ends_with_the_desk() {
    let (_dir, desk) = desk().await;
    let host = seated(&desk, "host", Account::Host).await;
    let viewer = seated(&desk, "main", Account::Viewer).await;
    let mut at_host = Shown::open(&host).await;
    let mut at_viewer = Shown::open(&viewer).await;
    at_host.until(|shown| shown.online).await;
    at_viewer.until(|shown| shown.online && shown.shop_is_open).await;
    for n in 0..3 {
        send_comment(&host, format!("comment {n}")).await.unwrap();
    }
    at_host.until(|shown| shown.texts.len() >= 3).await;
    at_viewer.until(|shown| shown.texts.len() >= 3).await;
    desk.close().await;
    while !at_viewer.next().await.ended {}
}

#[tokio::test]
async fn a_page_that_is_loaded_again_gets_everything_and_its_old_question_swallows_nothing() {
    let (_dir, desk) = desk().await;
    let page = seated(&desk, "main", Account::Viewer).await;
    let mut old = Shown::open(&page).await;
    old.until(|shown| shown.online).await;
    let waiting = {
        let (page, opening) = (Arc::clone(&page), old.opening);
        tokio::spawn(async move {
            loop {
                let batch = next_batch(&page, opening, PageAnswer::default()).await;
                if batch.ended {
                    return;
                }
            }
        })
    };
    let mut fresh = Shown::open(&page).await;
    patiently(waiting).await.unwrap();
    let first = fresh.next().await;
    assert!(first.events.iter().any(|event| matches!(event, RoomEvent::ChatReset { .. })));
    assert_eq!(first.shop.len(), 1);
    // Only what it reads.
    assert!(!first.events.iter().any(|event| matches!(event, RoomEvent::Draws { .. })));
    desk.close().await;
}

#[tokio::test]
async fn two_pages_of_two_accounts_hear_each_other_and_one_that_closes_leaves_the_other() {
    let (_dir, desk) = desk().await;
    let host = seated(&desk, "host", Account::Host).await;
    let viewer = seated(&desk, "main", Account::Viewer).await;
    let mut at_viewer = Shown::open(&viewer).await;
    Shown::open(&host).await.until(|shown| shown.online).await;
    at_viewer.until(|shown| shown.online).await;
    send_comment(&host, "good evening".into()).await.unwrap();
    at_viewer.until(|shown| !shown.texts.is_empty()).await;
    desk.take_page("host").unwrap().leave().await;
    assert!(desk.page("host").is_none());
    send_comment(&viewer, "still here".into()).await.unwrap();
    at_viewer.until(|shown| shown.texts.len() >= 2).await;
    desk.close().await;
}
