//! Timestamps as Step Functions reads and writes them: ISO 8601's extended format with an offset, as RFC 3339 profiles it.
use super::clock::Millis;

/// A point in time: nanoseconds since the Unix epoch. `None`: not a timestamp that Step Functions takes: `T` and an offset (`Z`, `+01:00`) must
/// be there, date and time must exist.
#[must_use]
pub fn parse(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 17 {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':')) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute) = (number(11..13)?, number(14..16)?);
    let mut at = 16;
    let mut second = 0;
    let mut nanos: i128 = 0;
    if is(at, b':') {
        second = number(17..19)?;
        at = 19;
        if is(at, b'.') {
            let digits = text[20..].bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            nanos = i128::from(number(20..20 + digits)?) * 10_i128.pow(9 - u32::try_from(digits).ok()?);
            at = 20 + digits;
        }
    }
    let offset_minutes = match bytes.get(at)? {
        b'Z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b':') => {
            let (hours, minutes) = (number(at + 1..at + 3)?, number(at + 4..at + 6)?);
            if hours > 18 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day < 1 || day > days || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(i128::from(seconds) * 1_000_000_000 + nanos)
}

/// As [`parse`], but `t` and `z` will do: a Wait takes them where a timestamp is data (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
#[must_use]
pub fn parse_any_case(text: &str) -> Option<i128> {
    parse(&text.to_ascii_uppercase())
}

/// As the context object writes it: `2026-11-24T09:31:00.123Z`, and `2026-11-24T09:31:00Z` at a full second ("Accessing execution data from the
/// Context object", Timestamp format with fractional seconds, November 2026).
#[must_use]
pub fn format(millis: Millis) -> String {
    let text = format_millis(millis);
    match text.strip_suffix(".000Z") {
        Some(seconds) => format!("{seconds}Z"),
        None => text,
    }
}

/// Always with milliseconds, so that texts are in the order of time.
#[must_use]
pub fn format_millis(millis: Millis) -> String {
    let days = i64::try_from(millis / 86_400_000).unwrap_or(i64::MAX / 2);
    let of_day = millis % 86_400_000;
    let (year, month, day) = civil(days);
    let (hour, minute, second, milli) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar: counted in 400-year cycles of 146,097 days with years that begin in March,
/// so that a leap day is a year's last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let of_cycle = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

/// The inverse of [`days_since_epoch`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let cycle = days.div_euclid(146_097);
    let of_cycle = days.rem_euclid(146_097);
    let year_of_cycle = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_step_functions_takes() {
        for (text, nanos) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2016-03-14T01:59:00Z", 1_457_920_740_000_000_000),
            ("2016-03-14T01:59:00.5+01:00", 1_457_917_140_500_000_000),
            ("2024-02-29T23:59:59.999999999-00:30", 1_709_252_999_999_999_999),
            ("1969-12-31T23:59:59Z", -1_000_000_000),
        ] {
            assert_eq!(parse(text), Some(nanos), "{text}");
        }
        assert_eq!(parse_any_case("1970-01-01t00:00z"), Some(0));
        for text in [
            "1970-01-01t00:00:00Z",
            "2016-12-05 21:29:29Z",
            "2016-12-05T21:29:29",
            "2016-13-05T21:29:29Z",
            "2016-12-05T25:29:29Z",
            "05-12-2016T21:29:29Z",
            "2023-02-29T00:00:00Z",
            "2016-12-05T21:29:29+1:00",
            "2016-12-05T21:29:29.Z",
            "date",
            "",
            "２016-12-05T21:29:29Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_go_there_and_back() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_epoch(year, month, day), days);
        }
        assert_eq!(format(1_457_920_740_007), "2016-03-14T01:59:00.007Z");
        assert_eq!(format(1_457_920_740_000), "2016-03-14T01:59:00Z");
    }
}
