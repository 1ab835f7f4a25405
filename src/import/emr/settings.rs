//! From classifications to what jobs on Kubernetes carry.
//!
//! Every property is looked up in [`crate::facts::properties`]. What goes on is collected as Spark and Hadoop
//! properties with the origins of their values; what does not is marked with the table's reason. Properties that
//! become one (`fs.s3.canned.acl` and `fs.s3a.acl.default`) are joined when they agree and reported when they do not.
use super::queues::{PREFIX, Place, Queues, YarnQueue};
use crate::facts::{self, Action, Disposition, Scope, Treatment, java_flags};
use crate::ir::cluster::Classification;
use crate::ir::value::Val;
use crate::source::rules::Rule;
use crate::source::rules::emr::{EMR101, EMR110, EMR111, EMR112, EMR113, EMR114, EMR115, EMR116, EMR117, EMR118};
use crate::source::secret;
use crate::source::sink::{Diagnostic, Sink, Verdict};
use crate::source::span::{Origins, Sourced};

/// What a cluster's configuration says about its jobs.
#[derive(Clone, Default, Debug)]
pub struct Settings {
    /// Names as Spark on Kubernetes reads them; sizes and dynamic allocation stand here too, for the pass that makes
    /// fields of them.
    pub spark_conf: Vec<(Sourced<String>, Val)>,
    /// Names without `spark.hadoop.`.
    pub hadoop_conf: Vec<(Sourced<String>, Val)>,
    pub queues: Vec<YarnQueue>,
    /// The queue of jobs that name none (`spark.yarn.queue`).
    pub default_queue: Option<Val>,
    /// How often an application is started at most (`spark.yarn.maxAppAttempts`).
    pub max_attempts: Option<Val>,
}

/// Looks up every property of a list of classifications, and marks every value that does not go on.
pub fn settings(list: &[Classification], sink: &mut Sink) -> Settings {
    let queue_properties = list
        .iter()
        .filter(|c| facts::classification(&c.name.value) == Some(Treatment::Properties(Scope::Hadoop)))
        .flat_map(|c| &c.properties)
        .filter_map(|(name, value)| Some((name.value.strip_prefix(PREFIX)?, value)));
    let queues = Queues::declared(queue_properties);
    let mut reader = Reader::new(sink, queues);
    for classification in list {
        reader.classification(classification);
    }
    reader.finish()
}

/// The same for Spark properties that stand elsewhere: a Livy batch's `conf`, `--conf` of spark-submit.
pub fn spark_settings(conf: &[(Sourced<String>, Val)], sink: &mut Sink) -> Settings {
    let mut reader = Reader::new(sink, Queues::default());
    for (name, value) in conf {
        reader.property(Scope::Spark, &name.value, name, value);
    }
    reader.finish()
}

/// A property on its way out.
struct Candidate {
    /// As the target reads it.
    name: String,
    /// As the source writes it.
    source: Sourced<String>,
    value: Val,
}

struct Reader<'a> {
    sink: &'a mut Sink,
    queues: Queues,
    spark: Vec<Candidate>,
    hadoop: Vec<Candidate>,
    default_queue: Option<Val>,
    max_attempts: Option<Val>,
}

impl<'a> Reader<'a> {
    fn new(sink: &'a mut Sink, queues: Queues) -> Self {
        Self { sink, queues, spark: Vec::new(), hadoop: Vec::new(), default_queue: None, max_attempts: None }
    }

    fn finish(self) -> Settings {
        let Reader { sink, queues, spark, hadoop, default_queue, max_attempts } = self;
        let spark_conf = join(spark, sink);
        let mut hadoop_conf = join(hadoop, sink);
        encryption(&mut hadoop_conf);
        Settings { spark_conf, hadoop_conf, queues: queues.finish(), default_queue, max_attempts }
    }

