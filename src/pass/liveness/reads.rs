//! What an expression of either query language reads of the document, and whether it can fail.
//!
//! A payload template that misses a path fails with a cause that quotes the whole of `$` (`… could not be found in the input '{…}'`), and so do intrinsic functions, the
//! paths of numbers and of a Fail, `ItemsPath` and a `ResultPath` that does not fit. Whoever may fail like that reads everything. A Choice, `InputPath`, `OutputPath`, the
//! paths of a Wait and JSONata say what they looked for, and show of the document what they looked at.
use super::known::Known;
use super::live::Live;
use crate::ir::machine::{Condition, Operand, QueryLanguage, Template, TemplateValue};
use crate::simulate::intrinsic::Call;
use crate::simulate::jsonata;
use crate::simulate::path::{Path, PlainStep, Root};
use crate::simulate::program::literal;
use std::collections::BTreeSet;

/// What is known where an expression stands.
#[derive(Clone)]
pub struct Scope<'s> {
    /// Of `$`.
    pub document: &'s Known,
    pub context: &'s Known,
    pub variables: &'s BTreeSet<String>,
}

/// What an expression reads of `$`.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub live: Live,
    pub fails: bool,
    /// Fields that are there where it did not fail.
    pub found: Vec<Vec<String>>,
}

impl Read {
    /// Something that is not understood.
    fn opaque() -> Self {
        Self { live: Live::all(), fails: true, found: Vec::new() }
    }

    pub fn add(&mut self, other: Read) {
        self.live.add(&other.live);
        self.fails |= other.fails;
        self.found.extend(other.found);
    }

    /// Of what quotes `$` where it fails.
    #[must_use]
    pub fn quoting(mut self) -> Self {
        if self.fails {
            self.live = Live::all();
        }
        self
    }
}

/// A path, parsed.
pub struct Place {
    root: Root,
    /// Names from the root down, up to the first step of another kind.
    pub names: Vec<String>,
    /// Whether there is no other step.
    pub whole: bool,
}

impl Place {
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let steps = path.plain_steps()?;
        let names: Vec<String> =
            steps.iter().map_while(|step| if let PlainStep::Name(name) = step { Some((*name).to_owned()) } else { None }).collect();
        Some(Self { root: path.root.clone(), whole: names.len() == steps.len(), names })
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(&Path::parse(text).ok()?)
    }

    /// Whether it leads into the document.
    #[must_use]
    pub fn in_document(&self) -> bool {
        self.root == Root::Input
    }

    #[must_use]
    pub fn read(&self, scope: &Scope<'_>) -> Read {
        let there = |known: &Known| self.whole && known.below(&self.names).is_some();
        match &self.root {
            // Of null not even `$` can be taken in a template.
            Root::Input if self.names.is_empty() => Read { live: Live::all(), fails: !scope.document.is_object(), found: Vec::new() },
            Root::Input => Read {
                live: Live::field(&self.names),
                fails: !there(scope.document),
                found: if self.whole { vec![self.names.clone()] } else { Vec::new() },
            },
            Root::Context => Read { live: Live::nothing(), fails: !there(scope.context), found: Vec::new() },
            Root::Variable(name) => {
                let plain = self.whole && self.names.is_empty() && scope.variables.contains(&**name);
                Read { live: Live::nothing(), fails: !plain, found: Vec::new() }
            }
        }
    }
}

fn parsed(path: &Path, scope: &Scope<'_>) -> Read {
    // A filter may look at any part of its document.
    Place::of(path).map_or_else(Read::opaque, |place| place.read(scope))
}

/// A path, without what its failure would quote.
#[must_use]
pub fn path(text: &str, scope: &Scope<'_>) -> Read {
    Path::parse(text).map_or_else(|_| Read::opaque(), |path| parsed(&path, scope))
}

