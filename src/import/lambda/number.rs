//! Numbers as Python has them: integers exactly (as far as 128 bits), floats with Python's text.
use ruff_python_ast::Operator;

/// A number that can be calculated with.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    /// Reads the text of a [`Value::Number`](crate::ir::value::Value::Number).
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse() {
            return Some(Num::Int(int));
        }
        text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Num::Float)
    }

    #[expect(clippy::cast_precision_loss, reason = "as Python does when an integer meets a float")]
    pub(super) fn float(self) -> f64 {
        match self {
            Num::Int(int) => int as f64,
            Num::Float(float) => float,
        }
    }

    /// Python's `str()`.
    pub(super) fn text(self) -> String {
        match self {
            Num::Int(int) => int.to_string(),
            Num::Float(float) => {
                let size = float.abs();
                if size != 0.0 && !(1e-4..1e16).contains(&size) {
                    let text = format!("{float:e}");
                    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
                    format!("{digits}e{sign}{exponent:0>2}")
                } else {
                    format!("{float:?}")
                }
            }
        }
    }

    /// Whether both are the same number.
    pub(super) fn equals(self, other: Num) -> bool {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => a == b,
            (a, b) => a.float().to_bits() == b.float().to_bits() || (a.float() == 0.0 && b.float() == 0.0),
        }
    }

    pub(super) fn order(self, other: Num) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }
}

/// `a op b`; `None` where Python raises, and for operators that payloads do not need.
pub(super) fn calculate(op: Operator, a: Num, b: Num) -> Option<Num> {
    let finite = |f: f64| f.is_finite().then_some(Num::Float(f));
    match (op, a, b) {
        (Operator::Add, Num::Int(a), Num::Int(b)) => a.checked_add(b).map(Num::Int),
        (Operator::Sub, Num::Int(a), Num::Int(b)) => a.checked_sub(b).map(Num::Int),
        (Operator::Mult, Num::Int(a), Num::Int(b)) => a.checked_mul(b).map(Num::Int),
        (Operator::Pow, Num::Int(a), Num::Int(b)) => a.checked_pow(u32::try_from(b).ok()?).map(Num::Int),
        (Operator::FloorDiv, Num::Int(a), Num::Int(b)) => {
            let quotient = a.checked_div(b)?;
            Some(Num::Int(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }))
        }
        (Operator::Mod, Num::Int(a), Num::Int(b)) => {
            let rest = a.checked_rem(b)?;
            Some(Num::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }))
        }
        (Operator::Add, a, b) => finite(a.float() + b.float()),
        (Operator::Sub, a, b) => finite(a.float() - b.float()),
        (Operator::Mult, a, b) => finite(a.float() * b.float()),
        (Operator::Div, a, b) => finite(a.float() / b.float()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        let int = |op, a, b| calculate(op, Num::Int(a), Num::Int(b));
        assert_eq!(int(Operator::FloorDiv, -7, 2), Some(Num::Int(-4)));
        assert_eq!(int(Operator::Mod, -7, 2), Some(Num::Int(1)));
        assert_eq!(int(Operator::Div, 1, 2), Some(Num::Float(0.5)));
        assert_eq!(int(Operator::FloorDiv, 1, 0), None);
        assert_eq!(int(Operator::Div, 1, 0), None);
        assert_eq!(int(Operator::Mult, i128::MAX, 2), None);
        for (float, text) in [(1.0, "1.0"), (0.1, "0.1"), (1e16, "1e+16"), (1.5e-7, "1.5e-07"), (0.0, "0.0"), (-2.5, "-2.5")] {
            assert_eq!(Num::Float(float).text(), text);
        }
        assert!(Num::Int(1).equals(Num::Float(1.0)));
    }
}
