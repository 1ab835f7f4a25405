//! What an expression reads, from its syntax tree.
//!
//! Everything here errs to the side of reading more. A walk carries the names that the expression itself binds (parameters, `:=` earlier in the same
//! block) and whether the context item is still the top one, which Step Functions does not have.
use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;
use std::collections::BTreeSet;

/// What an expression can read from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Variables by name, without `$`; not `states`.
    pub variables: BTreeSet<String>,
    /// Paths of fields below `$states`: `["input", "a"]` for `$states.input.a[0].b` is `["input", "a"]`, and everything below counts as read.
    /// An empty path is all of `$states`.
    pub states: BTreeSet<Vec<String>>,
    /// Functions called, and everything named as a value, that the expression does not bind itself; without `$`. A variable of that name would hide the function.
    pub functions: BTreeSet<String>,
    /// References to a context item that is not there: bare names, `$` and `$$` at the top level, as written. AWS refuses the definition
    /// ("Reference to 'phone' at the top level is not supported").
    pub top_level: BTreeSet<String>,
    /// Regular expressions: pattern and flags.
    pub patterns: BTreeSet<(String, String)>,
    /// Whether a function is defined, and so anything can be done again and again.
    pub lambda: bool,
    /// Operators that jsonata-js 2.0.6 does not have yet, as written.
    pub newer: BTreeSet<&'static str>,
    /// Whether it computes numbers.
    pub arithmetic: bool,
    /// Whether something else than a variable stands on the left of `:=`.
    pub misassigned: bool,
}

impl Reads {
    /// Whether all of `$states` may be read.
    #[must_use]
    pub fn all_of_states(&self) -> bool {
        self.states.iter().any(Vec::is_empty)
    }

    /// Of a whole expression.
    #[must_use]
    pub fn of(ast: &AstNode) -> Self {
        let mut walk = Walk { reads: Self::default(), bound: Vec::new() };
        walk.node(ast, true);
        let computes = [
            "abs",
            "average",
            "ceil",
            "count",
            "floor",
            "length",
            "millis",
            "number",
            "parseInteger",
            "power",
            "random",
            "range",
            "round",
            "sqrt",
            "sum",
            "toMillis",
        ];
        walk.reads.arithmetic |= computes.iter().any(|name| walk.reads.functions.contains(*name));
        walk.reads
    }
}

struct Walk {
    reads: Reads,
    bound: Vec<String>,
}

/// The fields that a path of plain names has below its first step: up to and with the first that has a predicate or binds something.
fn fields(steps: &[PathStep]) -> Vec<String> {
    let mut names = Vec::new();
    for step in steps {
        match &step.node {
            AstNode::Name(name) | AstNode::String(name) => names.push(name.clone()),
            _ => break,
        }
    }
    names
}

/// Whether a step does nothing but look.
#[must_use]
pub fn plain(step: &PathStep) -> bool {
    step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
        && !step.inner_tuple
}

impl Walk {
    fn variable(&mut self, name: &str, below: &[PathStep], top: bool) {
        if name.is_empty() || name == "$" {
            if top {
                self.reads.top_level.insert(format!("${name}"));
            }
        } else if !self.bound.iter().any(|bound| bound == name) {
            if name == "states" {
                self.reads.states.insert(fields(below));
            } else {
                self.reads.variables.insert(name.to_string());
                self.reads.functions.insert(name.to_string());
            }
        }
    }

    fn all(&mut self, nodes: &[AstNode], top: bool) {
        for node in nodes {
            self.node(node, top);
        }
    }

    fn pairs(&mut self, pairs: &[(AstNode, AstNode)], top: bool) {
        for (key, value) in pairs {
            self.node(key, top);
            self.node(value, top);
        }
    }

    fn node(&mut self, node: &AstNode, top: bool) {
        with_stack(|| self.node_here(node, top));
    }

