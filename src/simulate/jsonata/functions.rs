//! The functions that Step Functions adds to JSONata, and those whose answers would depend on the machine they run on.
//!
//! Facts: AWS documentation, "Transforming data with JSONata in Step Functions" (`$partition`, `$range`, `$hash`, `$random`, `$uuid`, `$parse`; `$eval` is not supported), looked up
//! November 2026; recorded executions for the rest (`$range` gives a sequence, so one number comes without its array; `$partition` does not); what arguments
//! that do not fit give, and where functions of JSONata itself differ, as measured on AWS (iwamot/sfnx, `docs/design.md`, "`JSONata` in Step Functions").
use super::convert::{self, Exact};
use super::engine::{MAX_DEPTH, MAX_MILLISECONDS, MAX_SEQUENCE, MEMORY};
use crate::simulate::value::Value;
use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::functions;
use jsonata_core::value::{JValue, with_stack};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest text, in bytes, that a function may make: what AWS's memory limit leaves (a text of 2^22 characters passes there, one of 2^23 does not).
pub const MAX_TEXT: usize = 6_990_256;

/// The most numbers that `$range` makes on AWS before its memory limit.
pub const MAX_RANGE: i128 = 360_145;

/// A reproducible source of chance: the same seed, the same numbers in the same order. Clones draw from the same source.
#[derive(Clone, Debug)]
pub struct Entropy(Arc<AtomicU64>);

impl Entropy {
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// The next 64 bits (`SplitMix64`).
    #[must_use]
    pub fn bits(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    pub fn unit(&self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A random UUID (version 4).
    #[must_use]
    pub fn uuid(&self) -> String {
        let high = (self.bits() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000;
        let low = (self.bits() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48, low & 0xFFFF_FFFF_FFFF)
    }
}

/// The first number of `java.util.Random` with a seed, `nextDouble` (Java SE API): what `$random(seed)` is on AWS.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
pub fn java_random(seed: i64) -> f64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    let mut next = |bits: u32| {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        state >> (48 - bits)
    };
    let high = next(26);
    let low = next(27);
    ((high << 27) + low) as f64 / (1_u64 << 53) as f64
}

/// A hash in lower-case hexadecimal digits.
#[must_use]
pub fn hash(text: &str, algorithm: &str) -> Option<String> {
    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
    Some(match algorithm {
        "MD5" => hex(&Md5::digest(text)),
        "SHA-1" => hex(&Sha1::digest(text)),
        "SHA-256" => hex(&Sha256::digest(text)),
        "SHA-384" => hex(&Sha384::digest(text)),
        "SHA-512" => hex(&Sha512::digest(text)),
        _ => return None,
    })
}

fn mismatch(index: usize, function: &str) -> EvaluatorError {
    EvaluatorError::TypeError(format!("T0410: Argument {index} of function \"{function}\" does not match function signature"))
}

fn memory() -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("{MEMORY}: memory"))
}

type Outcome = Result<JValue, EvaluatorError>;

/// Calls one of the engine's own functions.
fn builtin(name: &str, args: &[JValue]) -> Outcome {
    builtin_with(name, args, None)
}

/// The same where an argument may be a function, which needs ours.
fn builtin_with(name: &str, args: &[JValue], provider: Option<&Provider>) -> Outcome {
    let mut context = Context::new();
    let mut nodes = Vec::with_capacity(args.len());
    for (index, arg) in args.iter().enumerate() {
        let name = format!("argument {index}");
        context.bind(name.clone(), arg.clone());
        nodes.push(AstNode::Variable(name));
    }
    let options = EvaluatorOptions {
        timeout_ms: Some(MAX_MILLISECONDS),
        max_stack_depth: Some(MAX_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE),
        ..EvaluatorOptions::default()
    };
    let mut evaluator = Evaluator::with_options(context, options);
    if let Some(provider) = provider {
        provider.register(&mut evaluator)?;
    }
    evaluator.evaluate(&AstNode::Function { name: name.into(), args: nodes, is_builtin: true }, &JValue::Undefined)
}

