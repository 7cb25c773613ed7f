//! The secrets backend that an installation of Airflow names, over a client of one's own.

use std::env;
use std::path::Path;
use std::sync::Arc;

use http_hook::auth::AuthScheme;
use http_hook::{Connection, Hook, Secret};

use crate::aws::{Aws, SigV4};
use crate::disk;
use crate::env::content;
use crate::error::{SourceError, SourceErrorKind};
use crate::installation::Installation;
use crate::over::{Asked, Over, PLACE};
use crate::source::Source;
use crate::tree::{Node, Tree, json};
use crate::vault::Vault;

/// What Airflow's backends are told and has nothing to do with connections.
const OF_OTHERS: [&str; 8] = [
    "variables_path",
    "variables_prefix",
    "variables_lookup_pattern",
    "config_path",
    "config_prefix",
    "config_lookup_pattern",
    "full_url_mode",
    "sep",
];

/// The secrets backend that Airflow's own settings name: `VaultBackend` of HashiCorp's provider, `SecretsManagerBackend` and
/// `SystemsManagerParameterStoreBackend` of Amazon's.
///
/// It is asked over any client: [`over`](Self::over) takes what makes a hook call.
///
/// | backend | what it may be told (`backend_kwargs`) | else |
/// | --- | --- | --- |
/// | Vault | `url`, `connections_path`, `mount_point`, `kv_engine_version`, `auth_type` (`token`, `approle`), `auth_mount_point`, `token`, `token_path`, `role_id`, `secret_id`, `namespace`, `verify` | `VAULT_ADDR`, `VAULT_TOKEN`, `VAULT_NAMESPACE` |
/// | AWS | `connections_prefix`, `region_name`, `endpoint_url`, `verify` | `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL`; keys from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` |
///
/// # Examples
///
/// ```
/// use http_hook_mock::{Reply, blocking::from_hook};
/// use http_hook_sources::Backend;
/// use http_hook_sources::blocking::Sources;
///
/// let class = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
/// let kwargs = r#"{"url": "https://vault.example.test:8200", "token": "s.token", "mount_point": "airflow"}"#;
/// let answer = r#"{"data": {"data": {"conn_uri": "http://svc:secret@api.example.test/https"}}}"#;
/// let server = [Reply::json(200, answer).on("GET", "/v1/airflow/data/connections/sales")];
/// let backend = Backend::new(class, kwargs)?.over(|hook| from_hook(hook, server))?;
/// let found = Sources::new().with(backend).get("sales")?;
/// assert_eq!(found.connection().login(), Some("svc"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Backend {
    class: Class,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Vault,
    SecretsManager,
    Ssm,
}

impl Class {
    const ALL: [(&str, Self); 3] = [
        ("airflow.providers.hashicorp.secrets.vault.VaultBackend", Self::Vault),
        (
            "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
            Self::SecretsManager,
        ),
        (
            "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
            Self::Ssm,
        ),
    ];

    const fn may_be_told(self) -> &'static [&'static str] {
        match self {
            Self::Vault => &[
                "url",
                "connections_path",
                "mount_point",
                "kv_engine_version",
                "auth_type",
                "auth_mount_point",
                "token",
                "token_path",
                "role_id",
                "secret_id",
                "namespace",
                "verify",
            ],
            Self::SecretsManager | Self::Ssm => {
                &["connections_prefix", "region_name", "endpoint_url", "verify"]
            }
        }
    }
}

/// The arguments; their values may be secret.
struct Told(Vec<(String, Node)>);

/// Tells their names.
impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Told {
    /// The last one of this name: a variable of the environment stands behind what is in JSON.
    fn node(&self, name: &str) -> Option<&Node> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, node)| node)
    }

    fn of(&self, name: &str) -> Option<&Tree> {
        self.node(name).map(|node| &node.tree).filter(|tree| !matches!(tree, Tree::Null))
    }

    fn text(&self, name: &str) -> Result<Option<&str>, SourceError> {
        match self.of(name) {
            None => Ok(None),
            Some(Tree::Text(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(format!("{name} is no text"))),
        }
    }

    /// An argument, else a variable of the environment.
    fn text_or(&self, name: &str, variables: &[&str]) -> Result<Option<String>, SourceError> {
        if let Some(text) = self.text(name)? {
            return Ok(Some(text.to_owned()));
        }
        for variable in variables {
            let text = content(variable, PLACE)?;
            if text.is_some() {
                return Ok(text);
            }
        }
        Ok(None)
    }

    /// Whether connections are not asked for: the argument is there, and is null.
    fn is_null(&self, name: &str) -> bool {
        self.node(name).is_some_and(|node| matches!(node.tree, Tree::Null))
    }

    /// The server's connection, with the option `verify`.
    fn connection(&self, url: &str) -> Connection {
        let connection = Connection::new().with_host(url);
        match self.node("verify") {
            None => connection,
            Some(node) => {
                let verify = Node::map(vec![("verify".to_owned(), node.clone())]);
                connection.with_extra(verify.to_json())
            }
        }
    }
}

