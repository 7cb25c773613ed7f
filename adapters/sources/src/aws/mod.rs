//! AWS Secrets Manager and the parameters of Systems Manager, in Airflow's layout, through the hook.

mod sigv4;

use std::fmt;

use http_hook::transport::{Clock, Transport};
use http_hook::{Connection, HttpHook, RequestPlan, blocking};
use pollster::block_on;

use crate::error::{SourceError, SourceErrorKind};
use crate::remote::{Caller, Said, ask, remote, written};
use crate::source::{Found, Listed, Store};
use crate::tree::{Node, Tree};

pub use sigv4::SigV4;

/// Connections in AWS Secrets Manager or in the parameters of Systems Manager, through the hook: `H` is an [`HttpHook`] or a
/// [`blocking::HttpHook`] to the endpoint of the service, whose authentication is [`SigV4`].
///
/// The layout is that of Airflow's backends: the secret `airflow/connections/ID`, or the parameter `/airflow/connections/ID`, holds a
/// connection as a variable of the environment does, a URI or JSON.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use http_hook::{Connection, Hook};
/// use http_hook::auth::AuthScheme;
/// use http_hook_mock::{Reply, blocking::from_hook};
/// use http_hook_sources::aws::{Aws, SigV4};
/// use http_hook_sources::blocking::Sources;
///
/// let endpoint = Connection::new().with_host("https://secretsmanager.eu-west-1.amazonaws.com");
/// let keys = SigV4::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1", "secretsmanager");
/// let hook = Hook::builder(&endpoint).auth(AuthScheme::Custom(Arc::new(keys))).build()?;
///
/// let server = [Reply::json(200, r#"{"SecretString": "http://svc:secret@api.example.test/https"}"#)];
/// let found = Sources::new().with(Aws::secrets_manager(from_hook(hook, server))).get("sales")?;
/// assert_eq!(found.connection().login(), Some("svc"));
/// assert_eq!(found.place(), "secrets manager https://secretsmanager.eu-west-1.amazonaws.com airflow/connections/sales");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Aws<H> {
    calls: H,
    prefix: String,
    service: Service,
}

#[derive(Clone, Copy)]
enum Service {
    SecretsManager,
    Ssm,
}

/// Names the service and the prefix.
impl<H> fmt::Debug for Aws<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aws({} {})", self.service.name(), self.prefix)
    }
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "secrets manager",
            Self::Ssm => "ssm",
        }
    }
}

impl<H> Aws<H> {
    /// Takes a hook to the endpoint of Secrets Manager. Default prefix: `airflow/connections`.
    pub fn secrets_manager(hook: H) -> Self {
        Self {
            calls: hook,
            prefix: "airflow/connections".to_owned(),
            service: Service::SecretsManager,
        }
    }

    /// Takes a hook to the endpoint of Systems Manager. Default prefix: `/airflow/connections`.
    pub fn ssm(hook: H) -> Self {
        Self { calls: hook, prefix: "/airflow/connections".to_owned(), service: Service::Ssm }
    }

