//! What a call brings, with every fault of it told as a [`Problem`].

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::Problem;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// Parameters in the path.
#[derive(Debug)]
pub(crate) struct PathOf<T>(pub(crate) T);

/// Parameters in the query.
#[derive(Debug)]
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        read.map(|Json(body)| Self(body)).map_err(|rejection| {
            let detail = match &rejection {
                JsonRejection::JsonDataError(error) => cause(error)
                    .map(|cause| format!("the body is not what this call takes: {cause}")),
                _ => None,
            };
            let detail = detail.unwrap_or_else(|| rejection.body_text());
            Problem::new(rejection.status().as_u16(), "body", detail)
        })
    }
}

/// A number of the query, or none: the document promises 64 bits with a sign.
pub(crate) fn number<'de, D, N>(reader: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + Copy + Into<Option<u64>>,
{
    let number = N::deserialize(reader)?;
    if number.into().is_some_and(|number| i64::try_from(number).is_err()) {
        return Err(D::Error::custom(format!("a number is {} at most", i64::MAX)));
    }
    Ok(number)
}

/// What was wrong first, with the path of the member.
fn cause(error: &dyn std::error::Error) -> Option<String> {
    let source = error.source()?;
    Some(source.to_string())
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value)).map_err(|rejection| {
            Problem::new(rejection.status().as_u16(), "path", rejection.body_text())
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            Problem::new(rejection.status().as_u16(), "query", rejection.body_text())
        })
    }
}
