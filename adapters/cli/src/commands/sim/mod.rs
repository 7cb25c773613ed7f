//! `http-hook sim`: what policies do to a server that fails, side by side.

mod compare;
mod json;
mod limits;
mod million;
mod plot;
mod table;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use http_hook::Error;
use http_hook::RetryPolicy;
use http_hook_sim::Strategy;

use super::print;
use crate::args::{Sim, SimFormat};
use crate::exit::Problem;
use crate::screen;
use compare::{Comparison, Contender};

/// The most policy files that fit beside each other.
const MAX_FILES: usize = 20;

/// Makes the experiments, and prints what they came to.
pub(crate) fn run(sim: &Sim) -> Result<u8, Problem> {
    if sim.million {
        print(&million::run(sim.seed).map_err(|error| wrong(&error))?)?;
        return Ok(0);
    }
    if sim.files.len() > MAX_FILES {
        return Err(Problem::usage(format!("more than {MAX_FILES} policy files")));
    }
    let mut contenders: Vec<Contender> = Strategy::usual()
        .into_iter()
        .map(|(name, strategy)| Contender { name: name.to_owned(), strategy, own: false })
        .collect();
    for path in &sim.files {
        contenders.push(read(path)?);
    }
    let found = Comparison::new(sim.experiment, contenders, sim.seed, sim.runs)
        .map_err(|error| wrong(&error))?;
    if let Some(path) = &sim.svg {
        fs::write(path, plot::svg(&found))
            .map_err(|error| Problem::local(format!("cannot write {}: {error}", path.display())))?;
    }
    print(&match sim.format {
        SimFormat::Table => table::text(&found),
        SimFormat::Json => json::text(&found),
    })?;
    Ok(0)
}

/// Reads a policy file; it goes by its name without the ending.
fn read(path: &Path) -> Result<Contender, Problem> {
    let limit = u64::try_from(RetryPolicy::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_string(&mut text))
        .map_err(|error| Problem::local(format!("cannot read {}: {error}", path.display())))?;
    let strategy = Strategy::from_json(&text)
        .map_err(|error| Problem::usage(format!("{}: {error}", path.display())))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Contender { name: screen::line(&name), strategy, own: true })
}

fn wrong(error: &Error) -> Problem {
    Problem::usage(error.to_string())
}
