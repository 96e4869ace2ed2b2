//! What an operator can watch, as OpenMetrics text. No label has a value but names of the program's
//! own, so that nobody's id, name or secret can become one.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::figures::Listed;
use crate::storage::Error;
use crate::{Business, notifications, outbox, webhooks};

/// The form of [`text`], as HTTP names it.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything as it is now.
pub(super) async fn text(business: &Business) -> Result<String, Error> {
    let mut tx = business.database.read().await?;
    let (outbox_waiting, outbox_held) = outbox::waiting(&mut tx).await?;
    let notifications = notifications::read_figures(business, &mut tx).await?;
    let unprocessed = webhooks::unprocessed(&mut tx).await?;
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
        ("unheard", "Stored webhooks that wait to be processed", unprocessed),
        ("notifications_waiting", "Events for the shop that wait", notifications.waiting),
        ("notifications_dead", "Events given up that can be sent again", notifications.dead),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        registry.register(name, help, ConstGauge::new(value));
    }
    let panics = Family::<[(&str, &str); 2], Counter>::default();
    let routines = business.routines.panics().into_iter().map(|panics| ("routine", panics));
    let consumers = business.webhooks.panics().map(|panics| ("consumer", panics));
    for (kind, (name, number)) in routines.chain(consumers) {
        panics.get_or_create(&[("kind", kind), ("name", name)]).inc_by(number);
    }
    let help = "Panics of what the service does by itself, and of who handles webhooks";
    registry.register("panics", help, panics);
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The running program", build);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Error::Unreadable(error.to_string()))?;
    Ok(text)
}