    fn node_here(&mut self, node: &AstNode, top: bool) {
        match node {
            AstNode::String(_) | AstNode::Number(_) | AstNode::Boolean(_) | AstNode::Null | AstNode::Undefined | AstNode::Placeholder => {}
            AstNode::Regex { pattern, flags } => {
                self.reads.patterns.insert((pattern.clone(), flags.clone()));
            }
            AstNode::Name(name) => {
                if top {
                    self.reads.top_level.insert(name.clone());
                }
            }
            AstNode::Wildcard | AstNode::Descendant => {
                if top {
                    self.reads.top_level.insert(if matches!(node, AstNode::Wildcard) { "*" } else { "**" }.to_string());
                }
            }
            AstNode::Variable(name) => self.variable(name, &[], top),
            AstNode::ParentVariable(_) => {
                self.reads.top_level.insert("$$".to_string());
            }
            // Goes up from wherever it stands: which field that is, the tree does not say.
            AstNode::Parent(_) => {
                self.reads.states.insert(Vec::new());
            }
            AstNode::Path { steps } => self.path(steps, top),
            AstNode::Binary { op, lhs, rhs } => match op {
                BinaryOp::ColonEqual => {
                    self.node(rhs, top);
                    if !matches!(**lhs, AstNode::Variable(_)) {
                        self.reads.misassigned = true;
                        self.node(lhs, top);
                    }
                }
                _ => {
                    match op {
                        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::Range => {
                            self.reads.arithmetic = true;
                        }
                        BinaryOp::Coalesce => drop(self.reads.newer.insert("??")),
                        BinaryOp::Default => drop(self.reads.newer.insert("?:")),
                        _ => {}
                    }
                    self.node(lhs, top);
                    self.node(rhs, top);
                }
            },
            AstNode::Unary { operand, .. } => {
                self.reads.arithmetic = true;
                self.node(operand, top);
            }
            AstNode::Function { name, args, .. } => {
                if !self.bound.iter().any(|bound| bound == name) {
                    self.reads.functions.insert(name.clone());
                }
                self.all(args, top);
            }
            AstNode::Call { procedure, args } => {
                self.node(procedure, top);
                self.all(args, top);
            }
            AstNode::Lambda { params, body, .. } => {
                self.reads.lambda = true;
                let before = self.bound.len();
                self.bound.extend(params.iter().map(|param| param.trim_start_matches('$').to_string()));
                self.node(body, top);
                self.bound.truncate(before);
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.all(items, top),
            AstNode::Object(pairs) => self.pairs(pairs, top),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, top);
                self.pairs(pattern, false);
            }
            AstNode::Block(items) => {
                let before = self.bound.len();
                for item in items {
                    if let AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } = item
                        && let AstNode::Variable(name) = &**lhs
                    {
                        // A function may call itself by the name it gets.
                        if matches!(**rhs, AstNode::Lambda { .. }) {
                            self.bound.push(name.clone());
                            self.node(rhs, top);
                        } else {
                            self.node(rhs, top);
                            self.bound.push(name.clone());
                        }
                    } else {
                        self.node(item, top);
                    }
                }
                self.bound.truncate(before);
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.node(condition, top);
                self.node(then_branch, top);
                if let Some(else_branch) = else_branch {
                    self.node(else_branch, top);
                }
            }
            AstNode::FunctionApplication(inner) => self.node(inner, top),
            AstNode::Sort { input, terms } => {
                self.node(input, top);
                for (term, _) in terms {
                    self.node(term, false);
                }
            }
            AstNode::Transform { location, update, delete } => {
                self.reads.lambda = true;
                self.node(location, false);
                self.node(update, false);
                if let Some(delete) = delete {
                    self.node(delete, false);
                }
            }
        }
    }

    fn path(&mut self, steps: &[PathStep], top: bool) {
        let before = self.bound.len();
        for (index, step) in steps.iter().enumerate() {
            let top = top && index == 0;
            match &step.node {
                AstNode::Variable(name) if index == 0 => {
                    let below = if plain(step) { below_of(&steps[1..]) } else { &[] };
                    self.variable(name, below, top);
                }
                node => self.node(node, top),
            }
            for binding in [&step.focus, &step.index_var].into_iter().flatten() {
                self.bound.push(binding.clone());
            }
            for stage in &step.stages {
                match stage {
                    Stage::Filter(filter) => self.node(filter, false),
                    Stage::Index(name) => self.bound.push(name.clone()),
                    Stage::KeepArray => {}
                }
            }
        }
        self.bound.truncate(before);
    }
}

/// The steps that only narrow: names, up to and with the first that has more to it.
fn below_of(steps: &[PathStep]) -> &[PathStep] {
    let end = steps.iter().position(|step| !plain(step)).map_or(steps.len(), |index| index + 1);
    &steps[..end]
}
