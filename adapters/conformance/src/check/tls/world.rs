//! An authority, what it signs, and the files that options of a send name.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_hook::options::{ClientCert, ClientOptions, Verify};
use openssl::error::ErrorStack;
use openssl::ssl::{SslAcceptor, SslVersion};

use crate::server::{Handshake, Identity, Server, serve_tls};

const HOST: &[&str] = &["localhost", "127.0.0.1"];

/// What a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What it should.
    Good,
    /// What it should, and asks for a certificate of the client's, which has to come.
    Asking,
    /// The same, but the client's need not come.
    AskingPolitely,
    /// A certificate of an authority that nobody knows.
    OtherAuthority,
    SelfSigned,
    WrongHost,
    Expired,
    NotYetValid,
    /// What it should, by a version of TLS that is no more.
    OldVersion,
}

/// An authority, another one, and files in a folder that goes with this value.
pub(super) struct World {
    authority: Identity,
    other: Identity,
    folder: PathBuf,
}

impl World {
    pub(super) fn new() -> Result<Self, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("http-hook-certificates-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).map_err(said)?;
        let authority = Identity::authority("the authority").map_err(said)?;
        let other = Identity::authority("another authority").map_err(said)?;
        Ok(Self { authority, other, folder })
    }

    pub(super) fn serve(&self, shown: Shown) -> Result<Server, String> {
        Ok(serve_tls(Handshake::Tls(self.acceptor(shown).map_err(said)?)))
    }

    /// Serves as a host of this name.
    pub(super) fn serve_as(&self, host: &str) -> Result<Server, String> {
        let own = self.authority.sign("the server", &[host]).and_then(|own| own.acceptor());
        Ok(serve_tls(Handshake::Tls(own.map_err(said)?.build())))
    }

    fn acceptor(&self, shown: Shown) -> Result<SslAcceptor, ErrorStack> {
        let good = self.authority.sign("the server", HOST)?;
        let builder = match shown {
            Shown::Good => good.acceptor(),
            Shown::Asking => good.asking(&self.authority, true),
            Shown::AskingPolitely => good.asking(&self.authority, false),
            Shown::OtherAuthority => self.other.sign("the server", HOST)?.acceptor(),
            Shown::SelfSigned => Identity::self_signed("the server", HOST)?.acceptor(),
            Shown::WrongHost => self.authority.sign("the server", &["other.test"])?.acceptor(),
            Shown::Expired => self.authority.sign_for((-2, -1), HOST)?.acceptor(),
            Shown::NotYetValid => self.authority.sign_for((1, 2), HOST)?.acceptor(),
            Shown::OldVersion => {
                let mut builder = good.acceptor()?;
                builder.set_min_proto_version(Some(SslVersion::TLS1))?;
                builder.set_max_proto_version(Some(SslVersion::TLS1_1))?;
                builder.set_cipher_list("DEFAULT:@SECLEVEL=0")?;
                Ok(builder)
            }
        };
        Ok(builder?.build())
    }

    /// Gives options that trust the authority and nobody else.
    pub(super) fn trusting(&self) -> Result<ClientOptions, String> {
        let file = self.file("authority", &self.authority.certificate_pem().map_err(said)?)?;
        let mut options = ClientOptions::default();
        options.verify = Verify::File(file);
        Ok(options)
    }

    /// Gives the same with a client's certificate, its key in the same file or in one of its own.
    pub(super) fn client(&self, name: &str, key_apart: bool) -> Result<ClientOptions, String> {
        let identity = self.authority.sign(name, &["client.test"]).map_err(said)?;
        let mut cert = identity.certificate_pem().map_err(said)?;
        let key = identity.key_pem().map_err(said)?;
        let mut options = self.trusting()?;
        options.cert = Some(if key_apart {
            let key = self.file(&format!("{name} key"), &key)?;
            ClientCert { cert: self.file(name, &cert)?, key: Some(key) }
        } else {
            cert.extend(key);
            ClientCert { cert: self.file(name, &cert)?, key: None }
        });
        Ok(options)
    }

    /// Writes a file; gives its path.
    pub(super) fn file(&self, name: &str, content: &[u8]) -> Result<String, String> {
        let path = self.folder.join(format!("{name}.pem"));
        fs::write(&path, content).map_err(said)?;
        Ok(path.to_string_lossy().into_owned())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
