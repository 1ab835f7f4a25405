//! Numbers, chance and identifiers. `None`: the arguments do not fit.
use super::int;
use crate::simulate::path::Env;
use crate::simulate::value::{Number, Value};
use std::fmt::Write as _;

/// The sum, of integers of 32 bits; a fraction is rounded first, halves upwards.
pub(super) fn add(a: &Value, b: &Value) -> Option<Value> {
    let sum = rounded(a)?.checked_add(rounded(b)?)?;
    i32::try_from(sum).ok().map(|sum| Value::int(sum.into()))
}

/// Java's `Math.round`, then its lower 32 bits; an integer must fit as it is.
fn rounded(value: &Value) -> Option<i64> {
    match value.as_number()? {
        Number::Double(double) => {
            #[expect(clippy::cast_possible_truncation, reason = "Math.round saturates at 64 bits, and intValue keeps the lower 32")]
            let int = (double + 0.5).floor() as i64 as i32;
            Some(int.into())
        }
        _ => int(value),
    }
}

/// A number from `from` up to, but without, `to`; the same one for the same seed.
pub(super) fn random(from: &Value, to: &Value, seed: Option<&Value>, env: &Env<'_>) -> Option<Value> {
    let (from, to) = (int(from)?, int(to)?);
    let span = u64::try_from(to.checked_sub(from)?).ok().filter(|span| *span > 0)?;
    let bits = match seed {
        Some(seed) => java_random(int(seed)?),
        None => (env.random)(),
    };
    Some(Value::int(from + i64::try_from(bits % span).ok()?))
}

/// The first 31 bits of `java.util.Random` with this seed (its documentation gives the formula).
fn java_random(seed: i64) -> u64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    (state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK) >> 17
}

/// A version 4 UUID of the caller's random bits.
pub(super) fn uuid(env: &Env<'_>) -> Value {
    let high = (env.random)() & !0xF000 | 0x4000;
    let low = (env.random)() & !(0b11 << 62) | 0b10 << 62;
    let mut text = String::new();
    let _ = write!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    );
    Value::string(text)
}
