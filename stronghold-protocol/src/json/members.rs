//! The members of a struct: each that it has, once, and no other.

use super::Exception;
use serde::{
    de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use std::fmt;

/// An object's members as those of a struct.
pub(super) struct Members<A> {
    members: A,
    fields: &'static [&'static str],
    optional: &'static [&'static str],
    open: bool,
    /// A bit for each field that was there.
    seen: u64,
    /// Whether the value that comes next may be left out, and so must not be `null`.
    next_is_optional: bool,
}

impl<A> Members<A> {
    /// `fields` are the struct's, at most 64.
    pub(super) fn new(members: A, fields: &'static [&'static str], exception: Option<&'static Exception>) -> Self {
        let (optional, open) = exception.map_or((&[][..], false), |exception| (exception.optional, exception.open));
        Self { members, fields, optional, open, seen: 0, next_is_optional: false }
    }

    fn check_all_are_there<E: Error>(&self) -> Result<(), E> {
        let missing =
            |(index, field): &(usize, &&'static str)| !self.optional.contains(*field) && self.seen & bit(*index) == 0;
        match self.fields.iter().enumerate().find(missing) {
            Some((_, field)) => Err(E::missing_field(field)),
            None => Ok(()),
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.members.next_key_seed(FieldSeed(self.fields))? {
            None => {
                self.check_all_are_there()?;
                Ok(None)
            }
            Some(Field::Known(index, name)) => {
                if self.seen & bit(index) != 0 {
                    return Err(A::Error::duplicate_field(name));
                }
                self.seen |= bit(index);
                self.next_is_optional = self.optional.contains(&name);
                seed.deserialize(StrDeserializer::new(name)).map(Some)
            }
            Some(Field::Unknown(name)) if self.open => {
                self.next_is_optional = false;
                seed.deserialize(StrDeserializer::new(&name)).map(Some)
            }
            Some(Field::Unknown(name)) => Err(A::Error::unknown_field(&name, self.fields)),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.next_is_optional {
            return self.members.next_value_seed(NotNull(seed));
        }
        self.members.next_value_seed(seed)
    }
}

const fn bit(index: usize) -> u64 {
    if index < 64 { 1 << index } else { 0 }
}

/// A member's name.
enum Field {
    Known(usize, &'static str),
    Unknown(String),
}

struct FieldSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for FieldSeed {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldSeed {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        let known = self.0.iter().enumerate().find(|(_, field)| **field == name);
        Ok(known.map_or_else(|| Field::Unknown(name.to_owned()), |(index, field)| Field::Known(index, field)))
    }
}

/// A value that is there, and so is not `null`.
struct NotNull<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for NotNull<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(NotNull(deserializer))
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for NotNull<D> {
    type Error = D::Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_some(self.0)
    }

    /// What is optional without being an `Option` is a text with a default.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}
