//! Expressions of jq, by jaq, where the command was built with them.

use crate::args::ResultArgs;
use crate::exit::Problem;

/// An expression, ready to be asked.
pub(crate) struct Jq {
    #[cfg(feature = "jq")]
    asked: made::Asked,
}

impl Jq {
    /// Gives the expression of `--jq`.
    pub(crate) fn given(result: &ResultArgs) -> Result<Option<Self>, Problem> {
        result.jq.as_deref().map(|expression| Self::new(expression, "--jq")).transpose()
    }
}

#[cfg(feature = "jq")]
impl Jq {
    /// Reads an expression.
    pub(crate) fn new(expression: &str, place: &str) -> Result<Self, Problem> {
        Ok(Self { asked: made::Asked::new(expression, place)? })
    }

    /// Gives what the expression makes of a text in JSON, a value a line.
    pub(crate) fn lines(&self, json: &[u8]) -> Result<Vec<u8>, Problem> {
        self.asked
            .ask(json, false)
            .map_err(|why| Problem::check("jq_failed", format!("--jq: {why}")))
    }

    /// Whether the first value that it makes of a text in JSON is one, and neither `false` nor `null`.
    pub(crate) fn holds(&self, json: &[u8]) -> bool {
        self.asked
            .ask(json, true)
            .is_ok_and(|first| !matches!(&first[..], b"" | b"false\n" | b"null\n"))
    }
}

/// The expression on a thread of its own: it may never end, and values may lie in each other.
#[cfg(feature = "jq")]
mod made {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::sync::{Mutex, PoisonError};
    use std::thread;
    use std::time::Duration;

    use jaq_core::load::{Arena, File, Loader};
    use jaq_core::{Ctx, Vars, unwrap_valr};
    use jaq_json::write::{Pp, write};

    use crate::exit::Problem;
    use crate::screen;

    type Data = jaq_core::data::JustLut<jaq_json::Val>;
    type Filter = jaq_core::Filter<Data>;
    /// What it made, or why it made nothing.
    type Answer = Result<Vec<u8>, String>;

    /// The longest time that an expression may take for one value.
    const LONGEST: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
    /// How much an expression may make of one value, in bytes.
    const MOST: usize = 64 << 20;
    /// How deep values may lie in each other.
    const DEEPEST: usize = 512;
    const STACK: usize = 64 << 20;

    /// A value in JSON, and whether only the first of what is made of it is wanted.
    type Asking = (Vec<u8>, bool);

    pub(super) struct Asked {
        at: Mutex<Option<(SyncSender<Asking>, Receiver<Answer>)>>,
    }

    impl Asked {
        pub(super) fn new(expression: &str, place: &str) -> Result<Self, Problem> {
            let (asking, asked) = sync_channel::<Asking>(1);
            let (answering, answers) = sync_channel::<Answer>(1);
            let code = expression.to_owned();
            let work = move || {
                let filter = match read(&code) {
                    Ok(filter) => filter,
                    Err(why) => {
                        let _ = answering.send(Err(why));
                        return;
                    }
                };
                let mut answer = Ok(Vec::new());
                while answering.send(answer).is_ok() {
                    let Ok((json, first)) = asked.recv() else { return };
                    answer = made(&filter, &json, first);
                }
            };
            let thread = thread::Builder::new().name("jq".to_owned()).stack_size(STACK).spawn(work);
            thread.map_err(|error| Problem::local(format!("{place}: {error}")))?;
            let begun =
                answers.recv().unwrap_or_else(|_| Err("not an expression of jq".to_owned()));
            begun.map_err(|why| Problem::usage(format!("{place}: {why}")))?;
            Ok(Self { at: Mutex::new(Some((asking, answers))) })
        }

        pub(super) fn ask(&self, json: &[u8], first: bool) -> Answer {
            let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
            let late = || format!("the expression takes longer than {} s", LONGEST.as_secs());
            let (asking, answers) = at.as_ref().ok_or_else(late)?;
            let sent = asking.send((json.to_vec(), first)).is_ok();
            if let Some(answer) = sent.then(|| answers.recv_timeout(LONGEST).ok()).flatten() {
                return answer;
            }
            // An answer that came later would be taken for that of another value.
            *at = None;
            Err(late())
        }
    }

