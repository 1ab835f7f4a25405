//! Which JSON texts Argo reads as Step Functions does.
//!
//! Argo reads every number into a double and writes it as Go does; the States Language keeps integers of any size, and writes `1.50` as `1.5` and
//! `1e3` as `1000.0`. Where numbers are integers of at most 15 digits both agree on everything, so that is what a text must be made of before
//! anything of it is written again. Where numbers are only compared, fractions and small exponents do no harm.
//!
//! Half of a surrogate pair, which JSON can escape and no text can hold, is refused too; and `-0`, which Go keeps and Java does not.
use super::ast::{Ast, Root, binary};

/// All numbers are integers of at most 15 digits.
const PLAIN: &str = r#"^(?:[^"0-9-]|"(?:[^"\\]|\\[^u]|\\u(?:[^dD]|[dD](?:[0-7]|[89abAB]..\\u[dD][c-fC-F])))*"|(?:0|-?[1-9][0-9]{0,14})(?:[^0-9.eE"-]|$))*$"#;

/// All numbers have at most 15 digits before the point, and exponents of at most two digits.
const COMPARABLE: &str = r#"^(?:[^"0-9-]|"(?:[^"\\]|\\[^u]|\\u(?:[^dD]|[dD](?:[0-7]|[89abAB]..\\u[dD][c-fC-F])))*"|-?[0-9]{1,15}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?(?:[^0-9.eE"-]|$))*$"#;

/// What Argo's integers may be, in and out.
pub(super) const LARGEST: i64 = 999_999_999_999_999;

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
