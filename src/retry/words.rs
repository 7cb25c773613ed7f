//! Switches of a policy that are words where they are written down.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]

pub(super) fn is_yes(own: &bool) -> bool {
    *own
}

pub(super) fn is_no(own: &bool) -> bool {
    !*own
}

/// A switch as two words, the one for no first.
macro_rules! words {
    ($name:ident, $no:ident, $yes:ident) => {
        pub(super) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize, Deserialize)]
            #[serde(rename_all = "snake_case")]
            enum Word {
                $no,
                $yes,
            }

            pub(in crate::retry) fn serialize<S: Serializer>(
                own: &bool,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                if *own { Word::$yes } else { Word::$no }.serialize(serializer)
            }

            pub(in crate::retry) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<bool, D::Error> {
                Word::deserialize(deserializer).map(|word| matches!(word, Word::$yes))
            }
        }
    };
}

words!(over_cap, Cap, GiveUp);
words!(on_exhausted, Fail, Return);
