//! What a field of a request body may hold, and the code that answers what it may not.

use chat_types::code::Code;

use super::Family;

/// What can be wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    /// Another JSON type than the documented one.
    Type,
    /// A list or a text with nothing in it.
    Empty,
    /// A text over its limit in bytes.
    TooLong,
    /// A list over its limit in entries.
    TooMany,
    /// A number out of range, an unknown word, an id that breaks the rule of ids.
    Value,
    /// Anything wrong with an entry of a list or with a member of an object.
    Inside,
}

/// What a field may hold. Lengths are bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text {
        least: usize,
        most: usize,
    },
    /// An account id; an optional field may also hold an empty text, which names nobody.
    Account,
    /// A group id; an optional field may also hold an empty text, which names none.
    Group,
    /// A whole number.
    Number {
        least: i64,
        most: i64,
    },
    /// One of these words; case counts.
    OneOf(&'static [&'static str]),
    TextOrNumber,
    /// A whole number from 0 to `most`, or this word; case counts.
    NumberOr {
        word: &'static str,
        most: i64,
    },
    List {
        of: &'static Kind,
        least: usize,
        most: usize,
    },
    Object(&'static [Field]),
    /// An object whose members are read elsewhere, or by nobody.
    AnyObject,
}

/// One field of a body or of an object in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Other names that the documentation has had for it.
    pub(crate) also: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// Answers every fault that `codes` does not name.
    code: Option<Code>,
    codes: &'static [(Fault, Code)],
}

pub(crate) const ACCOUNT: Kind = Kind::Account;
pub(crate) const GROUP: Kind = Kind::Group;
pub(crate) const U32: Kind = number(0, u32::MAX as i64);
pub(crate) const I64: Kind = number(i64::MIN, i64::MAX);
/// 0 or 1.
pub(crate) const FLAG: Kind = number(0, 1);
pub(crate) const ANY_OBJECT: Kind = Kind::AnyObject;

/// A text that may be empty.
pub(crate) const fn text(most: usize) -> Kind {
    Kind::Text { least: 0, most }
}

/// A text that may not be empty.
pub(crate) const fn word(most: usize) -> Kind {
    Kind::Text { least: 1, most }
}

pub(crate) const fn number(least: i64, most: i64) -> Kind {
    Kind::Number { least, most }
}

pub(crate) const fn list(of: &'static Kind, least: usize, most: usize) -> Kind {
    Kind::List { of, least, most }
}

/// A field that has to be there.
pub(crate) const fn req(name: &'static str, kind: Kind) -> Field {
    Field { name, also: &[], kind, required: true, code: None, codes: &[] }
}

/// A field that may be left out.
pub(crate) const fn opt(name: &'static str, kind: Kind) -> Field {
    Field { required: false, ..req(name, kind) }
}

impl Field {
    pub(crate) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// The code for every fault, in place of the family's.
    pub(crate) const fn code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The codes for some faults; they go before [`Field::code`].
    pub(crate) const fn codes(self, codes: &'static [(Fault, Code)]) -> Self {
        Self { codes, ..self }
    }

    /// The code that this field has of its own for a fault.
    pub(crate) fn own_code(&self, fault: Fault) -> Option<Code> {
        let named = self.codes.iter().find(|(named, _)| *named == fault);
        named.map(|(_, code)| *code).or(self.code)
    }
}

impl Kind {
    /// Whether a list of this kind names accounts, so that one which is too long has the code of
    /// too many accounts.
    pub(crate) fn names_accounts(&self) -> bool {
        let Self::List { of, .. } = self else { return false };
        match of {
            Self::Account => true,
            Self::Object(fields) => {
                fields.first().is_some_and(|field| matches!(field.kind, Self::Account))
            }
            _ => false,
        }
    }
}

impl Family {
    /// The code for a body that has passed every check and cannot be read all the same.
    pub(crate) fn unreadable(self) -> Code {
        self.code(Fault::Type, false)
    }

    /// The code for a fault that no field has a code of its own for.
    pub(crate) fn code(self, fault: Fault, accounts: bool) -> Code {
        let too_many_accounts = accounts && fault == Fault::TooMany;
        match self {
            Self::Account if too_many_accounts => Code::ACCOUNT_BATCH,
            Self::Account => Code::ACCOUNT_PARAMETER,
            Self::Profile => Code::PROFILE_PARAMETER,
            Self::Group if too_many_accounts => Code::TOO_MANY_ACCOUNTS,
            Self::Group => Code::BAD_PARAMETER,
            Self::C2c if too_many_accounts => Code::C2C_TOO_MANY,
            Self::C2c => Code::C2C_BODY,
        }
    }
}