/// A number argument, rounded towards zero. `Ok(None)` where it is undefined.
fn integer(args: &[JValue], index: usize, function: &str) -> Result<Option<i64>, EvaluatorError> {
    match args.get(index) {
        None | Some(JValue::Undefined) => Ok(None),
        #[expect(clippy::cast_possible_truncation, reason = "as Java's cast: towards zero, and at the ends of the range")]
        Some(JValue::Number(number)) => Ok(Some(number.trunc() as i64)),
        Some(_) => Err(mismatch(index + 1, function)),
    }
}

fn at_most(args: &[JValue], most: usize, function: &str) -> Result<(), EvaluatorError> {
    if args.len() > most { Err(mismatch(most + 1, function)) } else { Ok(()) }
}

fn failed(code: &str, message: impl std::fmt::Display) -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("{code}: {message}"))
}

/// Without a size all is one batch, an empty one too; of nothing there are no batches.
fn partition(args: &[JValue]) -> Outcome {
    at_most(args, 2, "partition")?;
    let items = match args.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => items.to_vec(),
        Some(_) => return Err(failed("T0412", "Argument 1 of function \"partition\" must be an array of undefined")),
    };
    let Some(size) = integer(args, 1, "partition")? else { return Ok(JValue::cons(vec![JValue::cons(items)])) };
    match usize::try_from(size) {
        Ok(0) => Ok(JValue::Undefined),
        Ok(_) if items.is_empty() => Ok(JValue::Undefined),
        Ok(size) => Ok(JValue::cons(items.chunks(size).map(|chunk| JValue::cons(chunk.to_vec())).collect())),
        Err(_) => Err(failed("D3137", "Second argument must be zero or greater")),
    }
}

fn range(args: &[JValue]) -> Outcome {
    at_most(args, 3, "range")?;
    let (Some(first), Some(last), Some(step)) = (integer(args, 0, "range")?, integer(args, 1, "range")?, integer(args, 2, "range")?) else {
        return Ok(JValue::Undefined);
    };
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    if step == 0 || (step > 0 && first > last) || (step < 0 && first < last) {
        return Ok(JValue::Undefined);
    }
    let count = (last - first) / step + 1;
    if count > MAX_RANGE {
        return Err(memory());
    }
    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are doubles")]
    let mut numbers: Vec<JValue> = (0..count).map(|index| JValue::Number((first + index * step) as f64)).collect();
    Ok(match numbers.len() {
        1 => numbers.swap_remove(0),
        _ => JValue::sequence(numbers),
    })
}

fn hash_of(args: &[JValue]) -> Outcome {
    at_most(args, 2, "hash")?;
    let unknown = |algorithm: &str| {
        failed("D3137", format_args!("Hash algorithm '{algorithm}' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5"))
    };
    match (args.first(), args.get(1)) {
        (Some(JValue::Undefined), _) | (Some(JValue::String(_)), None) => Ok(JValue::Undefined),
        (Some(JValue::String(text)), Some(JValue::String(algorithm))) => {
            hash(text, algorithm).map(JValue::string).ok_or_else(|| unknown(algorithm))
        }
        (Some(JValue::String(_)), Some(JValue::Undefined)) => Err(unknown("null")),
        (Some(JValue::String(_)), Some(_)) => Err(mismatch(2, "hash")),
        _ => Err(mismatch(1, "hash")),
    }
}

fn parse(args: &[JValue], exact: &Exact) -> Outcome {
    at_most(args, 1, "parse")?;
    match args.first() {
        None | Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(JValue::String(text)) => match parsed(text) {
            Ok(value) => Ok(convert::to_engine(&value, exact)),
            Err(error) => Err(EvaluatorError::EvaluationError(format!("the text given to $parse is not JSON: {error}"))),
        },
        Some(_) => Err(mismatch(1, "parse")),
    }
}

/// JSON as `$parse` reads it: texts may stand in single quotes, no key may stand twice, no number may be past a double.
fn parsed(text: &str) -> Result<Value, String> {
    let text = if text.contains('\'') { double_quoted(text) } else { text.to_owned() };
    serde_json::from_str::<Unique>(&text).map_err(|error| error.to_string())?;
    let value = Value::parse(&text)?;
    if value.has_infinite() || value.as_number().is_some_and(|number| !number.as_f64().is_finite()) {
        return Err("a number is out of range".into());
    }
    Ok(value)
}

