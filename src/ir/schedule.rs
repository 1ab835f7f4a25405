//! Schedules as AWS writes them, and what of them five cron fields can say.
//!
//! `EventBridge` knows `cron(…)` with six fields (a year, `?`, `L`, `W`, `#`, Sunday = 1) and `rate(…)`, which counts from
//! the moment its rule was created; `EventBridge` Scheduler also knows `at(…)`. Kubernetes and Argo read five fields,
//! Sunday = 0. [`parse`] reads the former exactly as AWS documents it, and [`to_cron`] says of each whether five
//! fields fire at the same minutes ([`CronResult::Exact`]), at others ([`CronResult::Changed`], both sides printed), or
//! cannot say it at all ([`CronResult::Refused`]). Both sides are UTC; a time zone is another field's matter.
//!
//! Source of the syntax: "Cron expressions reference" and "Rate expressions reference", Amazon `EventBridge` User Guide,
//! and "Schedule types in `EventBridge` Scheduler"; read November 2026.
use std::fmt;

/// A schedule expression, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AwsSchedule {
    Cron(AwsCron),
    Rate(Rate),
    /// Once, at this local time, as written: `2026-11-20T13:00:00`.
    At(String),
}

/// The six fields of `cron(…)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsCron {
    pub minute: Field,
    pub hour: Field,
    pub day: Day,
    pub month: Field,
    pub year: Field,
    text: String,
}

/// The days of `cron(…)`: AWS takes one of the two day fields, the other must be `?`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Day {
    OfMonth(Field),
    /// `L`: the last day of the month; `LW`: its last weekday; `15W`: the weekday nearest to the 15th. As written.
    OfMonthSpecial(String),
    /// Days of the week, Sunday = 1.
    OfWeek(Field),
    /// `6L`: the last Friday; `3#2`: the second Tuesday. As written, with names as numbers.
    OfWeekSpecial(String),
}

/// One field: the ranges whose union it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    ranges: Vec<Range>,
    /// Least and greatest value the field may have.
    bounds: (u16, u16),
}

/// `start`, `start + step` … not beyond `end`. An `end` before `start` goes through the field's end, as in hours `22-2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    start: u16,
    end: u16,
    step: u16,
}

/// `rate(value unit)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// At least one.
    pub value: u64,
    pub unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    Minute,
    Hour,
    Day,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rate({} {}{})", self.value, self.unit.name(), if self.value == 1 { "" } else { "s" })
    }
}

/// Why a text is not a schedule that AWS takes: a lowercase fragment, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    pub message: String,
    pub help: Option<String>,
}

/// Five cron fields, as Kubernetes and Argo Workflows read them: Sunday = 0, one of the day fields always `*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cron {
    pub minute: String,
    pub hour: String,
    pub day_of_month: String,
    pub month: String,
    pub day_of_week: String,
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} {}", self.minute, self.hour, self.day_of_month, self.month, self.day_of_week)
    }
}

/// What five fields make of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CronResult {
    /// Fires at the same minutes.
    Exact(Cron),
    /// Fires at other minutes: `why` prints both sides.
    Changed { cron: Cron, why: String },
    /// Five fields cannot say it; `help` says what could be done instead.
    Refused { why: String, help: String },
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// First and last year that `EventBridge` takes.
const YEARS: (u16, u16) = (1970, 2199);

fn fail<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, ScheduleError> {
    Err(ScheduleError { message: message.into(), help: Some(help.into()) })
}

/// Reads `cron(…)`, `rate(…)` or `at(…)`.
///
/// # Errors
/// Says in the user's words what AWS would not take.
pub fn parse(text: &str) -> Result<AwsSchedule, ScheduleError> {
    let text = text.trim();
    let inner = |name: &str| text.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')');
    if let Some(body) = inner("cron") {
        return cron(body).map(AwsSchedule::Cron);
    }
    if let Some(body) = inner("rate") {
        return rate(body).map(AwsSchedule::Rate);
    }
    if let Some(body) = inner("at") {
        return at(body.trim());
    }
    let help = match text.split_whitespace().count() {
        6 if !text.contains('(') => format!("write `cron({text})`"),
        2 if !text.contains('(') => format!("write `rate({text})`"),
        _ => "write `cron(minute hour day month weekday year)` or `rate(value unit)`".into(),
    };
    fail(format!("`{}` is not a schedule that AWS knows", shorten(text)), help)
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn rate(body: &str) -> Result<Rate, ScheduleError> {
    let words: Vec<&str> = body.split_whitespace().collect();
    let [value, unit] = words[..] else {
        return fail(format!("`rate({})` needs a value and a unit", shorten(body)), "for example `rate(5 minutes)`");
    };
    let number = match value.parse::<u64>() {
        Ok(number) if number > 0 && value.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => return fail(format!("the value `{}` of a rate is not a positive number", shorten(value)), "for example `rate(5 minutes)`"),
    };
    let (unit_kind, plural) = match unit {
        "minute" => (Unit::Minute, false),
        "minutes" => (Unit::Minute, true),
        "hour" => (Unit::Hour, false),
        "hours" => (Unit::Hour, true),
        "day" => (Unit::Day, false),
        "days" => (Unit::Day, true),
        _ => return fail(format!("`{}` is not a unit of a rate", shorten(unit)), "AWS knows minutes, hours and days"),
    };
    let rate = Rate { value: number, unit: unit_kind };
    if plural == (number == 1) {
        return fail(format!("AWS does not take `rate({value} {unit})`"), format!("write `{rate}`"));
    }
    Ok(rate)
}

