//! Names of variants, as they are printed, stored and read back.

/// Returns an enum `name` and `from_name`, one name for each value.
macro_rules! named {
    ($type:ident, $what:literal, [$($value:ident $(($inner:path))? => $name:literal),* $(,)?]) => {
        impl $type {
            #[doc = concat!("Names ", $what, " in lower case, as it is printed and stored.")]
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value $(($inner))? => $name,)*
                }
            }

            #[doc = concat!("Reads ", $what, " by its [name](Self::name); `None` if there is no such name.")]
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$value $(($inner))?),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use named;
