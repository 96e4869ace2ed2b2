//! Clients and a service over TLS.

use crowd::{Audience, viewer_id};
use live_client::Trust;
use live_core::view::SessionView;

use crate::service::{Service, patiently};

#[tokio::test]
async fn a_crowd_comes_speaks_and_leaves_over_tls() {
    let service = Service::start_secure().await;
    let mut member = service.member().await;
    let crowd = Audience::arrive(service.audience());
    member.until(|member| member.online == 5).await;
    let everybody = (0..4).map(viewer_id);
    let everybody: Vec<String> = everybody.collect();
    member.until(|member| everybody.iter().all(|viewer| member.heard.contains(viewer))).await;
    member.client.send_comment("hello".into()).await.unwrap();
    member.until(|member| member.heard.iter().any(|user| user == "member")).await;
    patiently(crowd.leave()).await;
    member.until(|member| member.online == 1).await;

    let mut state = member.client.client().state();
    service.drain();
    let lost = state.wait_for(|state| matches!(state, SessionView::Reconnecting { .. }));
    patiently(lost).await.unwrap();
    service.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_believe_the_gateway_sends_it_nothing_and_tries_again() {
    let service = Service::start_secure().await;
    let stranger = service.client(Trust::nobody()).await;
    let mut state = stranger.client().state();
    let again = state.wait_for(
        |state| matches!(state, SessionView::Reconnecting { attempt, .. } if *attempt > 1),
    );
    patiently(again).await.unwrap();
    assert_eq!(service.opened(), 0, "no WebSocket was asked for");
    service.shutdown().await;
}
