//! One state: what it reads whatever becomes of what it leaves, and what holds around it.
use super::known::Known;
use super::live::Live;
use super::reads::{self, Place, Read, Scope};
use crate::ir::control::{constant_of, job_of};
use crate::ir::job::{Piece, SparkJob};
use crate::ir::machine::{
    Catcher, ChoiceRule, FailText, Map, Number, PathField, QueryLanguage, State, StateKind, Template, TemplateValue, WaitFor,
};
use crate::simulate::engine::Way;
use std::collections::BTreeSet;

/// What holds where a state begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    pub document: Known,
    /// Variables that certainly are.
    pub variables: BTreeSet<String>,
}

impl Facts {
    pub fn common(&self, other: &Self) -> Self {
        Self {
            document: self.document.common(&other.document),
            variables: self.variables.intersection(&other.variables).cloned().collect(),
        }
    }
}

/// What `InputPath` or `OutputPath` takes.
pub struct Taken {
    what: What,
    /// Whether it can fail.
    pub fails: bool,
}

enum What {
    Whole,
    /// Nothing of the document.
    Nothing,
    At(Vec<String>),
    /// Parts that are not known before the run.
    Parts,
}

impl Taken {
    pub fn of(field: Option<&PathField>, scope: &Scope<'_>) -> Self {
        let Some(field) = field else { return Self { what: What::Whole, fails: false } };
        let PathField::Path(path) = field else { return Self { what: What::Nothing, fails: false } };
        if path.value == "$" {
            return Self { what: What::Whole, fails: false };
        }
        let fails = reads::path(&path.value, scope).fails;
        match Place::parse(&path.value) {
            Some(place) if !place.in_document() => Self { what: What::Nothing, fails },
            Some(place) if place.whole => Self { what: What::At(place.names), fails },
            _ => Self { what: What::Parts, fails: true },
        }
    }

    /// What is read of the document where `inner` is read of what is taken.
    pub fn live(&self, inner: &Live) -> Live {
        match &self.what {
            What::Whole => inner.clone(),
            What::Nothing => Live::nothing(),
            // Where it cannot fail, that is because the field is there: it must stay.
            What::At(names) => Live::kind().and(inner).under(names),
            What::Parts => Live::all(),
        }
    }

    fn known(&self, of: &Known) -> Known {
        match &self.what {
            What::Whole => of.clone(),
            What::At(names) => of.below(names).cloned().unwrap_or_default(),
            What::Nothing | What::Parts => Known::default(),
        }
    }

    /// Notes what is there where it did not fail; `found`: fields of what is taken.
    fn learn(&self, known: &mut Known, found: &[Vec<String>]) {
        let base: &[String] = match &self.what {
            What::Whole => &[],
            What::At(names) => names,
            What::Nothing | What::Parts => return,
        };
        known.learn(base);
        for names in found {
            known.learn(&[base, names].concat());
        }
    }
}

/// Where a result goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goes {
    /// It is the document.
    Whole,
    Nowhere,
    Field(Vec<String>),
    /// Into an element of an array.
    Element,
}

impl Goes {
    pub fn of(field: Option<&PathField>) -> Self {
        match field {
            None => Self::Whole,
            Some(PathField::Null(_)) => Self::Nowhere,
            Some(PathField::Path(path)) => match Place::parse(&path.value) {
                Some(place) if place.in_document() && place.whole && place.names.is_empty() => Self::Whole,
                Some(place) if place.in_document() && place.whole => Self::Field(place.names),
                _ => Self::Element,
            },
        }
    }

    /// Whether nobody reads it there.
    pub fn is_dead(&self, after: &Live) -> bool {
        match self {
            Self::Whole => after.is_nothing(),
            Self::Nowhere => true,
            Self::Field(names) => !after.holds(names),
            Self::Element => false,
        }
    }

    /// Whether a result can always be put there.
    pub fn fits(&self, document: &Known) -> bool {
        match self {
            Self::Whole | Self::Nowhere => true,
            Self::Field(names) => document.takes(names),
            Self::Element => false,
        }
    }

    /// What is read of the document that something is put into, where this is read of what comes of it. One that does not take it fails, and is quoted.
    pub fn before(&self, after: &Live, document: &Known) -> Live {
        match self {
            Self::Whole => Live::nothing(),
            Self::Nowhere => after.clone(),
            Self::Field(names) if document.takes(names) => {
                after.without(names).and(&Live::kind().under(&names[..names.len().saturating_sub(1)]))
            }
            Self::Field(_) | Self::Element => Live::all(),
        }
    }

