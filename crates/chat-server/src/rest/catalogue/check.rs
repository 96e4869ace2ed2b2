//! Checks a body against the fields of its command, before anything else reads it.
//!
//! The first violation in the order of the fields answers. A field that the command does not have
//! is ignored, as in the cloud.

use chat_types::code::{ApiError, Code};
use chat_types::{GroupId, UserId};
use serde_json::{Map, Value};

use super::Command;
use super::field::{Fault, Field, Kind};

/// A violation on its way up from where it was found.
struct Wrong {
    /// Where, from the field it was found in: `MsgBody[0].MsgType`.
    at: String,
    fault: Fault,
    /// Whether it is the number of accounts.
    accounts: bool,
    /// Whether it was found in an entry or a member and not in the field itself.
    inside: bool,
    /// The code of the innermost field that has one.
    code: Option<Code>,
    what: String,
}

/// Checks a body. The sentence names the field, what is wrong with it, the limit, and the page of
/// the documentation.
pub(crate) fn check(command: &Command, body: &Map<String, Value>) -> Result<(), ApiError> {
    check_fields(command.fields, body).map_err(|wrong| {
        let code = wrong.code.unwrap_or_else(|| command.family.code(wrong.fault, wrong.accounts));
        let info = format!("{} {} ({})", wrong.at, wrong.what, command.described_in());
        ApiError::new(code, info)
    })
}

/// Gives every field that came under another name its main one. Of a field that came under two, the
/// one that was checked stays.
pub(crate) fn use_main_names(command: &Command, body: &mut Map<String, Value>) {
    rename(command.fields, body);
}

fn rename(fields: &[Field], object: &mut Map<String, Value>) {
    for field in fields {
        for name in field.also {
            if let Some(value) = object.remove(*name)
                && !object.contains_key(field.name)
            {
                object.insert(field.name.to_owned(), value);
            }
        }
        if let Some(value) = object.get_mut(field.name) {
            rename_inside(&field.kind, value);
        }
    }
}

fn rename_inside(kind: &Kind, value: &mut Value) {
    match (kind, value) {
        (Kind::Object(fields), Value::Object(object)) => rename(fields, object),
        (Kind::List { of, .. }, Value::Array(entries)) => {
            entries.iter_mut().for_each(|entry| rename_inside(of, entry));
        }
        _ => {}
    }
}

fn check_fields(fields: &[Field], object: &Map<String, Value>) -> Result<(), Wrong> {
    fields.iter().try_for_each(|field| {
        let mut names = std::iter::once(&field.name).chain(field.also);
        let checked = match names.find_map(|name| object.get(*name)) {
            Some(value) => check_value(&field.kind, value, !field.required),
            None if field.required => Err(Wrong::new(Fault::Missing, "is missing")),
            None => Ok(()),
        };
        checked.map_err(|wrong| wrong.in_field(field))
    })
}

/// Checks one value; `blank` tells whether an empty id stands for none.
fn check_value(kind: &Kind, value: &Value, blank: bool) -> Result<(), Wrong> {
    match kind {
        Kind::Text { least, most } => check_text(value, *least, *most),
        Kind::Account => check_id(value, blank, |id| UserId::new(id).err()),
        Kind::Group => check_id(value, blank, |id| GroupId::new(id).err()),
        Kind::Number { least, most } => check_number(value, *least, *most),
        Kind::OneOf(words) => {
            let word = value.as_str().ok_or_else(|| wrong_type("a text"))?;
            if words.contains(&word) {
                return Ok(());
            }
            let words = words.join(", ");
            Err(Wrong::new(Fault::Value, format!("has to be one of {words}; case counts")))
        }
        Kind::TextOrNumber if value.is_string() || is_whole(value) => check_signs(value),
        Kind::TextOrNumber => Err(wrong_type("a text or a whole number")),
        Kind::NumberOr { word, .. } if value.as_str() == Some(word) => Ok(()),
        Kind::NumberOr { word, most } => {
            let wanted = || format!("a whole number from 0 to {most}, or {word:?}");
            if !value.is_string() && !is_whole(value) {
                return Err(wrong_type(&wanted()));
            }
            let number = value.as_i64().filter(|number| (0..=*most).contains(number));
            number
                .map(|_| ())
                .ok_or_else(|| Wrong::new(Fault::Value, format!("has to be {}", wanted())))
        }
        Kind::List { of, least, most } => {
            let entries = value.as_array().ok_or_else(|| wrong_type("a list"))?;
            check_length(kind, entries.len(), *least, *most)?;
            entries.iter().enumerate().try_for_each(|(index, entry)| {
                check_value(of, entry, false).map_err(|wrong| wrong.in_entry(index))
            })
        }
        Kind::Object(fields) => {
            check_fields(fields, value.as_object().ok_or_else(|| wrong_type("an object"))?)
        }
        Kind::AnyObject if value.is_object() => check_signs(value),
        Kind::AnyObject => Err(wrong_type("an object")),
    }
}

