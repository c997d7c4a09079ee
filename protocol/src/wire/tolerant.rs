//! Tagged messages of which a newer peer may know more kinds than we do.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// Longest name of an unknown kind that is kept, characters.
const NAME_CHARS_MAX: usize = 64;

/// An internally tagged enum that lists its kinds.
pub trait Named {
    /// The field that names the kind.
    const TAG: &'static str;
    /// Every kind this version knows.
    const KINDS: &'static [&'static str];
}

/// A message of a kind we know, or the name of one we do not.
#[derive(Debug, Clone, PartialEq)]
pub enum Tolerant<T> {
    /// Understood.
    Known(T),
    /// A kind of a newer version; only its name is kept.
    Unrecognised(String),
}

impl<T> Tolerant<T> {
    /// The message, if it was understood.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(it) => Some(it),
            Self::Unrecognised(_) => None,
        }
    }
}

impl<T: Serialize> Serialize for Tolerant<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(it) => it.serialize(to),
            Self::Unrecognised(name) => {
                Err(serde::ser::Error::custom(format!("the unknown kind {name:?} cannot be passed on")))
            }
        }
    }
}

impl<'de, T: DeserializeOwned + Named> Deserialize<'de> for Tolerant<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = serde_json::Value::deserialize(from)?;
        let kind = value.get(T::TAG).and_then(serde_json::Value::as_str).ok_or_else(|| {
            D::Error::custom(format!("the field {:?} that names the kind is missing", T::TAG))
        })?;
        if !T::KINDS.contains(&kind) {
            return Ok(Self::Unrecognised(kind.chars().take(NAME_CHARS_MAX).collect()));
        }
        T::deserialize(value).map(Self::Known).map_err(D::Error::custom)
    }
}
