//! A serde view of secrets: fields by name, texts as the types that fields ask for.

use crate::{error::Error, open::Secrets};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor, value,
};
use serde::forward_to_deserialize_any;

/// Fills a struct.
pub(super) fn fill<S: DeserializeOwned>(secrets: &Secrets) -> Result<S, Error> {
    S::deserialize(Fields(secrets)).map_err(|error| Error::invalid(error.to_string()))
}

struct Fields<'a>(&'a Secrets);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        let found = self.0.iter().map(|(name, secret)| (name.expose().to_owned(), secret.expose())).collect();
        visitor.visit_map(Members { found, next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        let find = |field: &&'static str| {
            let secret = self.0.get(field).or_else(|| self.0.get(&field.to_ascii_uppercase()))?;
            Some(((*field).to_owned(), secret.expose()))
        };
        let mut found: Vec<_> = fields.iter().filter_map(find).collect();
        found.reverse();
        visitor.visit_map(Members { found, next: None }).map_err(|error| {
            // serde names the field; whoever reads this looks for the secret.
            value::Error::custom(format!("the profile does not fit: {error}"))
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Names with values, taken from the end.
struct Members<'a> {
    found: Vec<(String, &'a [u8])>,
    next: Option<(String, &'a [u8])>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = value::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, value::Error> {
        self.next = self.found.pop();
        self.next.as_ref().map(|(name, _)| seed.deserialize(name.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, value::Error> {
        let (name, bytes) = self.next.take().ok_or_else(|| value::Error::custom("a value without a name"))?;
        seed.deserialize(Text { name: &name, bytes })
    }
}

/// One value, as whatever its field asks for.
struct Text<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    fn text(&self) -> Result<&'a str, value::Error> {
        std::str::from_utf8(self.bytes).map_err(|_| value::Error::custom(format!("{} is not UTF-8 text", self.name)))
    }

    /// The error names the secret and the wanted type; never the value.
    fn parse<N: std::str::FromStr>(&self, wanted: &str) -> Result<N, value::Error> {
        let refused = |_| value::Error::custom(format!("{} is not {wanted}", self.name));
        self.text()?.trim().parse().map_err(refused)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
            visitor.$visit(self.parse::<$number>("a number that fits")?)
        })+
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self.text()?.trim() {
            "true" | "1" | "yes" | "on" => visitor.visit_bool(true),
            "false" | "0" | "no" | "off" | "" => visitor.visit_bool(false),
            _ => Err(value::Error::custom(format!("{} is neither true nor false", self.name))),
        }
    }

    numbers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    );

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_bytes(self.bytes)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_byte_buf(self.bytes.to_vec())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
