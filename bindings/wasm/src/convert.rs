//! Values between JavaScript and Rust.

use crate::error::{Outcome, Thrown};
use js_sys::Function;
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};
use stronghold_sdk::{
    Error,
    protocol::{
        name::{Email, Name, SecretName},
        time::Timestamp,
    },
};
use wasm_bindgen::JsValue;

/// As a plain object: maps too, absent members are absent.
pub(crate) fn to_js(value: &impl Serialize) -> Outcome {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| Error::invalid(error.to_string()).into())
}

/// From a plain object. The error does not say more: it could repeat a password.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue, what: &str) -> Outcome<T> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|_| Error::invalid(format!("{what} has not the members that types.d.ts says")).into())
}

/// An id, a hash or a time, in its usual text.
pub(crate) fn parse<T: FromStr<Err: Display>>(text: &str, what: &str) -> Outcome<T> {
    text.parse().map_err(|error| Error::invalid(format!("{text:?} is no {what}: {error}")).into())
}

/// A time that may be absent.
pub(crate) fn parse_time(text: Option<&str>) -> Outcome<Option<Timestamp>> {
    text.map(|text| parse(text, "time (RFC 3339)")).transpose()
}

/// A name of an organization, group, profile or agent.
pub(crate) fn name(text: &str) -> Outcome<Name> {
    Name::new(text.trim()).map_err(|error| Error::invalid(error.to_string()).into())
}

/// A person's address.
pub(crate) fn email(text: &str) -> Outcome<Email> {
    Email::new(text.trim()).map_err(|error| Error::invalid(error.to_string()).into())
}

/// A secret's name. It is named in errors: whoever gave it sees it.
pub(crate) fn secret_name(text: &str) -> Outcome<SecretName> {
    SecretName::new(text).map_err(|error| Error::invalid(format!("{text:?}: {error}")).into())
}

/// A function of JavaScript that is told how far something is. What it throws changes nothing.
pub(crate) struct Listener(SendWrapper<Option<Function>>);

impl Listener {
    /// Takes a function, or nothing.
    pub(crate) fn new(function: Option<Function>) -> Self {
        Self(SendWrapper::new(function))
    }

    /// Tells it.
    pub(crate) fn tell(&self, value: &JsValue) {
        if let Some(function) = &*self.0 {
            let _ = function.call1(&JsValue::UNDEFINED, value);
        }
    }
}

/// Refuses, in words.
pub(crate) fn invalid<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Thrown::from(Error::invalid(message)))
}
