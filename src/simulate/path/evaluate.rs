//! What a path finds, step by step as Jayway's library takes them (its quirks included, since AWS has them).
use super::function::Function;
use super::{Missing, Step, Steps, array_step, display, fragments};
use crate::simulate::intrinsic::java_text;
use crate::simulate::value::Value;
use std::sync::Arc;

/// How a whole evaluation stands.
pub(super) struct Run<'a> {
    steps: &'a Steps,
    /// What `$` in filters is.
    document: &'a Value,
    /// Every name must be there: within an existence test.
    strict: bool,
    found: Vec<Value>,
    out_of_range: bool,
    /// Below a deep scan: for each step, the element of the array that is being visited, `-1` for none.
    upstream: Vec<i64>,
}

impl Steps {
    /// The value at `start`; `document` is what `$` is in filters.
    pub(super) fn find(&self, start: &Value, document: &Value) -> Result<Value, Missing> {
        self.run(start, document, false)
    }

    /// Whether something is there.
    pub(super) fn exists(&self, start: &Value, document: &Value) -> bool {
        self.run(start, document, true).is_ok()
    }

    fn run(&self, start: &Value, document: &Value, strict: bool) -> Result<Value, Missing> {
        // `$..price.sum()` is the sum of what the scan finds.
        if let [Step::Scan, scanned @ .., Step::Call(function, arguments)] = self.steps.as_slice() {
            // `$..book.length()` counts the children of what the scan finds.
            let children = (*function == Function::Length).then_some(Step::Wildcard);
            let inner = Steps::new(std::iter::once(Step::Scan).chain(scanned.iter().cloned()).chain(children).collect());
            let list = inner.run(start, document, strict)?;
            return function.of_scan(start, list, arguments, document);
        }
        if let Some(value) = self.plain(start) {
            return Ok(value.clone());
        }
        let mut run = Run { steps: self, document, strict, found: Vec::new(), out_of_range: false, upstream: vec![-1; self.steps.len()] };
        run.step(0, start)?;
        if !self.is_definite() {
            return Ok(Value::array(run.found));
        }
        let nothing = || format!("No results for path: {}", display(&self.steps));
        match run.found.pop() {
            Some(value) => Ok(value),
            None if run.out_of_range => Err(Missing::OutOfRange(nothing())),
            None => Err(Missing::NotFound(nothing())),
        }
    }

    /// The quick way for single names and indexes that are there.
    fn plain<'v>(&self, start: &'v Value) -> Option<&'v Value> {
        let mut at = start;
        for step in &self.steps {
            at = match step {
                Step::Names(names) if names.len() == 1 => at.get(names.first()?)?,
                Step::Indexes(indexes) if indexes.len() == 1 => element(at.as_array()?, *indexes.first()?)?,
                _ => return None,
            };
        }
        Some(at)
    }
}

pub(super) fn element(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { i64::try_from(items.len()).ok()?.checked_add(index)? } else { index };
    items.get(usize::try_from(index).ok()?)
}

