//! The rules that diagnostics and ledger marks cite: a code, a name and the page a user reads.
//!
//! One file holds the rules of one subject, each with its documentation beside it: what it means, why it matters,
//! what to do. `emr2k8s explain CODE`, `docs/rules.md` and the reports are made from here.
pub mod argo;
pub mod asl;
pub mod call;
pub mod cloudformation;
pub mod emit;
pub mod emr;
pub mod job;
pub mod lambda;
pub mod link;
pub mod lint;
pub mod output;
pub mod plan;
pub mod serverless;
pub mod source;
pub mod terraform;

/// One rule.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Rule {
    /// Two to four capitals and three digits: `ASL103`.
    pub code: &'static str,
    /// A few words in kebab case: `unreachable-state`.
    pub name: &'static str,
    /// Markdown: what it does, why it matters, what to do.
    pub doc: &'static str,
}

/// Declares the rules of one file: each a static named by its code, and `ALL` of them.
///
/// Each entry reads `ASL101 "unknown-field" r"markdown …";`.
#[macro_export]
macro_rules! rules {
    ($($code:ident $name:literal $doc:expr;)*) => {
        $(#[doc = $doc] pub static $code: $crate::source::rules::Rule =
            $crate::source::rules::Rule { code: stringify!($code), name: $name, doc: $doc };)*
        /// Every rule of this file.
        pub static ALL: &[&$crate::source::rules::Rule] = &[$(&$code),*];
    };
}

/// Every rule, in the order of the codes.
#[must_use]
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = [
        source::ALL,
        asl::ALL,
        lint::ALL,
        job::ALL,
        lambda::ALL,
        serverless::ALL,
        cloudformation::ALL,
        terraform::ALL,
        emr::ALL,
        link::ALL,
        plan::ALL,
        argo::ALL,
        call::ALL,
        emit::ALL,
        output::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    rules.sort_unstable();
    rules
}

/// The rule of a code, in any case.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}
