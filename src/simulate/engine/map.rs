//! Map: a graph for each item, inline or as child executions.
use super::{Failure, Frame, History, Run, Visit};
use crate::simulate::clock::Millis;
use crate::simulate::error::EvalError;
use crate::simulate::map_results::{Child, MapRun, transformed};
use crate::simulate::map_settings::Settings;
use crate::simulate::parts;
use crate::simulate::program::{Map, Payload, Reader};
use crate::simulate::reader::{self, Item};
use crate::simulate::scope::{Scope, Variables};
use crate::simulate::value::Value;
use futures_util::stream::{FuturesUnordered, StreamExt};

impl Run<'_> {
    pub(super) async fn map(&self, visit: &Visit<'_>, map: &Map, scope: &Scope<'_>, variables: &Variables) -> Result<Value, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let history = visit.frame.history;
        // The array is looked at before the Map starts, its settings after.
        let items = if map.reader.is_none() { Some(parts::own_items(visit.state, map, scope).map_err(lift)?) } else { None };
        let effective = parts::input(visit.state, scope).map_err(lift)?;
        let raw_scope = scope;
        let scope = &scope.with_input(&effective);
        let settings = Settings::of(map, scope).map_err(lift)?;
        history.add(1);
        if map.distributed {
            history.add(1);
        }
        let items = match (items, &map.reader) {
            (Some(items), _) => items,
            (None, Some(reader)) => match self.read(reader, scope) {
                Ok(items) => items,
                Err(error) if &*error.name == reader::FAILED => {
                    history.add(2);
                    return Err(Failure::new(&error.name, Some(error.cause)));
                }
                Err(error) => return Err(lift(error)),
            },
            (None, None) => Vec::new(),
        };
        let mut inputs: Vec<(Option<Value>, Value)> = parts::iterations(visit.state, map, items, raw_scope)
            .map_err(lift)?
            .into_iter()
            .map(|(item, input)| (Some(item), input))
            .collect();
        if let Some(batcher) = &map.batcher {
            let all = inputs.into_iter().map(|(_, input)| input).collect();
            inputs = parts::batches(batcher, all, scope).map_err(lift)?.into_iter().map(|batch| (None, batch)).collect();
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

    fn read(&self, reader: &Reader, scope: &Scope<'_>) -> Result<Vec<Item>, EvalError> {
        let (arguments, most) = parts::reading(reader, scope)?;
        let seconds = i64::try_from(self.clock.now() / 1000).unwrap_or(i64::MAX);
        let mut items = reader::read(&reader.config, &reader.resource, &arguments, &mut **self.services.borrow_mut(), seconds)?;
        items.truncate(most.unwrap_or(usize::MAX));
        Ok(items)
    }

    /// What a `ResultWriter` leaves in place of the results.
    fn written(&self, writer: &Payload, map: &Map, scope: &Scope<'_>) -> Result<Value, EvalError> {
        let arguments = scope.payload(writer)?;
        self.map_runs.set(self.map_runs.get() + 1);
        let run = self.random.uuid();
        let machine = scope.context.get("StateMachine").and_then(|m| m.get("Name")).and_then(Value::as_str).unwrap_or_default();
        let label = map.label.as_ref().map_or_else(|| self.random.uuid(), ToString::to_string);
        Ok(MapRun { arn: format!("arn:aws:states:us-east-1:111111111111:mapRun:{machine}/{label}:{run}"), id: run }.details(&arguments))
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

    fn record(&self, run: &Run<'_>, input: &Value, began: Millis, result: &Result<Value, Failure>) -> Value {
        Child { account: "us-east-1:111111111111", machine: &self.machine, name: run.random.uuid(), began, ended: run.clock.now() }
            .record(input, result)
    }
}
