//! The numbers of a Map: how many iterations run at once, how many may fail.
use super::error::EvalError;
use super::program::Map;
use super::scope::Scope;
use super::wait;

/// How many iterations an inline Map runs side by side at most, and child executions a distributed one (Developer Guide, "Using Map state in
/// Inline mode" and "in Distributed mode", November 2026).
const MOST_ITERATIONS: usize = 40;
const MOST_CHILDREN: usize = 10_000;

/// The numbers of a Map, evaluated.
pub struct Settings {
    /// How many iterations run at once.
    pub concurrency: usize,
    pub tolerated_count: Option<i64>,
    pub tolerated_percentage: Option<f64>,
}

impl Settings {
    /// Evaluates them.
    ///
    /// # Errors
    /// One that is no number, or out of its range.
    pub fn of(map: &Map, scope: &Scope<'_>) -> Result<Self, EvalError> {
        let concurrency = match &map.max_concurrency {
            Some(scalar) => wait::integer(scalar, "MaxConcurrency", scope)?,
            None => 0,
        };
        let most = if map.distributed { MOST_CHILDREN } else { MOST_ITERATIONS };
        if concurrency < 0 {
            return Err(EvalError::runtime("MaxConcurrency cannot be negative."));
        }
        let tolerated_count = map.tolerated_count.as_ref().map(|s| wait::integer(s, "ToleratedFailureCount", scope)).transpose()?;
        if tolerated_count.is_some_and(|count| count < 0) {
            return Err(EvalError::runtime("ToleratedFailureCount cannot be negative."));
        }
        let tolerated_percentage =
            map.tolerated_percentage.as_ref().map(|s| wait::float(s, "ToleratedFailurePercentage", scope)).transpose()?;
        if tolerated_percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            return Err(EvalError::runtime("ToleratedFailurePercentage must be between 0 and 100."));
        }
        Ok(Self {
            concurrency: usize::try_from(concurrency).ok().filter(|c| *c > 0).unwrap_or(most).min(most),
            tolerated_count,
            tolerated_percentage,
        })
    }

    /// The Map fails as soon as one of the two limits that are set is passed; without any, no failure is tolerated.
    #[must_use]
    pub fn tolerates(&self, failed: usize, total: usize) -> bool {
        // A limit of 0 is as none: with a count of 0, a percentage that holds is enough (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
        let count = self.tolerated_count.filter(|count| *count > 0);
        let percentage = self.tolerated_percentage.filter(|percentage| *percentage > 0.0);
        if count.is_none() && percentage.is_none() {
            return failed == 0;
        }
        let count_holds = count.is_none_or(|count| failed <= usize::try_from(count).unwrap_or_default());
        #[expect(clippy::cast_precision_loss, reason = "numbers of items are far below 2^53")]
        let percentage_holds = percentage.is_none_or(|most| failed as f64 * 100.0 <= most * total as f64);
        count_holds && percentage_holds
    }
}
