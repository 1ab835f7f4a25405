//! Which field belongs where: the tables of the language, and what is said of a field that stands elsewhere.
//!
//! Sources: "State machine structure in Amazon States Language" and the pages of each state in the AWS Step Functions Developer
//! Guide, and the validation tables of aws/amazon-states-language-service, looked up in November 2026.
use super::reader::{Fields, Reader};
use crate::ir::machine::QueryLanguage;
use crate::source::node::Entry;
use crate::source::rules::asl::{ASL101, ASL102, ASL103, ASL117};
use crate::source::sink::Diagnostic;

/// The largest number of seconds or attempts (the specification, "Task State" and "Errors").
pub(super) const MAX_SECONDS: u64 = 99_999_999;
/// The largest `MaxDelaySeconds` ("Handling errors in Step Functions workflows").
pub(super) const MAX_DELAY: u64 = 31_622_400;
/// The longest name of a state, in characters ("State machine structure").
pub(super) const MAX_NAME: usize = 80;

/// Kinds of state, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kinds(u8);

pub(super) const TASK: Kinds = Kinds(1);
pub(super) const PASS: Kinds = Kinds(1 << 1);
pub(super) const CHOICE: Kinds = Kinds(1 << 2);
pub(super) const WAIT: Kinds = Kinds(1 << 3);
pub(super) const SUCCEED: Kinds = Kinds(1 << 4);
pub(super) const FAIL: Kinds = Kinds(1 << 5);
pub(super) const PARALLEL: Kinds = Kinds(1 << 6);
pub(super) const MAP: Kinds = Kinds(1 << 7);
const ALL: Kinds = Kinds(0xff);
/// The kinds that go on to another state.
const FLOWING: Kinds = TASK.and(PASS).and(WAIT).and(PARALLEL).and(MAP);
/// The kinds whose work can fail and be tried again.
const WORKING: Kinds = TASK.and(PARALLEL).and(MAP);

/// The kinds by name.
pub(super) const KINDS: [(&str, Kinds); 8] = [
    ("Task", TASK),
    ("Pass", PASS),
    ("Choice", CHOICE),
    ("Wait", WAIT),
    ("Succeed", SUCCEED),
    ("Fail", FAIL),
    ("Parallel", PARALLEL),
    ("Map", MAP),
];

impl Kinds {
    const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    const fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// "Task, Parallel and Map"
    fn list(self) -> String {
        let names: Vec<&str> = KINDS.iter().filter(|(_, kind)| self.has(*kind)).map(|(name, _)| *name).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

const PATH: Option<QueryLanguage> = Some(QueryLanguage::JsonPath);
const ATA: Option<QueryLanguage> = Some(QueryLanguage::Jsonata);

/// Every field of a state: its name, the kinds that take it, and its query language where it has only one.
pub(super) const STATE: &[(&str, Kinds, Option<QueryLanguage>)] = &[
    ("Type", ALL, None),
    ("Comment", ALL, None),
    ("QueryLanguage", ALL, None),
    ("Next", FLOWING, None),
    ("End", FLOWING, None),
    ("InputPath", ALL.without(FAIL), PATH),
    ("OutputPath", ALL.without(FAIL), PATH),
    ("Parameters", TASK.and(PASS).and(PARALLEL).and(MAP), PATH),
    ("ResultSelector", WORKING, PATH),
    ("ResultPath", TASK.and(PASS).and(PARALLEL).and(MAP), PATH),
    ("Arguments", TASK.and(PARALLEL), ATA),
    ("Output", ALL.without(FAIL), ATA),
    ("Assign", FLOWING.and(CHOICE), None),
    ("Retry", WORKING, None),
    ("Catch", WORKING, None),
    ("Resource", TASK, None),
    ("TimeoutSeconds", TASK, None),
    ("TimeoutSecondsPath", TASK, PATH),
    ("HeartbeatSeconds", TASK, None),
    ("HeartbeatSecondsPath", TASK, PATH),
    ("Credentials", TASK, None),
    ("Result", PASS, PATH),
    ("Seconds", WAIT, None),
    ("SecondsPath", WAIT, PATH),
    ("Timestamp", WAIT, None),
    ("TimestampPath", WAIT, PATH),
    ("Choices", CHOICE, None),
    ("Default", CHOICE, None),
    ("Error", FAIL, None),
    ("ErrorPath", FAIL, PATH),
    ("Cause", FAIL, None),
    ("CausePath", FAIL, PATH),
    ("Branches", PARALLEL, None),
    ("ItemProcessor", MAP, None),
    ("Iterator", MAP, None),
    ("ItemsPath", MAP, PATH),
    ("Items", MAP, ATA),
    ("ItemSelector", MAP, None),
    ("ItemReader", MAP, None),
    ("ItemBatcher", MAP, None),
    ("ResultWriter", MAP, None),
    ("MaxConcurrency", MAP, None),
    ("MaxConcurrencyPath", MAP, PATH),
    ("ToleratedFailureCount", MAP, None),
    ("ToleratedFailureCountPath", MAP, PATH),
    ("ToleratedFailurePercentage", MAP, None),
    ("ToleratedFailurePercentagePath", MAP, PATH),
    ("Label", MAP, None),
];

/// Fields of an object that is not a state: the name, and its query language where it has only one.
pub(super) type Names = &'static [(&'static str, Option<QueryLanguage>)];