fn at(body: &str) -> Result<AwsSchedule, ScheduleError> {
    let shape: String = body.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape == "0000-00-00T00:00:00" {
        return Ok(AwsSchedule::At(body.to_owned()));
    }
    fail(format!("`at({})` is not a date and time", shorten(body)), "for example `at(2030-01-31T13:00:00)`")
}

fn cron(body: &str) -> Result<AwsCron, ScheduleError> {
    let fields: Vec<&str> = body.split_whitespace().collect();
    let [minute, hour, month_day, month, week_day, year] = fields[..] else {
        let help = if fields.len() == 5 {
            "AWS wants a sixth field, the year: `*`"
        } else {
            "minute, hour, day of month, month, day of week, year"
        };
        return fail(format!("`cron({})` has {} fields, not six", shorten(body), fields.len()), help);
    };
    let day = match (month_day, week_day) {
        ("?", "?") => return fail("both day fields are `?`", "write `*` for the day of the month"),
        (_, "?") => month_days(month_day)?,
        ("?", _) => week_days(week_day)?,
        ("*", "*") => return fail("both day fields are `*`, which AWS does not take", "write `?` for the day of the week"),
        ("*", _) => return fail("AWS wants `?` in one of the two day fields", "write `?` for the day of the month"),
        _ => return fail("AWS wants `?` in one of the two day fields", "write `?` for the one that does not matter"),
    };
    Ok(AwsCron {
        minute: Field::parse("minute", minute, (0, 59), &[], 0)?,
        hour: Field::parse("hour", hour, (0, 23), &[], 0)?,
        day,
        month: Field::parse("month", month, (1, 12), &MONTHS, 1)?,
        year: Field::parse("year", year, YEARS, &[], 0)?,
        text: format!("cron({})", fields.join(" ")),
    })
}

fn month_days(text: &str) -> Result<Day, ScheduleError> {
    let upper = text.to_ascii_uppercase();
    let nearest = upper.strip_suffix('W').is_some_and(|day| day == "L" || day.parse::<u16>().is_ok_and(|d| (1..=31).contains(&d)));
    let before_last = upper.strip_prefix("L-").is_some_and(|days| days.parse::<u16>().is_ok_and(|d| d <= 30));
    if upper == "L" || nearest || before_last {
        return Ok(Day::OfMonthSpecial(upper));
    }
    Field::parse("day of month", text, (1, 31), &[], 1).map(Day::OfMonth)
}

fn week_days(text: &str) -> Result<Day, ScheduleError> {
    let upper = text.to_ascii_uppercase();
    // The last day of the week is Saturday, every week.
    if upper == "L" {
        return Ok(Day::OfWeek(Field { ranges: vec![Range { start: 7, end: 7, step: 1 }], bounds: (1, 7) }));
    }
    if let Some((day, nth)) = upper.split_once('#') {
        let day = number("day of week", day, (1, 7), &DAYS, 1)?;
        return match nth.parse::<u16>() {
            Ok(nth) if (1..=5).contains(&nth) => Ok(Day::OfWeekSpecial(format!("{day}#{nth}"))),
            _ => fail(format!("`{}` is not a week of the month", shorten(text)), "for example `3#2`, the second Tuesday"),
        };
    }
    if let Some(day) = upper.strip_suffix('L').filter(|d| !d.contains([',', '-', '/'])) {
        let day = number("day of week", day, (1, 7), &DAYS, 1)?;
        return Ok(Day::OfWeekSpecial(format!("{day}L")));
    }
    Field::parse("day of week", text, (1, 7), &DAYS, 1).map(Day::OfWeek)
}

