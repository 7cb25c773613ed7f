//! What one layer says of an option.

use serde::{Deserialize, Serialize};

/// What one layer says of an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting<T> {
    /// Nothing: the layer below decides.
    #[default]
    Inherit,
    /// There shall be none, whatever the layer below says.
    Unset,
    /// This value.
    Set(T),
}

impl<T> Setting<T> {
    /// Lays this over `below`.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        match self {
            Self::Inherit => below,
            own => own,
        }
    }

    /// Returns the value, `inherited` if this layer says nothing.
    #[must_use]
    pub fn resolve(self, inherited: Option<T>) -> Option<T> {
        match self {
            Self::Inherit => inherited,
            Self::Unset => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// `None`: there shall be none.
impl<T> From<Option<T>> for Setting<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, Self::Set)
    }
}
