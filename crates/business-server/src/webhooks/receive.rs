//! `POST /webhooks`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chat_types::webhook::{Webhook, WebhookAnswer, WebhookCommand};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::{timeout, timeout_at};

use super::figures::Figures;
use super::inbox::{Arrived, Stored};
use super::signature::{Parameters, Proof, Unproven};
use super::{Asked, Webhooks};
use crate::Business;
use crate::figures::count;
use crate::http::ClientAddress;
use crate::problem::Problem;

/// Longest body of a webhook, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// What the body of an after-webhook has to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Outside of the API: the chat service calls it, and nobody else.
pub(crate) fn router() -> Router<Arc<Business>> {
    Router::new().route("/webhooks", post(receive))
}

/// Go on as it is.
pub(crate) fn allow() -> WebhookAnswer {
    WebhookAnswer { action_status: "OK".into(), ..WebhookAnswer::default() }
}

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Unproven(#[from] Unproven),
    #[error("the query cannot be read: {0}")]
    Query(#[from] QueryRejection),
    #[error("the body is no webhook: {0}")]
    Malformed(String),
    #[error("the body is longer than {MAX_BODY_BYTES} bytes")]
    TooLong,
    #[error("the body did not arrive in time")]
    Slow,
    #[error("too many webhooks arrive at once: deliver it again")]
    Crowded,
    #[error("too many events wait to be processed: deliver it again")]
    Full,
    #[error("the event cannot be stored: deliver it again")]
    Storage,
}

impl Refusal {
    fn status(&self) -> u16 {
        match self {
            Self::Unproven(_) => 403,
            Self::Query(_) | Self::Malformed(_) => 400,
            Self::TooLong => 413,
            Self::Slow => 408,
            Self::Crowded | Self::Full | Self::Storage => 503,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unproven(Unproven::NoToken) => "no_token",
            Self::Unproven(Unproven::Signature) => "signature",
            Self::Unproven(Unproven::Time) => "time",
            Self::Unproven(Unproven::Application) => "application",
            Self::Query(_) => "query",
            Self::Malformed(_) => "body",
            Self::TooLong => "body_too_long",
            Self::Slow => "slow",
            Self::Crowded | Self::Full => "crowded",
            Self::Storage => "storage",
        }
    }

    /// Whether the event itself could have been taken: the chat service delivers it again.
    fn comes_again(&self) -> bool {
        matches!(self, Self::Slow | Self::Crowded | Self::Full | Self::Storage)
    }

    /// Where it is counted; those that concern the database are counted where it is written.
    fn figure<'a>(&self, figures: &'a Figures) -> Option<&'a AtomicU64> {
        Some(match self {
            Self::Unproven(Unproven::NoToken) => &figures.refused_no_token,
            Self::Unproven(Unproven::Signature) => &figures.refused_signature,
            Self::Unproven(Unproven::Time) => &figures.refused_time,
            Self::Unproven(Unproven::Application) => &figures.refused_application,
            Self::Query(_) | Self::Malformed(_) => &figures.refused_malformed,
            Self::TooLong => &figures.refused_length,
            Self::Slow => &figures.refused_slow,
            Self::Crowded => &figures.refused_crowded,
            Self::Full | Self::Storage => return None,
        })
    }
}

async fn receive(
    State(business): State<Arc<Business>>,
    ClientAddress(client): ClientAddress,
    query: Result<Query<Parameters>, QueryRejection>,
    request: Request,
) -> Response {
    match take(&business, client, query, request).await {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(refusal) => {
            if let Some(figure) = refusal.figure(&business.webhooks.figures) {
                count(figure);
            }
            tracing::debug!(%client, %refusal, "webhook not taken");
            Problem::new(refusal.status(), refusal.code(), refusal.to_string()).into_response()
        }
    }
}

