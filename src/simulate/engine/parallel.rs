//! Parallel: branches side by side, all results or the first failure.
use super::{Failure, Frame, Run, Visit};
use crate::simulate::program::Graph;
use crate::simulate::scope::Variables;
use crate::simulate::value::Value;
use futures_util::stream::{FuturesUnordered, StreamExt};

impl Run<'_> {
    pub(super) async fn parallel(&self, visit: &Visit<'_>, branches: &[Graph], input: &Value, variables: &Variables) -> Result<Value, Failure> {
        let frame = visit.frame;
        frame.history.add(1);
        let inner = Frame { history: frame.history, item: frame.item.clone(), depth: frame.depth + 1 };
        let inner = &inner;
        let mut running: FuturesUnordered<_> = branches
            .iter()
            .enumerate()
            .map(|(index, branch)| async move { (index, self.graph(branch, input.clone(), variables.clone(), inner).await) })
            .collect();
        let mut results = vec![Value::Null; branches.len()];
        while let Some((index, result)) = running.next().await {
            match result {
                Ok(value) => results[index] = value,
                // The others are given up, wherever they are.
                Err(failure) => {
                    frame.history.add(1);
                    return Err(failure);
                }
            }
        }
        frame.history.add(1);
        Ok(Value::array(results))
    }
}