/// The text with its single quoted texts in double quotes.
fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (inside, character) {
            (None, quote @ ('"' | '\'')) => {
                inside = Some(quote);
                out.push('"');
            }
            (Some(quote), character) if character == quote => {
                inside = None;
                out.push('"');
            }
            (Some('\''), '"') => out.push_str("\\\""),
            (Some(_), '\\') => match characters.next() {
                Some('\'') => out.push('\''),
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            (_, other) => out.push(other),
        }
    }
    out
}

/// JSON in which no object has a key twice. As deep as the reader of JSON goes, which has a limit.
struct Unique;

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Unique;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
                while items.next_element::<Unique>()?.is_some() {}
                Ok(Unique)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
                let mut keys = BTreeSet::new();
                // A number comes as a map of one entry.
                while let Some(key) = entries.next_key::<String>()? {
                    entries.next_value::<Unique>()?;
                    if let Some(key) = keys.replace(key) {
                        return Err(serde::de::Error::custom(format_args!("the key \"{key}\" stands twice")));
                    }
                }
                Ok(Unique)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn random(args: &[JValue], entropy: &Entropy) -> Outcome {
    at_most(args, 1, "random")?;
    Ok(JValue::Number(match integer(args, 0, "random")? {
        Some(seed) => java_random(seed),
        None => entropy.unit(),
    }))
}

fn shuffle(args: &[JValue], entropy: &Entropy) -> Outcome {
    at_most(args, 1, "shuffle")?;
    let mut items = match args.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => items.to_vec(),
        Some(other) => return Ok(JValue::array(vec![other.clone()])),
    };
    for index in (1..items.len()).rev() {
        #[expect(clippy::cast_possible_truncation, reason = "smaller than the index")]
        items.swap(index, (entropy.bits() % (index as u64 + 1)) as usize);
    }
    Ok(JValue::array(items))
}

/// How many bytes a value has as text, at least; counting ends at [`MAX_TEXT`].
fn size(value: &JValue) -> usize {
    fn count(value: &JValue, left: &mut usize) {
        let own = match value {
            JValue::String(text) => text.len(),
            _ => 1,
        };
        *left = left.saturating_sub(own);
        if *left > 0 {
            match value {
                JValue::Array(items) => with_stack(|| {
                    for item in items {
                        if *left == 0 {
                            break;
                        }
                        count(item, left);
                    }
                }),
                JValue::Object(object) => with_stack(|| {
                    for (key, item) in object.iter() {
                        *left = left.saturating_sub(key.len());
                        if *left == 0 {
                            break;
                        }
                        count(item, left);
                    }
                }),
                _ => {}
            }
        }
    }
    let mut left = MAX_TEXT + 1;
    count(value, &mut left);
    MAX_TEXT + 1 - left
}

fn small(values: &[JValue]) -> Result<(), EvaluatorError> {
    let mut sum = 0;
    for value in values {
        sum += size(value);
        if sum > MAX_TEXT {
            return Err(memory());
        }
    }
    Ok(())
}

/// `&`: what is undefined counts as an empty text.
fn concatenate(args: &[JValue]) -> Outcome {
    small(args)?;
    let mut text = String::new();
    for arg in args {
        match arg {
            JValue::Undefined => {}
            JValue::String(part) => text.push_str(part),
            other => {
                if let JValue::String(part) = functions::string::string(other, None)? {
                    text.push_str(&part);
                }
            }
        }
    }
    if text.len() > MAX_TEXT { Err(memory()) } else { Ok(JValue::string(text)) }
}

fn guarded_string(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let args = if args.is_empty() { std::slice::from_ref(&context) } else { args };
    small(args)?;
    builtin("string", args)
}

fn guarded_join(args: &[JValue]) -> Outcome {
    small(args)?;
    if let (Some(JValue::Array(items)), Some(JValue::String(separator))) = (args.first(), args.get(1))
        && items.len().saturating_mul(separator.len()).saturating_add(size(&args[0])) > MAX_TEXT
    {
        return Err(memory());
    }
    builtin("join", args)
}

fn guarded_pad(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let args = with_context(context, args, matches!(args.first(), Some(JValue::Number(_))));
    #[expect(clippy::cast_precision_loss, reason = "a bound")]
    if let Some(JValue::Number(width)) = args.get(1)
        && width.abs() > (MAX_TEXT / 4) as f64
    {
        return Err(memory());
    }
    builtin("pad", &args)
}