    /// What is read of the result.
    pub fn of_result(&self, after: &Live) -> Live {
        match self {
            Self::Whole => after.clone(),
            Self::Nowhere => Live::nothing(),
            Self::Field(names) => after.below(names),
            Self::Element => Live::all(),
        }
    }

    fn known(&self, document: &Known, result: Known) -> Known {
        match self {
            Self::Whole => result,
            Self::Nowhere => document.clone(),
            Self::Field(names) => document.clone().with(names, result),
            Self::Element => Known::default(),
        }
    }
}

/// A state with what holds around it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the state, and none excludes another")]
pub struct Summary {
    /// What it reads whatever becomes of what it leaves.
    pub always: Live,
    /// What it reads only for what it leaves: of a Pass, of `Output`.
    pub making: Live,
    /// Whether that can fail.
    pub making_fails: bool,
    /// What the `Output` of each rule reads, where it has one.
    pub rules: Vec<Option<Read>>,
    /// What the `Assign` and the `Output` of each catcher read.
    pub catchers: Vec<(Live, Read)>,
    /// Whether `Output` or `Assign` of JSONata looks at the result.
    pub output_takes_result: bool,
    pub assign_takes_result: bool,
    pub input: Taken,
    pub goes: Goes,
    /// Whether the result can always be put there, and its selector always be filled.
    pub fits: bool,
    pub selects_well: bool,
    pub output: Taken,
    /// The document into which a result is put, as far as what came before has shown.
    pub shown: Known,
    /// Of the graphs inside.
    pub inner: Facts,
    /// The document where the state ends well.
    left: Known,
    /// What holds where it began.
    entry: Facts,
}

/// Things outside the graph.
pub struct Around<'a> {
    /// The context object.
    pub context: &'a Known,
    pub jobs: &'a [SparkJob],
}

/// The parts of the context object that always are (Developer Guide, "Accessing execution data from the Context object", November 2026; those that both Step Functions
/// and the interpreters here have).
#[must_use]
pub fn context() -> Known {
    let fields = |names: &[&str]| Known::object(names.iter().map(|name| ((*name).to_owned(), Known::default())));
    Known::object([
        ("Execution".to_owned(), fields(&["Id", "Input", "Name", "RoleArn", "StartTime"])),
        ("State".to_owned(), fields(&["Name", "EnteredTime", "RetryCount"])),
        ("StateMachine".to_owned(), fields(&["Id", "Name"])),
    ])
}

/// In a Map there are an item and its number.
fn with_item(context: &Known) -> Known {
    let mut context = context.clone();
    for part in ["Index", "Value"] {
        context.learn(&["Map", "Item", part].map(str::to_owned));
    }
    context
}

/// The context object in the graphs inside a state.
#[must_use]
pub fn inner_context(state: &State, context: &Known) -> Known {
    match &state.kind {
        StateKind::Map(map) if map.item_batcher.is_none() => with_item(context),
        StateKind::Map(_) => self::context(),
        _ => context.clone(),
    }
}

fn literal_text(number: &Number) -> Option<&str> {
    match number {
        Number::Literal(_) => None,
        Number::Path(text) | Number::Jsonata(text) => Some(&text.value),
    }
}

/// Names that a template assigns.
fn assigned(assign: Option<&Template>) -> impl Iterator<Item = String> + '_ {
    let entries = match assign.map(|template| &template.value) {
        Some(TemplateValue::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, _)| key.value.clone())
}

fn rules(state: &State) -> &[ChoiceRule] {
    match &state.kind {
        StateKind::Choice { rules, .. } => rules,
        _ => &[],
    }
}

/// Whether a state has a result of its own making: what it assigns comes from there.
#[must_use]
pub fn produces(state: &State) -> bool {
    matches!(state.kind, StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_))
}

/// Whether a Pass passes its input on.
#[must_use]
pub fn passes_input(state: &State) -> bool {
    match &state.kind {
        StateKind::Pass { result } => {
            state.query_language == QueryLanguage::Jsonata || (result.is_none() && state.data.parameters.is_none())
        }
        _ => true,
    }
}