    fn classification(&mut self, classification: &Classification) {
        let whole = |sink: &mut Sink, note: &str, rule: &'static Rule| match rule.code {
            "EMR110" => sink.absorb(classification.span, rule, note),
            "EMR111" => sink.ignore(classification.span, rule, note),
            _ => sink.unsupported(classification.span, rule, note),
        };
        let name = &classification.name;
        match facts::classification(&name.value) {
            Some(Treatment::Absorb(why)) => whole(self.sink, why, &EMR110),
            Some(Treatment::Ignore(why)) => whole(self.sink, why, &EMR111),
            Some(Treatment::Unsupported(why)) => {
                whole(self.sink, why, &EMR112);
                self.sink.report(Diagnostic::changed(&EMR112, name.span(), format!("`{}` is not translated: {why}", name.value)));
            }
            // The importer has reported the name.
            None => whole(self.sink, "EMR has no such classification", &EMR101),
            Some(Treatment::Properties(scope)) => {
                self.name_is_accounted(classification);
                for (name, value) in &classification.properties {
                    self.property(scope, &name.value, name, value);
                }
                for nested in &classification.nested {
                    self.nested(scope, &classification.name.value, nested);
                }
            }
        }
    }

    fn name_is_accounted(&mut self, classification: &Classification) {
        let note = "says which of EMR's files the properties are for; each of them has an answer of its own";
        self.sink.absorb_all(&classification.name.origins, &EMR110, note);
    }

    fn nested(&mut self, scope: Scope, parent: &str, nested: &Classification) {
        if scope != Scope::Env || nested.name.value != "export" {
            let note = format!("`{parent}` has nothing of this name inside");
            self.sink.unsupported(nested.span, &EMR101, note);
            return;
        }
        self.name_is_accounted(nested);
        for (name, value) in &nested.properties {
            self.property(scope, &name.value, name, value);
        }
        for deeper in &nested.nested {
            self.sink.unsupported(deeper.span, &EMR101, "`export` has nothing inside");
        }
    }

    /// `name` is what is looked up; `source` is what the user wrote.
    fn property(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: &Val) {
        if scope == Scope::Spark
            && let Some(hadoop) = name.strip_prefix("spark.hadoop.").filter(|n| !n.is_empty())
        {
            return self.property(Scope::Hadoop, hadoop, source, value);
        }
        if scope == Scope::Hadoop
            && let Some(rest) = name.strip_prefix(PREFIX)
            && rest.starts_with("root.")
        {
            return self.queue_property(rest, source, value);
        }
        let text = value.literal();
        match facts::property(scope, name, text.as_deref()) {
            Some(found) => self.apply(scope, name, source, value, &found),
            None => self.unknown(scope, name, source, value),
        }
    }

    fn unknown(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: &Val) {
        if self.misspelled(scope, name, source, value) {
            return;
        }
        if scope == Scope::Spark {
            let message = format!("`{}` does not begin with `spark.`, so Spark does not read it", source.value);
            let help = format!("if it is for Hadoop, write `spark.hadoop.{}`", source.value);
            self.sink.report(Diagnostic::warning(&EMR118, source.span(), message).help(help));
            return self.sink_ignore(value, &EMR118, "Spark does not read properties that do not begin with `spark.`");
        }
        self.unsupported(source, value, "no property that this version knows");
    }

    /// Whether the name is a slip for a property that is known; reports and marks it then.
    fn misspelled(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: &Val) -> bool {
        let Some(near) = facts::near_property(scope, name) else { return false };
        let full = match source.value.strip_suffix(name) {
            Some(before) => format!("{before}{near}"),
            None => near.to_owned(),
        };
        let message = format!("no program reads `{}`: it has had no effect", source.value);
        self.sink.report(Diagnostic::warning(&EMR113, source.span(), message).help(format!("did you mean `{full}`?")));
        self.sink_ignore(value, &EMR113, &format!("misspelled: `{full}` is what is read; it had no effect on EMR and has none here"));
        true
    }

    fn apply(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: &Val, found: &Disposition) {
        let keeps = matches!(found.action, Action::Keep);
        if !found.named && !keeps && self.misspelled(scope, name, source, value) {
            return;
        }
        if !found.named
            && keeps
            && let Some(near) = facts::near_property(scope, name)
        {
            let message = format!("`{}` is not a property that this version knows; it is kept as it is", source.value);
            self.sink.report(Diagnostic::note(&EMR113, source.span(), message).help(format!("did you mean `{near}`?")));
        }
        match &found.action {
            Action::Keep | Action::Field(_) => self.keep(scope, name, source, value.clone()),
            Action::Rename(target) => self.keep(scope, target, source, value.clone()),
            Action::Set { name, value: set } => self.keep(scope, name, source, Val::text(*set, value.origins.clone())),
            Action::JavaOptions => self.java_options(scope, name, source, value),
            Action::Queue(_) => replace(&mut self.default_queue, value, self.sink),
            Action::Attempts => replace(&mut self.max_attempts, value, self.sink),
            Action::Absorb => self.sink.absorb_all(&value.all_origins(), &EMR110, found.reason),
            Action::Ignore => self.sink_ignore(value, &EMR111, found.reason),
            Action::Unsupported | Action::Refuse => return self.unsupported(source, value, found.reason),
        }
        self.say(source, value, found);
    }

    /// Reports a verdict that is not exact.
    fn say(&mut self, source: &Sourced<String>, value: &Val, found: &Disposition) {
        let shown = shown(&source.value, value);
        let diagnostic = match (found.verdict, &found.action) {
            (None | Some(Verdict::Exact), _) => return,
            (Some(Verdict::Equivalent), Action::Rename(target)) => {
                Diagnostic::equivalent(&EMR114, source.span(), format!("`{}` becomes `{target}`: {}", source.value, found.reason))
            }
            (Some(Verdict::Equivalent), _) => Diagnostic::equivalent(&EMR114, source.span(), format!("{shown}: {}", found.reason)),
            (Some(Verdict::Changed | Verdict::Refused), _) => {
                Diagnostic::changed(&EMR114, source.span(), format!("{shown}: {}", found.reason))
            }
        };
        self.sink.report(diagnostic);
    }

    fn keep(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: Val) {
        let to = match scope {
            Scope::Spark => &mut self.spark,
            _ => &mut self.hadoop,
        };
        to.push(Candidate { name: name.to_owned(), source: source.clone(), value });
    }

    fn sink_ignore(&mut self, value: &Val, rule: &'static Rule, note: &str) {
        for span in value.all_origins().iter() {
            self.sink.ignore(span, rule, note);
        }
    }

    fn unsupported(&mut self, source: &Sourced<String>, value: &Val, why: &str) {
        for span in value.all_origins().iter() {
            self.sink.unsupported(span, &EMR112, why);
        }
        let message = format!("{} is not translated: {why}", shown(&source.value, value));
        self.sink.report(Diagnostic::changed(&EMR112, source.span(), message));
    }

    fn java_options(&mut self, scope: Scope, name: &str, source: &Sourced<String>, value: &Val) {
        let Some(words) = value.literal().and_then(|text| shell_words::split(&text).ok()) else {
            return self.keep(scope, name, source, value.clone());
        };
        // With this one the JVM starts whatever stands beside it.
        if words.iter().any(|word| word == "-XX:+IgnoreUnrecognizedVMOptions") {
            return self.keep(scope, name, source, value.clone());
        }
        let mut left = Vec::new();
        let mut dropped = false;
        for word in &words {
            match java_flags::removed_in_java_17(word) {
                Some(why) => {
                    dropped = true;
                    let message = format!("`{word}` of `{}` is dropped, Java 17 does not start with it: {why}", source.value);
                    self.sink.report(Diagnostic::changed(&EMR115, value.origins.first(), message));
                }
                None => left.push(word.as_str()),
            }
        }
        if left.is_empty() {
            self.sink_ignore(value, &EMR115, "Java 17 has none of these options");
        } else if dropped {
            self.keep(scope, name, source, Val::text(shell_words::join(left), value.origins.clone()));
        } else {
            self.keep(scope, name, source, value.clone());
        }
    }

    fn queue_property(&mut self, rest: &str, source: &Sourced<String>, value: &Val) {
        let (path, leaf) = match self.queues.place(rest) {
            Place::Declared(path, leaf) => (path.to_owned(), leaf.to_owned()),
            Place::Undeclared(path) => {
                let message = format!("no `queues` property lists the queue `{path}`, so YARN does not know it");
                let parent = path.rsplit_once('.').map_or("root", |(parent, _)| parent);
                let help = format!("add it to `{PREFIX}{parent}.queues`, or remove the property");
                self.sink.report(Diagnostic::warning(&EMR117, source.span(), message).help(help));
                return self.sink_ignore(value, &EMR117, "YARN does not know the queue: it had no effect");
            }
        };
        let Some(found) = facts::property(Scope::Queue, &leaf, value.literal().as_deref()) else {
            if !self.misspelled(Scope::Queue, &leaf, source, value) {
                self.unsupported(source, value, "no property of a queue that this version knows");
            }
            return;
        };
        match found.action {
            // The names of the children carry this value's origin.
            Action::Queue("children") => {
                if value.literal().is_none() {
                    self.unsupported(source, value, "the names of the queues are not known");
                } else if !self.queues.named_by(value) {
                    self.sink_ignore(
                        value,
                        &EMR111,
                        "it names no queue that is not named elsewhere: names have no dots, and a later list counts",
                    );
                }
            }
            Action::Queue(part) => match value.sourced() {
                Some(text) => self.queues.set(&path, part, text),
                None => self.unsupported(source, value, "the value is not known"),
            },
            _ => self.apply(Scope::Queue, &leaf, source, value, &found),
        }
    }
}

