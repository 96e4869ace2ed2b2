//! What an operator can watch, as OpenMetrics text. No metric has a label, so that nobody's id, name
//! or secret can become one.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::figures::Listed;
use crate::storage::Error;
use crate::{Business, notifications, outbox};

/// The form of [`text`], as HTTP names it.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything as it is now.
pub(super) async fn text(business: &Business) -> Result<String, Error> {
    let mut tx = business.database.read().await?;
    let (outbox_waiting, outbox_held) = outbox::waiting(&mut tx).await?;
    let notifications = notifications::read_figures(business, &mut tx).await?;
    drop(tx);
    let mut registry = Registry::with_prefix("liveroom_business");
    let mut counter = |name: &str, help: &str, value: u64| {
        // The encoder ends the sentence.
        let help = help.trim().trim_end_matches('.');
        registry.register(name, help, ConstCounter::new(value));
    };
    let listed = [
        business.webhooks.listed(),
        business.moderation.figures.listed(),
        business.likes.figures.listed(),
        business.outbox.listed(),
    ];
    for Listed { name, help, value } in listed.into_iter().flatten() {
        counter(name, help, value);
    }
    for (name, help, value) in [
        ("delivered", "Events that the shop has taken", notifications.delivered),
        ("failed", "Attempts to tell the shop that have failed", notifications.failed),
        ("given_up", "Events for the shop that were given up", notifications.given_up),
        ("dropped", "Events for the shop that were not kept, ever", notifications.dropped),
        ("forgotten", "Events given up and forgotten, ever", notifications.forgotten),
    ] {
        counter(&format!("notifications_{name}"), help, value);
    }
    for (name, help, value) in [
        ("outbox_waiting", "Postings that wait for the chat service", outbox_waiting),
        ("outbox_held_back", "Those whose sender may not speak in the room", outbox_held),
        ("unheard", "Stored webhooks that wait to be processed", business.webhooks.unprocessed()),
        ("notifications_waiting", "Events for the shop that wait", notifications.waiting),
        ("notifications_dead", "Events given up that can be sent again", notifications.dead),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        registry.register(name, help, ConstGauge::new(value));
    }
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The running program", build);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Error::Unreadable(error.to_string()))?;
    Ok(text)
}