impl Summary {
    pub fn of(state: &State, entry: &Facts, around: &Around<'_>) -> Self {
        let token;
        let context = if state.waits_for_token() {
            let mut with = around.context.clone();
            with.learn(&["Task", "Token"].map(str::to_owned));
            token = with;
            &token
        } else {
            around.context
        };
        let scope = Scope { document: &entry.document, context, variables: &entry.variables };
        if state.query_language == QueryLanguage::Jsonata {
            Self::jsonata(state, entry, &scope)
        } else {
            Self::paths(state, entry, &scope, around)
        }
    }

    fn paths(state: &State, entry: &Facts, scope: &Scope<'_>, around: &Around<'_>) -> Self {
        let data = &state.data;
        let input = Taken::of(data.input_path.as_ref(), scope);
        let taken = input.known(scope.document);
        let inside = Scope { document: &taken, ..scope.clone() };
        let parameters = data.parameters.as_ref().map(|template| reads::template(template, &inside));
        let mut always = Read { live: Live::nothing(), fails: false, found: Vec::new() };
        let mut making = Read::default();
        // Of a job only what it takes is computed.
        let shows_input = constant_of(state).is_none() && job_of(state).is_none();
        match &state.kind {
            StateKind::Task(_) if constant_of(state).is_some() => {}
            StateKind::Task(task) => {
                let job = job_of(state);
                always.add(match (parameters, job) {
                    (Some(read), _) => read,
                    (None, Some(job)) => job_reads(&job, around.jobs),
                    (None, None) => Read { live: Live::all(), ..Read::default() },
                });
                for text in [&task.timeout_seconds, &task.heartbeat_seconds].into_iter().flatten().filter_map(literal_text) {
                    always.add(reads::expression(text, &inside));
                }
                if let Some(credentials) = &task.credentials {
                    always.add(reads::template(credentials, &inside));
                }
            }
            StateKind::Parallel { .. } => {
                if let Some(read) = parameters {
                    always.add(read);
                }
            }
            StateKind::Map(map) => always.add(map_reads(map, &inside)),
            StateKind::Pass { result } => {
                if let (None, Some(read)) = (result, parameters) {
                    making.add(read);
                }
            }
            StateKind::Choice { rules, .. } => {
                for rule in rules {
                    always.add(reads::condition(&rule.condition, &inside));
                }
            }
            StateKind::Wait(WaitFor::Seconds(number) | WaitFor::Timestamp(number)) => {
                if let Some(text) = literal_text(number) {
                    always.add(reads::reticent(text, &inside));
                }
            }
            StateKind::Fail(fail) => {
                for text in [&fail.error, &fail.cause].into_iter().flatten() {
                    if let FailText::Path(text) = text {
                        always.add(reads::expression(&text.value, &inside));
                    }
                }
            }
            StateKind::Wait(WaitFor::Missing) | StateKind::Succeed => {}
            StateKind::Unknown(_) => always.add(Read { live: Live::all(), fails: true, found: Vec::new() }),
        }
        if !produces(state) {
            // What is assigned comes from the input, or from what a Pass makes of it.
            for assign in data.assign.iter().chain(rules(state).iter().filter_map(|rule| rule.assign.as_ref())) {
                if passes_input(state) {
                    always.add(reads::template(assign, &inside));
                    always.found.clear();
                } else {
                    always.add(std::mem::take(&mut making));
                }
            }
        }
        let mut shown = scope.document.clone();
        if shows_input {
            input.learn(&mut shown, &always.found);
            input.learn(&mut shown, &making.found);
        }
        let result = match &state.kind {
            StateKind::Pass { result: Some(result) } => Known::of(&crate::simulate::program::literal(result)),
            StateKind::Pass { result: None } => {
                data.parameters.as_ref().map_or_else(|| taken.clone(), |t| reads::made(t, state.query_language, &inside))
            }
            _ if !produces(state) => taken.clone(),
            _ => data.result_selector.as_ref().map_or_else(Known::default, |t| {
                reads::made(t, state.query_language, &Scope { document: &Known::default(), ..scope.clone() })
            }),
        };
        let goes = match &state.kind {
            StateKind::Pass { .. } | StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_) => {
                Goes::of(data.result_path.as_ref())
            }
            // They have no ResultPath.
            _ => Goes::Whole,
        };
        // What a Pass would show of its document by being evaluated counts only where it is.
        let fits = goes.fits(if produces(state) { &shown } else { scope.document });
        let nothing = Known::default();
        let selects_well =
            data.result_selector.as_ref().is_none_or(|t| !reads::template(t, &Scope { document: &nothing, ..scope.clone() }).fails);
        let combined = goes.known(&shown, result);
        let output = Taken::of(data.output_path.as_ref(), &Scope { document: &combined, ..scope.clone() });
        let left = output.known(&combined);
        let inner = Facts { document: inner_document(state, &taken, &inside), variables: inner_variables(state, entry) };
        // What a Pass takes is only looked at where the Pass is.
        let looks = constant_of(state).is_none() && !(matches!(state.kind, StateKind::Pass { .. }) && always.live.is_nothing());
        let live = if looks { input.live(&always.live) } else { Live::nothing() };
        Self {
            always: live,
            making: input.live(&making.live),
            making_fails: input.fails || making.fails,
            rules: Vec::new(),
            catchers: state.catch.iter().map(|_| (Live::nothing(), Read::default())).collect(),
            output_takes_result: false,
            assign_takes_result: false,
            input,
            goes,
            fits,
            selects_well,
            output,
            shown,
            inner,
            left,
            entry: entry.clone(),
        }
    }

    fn jsonata(state: &State, entry: &Facts, scope: &Scope<'_>) -> Self {
        let data = &state.data;
        let mut always = Read::default();
        let mut texts: Vec<&str> = Vec::new();
        let templates = data.assign.iter().chain(rules(state).iter().filter_map(|rule| rule.assign.as_ref()));
        templates.for_each(|template| always.add(reads::jsonata_template(template)));
        let given =
            |template: Option<&Template>| template.map_or_else(|| Read { live: Live::all(), ..Read::default() }, reads::jsonata_template);
        match &state.kind {
            StateKind::Task(_) if constant_of(state).is_some() => {}
            StateKind::Task(task) => {
                always.add(given(data.arguments.as_ref()));
                texts.extend([&task.timeout_seconds, &task.heartbeat_seconds].into_iter().flatten().filter_map(literal_text));
                if let Some(credentials) = &task.credentials {
                    always.add(reads::jsonata_template(credentials));
                }
            }
            StateKind::Parallel { .. } => {
                if data.arguments.is_some() {
                    always.add(given(data.arguments.as_ref()));
                }
            }
            StateKind::Map(map) => {
                if map.item_reader.is_none() {
                    always.add(given(map.items.as_ref()));
                }
                for template in [&map.item_selector, &map.item_reader, &map.item_batcher, &map.result_writer].into_iter().flatten() {
                    always.add(reads::jsonata_template(template));
                }
                if map.item_reader.is_some() || map.item_batcher.is_some() || map.result_writer.is_some() {
                    always.live = Live::all();
                }
                let numbers = [&map.max_concurrency, &map.tolerated_failure_count, &map.tolerated_failure_percentage];
                texts.extend(numbers.into_iter().flatten().filter_map(literal_text));
            }
            StateKind::Choice { rules, .. } => {
                for rule in rules {
                    always.add(reads::condition(&rule.condition, scope));
                }
            }
            StateKind::Wait(WaitFor::Seconds(number) | WaitFor::Timestamp(number)) => texts.extend(literal_text(number)),
            StateKind::Fail(fail) => {
                for text in [&fail.error, &fail.cause].into_iter().flatten() {
                    if let FailText::Jsonata(text) | FailText::Path(text) = text {
                        texts.push(&text.value);
                    }
                }
            }
            StateKind::Wait(WaitFor::Missing) | StateKind::Succeed | StateKind::Pass { .. } => {}
            StateKind::Unknown(_) => always.live = Live::all(),
        }
        for text in texts {
            always.add(reads::jsonata(text));
        }
        let making = data.output.as_ref().map(reads::jsonata_template).unwrap_or_default();
        let left = match &data.output {
            Some(output) => reads::made(output, state.query_language, scope),
            None if produces(state) => Known::default(),
            None => entry.document.clone(),
        };
        let inner = Facts { document: inner_document(state, &entry.document, scope), variables: inner_variables(state, entry) };
        Self {
            always: always.live,
            making: making.live,
            making_fails: making.fails,
            rules: rules(state).iter().map(|rule| rule.output.as_ref().map(reads::jsonata_template)).collect(),
            catchers: state.catch.iter().map(catcher_reads).collect(),
            output_takes_result: takes_result(data.output.as_ref()),
            assign_takes_result: takes_result(data.assign.as_ref()),
            input: Taken { what: What::Whole, fails: false },
            goes: Goes::Whole,
            fits: true,
            selects_well: true,
            output: Taken { what: What::Whole, fails: false },
            shown: entry.document.clone(),
            inner,
            left,
            entry: entry.clone(),
        }
    }

    /// What holds where a way leads.
    pub fn after(&self, state: &State, way: Way, around: &Around<'_>) -> Facts {
        let by_paths = state.query_language == QueryLanguage::JsonPath;
        let scope = Scope { document: &self.entry.document, context: around.context, variables: &self.entry.variables };
        let mut variables = self.entry.variables.clone();
        let document = match way {
            Way::Caught(index) => {
                let Some(catcher) = state.catch.get(index) else { return Facts::default() };
                variables.extend(assigned(catcher.assign.as_ref()));
                let error = Known::object(["Error", "Cause"].map(|name| (name.to_owned(), Known::default())));
                match &catcher.output {
                    _ if by_paths => Goes::of(catcher.result_path.as_ref()).known(&self.entry.document, error),
                    Some(output) => reads::made(output, state.query_language, &scope),
                    None => error,
                }
            }
            Way::Rule(index) => {
                let rule = rules(state).get(index);
                variables.extend(assigned(rule.and_then(|rule| rule.assign.as_ref())));
                match rule.and_then(|rule| rule.output.as_ref()) {
                    Some(output) => reads::made(output, state.query_language, &scope),
                    None if by_paths => self.left.clone(),
                    None => self.entry.document.clone(),
                }
            }
            Way::On | Way::Default => {
                variables.extend(assigned(state.data.assign.as_ref()));
                self.left.clone()
            }
        };
        Facts { document, variables }
    }

    /// What is known of the document where a catcher takes an error.
    #[must_use]
    pub fn given(&self) -> &Known {
        &self.entry.document
    }
}

