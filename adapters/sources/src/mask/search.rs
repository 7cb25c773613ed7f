//! All secrets looked for at once, in a text as it stands and with its escapes undone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind, PatternID};

use super::undone::Undone;

/// How much of a form is looked for, in bytes: as much as there is room for.
const BEGINNINGS: [usize; 5] = [256, 64, 32, 16, 8];

/// The room for what is looked for, in bytes. An automaton takes about 50 times that.
const ROOM: usize = 2 << 20;

/// What is looked for. A long form is found by its beginning, and hidden in its length. Where there is more than there is room for,
/// every text is hidden.
#[derive(Clone)]
pub(super) enum Search {
    Nothing,
    Everything,
    /// With how much more is hidden behind the beginning of each form, in bytes.
    These(Box<NFA>, Vec<usize>),
}

impl Search {
    pub(super) fn new(forms: &BTreeSet<Vec<u8>>) -> Self {
        let fits = |longest: &usize| {
            let beginnings = beginnings(forms, *longest);
            let size: usize = beginnings.keys().map(|one| one.len()).sum();
            (size <= ROOM).then_some(beginnings)
        };
        let Some(beginnings) = BEGINNINGS.iter().find_map(fits) else { return Self::Everything };
        if beginnings.is_empty() {
            return Self::Nothing;
        }
        let mut builder = NFA::builder();
        // Overlapping ones can be found by this kind alone.
        let builder = builder.match_kind(MatchKind::Standard).prefilter(false);
        match builder.build(beginnings.keys()) {
            Ok(automaton) => Self::These(Box::new(automaton), beginnings.into_values().collect()),
            Err(_) => Self::Everything,
        }
    }

    /// The places of secrets, in order; those that overlap are one. Every byte is looked at once a level, however many secrets end
    /// there.
    pub(super) fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let all = || Some(0..text.len()).filter(|all| !all.is_empty()).into_iter().collect();
        let (automaton, behind) = match self {
            Self::Nothing => return Vec::new(),
            Self::Everything => return all(),
            Self::These(automaton, behind) => (&**automaton, behind),
        };
        let mut places = Vec::new();
        let is_whole = Undone::each_level(text, |level| {
            let own = each(automaton, behind, level.bytes());
            places.extend(own.into_iter().map(|part| level.place(part)));
        });
        // What is escaped more often may be anything.
        if !is_whole {
            return all();
        }
        places.sort_unstable_by_key(|place| place.start);
        let mut joined: Vec<Range<usize>> = Vec::new();
        for place in places {
            match joined.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => joined.push(place),
            }
        }
        joined
    }
}

/// What forms begin with, and how much is behind that; two that begin alike are one, as long as the longer.
fn beginnings(forms: &BTreeSet<Vec<u8>>, longest: usize) -> BTreeMap<&[u8], usize> {
    let mut beginnings: BTreeMap<&[u8], usize> = BTreeMap::new();
    for form in forms {
        let (beginning, rest) = form.split_at_checked(longest).unwrap_or((form, &[]));
        let known = beginnings.entry(beginning).or_default();
        *known = rest.len().max(*known);
    }
    beginnings
}

fn each(automaton: &NFA, behind: &[usize], text: &[u8]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let Ok(mut state) = automaton.start_state(Anchored::No) else { return parts };
    for (at, byte) in text.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, *byte);
        if !automaton.is_match(state) {
            continue;
        }
        // The first is the longest that ends here; the others are in it, and none of them goes on behind it: only the longest
        // beginnings have more behind them.
        let first: PatternID = automaton.match_pattern(state, 0);
        let more = behind.get(first.as_usize()).copied().unwrap_or_default();
        let start = (at + 1).saturating_sub(automaton.pattern_len(first));
        let mut part = start..(at + 1).saturating_add(more).min(text.len());
        // They come by their ends, so that only the last ones can overlap.
        while let Some(last) = parts.last().filter(|last| last.end > part.start) {
            part = last.start.min(part.start)..last.end.max(part.end);
            parts.pop();
        }
        parts.push(part);
    }
    parts
}
