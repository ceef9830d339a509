//! Errors as JavaScript sees them.

use js_sys::Reflect;
use secrecy::ExposeSecret;
use stronghold_sdk::{Error, ErrorKind, Unproven};
use wasm_bindgen::JsValue;

/// What is thrown: an `Error` in JavaScript. It is built only from an [`Error`], so that nothing thrown holds a secret but
/// what exists only once, of a write that is not proven: the page shows it, as it would have after the write.
pub struct Thrown(Error);

impl<E: Into<Error>> From<E> for Thrown {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<Thrown> for JsValue {
    fn from(Thrown(error): Thrown) -> Self {
        let thrown = js_sys::Error::new(&error.to_string());
        thrown.set_name("StrongholdError");
        let kind = match error.kind() {
            ErrorKind::Integrity => "integrity",
            ErrorKind::Refused => "refused",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Unreachable => "unreachable",
            _ => "failure",
        };
        let members = [
            ("kind", Some(Self::from_str(kind))),
            ("code", error.problem_code().map(Self::from_str)),
            ("advice", error.advice().map(Self::from_str)),
            ("conflict", Some(Self::from_bool(error.is_conflict()))),
            ("made", error.as_unproven().map(|unproven| Self::from_bool(unproven.is_made()))),
        ];
        let once = js_sys::Object::new();
        for (name, value) in error.as_unproven().map_or(&[][..], Unproven::once) {
            let _ = Reflect::set(&once, &(*name).into(), &Self::from_str(value.expose_secret()));
        }
        let is_unproven = error.as_unproven().is_some();
        let members = members.into_iter().chain([("once", is_unproven.then(|| once.into()))]);
        for (name, value) in members {
            if let Some(value) = value {
                // A new object takes every member.
                let _ = Reflect::set(&thrown, &name.into(), &value);
            }
        }
        thrown.into()
    }
}

/// What a call gives, or throws.
pub(crate) type Outcome<T = JsValue> = Result<T, Thrown>;