/// What a job takes out of what it is given.
fn job_reads(job: &str, jobs: &[SparkJob]) -> Read {
    let Some(job) = jobs.iter().find(|known| known.name.value == job) else { return Read { live: Live::all(), ..Read::default() } };
    let mut live = Live::nothing();
    for piece in job.arguments.iter().flat_map(|argument| &argument.value) {
        if let Piece::Input(path) = piece {
            live.add(&Place::parse(path).map_or_else(Live::all, |place| Live::field(&place.names)));
        }
    }
    Read { live, ..Read::default() }
}

fn map_reads(map: &Map, inside: &Scope<'_>) -> Read {
    let mut read = Read::default();
    match &map.items_path {
        _ if map.item_reader.is_some() => {}
        Some(PathField::Path(path)) => read.add(reads::path(&path.value, inside).quoting()),
        _ => read.add(Read { live: Live::all(), ..Read::default() }),
    }
    for text in [&map.max_concurrency, &map.tolerated_failure_count, &map.tolerated_failure_percentage]
        .into_iter()
        .flatten()
        .filter_map(literal_text)
    {
        read.add(reads::expression(text, inside));
    }
    if let Some(selector) = &map.item_selector {
        let context = with_item(inside.context);
        // Without items it is not filled.
        read.add(Read { found: Vec::new(), ..reads::template(selector, &Scope { context: &context, ..inside.clone() }) });
    }
    if map.item_reader.is_some() || map.item_batcher.is_some() || map.result_writer.is_some() {
        read.live = Live::all();
    }
    read
}