pub(super) const ROOT: Names =
    &[("Comment", None), ("QueryLanguage", None), ("StartAt", None), ("States", None), ("TimeoutSeconds", None), ("Version", None)];
pub(super) const BRANCH: Names = &[("Comment", None), ("StartAt", None), ("States", None)];
pub(super) const PROCESSOR: Names = &[("Comment", None), ("ProcessorConfig", None), ("StartAt", None), ("States", None)];
pub(super) const PROCESSOR_CONFIG: Names = &[("Mode", None), ("ExecutionType", None)];
pub(super) const RETRIER: Names = &[
    ("ErrorEquals", None),
    ("IntervalSeconds", None),
    ("MaxAttempts", None),
    ("BackoffRate", None),
    ("MaxDelaySeconds", None),
    ("JitterStrategy", None),
    ("Comment", None),
];
pub(super) const CATCHER: Names =
    &[("ErrorEquals", None), ("Next", None), ("ResultPath", PATH), ("Output", ATA), ("Assign", None), ("Comment", None)];

/// Every place of the language that has fields, with their names: kinds of state, and what stands in states and around them.
#[must_use]
pub fn all() -> Vec<(&'static str, Vec<&'static str>)> {
    let of = |names: Names| names.iter().map(|(name, _)| *name).collect();
    let states = KINDS.iter().map(|(kind, bit)| {
        let fields = STATE.iter().filter(|(_, kinds, _)| kinds.has(*bit)).map(|(name, ..)| *name);
        (*kind, fields.collect())
    });
    let others = [("State machine", of(ROOT)), ("ProcessorConfig", of(PROCESSOR_CONFIG)), ("Retry", of(RETRIER)), ("Catch", of(CATCHER))];
    states.chain(others).chain(super::map::FIELDS.iter().map(|(place, fields)| (*place, fields.to_vec()))).collect()
}

pub(super) fn language_name(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "JSONPath",
        QueryLanguage::Jsonata => "JSONata",
    }
}

/// Takes out, reports and marks what a state of this kind and language must not have. `kind`: `None` for a state whose kind is
/// not known; of it, the fields that depend on the kind are marked without a further message.
pub(super) fn screen_state(reader: &mut Reader<'_>, fields: &mut Fields<'_>, kind: Option<(&str, Kinds)>, language: QueryLanguage) {
    let what = fields.what.clone();
    let mut reports = Vec::new();
    let refused = fields.screen(|entry| {
        let report = refusal(entry, &what, kind, language);
        let keep = report.is_none();
        reports.extend(report);
        keep
    });
    for (entry, report) in refused.into_iter().zip(reports) {
        match report {
            Refusal::Report(report) => reader.drop_value(&entry.value, report),
            Refusal::Mark => reader.sink.unsupported(entry.value.span, &ASL117, "the kind of its state is not known"),
        }
    }
}

/// Why a state cannot have a field.
enum Refusal {
    Report(Diagnostic),
    /// It depends on the kind of the state, which is not known and reported.
    Mark,
}

