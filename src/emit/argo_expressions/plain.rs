//! Which JSON texts Argo reads as Step Functions does.
//!
//! Argo reads every number into a double and writes it as Go does; the States Language keeps integers of any size, and writes `1.50` as `1.5`, `1e3`
//! as `1000.0` and 12345678.5 as `1.23456785E7`. Both write a number alike if it is an integer of at most 15 digits, or a fraction of at most 15
//! digits, the last not 0, from 0.001 to below 10^7: a double tells 15 digits apart, and within these bounds neither writes an exponent. That is what
//! a text must be made of before anything of it is written again. Where numbers are only compared, more of them do no harm.
//!
//! Half of a surrogate pair, which JSON can escape and no text can hold, is refused too; and `-0`, which Go keeps and Java does not.
use super::ast::{Ast, Root, binary};
use crate::simulate::value::Number;

/// All numbers are such as both write alike.
const PLAIN: &str = r#"^(?:[^"0-9-]|"(?:[^"\\]|\\[^u]|\\u(?:[^dD]|[dD](?:[0-7]|[89abAB]..\\u[dD][c-fC-F])))*"|(?:0|-?(?:[1-9][0-9]{0,14}|[1-9][0-9]{0,6}\.[0-9]{0,7}[1-9]|0\.0?0?[1-9](?:[0-9]{0,9}[1-9])?))(?:[^0-9.eE"-]|$))*$"#;

/// All numbers have at most 15 digits before the point, and exponents of at most two digits.
const COMPARABLE: &str = r#"^(?:[^"0-9-]|"(?:[^"\\]|\\[^u]|\\u(?:[^dD]|[dD](?:[0-7]|[89abAB]..\\u[dD][c-fC-F])))*"|-?[0-9]{1,15}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?(?:[^0-9.eE"-]|$))*$"#;

/// What Argo's integers may be, in and out.
pub(super) const LARGEST: i64 = 999_999_999_999_999;

/// Whether Argo writes a number that we know as Java does.
pub(super) fn is_plain(number: &Number) -> bool {
    match number {
        Number::Int(int) => int.abs() <= LARGEST,
        Number::Big(_) => false,
        // One double, of which both write the shortest digits.
        Number::Double(double) => (1e-3..1e7).contains(&double.abs()) && double.fract() != 0.0,
    }
}

/// Whether what is read of a text may be written again.
pub(super) fn plain(root: Root) -> Ast {
    plain_text(Ast::Source(root))
}

/// The same of a text that data holds.
pub(super) fn plain_text(of: Ast) -> Ast {
    binary("matches", of, Ast::Regex(PLAIN))
}

/// Whether what is read of a text may be compared.
pub(super) fn comparable(root: Root) -> Ast {
    binary("matches", Ast::Source(root), Ast::Regex(COMPARABLE))
}
