//! Cookies in a file: each `Set-Cookie` that was taken, with who set it and when. A jar is filled by setting them again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, Uri};
use http_hook::cookies::Jar;
use http_hook::{Origin, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exit::Problem;
use crate::private;
use crate::screen;

/// The largest file that is read, in bytes, and the most cookies that are kept.
const MAX_FILE: u64 = 16 << 20;
const MAX_COOKIES: usize = 3_000;

#[derive(Serialize, Deserialize)]
struct Stored {
    schema: u32,
    cookies: Vec<Kept>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    origin: String,
    path: String,
    /// In seconds since 1970.
    at: u64,
    set_cookie: String,
}

/// A file of cookies, and what is to be kept there.
pub(crate) struct CookieFile {
    path: PathBuf,
    kept: Mutex<(Vec<Kept>, bool)>,
}

impl CookieFile {
    /// Reads the file; there may be none yet.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let shown = path.display();
        let kept = match private::read(path, MAX_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Problem::local(format!("cannot read {shown}: {error}"))),
            Ok(text) => {
                let stored: Stored = serde_json::from_str(&text)
                    .ok()
                    .filter(|stored: &Stored| stored.schema == 1)
                    .ok_or_else(|| {
                        Problem::usage(format!("{shown}: not a file of cookies of this command"))
                    })?;
                stored.cookies
            }
        };
        Ok(Self { path: path.to_owned(), kept: Mutex::new((kept, false)) })
    }

    /// Fills a jar, which goes by the standard and knows the public suffixes.
    pub(crate) fn jar(&self) -> Jar {
        let mut jar = empty();
        for kept in &self.lock().0 {
            kept.put_into(&mut jar, kept.at());
        }
        jar
    }

    /// Keeps what an answer sets.
    pub(crate) fn take(&self, uri: &Uri, headers: &HeaderMap, now: Timestamp) {
        let Some(origin) = origin_of(uri) else { return };
        let mut state = self.lock();
        for value in headers.get_all(SET_COOKIE) {
            let Ok(set_cookie) = std::str::from_utf8(value.as_bytes()) else { continue };
            let kept = Kept {
                origin: origin.clone(),
                path: uri.path().to_owned(),
                at: now.since_epoch().as_secs(),
                set_cookie: set_cookie.to_owned(),
            };
            if !kept.put_into(&mut empty(), now) {
                continue;
            }
            let key = kept.key();
            state.0.retain(|own| own.key() != key);
            state.0.push(kept);
            state.1 = true;
        }
    }

    /// Writes the file if something changed, for nobody else to read.
    pub(crate) fn write(&self, now: Timestamp) -> Result<(), Problem> {
        let mut state = self.lock();
        if !state.1 {
            return Ok(());
        }
        state.0.retain(|kept| !kept.is_over(now));
        let too_many = state.0.len().saturating_sub(MAX_COOKIES);
        state.0.drain(..too_many);
        state.1 = false;
        let stored = Stored { schema: 1, cookies: state.0.clone() };
        let text = serde_json::to_string_pretty(&stored).unwrap_or_default();
        private::write(&self.path, &text)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<Kept>, bool)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the cookies that came, where there is a file for them.
pub(crate) fn keep(file: Option<&CookieFile>, now: Timestamp) -> Result<(), Problem> {
    file.map_or(Ok(()), |file| file.write(now))
}

/// Gives the exit code of a call that was told, of which something may not have been kept: a call that failed failed first.
pub(crate) fn settle(kept: Result<(), Problem>, code: u8, warns: bool) -> Result<u8, Problem> {
    match kept {
        Err(problem) if code == 0 => return Err(problem),
        Err(problem) if warns => screen::warning(problem.message()),
        _ => {}
    }
    Ok(code)
}

impl Kept {
    fn at(&self) -> Timestamp {
        Timestamp::new(Duration::from_secs(self.at))
    }

    fn put_into(&self, jar: &mut Jar, now: Timestamp) -> bool {
        let Ok(origin) = self.origin.parse::<Origin>() else { return false };
        jar.set(&origin, &self.path, self.set_cookie.as_bytes(), now)
    }

    fn name(&self) -> &str {
        self.set_cookie.split(['=', ';']).next().unwrap_or_default().trim()
    }

    /// What makes two cookies the same: the file may keep one too many, never one too few.
    fn key(&self) -> (&str, &str, Option<&str>, &str) {
        let path = self.attribute("path").unwrap_or(&self.path);
        (&self.origin, self.name(), self.attribute("domain"), path)
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let pairs = self.set_cookie.split(';').skip(1).filter_map(|pair| pair.split_once('='));
        let own = pairs.filter(|(own, _)| own.trim().eq_ignore_ascii_case(name));
        own.last().map(|(_, value)| value.trim())
    }

    fn is_over(&self, now: Timestamp) -> bool {
        if let Some(age) = self.attribute("max-age").and_then(|age| age.parse::<i64>().ok()) {
            let age = u64::try_from(age).unwrap_or_default();
            return self.at().after(Duration::from_secs(age)) <= now;
        }
        let mut jar = empty();
        self.put_into(&mut jar, now) && jar.is_empty()
    }
}

fn empty() -> Jar {
    Jar::for_domains().with_public_suffix_list()
}

fn origin_of(uri: &Uri) -> Option<String> {
    let origin = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    origin.parse::<Origin>().ok().map(|origin| origin.to_string())
}
