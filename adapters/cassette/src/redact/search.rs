//! Secrets that are known, looked for in all written forms.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::digits::{BASE64, Digits, HEX, Run, decoded, digit, runs};
use super::places::Places;
use super::secrets::Secrets;
use super::undone::{LEADS, Undone, undone_once};
use super::work::Work;

/// The shortest secret that is looked for inside what base64 says: anything shorter stands there by chance, and counts
/// only if it is all that is said.
const SHORTEST_IN_BASE64: usize = 6;

/// How much of a secret is looked for, in bytes: as much as there is room for.
const BEGINNINGS: [usize; 5] = [256, 64, 32, 16, 8];

/// The room for what is looked for, in bytes. An automaton takes about 50 times that.
const ROOM: usize = 2 << 20;

/// Looks for all secrets at once, in the text as it stands, with its escapes undone, and in what it says where it may be
/// base64 or hexadecimal, one in the other. The time that it takes is in proportion to the text, however many secrets there are:
/// a text that takes more is hidden. A long secret is found by its beginning, and is hidden in its length, whatever stands
/// there. Where there are more secrets than there is room for, everything is.
pub(crate) enum Search {
    Nothing,
    Everything,
    These(Box<These>),
}

pub(crate) struct These {
    automaton: NFA,
    /// What is hidden from the begin of each pattern on, in bytes.
    lengths: Vec<usize>,
    /// How far before and behind a state's last byte is hidden, for those that were met.
    around: HashMap<StateID, (usize, usize)>,
}

impl Search {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let mut patterns = BEGINNINGS.iter().map(|longest| patterns(secrets, *longest));
        let Some(patterns) = patterns.find_map(|patterns| patterns) else {
            return Self::Everything;
        };
        if patterns.is_empty() {
            return Self::Nothing;
        }
        let mut builder = NFA::builder();
        let automaton = builder.match_kind(MatchKind::Standard).prefilter(false);
        let automaton = automaton.build(patterns.keys()).expect("fewer than 2^31 bytes of secrets");
        let lengths = patterns.into_values().collect();
        Self::These(Box::new(These { automaton, lengths, around: HashMap::new() }))
    }

    /// Finds every place of a secret.
    pub(crate) fn places(&mut self, text: &[u8]) -> Places {
        let these = match self {
            Self::Nothing => return Places::default(),
            Self::Everything => return Places::all(text),
            Self::These(these) => these,
        };
        let These { automaton, lengths, around } = &mut **these;
        let work = Work::on(text);
        let mut scan = Scan { automaton, lengths, around, work: &work };
        let mut parts = Parts::default();
        scan.look(text, None, 0, &mut |part| parts.add(part));
        // What was not looked at may be anything.
        if work.is_over() { Places::all(text) } else { Places::of(parts.list) }
    }

    /// How much memory it takes, in bytes.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Nothing | Self::Everything => 0,
            Self::These(these) => these.automaton.memory_usage() + these.lengths.len() * 8,
        }
    }
}

/// What is looked for, each with the length that is hidden; `None` if there is no room for all.
fn patterns(secrets: &Secrets, longest: usize) -> Option<BTreeMap<Vec<u8>, usize>> {
    let (mut patterns, mut room) = (BTreeMap::new(), ROOM);
    for (beginning, length) in secrets.all() {
        // What is not kept is in no form longer than here, unless its bytes become characters.
        let most = if std::str::from_utf8(beginning).is_ok() { 1 } else { 2 };
        let rest = length.saturating_sub(beginning.len()).saturating_mul(most);
        let is_odd = beginning.len() >= 8 && beginning.iter().any(u8::is_ascii_digit);
        let forms = forms(beginning).into_iter();
        for mut form in forms.flat_map(|form| in_cases(form, is_odd)) {
            let length = form.len().saturating_add(rest);
            form.truncate(longest);
            let size = form.len();
            let known = patterns.entry(form).or_insert_with(|| {
                room = room.saturating_sub(size);
                0
            });
            *known = length.max(*known);
            if room == 0 {
                return None;
            }
        }
    }
    Some(patterns)
}

/// A text as it is and, if it is `odd`, so that it stands nowhere by chance, in capitals and in small letters.
fn in_cases(text: Vec<u8>, odd: bool) -> impl Iterator<Item = Vec<u8>> {
    let others = odd.then(|| [text.to_ascii_uppercase(), text.to_ascii_lowercase()]);
    others.into_iter().flatten().chain([text])
}

/// Parts of a text, those that overlap as one, and never much more of them than there may be apart from each other.
#[derive(Default)]
struct Parts {
    list: Vec<Range<usize>>,
    joined: usize,
}

