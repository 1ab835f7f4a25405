//! What an answer must look like to be of use: schedules, and the names of registries, tags and repositories.
//!
//! Each check gives the reason against a text, as it reads behind "cannot be `…`: ".

/// The five fields of a schedule: what each is called, its least and greatest number, its names (the first has the least
/// number). They are those of the cron library that Argo Workflows parses a `CronWorkflow` with (robfig/cron, "CRON Expression
/// Format"): 7 is no day there.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// A schedule of five fields.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("a schedule has five fields (minute, hour, day, month, weekday), and this has {}", fields.len()));
    }
    for (field, (name, least, greatest, names)) in fields.iter().zip(FIELDS) {
        for part in field.split(',') {
            schedule_part(part, least, greatest, names).map_err(|why| format!("the {name} `{field}` {why}"))?;
        }
    }
    Ok(())
}

fn schedule_part(part: &str, least: u32, greatest: u32, names: &[&str]) -> Result<(), String> {
    let number = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let named = names.iter().zip(least..).find(|(name, _)| **name == lower).map(|(_, number)| number);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match named.or_else(|| text.parse().ok().filter(|_| digits)) {
            Some(number) if (least..=greatest).contains(&number) => Ok(number),
            Some(_) => Err(format!("is not between {least} and {greatest}")),
            None => Err("is no field of a schedule".to_owned()),
        }
    };
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && step.parse::<u32>().map_or(true, |step| step == 0 || step > greatest)
    {
        return Err(format!("has a step that is not between 1 and {greatest}"));
    }
    match range.split_once('-') {
        _ if range == "*" || range == "?" => Ok(()),
        None => number(range).map(|_| ()),
        Some((from, to)) => {
            if number(from)? > number(to)? {
                return Err("has a range that ends before it begins".to_owned());
            }
            Ok(())
        }
    }
}

/// What stands before the name of an image: a host, perhaps with a port, and a path (Distribution, "Reference": the grammar
/// of an image's name).
pub(super) fn registry(text: &str) -> Result<(), String> {
    if text.contains("://") {
        return Err("the name of an image has no scheme: leave out what stands up to `://`".to_owned());
    }
    if text.is_empty() || text.starts_with('/') || text.ends_with('/') || text.contains("//") {
        return Err("write a host and a path without a `/` at its ends: `registry.example.com/spark`".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("the name of an image has no {}", named(c)));
    }
    let (host, path) = text.split_once('/').map_or((text, ""), |(host, path)| (host, path));
    if let Some((name, port)) = host.split_once(':')
        && (name.is_empty() || port.parse::<u16>().is_err())
    {
        return Err(format!("`{port}` is no port"));
    }
    if path.contains(|c: char| c.is_ascii_uppercase() || c == ':') {
        return Err("the path in the name of an image has lower case only, and no `:`".to_owned());
    }
    Ok(())
}

/// The tag of an image: at most 128 letters, digits, `_`, `.` and `-`, not starting with `.` or `-` (Distribution,
/// "Reference").
pub(super) fn tag(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("a tag has no {}", named(c)));
    }
    if text.is_empty() || text.len() > 128 || text.starts_with(['.', '-']) {
        return Err("a tag has 1 to 128 characters and starts with a letter, a digit or `_`".to_owned());
    }
    Ok(())
}

/// The address of a Git repository: a URL, or `user@host:path`.
pub(super) fn repository(text: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("an address has no {}", named(c)));
    }
    let url = text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    let scp = text.split_once(':').is_some_and(|(host, path)| !host.is_empty() && !path.is_empty() && !path.starts_with("//"));
    if url || scp {
        return Ok(());
    }
    Err("write an address that Argo CD can fetch from: `https://git.example.com/data/pipelines.git`".to_owned())
}

fn named(c: char) -> String {
    match c {
        ' ' => "spaces".to_owned(),
        c if c.is_whitespace() || c.is_control() => "white space".to_owned(),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in ["0 3 * * *", "*/5 0-12/2 1,15 jan-MAR mon", "0 0 ? * 6", "59 23 31 12 0", "5/10 * * * *"] {
            assert_eq!(schedule(good), Ok(()), "{good}");
        }
        let bad = [
            "",
            "daily",
            "@daily",
            "99 99 * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "0 3 * * * *",
            "*/0 * * * *",
            "*/99 * * * *",
            "30-10 * * * *",
            "0,, * * * *",
            "-5 * * * *",
            "+5 * * * *",
            "a * * * *",
            "0 3 * * mon-",
        ];
        for bad in bad {
            assert!(schedule(bad).is_err(), "{bad}");
        }
        assert_eq!(schedule("99 3 * * *"), Err("the minute `99` is not between 0 and 59".to_owned()));
    }

    #[test]
    fn images_and_addresses() {
        for good in ["registry.example.com/spark", "localhost:5000/a/b_c", "1.dkr.ecr.eu-west-1.example.com", "host"] {
            assert_eq!(registry(good), Ok(()), "{good}");
        }
        for bad in ["", "my registry", "https://x/y", "x/", "/x", "x//y", "host:port/x", "x/Y", "x/y:1", "x\ty", "x@y"] {
            assert!(registry(bad).is_err(), "{bad:?}");
        }
        for good in ["1.0.0", "v1_2-3", "_x"] {
            assert_eq!(tag(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "-x", ".x", "a:b", "a/b"] {
            assert!(tag(bad).is_err(), "{bad}");
        }
        for good in ["https://git.example.com/x.git", "git@git.example.com:x/y.git", "ssh://git@h/x", "file:///x"] {
            assert_eq!(repository(good), Ok(()), "{good}");
        }
        for bad in ["", "x", "my repo", "https://a b/c", "://x", "https://"] {
            assert!(repository(bad).is_err(), "{bad}");
        }
    }
}
