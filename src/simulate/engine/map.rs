//! Map: a graph for each item, inline or as child executions.
use super::{Failure, Frame, History, Run, Visit, wait};
use crate::simulate::error::EvalError;
use crate::simulate::jsonata::Expected;
use crate::simulate::program::{Batcher, Map, Reader, Scalar};
use crate::simulate::reader;
use crate::simulate::scope::{Scope, Variables};
use crate::simulate::value::Value;
use crate::ir::machine::QueryLanguage;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;

impl Run<'_> {
    pub(super) async fn map(&self, visit: &Visit<'_>, map: &Map, scope: &Scope<'_>, variables: &Variables) -> Result<Value, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let history = visit.frame.history;
        // The array is looked at before the Map starts, its settings after.
        let items = if map.reader.is_none() { Some(Self::items(visit, map, scope).map_err(lift)?) } else { None };
        let settings = Settings::of(map, scope).map_err(lift)?;
        history.add(1);
        if map.distributed {
            history.add(1);
        }
        let items = match (items, &map.reader) {
            (Some(items), _) => items,
            (None, Some(reader)) => match self.read(reader, scope, visit)? {
                Ok(items) => items,
                Err(error) => {
                    history.add(2);
                    return Err(Failure::new(&error.name, Some(error.cause)));
                }
            },
            (None, None) => Vec::new(),
        };
        let mut inputs = Vec::with_capacity(items.len());
        for (index, value) in items.into_iter().enumerate() {
            let item = Value::object([("Index", Value::int(i64::try_from(index).unwrap_or(i64::MAX))), ("Value", value.clone())]);
            let input = match &map.selector {
                Some(selector) => {
                    let context = Self::context_with(scope.context, "Map", Value::object([("Item", item.clone())]));
                    scope.with_context(&context).payload(selector).map_err(lift)?
                }
                None => value,
            };
            inputs.push((Some(item), input));
        }
        if let Some(batcher) = &map.batcher {
            inputs = Self::batches(batcher, inputs, scope).map_err(lift)?;
        }
        let result = self.iterations(visit, map, &settings, inputs, variables).await;
        match &result {
            Ok(_) => history.add(if map.distributed { 2 } else { 1 }),
            Err(_) => history.add(if map.distributed { 2 } else { 1 }),
        };
        let results = result?;
        match &map.writer {
            Some(writer) if map.distributed => self.written(writer, map, scope).map_err(lift),
            _ => Ok(Value::array(results)),
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
        let total = inputs.len();
        let mut results: Vec<Option<Value>> = vec![None; total];
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
            let result = self.graph(&map.processor, input, variables, &inner).await;
            if !map.distributed {
                history.add(1);
            }
            (index, result)
        };
        for iteration in waiting.by_ref().take(settings.concurrency) {
            running.push(start(iteration));
        }
        let mut failed = 0_usize;
        while let Some((index, result)) = running.next().await {
            match result {
                Ok(value) => results[index] = Some(value),
                Err(failure) if !map.distributed => return Err(failure),
                Err(_) => {
                    failed += 1;
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

    /// The array of a Map without a reader.
    fn items(visit: &Visit<'_>, map: &Map, scope: &Scope<'_>) -> Result<Vec<Value>, EvalError> {
        let array_of = |value: &Value| value.as_array().map(<[Value]>::to_vec);
        if visit.state.language == QueryLanguage::Jsonata {
            let value = match &map.items {
                Some(items) => scope.payload_typed(items, Expected::Array)?,
                None => scope.input.clone(),
            };
            return array_of(&value).ok_or_else(|| crate::simulate::jsonata::template::map_input(&value));
        }
        let value = match &map.items_path {
            Some(path) => scope.with_paths(|env| path.evaluate(env))?,
            None => scope.input.clone(),
        };
        let path = map.items_path.as_ref().map_or("$", |path| path.text());
        array_of(&value).ok_or_else(|| EvalError::runtime(format!("Reference path \"{path}\" must point to array.")))
    }

    fn read(&self, reader: &Reader, scope: &Scope<'_>, visit: &Visit<'_>) -> Result<Result<Vec<Value>, EvalError>, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let max = match &reader.max_items {
            Some(scalar) => Some(wait::integer(scalar, "MaxItems", scope).map_err(lift)?),
            None => None,
        };
        let arguments = Self::payload_json(reader.arguments.as_ref(), scope, scope.input, visit)?;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (bucket, key) = (text("Bucket"), text("Key"));
        if let Some(max) = max
            && max < 0
        {
            return Ok(Err(EvalError::new("States.ItemReaderFailed", "field MaxItems must be positive")));
        }
        let Some(file) = self.services.borrow_mut().object(&bucket, &key) else {
            return Ok(Err(EvalError::new("States.ItemReaderFailed", format!("there is no object s3://{bucket}/{key} in this simulation"))));
        };
        let items = reader::items(&reader.config, &file);
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

    fn batches(batcher: &Batcher, inputs: Vec<(Option<Value>, Value)>, scope: &Scope<'_>) -> Result<Vec<(Option<Value>, Value)>, EvalError> {
        let limit = |scalar: Option<&Scalar>, field: &str| -> Result<usize, EvalError> {
            let Some(scalar) = scalar else { return Ok(usize::MAX) };
            Ok(usize::try_from(wait::integer(scalar, field, scope)?).unwrap_or_default().max(1))
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

    /// What a ResultWriter leaves in place of the results.
    fn written(&self, writer: &super::Payload, map: &Map, scope: &Scope<'_>) -> Result<Value, EvalError> {
        let arguments = scope.payload(writer)?;
        self.map_runs.set(self.map_runs.get() + 1);
        let run = self.random.uuid();
        let machine = scope.context.get("StateMachine").and_then(|m| m.get("Name")).and_then(Value::as_str).unwrap_or_default();
        let label = map.label.as_ref().map_or_else(|| self.random.uuid(), |label| label.to_string());
        let arn = format!("arn:aws:states:us-east-1:111111111111:mapRun:{machine}/{label}:{run}");
        let prefix = arguments.get("Prefix").and_then(Value::as_str).map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let details = [
            ("Bucket", arguments.get("Bucket").cloned().unwrap_or_default()),
            ("Key", Value::string(format!("{prefix}{run}/manifest.json"))),
        ];
        Ok(Value::object([("MapRunArn", Value::String(Arc::from(arn))), ("ResultWriterDetails", Value::object(details))]))
    }
}

/// The numbers of a Map, evaluated.
struct Settings {
    concurrency: usize,
    tolerated_count: Option<i64>,
    tolerated_percentage: Option<f64>,
}

impl Settings {
    fn of(map: &Map, scope: &Scope<'_>) -> Result<Self, EvalError> {
        let concurrency = match &map.max_concurrency {
            Some(scalar) => wait::integer(scalar, "MaxConcurrency", scope)?,
            None => 0,
        };
        if concurrency < 0 {
            return Err(EvalError::runtime("MaxConcurrency cannot be negative."));
        }
        let tolerated_count = map.tolerated_count.as_ref().map(|s| wait::integer(s, "ToleratedFailureCount", scope)).transpose()?;
        if tolerated_count.is_some_and(|count| count < 0) {
            return Err(EvalError::runtime("ToleratedFailureCount cannot be negative."));
        }
        let tolerated_percentage = map.tolerated_percentage.as_ref().map(|s| wait::float(s, "ToleratedFailurePercentage", scope)).transpose()?;
        if tolerated_percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            return Err(EvalError::runtime("ToleratedFailurePercentage must be between 0 and 100."));
        }
        Ok(Self {
            concurrency: usize::try_from(concurrency).ok().filter(|c| *c > 0).unwrap_or(usize::MAX),
            tolerated_count,
            tolerated_percentage,
        })
    }

    /// The Map fails as soon as one of the two limits that are set is passed; without any, no failure is tolerated.
    fn tolerates(&self, failed: usize, total: usize) -> bool {
        if self.tolerated_count.is_none() && self.tolerated_percentage.is_none() {
            return failed == 0;
        }
        let count_holds = self.tolerated_count.is_none_or(|count| failed <= usize::try_from(count).unwrap_or_default());
        #[expect(clippy::cast_precision_loss, reason = "numbers of items are far below 2^53")]
        let percentage_holds = self.tolerated_percentage.is_none_or(|most| failed as f64 * 100.0 <= most * total as f64);
        count_holds && percentage_holds
    }
}