fn wrong(says: impl Into<std::borrow::Cow<'static, str>>) -> SourceError {
    SourceError::new(SourceErrorKind::Malformed, PLACE, says)
}

fn unsupported(says: impl Into<std::borrow::Cow<'static, str>>) -> SourceError {
    SourceError::new(SourceErrorKind::Unsupported, PLACE, says)
}

impl Backend {
    /// Reads what the installation of this process says: `AIRFLOW__SECRETS__BACKEND`, `AIRFLOW__SECRETS__BACKEND_KWARGS`,
    /// `AIRFLOW__SECRETS__BACKEND_KWARG__<NAME>`, else `[secrets]` of `airflow.cfg`. `None`: it names no backend.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); and what keeps the settings from being read.
    pub fn of_airflow() -> Result<Option<Self>, SourceError> {
        let airflow = Installation::find(PLACE)?;
        let Some(class) = airflow.setting("secrets", "backend")? else { return Ok(None) };
        let kwargs = airflow.setting("secrets", "backend_kwargs")?.unwrap_or_default();
        let mut own = Self::new(&class, &kwargs)?;
        for (name, value) in env::vars_os() {
            let name = name.to_str().and_then(|name| {
                name.strip_prefix("AIRFLOW__SECRETS__BACKEND_KWARG__")
                    .filter(|name| !name.is_empty())
            });
            let Some(name) = name.map(str::to_lowercase) else { continue };
            let value = value.into_string().map_err(|_| wrong(format!("{name} is not UTF-8")))?;
            // A number or a word of JSON is that, as in the original; all else is a text.
            let node = json::read(&value).ok().filter(|node| !matches!(node.tree, Tree::Text(_)));
            own.told.0.push((name, node.unwrap_or_else(|| Node::text(value))));
        }
        own.check()?;
        Ok(Some(own))
    }

    /// Takes a backend by the name of its class, and its arguments as JSON; an empty text is none.
    ///
    /// # Errors
    ///
    /// Kind [`Unsupported`](SourceErrorKind::Unsupported) for another class, or an argument that is not known here, by its name; kind
    /// [`Malformed`](SourceErrorKind::Malformed) if the arguments are no JSON object.
    pub fn new(class: &str, kwargs: &str) -> Result<Self, SourceError> {
        let Some((_, class)) = Class::ALL.into_iter().find(|(name, _)| *name == class.trim())
        else {
            return Err(unsupported(
                "the class is none of VaultBackend, SecretsManagerBackend, SystemsManagerParameterStoreBackend",
            ));
        };
        let kwargs = if kwargs.trim().is_empty() { "{}" } else { kwargs };
        let told = match json::read(kwargs).map(|node| node.tree) {
            Ok(Tree::Map(members)) => Told(members),
            _ => return Err(wrong("backend_kwargs is no object of JSON")),
        };
        let own = Self { class, told };
        own.check()?;
        Ok(own)
    }

    fn check(&self) -> Result<(), SourceError> {
        let known =
            |name: &str| self.class.may_be_told().contains(&name) || OF_OTHERS.contains(&name);
        match self.told.0.iter().find(|(name, node)| !known(name) && node.tree != Tree::Null) {
            None => Ok(()),
            // A name that somebody chose, of a setting: it is no secret, but it may be long or odd.
            Some((name, _)) if name.len() <= 64 && name.is_ascii() => {
                let name = name.escape_debug();
                Err(unsupported(format!("the argument {name} is not known here")))
            }
            Some(_) => Err(unsupported("an argument is not known here")),
        }
    }

    /// Makes a source of it: `make` makes a hook call, as `from_hook` of a client's crate does.
    ///
    /// # Errors
    ///
    /// For arguments and variables that are missing, of the wrong type, or not supported; for a URL that is none; kind
    /// [`Io`](SourceErrorKind::Io) if the file of a token cannot be read.
    pub fn over<H>(self, make: impl FnOnce(Hook) -> H) -> Result<Over<H>, SourceError> {
        match self.class {
            Class::Vault => self.vault(make),
            Class::SecretsManager | Class::Ssm => self.aws(make),
        }
    }

