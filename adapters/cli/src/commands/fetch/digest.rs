//! What a file has to be by its digest.

use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

use super::kept::Kept;
use crate::args::Fetch as Args;
use crate::exit::Problem;
use crate::private;
use crate::state::hex;

/// The longest file of digests that is read, in bytes.
const MAX_SUMS: u64 = 16 << 20;

/// A digest that a file has to have.
pub(super) struct Wanted {
    name: Name,
    hex: String,
}

#[derive(Clone, Copy)]
enum Name {
    Md5,
    Sha256,
    Sha512,
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().replace('-', "").as_str() {
            "md5" => Self::Md5,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many digits it has.
    const fn len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl Wanted {
    /// Reads all that is said of a file that goes to `place`.
    pub(super) fn all(args: &Args, place: &Path) -> Result<Vec<Self>, Problem> {
        let mut all = Vec::new();
        if let Some(text) = &args.sha256 {
            let text = match text.strip_prefix('@') {
                Some(sums) => of_sums(Path::new(sums), place)?,
                None => text.clone(),
            };
            all.push(Self::new(Name::Sha256, &text, "--sha256")?);
        }
        for word in &args.checksum {
            let known =
                word.split_once(':').and_then(|(name, hex)| Some((Name::parse(name)?, hex)));
            let Some((name, hex)) = known else {
                return Err(Problem::usage("--checksum: sha256:HEX, sha512:HEX or md5:HEX"));
            };
            all.push(Self::new(name, hex, "--checksum")?);
        }
        Ok(all)
    }

    fn new(name: Name, hex: &str, place: &str) -> Result<Self, Problem> {
        let hex = hex.trim().to_ascii_lowercase();
        if hex.len() != name.len() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!("{place}: {} has {} digits, 0 to f", name.text(), name.len());
            return Err(Problem::usage(message));
        }
        Ok(Self { name, hex })
    }

    /// Compares.
    pub(super) fn check(wanted: &[Self], kept: &mut Kept) -> Result<(), Problem> {
        for Self { name, hex: wanted } in wanted {
            let found = match name {
                Name::Md5 => of_file::<Md5>(kept)?,
                Name::Sha256 => of_file::<Sha256>(kept)?,
                Name::Sha512 => of_file::<Sha512>(kept)?,
            };
            if found != *wanted {
                let name = name.text();
                let message =
                    format!("the file is not the one that was wanted: its {name} is {found}");
                return Err(Problem::check("digest_mismatch", message));
            }
        }
        Ok(())
    }
}

fn of_file<D: Digest>(kept: &mut Kept) -> Result<String, Problem> {
    let mut hash = D::new();
    kept.each(|piece| hash.update(piece))?;
    Ok(hex(&hash.finalize()))
}

pub(super) fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Finds the digest in a file as `sha256sum` writes it: that of the file's name, or the only one.
fn of_sums(sums: &Path, place: &Path) -> Result<String, Problem> {
    let shown = sums.display();
    let text = private::read(sums, MAX_SUMS)
        .map_err(|error| Problem::local(format!("--sha256: cannot read {shown}: {error}")))?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let rows: Vec<(&str, &str)> = lines
        .map(|line| match line.trim().split_once([' ', '\t']) {
            Some((hex, name)) => (hex, name.trim_start_matches([' ', '\t', '*'])),
            None => (line.trim(), ""),
        })
        .collect();
    let own = |named: &str| named.rsplit('/').next() == Some(&*name);
    match rows.iter().find(|(_, named)| own(named)).or(rows.first().filter(|_| rows.len() == 1)) {
        Some((hex, named)) if named.is_empty() || own(named) => Ok((*hex).to_owned()),
        _ => Err(Problem::usage(format!("--sha256: {shown} does not name {name}"))),
    }
}
