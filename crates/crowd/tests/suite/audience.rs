//! Arriving, speaking and leaving.

use chat_types::gateway::{ClientFrame, RoomSnapshot, ServerFrame};
use chat_types::group::GroupProfile;
use crowd::{Audience, viewer_id};
use futures_util::{SinkExt, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, pause, sleep};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::service::{Service, audience, patiently};

#[tokio::test]
async fn a_crowd_arrives_speaks_and_leaves() {
    let service = Service::start().await;
    let mut member = service.member().await;
    let crowd = Audience::arrive(service.audience());
    member.until(|member| member.online == 5).await;
    let everybody: BTreeSet<_> = (0..4).map(viewer_id).collect();
    member.until(|member| everybody.iter().all(|viewer| member.heard.contains(viewer))).await;
    assert!(member.heard.iter().all(|user| everybody.contains(user)), "and nobody else");
    patiently(crowd.leave()).await;
    member.until(|member| member.online == 1).await;
    service.shutdown().await;
}

#[tokio::test]
async fn a_crowd_that_is_dropped_leaves_by_itself() {
    let service = Service::start().await;
    let mut member = service.member().await;
    let crowd = Audience::arrive(service.audience());
    member.until(|member| member.online == 5).await;
    drop(crowd);
    member.until(|member| member.online == 1).await;
    patiently(async {
        while Arc::strong_count(&service.sign) > 1 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    service.shutdown().await;
}

/// Lets a viewer in, reads what it says, and never ends the connection.
async fn keep(stream: TcpStream, arrived: mpsc::Sender<()>) {
    let mut socket = accept_async(stream).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        let Ok(text) = message.to_text() else { continue };
        let answer = match serde_json::from_str(text) {
            Ok(ClientFrame::Login { id, user_id, .. }) => ServerFrame::LoginOk {
                id,
                user_id,
                nick: String::new(),
                heartbeat_s: 30,
                guest: false,
            },
            Ok(ClientFrame::Join { id, group_id, .. }) => {
                arrived.send(()).await.unwrap();
                let group = GroupProfile { group_id, ..GroupProfile::default() };
                let snapshot = RoomSnapshot { id, group, online: 1, ..RoomSnapshot::default() };
                ServerFrame::JoinOk(Box::new(snapshot))
            }
            _ => continue,
        };
        let answer = serde_json::to_string(&answer).unwrap();
        socket.send(Message::text(answer)).await.unwrap();
    }
    std::future::pending().await
}

#[tokio::test]
async fn viewers_do_not_wait_for_each_other_to_leave() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (arrived, mut arrivals) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(keep(stream, arrived.clone()));
        }
    });
    let sign = |_: &str| Ok("a UserSig".to_owned());
    let crowd = Audience::arrive(audience(url, 1, Arc::new(sign)));
    for _ in 0..4 {
        patiently(arrivals.recv()).await.unwrap();
    }
    // From here on the clock goes on only when everybody waits, so that the machine's speed does
    // not count.
    pause();
    let started = Instant::now();
    patiently(crowd.leave()).await;
    // Each of them waits two seconds for an end of the connection that does not come.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
