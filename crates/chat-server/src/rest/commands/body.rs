//! How the body of a call becomes what its function takes.

use chat_types::Element;
use chat_types::code::{ApiError, Code};
use chat_types::element::{BodyError, read_body};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a command's function takes as its body.
pub(in crate::rest) trait Body: Sized {
    /// `code` answers what the catalogue's check let through and the type does not take.
    fn read(body: Value, code: Code) -> Result<Self, ApiError>;
}

impl<T: DeserializeOwned> Body for T {
    fn read(body: Value, code: Code) -> Result<Self, ApiError> {
        serde_json::from_value(body).map_err(|error| ApiError::new(code, error.to_string()))
    }
}

/// A body that says something. Its elements have codes of their own, by kind of conversation, and
/// they answer before anything else in it.
pub(in crate::rest) struct Said<T> {
    /// `None` where there is no `MsgBody`.
    elements: Option<Result<Vec<Element>, BodyError>>,
    given: Result<T, ApiError>,
}

impl<T: DeserializeOwned> Body for Said<T> {
    fn read(body: Value, code: Code) -> Result<Self, ApiError> {
        let said = body.get("MsgBody").is_some_and(|elements| !elements.is_null());
        let elements = said.then(|| read_body(&body));
        Ok(Self { elements, given: T::read(body, code) })
    }
}

impl<T> Said<T> {
    /// For a command that cannot do without elements. None at all are refused with the message.
    pub(super) fn take(
        self,
        code: impl FnOnce(BodyError) -> ApiError,
    ) -> Result<(Vec<Element>, T), ApiError> {
        let (elements, given) = self.take_any(code)?;
        Ok((elements.unwrap_or_default(), given))
    }

    /// For a command that may leave the elements as they are.
    pub(super) fn take_any(
        self,
        code: impl FnOnce(BodyError) -> ApiError,
    ) -> Result<(Option<Vec<Element>>, T), ApiError> {
        let elements = self.elements.transpose().map_err(code)?;
        Ok((elements, self.given?))
    }
}
