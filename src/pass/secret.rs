//! Secrets: literals that are credentials are taken out of jobs before anything is emitted.
use crate::ir::job::{Piece, SecretRef, SparkJob};
use crate::source::rules::plan;
use crate::source::secret;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;

/// Replaces every secret of a job by a reference to an environment variable that comes from a Kubernetes Secret.
///
/// # Errors
/// When a secret stands where Spark cannot read a reference.
pub fn keep_out(job: &mut SparkJob, sink: &mut Sink) -> Result<(), String> {
    let name = job.name.value.clone();
    let mut secrets: Vec<SecretRef> = Vec::new();
    for (index, argument) in job.arguments.iter_mut().enumerate() {
        let literal: String = argument
            .value
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.as_str(),
                Piece::Input(_) | Piece::Variable(_) => "",
            })
            .collect();
        let key = literal.split_once('=').map_or("", |(key, _)| key.trim_start_matches('-'));
        let Some(why) =
            secret::reason(key, literal.split_once('=').map_or(literal.as_str(), |(_, v)| v)).or_else(|| secret::value_reason(&literal))
        else {
            continue;
        };
        // Kubernetes expands $(NAME) in a container's arguments, and the driver's arguments are those of its container.
        let reference = refer(&mut secrets, &name, &format!("argument-{}", index + 1), &argument.as_ref().map(|_| ()));
        let kept = literal.split_once('=').filter(|_| !key.is_empty()).map_or(String::new(), |(k, _)| format!("{k}="));
        argument.value = vec![Piece::Literal(kept), Piece::Variable(reference.variable.clone())];
        question(sink, argument, &format!("argument {} of `{name}`", index + 1), why, &reference);
    }
    for (key, value) in &mut job.hadoop_conf {
        let Some(why) = secret::reason(&key.value, &value.value) else { continue };
        let reference = refer(&mut secrets, &name, &key.value, &value.as_ref().map(|_| ()));
        // Hadoop's Configuration expands ${env.NAME} (Hadoop 3, class Configuration).
        value.value = format!("${{env.{}}}", reference.variable);
        question(sink, value, &format!("`{}` of `{name}`", key.value), why, &reference);
    }
    for (key, value) in &job.spark_conf {
        let Some(why) = secret::reason(&key.value, &value.value) else { continue };
        let message = format!("`{}` of `{name}` is a secret ({why}), and Spark reads that property from no Secret", key.value);
        sink.report(
            Diagnostic::refused(&plan::SEC102, value.span(), message.clone())
                .help("move the credential to the pod's AWS role or to an environment variable that the application reads"),
        );
        return Err(message);
    }
    job.secrets = secrets;
    Ok(())
}

fn refer(secrets: &mut Vec<SecretRef>, job: &str, what: &str, origin: &Sourced<()>) -> SecretRef {
    let key = super::naming::label(&format!("{job}-{what}"), 63);
    let variable = key.to_ascii_uppercase().replace('-', "_");
    let reference = SecretRef { variable, key, origin: origin.clone() };
    secrets.push(reference.clone());
    reference
}

fn question<T>(sink: &mut Sink, at: &Sourced<T>, what: &str, why: &str, reference: &SecretRef) {
    sink.report(
        Diagnostic::question(&plan::SEC101, at.span(), format!("{what} is a secret: {why}; it stays out of the output"))
            .help(format!("put it into the pipeline's Secret under `{}`, and rotate it: it lies in the sources", reference.key)),
    );
}