impl Parts {
    fn add(&mut self, part: Range<usize>) {
        self.list.push(part);
        if self.list.len() >= 2 * self.joined + 4096 {
            self.list.sort_unstable_by_key(|part| part.start);
            self.list.dedup_by(|next, last| {
                let meets = next.start <= last.end;
                last.end = if meets { last.end.max(next.end) } else { last.end };
                meets
            });
            self.joined = self.list.len();
        }
    }
}

/// One automaton at work on one text.
struct Scan<'a> {
    automaton: &'a NFA,
    lengths: &'a [usize],
    around: &'a mut HashMap<StateID, (usize, usize)>,
    work: &'a Work,
}

/// How often digits are read out of digits.
const MAX_DEPTH: usize = 4;

/// The shortest run of digits that may hold another, in digits: fewer stand anywhere by chance.
const SHORTEST_RUN: usize = 8;

/// The shortest run that is looked into once only, if no escape is in it or beside it, in digits.
const LONG_RUN: usize = 64;

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
        let mut is_first = true;
        let is_whole = Undone::each_level(text, |level| {
            let bytes = level.bytes();
            // Once for secrets, once for each kind of digits.
            if !self.work.does(bytes.len().saturating_mul(3)) {
                return;
            }
            let counts = |part: &Range<usize>| {
                let by_chance = of.is_some() && part.len() < SHORTEST_IN_BASE64;
                !by_chance || of == Some(0) && *part == (0..bytes.len())
            };
            self.each(bytes, counts, |part| found(level.place(part)));
            for digits in [BASE64, HEX] {
                for run in runs(bytes, digits) {
                    if depth > 0 && run.len() < SHORTEST_RUN || self.work.is_over() {
                        continue;
                    }
                    let place = level.place(run.span(0..run.len()));
                    if !is_first && run.len() >= LONG_RUN && run.stood_in(text, &place, digits) {
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
            is_first = false;
        });
        // What is escaped more often may be anything.
        if !is_whole {
            found(0..text.len());
        }
    }

    /// Shows each place of a secret that counts: from the begin of the longest one that is found, as far as it may go.
    fn each(
        &mut self,
        text: &[u8],
        counts: impl Fn(&Range<usize>) -> bool,
        mut found: impl FnMut(Range<usize>),
    ) {
        let start = self.automaton.start_state(Anchored::No);
        let mut state = start.expect("an automaton without anchors");
        let mut last = 0..0;
        for (at, byte) in text.iter().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_match(state) {
                let (before, behind) = self.around(state);
                let end = (at + 1).saturating_add(behind).min(text.len());
                let part = (at + 1).saturating_sub(before)..end;
                if !counts(&part) {
                    continue;
                }
                // Of a text of one letter each byte ends a secret.
                if part.start < last.end {
                    last = last.start.min(part.start)..last.end.max(part.end);
                } else {
                    let before = std::mem::replace(&mut last, part);
                    if !before.is_empty() {
                        found(before);
                    }
                }
            }
        }
        if !last.is_empty() {
            found(last);
        }
    }

    /// How far before a state's last byte the longest secret begins, and how far behind it one may go on.
    fn around(&mut self, state: StateID) -> (usize, usize) {
        *self.around.entry(state).or_insert_with(|| {
            let patterns = (0..self.automaton.match_len(state))
                .map(|at| self.automaton.match_pattern(state, at));
            patterns.fold((0, 0), |(before, behind), pattern| {
                let found = self.automaton.pattern_len(pattern);
                let length = self.lengths.get(pattern.as_usize()).copied().unwrap_or_default();
                (before.max(found), behind.max(length.saturating_sub(found)))
            })
        })
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
        if bytes.len() < self.automaton.min_pattern_len() || !self.work.does(run.len()) {
            return;
        }
        let mut show = |part: Range<usize>| {
            // Eight bits a byte.
            let (first, end) = (part.start * 8 / digits.bits, (part.end * 8).div_ceil(digits.bits));
            let end = end.saturating_sub(before).min(run.len());
            let part = first.saturating_sub(before)..end;
            if part.is_empty() {
                return;
            }
            let place = run.span(part);
            // Inside of other digits padding is as good as the rest.
            let padding = if depth > 0 && end == run.len() { run.padding } else { 0 };
            found(place.start..place.end + padding);
        };
        if depth < MAX_DEPTH {
            self.look(&bytes, Some(before), depth + 1, &mut show);
        } else if bytes.len() >= SHORTEST_RUN && bytes.iter().all(|byte| digit(*byte).is_some()) {
            // What is in digits once more may be anything.
            show(0..bytes.len());
        }
    }
}

/// A secret as it may stand in a text: as it is, with its own escapes undone (of a form, too), with the blanks of a form,
/// and in the other encoding of its characters.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let is_plain = |byte: &u8| byte.is_ascii() && !LEADS.contains(byte) && !b"+ ".contains(byte);
    if secret.iter().all(is_plain) {
        return vec![secret.to_vec()];
    }
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
