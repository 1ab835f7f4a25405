//! Dockerfiles: Spark with the application baked in.
use super::spark_operator::{APPLICATION_FOLDER, file_name};
use super::tree::{LineOrigin, OutFile};
use super::yaml::one_line;
use crate::ir::plan::Image;
use crate::source::rules::emit::{EMI102, EMI106};
use crate::source::span::Origins;

/// Where Maven and Java are, to fetch the S3A connector from whatever repository Maven is set up for.
const MAVEN_IMAGE: &str = "maven:3.9-eclipse-temurin-17";

/// The Dockerfile of an image.
#[must_use]
pub fn dockerfile(image: &Image) -> OutFile {
    let mut lines: Vec<(String, LineOrigin)> = Vec::new();
    let mut line = |text: String, origins: &Origins| lines.push((text, LineOrigin { rule: &EMI106, origins: origins.clone() }));
    let none = Origins::none();
    let release = image.from_release.as_ref().map(|r| r.origins.clone()).unwrap_or_default();
    if let Some(from) = &image.from_release {
        line(format!("# {}.", one_line(&from.value)), &release);
    }
    line("# Build: docker build -t REGISTRY/NAME:TAG . , with these files beside this one:".to_owned(), &none);
    for (location, _) in &image.files {
        line(format!("#   aws s3 cp {} .", one_line(&location.value)), &location.origins);
    }
    line(String::new(), &none);
    lines.push((
        format!("# S3A: hadoop-aws of this Spark's Hadoop {}, and the AWS SDK that it was built with.", image.spark.hadoop),
        LineOrigin { rule: &EMI102, origins: none.clone() },
    ));
    let mut line = |text: String, origins: &Origins| lines.push((text, LineOrigin { rule: &EMI106, origins: origins.clone() }));
    line(format!("FROM {MAVEN_IMAGE} AS jars"), &none);
    line(
        format!("RUN mvn -q dependency:copy -Dartifact=org.apache.hadoop:hadoop-aws:{} -DoutputDirectory=/jars \\", image.spark.hadoop),
        &none,
    );
    line(
        format!(" && mvn -q dependency:copy -Dartifact=com.amazonaws:aws-java-sdk-bundle:{} -DoutputDirectory=/jars", image.spark.aws_sdk),
        &none,
    );
    line(String::new(), &none);
    line(format!("FROM {}", image.spark.image), &release);
    line("COPY --from=jars --chmod=644 /jars/ /opt/spark/jars/".to_owned(), &none);
    let mut copied: Vec<String> = Vec::new();
    for (location, file) in &image.files {
        let name = file_name(file);
        if copied.contains(&name) {
            continue;
        }
        copied.push(name);
        line(format!("COPY --chmod=644 {} {APPLICATION_FOLDER}/", file_name(file)), &location.origins);
    }
    OutFile { lines }
}
