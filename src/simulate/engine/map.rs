//! Map: a graph for each item, inline or as child executions.
use super::{Failure, Frame, History, Run, Visit};
use crate::simulate::clock::Millis;
use crate::simulate::error::EvalError;
use crate::simulate::map_settings::Settings;
use crate::simulate::program::{Batcher, Map, Payload, Reader, Scalar};
use crate::simulate::reader::{self, Item};
use crate::simulate::scope::{Scope, Variables};
use crate::simulate::timestamp;
use crate::simulate::value::Value;
use crate::simulate::{parts, wait};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;

impl Run<'_> {
    pub(super) async fn map(&self, visit: &Visit<'_>, map: &Map, scope: &Scope<'_>, variables: &Variables) -> Result<Value, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let history = visit.frame.history;
        // The array is looked at before the Map starts, its settings after.
        let items = if map.reader.is_none() { Some(parts::array(visit.state, map, scope).map_err(lift)?) } else { None };
        let effective = parts::input(visit.state, scope).map_err(lift)?;
        let raw_scope = scope;
        let scope = &scope.with_input(&effective);
        let settings = Settings::of(map, scope).map_err(lift)?;
        history.add(1);
        if map.distributed {
            history.add(1);
        }
        let items = match (items, &map.reader) {
            (Some(items), _) => Item::of_state_data(items),
            (None, Some(reader)) => match self.read(reader, scope, visit)? {
                Ok(items) => items,
                Err(error) => {
                    history.add(2);
                    return Err(Failure::new(&error.name, Some(error.cause)));
                }
            },
            (None, None) => Vec::new(),
        };
        let mut inputs: Vec<(Option<Value>, Value)> = parts::iterations(visit.state, map, items, raw_scope)
            .map_err(lift)?
            .into_iter()
            .map(|(item, input)| (Some(item), input))
            .collect();
        if let Some(batcher) = &map.batcher {
            inputs = Self::batches(batcher, inputs, scope).map_err(lift)?;
        }
        let result = self.iterations(visit, map, &settings, inputs, variables).await;
        history.add(if map.distributed { 2 } else { 1 });
        let results = result?;
        match &map.writer {
            Some(writer) if map.distributed => self.written(writer, map, scope).map_err(lift),
            _ => Ok(transformed(results, map.transformation.as_deref())),
        }
    }

    async fn iterations(
        &self,
        visit: &Visit<'_>,
        map: &Map,
        settings: &Settings,
        inputs: Vec<(Option<Value>, Value)>,
        variables: &Variables,
    ) -> Result<Vec<Value>, Failure> {
        let frame = visit.frame;
        // What is tolerated are failed items, and all of a batch are ("Tolerated failure threshold", November 2026).
        let weigh = |input: &Value| match &map.batcher {
            Some(_) => input.get("Items").and_then(Value::as_array).map_or(1, <[Value]>::len),
            None => 1,
        };
        let weights: Vec<usize> = inputs.iter().map(|(_, input)| weigh(input)).collect();
        let total = weights.iter().sum();
        let mut results: Vec<Option<Value>> = vec![None; inputs.len()];
        let children = Children::of(self, map, &visit.context);
        let mut waiting = inputs.into_iter().enumerate();
        let mut running = FuturesUnordered::new();
        let start = |(index, (item, input)): (usize, (Option<Value>, Value))| async move {
            let own;
            let history = if map.distributed {
                own = History::new();
                own.add(1);
                &own
            } else {
                frame.history.add(1);
                frame.history
            };
            let inner = Frame { history, item, depth: frame.depth + 1 };
            // A child execution does not see the variables of its parent.
            let variables = if map.distributed { Variables::default() } else { variables.clone() };
            let (began, given) = (self.clock.now(), input.clone());
            let result = self.inner(visit.state, visit.inner, 0, input, variables, &inner).await;
            if !map.distributed {
                history.add(1);
            }
            (index, result, (began, given))
        };
        for iteration in waiting.by_ref().take(settings.concurrency) {
            running.push(start(iteration));
        }
        let mut failed = 0_usize;
        while let Some((index, result, (began, given))) = running.next().await {
            match result {
                Ok(value) if map.distributed && map.writer.is_none() && map.transformation.as_deref() == Some("NONE") => {
                    results[index] = Some(children.record(self, &given, began, &Ok(value)));
                }
                Ok(value) => results[index] = Some(value),
                Err(failure) if !map.distributed => return Err(failure),
                Err(failure) => {
                    // Of a child that failed the record is the result.
                    results[index] = Some(children.record(self, &given, began, &Err(failure)));
                    failed += weights[index];
                    if !settings.tolerates(failed, total) {
                        let cause = "The specified tolerated failure threshold was exceeded".to_owned();
                        return Err(Failure::new("States.ExceedToleratedFailureThreshold", Some(cause)));
                    }
                }
            }
            if let Some(iteration) = waiting.next() {
                running.push(start(iteration));
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    fn read(&self, reader: &Reader, scope: &Scope<'_>, visit: &Visit<'_>) -> Result<Result<Vec<Item>, EvalError>, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let max = match &reader.max_items {
            Some(scalar) => Some(wait::integer(scalar, "MaxItems", scope).map_err(lift)?),
            None => None,
        };
        let arguments = scope.payload_or(reader.arguments.as_ref(), scope.input).map_err(lift)?;
        if max.is_some_and(|max| max < 0) {
            return Ok(Err(EvalError::new("States.ItemReaderFailed", "field MaxItems must be positive")));
        }
        let seconds = i64::try_from(self.clock.now() / 1000).unwrap_or(i64::MAX);
        let items = reader::read(&reader.config, &reader.resource, &arguments, &mut **self.services.borrow_mut(), seconds);
        Ok(items.map(|mut items| {
            // Recorded: 0 means all.
            if let Some(max) = max.and_then(|max| usize::try_from(max).ok())
                && max > 0
            {
                items.truncate(max);
            }
            items
        }))
    }

    fn batches(
        batcher: &Batcher,
        inputs: Vec<(Option<Value>, Value)>,
        scope: &Scope<'_>,
    ) -> Result<Vec<(Option<Value>, Value)>, EvalError> {
        let limit = |scalar: Option<&Scalar>, field: &str| -> Result<usize, EvalError> {
            let Some(scalar) = scalar else { return Ok(usize::MAX) };
            Ok(usize::try_from(wait::positive(scalar, field, scope)?).unwrap_or(usize::MAX))
        };
        let most_items = limit(batcher.max_items.as_ref(), "MaxItemsPerBatch")?;
        let most_bytes = limit(batcher.max_bytes.as_ref(), "MaxInputBytesPerBatch")?;
        let batch_input = batcher.batch_input.as_ref().map(|payload| scope.payload(payload)).transpose()?;
        let mut batches: Vec<Vec<Value>> = Vec::new();
        let mut bytes = 0;
        for (_, input) in inputs {
            let size = input.json_len();
            match batches.last_mut() {
                Some(batch) if batch.len() < most_items && bytes + size <= most_bytes => {
                    batch.push(input);
                    bytes += size;
                }
                _ => {
                    batches.push(vec![input]);
                    bytes = size;
                }
            }
        }
        Ok(batches
            .into_iter()
            .map(|items| {
                let items = ("Items", Value::array(items));
                let input = match &batch_input {
                    Some(batch_input) => Value::object([("BatchInput", batch_input.clone()), items]),
                    None => Value::object([items]),
                };
                (None, input)
            })
            .collect())
    }

    /// What a `ResultWriter` leaves in place of the results.
    fn written(&self, writer: &Payload, map: &Map, scope: &Scope<'_>) -> Result<Value, EvalError> {
        let arguments = scope.payload(writer)?;
        self.map_runs.set(self.map_runs.get() + 1);
        let run = self.random.uuid();
        let machine = scope.context.get("StateMachine").and_then(|m| m.get("Name")).and_then(Value::as_str).unwrap_or_default();
        let label = map.label.as_ref().map_or_else(|| self.random.uuid(), ToString::to_string);
        let arn = format!("arn:aws:states:us-east-1:111111111111:mapRun:{machine}/{label}:{run}");
        let prefix = arguments.get("Prefix").and_then(Value::as_str).map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let details = [
            ("Bucket", arguments.get("Bucket").cloned().unwrap_or_default()),
            ("Key", Value::string(format!("{prefix}{run}/manifest.json"))),
        ];
        Ok(Value::object([("MapRunArn", Value::String(Arc::from(arn))), ("ResultWriterDetails", Value::object(details))]))
    }
}

/// The child executions of one distributed Map.
struct Children {
    /// What stands between `stateMachine:` or `execution:` and a child's name.
    machine: String,
}

impl Children {
    fn of(run: &Run<'_>, map: &Map, context: &Value) -> Self {
        let name = context.get("StateMachine").and_then(|m| m.get("Name")).and_then(Value::as_str).unwrap_or_default();
        let label = match &map.label {
            Some(label) => label.to_string(),
            None if map.distributed => run.random.uuid(),
            None => String::new(),
        };
        Self { machine: format!("{name}/{label}") }
    }

    /// A child as its record shows it ("`ResultWriter` (Map)", Transformation NONE, November 2026; a failed one has Error and Cause in place of its output).
    fn record(&self, run: &Run<'_>, input: &Value, began: Millis, result: &Result<Value, Failure>) -> Value {
        let arn = |kind: &str| format!("arn:aws:states:us-east-1:111111111111:{kind}:{}", self.machine);
        let included = || Value::object([("Included", Value::Bool(true))]);
        let name = run.random.uuid();
        let mut fields = Vec::new();
        if let Err(failure) = result {
            let said = [("Cause", failure.cause.as_deref()), ("Error", failure.error.as_deref())];
            fields.extend(said.into_iter().filter_map(|(field, text)| Some((field, Value::string(text?)))));
        }
        fields.extend([
            ("ExecutionArn", Value::string(format!("{}:{name}", arn("execution")))),
            ("Input", Value::string(input.to_json())),
            ("InputDetails", included()),
            ("Name", Value::string(name)),
        ]);
        let (status, redrive) = match result {
            Ok(output) => {
                fields.extend([("Output", Value::string(output.to_json())), ("OutputDetails", included())]);
                ("SUCCEEDED", "NOT_REDRIVABLE")
            }
            Err(_) => ("FAILED", "REDRIVABLE"),
        };
        fields.extend([("RedriveCount", Value::int(0)), ("RedriveStatus", Value::string(redrive))]);
        if result.is_ok() {
            fields.push(("RedriveStatusReason", Value::string("Execution is SUCCEEDED and cannot be redriven")));
        }
        fields.extend([
            ("StartDate", Value::string(timestamp::format(began))),
            ("StateMachineArn", Value::string(arn("stateMachine"))),
            ("Status", Value::string(status)),
            ("StopDate", Value::string(timestamp::format(run.clock.now()))),
        ]);
        Value::object(fields)
    }
}

/// The results as a `WriterConfig` without a place on S3 wants them ("`ResultWriter` (Map)", November 2026): as they are, or arrays among them taken
/// apart.
fn transformed(results: Vec<Value>, transformation: Option<&str>) -> Value {
    if transformation != Some("FLATTEN") {
        return Value::array(results);
    }
    let flat = results.into_iter().flat_map(|result| match result {
        Value::Array(items) => items.to_vec(),
        other => vec![other],
    });
    Value::array(flat.collect())
}
