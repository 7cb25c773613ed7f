//! Sources in an order, and what was found kept for a while.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_hook::Hook;
use http_hook::hook::HookBuilder;

use crate::error::{SourceError, SourceErrorKind};
use crate::kept::Kept;
use crate::process::Process;
use crate::source::{self, Found, Listed, Source};

/// Sources in an order: the first that has a connection gives it.
///
/// Clones are cheap and share what is kept. A source that fails ends the look-up with its error, since what it would have said is
/// not known; [`going_on`](Self::going_on) asks the next one instead, as Airflow does.
///
/// This is the async face; [`blocking::Sources`](crate::blocking::Sources) is its twin, with the same names.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use http_hook_sources::{Env, Sources};
///
/// let sources = Sources::new()
///     .with(Env::of([("AIRFLOW_CONN_SALES", "http://api.example.test/https")]))
///     .with(Env::of([("AIRFLOW_CONN_SALES", "http://elsewhere.test")]));
/// let hook = sources.hook("sales").await?.build()?;
/// assert_eq!(hook.base_url(), "https://api.example.test");
///
/// let origin = sources.origin("sales").await?;
/// assert_eq!(origin.place(), Some("env AIRFLOW_CONN_SALES"));
/// assert_eq!(origin.shadowed().count(), 1);
/// assert!(sources.find("absent").await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Sources {
    pub(crate) list: Vec<Arc<dyn Source>>,
    goes_on: bool,
    process: Option<Process>,
    kept: Option<Arc<Kept>>,
}

/// Names the sources.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter().map(|source| source.name())).finish()
    }
}

/// What is known of an id.
#[derive(Clone)]
pub(crate) enum Answer {
    /// No source has it.
    Absent,
    Found(Arc<Found>),
}

impl Answer {
    pub(crate) fn into_found(self) -> Option<Arc<Found>> {
        match self {
            Self::Absent => None,
            Self::Found(found) => Some(found),
        }
    }
}

/// Where a connection is from: what each source said, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The id.
    pub id: String,
    /// Each source, by its name, and the place where it has the connection, nothing, or why it does not know.
    pub asked: Vec<(String, Result<Option<String>, SourceError>)>,
}

impl Origin {
    /// Returns the place of the connection that is used.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.places().next()
    }

    /// Returns the places of those that are not used, since another comes before them.
    pub fn shadowed(&self) -> impl Iterator<Item = &str> {
        self.places().skip(1)
    }

    /// Returns why sources do not know.
    pub fn failures(&self) -> impl Iterator<Item = &SourceError> {
        self.asked.iter().filter_map(|(_, said)| said.as_ref().err())
    }

    fn places(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().filter_map(|(_, said)| said.as_ref().ok()?.as_deref())
    }
}

/// An id, its place, and the places that it shadows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The id.
    pub id: String,
    /// Where it is from.
    pub place: String,
    /// Where else it stands, without effect.
    pub shadowed: Vec<String>,
}

impl Sources {
    /// Makes a chain without sources.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source behind the others.
    #[must_use]
    pub fn with(mut self, source: impl Source + 'static) -> Self {
        self.list.push(Arc::new(source));
        self
    }

    /// Asks the next source where one fails, as Airflow does. [`origin`](Self::origin) still tells of the failure.
    #[must_use]
    pub const fn going_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// Keeps what was found for a time, and as long that nothing was. An error is not kept, nor what was found or not behind a source
    /// that failed. Of more than some ten thousand ids those that were asked for first are forgotten. Default: nothing is kept.
    #[must_use]
    pub fn kept_for(mut self, time: Duration) -> Self {
        self.kept = Some(Arc::new(Kept::new(time)));
        self
    }

    /// Gives every [`hook`](Self::hook) what the process has for all of them: proxies and authorities of the environment, and the
    /// netrc of the user.
    #[must_use]
    pub fn with_process(mut self, process: Process) -> Self {
        self.process = Some(process);
        self
    }

    /// Forgets what is kept. A look-up that is under way is not kept, either.
    pub fn forget(&self) {
        if let Some(kept) = &self.kept {
            kept.forget();
        }
    }

    /// Returns what is kept of an id, without asking a source.
    pub(crate) fn kept(&self, id: &str) -> Option<Answer> {
        self.kept.as_ref()?.get(id)
    }

