use super::*;
use proptest::prelude::*;

/// Whether a field, in either notation, names a value: written without the code under test.
fn names(field: &str, value: u16, min: u16, max: u16) -> bool {
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s.parse::<u16>().unwrap())));
        let resolve = |text: &str| {
            let name = |names: &[&str]| names.iter().position(|n| *n == text).map(|i| u16::try_from(i).unwrap() + 1);
            name(&MONTHS).or_else(|| name(&DAYS)).unwrap_or_else(|| text.parse().unwrap())
        };
        let (start, end) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (min, max),
            (_, Some((a, b))) => (resolve(a), resolve(b)),
            (one, None) => (resolve(one), if step.is_some() { max } else { resolve(one) }),
        };
        // Walk from the start, through the end of the field where the range wraps.
        let mut at = start;
        let mut taken = 0;
        loop {
            if taken % step.unwrap_or(1) == 0 && at == value {
                return true;
            }
            if at == end {
                return false;
            }
            at = if at == max { min } else { at + 1 };
            taken += 1;
        }
    })
}

const LENGTHS: [u16; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Every minute of 2026 (which began on a Thursday) at which the fields fire; `sunday` is the number of Sunday.
fn fires(fields: &[&str], sunday: u16) -> Vec<(u16, u16, u16, u16)> {
    let mut out = Vec::new();
    let mut weekday = 4;
    let minutes: Vec<u16> = (0..60).filter(|m| names(fields[0], *m, 0, 59)).collect();
    let hours: Vec<u16> = (0..24).filter(|h| names(fields[1], *h, 0, 23)).collect();
    for (month, length) in (1_u16..).zip(LENGTHS) {
        for day in 1..=length {
            // Five fields with both days restricted fire on either; AWS never has both.
            let by_date = names(fields[2], day, 1, 31);
            let by_weekday = names(fields[4], weekday + sunday, sunday, sunday + 6);
            let either = fields[2] != "*" && fields[2] != "?" && fields[4] != "*" && fields[4] != "?";
            if names(fields[3], month, 1, 12) && (if either { by_date || by_weekday } else { by_date && by_weekday }) {
                for hour in &hours {
                    out.extend(minutes.iter().map(|minute| (month, day, *hour, *minute)));
                }
            }
            weekday = (weekday + 1) % 7;
        }
    }
    out
}

fn exact(text: &str) -> String {
    match to_cron(&parse(text).unwrap()) {
        CronResult::Exact(cron) => cron.to_string(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_five_fields_say_exactly() {
    for (aws, five) in [
        ("cron(0 10 * * ? *)", "0 10 * * *"),
        ("cron(15 12 * * ? *)", "15 12 * * *"),
        ("cron(0 18 ? * MON-FRI *)", "0 18 * * 1-5"),
        ("cron(0 8 1 * ? *)", "0 8 1 * *"),
        ("cron(0/10 * ? * MON-FRI *)", "*/10 * * * 1-5"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "*/5 8-17 * * 1-5"),
        ("cron(0/30 20-2 ? * MON-FRI *)", "*/30 20,21,22,23,0,1,2 * * 1-5"),
        ("cron(1/10 * * * ? *)", "1-59/10 * * * *"),
        ("cron(0 0 ? JAN,jul 1,SAT *)", "0 0 * 1,7 0,6"),
        ("cron(0 0 ? * L *)", "0 0 * * 6"),
        ("cron(0 0 ? * FRI-MON *)", "0 0 * * 5,6,0,1"),
        ("cron(*/15  0 ? * * 1970-2199)", "*/15 0 * * *"),
        ("  cron(5/60 0 * * ? *) ", "5 0 * * *"),
        ("rate(1 minute)", "* * * * *"),
    ] {
        assert_eq!(exact(aws), five, "{aws}");
    }
}

#[test]
fn rates_count_from_elsewhere() {
    for (rate, five) in [
        ("rate(5 minutes)", "*/5 * * * *"),
        ("rate(60 minutes)", "0 * * * *"),
        ("rate(1 hour)", "0 * * * *"),
        ("rate(120 minutes)", "0 */2 * * *"),
        ("rate(12 hours)", "0 */12 * * *"),
        ("rate(24 hours)", "0 0 * * *"),
        ("rate(1 day)", "0 0 * * *"),
        ("rate(7 days)", "0 0 * * 0"),
    ] {
        match to_cron(&parse(rate).unwrap()) {
            CronResult::Changed { cron, why } => {
                assert_eq!(cron.to_string(), five, "{rate}");
                assert!(why.contains("AWS") && why.contains(five), "{why}");
            }
            other => panic!("{rate}: {other:?}"),
        }
    }
    for (rate, choice) in [
        ("rate(7 minutes)", "rate(6 minutes)"),
        ("rate(7 minutes)", "rate(10 minutes)"),
        ("rate(90 minutes)", "rate(2 hours)"),
        ("rate(5 hours)", "rate(6 hours)"),
        ("rate(2 days)", "rate(7 days)"),
        ("rate(30 days)", "rate(7 days)"),
        ("rate(18446744073709551615 days)", "cron"),
    ] {
        match to_cron(&parse(rate).unwrap()) {
            CronResult::Refused { help, .. } => assert!(help.contains(choice), "{rate}: {help}"),
            other => panic!("{rate}: {other:?}"),
        }
    }
}

#[test]
fn what_five_fields_cannot_say() {
    for (aws, word) in [
        ("cron(0 0 L * ? *)", "last day of the month"),
        ("cron(0 0 LW * ? *)", "last weekday"),
        ("cron(0 0 L-3 * ? *)", "L-3"),
        ("cron(0 0 15W * ? *)", "nearest to day 15"),
        ("cron(15 10 ? * 6L *)", "last FRI"),
        ("cron(0 9 ? * 2#1 *)", "MON number 1"),
        ("cron(0 9 ? * TUE#2 *)", "TUE number 2"),
        ("cron(15 10 ? * 6L 2019-2022)", "last FRI"),
        ("cron(0 9 1 1 ? 2027)", "some years"),
        ("cron(0 9 1 1 ? 2027/2)", "some years"),
        ("at(2030-01-31T13:00:00)", "once"),
    ] {
        match to_cron(&parse(aws).unwrap()) {
            CronResult::Refused { why, help } => assert!(why.contains(word) && !help.is_empty(), "{aws}: {why}"),
            other => panic!("{aws}: {other:?}"),
        }
    }
    match to_cron(&parse("cron(0 9 * * ? 2027-2199)").unwrap()) {
        CronResult::Changed { cron, why } => {
            assert_eq!(cron.to_string(), "0 9 * * *");
            assert!(why.contains("2027"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_aws_does_not_take() {
    for (text, word) in [
        ("", "cron("),
        ("0 0 * * ? *", "cron(0 0 * * ? *)"),
        ("5 minutes", "rate(5 minutes)"),
        ("rate(1 minutes)", "rate(1 minute)"),
        ("rate(5 minute)", "rate(5 minutes)"),
        ("rate(0 minutes)", "rate(5 minutes)"),
        ("rate(-5 minutes)", "rate(5 minutes)"),
        ("rate(+5 minutes)", "rate(5 minutes)"),
        ("rate(5 weeks)", "days"),
        ("rate(5)", "rate(5 minutes)"),
        ("cron(0 0 * * ?)", "sixth"),
        ("cron(0 0 * * * *)", "day of the week"),
        ("cron(0 0 ? * ? *)", "day of the month"),
        ("cron(0 0 1 * MON *)", "does not matter"),
        ("cron(60 0 * * ? *)", "0 to 59"),
        ("cron(0 24 * * ? *)", "0 to 23"),
        ("cron(0 0 0 * ? *)", "1 to 31"),
        ("cron(0 0 ? * 0 *)", "SUN"),
        ("cron(0 0 ? * 8 *)", "SAT"),
        ("cron(0 0 ? * 3#6 *)", "3#2"),
        ("cron(0/0 0 * * ? *)", "from 1"),
        ("cron(0 0 * * ? 2030-2020)", "earlier"),
        ("cron(, 0 * * ? *)", "0 to 59"),
        ("cron(é 0 * * ? *)", "0 to 59"),
        ("at(tomorrow)", "at("),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.help.as_deref().is_some_and(|help| help.contains(word)), "{text}: {error:?}");
    }
}

fn field(min: u16, max: u16, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let value = (min..=max).prop_flat_map(move |v| {
        let number = v.to_string();
        match names.get(usize::from(v - 1.min(v))) {
            Some(name) => prop_oneof![Just(number), Just((*name).to_owned())].boxed(),
            None => Just(number).boxed(),
        }
    });
    let part = prop_oneof![
        value.clone(),
        (value.clone(), value.clone()).prop_map(|(a, b)| format!("{a}-{b}")),
        (value.clone(), 1..=max + 3).prop_map(|(a, s)| format!("{a}/{s}")),
        (value.clone(), value, 1..=max).prop_map(|(a, b, s)| format!("{a}-{b}/{s}")),
        (1..=max).prop_map(|s| format!("*/{s}")),
    ];
    prop_oneof![1 => Just("*".to_owned()), 3 => proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join(","))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn exact_means_the_same_minutes(
        minute in field(0, 59, &[]),
        hour in field(0, 23, &[]),
        date in field(1, 31, &[]),
        month in field(1, 12, &MONTHS),
        weekday in field(1, 7, &DAYS),
        by_date in any::<bool>(),
    ) {
        let (date, weekday) = if by_date { (date.as_str(), "?") } else { ("?", weekday.as_str()) };
        let text = format!("cron({minute} {hour} {date} {month} {weekday} *)");
        let five = exact(&text);
        let aws = fires(&[&minute, &hour, date, &month, weekday], 1);
        let fields: Vec<&str> = five.split(' ').collect();
        prop_assert_eq!(fires(&fields, 0), aws, "{} became {}", text, five);
    }

    #[test]
    fn an_even_rate_fires_as_often(value in 1_u64..200, unit in 0..3_usize) {
        let (unit, minutes) = [("minute", 1), ("hour", 60), ("day", 1440)][unit];
        let text = format!("rate({value} {unit}{})", if value == 1 { "" } else { "s" });
        if let CronResult::Changed { cron, .. } | CronResult::Exact(cron) = to_cron(&parse(&text).unwrap()) {
            let five = cron.to_string();
            let times = fires(&five.split(' ').collect::<Vec<_>>(), 0);
            // Gaps between firings are all the rate's own.
            let absolute: Vec<u64> = times.iter().map(|(month, day, hour, minute)| {
                let days: u64 = LENGTHS[..usize::from(*month) - 1].iter().map(|l| u64::from(*l)).sum::<u64>() + u64::from(*day);
                days * 1440 + u64::from(*hour) * 60 + u64::from(*minute)
            }).collect();
            prop_assert!(absolute.windows(2).all(|pair| pair[1] - pair[0] == value * minutes), "{} became {}", text, five);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", wrap in 0..4_usize) {
        let text = match wrap { 0 => text, 1 => format!("cron({text})"), 2 => format!("rate({text})"), _ => format!("cron(0 0 {text} *)") };
        if let Ok(schedule) = parse(&text) {
            let _ = to_cron(&schedule);
        }
    }
}
