//! HashiCorp Vault and OpenBao: connections in a key-value store, in the layout of Airflow's backend.

mod said;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_hook::transport::{Clock, Transport};
use http_hook::{Connection, HttpHook, RequestPlan, Secret, blocking};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pollster::block_on;

use crate::error::{SourceError, SourceErrorKind};
use crate::file::entry;
use crate::remote::{Caller, Said, ask, remote, written};
use crate::source::{Found, Listed, Store};
use crate::tree::{Node, Tree};

/// What a segment of a path keeps.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');

/// The longest time for which a token is used, whatever its lease.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Connections in HashiCorp Vault or OpenBao, through the hook: `H` is an [`HttpHook`] or a [`blocking::HttpHook`] to the server, over
/// any transport, with the retries and limits of its own.
///
/// The layout is that of Airflow's backend: the secret `MOUNT/connections/ID` holds `conn_uri`, or the fields. What the server says of a
/// secret that is absent or deleted is "not there"; 403, sealed, a mount that is absent, a redirect and all others are errors.
///
/// # Examples
///
/// ```
/// use http_hook_mock::{Reply, blocking::connect};
/// use http_hook_sources::Vault;
/// use http_hook_sources::blocking::Sources;
///
/// let answer = r#"{"data": {"data": {"conn_uri": "http://svc:secret@api.example.test/https"}, "metadata": {}}}"#;
/// let server = [Reply::json(200, answer).on("GET", "/v1/secret/data/connections/sales")];
/// let vault = Vault::new(connect("https://vault.example.test:8200", server)?).token("s.token");
/// let found = Sources::new().with(vault).get("sales")?;
/// assert_eq!(found.connection().login(), Some("svc"));
/// assert_eq!(found.place(), "vault https://vault.example.test:8200 secret/connections/sales");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Vault<H> {
    calls: H,
    mount: String,
    path: String,
    is_versioned: bool,
    namespace: Option<String>,
    login: Login,
    token: Mutex<Option<(Secret, Option<Instant>)>>,
}

enum Login {
    /// As the hook's own authentication has it.
    Hook,
    Token(Secret),
    AppRole {
        mount: String,
        role: String,
        secret: Secret,
    },
}

/// Names server and place.
impl<H> fmt::Debug for Vault<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({}/{})", self.mount, self.path)
    }
}

impl<H> Vault<H> {
    /// Takes a hook to the server. Default: version 2 of the store, mounted at `secret`, connections under `connections`.
    pub fn new(hook: H) -> Self {
        Self {
            calls: hook,
            mount: "secret".to_owned(),
            path: "connections".to_owned(),
            is_versioned: true,
            namespace: None,
            login: Login::Hook,
            token: Mutex::new(None),
        }
    }