fn guarded_replace(context: JValue, args: &[JValue], provider: &Provider) -> Outcome {
    let args = with_context(context, args, args.len() == 2 || (args.len() == 3 && matches!(args[2], JValue::Number(_))));
    if let (Some(JValue::String(text)), Some(pattern), Some(JValue::String(replacement))) = (args.first(), args.get(1), args.get(2)) {
        let count = match pattern {
            JValue::String(pattern) if !pattern.is_empty() => text.matches(&**pattern).count(),
            _ => text.len() + 1,
        };
        // A pattern's matches are counted as if each character were one, which is too many only for replacements of many kilobytes.
        let most = if matches!(pattern, JValue::String(_)) { MAX_TEXT } else { MAX_TEXT * 16 };
        if count.saturating_mul(replacement.len()).saturating_add(text.len()) > most {
            return Err(memory());
        }
    }
    builtin_with("replace", &args, Some(provider))
}

fn guarded_format_integer(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let mut args = args.to_vec();
    if matches!(args.as_slice(), [JValue::String(_)]) && matches!(context, JValue::Number(_)) {
        args.insert(0, context);
    }
    // Roman numbers are as long as the thousands in them.
    if let [JValue::Number(number), JValue::String(picture), ..] = args.as_slice()
        && number.abs() > 1e8
        && picture.trim_start().starts_with(['I', 'i'])
    {
        return Err(memory());
    }
    builtin("formatInteger", &args)
}

/// What is no number of milliseconds has no date; a fraction of one is dropped; a time zone is `±HHMM`, and anything else stands for UTC.
fn guarded_from_millis(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let mut args = args.to_vec();
    if matches!(context, JValue::Number(_)) && matches!(args.first(), None | Some(JValue::String(_))) {
        args.insert(0, context);
    }
    match args.first_mut() {
        Some(JValue::Number(millis)) => *millis = millis.trunc(),
        _ => return Ok(JValue::Undefined),
    }
    let is_zone = |zone: &str| zone.len() == 5 && zone.starts_with(['+', '-']) && zone[1..].bytes().all(|byte| byte.is_ascii_digit());
    if let Some(JValue::String(zone)) = args.get(2)
        && !is_zone(zone)
    {
        args.truncate(2);
    }
    builtin("fromMillis", &args)
}

/// As `java.net.URLDecoder` reads it: `+` is a blank, bytes that are no UTF-8 become U+FFFD.
fn guarded_decode(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let args = with_context(context, args, args.is_empty());
    let [JValue::String(text)] = args.as_slice() else { return builtin("decodeUrlComponent", &args) };
    let malformed = || failed("D3140", format_args!("Malformed URL passed to $decodeUrlComponent(): {}", Value::string(&**text).to_json()));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(malformed);
                u8::try_from(digit()? * 16 + digit()?).unwrap_or_default()
            }
            other => other,
        });
    }
    Ok(JValue::string(String::from_utf8_lossy(&bytes)))
}

