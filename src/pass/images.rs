//! Images: which Spark each job runs, and what is baked in.
use super::naming::{Names, label};
use crate::emit::spark_operator::file_name;
use crate::facts;
use crate::ir::job::{Language, SparkJob};
use crate::ir::plan::{Image, SparkRelease};
use crate::source::rules::plan::{SIZ106, SIZ107};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;
use std::collections::BTreeMap;

/// What an application file is called without its ending and without what changes with each build: `film-jobs_2.11-1.4.jar` →
/// `film-jobs`.
fn application_name(file: &str) -> &str {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem = ["-SNAPSHOT", "-assembly", "-jar-with-dependencies", "-all", "-uber", "-shaded"]
        .iter()
        .fold(stem, |s, end| s.strip_suffix(end).unwrap_or(s));
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let mut name = stem;
    for separator in ['-', '_'] {
        if let Some((before, last)) = name.rsplit_once(separator)
            && is_version(last)
            && !before.is_empty()
        {
            name = before;
        }
    }
    name
}

/// Gives every job its image: one for each application file and release.
#[derive(Default, Debug)]
pub struct Images {
    pub list: Vec<Image>,
    names: Names,
    known: BTreeMap<(String, String), usize>,
}

impl Images {
    /// Sets the job's image, and reports what changes with it.
    pub fn assign(&mut self, job: &mut SparkJob, release: Option<&Sourced<String>>, sink: &mut Sink) {
        let key = (job.file.value.clone(), release.map(|r| r.value.clone()).unwrap_or_default());
        if let Some(index) = self.known.get(&key) {
            let image = &mut self.list[*index];
            for (location, _) in &mut image.files {
                location.origins.extend(&job.file.origins);
            }
            if let (Some(from), Some(release)) = (&mut image.from_release, release) {
                from.origins.extend(&release.origins);
            }
            job.image.clone_from(&image.name);
            return;
        }
        let file = file_name(&job.file.value);
        let name = self.names.unique(&label(application_name(&file), 60));
        let (spark, from_release) = self.release(release, job, sink);
        let baked = !job.file.value.starts_with("local:");
        if baked {
            sink.report(
                Diagnostic::changed(
                    &SIZ107,
                    job.file.span().or(job.span),
                    format!("`{}` was fetched at each run → baked into the image `{name}`", job.file.value),
                )
                .help("a release is a new image tag now"),
            );
        }
        self.known.insert(key, self.list.len());
        job.image.clone_from(&name);
        self.list.push(Image {
            name,
            spark,
            files: if baked { vec![(job.file.clone(), file)] } else { Vec::new() },
            from_release,
            python: job.language == Language::Python,
            origins: job.file.origins.clone(),
        });
    }

    /// The Spark that stands in for that of an EMR release, and a line about it for the Dockerfile.
    fn release(&self, label: Option<&Sourced<String>>, job: &SparkJob, sink: &mut Sink) -> (SparkRelease, Option<Sourced<String>>) {
        let newest = facts::spark_releases::spark_releases().last();
        let target = |r: &facts::SparkRelease| SparkRelease {
            spark: r.spark.to_owned(),
            scala: r.scala.to_owned(),
            java: r.java.to_owned(),
            hadoop: r.hadoop.to_owned(),
            aws_sdk: r.aws_sdk_bundle.to_owned(),
            image: r.image.to_owned(),
        };
        let fallback = newest.map(target).unwrap_or_default();
        let Some(label) = label else { return (fallback, None) };
        let name = &label.value;
        let Some(release) = facts::emr_release(name) else {
            let mut diagnostic = Diagnostic::warning(&SIZ106, label.span(), format!("`{name}` is no release of EMR that is known"));
            diagnostic = match facts::near_release(name) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("check that the jobs run on Spark {}", fallback.spark)),
            };
            sink.report(diagnostic);
            return (fallback, Some(Sourced::new(format!("EMR release `{name}`, unknown to emr2k8s"), label.origins.clone())));
        };
        let Some(spark) = release.spark else {
            sink.report(
                Diagnostic::warning(&SIZ106, label.span(), format!("which Spark `{name}` has is not known"))
                    .help(format!("check that the jobs run on Spark {}", fallback.spark)),
            );
            return (fallback, Some(Sourced::new(format!("EMR release {name}"), label.origins.clone())));
        };
        let Some(found) = facts::target_for(spark) else {
            sink.report(
                Diagnostic::changed(
                    &SIZ106,
                    label.span(),
                    format!("`{name}` has Spark {spark} → Spark {}: no image of Spark {spark} is supported", fallback.spark),
                )
                .help("the application has to be moved to this Spark first"),
            );
            return (fallback, Some(Sourced::new(format!("EMR release {name} had Spark {spark}"), label.origins.clone())));
        };
        let to = target(found.release);
        let scala = release.scala_binary();
        let scala_of = scala.map_or_else(String::new, |s| format!(" on Scala {s}"));
        let mut diagnostic = Diagnostic::new(
            &SIZ106,
            if found.verdict == crate::source::sink::Verdict::Changed {
                crate::source::sink::Severity::Warning
            } else {
                crate::source::sink::Severity::Note
            },
            label.span(),
            format!("`{name}` has Spark {spark}{scala_of} → Spark {} on Scala {}, Java {}", to.spark, to.scala, to.java),
        );
        diagnostic.verdict = Some(found.verdict);
        let rebuild = job.language == Language::Scala && scala.is_some_and(|s| s != to.scala);
        let mut help = Vec::new();
        if spark.starts_with('2') {
            help.push(format!("the Spark Operator ({} and later) has no image of Spark 2", facts::spark_releases::OPERATOR_FLOOR));
        }
        if !found.note.is_empty() {
            help.push(found.note.to_owned());
        } else if rebuild {
            help.push(format!("build the jars again for Scala {}", to.scala));
        }
        if !help.is_empty() {
            diagnostic = diagnostic.help(help.join("; "));
        }
        sink.report(diagnostic);
        (to, Some(Sourced::new(format!("EMR release {name} had Spark {spark}{scala_of}"), label.origins.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::application_name;

    #[test]
    fn versions_are_no_part_of_a_name() {
        for (file, name) in [
            ("SparkSimpleApp.jar", "SparkSimpleApp"),
            ("film-jobs-1.4.jar", "film-jobs"),
            ("film-jobs_2.11-1.4.jar", "film-jobs"),
            ("app-1.0-SNAPSHOT.jar", "app"),
            ("etl.py", "etl"),
            ("1.0.jar", "1.0"),
            ("job-2.jar", "job"),
            ("job", "job"),
        ] {
            assert_eq!(application_name(file), name, "{file}");
        }
    }
}