    fn read(expression: &str) -> Result<Filter, String> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs).load(&arena, File { code: expression, path: () });
        let modules = modules.map_err(|_| "not an expression of jq".to_owned())?;
        let compiled = jaq_core::Compiler::default().with_funs(funs).compile(modules);
        compiled.map_err(|errors| {
            let names = errors.iter().flat_map(|(_, errors)| errors).map(|(name, _)| *name);
            format!("jq has no {}", names.collect::<Vec<_>>().join(", "))
        })
    }

    fn made(filter: &Filter, json: &[u8], first: bool) -> Answer {
        if is_too_deep(json) {
            return Err(format!("more than {DEEPEST} values lie in each other"));
        }
        let value = jaq_json::read::parse_single(json);
        let value = value.map_err(|_| "the body is no JSON".to_owned())?;
        let context = Ctx::<Data>::new(&filter.lut, Vars::new([]));
        let values = filter.id.run((context, value)).map(unwrap_valr);
        let mut out = Vec::new();
        for value in values.take(if first { 1 } else { usize::MAX }) {
            let value = value.map_err(|error| screen::line(&error.to_string()))?;
            write(&mut out, &Pp::default(), 0, &value).map_err(|error| error.to_string())?;
            out.push(b'\n');
            if out.len() > MOST {
                return Err(format!("it makes more than {}", screen::bytes(MOST as u64)));
            }
        }
        Ok(out)
    }

    fn is_too_deep(json: &[u8]) -> bool {
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        for byte in json {
            match byte {
                b'"' if !is_escaped => is_text = !is_text,
                b'[' | b'{' if !is_text => depth += 1,
                b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
                _ => {}
            }
            is_escaped = is_text && *byte == b'\\' && !is_escaped;
            if depth > DEEPEST {
                return true;
            }
        }
        false
    }
}

#[cfg(not(feature = "jq"))]
impl Jq {
    /// Tells that there are none.
    pub(crate) fn new(_: &str, place: &str) -> Result<Self, Problem> {
        Err(Problem::usage(format!("{place}: this http-hook was built without jq"))
            .with_hint("cargo install --path adapters/cli --features jq; a pointer needs none"))
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "there is no expression")]
    pub(crate) fn lines(&self, _: &[u8]) -> Result<Vec<u8>, Problem> {
        Ok(Vec::new())
    }

    #[expect(clippy::unused_self, reason = "there is no expression")]
    pub(crate) fn holds(&self, _: &[u8]) -> bool {
        false
    }
}

#[cfg(all(test, feature = "jq"))]
mod tests {
    use super::Jq;

    #[test]
    fn an_expression_ends_whatever_it_is_asked() {
        let made = |expression: &str, json: &[u8]| {
            let jq = Jq::new(expression, "--jq").ok().expect("an expression");
            jq.lines(json).map_err(|problem| problem.message().to_owned())
        };
        assert_eq!(made(".a[]", br#"{"a": [1, "b]\\"]}"#).unwrap(), b"1\n\"b]\\\\\"\n");
        let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
        assert!(made(".", &deep).unwrap_err().contains("lie in each other"));
        let flat = [b"[".as_slice(), &b"[],".repeat(10_000), b"0]"].concat();
        assert_eq!(made("length", &flat).unwrap(), b"10001\n");
        assert!(made("last(repeat(.))", b"1").unwrap_err().contains("takes longer than"));
        assert!(made("repeat(.)", b"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]").is_err());
    }

    #[test]
    fn an_answer_that_comes_late_is_not_that_of_another_value() {
        let jq = Jq::new("if . == 1 then last(range(30000000)) else . end", "--jq").ok().unwrap();
        if jq.lines(b"1").is_err() {
            assert!(jq.lines(b"2").is_err(), "it is over once it was late");
        }
    }
}