fn check_text(value: &Value, least: usize, most: usize) -> Result<(), Wrong> {
    let text = value.as_str().ok_or_else(|| wrong_type("a text"))?;
    let bytes = text.len();
    if bytes > most {
        let what = format!("has {bytes} bytes; {most} is the most");
        return Err(Wrong::new(Fault::TooLong, what));
    }
    if bytes < least {
        return Err(Wrong::new(Fault::Empty, "is empty"));
    }
    check_signs(value)
}

/// Refuses U+0000 in any text of a value: databases do not store it, and many a reader takes it for
/// the end of the text.
fn check_signs(value: &Value) -> Result<(), Wrong> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(Wrong::new(Fault::Value, "has U+0000 in it, which no text may have"))
        }
        Value::Array(entries) => entries.iter().enumerate().try_for_each(|(index, entry)| {
            check_signs(entry).map_err(|wrong| wrong.in_entry(index))
        }),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            check_signs(value).map_err(|wrong| wrong.in_member(name))
        }),
        _ => Ok(()),
    }
}

fn check_id(
    value: &Value,
    blank: bool,
    rule: impl FnOnce(&str) -> Option<ApiError>,
) -> Result<(), Wrong> {
    let id = value.as_str().ok_or_else(|| wrong_type("a text"))?;
    if id.is_empty() {
        return if blank { Ok(()) } else { Err(Wrong::new(Fault::Empty, "is empty")) };
    }
    match rule(id) {
        None => Ok(()),
        Some(error) => Err(Wrong::new(Fault::Value, format!("breaks a rule: {}", error.info))),
    }
}

fn check_number(value: &Value, least: i64, most: i64) -> Result<(), Wrong> {
    if !is_whole(value) {
        return Err(wrong_type("a whole number"));
    }
    match value.as_i64() {
        Some(number) if (least..=most).contains(&number) => Ok(()),
        _ => {
            let what = format!("has to be a whole number from {least} to {most}");
            Err(Wrong::new(Fault::Value, what))
        }
    }
}

fn check_length(kind: &Kind, entries: usize, least: usize, most: usize) -> Result<(), Wrong> {
    if entries > most {
        let what = format!("has {entries} entries; {most} is the most");
        let wrong = Wrong::new(Fault::TooMany, what);
        return Err(Wrong { accounts: kind.names_accounts(), ..wrong });
    }
    if entries < least {
        return Err(Wrong::new(Fault::Empty, format!("is empty: give 1 to {most} entries")));
    }
    Ok(())
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

fn wrong_type(wanted: &str) -> Wrong {
    Wrong::new(Fault::Type, format!("has to be {wanted}"))
}

impl Wrong {
    fn new(fault: Fault, what: impl Into<String>) -> Self {
        let (at, what) = (String::new(), what.into());
        Self { at, fault, accounts: false, inside: false, code: None, what }
    }

    fn in_entry(self, index: usize) -> Self {
        let joint = if self.at.is_empty() { "" } else { "." };
        Self { at: format!("[{index}]{joint}{}", self.at), inside: true, ..self }
    }

    fn in_member(self, name: &str) -> Self {
        let joint = if self.at.is_empty() || self.at.starts_with('[') { "" } else { "." };
        Self { at: format!("{name}{joint}{}", self.at), inside: true, ..self }
    }

    fn in_field(self, field: &Field) -> Self {
        let fault = if self.inside { Fault::Inside } else { self.fault };
        let code = self.code.or_else(|| field.own_code(fault));
        Self { code, ..self.in_member(field.name) }
    }
}
