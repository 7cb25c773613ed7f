//! What the process and its user have for every connection: variables of the environment, a netrc.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use http_hook::hook::HookBuilder;

use crate::disk;
use crate::error::{SourceError, SourceErrorKind};

/// What the process and its user have for every connection. The core reads neither environment nor files: this does.
///
/// # Examples
///
/// ```
/// use http_hook_sources::{Env, Process, blocking::Sources};
///
/// let sources = Sources::new()
///     .with(Env::of([("AIRFLOW_CONN_SALES", "http://api.example.test/https")]))
///     .with_process(Process::new([("https_proxy", "http://proxy.test:3128")]));
/// let hook = sources.hook("sales")?.build()?;
/// # let _ = hook;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Process {
    variables: Option<Vec<(String, String)>>,
    netrc: Vec<PathBuf>,
}

/// Tells where it looks; variables may hold passwords of proxies.
impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("netrc", &self.netrc).finish_non_exhaustive()
    }
}

impl Process {
    /// Takes the environment of the process, and the netrc that requests looks for: `$NETRC`, else `~/.netrc`, else `~/_netrc`. Both
    /// are read anew for each hook.
    #[must_use]
    pub fn current() -> Self {
        let named = env::var_os("NETRC").filter(|path| !path.is_empty());
        let netrc = if let Some(path) = named {
            vec![PathBuf::from(path)]
        } else {
            let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
            let home = home.map(PathBuf::from).into_iter();
            home.flat_map(|home| [home.join(".netrc"), home.join("_netrc")]).collect()
        };
        Self { variables: None, netrc }
    }

    /// Takes variables that are given, and no netrc.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let given = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: Some(given.collect()), netrc: Vec::new() }
    }

    /// Takes a netrc of this path, where there is one.
    #[must_use]
    pub fn netrc(mut self, path: impl Into<PathBuf>) -> Self {
        self.netrc = vec![path.into()];
        self
    }

    /// Returns the netrc that [`dress`](Self::dress) reads: the first that is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_sources::Process;
    ///
    /// let process = Process::default().netrc("no/such/netrc");
    /// assert_eq!(process.netrc_in_use(), None);
    /// ```
    #[must_use]
    pub fn netrc_in_use(&self) -> Option<&Path> {
        self.netrc.iter().map(PathBuf::as_path).find(|path| path.exists())
    }

    /// Gives a hook in the making what there is.
    ///
    /// # Errors
    ///
    /// If the netrc cannot be read, with its path and line. The original takes such a file for an empty one.
    pub fn dress(&self, builder: HookBuilder) -> Result<HookBuilder, SourceError> {
        let builder = match &self.variables {
            Some(given) => builder.environment(given.iter().cloned()),
            None => builder.environment(env::vars_os()),
        };
        for path in &self.netrc {
            if let Some(text) = disk::read(path, &place_of(path), true)? {
                return builder.netrc(&text).map_err(|error| {
                    let says = error.message().to_owned();
                    SourceError::new(SourceErrorKind::Malformed, place_of(path), says)
                });
            }
        }
        Ok(builder)
    }
}

fn place_of(path: &Path) -> String {
    format!("netrc {}", path.display())
}
