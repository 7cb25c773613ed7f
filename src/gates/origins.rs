//! Gates by origin, for those who call more than one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::base::Error;
use crate::gates::admit::{GateSettings, Gates};

/// The most origins that have gates of their own; all further ones share theirs.
pub const MAX_ORIGINS: usize = 1_000;

/// Gates for each origin, all with the same settings, made when they are first asked for.
#[derive(Debug)]
pub struct Origins {
    settings: GateSettings,
    others: Gates,
    gates: Mutex<BTreeMap<String, Gates>>,
}

impl Origins {
    /// Makes the map, empty.
    ///
    /// # Errors
    ///
    /// Those of [`Gates::new`].
    pub fn new(settings: GateSettings) -> Result<Self, Error> {
        let others = Gates::new(&settings)?;
        Ok(Self { settings, others, gates: Mutex::default() })
    }

    /// Returns the gates of this origin (`https://api.example.com`, as its text).
    #[must_use]
    pub fn gates(&self, origin: &str) -> Gates {
        let mut all = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gates) = all.get(origin) {
            return gates.clone();
        }
        let gates = match Gates::new(&self.settings) {
            Ok(gates) if all.len() < MAX_ORIGINS => gates,
            _ => return self.others.clone(),
        };
        all.insert(origin.to_owned(), gates.clone());
        gates
    }
}
