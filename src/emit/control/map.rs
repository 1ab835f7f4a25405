//! Map: the items, a template for each, and what their failures mean.
use super::block::{Cursor, Mode, leaf_origins};
use super::leaf::Part;
use super::template::{Step, Template};
use super::tier::{self, Tier};
use super::{Emitter, request, text};
use crate::emit::calls;
use crate::ir::control::Leaf;
use crate::ir::machine::{self, Map, Number, State, StateKind};
use crate::simulate::eval::safe;
use crate::simulate::program;
use crate::simulate::reader::{self, Reading};
use crate::simulate::value::Value;

impl Emitter<'_> {
    /// A Map, whatever becomes of its failures.
    pub(super) fn map(&mut self, leaf: &Leaf, base: &str, cursor: &mut Cursor, mode: Mode) {
        let StateKind::Map(map) = &leaf.state.kind else { return };
        let before = cursor.document.clone();
        let Some(items) = self.items(leaf, map, base, cursor, mode) else { return };
        let Some(body) = leaf.inner.first() else { return };
        let distributed = map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED");
        // Failures of items are counted where some are tolerated, or where the failure is told in other words.
        let inner_mode = Mode { soft: mode.soft || distributed };
        let one_by_one = matches!(&map.max_concurrency, Some(Number::Literal(most)) if most.value == "1");
        let in_turns = inner_mode.soft && !distributed && one_by_one;
        let writes = map.result_writer.as_ref().filter(|writer| distributed && program::changes_results(writer));
        // What is thrown away is not collected.
        let collects = writes.is_some() || !tier::keeps_document(&leaf.state);
        let item = self.body_template(&format!("{base}-item"), body, inner_mode, collects || in_turns);
        if in_turns {
            self.map_in_turns(leaf, base, &item, &items, &before, cursor, mode);
            return;
        }
        let each = self.names.unique(&format!("{base}-each"));
        // What an item gives has a letter in front, so that Argo's list of all of them is a list of texts.
        let carried: Vec<String> = Cursor::inner(self.control).carried_names();
        let wrapped = if collects || inner_mode.soft {
            let wrapped = self.names.unique(&format!("{base}-iteration"));
            let mut wrapper = Template::new(&wrapped);
            wrapper.inputs.clone_from(&carried);
            let parameters = carried.iter().map(|name| (name.clone(), format!("inputs.parameters.{name}"))).collect();
            wrapper.groups.push(vec![Step { parameters, ..Step::new("run", &item) }]);
            if collects {
                wrapper.outputs.push(("text".into(), "\"=\" + (steps.run.outputs.parameters.state)".into()));
            }
            if inner_mode.soft {
                wrapper.outputs.push(("failed".into(), "\"-\" + (steps.run.outputs.parameters.error)".into()));
            }
            self.add(wrapper);
            wrapped
        } else {
            item
        };
        let mut template = Template::new(&each);
        template.origins = leaf_origins(leaf);
        template.inputs = carried.iter().filter(|name| *name != "state").cloned().chain(["items".to_owned()]).collect();
        if let Some(Number::Literal(most)) = &map.max_concurrency
            && let Ok(most) = most.value.parse::<i64>()
            && most > 0
        {
            template.parallelism = Some(most);
            // What has not begun when an item fails does not begin.
            template.fail_fast = !inner_mode.soft;
        }
        let mut parameters: Vec<(String, String)> = vec![("state".into(), "fromJSON(inputs.parameters.items)[int(item)]".into())];
        // A child execution of a distributed Map does not see variables.
        for name in carried.iter().filter(|name| *name != "state") {
            let value = if distributed { "\"{}\"".to_owned() } else { format!("inputs.parameters.{name}") };
            parameters.push((name.clone(), value));
        }
        let mut step =
            Step { parameters, count: Some("string(len(fromJSON(inputs.parameters.items)))".into()), ..Step::new("each", &wrapped) };
        step.origins = leaf_origins(leaf);
        template.groups.push(vec![step]);
        let list = |parameter: &str| format!("fromJSON(steps.each.outputs?.parameters?.{parameter} ?? \"[]\")");
        let kept = if writes.is_some() {
            let (texts, failures) = (list("text"), list("failed"));
            format!(
                "let texts = {texts}; let failures = {failures}; toJson(map(filter(0..len(texts), # < len(texts)), failures[#] == \"-\" ? texts[#] : failures[#]))"
            )
        } else if inner_mode.soft {
            // Results of items that failed are left out.
            let (texts, failures) = (list("text"), list("failed"));
            format!(
                "let texts = {texts}; let failures = {failures}; \"[\" + join(map(filter(0..len(texts), # < len(texts) and failures[#] == \"-\"), texts[#][1:]), \",\") + \"]\""
            )
        } else {
            format!("\"[\" + join(map({}, #[1:]), \",\") + \"]\"", list("text"))
        };
        if collects {
            template.outputs.push(("result".into(), kept));
        }
        if inner_mode.soft {
            let failures = list("failed");
            let error = if distributed {
                let exceeded = r#""{\"Error\":\"States.ExceedToleratedFailureThreshold\",\"Cause\":\"The specified tolerated failure threshold was exceeded\"}""#;
                let (failed, total) = if map.item_batcher.is_some() {
                    // What is tolerated are items, and all of a batch fail with it.
                    let sizes = "map(fromJSON(inputs.parameters.items), len(fromJSON(#).Items))";
                    let failed = format!("filter(0..len({failures}), # < len({failures}) and {failures}[#] != \"-\")");
                    (format!("sum(map({failed}, {sizes}[#]))"), format!("sum({sizes})"))
                } else {
                    (format!("len(filter({failures}, # != \"-\"))"), format!("len({failures})"))
                };
                let number = |number: &Option<Number>| match number {
                    // A limit of 0 is as none.
                    Some(Number::Literal(text)) if text.value.parse() != Ok(0.0) => Some(text.value.clone()),
                    _ => None,
                };
                let mut conditions = Vec::new();
                if tolerates_by_data(&leaf.state) {
                    template.inputs.push("tolerated".into());
                    let limit = |name: &str| format!("fromJSON(inputs.parameters.tolerated).{name}");
                    let (count, percentage) = (limit("Count"), limit("Percentage"));
                    conditions.push(format!("({count} ?? 0) > 0 and {failed} > {count}"));
                    conditions.push(format!("({percentage} ?? 0) > 0 and {failed} * 100 > {percentage} * {total}"));
                    conditions.push(format!("({count} ?? 0) == 0 and ({percentage} ?? 0) == 0 and {failed} > 0"));
                }
                if let Some(count) = number(&map.tolerated_failure_count).filter(|_| conditions.is_empty()) {
                    conditions.push(format!("{failed} > {count}"));
                }
                if let Some(percentage) = number(&map.tolerated_failure_percentage).filter(|_| !tolerates_by_data(&leaf.state)) {
                    conditions.push(format!("{failed} * 100 > {percentage} * {total}"));
                }
                if conditions.is_empty() {
                    conditions.push(format!("{failed} > 0"));
                }
                format!("({}) ? {exceeded} : \"\"", conditions.join(" or "))
            } else {
                format!("(find({failures}, # != \"-\") ?? \"-\")[1:]")
            };
            template.outputs.push(("error".into(), error));
        }
        self.add(template);
        let step_name = cursor.names.unique(base);
        let mut parameters: Vec<(String, String)> = cursor.carried().into_iter().filter(|(name, _)| name != "state").collect();
        parameters.push(("items".into(), format!("{} ?? \"[]\"", text::output(&items, "output"))));
        if distributed && tolerates_by_data(&leaf.state) {
            parameters.push(("tolerated".into(), format!("{} ?? \"{{}}\"", text::output(&items, "tolerated"))));
        }
        let step = Step { parameters, ..Step::of(leaf, &step_name, &each) };
        cursor.push(step);
        let error = text::output(&step_name, "error");
        if mode.soft {
            cursor.may_exit(text::failed(&error, &error), Some(error));
        } else if inner_mode.soft {
            let name = cursor.names.unique(&format!("{base}-failed"));
            let fail = self.fail_step(name, format!("{error} ?? \"\""), Some(format!("({error} ?? \"\") != \"\"")));
            cursor.push(fail);
        }
        let result = match writes {
            Some(writer) => self.write(leaf, writer, base, &items, &step_name, cursor, mode),
            None => format!("({} ?? \"[]\")", text::output(&step_name, "result")),
        };
        self.settle(leaf, base, result, &before, cursor, mode);
    }

    /// The step that gives the inputs of the iterations. `None`: it is one that fails, because what the Map reads is not read.
    fn items(&mut self, leaf: &Leaf, map: &Map, base: &str, cursor: &mut Cursor, mode: Mode) -> Option<String> {
        let mut part = Part::of("items", leaf, tier::items(&leaf.state, self.around(cursor)));
        if let Some(reader) = &map.item_reader {
            if let Some(why) = reader::unread(&program::reader_config(reader), program::reader_resource(reader)) {
                let failure = Value::object([("Error", Value::string("emr2k8s")), ("Cause", Value::string(why))]);
                let name = cursor.names.unique(base);
                let step = self.fail_step(name, text::literal(&safe(&failure)), None);
                cursor.push(step);
                return None;
            }
            part.extra.push(("found", self.read(leaf, reader, base, cursor, mode)));
        }
        Some(self.compute(&part, &format!("{base}-items"), cursor, mode))
    }

    /// What the reader of a Map finds: where it is, then a container that fetches it. An expression of JSON text.
    fn read(&mut self, leaf: &Leaf, reader: &machine::Template, base: &str, cursor: &mut Cursor, mode: Mode) -> String {
        let part = Part::of("reader", leaf, tier::reader(&leaf.state, reader, self.around(cursor)));
        let place = self.text_of(&part, &format!("{base}-place"), cursor, mode);
        let config = program::reader_config(reader);
        let reading = Reading::of(program::reader_resource(reader), config.transformation.as_deref());
        // Of flattened files one may hold any number of items.
        let most =
            program::reader_limit(reader).flatten().filter(|_| reading == Reading::Listing).and_then(|most| u64::try_from(most).ok());
        let wanted = format!("{base}-read");
        let node = calls::s3::reader("", reading, most, &leaf_origins(leaf));
        let template = self.share(&wanted, "s3-read", Template::ready("", node));
        let step = Step { parameters: vec![("input".into(), place)], ..Step::new(cursor.names.unique(&wanted), template) };
        let step = self.fetch(leaf, step, "States.ItemReaderFailed", cursor, mode);
        text::safe_json(&format!("({} ?? \"null\")", text::output(&step, "result")))
    }

    /// The result of a Map that writes its results: an expression.
    #[expect(clippy::too_many_arguments, reason = "what the Map has computed so far")]
    fn write(
        &mut self,
        leaf: &Leaf,
        writer: &machine::Template,
        base: &str,
        items: &str,
        each: &str,
        cursor: &mut Cursor,
        mode: Mode,
    ) -> String {
        let of = |step: &str, output: &str| format!("({} ?? \"[]\")", text::output(step, output));
        let extra = vec![("items", of(items, "output")), ("outcomes", of(each, "result"))];
        let part = Part { extra, ..Part::of("written", leaf, Tier::Pod) };
        let written = self.compute(&part, &format!("{base}-results"), cursor, mode);
        if program::place(writer).is_some() {
            let wanted = format!("{base}-write");
            let template = self.share(&wanted, "s3-write", Template::ready("", calls::s3::writer("", &leaf_origins(leaf))));
            let files = format!("({} ?? \"\")", text::output(&written, "files"));
            let step = Step { request: Some(request::content(&files)), ..Step::new(cursor.names.unique(&wanted), template) };
            self.fetch(leaf, step, "States.ResultWriterFailed", cursor, mode);
        }
        format!("({} ?? \"null\")", text::output(&written, "output"))
    }

    /// The step of a container that reads or writes. `lost`: the error of one that says none. Gives its step.
    fn fetch(&mut self, leaf: &Leaf, mut step: Step, lost: &str, cursor: &mut Cursor, mode: Mode) -> String {
        step.goes_on = mode.soft;
        step.origins = leaf_origins(leaf);
        let name = step.name.clone();
        cursor.push(step);
        if mode.soft {
            let own = text::safe_json(&format!("({} ?? \"\")", text::output(&name, "error")));
            let lost = text::literal(&format!(r#"{{"Error":"{lost}","Cause":""}}"#));
            cursor.may_exit(text::failed_as_error(&name), Some(format!("({own} != \"\" ? {own} : {lost})")));
        }
        name
    }

    /// A Map whose failures are handled and whose items run one at a time: a loop, so that nothing runs behind an item that failed.
    #[expect(clippy::too_many_arguments, reason = "what the Map has computed so far")]
    fn map_in_turns(&mut self, leaf: &Leaf, base: &str, item: &str, items: &str, before: &str, cursor: &mut Cursor, mode: Mode) {
        let turn = self.names.unique(&format!("{base}-turn"));
        let mut template = Template::new(&turn);
        let carried: Vec<String> = Cursor::inner(self.control).carried_names();
        let more = ["items", "index", "results"].map(str::to_owned);
        template.inputs = carried.iter().chain(&more).cloned().collect();
        let mut run = Step::new("run", item);
        run.parameters = carried.iter().map(|name| (name.clone(), format!("inputs.parameters.{name}"))).collect();
        if let Some((_, state)) = run.parameters.first_mut() {
            "fromJSON(inputs.parameters.items)[int(inputs.parameters.index)]".clone_into(state);
        }
        template.groups.push(vec![run]);
        template.outputs = carried.iter().map(|name| (name.clone(), format!("inputs.parameters.{name}"))).collect();
        let error = "steps.run.outputs.parameters.error";
        template.outputs.extend([
            ("items".to_owned(), "inputs.parameters.items".to_owned()),
            ("index".to_owned(), "string(int(inputs.parameters.index) + 1)".to_owned()),
            (
                "results".to_owned(),
                "inputs.parameters.results + (inputs.parameters.results == \"\" ? \"\" : \",\") + (steps.run.outputs.parameters.state)".to_owned(),
            ),
            (
                "next".to_owned(),
                format!("{error} != \"\" ? \"error\" : int(inputs.parameters.index) + 1 < len(fromJSON(inputs.parameters.items)) ? \"again\" : \"\""),
            ),
            ("error".to_owned(), error.to_owned()),
        ]);
        self.add(template);
        let all = format!("({} ?? \"[]\")", text::output(items, "output"));
        let first =
            [("items".to_owned(), all.clone()), ("index".to_owned(), "\"0\"".to_owned()), ("results".to_owned(), "\"\"".to_owned())];
        let gate = cursor.gate.clone();
        let any = format!("{all} != \"[]\"");
        cursor.gate = Some(gate.as_ref().map_or_else(|| any.clone(), |gate| format!("{gate} and {any}")));
        let step = self.turns(&turn, &format!("{base}-loop"), "again", &first, cursor);
        cursor.gate = gate;
        let failure = text::output(&step, "error");
        // Nil where there are no items, which is no error.
        if mode.soft {
            let ran = text::output(items, "output");
            let error = format!("({failure} ?? \"\")");
            cursor.may_exit(text::failed(&ran, &error), Some(error));
        }
        let result = format!("(\"[\" + ({} ?? \"\") + \"]\")", text::output(&step, "results"));
        self.settle(leaf, base, result, before, cursor, mode);
    }
}

/// Whether how many items may fail is data.
pub(super) fn tolerates_by_data(state: &State) -> bool {
    let StateKind::Map(map) = &state.kind else { return false };
    let data = |number: &Option<Number>| matches!(number, Some(Number::Path(_) | Number::Jsonata(_)));
    data(&map.tolerated_failure_count) || data(&map.tolerated_failure_percentage)
}
