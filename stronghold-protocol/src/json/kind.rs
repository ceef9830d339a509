//! Enums with data: an object whose member `kind` names the variant, and whose other members are the variant's.
//!
//! Serde's own code for them reads the whole object into a buffer that no longer tells arrays from objects. Here the
//! members after `kind` are read as they come, and only what stands before it is kept.

use super::{members::Members, strict::Strict};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, VariantAccess, Visitor,
    value::{BorrowedStrDeserializer, StringDeserializer},
};
use serde_json::Value;
use std::{borrow::Cow, fmt, marker::PhantomData, vec};

/// Declares an enum with data whose JSON is an object with the variant's name in `kind`, and reads it strictly.
///
/// Every variant has named fields, without serde attributes of their own; `Self` does not name the enum in them.
#[macro_export]
macro_rules! by_kind {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident {
                $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
            }),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(serde::Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        $vis enum $name {
            $($(#[$variant_meta])* $variant { $($(#[$field_meta])* $field: $type),* }),*
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(rename_all = "snake_case", deny_unknown_fields)]
                enum Form {
                    $($variant { $($field: $type),* }),*
                }

                let form = Form::deserialize($crate::json::ByKind::new(deserializer))?;
                Ok(match form { $(Form::$variant { $($field),* } => Self::$variant { $($field),* }),* })
            }
        }
    };
}
pub use by_kind;

/// Reads what serde takes for an enum with a name outside, from an object with the name in `kind`.
pub struct ByKind<D>(D);

impl<D> ByKind<D> {
    /// Reads an enum from a deserializer.
    pub const fn new(deserializer: D) -> Self {
        Self(deserializer)
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByKind<D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(KindVisitor { visitor, variants })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct KindVisitor<V> {
    visitor: V,
    variants: &'static [&'static str],
}

impl<'de, V: Visitor<'de>> Visitor<'de> for KindVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<V::Value, A::Error> {
        let mut before = Vec::new();
        while let Some(name) = rest.next_key::<Cow<'de, str>>()? {
            if name == "kind" {
                let kind = rest.next_value::<Cow<'de, str>>()?;
                let known = self.variants.iter().find(|variant| **variant == kind);
                let kind = *known.ok_or_else(|| A::Error::unknown_variant(&kind, self.variants))?;
                let members = Chained { before: before.into_iter(), value: None, rest, lifetime: PhantomData };
                return self.visitor.visit_enum(Variant { kind, members });
            }
            before.push((name.into_owned(), rest.next_value::<Value>()?));
        }
        Err(A::Error::missing_field("kind"))
    }
}

/// The variant that `kind` names.
struct Variant<A> {
    kind: &'static str,
    members: A,
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Variant<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), A::Error> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.kind))?, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Variant<A> {
    type Error = A::Error;

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Members::new(self.members, fields, None))
    }

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(A::Error::custom("a variant has named members"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _seed: S) -> Result<S::Value, A::Error> {
        Err(A::Error::custom("a variant has named members"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("a variant has named members"))
    }
}

/// The members before `kind`, and those after it.
struct Chained<'de, A> {
    before: vec::IntoIter<(String, Value)>,
    value: Option<Value>,
    rest: A,
    lifetime: PhantomData<&'de ()>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Chained<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.before.next() {
            Some((name, value)) => {
                self.value = Some(value);
                seed.deserialize(StringDeserializer::new(name)).map(Some)
            }
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(Strict(value)).map_err(A::Error::custom),
            None => self.rest.next_value_seed(seed),
        }
    }
}
