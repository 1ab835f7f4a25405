//! The words of a `spark-submit`, as the batch that they start.
use crate::facts::spark_submit::{Fate, OPTIONS, SWITCHES};
use crate::ir::job::Batch;
use crate::ir::value::{Segment, Val, Value};
use crate::source::span::{Origins, Sourced};

/// The batch of `spark-submit`'s arguments, the program's own name left out.
///
/// # Errors
/// Why there is none, and where.
pub fn batch(words: &[Val]) -> Result<Batch, (String, Origins)> {
    let mut batch = Batch::default();
    let mut rest = words.iter();
    let application = loop {
        let Some(word) = rest.next() else {
            let at = words.last().map(|word| word.origins.clone()).unwrap_or_default();
            return Err(("names no application after its options".to_owned(), at));
        };
        let Some(text) = word.literal().filter(|text| text.starts_with('-')) else { break word };
        if SWITCHES.contains(&text.as_str()) {
            continue;
        }
        // `--name=value` is one word.
        let (name, joined) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(Val::text(value, word.origins.clone()))),
            _ => (text.as_str(), None),
        };
        let Some((_, fate)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
            return Err((format!("has the option `{name}`, which spark-submit does not know"), word.origins.clone()));
        };
        let value = match joined {
            Some(value) => value,
            None => match rest.next() {
                Some(value) => Val { origins: value.origins.clone().with(&word.origins), ..value.clone() },
                None => return Err((format!("has nothing after `{name}`"), word.origins.clone())),
            },
        };
        option(&mut batch, name, *fate, value)?;
    };
    // An option for a property wins over `--conf`, wherever it stands (Spark 3.5, `SparkSubmit.prepareSubmitEnvironment`).
    let (options, words): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.conf).into_iter().partition(|(key, _)| key.origins.is_empty());
    batch.conf = words.into_iter().chain(options).collect();
    batch.file = Some(application.clone());
    let arguments: Vec<Val> = rest.cloned().collect();
    if !arguments.is_empty() {
        let origins = arguments.iter().fold(Origins::none(), |all: Origins, word| all.with(&word.origins));
        batch.args = Some(Val::new(Value::List(arguments), origins));
    }
    Ok(batch)
}

fn option(batch: &mut Batch, name: &str, fate: Fate, value: Val) -> Result<(), (String, Origins)> {
    match fate {
        Fate::Needless(_) => {}
        Fate::Refused(why) => return Err((format!("has `{name}`: {why}"), value.origins)),
        Fate::Property(key) => batch.conf.push((Sourced::new(key.to_owned(), Origins::none()), value)),
        Fate::Conf => batch.conf.push(property(name, value)?),
        Fate::Field(field) => {
            let list = |value: &Val| match value.literal() {
                Some(text) => {
                    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                    Val::new(Value::List(items.map(|item| Val::text(item, value.origins.clone())).collect()), value.origins.clone())
                }
                None => value.clone(),
            };
            match field {
                "archives" => batch.archives = Some(list(&value)),
                "className" => batch.class_name = Some(value),
                "driverCores" => batch.driver_cores = Some(value),
                "driverMemory" => batch.driver_memory = Some(value),
                "executorCores" => batch.executor_cores = Some(value),
                "executorMemory" => batch.executor_memory = Some(value),
                "files" => batch.files = Some(list(&value)),
                "jars" => batch.jars = Some(list(&value)),
                "name" => batch.name = Some(value),
                "numExecutors" => batch.num_executors = Some(value),
                "proxyUser" => batch.proxy_user = Some(value),
                "pyFiles" => batch.py_files = Some(list(&value)),
                _ => batch.queue = Some(value),
            }
        }
    }
    Ok(())
}

/// `key=value`; what stands around the key must be written out.
fn property(name: &str, value: Val) -> Result<(Sourced<String>, Val), (String, Origins)> {
    let unreadable = |origins: Origins| (format!("has a `{name}` that is not `key=value`"), origins);
    let segments = match &value.value {
        Value::Text(segments) => segments.clone(),
        _ => return Err(unreadable(value.origins)),
    };
    let Some((Segment::Literal(first), more)) = segments.split_first() else { return Err(unreadable(value.origins)) };
    let Some((key, head)) = first.split_once('=') else { return Err(unreadable(value.origins)) };
    let segments = std::iter::once(Segment::Literal(head.to_owned())).chain(more.iter().cloned()).collect();
    let key = Sourced::new(key.trim().to_owned(), value.origins.clone());
    Ok((key, Val::new(Value::Text(segments), value.origins)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Val> {
        text.split(' ').map(|word| Val::text(word, Origins::none())).collect()
    }

    #[test]
    fn options_end_at_the_application() {
        let found = batch(&words(
            "--deploy-mode cluster --class a.B --conf spark.x=1=2 --executor-memory=4g --jars a.jar,b.jar -v app.jar --class x",
        ))
        .expect("a batch");
        let text = |value: &Option<Val>| value.as_ref().map(Val::display);
        assert_eq!(text(&found.file).as_deref(), Some("app.jar"));
        assert_eq!(text(&found.class_name).as_deref(), Some("a.B"));
        assert_eq!(text(&found.executor_memory).as_deref(), Some("4g"));
        assert_eq!(
            found.conf.iter().map(|(key, value)| (key.value.as_str(), value.display())).collect::<Vec<_>>(),
            [("spark.x", "1=2".to_owned())]
        );
        assert_eq!(text(&found.args).as_deref(), Some("[--class, x]"));
        assert_eq!(text(&found.jars).as_deref(), Some("[a.jar, b.jar]"));
    }

    #[test]
    fn what_starts_no_job_says_why() {
        for (text, why) in [
            ("--class a.B", "names no application"),
            ("--frobnicate 1 a.jar", "does not know"),
            ("--conf spark.x a.jar", "is not `key=value`"),
            ("--properties-file /x a.jar", "nodes"),
            ("--class", "nothing after"),
        ] {
            let (said, _) = batch(&words(text)).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
