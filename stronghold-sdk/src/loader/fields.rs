//! A serde view of secrets: fields by name, texts as the types that fields ask for.

use crate::{error::Error, open::Secrets};
use serde::{
    de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor},
    forward_to_deserialize_any,
};
use std::fmt;

/// Fills a struct.
pub(super) fn fill<S: DeserializeOwned>(secrets: &Secrets) -> Result<S, Error> {
    let why = |misfit: Misfit| misfit.0.unwrap_or_else(|| "its type refuses the values".to_owned());
    S::deserialize(Fields(secrets))
        .map_err(|misfit| Error::invalid(format!("the profile does not fit: {}", why(misfit))))
}

/// What does not fit. What a field's own type has to say is dropped: it may quote the value.
#[derive(Debug)]
struct Misfit(Option<String>);

impl Misfit {
    fn say(text: impl Into<String>) -> Self {
        Self(Some(text.into()))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::say(format!("there is no secret for the field {field}"))
    }
}

struct Fields<'a>(&'a Secrets);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let member = |name: &str, bytes| Member { field: name.to_owned(), name: name.to_owned(), bytes };
        let mut found: Vec<_> = self.0.iter().map(|(name, secret)| member(name.expose(), secret.expose())).collect();
        found.reverse();
        visitor.visit_map(Members { found, next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let find = |field: &&'static str| {
            [(*field).to_owned(), field.to_ascii_uppercase()].into_iter().find_map(|name| {
                self.0.get(&name).map(|secret| Member { field: (*field).to_owned(), name, bytes: secret.expose() })
            })
        };
        let mut found: Vec<_> = fields.iter().filter_map(find).collect();
        found.reverse();
        visitor.visit_map(Members { found, next: None })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A field, and the secret that it takes.
struct Member<'a> {
    field: String,
    name: String,
    bytes: &'a [u8],
}

/// Fields, taken from the end.
struct Members<'a> {
    found: Vec<Member<'a>>,
    next: Option<Member<'a>>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.next = self.found.pop();
        self.next.as_ref().map(|member| seed.deserialize(member.field.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Member { name, bytes, .. } = self.next.take().ok_or_else(|| Misfit::say("a value without a name"))?;
        seed.deserialize(Text { name: &name, bytes })
            .map_err(|misfit| Misfit(misfit.0.or_else(|| Some(format!("{name} is not what its field takes")))))
    }
}

/// One value, as whatever its field asks for.
struct Text<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    fn text(&self) -> Result<&'a str, Misfit> {
        std::str::from_utf8(self.bytes).map_err(|_| Misfit::say(format!("{} is not UTF-8 text", self.name)))
    }

    /// The error names the secret and the wanted type; never the value.
    fn parse<N: std::str::FromStr>(&self, wanted: &str) -> Result<N, Misfit> {
        let refused = |_| Misfit::say(format!("{} is not {wanted}", self.name));
        self.text()?.trim().parse().map_err(refused)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.$visit(self.parse::<$number>("a number that fits")?)
        })+
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.text()?.trim() {
            "true" | "1" | "yes" | "on" => visitor.visit_bool(true),
            "false" | "0" | "no" | "off" | "" => visitor.visit_bool(false),
            _ => Err(Misfit::say(format!("{} is neither true nor false", self.name))),
        }
    }

    numbers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    );

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bytes(self.bytes)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_byte_buf(self.bytes.to_vec())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