impl Run<'_> {
    fn is_leaf(&self, at: usize) -> bool {
        at + 1 == self.steps.steps.len()
    }

    fn upstream_definite(&self, at: usize) -> bool {
        self.steps.definite.get(at).copied().unwrap_or(false)
    }

    /// Of `$..[0].name` the scan visits every element; only the right one counts.
    fn is_visited(&self, at: usize) -> bool {
        let visited = self.upstream.get(at).copied().unwrap_or(-1);
        // The library looks at the last step but one, which is the one before a leaf.
        visited == -1 || self.steps.steps.get(at.wrapping_sub(1)).is_some_and(|step| array_step(step) == format!("[{visited}]"))
    }

    /// Where the evaluation stands, in messages; only for definite paths, which are where they were written.
    fn here(&self, at: usize) -> String {
        display(self.steps.steps.get(..at).unwrap_or_default())
    }

    fn step(&mut self, at: usize, model: &Value) -> Result<(), Missing> {
        let steps = self.steps;
        let Some(step) = steps.steps.get(at) else {
            self.found.push(model.clone());
            return Ok(());
        };
        match step {
            Step::Names(names) => self.names(at, names, model),
            Step::Indexes(indexes) => {
                let Some(items) = self.array(at, model)? else { return Ok(()) };
                indexes.iter().try_for_each(|index| self.index(at, items, *index))
            }
            Step::Slice(from, to) => {
                let Some(items) = self.array(at, model)? else { return Ok(()) };
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let (from, to) = match (from, to) {
                    (Some(from), None) => (if *from < 0 { (length + from).max(0) } else { *from }, length),
                    (None, Some(to)) => (0, if *to < 0 { length + to } else { length.min(*to) }),
                    // Negative bounds of both sides count from the end, as indexes do.
                    (Some(from), Some(to)) => (*from, length.min(*to)),
                    (None, None) => (0, length),
                };
                // Beyond the array on the left there is nothing to visit.
                (from.max(-length)..to).try_for_each(|index| self.index(at, items, index))
            }
            Step::Wildcard => {
                match model {
                    Value::Object(object) => {
                        for value in object.values() {
                            if !self.is_leaf(at) || self.is_visited(at) {
                                self.child(at, value)?;
                            }
                        }
                    }
                    Value::Array(items) => {
                        for item in items.iter() {
                            self.child(at, item)?;
                        }
                    }
                    _ => {}
                }
                Ok(())
            }
            Step::Scan => self.scan(at + 1, model),
            Step::Filter(filter) => match model {
                Value::Object(_) => {
                    if filter.accepts(model, self.document)? {
                        self.child(at, model)?;
                    }
                    Ok(())
                }
                Value::Array(items) => {
                    for item in items.iter() {
                        if filter.accepts(item, self.document)? {
                            self.child(at, item)?;
                        }
                    }
                    Ok(())
                }
                _ if self.upstream_definite(at) => Err(Missing::NoFilter(format!(
                    "Filter: {} can not be applied to primitives. Current context is: {}",
                    fragments(steps.steps.get(at..).unwrap_or_default()),
                    java_text(model)
                ))),
                _ => Ok(()),
            },
            Step::Call(function, arguments) => {
                let value = function.apply(model, arguments, model, self.document)?;
                self.child(at, &value)
            }
        }
    }

    /// Behind a step that found `value`.
    fn child(&mut self, at: usize, value: &Value) -> Result<(), Missing> {
        self.step(at + 1, value)
    }

    fn index(&mut self, at: usize, items: &[Value], index: i64) -> Result<(), Missing> {
        if let Some(item) = element(items, index) {
            self.child(at, item)
        } else {
            self.out_of_range = true;
            Ok(())
        }
    }

    fn array<'v>(&self, at: usize, model: &'v Value) -> Result<Option<&'v [Value]>, Missing> {
        match model {
            Value::Array(items) => Ok(Some(items)),
            _ if !self.upstream_definite(at) => Ok(None),
            Value::Null => Err(Missing::NotFound(format!("The path {} is null", self.here(at)))),
            _ => Err(Missing::NoArray(format!(
                "Filter: {} can only be applied to arrays. Current context is: {}",
                fragments(self.steps.steps.get(at..).unwrap_or_default()),
                java_text(model)
            ))),
        }
    }

    fn names(&mut self, at: usize, names: &[Arc<str>], model: &Value) -> Result<(), Missing> {
        let Value::Object(object) = model else {
            if !self.upstream_definite(at) {
                return Ok(());
            }
            let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            return Err(Missing::NotFound(format!(
                "Expected to find an object with property [{}] in path {} but found '{}'. This is not a json object according to the JsonProvider: \
                 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
                names.join(","),
                self.here(at),
                java_class(model)
            )));
        };
        if names.len() > 1 && self.is_leaf(at) {
            if self.strict && !names.iter().all(|name| object.contains_key(name)) {
                return Err(Missing::NotFound(format!("Missing property in path {}", self.here(at + 1))));
            }
            let gathered = names.iter().filter_map(|name| Some((name.clone(), object.get(name)?.clone())));
            self.found.push(Value::object(gathered));
            return Ok(());
        }
        for name in names {
            let Some(value) = object.get(name) else {
                if self.is_leaf(at) {
                    if self.strict {
                        return Err(Missing::NotFound(format!("No results for path: {}", self.here(at + 1))));
                    }
                    continue;
                }
                if self.strict || self.upstream_definite(at) && names.len() == 1 {
                    return Err(Missing::NotFound(format!("Missing property in path {}", self.here(at + 1))));
                }
                continue;
            };
            if self.is_leaf(at) {
                if self.is_visited(at) {
                    self.found.push(value.clone());
                }
            } else {
                self.child(at, value)?;
            }
        }
        Ok(())
    }

    /// `..`: the step at `at` applied to every object and array below `model`, parents first.
    fn scan(&mut self, at: usize, model: &Value) -> Result<(), Missing> {
        let steps = self.steps;
        let Some(target) = steps.steps.get(at) else { return Ok(()) };
        let matches = match target {
            Step::Names(names) => match model {
                Value::Object(object) => names.len() > 1 && !self.is_leaf(at) || names.iter().all(|name| object.contains_key(name)),
                _ => false,
            },
            Step::Indexes(_) | Step::Slice(..) => matches!(model, Value::Array(_)),
            Step::Wildcard => true,
            Step::Filter(filter) => matches!(model, Value::Object(_) | Value::Array(_)) && filter.accepts(model, self.document)?,
            Step::Scan | Step::Call(..) => false,
        };
        match model {
            Value::Object(object) => {
                if matches {
                    self.step(at, model)?;
                }
                object.values().try_for_each(|value| self.scan(at, value))
            }
            Value::Array(items) => {
                if matches && self.is_leaf(at) {
                    self.step(at, model)?;
                } else if matches {
                    for (visited, item) in items.iter().enumerate() {
                        if let Some(upstream) = self.upstream.get_mut(at + 1) {
                            *upstream = i64::try_from(visited).unwrap_or(-1);
                        }
                        self.step(at + 1, item)?;
                    }
                }
                items.iter().try_for_each(|item| self.scan(at, item))
            }
            _ => Ok(()),
        }
    }
}

/// The class that holds such a value in Java.
fn java_class(value: &Value) -> &'static str {
    use crate::simulate::value::Number;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(Number::Int(int)) if i32::try_from(*int).is_ok() => "java.lang.Integer",
        Value::Number(Number::Int(_)) => "java.lang.Long",
        Value::Number(Number::Big(_)) => "java.math.BigInteger",
        Value::Number(Number::Double(_)) => "java.lang.Double",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}
