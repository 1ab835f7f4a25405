//! The interpreter of a plan: a walk over blocks, with states meaning what they mean in a machine.
//!
//! Both interpreters share what a state does; they differ in where control goes then. So what holds them together (`tests/plan.rs`) proves the
//! structuring: the same states in the same order with the same data, and the same end.
use super::engine::{Failure, Frame, Inner, Options, Outcome, Run, Way, Work, run_with};
use super::program::{self, CompileError};
use super::scope::Variables;
use super::services::Services;
use super::value::Value;
use crate::ir::control;
use futures_util::future::LocalBoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plan that can run.
#[derive(Debug)]
pub struct Plan {
    pub name: Arc<str>,
    pub timeout: Option<super::clock::Millis>,
    pub body: Body,
}

#[derive(Debug)]
pub struct Body(Vec<Stmt>);

#[derive(Debug)]
enum Stmt {
    State(Leaf),
    Choose { leaf: Leaf, arms: Vec<Vec<Stmt>>, default: Option<Vec<Stmt>> },
    Try { leaf: Leaf, handlers: Vec<Vec<Stmt>> },
    Scope { label: control::Label, body: Vec<Stmt> },
    Loop { label: control::Label, body: Vec<Stmt> },
    Leave(control::Label),
    Repeat(control::Label),
    Return,
    Dispatch { region: control::Label, arms: Vec<Vec<Stmt>> },
    Request { region: control::Label, arm: usize },
}

#[derive(Debug)]
struct Leaf {
    state: program::State,
    inner: Vec<Body>,
}

impl Plan {
    /// Makes a plan ready to run.
    ///
    /// # Errors
    /// Everything that keeps its states from running.
    pub fn compile(name: &str, timeout: Option<super::clock::Millis>, body: &control::Body) -> Result<Self, Vec<CompileError>> {
        Ok(Self { name: name.into(), timeout, body: Body::compile(body)? })
    }

    /// Runs the plan to its end.
    pub fn run(&self, input: Value, services: &mut dyn Services, options: &Options) -> Outcome {
        run_with(&self.name, self.timeout, input, services, options, Work::Body(&self.body))
    }
}

impl Body {
    fn compile(body: &control::Body) -> Result<Self, Vec<CompileError>> {
        block(&body.block).map(Self)
    }
}

fn block(statements: &[control::Stmt]) -> Result<Vec<Stmt>, Vec<CompileError>> {
    statements.iter().map(statement).collect()
}

fn blocks(all: &[control::Block]) -> Result<Vec<Vec<Stmt>>, Vec<CompileError>> {
    all.iter().map(|one| block(one)).collect()
}

fn leaf(leaf: &control::Leaf) -> Result<Leaf, Vec<CompileError>> {
    let inner = leaf.inner.iter().map(Body::compile).collect::<Result<_, _>>()?;
    Ok(Leaf { state: program::State::compile(&leaf.state)?, inner })
}

fn statement(stmt: &control::Stmt) -> Result<Stmt, Vec<CompileError>> {
    Ok(match &stmt.kind {
        control::Kind::State(state) => Stmt::State(leaf(state)?),
        control::Kind::Choose { state, arms, default } => {
            Stmt::Choose { leaf: leaf(state)?, arms: blocks(arms)?, default: default.as_ref().map(|d| block(d)).transpose()? }
        }
        control::Kind::Try { state, handlers } => Stmt::Try { leaf: leaf(state)?, handlers: blocks(handlers)? },
        control::Kind::Scope { label, body } => Stmt::Scope { label: *label, body: block(body)? },
        control::Kind::Loop { label, body } => Stmt::Loop { label: *label, body: block(body)? },
        control::Kind::Leave(label) => Stmt::Leave(*label),
        control::Kind::Repeat(label) => Stmt::Repeat(*label),
        control::Kind::Return => Stmt::Return,
        control::Kind::Dispatch { region, arms } => Stmt::Dispatch { region: *region, arms: blocks(arms)? },
        control::Kind::Request { region, arm } => Stmt::Request { region: *region, arm: *arm },
    })
}

/// What runs through a block: the document, the variables, what dispatches were asked for.
struct Flowing {
    document: Value,
    variables: Variables,
    requests: BTreeMap<control::Label, usize>,
}

/// How a block ends.
enum End {
    /// By coming to its end.
    Through,
    Leave(control::Label),
    Repeat(control::Label),
    Return,
}

impl Run<'_> {
    pub(super) fn body<'a>(
        &'a self,
        body: &'a Body,
        input: Value,
        variables: Variables,
        frame: &'a Frame<'a>,
    ) -> LocalBoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let mut flowing = Flowing { document: input, variables, requests: BTreeMap::new() };
            self.block(&body.0, &mut flowing, frame).await?;
            Ok(flowing.document)
        })
    }

    fn block<'a>(&'a self, block: &'a [Stmt], flowing: &'a mut Flowing, frame: &'a Frame<'a>) -> LocalBoxFuture<'a, Result<End, Failure>> {
        Box::pin(async move {
            for stmt in block {
                let end = match stmt {
                    Stmt::State(leaf) => {
                        self.leaf(leaf, flowing, frame).await?;
                        End::Through
                    }
                    Stmt::Choose { leaf, arms, default } => match self.leaf(leaf, flowing, frame).await? {
                        Way::Rule(index) => self.block(&arms[index], flowing, frame).await?,
                        _ => match default {
                            Some(default) => self.block(default, flowing, frame).await?,
                            None => End::Through,
                        },
                    },
                    Stmt::Try { leaf, handlers } => match self.leaf(leaf, flowing, frame).await? {
                        Way::Caught(index) => self.block(&handlers[index], flowing, frame).await?,
                        _ => End::Through,
                    },
                    Stmt::Scope { label, body } => match self.block(body, flowing, frame).await? {
                        End::Leave(to) if to == *label => End::Through,
                        end => end,
                    },
                    Stmt::Loop { label, body } => loop {
                        match self.block(body, flowing, frame).await? {
                            End::Repeat(to) if to == *label => {}
                            end => break end,
                        }
                    },
                    Stmt::Leave(label) => End::Leave(*label),
                    Stmt::Repeat(label) => End::Repeat(*label),
                    Stmt::Return => End::Return,
                    Stmt::Dispatch { region, arms } => {
                        let arm = flowing.requests.get(region).copied().unwrap_or_default();
                        self.block(&arms[arm], flowing, frame).await?
                    }
                    Stmt::Request { region, arm } => {
                        flowing.requests.insert(*region, *arm);
                        End::Through
                    }
                };
                if !matches!(end, End::Through) {
                    return Ok(end);
                }
            }
            Ok(End::Through)
        })
    }

    async fn leaf(&self, leaf: &Leaf, flowing: &mut Flowing, frame: &Frame<'_>) -> Result<Way, Failure> {
        let document = std::mem::take(&mut flowing.document);
        let (way, output) = self.state(&leaf.state, Inner::Bodies(&leaf.inner), document, &mut flowing.variables, frame).await?;
        flowing.document = output;
        Ok(way)
    }
}
