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
/// base64 or hexadecimal, one in the other. The time that it takes is in proportion to the text, however many secrets there are.
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
        let mut parts = Vec::new();
        scan.look(text, None, 0, &mut |part| parts.push(part));
        Places::of(parts)
    }
}

/// One automaton at work.
struct Scan<'a> {
    automaton: &'a NFA,
    longest: &'a mut HashMap<StateID, usize>,
}

/// A way to write bytes as digits.
#[derive(Clone, Copy)]
struct Digits {
    /// What a digit says, in bits.
    bits: usize,
    /// How many digits of a run's first group may be missing.
    before: usize,
    value: fn(u8) -> Option<u8>,
    /// What may stand between two digits; a line's end may, and what indents the next one.
    between: &'static [u8],
}

const BASE64: Digits = Digits { bits: 6, before: 3, value: digit, between: b"" };
const HEX: Digits = Digits { bits: 4, before: 1, value: hex_digit, between: b" :-" };

/// How often digits are read out of digits.
const MAX_DEPTH: usize = 4;

/// The shortest run of digits that may hold another, in digits: fewer stand anywhere by chance.
const SHORTEST_RUN: usize = 8;

impl Scan<'_> {
    /// Shows each place of a secret, in the text as it stands, with its escapes undone, and in what its digits say; `of` is the
    /// first digit's place in its group, if the text was read out of digits.
    fn look(
        &mut self,
        text: &[u8],
        of: Option<usize>,
        depth: usize,
        found: &mut dyn FnMut(Range<usize>),
    ) {
        let is_whole = Undone::each_level(text, |level| {
            let bytes = level.bytes();
            self.each(bytes, |part| {
                let by_chance = of.is_some() && part.len() < SHORTEST_IN_BASE64;
                if !by_chance || of == Some(0) && part == (0..bytes.len()) {
                    found(level.place(part));
                }
            });
            for digits in [BASE64, HEX] {
                for run in runs(bytes, digits) {
                    if depth > 0 && run.places.len() < SHORTEST_RUN {
                        continue;
                    }
                    // A run may begin at each of the digits of a group.
                    for before in 0..=digits.before {
                        self.digits(&run, digits, before, depth, &mut |part| {
                            found(level.place(part));
                        });
                    }
                }
            }
        });
        // What is escaped more often may be anything.
        if !is_whole {
            found(0..text.len());
        }
    }

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

    /// Looks into what a run of digits says if so many of its first group are not there.
    fn digits(
        &mut self,
        run: &Run,
        digits: Digits,
        before: usize,
        depth: usize,
        found: &mut dyn FnMut(Range<usize>),
    ) {
        let bytes =
            decoded(run.digits.get(digits.before - before..).unwrap_or_default(), digits.bits);
        if bytes.len() < self.automaton.min_pattern_len() {
            return;
        }
        let mut show = |part: Range<usize>| {
            // Eight bits a byte.
            let (first, end) = (part.start * 8 / digits.bits, (part.end * 8).div_ceil(digits.bits));
            let part =
                first.saturating_sub(before)..end.saturating_sub(before).min(run.places.len());
            let places = run.places.get(part).unwrap_or_default();
            if let (Some(first), Some(last)) = (places.first(), places.last()) {
                // Inside of other digits padding is as good as the rest.
                let is_last = depth > 0 && run.places.last() == Some(last);
                found(*first..*last + 1 + if is_last { run.padding } else { 0 });
            }
        };
        if depth < MAX_DEPTH {
            self.look(&bytes, Some(before), depth + 1, &mut show);
        } else if bytes.len() >= SHORTEST_RUN && bytes.iter().all(|byte| digit(*byte).is_some()) {
            // What is in digits once more may be anything.
            show(0..bytes.len());
        }
    }
}

/// What may be digits: some in a row, what may stand between them aside.
struct Run {
    /// As many zeros as may be missing, then the digits.
    digits: Vec<u8>,
    places: Vec<usize>,
    /// How many bytes of padding follow.
    padding: usize,
}

fn runs(text: &[u8], of: Digits) -> impl Iterator<Item = Run> {
    let mut bytes = text.iter().enumerate();
    std::iter::from_fn(move || {
        let mut run = Run { digits: vec![0; of.before], places: Vec::new(), padding: 0 };
        let mut is_indent = false;
        for (at, byte) in bytes.by_ref() {
            let digit = (of.value)(*byte);
            is_indent = matches!(byte, b'\r' | b'\n') || is_indent && matches!(byte, b' ' | b'\t');
            match digit {
                Some(digit) => {
                    run.digits.push(digit);
                    run.places.push(at);
                }
                None if is_indent || of.between.contains(byte) || run.places.is_empty() => {}
                None => {
                    let padding = text[at..].iter().take(2).take_while(|byte| **byte == b'=');
                    run.padding = padding.count();
                    return Some(run);
                }
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

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What digits of so many bits say; what is left of a last byte that is not whole goes.
fn decoded(digits: &[u8], bits: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * bits / 8);
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits {
        held = held << bits | u32::from(*digit);
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.extend((held >> count).to_be_bytes().last());
            held &= (1 << count) - 1;
        }
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