    fn vault<H>(self, make: impl FnOnce(Hook) -> H) -> Result<Over<H>, SourceError> {
        let told = &self.told;
        let url = told.text_or("url", &["VAULT_ADDR"])?;
        let url = url.ok_or_else(|| wrong("neither url nor VAULT_ADDR is set"))?;
        let connection = told.connection(&url);
        if told.is_null("connections_path") {
            return Ok(Over(None));
        }
        let path = told.text("connections_path")?.unwrap_or("connections");
        // Without a place of its own, the first segment of the path is where the store is mounted.
        let (mount, path) = if told.is_null("mount_point") {
            path.split_once('/').ok_or_else(|| {
                wrong("mount_point is null, and connections_path does not begin with one")
            })?
        } else {
            (told.text("mount_point")?.unwrap_or("secret"), path)
        };
        let version_1 = match told.of("kv_engine_version") {
            None => false,
            Some(Tree::Number(number) | Tree::Text(number)) if number == "2" => false,
            Some(Tree::Number(number) | Tree::Text(number)) if number == "1" => true,
            Some(_) => return Err(wrong("kv_engine_version is neither 1 nor 2")),
        };
        let hook = Hook::new(&connection).map_err(|error| wrong(error.to_string()))?;
        let mut vault = Vault::new(make(hook)).mount(mount).path(path);
        if version_1 {
            vault = vault.version_1();
        }
        if let Some(namespace) = told.text_or("namespace", &["VAULT_NAMESPACE"])? {
            vault = vault.namespace(namespace);
        }
        vault = match told.text("auth_type")?.unwrap_or("token") {
            "token" => vault.token(token(told)?),
            "approle" => {
                let need = |name| {
                    let text = told.text(name)?;
                    text.ok_or_else(|| {
                        wrong(format!("auth_type is approle, and {name} is not set"))
                    })
                };
                let vault = vault.app_role(need("role_id")?, need("secret_id")?);
                match told.text("auth_mount_point")? {
                    Some(mount) => vault.auth_mount(mount),
                    None => vault,
                }
            }
            _ => return Err(unsupported("auth_type is neither token nor approle")),
        };
        Ok(Over(Some(Asked::Vault(vault))))
    }

    fn aws<H>(self, make: impl FnOnce(Hook) -> H) -> Result<Over<H>, SourceError> {
        let (told, is_ssm) = (&self.told, self.class == Class::Ssm);
        if told.is_null("connections_prefix") {
            return Ok(Over(None));
        }
        let regions = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let region = told.text_or("region_name", &regions)?;
        let region = region.ok_or_else(|| {
            wrong("neither region_name nor AWS_REGION nor AWS_DEFAULT_REGION is set")
        })?;
        let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if region.is_empty() || !region.bytes().all(is_label) {
            return Err(wrong("the region is not of letters, digits and hyphens"));
        }
        let service = if is_ssm { "ssm" } else { "secretsmanager" };
        let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = told.text_or("endpoint_url", &["AWS_ENDPOINT_URL"])?;
        let url = url.unwrap_or_else(|| format!("https://{service}.{region}.{end}"));
        let need = |name| {
            let says = "the keys are not in the environment";
            let key = content(name, PLACE)?;
            key.ok_or_else(|| unsupported(format!("{name} is not set: {says}")))
        };
        let (id, key) = (need("AWS_ACCESS_KEY_ID")?, need("AWS_SECRET_ACCESS_KEY")?);
        let mut keys = SigV4::new(id, key, region, service);
        if let Some(session) = content("AWS_SESSION_TOKEN", PLACE)? {
            keys = keys.session_token(session);
        }
        let hook = Hook::builder(&told.connection(&url)).auth(AuthScheme::Custom(Arc::new(keys)));
        let hook = make(hook.build().map_err(|error| wrong(error.to_string()))?);
        let mut aws = if is_ssm { Aws::ssm(hook) } else { Aws::secrets_manager(hook) };
        if let Some(prefix) = told.text("connections_prefix")? {
            // Parameters in folders begin with a slash, whether it was written or not.
            let slash = if is_ssm && !prefix.starts_with('/') { "/" } else { "" };
            aws = aws.prefix(format!("{slash}{prefix}"));
        }
        Ok(Over(Some(Asked::Aws(aws))))
    }
}

/// The backend of this process's Airflow as a source, if there is one. A list asks once.
pub(crate) fn of_airflow_over<H>(
    make: Option<impl FnOnce(Hook) -> H>,
) -> Result<Option<Arc<dyn Source>>, SourceError>
where
    Over<H>: Source + 'static,
{
    let make = make.ok_or_else(|| unsupported("the list of sources names it twice"))?;
    match Backend::of_airflow()? {
        Some(backend) => Ok(Some(Arc::new(backend.over(make)?))),
        None => Ok(None),
    }
}

/// The token that Vault is shown: the argument, a file's, or that of the environment.
fn token(told: &Told) -> Result<Secret, SourceError> {
    if let Some(token) = told.text("token")? {
        return Ok(token.into());
    }
    if let Some(path) = told.text("token_path")? {
        let place = format!("file {path}");
        let text = disk::read(Path::new(path), &place, false)?.unwrap_or_default();
        return Ok(text.trim().into());
    }
    let token = content("VAULT_TOKEN", PLACE)?;
    let token = token.ok_or_else(|| wrong("none of token, token_path and VAULT_TOKEN is set"))?;
    Ok(token.into())
}