/// Nothing of the body is read before it is known who calls.
async fn take(
    business: &Business,
    client: IpAddr,
    query: Result<Query<Parameters>, QueryRejection>,
    request: Request,
) -> Result<WebhookAnswer, Refusal> {
    let Query(parameters) = query?;
    let proof = Proof::of(&business.config);
    let proven = proof.check(&parameters, client, business.clock.now_s());
    let monotonic_ms = business.clock.monotonic_ms();
    match (&proven, parameters.request_ms()) {
        // It is delivered again until the clocks agree.
        (Err(Unproven::Time), _) => business.webhooks.redelivery.refused(monotonic_ms),
        (Err(_), _) => {}
        (Ok(()), request_ms) => {
            business.webhooks.redelivery.called(monotonic_ms);
            if let Some(request_ms) = request_ms.filter(|_| proof.is_signed()) {
                business.chat_clock.signed_call(request_ms, monotonic_ms);
            }
        }
    }
    proven?;
    let wanted = business.webhooks.subjects.wanted;
    let wanted = |command: &&WebhookCommand| wanted.contains(&command.name);
    let Some(command) = WebhookCommand::named(&parameters.command).filter(wanted) else {
        count(&business.webhooks.figures.ignored);
        return Ok(allow());
    };
    if command.before {
        answer_before(business, command, request).await
    } else {
        store_after(business, command, request).await.inspect_err(|refusal| {
            if refusal.comes_again() {
                business.webhooks.redelivery.refused(business.clock.monotonic_ms());
            }
        })
    }
}

/// Decides within the budget: whoever waits for the answer must not wait for us. What the webhook
/// alone decides, such as a forged gift, is decided whatever else there is to do.
async fn answer_before(
    business: &Business,
    command: &WebhookCommand,
    request: Request,
) -> Result<WebhookAnswer, Refusal> {
    let Webhooks { limits, subjects, figures, before_places, before_waiting, .. } =
        &business.webhooks;
    let deadline = tokio::time::Instant::now() + limits.before_budget;
    let body = timeout_at(deadline, read(request)).await.map_err(|_| Refusal::Slow)??;
    let webhook = parse(command, &body)?;
    // Only what has been read of it waits for a place.
    drop(body);
    let question = match (subjects.ask)(business, &webhook) {
        Asked::Open(question) => question,
        Asked::Answered(answer) => {
            count(&figures.before_answered);
            return Ok(answer);
        }
    };
    let deciding = async {
        let _waiting = before_waiting.try_acquire().ok()?;
        let _place = before_places.acquire().await.ok()?;
        Some(question.decide(business).await)
    };
    if let Ok(Some(answer)) = timeout_at(deadline, deciding).await {
        count(&figures.before_answered);
        return Ok(answer);
    }
    count(&figures.before_late);
    Ok(question.undecided(business))
}

/// Answers when the event is durable.
async fn store_after(
    business: &Business,
    command: &WebhookCommand,
    request: Request,
) -> Result<WebhookAnswer, Refusal> {
    // First the place, then the body: so the bodies in memory are no more than the places.
    let place = business.webhooks.inbox.place().ok_or(Refusal::Crowded)?;
    let body = timeout(BODY_TIMEOUT, read(request)).await.map_err(|_| Refusal::Slow)??;
    let webhook = parse(command, &body)?;
    let body = String::from_utf8(body.into())
        .map_err(|error| Refusal::Malformed(error.utf8_error().to_string()))?;
    match place.put(Arrived::now(business, &webhook, body)).await {
        Ok(Stored::Kept | Stored::Duplicate) => Ok(allow()),
        Ok(Stored::Full) => Err(Refusal::Full),
        Err(_) => Err(Refusal::Storage),
    }
}

async fn read(request: Request) -> Result<Bytes, Refusal> {
    let declared = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Refusal::TooLong);
    }
    axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await.map_err(|_| Refusal::TooLong)
}

pub(crate) fn parse(command: &WebhookCommand, body: &[u8]) -> Result<Webhook, Refusal> {
    // The parser's text quotes what somebody said; its place is enough.
    let at = |error: serde_json::Error| {
        Refusal::Malformed(format!("line {}, column {}", error.line(), error.column()))
    };
    let webhook: Webhook = serde_json::from_slice(body).map_err(at)?;
    if webhook.command().name == command.name {
        return Ok(webhook);
    }
    Err(Refusal::Malformed("CallbackCommand differs from the one in the address".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn length(bytes: usize) -> Result<usize, u16> {
        // Without a header that would say how long it is.
        let read = read(Request::new(Body::from(vec![b'x'; bytes]))).await;
        read.map(|body| body.len()).map_err(|refusal| refusal.status())
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound_and_no_further() {
        assert_eq!(length(0).await, Ok(0));
        assert_eq!(length(MAX_BODY_BYTES).await, Ok(MAX_BODY_BYTES));
        assert_eq!(length(MAX_BODY_BYTES + 1).await, Err(413));
    }
}
