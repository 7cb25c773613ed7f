//! Servers that keep connections, asked through the hook itself, over any transport.

use async_trait::async_trait;
use http::{Response, StatusCode};
use http_hook::transport::{Clock, Transport};
use http_hook::{Failure, HttpHook, Options, RequestPlan, blocking};

use crate::error::{SourceError, SourceErrorKind};
use crate::tree::{Node, Tree, json};

/// Runs a call: either face of the hook.
#[async_trait]
pub(crate) trait Caller: Send + Sync {
    async fn call(&self, plan: RequestPlan) -> Result<Response<bytes::Bytes>, Failure>;

    /// What everybody may see of where the calls go.
    fn origin(&self) -> String;
}

#[async_trait]
impl<T: Transport, C: Clock> Caller for HttpHook<T, C> {
    async fn call(&self, plan: RequestPlan) -> Result<Response<bytes::Bytes>, Failure> {
        self.run(plan).await
    }

    fn origin(&self) -> String {
        self.get_conn().0.origin().to_string()
    }
}

#[async_trait]
impl<T: blocking::Transport, C: blocking::Clock> Caller for blocking::HttpHook<T, C> {
    async fn call(&self, plan: RequestPlan) -> Result<Response<bytes::Bytes>, Failure> {
        self.run(plan)
    }

    fn origin(&self) -> String {
        self.get_conn().0.origin().to_string()
    }
}

/// What a server said: its status, and its JSON if it is that.
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) json: Option<Node>,
}

/// Runs a plan and reads the answer, whatever its status, unless it leads elsewhere: nobody else is asked, and nobody else is sent a
/// login or a connection.
pub(crate) async fn ask(
    caller: &impl Caller,
    place: &str,
    plan: RequestPlan,
) -> Result<Said, SourceError> {
    let read = |status, body: &[u8]| {
        let json = std::str::from_utf8(body).ok().and_then(|text| json::read(text).ok());
        Said { status, json }
    };
    let unavailable =
        |says: String| Err(SourceError::new(SourceErrorKind::Unavailable, place, says));
    let said = match caller.call(plan.options(Options::default().allow_redirects(false))).await {
        Ok(response) => read(response.status(), response.body()),
        Err(failure) => match failure.response().filter(|_| failure.is_status()) {
            Some(response) => read(response.status(), response.body()),
            // Its text may hold what the connection to the server does: only its kind is told.
            None => return unavailable(format!("no answer: {}", failure.reason())),
        },
    };
    if said.status.is_redirection() {
        let status = said.status.as_u16();
        return unavailable(format!("the server answers {status}, which leads elsewhere"));
    }
    Ok(said)
}

impl Said {
    /// The value at a path of names.
    fn at(&self, path: &[&str]) -> Option<&Node> {
        let mut node = self.json.as_ref()?;
        for name in path {
            let Tree::Map(members) = &node.tree else { return None };
            node = members.iter().find(|(own, _)| own == name).map(|(_, node)| node)?;
        }
        Some(node)
    }

    pub(crate) fn tree(&self, path: &[&str]) -> Option<&Tree> {
        self.at(path).map(|node| &node.tree)
    }

    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        match self.tree(path)? {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Makes a source of a server's store, over either face of the hook: of `label`, `look_up`, `list` and `as_store`.
macro_rules! remote {
    ($store:ident) => {
        #[async_trait::async_trait]
        impl<T, C> $crate::source::Source for $store<http_hook::HttpHook<T, C>>
        where
            T: http_hook::transport::Transport + 'static,
            C: http_hook::transport::Clock + 'static,
        {
            fn name(&self) -> String {
                self.label()
            }

            async fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
                self.look_up(id).await
            }

            async fn ids(&self) -> Result<Vec<Listed>, SourceError> {
                self.list().await
            }

            fn store(&self) -> Option<&dyn Store> {
                // One that always stores, or perhaps.
                self.as_store().into()
            }
        }

        impl<T, C> $crate::source::BlockingSource for $store<http_hook::blocking::HttpHook<T, C>>
        where
            T: http_hook::blocking::Transport,
            C: http_hook::blocking::Clock,
        {
            fn name(&self) -> String {
                self.label()
            }

            fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
                pollster::block_on(self.look_up(id))
            }

            fn ids(&self) -> Result<Vec<Listed>, SourceError> {
                pollster::block_on(self.list())
            }

            fn store(&self) -> Option<&dyn Store> {
                // One that always stores, or perhaps.
                self.as_store().into()
            }
        }
    };
}

/// What no server here does for the command or a program.
pub(crate) fn not_removed(place: String) -> SourceError {
    SourceError::new(SourceErrorKind::Unsupported, place, "nothing is taken out there")
}

/// Makes a store of a server's that is written one connection after the other, by `write`.
macro_rules! written {
    ($store:ident) => {
        #[async_trait::async_trait]
        impl<H: Caller> Store for $store<H> {
            async fn put(&self, connections: &[(&str, &Connection)]) -> Result<(), SourceError> {
                for (id, connection) in connections {
                    self.write(id, connection).await.map_err(|error| error.of_id(id))?;
                }
                Ok(())
            }

            async fn remove(&self, _id: &str) -> Result<bool, SourceError> {
                Err($crate::remote::not_removed(self.label()))
            }
        }
    };
}

pub(crate) use {remote, written};
