//! Functions of arrays. `None`: the arguments do not fit.
use super::int;
use super::java::{hash, java_text, same};
use crate::simulate::value::Value;

/// "You can't specify a range of more than 1000" (AWS Step Functions Developer Guide, `States.ArrayRange`).
const LONGEST_RANGE: usize = 1000;

pub(super) fn partition(array: &Value, size: &Value) -> Option<Value> {
    let items = array.as_array()?;
    let size = usize::try_from(int(size)?).ok().filter(|size| *size > 0)?;
    Some(Value::array(items.chunks(size).map(|chunk| Value::array(chunk.to_vec())).collect()))
}

/// Equal for AWS is what prints alike, so `true` is in `["true"]`.
pub(super) fn contains(array: &Value, wanted: &Value) -> Option<Value> {
    let items = array.as_array()?;
    let wanted = java_text(wanted);
    Some(Value::Bool(items.iter().any(|item| java_text(item) == wanted)))
}

pub(super) fn range(from: &Value, to: &Value, step: &Value) -> Option<Value> {
    let (from, to, step) = (int(from)?, int(to)?, int(step)?);
    if step == 0 {
        return None;
    }
    let mut items = Vec::new();
    let mut at = from;
    while if step > 0 { at <= to } else { at >= to } {
        if items.len() == LONGEST_RANGE {
            return None;
        }
        items.push(Value::int(at));
        at += step;
    }
    Some(Value::array(items))
}

/// Of an empty array AWS answers null, whatever the index.
pub(super) fn item(array: &Value, index: &Value) -> Option<Value> {
    let items = array.as_array()?;
    let index = int(index)?;
    if items.is_empty() {
        return Some(Value::Null);
    }
    items.get(usize::try_from(index).ok()?).cloned()
}

/// Each value once, in the order of a Java `HashSet`: by the slot of its hash, and within a slot as they came.
pub(super) fn unique(array: &Value) -> Option<Value> {
    let items = array.as_array()?;
    // `HashSet(Collection)` makes room for all elements at a load of 3/4, at least 16 slots, in powers of two.
    let slots = (items.len() * 4 / 3 + 1).max(16).next_power_of_two();
    let mut table: Vec<Vec<&Value>> = vec![Vec::new(); slots];
    for item in items {
        let hash = hash(item).cast_unsigned();
        let slot = (hash ^ (hash >> 16)) as usize & (slots - 1);
        if let Some(slot) = table.get_mut(slot)
            && !slot.iter().any(|other| same(other, item))
        {
            slot.push(item);
        }
    }
    Some(Value::array(table.into_iter().flatten().cloned().collect()))
}