    /// Sets what stands before the id, without the slash between; nothing if it is empty.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

#[expect(private_bounds, reason = "either face of the hook, and nothing else")]
impl<H: Caller> Aws<H> {
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.service.name(), self.calls.origin())
    }

    fn name_of(&self, id: &str) -> String {
        match (self.prefix.trim_end_matches('/'), self.service) {
            ("", Service::SecretsManager) => id.to_owned(),
            (prefix, _) => format!("{prefix}/{id}"),
        }
    }

    /// Asks for an action. None of them does harm if it is done twice.
    async fn ask(
        &self,
        action: &str,
        members: Vec<(&'static str, Tree)>,
    ) -> Result<Said, SourceError> {
        let member = |(name, tree): (&str, Tree)| (name.to_owned(), Node { line: 0, tree });
        let body = Node::map(members.into_iter().map(member).collect()).to_json();
        let target = match self.service {
            Service::SecretsManager => format!("secretsmanager.{action}"),
            Service::Ssm => format!("AmazonSSM.{action}"),
        };
        let plan = RequestPlan::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", &target)
            .data(body)
            .allow_resend();
        ask(&self.calls, &self.label(), plan).await
    }

    pub(crate) async fn look_up(&self, id: &str) -> Result<Option<Found>, SourceError> {
        let name = self.name_of(id);
        let text = Tree::Text(name.clone());
        let said = match self.service {
            Service::SecretsManager => self.ask("GetSecretValue", vec![("SecretId", text)]).await?,
            Service::Ssm => {
                let members = vec![("Name", text), ("WithDecryption", Tree::Bool(true))];
                self.ask("GetParameter", members).await?
            }
        };
        if !said.status.is_success() {
            return if is_absent(&said) { Ok(None) } else { Err(self.refusal(&said)) };
        }
        let place = format!("{} {name}", self.label());
        let value = match self.service {
            Service::SecretsManager => said.text(&["SecretString"]),
            Service::Ssm => said.text(&["Parameter", "Value"]),
        };
        // A secret is there, which somebody meant to be one.
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
            let says = "there is no text in it";
            return Err(SourceError::new(SourceErrorKind::Malformed, place, says));
        };
        let connection = Connection::parse(value).map_err(|error| {
            SourceError::new(SourceErrorKind::Malformed, place.as_str(), error.message().to_owned())
        })?;
        Ok(Some(Found::new(connection, place)))
    }

    /// The services are not asked for what there is.
    #[expect(clippy::unused_async, reason = "as of the other servers")]
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let _ = self;
        Ok(Vec::new())
    }

    pub(crate) fn as_store(&self) -> &dyn Store {
        self
    }

    /// Stores a connection as the JSON that a variable of the environment may hold: a new version of the secret, which is made if it
    /// is not there, or a parameter that is encrypted.
    async fn write(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        let (name, value) = (self.name_of(id), crate::write::fields(connection).to_json());
        let (name, value) = (Tree::Text(name), Tree::Text(value));
        let said = match self.service {
            Service::SecretsManager => {
                let members = vec![("SecretId", name.clone()), ("SecretString", value.clone())];
                let said = self.ask("PutSecretValue", members).await?;
                if is_absent(&said) {
                    self.ask("CreateSecret", vec![("Name", name), ("SecretString", value)]).await?
                } else {
                    said
                }
            }
            Service::Ssm => {
                let kind = Tree::Text("SecureString".to_owned());
                let anew = Tree::Bool(true);
                let members =
                    vec![("Name", name), ("Value", value), ("Type", kind), ("Overwrite", anew)];
                self.ask("PutParameter", members).await?
            }
        };
        if said.status.is_success() { Ok(()) } else { Err(self.refusal(&said)) }
    }

    /// What an answer says that is not the value. Its text may quote what was asked, so that only its type is told.
    fn refusal(&self, said: &Said) -> SourceError {
        let (kind, status) = (type_of(said), said.status.as_u16());
        let is_word = kind.len() <= 64 && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let denied = [
            "AccessDenied",
            "UnrecognizedClient",
            "InvalidSignature",
            "ExpiredToken",
            "MissingAuthentication",
            "IncompleteSignature",
            "InvalidClientTokenId",
        ];
        let is_denied =
            denied.iter().any(|word| kind.starts_with(word)) || matches!(status, 401 | 403);
        let error_kind =
            if is_denied { SourceErrorKind::Denied } else { SourceErrorKind::Unavailable };
        let told = if is_word && !kind.is_empty() { format!(" ({kind})") } else { String::new() };
        let says = format!("the service answers {status}{told}");
        SourceError::new(error_kind, self.label(), says)
    }
}

/// The type of an error, without the shape before it.
fn type_of(said: &Said) -> &str {
    said.text(&["__type"]).unwrap_or_default().rsplit('#').next().unwrap_or_default()
}

/// Whether the service says that it has no such thing: with status 400, and what stands in for it in tests with 404. Who says so with
/// another status is not the service.
fn is_absent(said: &Said) -> bool {
    matches!(said.status.as_u16(), 400 | 404)
        && matches!(type_of(said), "ResourceNotFoundException" | "ParameterNotFound")
}

remote!(Aws);
written!(Aws);

impl<T: Transport, C: Clock> Aws<HttpHook<T, C>> {
    /// Stores a connection, in the form of Airflow's backend: in Secrets Manager a new version of the secret, which is made where
    /// there is none; in Systems Manager an encrypted parameter, which takes the place of one that is there.
    ///
    /// # Errors
    ///
    /// As a look-up.
    pub async fn put(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        self.write(id, connection).await.map_err(|error| error.of_id(id))
    }
}

impl<T: blocking::Transport, C: blocking::Clock> Aws<blocking::HttpHook<T, C>> {
    /// Stores a connection, in the form of Airflow's backend: in Secrets Manager a new version of the secret, which is made where
    /// there is none; in Systems Manager an encrypted parameter, which takes the place of one that is there.
    ///
    /// # Errors
    ///
    /// As a look-up.
    pub fn put(&self, id: &str, connection: &Connection) -> Result<(), SourceError> {
        block_on(self.write(id, connection)).map_err(|error| error.of_id(id))
    }
}