fn number(field: &str, text: &str, bounds: (u16, u16), names: &[&str], first: u16) -> Result<u16, ScheduleError> {
    if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(first + u16::try_from(at).unwrap_or(0));
    }
    match text.parse::<u16>() {
        Ok(value) if (bounds.0..=bounds.1).contains(&value) && text.bytes().all(|b| b.is_ascii_digit()) => Ok(value),
        _ => fail(
            format!("`{}` is not a value of the field {field}", shorten(text)),
            if names.is_empty() {
                format!("a number from {} to {}", bounds.0, bounds.1)
            } else {
                format!("a number from {} to {}, or a name from {} to {}", bounds.0, bounds.1, names[0], names[names.len() - 1])
            },
        ),
    }
}

impl Field {
    fn parse(name: &str, text: &str, bounds: (u16, u16), names: &[&str], first: u16) -> Result<Self, ScheduleError> {
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                None => (part, None),
                Some((range, step)) => match step.parse::<u16>() {
                    Ok(step) if step > 0 => (range, Some(step)),
                    _ => return fail(format!("`{}` is not a step of the field {name}", shorten(step)), "a number from 1"),
                },
            };
            let (start, end) = if range == "*" {
                bounds
            } else if let Some((start, end)) = range.split_once('-') {
                (number(name, start, bounds, names, first)?, number(name, end, bounds, names, first)?)
            } else {
                // `5/10`: from 5 to the end of the field.
                let start = number(name, range, bounds, names, first)?;
                (start, if step.is_some() { bounds.1 } else { start })
            };
            if start > end && bounds == YEARS {
                return fail(format!("the years `{}` go backwards", shorten(range)), "write the earlier year first");
            }
            ranges.push(Range { start, end, step: step.unwrap_or(1) });
        }
        Ok(Self { ranges, bounds })
    }

    /// Every value, ascending.
    #[must_use]
    pub fn values(&self) -> Vec<u16> {
        let mut values: Vec<u16> = self.ranges.iter().flat_map(|range| range.values(self.bounds)).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    #[must_use]
    pub fn is_all(&self) -> bool {
        self.values().len() == usize::from(self.bounds.1 - self.bounds.0) + 1
    }

    /// In the notation of five fields, each value lowered by `shift`.
    fn render(&self, shift: u16) -> String {
        if self.is_all() {
            return "*".into();
        }
        let mut parts = Vec::new();
        for range in &self.ranges {
            let (start, end) = (range.start, range.end);
            let whole = (start, end) == self.bounds;
            if start > end {
                parts.extend(range.values(self.bounds).iter().map(|v| (v - shift).to_string()));
            } else if start == end || range.step > end - start {
                parts.push((start - shift).to_string());
            } else if range.step == 1 {
                parts.push(format!("{}-{}", start - shift, end - shift));
            } else if whole {
                parts.push(format!("*/{}", range.step));
            } else {
                parts.push(format!("{}-{}/{}", start - shift, end - shift, range.step));
            }
        }
        parts.join(",")
    }
}

impl Range {
    /// In the order in which the range names them.
    fn values(self, bounds: (u16, u16)) -> Vec<u16> {
        let count = bounds.1 - bounds.0 + 1;
        let length = if self.end >= self.start { self.end - self.start } else { self.end + count - self.start };
        (0..=length).step_by(usize::from(self.step)).map(|offset| bounds.0 + (self.start - bounds.0 + offset) % count).collect()
    }
}

/// Says what five cron fields make of a schedule.
#[must_use]
pub fn to_cron(schedule: &AwsSchedule) -> CronResult {
    match schedule {
        AwsSchedule::Cron(cron) => cron_to_cron(cron),
        AwsSchedule::Rate(rate) => rate_to_cron(*rate),
        AwsSchedule::At(when) => CronResult::Refused {
            why: format!("`at({when})` fires once; a cron schedule fires again and again"),
            help: "submit the workflow by hand, or from whatever decides on that moment".into(),
        },
    }
}

fn cron_to_cron(cron: &AwsCron) -> CronResult {
    let (day_of_month, day_of_week) = match &cron.day {
        Day::OfMonth(field) => (field.render(0), "*".to_owned()),
        Day::OfWeek(field) => ("*".to_owned(), field.render(1)),
        Day::OfMonthSpecial(special) | Day::OfWeekSpecial(special) => {
            return CronResult::Refused {
                why: format!("{} in `{}` has no equivalent in five cron fields", meaning(special), cron.text),
                help: "schedule it for every day that it can be, and let the first step end the run on the others".into(),
            };
        }
    };
    let five = Cron { minute: cron.minute.render(0), hour: cron.hour.render(0), day_of_month, month: cron.month.render(0), day_of_week };
    if cron.year.is_all() {
        return CronResult::Exact(five);
    }
    let years = cron.year.values();
    match years.first() {
        Some(first) if years.last() == Some(&YEARS.1) && years.len() == usize::from(YEARS.1 - first) + 1 => CronResult::Changed {
            why: format!(
                "AWS: `{}` begins in {first} → five cron fields have no year: `{five}` fires from the day it is applied",
                cron.text
            ),
            cron: five,
        },
        _ => CronResult::Refused {
            why: format!("`{}` fires in some years only, and five cron fields have no year: `{five}` would fire in all", cron.text),
            help: "drop the year where it no longer matters, or suspend the schedule by hand when it has passed".into(),
        },
    }
}

