//! A call as a command of curl.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};

use super::build::{self, Ready};
use super::explain::{first, said};
use crate::base::Error;
use crate::base::redact::{Piece, Whose, path_pieces, query_pieces, unescaped};
use crate::hook::Hook;
use crate::request::RequestPlan;

/// The command in the making, and the variables that it needs.
#[derive(Default)]
struct Command {
    text: String,
    variables: Vec<(String, String)>,
    taken: BTreeSet<String>,
    /// The number of the next variable of a name.
    next: BTreeMap<String, usize>,
}

impl Hook {
    /// Writes a call as a command of curl that does the same single send.
    ///
    /// What the [redactor](crate::observe::ShownUrl) hides is a variable of the shell; those are listed above the command,
    /// which runs as it is once they are set. A body is read from the file `body`.
    ///
    /// # Errors
    ///
    /// What keeps the plan from being sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook, RequestPlan};
    ///
    /// let connection = Connection::parse("http://svc:pw@api.example.com/https")?;
    /// let command = Hook::new(&connection)?.to_curl(&RequestPlan::get("v1/orders").param("page", "2"))?;
    /// assert!(command.contains("# HTTP_HOOK_AUTHORIZATION: the value of the header authorization\n"));
    /// assert!(command.contains(r#"--header "authorization: $HTTP_HOOK_AUTHORIZATION""#));
    /// assert!(command.ends_with("'https://api.example.com/v1/orders?page=2'"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_curl(&self, plan: &RequestPlan) -> Result<String, Error> {
        let ready = Ready::new(self, plan.clone(), 0).map_err(|unready| unready.fault)?;
        let request = first(self, &ready, plan)?;
        let mut command =
            Command { text: "curl --globoff --path-as-is".to_owned(), ..Command::default() };
        let has_body = !ready.payload.is_empty();
        match *request.method() {
            // With `--head` curl sends no body. Without it, it waits for one of the answer, until the server closes.
            Method::HEAD if has_body => command.text.push_str(
                " --request HEAD --dump-header - --ignore-content-length --header 'connection: close'",
            ),
            Method::HEAD => command.text.push_str(" --head"),
            ref method => {
                command.text.push_str(" --request ");
                command.text.push_str(&quoted(method.as_str()));
            }
        }
        let said = said(self, &ready, request.headers())?;
        let open: BTreeSet<_> =
            said.iter().filter(|said| said.open).map(|said| said.name.as_str()).collect();
        for (name, value) in request.headers() {
            let shown = open.contains(name.as_str());
            command.text.push_str(" --header ");
            let line = match value.to_str() {
                Ok("") if shown => quoted(&format!("{name};")),
                Ok(text) if shown => quoted(&format!("{name}: {text}")),
                _ => {
                    let of = format!("the value of the header {name}");
                    let variable = command.variable(name.as_str(), of);
                    // Some of what a name may hold means something to a shell even between these quotes.
                    if name.as_str().bytes().all(is_plain) {
                        format!("\"{name}: ${variable}\"")
                    } else {
                        format!("{}\"${variable}\"", quoted(&format!("{name}: ")))
                    }
                }
            };
            command.text.push_str(&line);
        }
        // What curl sends by itself.
        for (name, sends) in [(ACCEPT, true), (USER_AGENT, true), (CONTENT_TYPE, has_body)] {
            if sends && !request.headers().contains_key(&name) {
                let _ = write!(command.text, " --header '{name}:'");
            }
        }
        if has_body {
            command.text.push_str(" --data-binary @body");
        }
        command.text.push(' ');
        command.url(
            &self.origin().to_url_start(),
            ready.target.as_str(),
            build::whose(self, &ready.target),
        );
        if let Some(query) = scheme_query(self, &ready) {
            command.text.push_str(if ready.target.query().is_some() { "'&" } else { "'?" });
            command.text.push_str(&query);
            let of = format!("the value of the parameter {query}, escaped");
            let variable = command.variable(&query, of);
            let _ = write!(command.text, "='\"${variable}\"");
        }
        Ok(command.finish())
    }
}

impl Command {
    /// Writes the URL, with variables in the place of what is hidden.
    fn url(&mut self, origin: &str, target: &str, whose: Whose) {
        let Whose::Call { base, query: hides_query, .. } = whose else { return };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut open = origin.to_owned();
        if base == Some(0) {
            path_pieces(path, &mut |piece| self.piece(&mut open, piece, "path"));
        } else {
            let of = match base {
                Some(_) => "the base path of the connection",
                None => "the path of the URL",
            };
            self.hidden(&mut open, "BASE_PATH", of.to_owned());
            let own = base.and_then(|base| path.get(base..)).unwrap_or_default();
            path_pieces(own, &mut |piece| self.piece(&mut open, piece, "path"));
        }
        if let Some(query) = query {
            open.push('?');
            if hides_query {
                self.hidden(&mut open, "BASE_QUERY", "the query of the URL".to_owned());
            } else {
                query_pieces(query, &mut |piece| self.piece(&mut open, piece, "parameter"));
            }
        }
        if !open.is_empty() {
            self.text.push_str(&quoted(&open));
        }
    }

    /// Writes a piece of the call's own path or query.
    fn piece(&mut self, open: &mut String, piece: Piece<'_>, place: &str) {
        match piece {
            Piece::Open(text) => open.push_str(text),
            Piece::Hidden("") => {
                self.hidden(open, place, format!("what is hidden of the {place}, escaped"));
            }
            Piece::Hidden(name) => {
                let of = format!("the value of the {place} {name}, escaped");
                self.hidden(open, &unescaped(name), of);
            }
        }
    }

    /// Writes what is shown so far, and a variable.
    fn hidden(&mut self, open: &mut String, name: &str, of: String) {
        self.text.push_str(&quoted(open));
        open.clear();
        let variable = self.variable(name, of);
        let _ = write!(self.text, "\"${variable}\"");
    }

    /// The shell variable that stands for something hidden; no two things have the same.
    fn variable(&mut self, name: &str, of: String) -> String {
        let upper = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        let name = format!("HTTP_HOOK_{}", upper.collect::<String>());
        let next = self.next.entry(name.clone()).or_insert(1);
        let variable = loop {
            let variable = if *next == 1 { name.clone() } else { format!("{name}_{next}") };
            *next = next.saturating_add(1);
            if self.taken.insert(variable.clone()) {
                break variable;
            }
        };
        self.variables.push((variable.clone(), of));
        variable
    }

    fn finish(self) -> String {
        let mut text = String::new();
        if !self.variables.is_empty() {
            text.push_str("# set these first:\n");
        }
        for (variable, of) in &self.variables {
            let _ = writeln!(text, "# {variable}: {of}");
        }
        text.push_str(&self.text);
        text
    }
}

/// The name of the parameter that the scheme adds, if it adds one.
fn scheme_query(hook: &Hook, ready: &Ready) -> Option<String> {
    let auth = build::auth_at(hook, ready, hook.origin())?;
    auth.pair().map(|(name, _)| {
        let mut form = String::new();
        crate::base::url::form::encode_into(&mut form, name, "");
        form.pop();
        form
    })
}

/// Whether a character means nothing to a shell but itself.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