    /// Looks a connection up. `None`: no source has it.
    ///
    /// # Errors
    ///
    /// That of the first source that fails, unless the chain [goes on](Self::going_on); kind [`Id`](SourceErrorKind::Id) for what is no
    /// id: it has 1 to 250 characters, none of them a control character.
    pub async fn find(&self, id: &str) -> Result<Option<Arc<Found>>, SourceError> {
        if let Some(kept) = self.kept(id) {
            return Ok(kept.into_found());
        }
        check_id(id)?;
        let turn = self.kept.as_ref().map(|kept| kept.turn());
        let (mut found, mut is_known) = (None, true);
        for source in &self.list {
            match source.find(id).await {
                Ok(None) => {}
                Ok(Some(one)) => {
                    found = Some(Arc::new(one.named(id)));
                    break;
                }
                Err(_) if self.goes_on => is_known = false,
                Err(error) => return Err(error.of_id(id)),
            }
        }
        // What a source would have said that failed is not known, and so is not what comes behind it.
        if let Some((kept, turn)) = self.kept.as_ref().zip(turn).filter(|_| is_known) {
            kept.put(turn, id, found.clone().map_or(Answer::Absent, Answer::Found));
        }
        Ok(found)
    }

    /// Looks up a connection that has to be there.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and kind [`NotDefined`](SourceErrorKind::NotDefined) with the sources that were asked.
    pub async fn get(&self, id: &str) -> Result<Arc<Found>, SourceError> {
        self.find(id).await?.ok_or_else(|| self.not_defined(id))
    }

    /// Begins the hook of a connection.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); and as reading the netrc, if there is one that cannot be read.
    pub async fn hook(&self, id: &str) -> Result<HookBuilder, SourceError> {
        let found = self.get(id).await?;
        self.dressed(&found)
    }

    pub(crate) fn dressed(&self, found: &Found) -> Result<HookBuilder, SourceError> {
        let builder = Hook::builder(found.connection());
        match &self.process {
            Some(process) => process.dress(builder),
            None => Ok(builder),
        }
    }

    /// Tells what every source says of an id, those included that are not asked since another comes first.
    ///
    /// # Errors
    ///
    /// Kind [`Id`](SourceErrorKind::Id). What sources fail with is part of the answer.
    pub async fn origin(&self, id: &str) -> Result<Origin, SourceError> {
        check_id(id)?;
        let mut asked = Vec::new();
        for source in &self.list {
            let said = source.find(id).await.map_err(|error| error.of_id(id));
            asked.push((source.name(), said.map(|found| found.map(|one| one.place().to_owned()))));
        }
        Ok(Origin { id: id.to_owned(), asked })
    }

    /// Lists all ids that the sources can tell, in the order of the alphabet.
    ///
    /// # Errors
    ///
    /// That of the first source that fails, unless the chain goes on.
    pub async fn list(&self) -> Result<Vec<Known>, SourceError> {
        let mut listings: Vec<Vec<Listed>> = Vec::new();
        for source in &self.list {
            match source.ids().await {
                Ok(listed) => listings.push(listed),
                Err(_) if self.goes_on => {}
                Err(error) => return Err(error),
            }
        }
        Ok(joined(&listings))
    }

    fn not_defined(&self, id: &str) -> SourceError {
        let hints = self.list.iter().filter_map(|source| source.hint(id));
        let says: String = ["is not defined".to_owned()]
            .into_iter()
            .chain(hints.map(|hint| format!("; {hint}")))
            .collect();
        SourceError::new(SourceErrorKind::NotDefined, self.names(), says).of_id(id)
    }
}

fn check_id(id: &str) -> Result<(), SourceError> {
    source::check_id(id)
        .map_err(|error| SourceError::new(SourceErrorKind::Id, "id", error.message().to_owned()))
}

fn joined(listings: &[Vec<Listed>]) -> Vec<Known> {
    // A source that minds no case has every way of writing an id that another source tells.
    let exact = listings.iter().flatten().filter(|one| !one.any_case);
    let mut ids: BTreeMap<&str, Known> = BTreeMap::new();
    let mut folded: HashMap<String, usize> = HashMap::new();
    for one in exact {
        ids.entry(&one.id).or_insert_with(|| known(&one.id));
        *folded.entry(one.id.to_uppercase()).or_default() += 1;
    }
    for one in listings.iter().flatten().filter(|one| one.any_case) {
        if !folded.contains_key(&one.id.to_uppercase()) {
            ids.entry(&one.id).or_insert_with(|| known(&one.id));
        }
    }
    for listed in listings {
        let exact: HashMap<&str, &Listed> =
            listed.iter().filter(|one| !one.any_case).map(|one| (one.id.as_str(), one)).collect();
        let any: HashMap<String, &Listed> = listed
            .iter()
            .filter(|one| one.any_case)
            .map(|one| (one.id.to_uppercase(), one))
            .collect();
        for (id, known) in &mut ids {
            let one = exact.get(id).or_else(|| any.get(&id.to_uppercase()));
            let Some(one) = one else { continue };
            if known.place.is_empty() {
                known.place.clone_from(&one.place);
            } else {
                known.shadowed.push(one.place.clone());
            }
        }
    }
    ids.into_values().collect()
}

fn known(id: &str) -> Known {
    Known { id: id.to_owned(), place: String::new(), shadowed: Vec::new() }
}