fn meaning(special: &str) -> String {
    let day =
        |digit: &str| digit.parse::<usize>().ok().and_then(|d| DAYS.get(d.wrapping_sub(1))).map_or(digit.to_owned(), |d| (*d).to_owned());
    if let Some((weekday, nth)) = special.split_once('#') {
        return format!("`{special}` ({} number {nth} of the month)", day(weekday));
    }
    match special {
        "L" => "`L` (the last day of the month)".into(),
        "LW" => "`LW` (the last weekday of the month)".into(),
        other if other.starts_with("L-") => format!("`{other}` (days before the last of the month)"),
        other => match (other.strip_suffix('W'), other.strip_suffix('L')) {
            (Some(date), _) => format!("`{other}` (the weekday nearest to day {date})"),
            (_, Some(weekday)) => format!("`{other}` (the last {} of the month)", day(weekday)),
            _ => format!("`{other}`"),
        },
    }
}

fn rate_to_cron(rate: Rate) -> CronResult {
    let minutes = match rate.unit {
        Unit::Minute => Some(rate.value),
        Unit::Hour => rate.value.checked_mul(60),
        Unit::Day => rate.value.checked_mul(24 * 60),
    };
    let star = || "*".to_owned();
    let every = |n: u64| if n == 1 { star() } else { format!("*/{n}") };
    let cron = match minutes {
        Some(n) if n < 60 && 60 % n == 0 => {
            Cron { minute: every(n), hour: star(), day_of_month: star(), month: star(), day_of_week: star() }
        }
        Some(n) if n % 60 == 0 && n < 1440 && 24 % (n / 60) == 0 => {
            Cron { minute: "0".into(), hour: every(n / 60), day_of_month: star(), month: star(), day_of_week: star() }
        }
        Some(1440) => Cron { minute: "0".into(), hour: "0".into(), day_of_month: star(), month: star(), day_of_week: star() },
        Some(10080) => Cron { minute: "0".into(), hour: "0".into(), day_of_month: star(), month: star(), day_of_week: "0".into() },
        _ => {
            return CronResult::Refused {
                why: format!("`{rate}` is not an even part of an hour, a day or a week, so cron fields cannot count it"),
                help: nearest(minutes),
            };
        }
    };
    if minutes == Some(1) {
        return CronResult::Exact(cron);
    }
    let phase = match minutes {
        Some(n) if n < 60 => "the full hour",
        Some(10080) => "Sunday midnight UTC",
        _ => "midnight UTC",
    };
    CronResult::Changed {
        why: format!(
            "AWS: `{rate}` counts from the moment its rule was created → `{cron}` counts from {phase}; as often, at other minutes"
        ),
        cron,
    }
}

/// The even rates on both sides of a number of minutes.
fn nearest(minutes: Option<u64>) -> String {
    const EVEN: [(u64, &str); 20] = [
        (1, "rate(1 minute)"),
        (2, "rate(2 minutes)"),
        (3, "rate(3 minutes)"),
        (4, "rate(4 minutes)"),
        (5, "rate(5 minutes)"),
        (6, "rate(6 minutes)"),
        (10, "rate(10 minutes)"),
        (12, "rate(12 minutes)"),
        (15, "rate(15 minutes)"),
        (20, "rate(20 minutes)"),
        (30, "rate(30 minutes)"),
        (60, "rate(1 hour)"),
        (120, "rate(2 hours)"),
        (180, "rate(3 hours)"),
        (240, "rate(4 hours)"),
        (360, "rate(6 hours)"),
        (480, "rate(8 hours)"),
        (720, "rate(12 hours)"),
        (1440, "rate(1 day)"),
        (10080, "rate(7 days)"),
    ];
    let below = minutes.and_then(|m| EVEN.iter().rev().find(|(n, _)| *n < m)).map_or("rate(7 days)", |(_, text)| text);
    let above = minutes.and_then(|m| EVEN.iter().find(|(n, _)| *n > m)).map(|(_, text)| *text);
    match above {
        Some(above) => format!("choose `{below}` or `{above}`, or a `cron(…)` with the moments that matter"),
        None => format!("choose `{below}`, or a `cron(…)` with the days of the month that matter"),
    }
}

#[cfg(test)]
mod tests;