/// A path or a call of an intrinsic function, where a failure quotes `$`.
#[must_use]
pub fn expression(text: &str, scope: &Scope<'_>) -> Read {
    if text.trim_start().starts_with('$') {
        return path(text, scope).quoting();
    }
    let Ok(call) = Call::parse(text) else { return Read::opaque() };
    let mut read = Read::default();
    for path in call.paths() {
        read.add(parsed(path, scope));
    }
    let mut read = read.quoting();
    read.fails |= call.view().constant().is_none();
    read
}

/// A payload template of JSONPath.
#[must_use]
pub fn template(template: &Template, scope: &Scope<'_>) -> Read {
    let mut read = Read::default();
    match &template.value {
        TemplateValue::PathExpression(text) => read.add(expression(text, scope)),
        TemplateValue::List(items) => items.iter().for_each(|item| read.add(self::template(item, scope))),
        TemplateValue::Map(entries) => entries.iter().for_each(|(_, value)| read.add(self::template(value, scope))),
        // JSONata between its marks is a text here.
        _ => {}
    }
    read
}

/// A path that says what it looked for, and nothing of what was around it; or a call, whose failure does.
#[must_use]
pub fn reticent(text: &str, scope: &Scope<'_>) -> Read {
    if text.trim_start().starts_with('$') { path(text, scope) } else { expression(text, scope) }
}

#[must_use]
pub fn condition(condition: &Condition, scope: &Scope<'_>) -> Read {
    match condition {
        Condition::And(inner, _) | Condition::Or(inner, _) => {
            let mut read = Read::default();
            for inner in inner {
                read.add(self::condition(inner, scope));
            }
            read
        }
        Condition::Not(inner, _) => self::condition(inner, scope),
        Condition::Compare { variable, operand, .. } => {
            let mut read = path(&variable.value, scope);
            if let Operand::Path(operand) = operand {
                read.add(path(&operand.value, scope));
            }
            // Which of them are asked depends on the others.
            read.found.clear();
            read
        }
        Condition::Jsonata(text) => jsonata(&text.value),
        Condition::Invalid(_) => Read::opaque(),
    }
}

/// An expression of JSONata.
#[must_use]
pub fn jsonata(text: &str) -> Read {
    let Ok(expression) = jsonata::Expression::parse(text) else { return Read::opaque() };
    let mut read = Read::default();
    for path in &expression.reads().states {
        let live = match path.split_first() {
            None => Live::all(),
            Some((first, rest)) if first == "input" => Live::field(rest),
            Some(_) => Live::nothing(),
        };
        read.live.add(&live);
    }
    read.fails = !matches!(expression.as_path(), Some(("states", [part])) if ["input", "result", "errorOutput"].contains(&part.as_str()));
    read
}

/// Whether an expression of JSONata reads a part of `$states`.
#[must_use]
pub fn mentions(text: &str, part: &str) -> bool {
    jsonata::Expression::parse(text)
        .map_or(true, |expression| expression.reads().states.iter().any(|path| path.first().is_none_or(|first| first == part)))
}

/// A template of JSONata.
#[must_use]
pub fn jsonata_template(template: &Template) -> Read {
    let mut read = Read::default();
    template.expressions().into_iter().for_each(|(text, _)| read.add(jsonata(text)));
    read
}

/// What a template of either language makes.
#[must_use]
pub fn made(template: &Template, language: QueryLanguage, scope: &Scope<'_>) -> Known {
    match &template.value {
        TemplateValue::Map(entries) => Known::object(entries.iter().map(|(key, value)| (key.value.clone(), made(value, language, scope)))),
        TemplateValue::PathExpression(text) => match Place::parse(text) {
            Some(place) if place.in_document() && place.whole => scope.document.below(&place.names).cloned().unwrap_or_default(),
            _ => Known::default(),
        },
        TemplateValue::Jsonata(text) if language == QueryLanguage::Jsonata && text.trim() == "$states.input" => scope.document.clone(),
        TemplateValue::Jsonata(_) | TemplateValue::List(_) => Known::default(),
        _ => Known::of(&literal(template)),
    }
}