    /// Shows this token, as `X-Vault-Token`.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.login = Login::Token(token.into());
        self
    }

    /// Logs in by a role. The token is kept for its lease, and fetched anew when it is refused.
    #[must_use]
    pub fn app_role(mut self, role_id: impl Into<String>, secret_id: impl Into<Secret>) -> Self {
        let mount = "approle".to_owned();
        self.login = Login::AppRole { mount, role: role_id.into(), secret: secret_id.into() };
        self
    }

    /// Sets where the [login by role](Self::app_role) is mounted. Default: `approle`. Slashes around it count for nothing.
    #[must_use]
    pub fn auth_mount(mut self, at: impl Into<String>) -> Self {
        if let Login::AppRole { mount, .. } = &mut self.login {
            *mount = trimmed(&at.into());
        }
        self
    }

    /// Sets where the store is mounted. Slashes around it count for nothing.
    #[must_use]
    pub fn mount(mut self, mount: impl Into<String>) -> Self {
        self.mount = trimmed(&mount.into());
        self
    }

    /// Sets the path under which connections are. Slashes around it count for nothing; an empty one is the store itself.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = trimmed(&path.into());
        self
    }

    /// Takes the store for one of version 1, which keeps no old versions.
    #[must_use]
    pub const fn version_1(mut self) -> Self {
        self.is_versioned = false;
        self
    }

    /// Sets the namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The path of a secret, or of the list of all for an empty id. `None`: the id leads elsewhere.
    fn endpoint(&self, middle: &str, id: &str) -> Result<Option<String>, SourceError> {
        let own = |text: &str, what: &str| {
            path(text).ok_or_else(|| {
                let says = format!("the {what} leads elsewhere");
                SourceError::new(SourceErrorKind::Unsupported, format!("{self:?}"), says)
            })
        };
        let mut parts = vec!["v1".to_owned(), own(&self.mount, "mount")?];
        parts.extend(self.is_versioned.then(|| middle.to_owned()));
        if !self.path.is_empty() {
            parts.push(own(&self.path, "path of the connections")?);
        }
        if !id.is_empty() {
            let Some(id) = path(id) else { return Ok(None) };
            parts.push(id);
        }
        Ok(Some(parts.join("/")))
    }

    /// The place of a secret, as people write it.
    fn named(&self, id: &str) -> String {
        let slash = if self.path.is_empty() { "" } else { "/" };
        format!("{}/{}{slash}{id}", self.mount, self.path)
    }

    fn kept(&self) -> Option<Secret> {
        let kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = kept.as_ref()?;
        until.is_none_or(|until| Instant::now() < until).then(|| token.clone())
    }

    fn forget(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[expect(private_bounds, reason = "either face of the hook, and nothing else")]
impl<H: Caller> Vault<H> {
    pub(crate) fn label(&self) -> String {
        format!("vault {}", self.calls.origin())
    }

    fn plan(&self, plan: RequestPlan, token: Option<&Secret>) -> RequestPlan {
        // Any request that names it is one of a program, not of a browser that was led here.
        let mut plan = plan.header("x-vault-request", "true");
        if let Some(namespace) = &self.namespace {
            plan = plan.header("x-vault-namespace", namespace);
        }
        match token {
            Some(token) => plan.secret_header("x-vault-token", token.expose()),
            None => plan,
        }
    }

    async fn token_now(&self) -> Result<Option<Secret>, SourceError> {
        let (mount, role, secret) = match &self.login {
            Login::Hook => return Ok(None),
            Login::Token(token) => return Ok(Some(token.clone())),
            Login::AppRole { mount, role, secret } => (mount, role, secret),
        };
        if let Some(token) = self.kept() {
            return Ok(Some(token));
        }
        let body = Node::map(vec![
            ("role_id".to_owned(), Node::text(role)),
            ("secret_id".to_owned(), Node::text(secret.expose())),
        ]);
        let Some(mount) = path(mount) else {
            let says = "the mount of the login leads elsewhere";
            return Err(SourceError::new(SourceErrorKind::Unsupported, self.label(), says));
        };
        let plan = RequestPlan::post(format!("v1/auth/{mount}/login"))
            .header("content-type", "application/json")
            .data(body.to_json());
        let said = ask(&self.calls, &self.label(), self.plan(plan, None)).await?;
        let token = said.text(&["auth", "client_token"]).map(Secret::from);
        let Some(token) = token.filter(|_| said.status.is_success()) else {
            let kind = match said.status.as_u16() {
                400..=404 => SourceErrorKind::Denied,
                _ => SourceErrorKind::Unavailable,
            };
            let says = format!("the login by role is refused ({})", said.status.as_u16());
            return Err(SourceError::new(kind, self.label(), says));
        };
        let lease = match said.tree(&["auth", "lease_duration"]) {
            Some(Tree::Number(seconds)) => seconds.parse().unwrap_or(0),
            _ => 0,
        };
        // Nine tenths of it: the clocks of both, and the way.
        let time = Duration::from_secs(lease).min(LONGEST).mul_f64(0.9);
        let until = if lease == 0 { None } else { Instant::now().checked_add(time) };
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        Ok(Some(token))
    }

    /// Asks with a token; once more with a new one if an old one is refused.
    async fn ask(&self, plan: impl Fn() -> RequestPlan) -> Result<Said, SourceError> {
        let is_old = self.kept().is_some();
        let token = self.token_now().await?;
        let said = ask(&self.calls, &self.label(), self.plan(plan(), token.as_ref())).await?;
        let is_role = matches!(self.login, Login::AppRole { .. });
        if said.status == 403 && is_role && is_old {
            self.forget();
            let token = self.token_now().await?;
            return ask(&self.calls, &self.label(), self.plan(plan(), token.as_ref())).await;
        }
        Ok(said)
    }

    pub(crate) async fn look_up(&self, id: &str) -> Result<Option<Found>, SourceError> {
        let Some(endpoint) = self.endpoint("data", id)? else { return Ok(None) };
        let said = self.ask(|| RequestPlan::get(&endpoint)).await?;
        let place = format!("{} {}", self.label(), self.named(id));
        if !self.is_there(&said)? {
            return Ok(None);
        }
        let data: &[&str] = if self.is_versioned { &["data", "data"] } else { &["data"] };
        let malformed =
            |says| Err(SourceError::new(SourceErrorKind::Malformed, place.as_str(), says));
        let members = match said.tree(data) {
            Some(Tree::Map(members)) => members.clone(),
            _ if self.is_versioned && said::is_deleted(&said) => return Ok(None),
            _ => return malformed("not an answer of a key-value store of this version"),
        };
        let rename = |(name, node): (String, Node)| {
            (if name == "conn_uri" { "uri".to_owned() } else { name }, node)
        };
        let uri = members.iter().find(|(name, _)| name == "conn_uri").cloned();
        if matches!(&uri, Some((_, Node { tree: Tree::Text(uri), .. })) if uri.trim().is_empty()) {
            return malformed("there is nothing in it");
        }
        // Beside a URI nothing counts.
        let members = uri.map_or(members, |uri| vec![uri]);
        let node = Node::map(members.into_iter().map(rename).collect());
        let read = entry::read(id, &node);
        let read =
            read.map_err(|fault| SourceError::new(fault.kind, place.as_str(), fault.says))?;
        match read.filter(|connection| *connection != Connection::new()) {
            Some(connection) => Ok(Some(Found::new(connection, place))),
            // A secret is there, which somebody meant to be one.
            None => malformed("there is nothing in it"),
        }
    }

    /// Whether there is what was asked for.
    fn is_there(&self, said: &Said) -> Result<bool, SourceError> {
        said::is_there(said).map_err(|(kind, says)| SourceError::new(kind, self.label(), says))
    }

    pub(crate) async fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let Some(endpoint) = self.endpoint("metadata", "")? else { return Ok(Vec::new()) };
        let said = self.ask(|| RequestPlan::get(&endpoint).param("list", "true")).await?;
        // To read a secret and to list them are permitted apart.
        if said.status == 403 || !self.is_there(&said)? {
            return Ok(Vec::new());
        }
        let Some(Tree::List(keys)) = said.tree(&["data", "keys"]) else {
            let says = "not an answer of a key-value store of this version";
            return Err(SourceError::new(SourceErrorKind::Malformed, self.label(), says));
        };
        let listed = keys.iter().filter_map(|key| match &key.tree {
            Tree::Text(id) if !id.ends_with('/') => Some(Listed {
                place: format!("{} {}", self.label(), self.named(id)),
                id: id.clone(),
                any_case: false,
            }),
            _ => None,
        });
        Ok(listed.collect())
    }

    pub(crate) fn as_store(&self) -> &dyn Store {
        self
    }

    async fn write(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        let Some(endpoint) = self.endpoint("data", id)? else {
            let says = "an id that leads elsewhere";
            return Err(SourceError::new(SourceErrorKind::Id, self.label(), says));
        };
        let node = crate::write::fields(connection);
        let body =
            if self.is_versioned { Node::map(vec![("data".to_owned(), node)]) } else { node };
        let body = Secret::new(body.to_json());
        let plan = || {
            let plan = RequestPlan::post(&endpoint).header("content-type", "application/json");
            plan.data(body.expose().to_owned()).allow_resend()
        };
        let said = self.ask(plan).await?;
        if self.is_there(&said)? {
            return Ok(());
        }
        Err(SourceError::new(
            SourceErrorKind::Unsupported,
            self.label(),
            "nothing can be stored there",
        ))
    }
}

remote!(Vault);
written!(Vault);

impl<T: Transport, C: Clock> Vault<HttpHook<T, C>> {
    /// Stores a connection, as the fields of Airflow's backend.
    ///
    /// # Errors
    ///
    /// As a look-up.
    pub async fn put(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        self.write(id, connection).await.map_err(|error| error.of_id(id))
    }
}

impl<T: blocking::Transport, C: blocking::Clock> Vault<blocking::HttpHook<T, C>> {
    /// Stores a connection, as the fields of Airflow's backend.
    ///
    /// # Errors
    ///
    /// As a look-up.
    pub fn put(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        block_on(self.write(id, connection)).map_err(|error| error.of_id(id))
    }
}

fn trimmed(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

/// Writes a path, slashes kept. `None`: a segment that leads elsewhere.
fn path(text: &str) -> Option<String> {
    let leads_elsewhere = |segment: &str| matches!(segment, "" | "." | "..");
    if text.split('/').any(leads_elsewhere) {
        return None;
    }
    let segments: Vec<String> =
        text.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
    Some(segments.join("/"))
}