/// As `java.util.Base64` reads it: no other character than those of the alphabet.
fn guarded_base64(context: JValue, args: &[JValue], _provider: &Provider) -> Outcome {
    let args = with_context(context, args, args.is_empty());
    if let [JValue::String(text)] = args.as_slice()
        && let Some(byte) = text.bytes().find(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')))
    {
        return Err(EvaluatorError::EvaluationError(format!("Illegal base64 character {byte:x}")));
    }
    builtin("base64decode", &args)
}

fn with_context(context: JValue, args: &[JValue], missing: bool) -> Vec<JValue> {
    let mut all = Vec::with_capacity(args.len() + 1);
    if missing && matches!(context, JValue::String(_)) {
        all.push(context);
    }
    all.extend_from_slice(args);
    all
}

/// Names no expression can write, for functions that stand in for others.
const CONCATENATE: &str = "a & b";
const STRING: &str = "guarded string";
const JOIN: &str = "guarded join";
const PAD: &str = "guarded pad";
const REPLACE: &str = "guarded replace";
const DISTINCT: &str = "guarded distinct";
const SMALL: &str = "small enough";
const FORMAT_INTEGER: &str = "guarded formatInteger";
const FROM_MILLIS: &str = "guarded fromMillis";
const DECODE: &str = "guarded decodeUrlComponent";
const BASE64: &str = "guarded base64decode";

/// Functions that are guarded wherever they stand.
pub const ALWAYS_GUARDED: [&str; 6] = ["pad", "replace", "formatInteger", "fromMillis", "decodeUrlComponent", "base64decode"];

/// Puts guards around what could make texts without end, and ours around what AWS does otherwise: everywhere around `$pad` and `$replace`; around `&`, `=`, `in`, `$string`, `$join` and `$distinct` only where a function is
/// defined, because nothing else repeats.
#[must_use]
pub fn guard(mut ast: AstNode, lambda: bool) -> AstNode {
    visit(&mut ast, &mut |node| match node {
        AstNode::Function { name, args, is_builtin: true } => {
            let guarded = match name.as_str() {
                "pad" => PAD,
                "replace" => REPLACE,
                "formatInteger" => FORMAT_INTEGER,
                "fromMillis" => FROM_MILLIS,
                "decodeUrlComponent" => DECODE,
                "base64decode" => BASE64,
                "string" if lambda => STRING,
                "join" if lambda => JOIN,
                "distinct" if lambda => DISTINCT,
                _ => return,
            };
            // A placeholder makes a new function of it, with its arguments in their places.
            if args.iter().any(|arg| matches!(arg, AstNode::Placeholder)) {
                return;
            }
            if guarded != JOIN && guarded != DISTINCT {
                args.insert(0, AstNode::Variable(String::new()));
            }
            *name = guarded.to_string();
        }
        // `x ~> $pad(3)` is `$pad(x, 3)`.
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => {
            if let AstNode::Function { name, args, .. } = &mut **rhs
                && [STRING, PAD, REPLACE, FORMAT_INTEGER, FROM_MILLIS, DECODE, BASE64].contains(&name.as_str())
            {
                args.insert(1, std::mem::replace(&mut **lhs, AstNode::Null));
                *node = std::mem::replace(&mut **rhs, AstNode::Null);
            }
        }
        // Shared values are compared as if each stood on its own.
        AstNode::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::In, lhs, rhs }
            if lambda && !literal(lhs) && !literal(rhs) =>
        {
            let args = vec![std::mem::replace(&mut **lhs, AstNode::Null)];
            **lhs = AstNode::Function { name: SMALL.to_string(), args, is_builtin: true };
        }
        AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } if lambda => {
            let args = vec![std::mem::replace(&mut **lhs, AstNode::Null), std::mem::replace(&mut **rhs, AstNode::Null)];
            *node = AstNode::Function { name: CONCATENATE.to_string(), args, is_builtin: true };
        }
        _ => {}
    });
    ast
}

fn literal(node: &AstNode) -> bool {
    matches!(node, AstNode::String(_) | AstNode::Number(_) | AstNode::Boolean(_) | AstNode::Null)
}

/// Every node, the inner ones first.
fn visit(node: &mut AstNode, act: &mut impl FnMut(&mut AstNode)) {
    with_stack(|| {
        match node {
            AstNode::Path { steps } => {
                for PathStep { node, stages, .. } in steps {
                    visit(node, act);
                    for stage in stages {
                        if let Stage::Filter(filter) = stage {
                            visit(filter, act);
                        }
                    }
                }
            }
            AstNode::Binary { lhs, rhs, .. } => {
                visit(lhs, act);
                visit(rhs, act);
            }
            AstNode::Unary { operand: inner, .. } | AstNode::FunctionApplication(inner) | AstNode::Lambda { body: inner, .. } => {
                visit(inner, act);
            }
            AstNode::Function { args: nodes, .. } | AstNode::Array(nodes) | AstNode::ArrayGroup(nodes) | AstNode::Block(nodes) => {
                for node in nodes {
                    visit(node, act);
                }
            }
            AstNode::Call { procedure, args } => {
                visit(procedure, act);
                for node in args {
                    visit(node, act);
                }
            }
            AstNode::Object(pairs) => visit_pairs(pairs, act),
            AstNode::ObjectTransform { input, pattern } => {
                visit(input, act);
                visit_pairs(pattern, act);
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                visit(condition, act);
                visit(then_branch, act);
                if let Some(node) = else_branch {
                    visit(node, act);
                }
            }
            AstNode::Sort { input, terms } => {
                visit(input, act);
                for (node, _) in terms {
                    visit(node, act);
                }
            }
            AstNode::Transform { location, update, delete } => {
                visit(location, act);
                visit(update, act);
                if let Some(node) = delete {
                    visit(node, act);
                }
            }
            _ => {}
        }
        act(node);
    });
}

