//! The comparisons of Choice rules (`StringEquals`, `IsPresent` …).
use super::timestamp;
use super::value::Value;
use std::cmp::Ordering;

/// An operator of a Choice rule; `…Path` forms are the same comparison with another operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    Order(Of, Wanted),
    StringMatches,
    IsNull,
    IsPresent,
    IsNumeric,
    IsString,
    IsBoolean,
    IsTimestamp,
}

/// What both sides of an ordering must be; sides of another type do not match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    String,
    Numeric,
    Timestamp,
    Boolean,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

impl Comparison {
    /// The comparison of an operator as written, with or without `Path`.
    #[must_use]
    pub fn of_operator(operator: &str) -> Option<Self> {
        match operator {
            "StringMatches" => return Some(Self::StringMatches),
            "IsNull" => return Some(Self::IsNull),
            "IsPresent" => return Some(Self::IsPresent),
            "IsNumeric" => return Some(Self::IsNumeric),
            "IsString" => return Some(Self::IsString),
            "IsBoolean" => return Some(Self::IsBoolean),
            "IsTimestamp" => return Some(Self::IsTimestamp),
            _ => {}
        }
        let operator = operator.strip_suffix("Path").unwrap_or(operator);
        let (of, rest) = [(Of::String, "String"), (Of::Numeric, "Numeric"), (Of::Timestamp, "Timestamp"), (Of::Boolean, "Boolean")]
            .into_iter()
            .find_map(|(of, prefix)| operator.strip_prefix(prefix).map(|rest| (of, rest)))?;
        let wanted = match rest {
            "Equals" => Wanted::Equals,
            "LessThan" => Wanted::LessThan,
            "GreaterThan" => Wanted::GreaterThan,
            "LessThanEquals" => Wanted::LessThanEquals,
            "GreaterThanEquals" => Wanted::GreaterThanEquals,
            _ => return None,
        };
        (of != Of::Boolean || wanted == Wanted::Equals).then_some(Self::Order(of, wanted))
    }

    /// Whether the rule holds. `variable` is `None` where the path leads nowhere, which only `IsPresent` may ask.
    #[must_use]
    pub fn holds(self, variable: Option<&Value>, operand: &Value) -> bool {
        let expected = matches!(operand, Value::Bool(true));
        let Some(variable) = variable else { return self == Self::IsPresent && !expected };
        let is = match self {
            Self::Order(of, wanted) => {
                return of.compare(variable, operand).is_some_and(|order| match wanted {
                    Wanted::Equals => order.is_eq(),
                    Wanted::LessThan => order.is_lt(),
                    Wanted::GreaterThan => order.is_gt(),
                    Wanted::LessThanEquals => order.is_le(),
                    Wanted::GreaterThanEquals => order.is_ge(),
                });
            }
            Self::StringMatches => {
                return match (variable, operand) {
                    (Value::String(text), Value::String(pattern)) => string_matches(pattern, text),
                    _ => false,
                };
            }
            Self::IsNull => *variable == Value::Null,
            Self::IsPresent => true,
            Self::IsNumeric => matches!(variable, Value::Number(_)),
            Self::IsString => matches!(variable, Value::String(_)),
            Self::IsBoolean => matches!(variable, Value::Bool(_)),
            Self::IsTimestamp => variable.as_str().is_some_and(|text| timestamp::parse(text).is_some()),
        };
        is == expected
    }
}

impl Of {
    fn compare(self, left: &Value, right: &Value) -> Option<Ordering> {
        match (self, left, right) {
            // Java compares UTF-16 units.
            (Of::String, Value::String(left), Value::String(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
            (Of::Numeric, Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64().partial_cmp(&right.as_f64()),
            },
            (Of::Timestamp, Value::String(left), Value::String(right)) => Some(timestamp::parse(left)?.cmp(&timestamp::parse(right)?)),
            (Of::Boolean, Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// `StringMatches`: `*` stands for any text, `\*` for a star and `\\` for a backslash (Amazon States Language, "Choice Rules").
#[must_use]
pub fn string_matches(pattern: &str, text: &str) -> bool {
    #[derive(PartialEq)]
    enum Piece {
        Any,
        One(char),
    }
    let mut pieces = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '*' => Piece::Any,
            '\\' => Piece::One(characters.next().unwrap_or('\\')),
            other => Piece::One(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    // Greedy with one point to come back to: linear in pattern times text.
    let (mut piece, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                back = Some((piece, at));
                piece += 1;
            }
            Some(Piece::One(character)) if *character == text[at] => {
                piece += 1;
                at += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    piece = star + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pieces[piece.min(pieces.len())..].iter().all(|piece| *piece == Piece::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, variable: &str, operand: &str) -> bool {
        let value = |text| Value::parse(text).expect("JSON");
        Comparison::of_operator(operator).expect("an operator").holds(Some(&value(variable)), &value(operand))
    }

    #[test]
    fn types_must_agree() {
        assert!(holds("NumericEquals", "1.0", "1"));
        assert!(!holds("NumericEquals", "\"1\"", "1"));
        assert!(!holds("StringEquals", "1", "\"1\""));
        assert!(!holds("BooleanEquals", "\"true\"", "true"));
        assert!(holds("NumericLessThan", "9007199254740992", "9007199254740993"));
        assert!(holds("StringLessThan", "\"A\"", "\"AB\""));
        assert!(!holds("TimestampEquals", "\"2023-02-24 12:15:56\"", "\"2023-02-24T12:15:56Z\""));
        assert!(holds("TimestampEquals", "\"2023-02-24T12:15:56Z\"", "\"2023-02-24T13:15:56+01:00\""));
        assert!(holds("IsNumeric", "\"1\"", "false"));
        assert_eq!(Comparison::of_operator("BooleanLessThan"), None);
        assert_eq!(Comparison::of_operator("StringEqual"), None);
        assert!(Comparison::IsPresent.holds(None, &Value::Bool(false)));
        assert!(!Comparison::IsPresent.holds(None, &Value::Bool(true)));
    }

    #[test]
    fn stars_match_any_text() {
        for (pattern, text, matches) in [
            ("*.log", "a.log", true),
            ("a*b*c", "a12b3bc", true),
            ("a*b*c", "a12b3b", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("\\\\*", "\\x", true),
            ("", "", true),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(string_matches(pattern, text), matches, "{pattern} {text}");
        }
        assert!(!string_matches(&"a*".repeat(50), &"b".repeat(5000)));
    }
}
