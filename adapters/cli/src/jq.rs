//! Expressions of jq, by jaq, where the command was built with them.

use crate::args::ResultArgs;
use crate::exit::Problem;

/// An expression, ready to be asked.
pub(crate) struct Jq {
    #[cfg(feature = "jq")]
    filter: jaq_core::Filter<Data>,
}

#[cfg(feature = "jq")]
type Data = jaq_core::data::JustLut<jaq_json::Val>;

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
        use jaq_core::load::{Arena, File, Loader};
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs).load(&arena, File { code: expression, path: () });
        let wrong = || Problem::usage(format!("{place}: not an expression of jq"));
        let modules = modules.map_err(|_| wrong())?;
        let compiled = jaq_core::Compiler::default().with_funs(funs).compile(modules);
        let filter = compiled.map_err(|errors| {
            let names = errors.iter().flat_map(|(_, errors)| errors).map(|(name, _)| *name);
            let names: Vec<_> = names.collect();
            Problem::usage(format!("{place}: jq has no {}", names.join(", ")))
        })?;
        Ok(Self { filter })
    }

    /// Gives what the expression makes of a text in JSON, a value a line.
    pub(crate) fn lines(&self, json: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        for value in self.values(json)? {
            let value = value.map_err(|why| Problem::check("jq_failed", format!("--jq: {why}")))?;
            let written =
                jaq_json::write::write(&mut out, &jaq_json::write::Pp::default(), 0, &value);
            written.map_err(|error| Problem::local(format!("--jq: {error}")))?;
            out.push(b'\n');
        }
        Ok(out)
    }

    /// Whether the first value that it makes of a text in JSON is one, and neither `false` nor `null`.
    pub(crate) fn holds(&self, json: &[u8]) -> bool {
        use jaq_json::Val;
        let Ok(mut values) = self.values(json) else { return false };
        !matches!(values.next(), None | Some(Err(_) | Ok(Val::Null | Val::Bool(false))))
    }

    fn values<'a>(
        &'a self,
        json: &[u8],
    ) -> Result<impl Iterator<Item = Result<jaq_json::Val, String>> + 'a, Problem> {
        use jaq_core::{Ctx, Vars, unwrap_valr};
        let value = jaq_json::read::parse_single(json)
            .map_err(|_| Problem::check("jq_failed", "--jq: the body is no JSON"))?;
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new([]));
        let values = self.filter.id.run((context, value)).map(unwrap_valr);
        Ok(values.map(|value| value.map_err(|error| crate::screen::line(&error.to_string()))))
    }
}

#[cfg(not(feature = "jq"))]
impl Jq {
    /// Tells that there are none.
    pub(crate) fn new(_: &str, place: &str) -> Result<Self, Problem> {
        Err(Problem::usage(format!("{place}: this http-hook was built without jq"))
            .with_hint("cargo install --features jq; a pointer needs none"))
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
