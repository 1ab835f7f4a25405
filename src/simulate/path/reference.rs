//! Reference paths: names and indexes only, so that one place is meant.
use super::{Env, Path, Root, Step};
use crate::simulate::error::EvalError;
use crate::simulate::value::{Object, Value};

/// A path that names one place of the state's data: of `ResultPath`, and of `ItemsPath`.
#[derive(Clone, Debug)]
pub struct ReferencePath {
    path: Path,
}

impl ReferencePath {
    /// Reads a reference path.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = Path::parse(text)?;
        for step in &path.steps.steps {
            match step {
                Step::Names(names) if names.len() == 1 => {}
                Step::Indexes(indexes) if matches!(indexes.as_slice(), [index] if *index >= 0) => {}
                _ => return Err("a reference path names one place: only names and indexes".into()),
            }
        }
        Ok(Self { path })
    }

    /// As any path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is the whole document: `$`.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path.root == Root::Input && self.path.steps.steps.is_empty()
    }

    /// The document with `value` at this place: objects that are missing on the way are made, elements of arrays must be there.
    ///
    /// # Errors
    /// `States.ReferencePathConflict`, where something else is in the way.
    pub fn write(&self, document: &Value, value: Value) -> Result<Value, EvalError> {
        put(Some(document), &self.path.steps.steps, value).map_err(|step| self.conflict(&step, document))
    }

    /// The value at this place, for `ItemsPath`.
    ///
    /// # Errors
    /// `States.ReferencePathConflict`, where there is none.
    pub fn read(&self, env: &Env<'_>) -> Result<Value, EvalError> {
        let document = match &self.path.root {
            Root::Input => env.input.clone(),
            Root::Context => env.context.clone(),
            // A variable that does not exist is refused before anything runs.
            Root::Variable(name) => (env.variables)(name).unwrap_or_default(),
        };
        let mut at = &document;
        for step in &self.path.steps.steps {
            at = match step {
                Step::Names(names) => names.first().and_then(|name| at.get(name)),
                Step::Indexes(indexes) => at.as_array().and_then(|items| super::evaluate::element(items, *indexes.first()?)),
                _ => None,
            }
            .ok_or_else(|| self.conflict(&label(step), &document))?;
        }
        Ok(at.clone())
    }

    /// A document that nothing can be put into is refused with the path, any other with the step that cannot be taken.
    fn conflict(&self, step: &str, document: &Value) -> EvalError {
        let what = match document {
            Value::Object(_) | Value::Array(_) => format!("step \"{step}\""),
            _ => format!("ReferencePath {}", self.path.text()),
        };
        EvalError::new(CONFLICT, format!("Unable to apply {what} to input {}", document.to_json()))
    }
}

/// The error of a place that is not there.
pub const CONFLICT: &str = "States.ReferencePathConflict";

fn label(step: &Step) -> String {
    match step {
        Step::Names(names) => names.first().map(ToString::to_string).unwrap_or_default(),
        other => super::array_step(other),
    }
}

/// `Err`: the step that cannot be taken.
fn put(at: Option<&Value>, steps: &[Step], value: Value) -> Result<Value, String> {
    let [step, rest @ ..] = steps else { return Ok(value) };
    match (step, at) {
        (Step::Names(names), None | Some(Value::Object(_))) => {
            let name = names.first().cloned().unwrap_or_default();
            let mut object = at.and_then(Value::as_object).cloned().unwrap_or_else(Object::default);
            let inner = put(object.get(&name), rest, value)?;
            object.insert(name, inner);
            Ok(object.into())
        }
        (Step::Indexes(indexes), Some(Value::Array(items))) => {
            let index = indexes.first().and_then(|index| usize::try_from(*index).ok()).filter(|index| *index < items.len());
            let Some(index) = index else { return Err(label(step)) };
            let mut items = items.to_vec();
            let inner = put(items.get(index), rest, value)?;
            if let Some(item) = items.get_mut(index) {
                *item = inner;
            }
            Ok(Value::array(items))
        }
        _ => Err(label(step)),
    }
}
