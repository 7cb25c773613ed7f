//! Days as people count them.

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads the name of a month by its first three letters, in any case: from 0.
pub(crate) fn month(name: &str) -> Option<usize> {
    let start = name.get(..3)?;
    MONTHS.iter().position(|month| month.eq_ignore_ascii_case(start))
}

/// Counts the days since 1970, none before; `None` if the month has no such day. `month` counts from 0.
pub(crate) fn days(year: u64, month: usize, day: u64) -> Option<u64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if day == 0 || day > *lengths.get(month)? {
        return None;
    }
    if year < 1970 {
        return Some(0);
    }
    let before = year.saturating_sub(1);
    // 477 leap days lie before 1970.
    let leap_days =
        (before / 4).saturating_sub(before / 100).saturating_add(before / 400).saturating_sub(477);
    let full_months =
        lengths.iter().take(month).fold(0_u64, |sum, length| sum.saturating_add(*length));
    let whole_years = year.saturating_sub(1970).saturating_mul(365).saturating_add(leap_days);
    Some(whole_years.saturating_add(full_months).saturating_add(day.saturating_sub(1)))
}
