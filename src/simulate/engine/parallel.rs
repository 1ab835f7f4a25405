//! Parallel: branches side by side, all results or the first failure.
use super::{Failure, Frame, Run, Visit};
use crate::simulate::scope::Variables;
use crate::simulate::value::Value;
use futures_util::stream::{FuturesUnordered, StreamExt};

impl Run<'_> {
    pub(super) async fn parallel(
        &self,
        visit: &Visit<'_>,
        branches: usize,
        input: &Value,
        variables: &Variables,
    ) -> Result<Value, Failure> {
        let frame = visit.frame;
        frame.history.add(1);
        let inner = Frame { history: frame.history, item: frame.item.clone(), depth: frame.depth + 1 };
        let inner = &inner;
        let mut running: FuturesUnordered<_> = (0..branches)
            .map(|index| async move { (index, self.inner(visit.state, visit.inner, index, input.clone(), variables.clone(), inner).await) })
            .collect();
        let mut results = vec![Value::Null; branches];
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
