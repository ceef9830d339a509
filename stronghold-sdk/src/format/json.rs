//! JSON: `{"NAME": "value"}`, and `{"NAME": {"base64": "..."}}` for what is not UTF-8.

use super::{Entries, ParseError};
use data_encoding::BASE64;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use std::fmt;
use stronghold_protocol::json::{self, Pairs};
use zeroize::Zeroizing;

/// Appends the entries to `out`. JSON holds every name and every value.
pub(super) fn write(entries: &[(&str, &[u8])], out: &mut Vec<u8>) {
    out.push(b'{');
    for (position, (name, value)) in entries.iter().enumerate() {
        out.extend_from_slice(if position == 0 { b"\n  " } else { b",\n  " });
        write_string(name, out);
        out.extend_from_slice(b": ");
        match std::str::from_utf8(value) {
            Ok(text) => write_string(text, out),
            Err(_) => {
                out.extend_from_slice(b"{\"base64\": \"");
                out.extend_from_slice(Zeroizing::new(BASE64.encode(value)).as_bytes());
                out.extend_from_slice(b"\"}");
            }
        }
    }
    out.extend_from_slice(if entries.is_empty() { b"}\n" } else { b"\n}\n" });
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    // A string always serializes, and a vector always takes it.
    let _ = serde_json::to_writer(out, text);
}

/// Reads what [`super::write`] writes.
///
/// # Errors
/// [`ParseError`] when it is not such JSON, or sets a name twice to different values.
pub fn parse(bytes: &[u8]) -> Result<Entries, ParseError> {
    let file: Pairs<Value> = json::from_slice(bytes).map_err(|error| ParseError::NotJson { line: error.line() })?;
    let mut entries: Entries = Vec::with_capacity(file.0.len());
    for (name, value) in file.0 {
        let value = match value {
            Value::Text(text) => Zeroizing::new(text.as_bytes().to_vec()),
            Value::Binary { base64 } => match BASE64.decode(base64.as_bytes()) {
                Ok(bytes) => Zeroizing::new(bytes),
                Err(_) => return Err(ParseError::NotAValue { name }),
            },
            Value::Other => return Err(ParseError::NotAValue { name }),
        };
        match entries.iter().find(|(known, _)| *known == name) {
            Some((_, before)) if *before == value => {}
            Some(_) => return Err(ParseError::Duplicate { line: 0, name }),
            None => entries.push((name, value)),
        }
    }
    Ok(entries)
}

/// A value as it stands in the file.
enum Value {
    Text(Zeroizing<String>),
    Binary { base64: Zeroizing<String> },
    Other,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut found = Value::Other;
        let mut count = 0;
        while let Some((name, value)) = members.next_entry::<String, Self::Value>()? {
            count += 1;
            found = match (name.as_str(), value) {
                ("base64", Value::Text(base64)) if count == 1 => Value::Binary { base64 },
                _ => Value::Other,
            };
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }
}
