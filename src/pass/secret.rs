//! Secrets: literals that are credentials are taken out of jobs before anything is emitted.
use crate::ir::job::{Piece, SecretRef, SparkJob};
use crate::source::rules::plan;
use crate::source::secret::{self, Found};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;

/// Replaces every secret of a job by a reference to an environment variable that comes from a Kubernetes Secret.
///
/// # Errors
/// When a secret stands where Spark cannot read a reference.
pub fn keep_out(job: &mut SparkJob, sink: &mut Sink) -> Result<(), String> {
    let name = job.name.value.clone();
    let mut secrets: Vec<SecretRef> = Vec::new();
    let mut flag = String::new();
    for (index, argument) in job.arguments.iter_mut().enumerate() {
        let text: String = argument.value.iter().map(shown).collect();
        let found = literal_parts(&argument.value, secret::find(&flag, &text));
        flag = if text.starts_with('-') && !text.contains('=') { text.clone() } else { String::new() };
        if found.is_empty() {
            continue;
        }
        let mut references = Vec::new();
        for (nth, part) in found.iter().enumerate() {
            let what = if nth == 0 { format!("argument-{}", index + 1) } else { format!("argument-{}-{}", index + 1, nth + 1) };
            let reference = refer(&mut secrets, &name, &what, &argument.as_ref().map(|_| ()));
            let whole = part.range == (0..text.len());
            question(sink, argument, &format!("argument {} of `{name}`", index + 1), part.why, &reference, whole);
            references.push(reference);
        }
        // Kubernetes expands $(NAME) in a container's arguments, and the driver's arguments are those of its container.
        argument.value = replaced(&argument.value, &found, &references);
    }
    for (key, value) in &mut job.hadoop_conf {
        let found = secret::find(&key.value, &value.value);
        let mut text = String::new();
        let mut end = 0;
        for (nth, part) in found.iter().enumerate() {
            let what = if nth == 0 { key.value.clone() } else { format!("{}-{}", key.value, nth + 1) };
            let reference = refer(&mut secrets, &name, &what, &value.as_ref().map(|_| ()));
            let whole = part.range == (0..value.value.len());
            question(sink, value, &format!("`{}` of `{name}`", key.value), part.why, &reference, whole);
            text.push_str(&value.value[end..part.range.start]);
            // Hadoop's Configuration expands ${env.NAME} (Hadoop 3, class Configuration).
            text.push_str(&format!("${{env.{}}}", reference.variable));
            end = part.range.end;
        }
        if !found.is_empty() {
            text.push_str(&value.value[end..]);
            value.value = text;
        }
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

/// A piece as it is judged: what is not a literal stands as a reference, which no secret holds.
fn shown(piece: &Piece) -> &str {
    match piece {
        Piece::Literal(text) => text,
        Piece::Input(_) | Piece::Variable(_) => "${}",
    }
}

/// Those that lie in one literal piece.
fn literal_parts(pieces: &[Piece], found: Vec<Found>) -> Vec<Found> {
    let mut at = 0;
    let mut literals = Vec::new();
    for piece in pieces {
        let end = at + shown(piece).len();
        if matches!(piece, Piece::Literal(_)) {
            literals.push(at..end);
        }
        at = end;
    }
    found.into_iter().filter(|part| literals.iter().any(|l| l.start <= part.range.start && part.range.end <= l.end)).collect()
}

/// The pieces with variables in place of the parts, which lie in literal pieces, in order.
fn replaced(pieces: &[Piece], found: &[Found], references: &[SecretRef]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut parts = found.iter().zip(references).peekable();
    let mut at = 0;
    for piece in pieces {
        let text = shown(piece);
        let end = at + text.len();
        let Piece::Literal(_) = piece else {
            out.push(piece.clone());
            at = end;
            continue;
        };
        let mut from = 0;
        while let Some((part, reference)) = parts.next_if(|(part, _)| part.range.end <= end) {
            if part.range.start - at > from {
                out.push(Piece::Literal(text[from..part.range.start - at].to_owned()));
            }
            out.push(Piece::Variable(reference.variable.clone()));
            from = part.range.end - at;
        }
        if from < text.len() {
            out.push(Piece::Literal(text[from..].to_owned()));
        }
        at = end;
    }
    out
}

fn refer(secrets: &mut Vec<SecretRef>, job: &str, what: &str, origin: &Sourced<()>) -> SecretRef {
    let key = super::naming::label(&format!("{job}-{what}"), 63);
    let variable = key.to_ascii_uppercase().replace('-', "_");
    let reference = SecretRef { variable, key, origin: origin.clone() };
    secrets.push(reference.clone());
    reference
}

fn question<T>(sink: &mut Sink, at: &Sourced<T>, what: &str, why: &str, reference: &SecretRef, whole: bool) {
    let (verb, put) = if whole { ("is", "it") } else { ("holds", "that part alone") };
    sink.report(
        Diagnostic::question(&plan::SEC101, at.span(), format!("{what} {verb} a secret: {why}; it stays out of the output"))
            .help(format!("put {put} into the pipeline's Secret under `{}`, and rotate it: it lies in the sources", reference.key)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(flag: &str, pieces: &[Piece]) -> Vec<Piece> {
        let text: String = pieces.iter().map(shown).collect();
        let found = literal_parts(pieces, secret::find(flag, &text));
        let origin = Sourced::new((), crate::source::span::Origins::none());
        let reference = |at| SecretRef { variable: format!("V{at}"), key: String::new(), origin: origin.clone() };
        let references: Vec<SecretRef> = (0..found.len()).map(reference).collect();
        replaced(pieces, &found, &references)
    }

    #[test]
    fn only_the_secret_part_of_an_argument_is_replaced() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let variable = |text: &str| Piece::Variable(text.to_owned());
        assert_eq!(
            pieces("", &[literal("jdbc:x://h;password=hunter2;a=AKIAIOSFODNN7EXAMPLE;b")]),
            [literal("jdbc:x://h;password="), variable("V0"), literal(";a="), variable("V1"), literal(";b")]
        );
        assert_eq!(pieces("--token", &[literal("hunter2")]), [variable("V0")]);
        let input = Piece::Input("$.day".to_owned());
        assert_eq!(
            pieces("", &[input.clone(), literal("&pwd=hunter2&x="), input.clone()]),
            [input.clone(), literal("&pwd="), variable("V0"), literal("&x="), input.clone()]
        );
        let from_input = [literal("--password="), input];
        assert_eq!(pieces("", &from_input), from_input);
    }
}
