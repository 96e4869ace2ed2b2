//! Every documented REST command, as one table. It decides which paths exist, how often each may
//! be called, what a body has to look like, and what `docs/compatibility.md` says.
//!
//! A command that is offered names the function that carries it out, so that there is no row
//! without one. A command that is not offered has a code and a reason instead.

mod accounts;
mod c2c;
mod check;
mod data;
mod extensions;
mod field;
mod groups;
mod members;
mod messages;
#[cfg(test)]
mod page;
mod refused;
#[cfg(test)]
mod tests;

pub(crate) use check::{check, use_main_names};

use chat_types::code::{ApiError, Code};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::Caller;
use super::commands::Body;
use crate::service::Service;
pub(super) use field::{Field, Kind};

/// Calls of one command in a second, where the documentation does not say otherwise ("Use Limits").
const USUAL_RATE: u32 = 200;

/// What an offered command does: the function of `commands` that carries it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// The body has passed [`check`].
    pub(super) run: Run,
    /// Reads a body and does no more, for the fuzz targets.
    pub(super) read: fn(Value, Code) -> Result<(), ApiError>,
}

pub(super) type Run =
    for<'a> fn(&'a Service, &'a Caller, Value, Code) -> BoxFuture<'a, Result<String, ApiError>>;

/// The [`Call`] of a function of `commands`, whose last parameter says what the body is.
macro_rules! call {
    ($handler:path) => {
        $crate::rest::catalogue::Call {
            run: |service, caller, body, code| {
                Box::pin(async move {
                    $handler(service, caller, $crate::rest::commands::Body::read(body, code)?).await
                })
            },
            read: |body, code| $crate::rest::catalogue::read_for($handler, body, code),
        }
    };
}
pub(super) use call;

/// Reads a body as this function would take it.
fn read_for<'a, B: Body, F>(
    _: fn(&'a Service, &'a Caller, B) -> F,
    body: Value,
    code: Code,
) -> Result<(), ApiError> {
    B::read(body, code).map(drop)
}

/// Which family of codes answers a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// 70402, and 70206 for too many accounts.
    Account,
    /// 40001.
    Profile,
    /// 10004, and 10005 for too many accounts.
    Group,
    /// 90001, and 90011 for too many accounts.
    C2c,
}

/// How far a command is offered. The sentences stand on the page that the tests compare.
#[cfg_attr(not(test), expect(dead_code, reason = "the page is written by a test"))]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Support {
    Yes(Call),
    /// Offered, but not in every point as in the cloud; the sentences tell where.
    Differs(Call, &'static str),
    /// The cloud does not have it; the sentences tell what it does.
    Extension(Call, &'static str),
    /// Not offered; the sentences tell why and what to use instead.
    Refused(Code, &'static str),
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    /// The page of the vendor's documentation, below `product/`; empty for an extension.
    pub(crate) page: &'static str,
    /// Calls in one second by one application.
    pub(crate) per_second: u32,
    /// Answers calls beyond that.
    pub(crate) rate_code: Code,
    pub(crate) family: Family,
    pub(crate) fields: &'static [Field],
    pub(crate) support: Support,
}

/// All rows, by family, in the order of the documentation page.
const TABLES: &[&[Command]] = &[
    accounts::COMMANDS,
    groups::COMMANDS,
    members::COMMANDS,
    data::COMMANDS,
    messages::COMMANDS,
    c2c::COMMANDS,
    extensions::COMMANDS,
    refused::COMMANDS,
];

/// Services whose unknown commands answer 10003 instead of 60009.
const GROUP_SERVICES: [&str; 5] = [
    groups::SERVICE,
    data::ATTRIBUTE_SERVICE,
    members::ROOM_SERVICE,
    extensions::SERVICE,
    refused::TOPIC_SERVICE,
];

pub(crate) fn commands() -> impl Iterator<Item = &'static Command> {
    TABLES.iter().copied().flatten()
}

/// The command of a path: 10003 when a group service does not have it, 60009 when there is no such
/// service or another service does not have it.
pub(crate) fn find(service: &str, name: &str) -> Result<&'static Command, ApiError> {
    let found = commands().find(|command| command.service == service && command.name == name);
    found.ok_or_else(|| {
        if GROUP_SERVICES.contains(&service) {
            ApiError::new(
                Code::UNKNOWN_GROUP_COMMAND,
                format!("{service} has no such command: check its spelling"),
            )
        } else {
            ApiError::new(Code::UNKNOWN_PATH, "no such service or command: check the path")
        }
    })
}

impl Command {
    const fn offered(
        (service, name): (&'static str, &'static str),
        page: &'static str,
        family: Family,
        call: Call,
        fields: &'static [Field],
    ) -> Self {
        let support = Support::Yes(call);
        Self {
            service,
            name,
            page,
            per_second: USUAL_RATE,
            rate_code: Code::COMMAND_RATE,
            family,
            fields,
            support,
        }
    }

    const fn refused(
        (service, name): (&'static str, &'static str),
        page: &'static str,
        family: Family,
        code: Code,
        why: &'static str,
    ) -> Self {
        Self {
            service,
            name,
            page,
            per_second: USUAL_RATE,
            rate_code: Code::COMMAND_RATE,
            family,
            fields: &[],
            support: Support::Refused(code, why),
        }
    }

    /// A command that the cloud does not have.
    const fn extension(
        name: &'static str,
        call: Call,
        fields: &'static [Field],
        what: &'static str,
    ) -> Self {
        let path = (extensions::SERVICE, name);
        let support = Support::Extension(call, what);
        Self { support, ..Self::offered(path, "", Family::Group, call, fields) }
    }

    /// Offered, but differently.
    const fn differs(self, how: &'static str) -> Self {
        match self.support {
            Support::Yes(call) => Self { support: Support::Differs(call, how), ..self },
            Support::Differs(..) | Support::Extension(..) | Support::Refused(..) => self,
        }
    }

    const fn per_second(self, per_second: u32) -> Self {
        Self { per_second, ..self }
    }

    /// The code for calls that come too fast, in place of the usual 60007.
    const fn rate_code(self, rate_code: Code) -> Self {
        Self { rate_code, ..self }
    }

    /// The page that describes the command.
    pub(crate) fn described_in(&self) -> String {
        match self.page {
            "" => "docs/compatibility.md".to_owned(),
            page => format!("product/{page}"),
        }
    }

    /// What to do, or the code and the reason of a command that is not offered.
    pub(crate) fn call(&self) -> Result<Call, ApiError> {
        match self.support {
            Support::Yes(call) | Support::Differs(call, _) | Support::Extension(call, _) => {
                Ok(call)
            }
            Support::Refused(code, why) => {
                Err(ApiError::new(code, format!("{} is not offered: {why}", self.name)))
            }
        }
    }
}
