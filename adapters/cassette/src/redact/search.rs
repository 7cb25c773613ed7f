//! Secrets that are known, looked for in all written forms.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::places::Places;
use super::undone::{LEADS, Undone, undone_once};

/// The shortest secret that is looked for inside what base64 says: anything shorter stands there by chance, and counts
/// only if it is all that is said.
const SHORTEST_IN_BASE64: usize = 6;

/// Looks for all secrets at once, in the text as it stands, with its escapes undone, and in what it says where it may be
/// base64. The time that it takes is in proportion to the text, however many secrets there are.
pub(crate) struct Search {
    /// None if there are no secrets.
    automaton: Option<NFA>,
    /// The longest secret that ends in a state, for those that were met.
    longest: HashMap<StateID, usize>,
}

impl Search {
    pub(crate) fn new(secrets: &BTreeSet<Vec<u8>>) -> Self {
        let forms: BTreeSet<Vec<u8>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let build = |forms: BTreeSet<Vec<u8>>| {
            let mut builder = NFA::builder();
            let automaton = builder.match_kind(MatchKind::Standard).prefilter(false).build(forms);
            automaton.expect("fewer than 2^31 bytes of secrets")
        };
        let automaton = (!forms.is_empty()).then(|| build(forms));
        Self { automaton, longest: HashMap::new() }
    }

    /// Finds every place of a secret.
    pub(crate) fn places(&mut self, text: &[u8]) -> Places {
        let Some(automaton) = &self.automaton else { return Places::default() };
        let mut scan = Scan { automaton, longest: &mut self.longest };
        let mut found = Places::default();
        Undone::each_level(text, |level| {
            let mut again = Places::default();
            scan.each(level.bytes(), |part| again.add(level.place(part), b""));
            found.join(again);
            // A run may begin at each of the four digits of a group.
            for before in 0..=BEFORE {
                let mut again = Places::default();
                for run in runs(level.bytes()) {
                    scan.base64(&run, before, |part| again.add(level.place(part), b""));
                }
                found.join(again);
            }
        });
        found
    }
}

/// One automaton at work.
struct Scan<'a> {
    automaton: &'a NFA,
    longest: &'a mut HashMap<StateID, usize>,
}

impl Scan<'_> {
    /// Shows each place where a secret ends, the longest one that ends there.
    fn each(&mut self, text: &[u8], mut found: impl FnMut(Range<usize>)) {
        let start = self.automaton.start_state(Anchored::No);
        let mut state = start.expect("an automaton without anchors");
        for (at, byte) in text.iter().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_match(state) {
                let longest = *self.longest.entry(state).or_insert_with(|| {
                    let count = self.automaton.match_len(state);
                    let patterns = (0..count).map(|at| self.automaton.match_pattern(state, at));
                    let lengths = patterns.map(|pattern| self.automaton.pattern_len(pattern));
                    lengths.max().unwrap_or_default()
                });
                found((at + 1).saturating_sub(longest)..at + 1);
            }
        }
    }

    /// Looks into what a run of base64 says if so many digits of its first group are not there.
    fn base64(&mut self, run: &Run, before: usize, mut found: impl FnMut(Range<usize>)) {
        let bytes = decoded(run.digits.get(BEFORE - before..).unwrap_or_default());
        let whole = (before == 0).then_some(0..bytes.len());
        self.each(&bytes, |part| {
            if part.len() < SHORTEST_IN_BASE64 && whole.as_ref() != Some(&part) {
                return;
            }
            // Eight bits a byte, six bits a digit.
            let (first, end) = (part.start * 8 / 6, (part.end * 8).div_ceil(6));
            let digits = first.saturating_sub(before)..end.saturating_sub(before);
            let places = run.places.get(digits).unwrap_or_default();
            if let (Some(first), Some(last)) = (places.first(), places.last()) {
                found(*first..*last + 1);
            }
        });
    }
}

/// How many digits of a run's first group may be missing.
const BEFORE: usize = 3;

/// What may be base64: digits of either alphabet in a row, line breaks between them aside.
struct Run {
    /// As many zeros as may be missing, then the digits.
    digits: Vec<u8>,
    places: Vec<usize>,
}

fn runs(text: &[u8]) -> impl Iterator<Item = Run> {
    let mut bytes = text.iter().enumerate();
    std::iter::from_fn(move || {
        let mut run = Run { digits: vec![0; BEFORE], places: Vec::new() };
        for (at, byte) in bytes.by_ref() {
            match digit(*byte) {
                Some(digit) => {
                    run.digits.push(digit);
                    run.places.push(at);
                }
                None if matches!(byte, b'\r' | b'\n') => {}
                None if run.places.is_empty() => {}
                None => return Some(run),
            }
        }
        (!run.places.is_empty()).then_some(run)
    })
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn decoded(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - group.len()));
        let whole = group.len() * 6 / 8;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=whole]);
    }
    bytes
}

/// A secret as it may stand in a text: as it is, with its own escapes undone (of a form, too), with the blanks of a form,
/// and in the other encoding of its characters.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for text in [secret, &swapped(secret, b'+', b' ')] {
        Undone::each_level(text, |level| forms.push(level.bytes().to_vec()));
        forms.extend(LEADS.map(|lead| undone_once(text, lead)));
    }
    forms.extend(forms.clone().iter().map(|form| swapped(form, b' ', b'+')));
    forms.extend(forms.clone().iter().filter_map(|form| other_encoding(form)));
    forms
}

fn swapped(text: &[u8], from: u8, to: u8) -> Vec<u8> {
    text.iter().map(|byte| if *byte == from { to } else { *byte }).collect()
}

/// Latin-1 in place of UTF-8, or the other way round; `None` where they are the same, or it is neither.
fn other_encoding(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().map(|c| u8::try_from(c).ok()).collect(),
        Err(_) => Some(text.iter().copied().map(char::from).collect::<String>().into_bytes()),
    }
}
