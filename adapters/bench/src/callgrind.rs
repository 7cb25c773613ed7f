//! What a program executes, counted by valgrind's callgrind: that depends on the program, not on the machine.

use std::collections::{HashMap, HashSet};
use std::process::Command;

/// The bytes of code that a CPU fetches at once.
const LINE: u64 = 64;

/// How often each instruction was executed: by the file of its code, then by its address there.
#[derive(Debug, Default)]
pub struct Profile(HashMap<String, HashMap<u64, u64>>);

/// What one of many like things takes.
#[derive(Clone, Copy, Debug)]
pub struct Touched {
    /// Instructions executed.
    pub instructions: u64,
    /// Lines of code that these lie in, of 64 bytes each.
    pub lines: u64,
}

impl Profile {
    /// Runs this program once more, with `arguments` that have it print nothing. Processes that it starts do not count.
    ///
    /// # Errors
    ///
    /// If valgrind is absent or counts nothing, or the program fails.
    pub fn of(arguments: &[&str]) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--dump-instr=yes", "--callgrind-out-file=/dev/stdout"])
            // Threads in turn, so that how long one runs before another does not depend on the machine.
            .args(["--compress-strings=no", "--compress-pos=no", "--fair-sched=try"])
            .arg(program)
            .args(arguments)
            .output()
            .map_err(|error| format!("valgrind: {error}"))?;
        let profile = Self::read(&String::from_utf8_lossy(&output.stdout));
        profile.filter(|_| output.status.success()).ok_or_else(|| {
            format!("valgrind counted nothing: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// Reads callgrind's file; nothing if its counts do not add up to its summary.
    fn read(text: &str) -> Option<Self> {
        let mut profile = Self::default();
        let mut counts = profile.0.entry(String::new()).or_default();
        let mut summary = None;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(object) = line.strip_prefix("ob=") {
                counts = profile.0.entry(object.to_owned()).or_default();
            } else if let Some(position) = line.strip_prefix("0x") {
                let mut words = position.split(' ');
                let address = u64::from_str_radix(words.next()?, 16).ok()?;
                *counts.entry(address).or_default() += words.nth(1)?.parse::<u64>().ok()?;
            } else if line.starts_with("calls=") {
                // The next line tells what was called costs, which is counted where it lies.
                lines.next();
            } else if let Some(total) = line.strip_prefix("summary: ") {
                summary = total.trim().parse().ok();
            }
        }
        (summary == Some(profile.instructions())).then_some(profile)
    }

    /// Counts all instructions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.0.values().flat_map(HashMap::values).sum()
    }

    /// What each of `times` things takes that this program did more often than when it did `fewer`. An instruction counts
    /// as touched if at least every other of them executes it.
    #[must_use]
    pub fn each(&self, fewer: &Self, times: u64) -> Touched {
        let mut lines = HashSet::new();
        for (object, counts) in &self.0 {
            let before = fewer.0.get(object);
            for (address, count) in counts {
                let before = before.and_then(|before| before.get(address)).copied();
                if 2 * count.saturating_sub(before.unwrap_or_default()) >= times {
                    lines.insert((object, address / LINE));
                }
            }
        }
        let instructions = self.instructions().saturating_sub(fewer.instructions()) / times;
        Touched { instructions, lines: lines.len() as u64 }
    }
}
