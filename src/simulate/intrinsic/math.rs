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
    let offset = match seed {
        Some(seed) => JavaRandom::new(int(seed)?).below(span),
        None => (env.random)() % span,
    };
    Some(Value::int(from + i64::try_from(offset).ok()?))
}

/// `java.util.Random`, whose documentation gives the formulas. AWS does not say how it draws; this is what a Java program would do.
struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK)
    }

    /// `next(31)`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        self.0 >> 17
    }

    /// `nextInt(bound)`; beyond 31 bits, where Java has none, two draws together.
    fn below(&mut self, bound: u64) -> u64 {
        const RANGE: u64 = 1 << 31;
        if bound >= RANGE {
            return (self.next() << 31 | self.next()) % bound;
        }
        if bound.is_power_of_two() {
            return (bound * self.next()) >> 31;
        }
        loop {
            let bits = self.next();
            // The last, incomplete round of the range is drawn again.
            if bits - bits % bound + bound <= RANGE {
                return bits % bound;
            }
        }
    }
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