fn visit_pairs(pairs: &mut [(AstNode, AstNode)], act: &mut impl FnMut(&mut AstNode)) {
    for (key, value) in pairs {
        visit(key, act);
        visit(value, act);
    }
}

/// Gives evaluators the functions that an expression names.
#[derive(Clone)]
pub struct Provider {
    /// Functions the expression names.
    pub names: Arc<BTreeSet<String>>,
    /// Whether its tree is guarded.
    pub guards: bool,
    pub entropy: Entropy,
    pub now: i64,
    pub exact: Exact,
}

impl Provider {
    /// Registers them.
    ///
    /// # Errors
    /// A name that the engine does not let go; none of ours is.
    pub fn register(&self, evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
        let Self { names, guards, entropy, now, exact } = self;
        let (now, guards) = (*now, *guards);
        for name in names.iter().map(String::as_str) {
            match name {
                "partition" => evaluator.register_fn(name, |args: &[JValue]| partition(args))?,
                "range" => evaluator.register_fn(name, |args: &[JValue]| range(args))?,
                "hash" => evaluator.register_fn(name, |args: &[JValue]| hash_of(args))?,
                "parse" => {
                    let exact = exact.clone();
                    evaluator.register_fn(name, move |args: &[JValue]| parse(args, &exact))?;
                }
                "uuid" => {
                    let entropy = entropy.clone();
                    evaluator.register_fn(name, move |args: &[JValue]| {
                        at_most(args, 0, "uuid")?;
                        Ok(JValue::string(entropy.uuid()))
                    })?;
                }
                "random" => {
                    let entropy = entropy.clone();
                    evaluator.register_fn_override(name, move |args: &[JValue]| random(args, &entropy))?;
                }
                "shuffle" => {
                    let entropy = entropy.clone();
                    evaluator.register_fn_override(name, move |args: &[JValue]| shuffle(args, &entropy))?;
                }
                #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are doubles")]
                "millis" => evaluator.register_fn_override(name, move |args: &[JValue]| {
                    at_most(args, 0, "millis")?;
                    Ok(JValue::Number(now as f64))
                })?,
                #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are doubles")]
                "now" => evaluator.register_fn_override(name, move |args: &[JValue]| {
                    at_most(args, 2, "now")?;
                    let mut all = vec![JValue::Number(now as f64)];
                    all.extend_from_slice(args);
                    builtin("fromMillis", &all)
                })?,
                "eval" => evaluator.register_fn_override(name, |_: &[JValue]| -> Outcome {
                    Err(EvaluatorError::ReferenceError("T1006: Attempted to invoke a non-function".into()))
                })?,
                _ => {}
            }
        }
        if guards {
            evaluator.register_fn(CONCATENATE, |args: &[JValue]| concatenate(args))?;
            evaluator.register_fn(SMALL, |args: &[JValue]| {
                small(args)?;
                Ok(args.first().cloned().unwrap_or(JValue::Undefined))
            })?;
            evaluator.register_fn(DISTINCT, |args: &[JValue]| {
                small(args)?;
                builtin("distinct", args)
            })?;
            evaluator.register_fn(JOIN, |args: &[JValue]| guarded_join(args))?;
            type Guarded = fn(JValue, &[JValue], &Provider) -> Outcome;
            for (name, guarded) in [
                (STRING, guarded_string as Guarded),
                (PAD, guarded_pad),
                (REPLACE, guarded_replace),
                (FORMAT_INTEGER, guarded_format_integer),
                (FROM_MILLIS, guarded_from_millis),
                (DECODE, guarded_decode),
                (BASE64, guarded_base64),
            ] {
                let provider = self.clone();
                evaluator.register_fn(name, move |args: &[JValue]| match args.split_first() {
                    Some((context, args)) => guarded(context.clone(), args, &provider),
                    None => Ok(JValue::Undefined),
                })?;
            }
        }
        Ok(())
    }
}