/// `name` with its value, as a message shows them; a secret is not shown.
fn shown(name: &str, value: &Val) -> String {
    /// Longer values are cut: a message is a line.
    const LONGEST: usize = 80;
    let text = value.display();
    if secret::reason(name, &text).is_some() {
        return format!("`{name}`");
    }
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("`{name}` = `{}…`", &text[..at]),
        None => format!("`{name}` = `{text}`"),
    }
}

/// Puts a later value in the place of an earlier one, which is marked.
fn replace(slot: &mut Option<Val>, value: &Val, sink: &mut Sink) {
    if let Some(earlier) = slot.replace(value.clone()) {
        overridden(&earlier.all_origins(), &value.all_origins(), sink);
    }
}

fn overridden(earlier: &Origins, later: &Origins, sink: &mut Sink) {
    for span in earlier.iter().filter(|span| !later.iter().any(|l| l == *span)) {
        sink.ignore(span, &EMR111, "a later value takes its place");
    }
}

/// Joins properties that have become one: equal values share their origins; of the same source name the later counts;
/// of different ones that which the target itself has, with a report.
fn join(candidates: Vec<Candidate>, sink: &mut Sink) -> Vec<(Sourced<String>, Val)> {
    let mut out: Vec<Candidate> = Vec::new();
    for new in candidates {
        let Some(old) = out.iter_mut().find(|old| old.name == new.name) else {
            out.push(new);
            continue;
        };
        if old.value.value == new.value.value {
            old.value.origins.extend(&new.value.origins);
            old.source.origins.extend(&new.source.origins);
            continue;
        }
        if old.source.value == new.source.value {
            overridden(&old.value.all_origins(), &new.value.all_origins(), sink);
            *old = new;
            continue;
        }
        let new_wins = new.source.value.trim_start_matches("spark.hadoop.") == new.name;
        let (taken, left) = if new_wins { (&new, &*old) } else { (&*old, &new) };
        let message = format!(
            "{} and {} become one property, `{}`, on Kubernetes; the first value is taken",
            shown(&taken.source.value, &taken.value),
            shown(&left.source.value, &left.value),
            new.name
        );
        let diagnostic = Diagnostic::changed(&EMR116, taken.source.span(), message)
            .related(left.source.span(), "not taken")
            .help("make them equal, or give the jobs that need the other value their own");
        sink.report(diagnostic);
        for span in left.value.all_origins().iter() {
            sink.ignore(span, &EMR116, format!("`{}` takes its place", taken.source.value));
        }
        if new_wins {
            *old = new;
        }
    }
    out.into_iter().map(|c| (Sourced::new(c.name, c.source.origins), c.value)).collect()
}

/// With a key of KMS, server-side encryption is SSE-KMS (Hadoop-AWS module, "Encryption").
fn encryption(hadoop: &mut [(Sourced<String>, Val)]) {
    let key = hadoop.iter().find(|(name, _)| name.value == "fs.s3a.encryption.key").map(|(_, value)| value.origins.clone());
    let Some(key) = key else { return };
    for (name, value) in hadoop.iter_mut() {
        if name.value == "fs.s3a.encryption.algorithm" && value.literal().as_deref() == Some("AES256") {
            *value = Val::text("SSE-KMS", value.origins.clone().with(&key));
        }
    }
}
