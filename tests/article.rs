//! "Done when" 2 of the first issue, as assertions: what must come out of an estate like the article's.
//!
//! `fixtures/film-library` is such an estate and is always tested. The article's own repository is tested where
//! `EMR2K8S_ARTICLE` names its `aws` folder.
mod support;

use emr2k8s::compile::Compilation;
use emr2k8s::config::Config;
use emr2k8s::source::sink::{Diagnostic, Disposition, Severity, Verdict};
use std::path::PathBuf;

/// What the sources say of a job.
struct Job {
    name: &'static str,
    class: &'static str,
    arguments: &'static [&'static str],
    queue: &'static str,
    /// The jar's file name, which the image holds.
    jar: &'static str,
    instances: u32,
    executor: (u32, &'static str),
    driver: (u32, &'static str),
}

/// The text of the one workflow template.
fn template(compilation: &Compilation) -> String {
    let templates: Vec<String> =
        compilation.tree.files.iter().filter(|(path, _)| path.ends_with("/workflow-template.yaml")).map(|(_, file)| file.text()).collect();
    assert_eq!(templates.len(), 1, "one pipeline");
    templates.into_iter().next().unwrap()
}

/// The lines of the template of a name, each without indentation.
fn block<'t>(template: &'t str, name: &str) -> Vec<&'t str> {
    let head = format!("    - name: {name}");
    let mut lines = template.lines().skip_while(|line| !(line.starts_with(&head) && line[head.len()..].trim_start().is_empty()));
    let first = lines.next().unwrap_or_else(|| panic!("there is no template {name} in\n{template}"));
    std::iter::once(first).chain(lines.take_while(|line| !line.starts_with("    - name: "))).map(str::trim).collect()
}

/// The lines below a key, as far as they are list items.
fn items<'t>(block: &[&'t str], key: &str) -> Vec<&'t str> {
    block
        .iter()
        .skip_while(|line| **line != key)
        .skip(1)
        .map_while(|line| line.strip_prefix("- "))
        .map(|item| item.trim_matches('"'))
        .collect()
}

/// The lines between a key and the next line of `ends`.
fn section<'t>(block: &[&'t str], key: &str, ends: &[&str]) -> Vec<&'t str> {
    block.iter().skip_while(|line| **line != key).skip(1).take_while(|line| !ends.contains(line)).copied().collect()
}

fn assert_job(template: &str, job: &Job) {
    let block = block(template, job.name);
    let has = |line: &str| assert!(block.contains(&line), "{}: no `{line}` in\n{}", job.name, block.join("\n"));
    has("kind: SparkApplication");
    has(&format!("mainClass: {}", job.class));
    has(&format!("mainApplicationFile: local:///opt/spark/app/{}", job.jar));
    has(&format!("queue: root.{}", job.queue));
    assert_eq!(items(&block, "arguments:"), job.arguments, "{}", job.name);
    let driver = section(&block, "driver:", &["executor:"]);
    assert!(driver.contains(&format!("cores: {}", job.driver.0).as_str()), "{driver:?}");
    assert!(driver.contains(&format!("memory: {}", job.driver.1).as_str()), "{driver:?}");
    let executor = section(&block, "executor:", &["driver:"]);
    assert!(executor.contains(&format!("instances: {}", job.instances).as_str()), "{executor:?}");
    assert!(executor.contains(&format!("cores: {}", job.executor.0).as_str()), "{executor:?}");
    assert!(executor.contains(&format!("memory: {}", job.executor.1).as_str()), "{executor:?}");
    // `s3://` paths work: Hadoop's S3A answers for the scheme that EMRFS had.
    has("fs.s3.impl: org.apache.hadoop.fs.s3a.S3AFileSystem");
}

/// The diagnostics of a rule, with the text of the source line that each points at.
fn told<'c>(compilation: &'c Compilation, code: &str) -> Vec<(&'c Diagnostic, String, &'c str)> {
    compilation
        .diagnostics
        .iter()
        .filter(|d| d.rule.code == code)
        .filter_map(|d| {
            let span = d.span?;
            let file = compilation.files.get(span.file);
            let (start, end) = file.line_range(file.line(span.start))?;
            Some((d, file.path.clone(), &file.text[start..end]))
        })
        .collect()
}

/// What holds of both estates. `machine`, `release`, `start`: the files with the machine, the release label, the command.
fn assert_estate(compilation: &Compilation, missing: &str, missing_calls: usize, machine: &str, start: &str) {
    let errors: Vec<&str> = compilation.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.message.as_str()).collect();
    assert!(errors.is_empty(), "{errors:?}");

    let versions = told(compilation, "SIZ106");
    assert_eq!(versions.len(), 1, "one verdict on Spark's version");
    let (verdict, _, line) = &versions[0];
    assert_eq!(verdict.verdict, Some(Verdict::Changed));
    assert!(verdict.message.contains("emr-5.13.0") && verdict.message.contains("Spark 2.3.0"), "{}", verdict.message);
    assert!(line.contains("release_label") || line.contains("emr-5.13.0"), "{line}");

    let killed = told(compilation, "PLN102");
    assert_eq!(killed.len(), 2, "`killed` polls for ever after both jobs");
    for (diagnostic, file, line) in killed {
        assert!(diagnostic.message.contains("`killed`"), "{}", diagnostic.message);
        assert!(file == machine && line.contains("\"Default\""), "{file}: {line}");
    }

    let broken = told(compilation, "LNK103");
    assert_eq!(broken.len(), missing_calls);
    for (diagnostic, file, line) in broken {
        assert!(diagnostic.message.contains(missing), "{}", diagnostic.message);
        assert!(file == machine && line.contains(&format!("function:{missing}\"")), "{file}: {line}");
    }

    let triggers = told(compilation, "LNK105");
    assert_eq!(triggers.len(), 1, "the command in the bootstrap script");
    assert!(
        triggers[0].1 == start && triggers[0].2.starts_with("aws stepfunctions start-execution"),
        "{}: {}",
        triggers[0].1,
        triggers[0].2
    );

    let lost = support::with_disposition(compilation, Disposition::Unexplained);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(!compilation.tree.files.is_empty() && compilation.links.iter().any(|link| link.broken));
}