fn refusal(entry: &Entry, what: &str, kind: Option<(&str, Kinds)>, language: QueryLanguage) -> Option<Refusal> {
    let Some((name, kinds, only)) = STATE.iter().find(|(name, ..)| *name == &*entry.key) else {
        let allowed = STATE.iter().filter(|(_, kinds, _)| kind.is_none_or(|(_, kind)| kinds.has(kind)));
        return Some(Refusal::Report(unknown(&entry.key, what, allowed.map(|(name, ..)| *name)).at(entry.key_span)));
    };
    if let Some((kind_name, kind)) = kind
        && !kinds.has(kind)
    {
        let message = format!("`{name}` is not a field of a {kind_name} state");
        let help = format!("it works on {} states; move or remove it", kinds.list());
        return Some(Refusal::Report(Diagnostic::error(&ASL102, entry.key_span, message).help(help)));
    }
    if let Some(only) = only.filter(|only| *only != language) {
        return Some(Refusal::Report(wrong_language(entry, what, only, language)));
    }
    (kind.is_none() && kinds.0.is_power_of_two()).then_some(Refusal::Mark)
}

fn wrong_language(entry: &Entry, what: &str, only: QueryLanguage, used: QueryLanguage) -> Diagnostic {
    let (only, used) = (language_name(only), language_name(used));
    Diagnostic::error(&ASL103, entry.key_span, format!("`{}` belongs to {only}, but {what} uses {used}", entry.key))
        .help(format!("set `QueryLanguage` to `{only}`, or use a field of {used}"))
}

/// Takes out, reports and marks every field that is not one of `names`.
pub(super) fn screen_names(reader: &mut Reader<'_>, fields: &mut Fields<'_>, names: Names, what: &str) {
    for entry in fields.screen(|entry| names.iter().any(|(name, _)| *name == &*entry.key)) {
        let report = unknown(&entry.key, what, names.iter().map(|(name, _)| *name)).at(entry.key_span);
        reader.drop_value(&entry.value, report);
    }
}

/// As [`screen_names`], and what is of the other query language too.
pub(super) fn screen_names_in(reader: &mut Reader<'_>, fields: &mut Fields<'_>, names: Names, what: &str, language: QueryLanguage) {
    screen_names(reader, fields, names, what);
    let of_the_other =
        |entry: &Entry| names.iter().find(|(name, _)| *name == &*entry.key).and_then(|(_, only)| *only).filter(|only| *only != language);
    for entry in fields.screen(|entry| of_the_other(entry).is_none()) {
        if let Some(only) = of_the_other(entry) {
            reader.drop_value(&entry.value, wrong_language(entry, what, only, language));
        }
    }
}

/// A report that still lacks its place.
pub(super) struct Unplaced(Diagnostic);

impl Unplaced {
    pub(super) fn at(mut self, span: crate::source::span::Span) -> Diagnostic {
        self.0.span = Some(span);
        self.0
    }
}

/// The report of an unknown field, with the nearest of the known names.
pub(super) fn unknown(name: &str, what: &str, known: impl IntoIterator<Item = &'static str>) -> Unplaced {
    let report = Diagnostic::error(&ASL101, None, format!("`{name}` is not a field of {what}"));
    Unplaced(match nearest(name, known) {
        Some(near) => report.help(format!("did you mean `{near}`?")),
        None => report.help("remove it; AWS refuses a definition with it"),
    })
}

/// The candidate that `name` was probably meant to be: the same but for case, or a few letters away.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 4 * MAX_NAME {
        return None; // no slip of a finger, and comparing costs the product of the lengths
    }
    let lower = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * allowed)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != name)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Nxet", ["Next", "End"]), Some("Next"));
        assert_eq!(nearest("ResultSelectors", ["ResultSelector", "ResultPath"]), Some("ResultSelector"));
        assert_eq!(nearest("task", ["Task", "Pass"]), Some("Task"));
        assert_eq!(nearest("Banana", ["Next", "End"]), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn kinds_are_listed_in_words() {
        assert_eq!(WORKING.list(), "Task, Parallel and Map");
        assert_eq!(FAIL.list(), "Fail");
    }
}
