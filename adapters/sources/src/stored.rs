//! Sources that are changed: connections are stored where they are looked up.

use http_hook::Connection;

use crate::chain::Sources;
use crate::error::{SourceError, SourceErrorKind};
use crate::source::Store;

impl Sources {
    /// Names the sources, in their order.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<String> = self.list.iter().map(|source| source.name()).collect();
        if names.is_empty() { "no source".to_owned() } else { names.join(", ") }
    }

    /// Takes the chain apart: each source as a chain of its own, in their order, which keeps nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_sources::Sources;
    ///
    /// let sources = Sources::parse("env, file:conns.toml?")?;
    /// let stores: Vec<Sources> = sources.each().filter(Sources::is_store).collect();
    /// assert_eq!(stores.iter().map(Sources::names).collect::<Vec<_>>(), ["file conns.toml"]);
    /// # Ok::<(), http_hook_sources::SourceError>(())
    /// ```
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.list.iter().map(|source| {
            let mut one = Self::new();
            one.list.push(source.clone());
            one
        })
    }

    /// Tells whether connections can be stored in one of the sources: a file, a metastore, a server; not in an environment.
    #[must_use]
    pub fn is_store(&self) -> bool {
        self.stores().next().is_some()
    }

    fn stores(&self) -> impl Iterator<Item = &dyn Store> {
        self.list.iter().filter_map(|source| source.store())
    }

    fn first_store(&self) -> Result<&dyn Store, SourceError> {
        let says = "nothing can be stored there";
        let none = || SourceError::new(SourceErrorKind::Unsupported, self.names(), says);
        self.stores().next().ok_or_else(none)
    }

    /// Stores connections in the first source where that can be done, in place of those that are there under their ids. A source
    /// before it may shadow them: [`origin`](Self::origin) tells. What is kept is forgotten.
    ///
    /// # Errors
    ///
    /// Kind [`Unsupported`](SourceErrorKind::Unsupported) if there is no such source; and as [`Store::put`].
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use http_hook::Connection;
    /// use http_hook_sources::{ConnectionFile, Env, Sources};
    ///
    /// # let folder = std::env::temp_dir().join(format!("http-hook-put-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("conns.toml");
    /// let sources = Sources::new().with(Env::process()).with(ConnectionFile::new(path).optional());
    /// sources.put(&[("sales", &Connection::new().with_host("https://api.example.test"))]).await?;
    /// assert_eq!(sources.hook("sales").await?.build()?.base_url(), "https://api.example.test");
    /// assert!(sources.remove("sales").await?);
    /// assert_eq!(sources.rotate().await?, None);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
        let put = self.first_store()?.put(connections).await;
        self.forget();
        put
    }

    /// Takes a connection out of the first source where that can be done; tells whether it was there. What is kept is forgotten.
    ///
    /// # Errors
    ///
    /// Kind [`Unsupported`](SourceErrorKind::Unsupported) if there is no such source; and as [`Store::remove`].
    pub async fn remove(&self, id: &str) -> Result<bool, SourceError> {
        let removed = self.first_store()?.remove(id).await;
        self.forget();
        removed
    }

    /// Encrypts what metastores have encrypted anew, each with its first key, all of it or nothing; tells how many connections that
    /// were. `None`: none of the sources is a metastore.
    ///
    /// # Errors
    ///
    /// As [`Store::rotate`]. Metastores before the one that fails are done.
    pub async fn rotate(&self) -> Result<Option<usize>, SourceError> {
        let mut all = None;
        for store in self.stores() {
            if let Some(count) = store.rotate().await? {
                all = Some(all.unwrap_or(0) + count);
            }
        }
        Ok(all)
    }
}