/// The order of the steps of the pipeline itself, each with its condition.
fn steps(template: &str, pipeline: &str) -> Vec<(String, Option<String>)> {
    let block = block(template, pipeline);
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    for line in block {
        if let Some(name) = line.strip_prefix("- - name: ") {
            out.push((name.to_owned(), None));
        } else if let (Some(condition), Some(last)) = (line.strip_prefix("when: "), out.last_mut()) {
            last.1 = Some(condition.trim_matches('"').to_owned());
        }
    }
    out
}

#[expect(clippy::unnecessary_wraps, reason = "as a step has it")]
fn failed(job: &str) -> Option<String> {
    Some(format!("{{{{steps.{job}.status}}}} != Succeeded"))
}

#[test]
fn the_film_library() {
    let compilation = support::compiled("film-library");
    let template = template(&compilation);
    let job = |name, class, arguments| Job {
        name,
        class,
        arguments,
        queue: "main",
        jar: "film-jobs-1.4.jar",
        instances: 4,
        executor: (2, "3g"),
        driver: (1, "1g"),
    };
    assert_job(&template, &job("index", "film.jobs.Index", &["s3://film-library-data/reels.csv", "s3://film-library-data/index/"]));
    assert_job(
        &template,
        &job("director", "film.jobs.Director", &["s3://film-library-data/index/", "s3://film-library-data/picked/", "Varda"]),
    );
    assert_eq!(
        steps(&template, "film-library"),
        [
            ("index".to_owned(), None),
            ("index-alert".to_owned(), failed("index")),
            ("index-failed".to_owned(), failed("index")),
            ("director".to_owned(), None),
            ("director-alert".to_owned(), failed("director")),
            ("director-failed".to_owned(), failed("director")),
        ]
    );
    for message in ["IndexFailed: the job Index did not end well", "DirectorFailed: the job Director did not end well"] {
        assert!(template.contains(message), "{message}");
    }
    assert_estate(&compilation, "film-projectionist", 1, "machines/films.json", "cluster/bootstrap/start.sh");
    // The cluster's settings reach both jobs.
    assert_eq!(template.matches("spark.sql.shuffle.partitions: \"64\"").count(), 2);
    assert_eq!(template.matches("fs.s3a.acl.default: BucketOwnerFullControl").count(), 2);
}

#[test]
fn the_article_itself() {
    let Some(source) = std::env::var_os("EMR2K8S_ARTICLE").map(PathBuf::from) else {
        eprintln!("EMR2K8S_ARTICLE does not name the article's `aws` folder: nothing is tested");
        return;
    };
    let compilation = support::compiled_at(&source, Config::default());
    let template = template(&compilation);
    let job = |name, class, arguments| Job {
        name,
        class,
        arguments,
        queue: "main",
        jar: "SparkSimpleApp.jar",
        instances: 2,
        executor: (2, "1g"),
        driver: (1, "1g"),
    };
    let bucket = "s3://devfest-emr-2163418192";
    assert!(template.contains(bucket));
    assert_job(
        &template,
        &job(
            "devfest-parquet-data",
            "SparkSimpleApp.ParquetFilm",
            &["s3://devfest-emr-2163418192/input_movie_metadata.csv", "s3://devfest-emr-2163418192/parquetData/"],
        ),
    );
    assert_job(
        &template,
        &job(
            "devfest-processed-data",
            "SparkSimpleApp.FilterFilm",
            &["s3://devfest-emr-2163418192/parquetData/", "s3://devfest-emr-2163418192/processedData/", "Leone"],
        ),
    );
    let steps = steps(&template, "devfest");
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "devfest-parquet-data",
            "devfest-parquet-data-alert",
            "devfest-parquet-data-failed",
            "devfest-processed-data",
            "devfest-processed-data-alert",
            "devfest-processed-data-failed",
        ]
    );
    for (name, condition) in &steps {
        let job = if name.starts_with("devfest-parquet-data") { "devfest-parquet-data" } else { "devfest-processed-data" };
        assert_eq!(*condition, if name == job { None } else { failed(job) }, "{name}");
    }
    for message in [
        "Devfest Parquet Data Job returned FAILED: AWS Batch Job Failed",
        "Devfest Processed Data Job returned FAILED: AWS Batch Job Failed",
    ] {
        assert!(template.contains(message), "{message}");
    }
    assert_estate(&compilation, "devfest-monitoring", 2, "resources/code/step.json", "emr/scripts/bootstrap_master.sh");
}