/// What is known of what the graphs inside a state are given.
fn inner_document(state: &State, taken: &Known, scope: &Scope<'_>) -> Known {
    let language = state.query_language;
    match &state.kind {
        StateKind::Parallel { .. } => state.sent().map_or_else(|| taken.clone(), |template| reads::made(template, language, scope)),
        StateKind::Map(map) if map.item_batcher.is_none() => {
            map.item_selector.as_ref().map_or_else(Known::default, |template| reads::made(template, language, scope))
        }
        _ => Known::default(),
    }
}

/// A child execution does not see variables.
fn inner_variables(state: &State, entry: &Facts) -> BTreeSet<String> {
    match &state.kind {
        StateKind::Map(map) if map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED") => BTreeSet::new(),
        _ => entry.variables.clone(),
    }
}

/// What the `Assign` and the `Output` of a catcher in JSONata read.
fn catcher_reads(catcher: &Catcher) -> (Live, Read) {
    let read = |template: Option<&Template>| template.map(reads::jsonata_template).unwrap_or_default();
    (read(catcher.assign.as_ref()).live, read(catcher.output.as_ref()))
}

fn takes_result(template: Option<&Template>) -> bool {
    template.is_some_and(|template| template.expressions().iter().any(|(text, _)| reads::mentions(text, "result")))
}
