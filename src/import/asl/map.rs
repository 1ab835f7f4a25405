//! The Map state, inline and distributed, with its old names.
use super::fields;
use super::handlers::head;
use super::reader::{Fields, Reader};
use super::template::Mode;
use crate::ir::machine::{Map, Number, QueryLanguage, Template};
use crate::source::node::{Entry, Kind};
use crate::source::rules::asl::{ASL106, ASL130, ASL131, ASL133};
use crate::source::sink::Diagnostic;

/// Fields that only a distributed Map uses ("Using Map state in Distributed mode", Step Functions Developer Guide).
const DISTRIBUTED: [&str; 8] = [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
];

/// The objects of a Map and their fields.
pub(super) const FIELDS: &[(&str, &[&str])] = &[
    ("ItemReader", READER),
    ("ReaderConfig", READER_CONFIG),
    ("ItemBatcher", BATCHER),
    ("ResultWriter", WRITER),
    ("WriterConfig", WRITER_CONFIG),
];

/// Contents of `ItemReader`, `ItemBatcher` and `ResultWriter` and of the configurations in them (the pages of the three in the
/// Step Functions Developer Guide, November 2026).
const READER: &[&str] = &["Resource", "ReaderConfig", "Parameters", "Arguments"];
const READER_CONFIG: &[&str] = &[
    "InputType",
    "Transformation",
    "CSVHeaderLocation",
    "CSVHeaders",
    "CSVDelimiter",
    "ItemsPointer",
    "ManifestType",
    "MaxItems",
    "MaxItemsPath",
];
const BATCHER: &[&str] = &["BatchInput", "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
const WRITER: &[&str] = &["Resource", "Parameters", "Arguments", "WriterConfig"];
const WRITER_CONFIG: &[&str] = &["Transformation", "OutputType"];

impl Reader<'_> {
    pub(super) fn map(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> Map {
        let legacy = of.has("Iterator") || of.has("Parameters");
        let mut map = Map {
            processor: None,
            mode: None,
            execution_type: None,
            items_path: None,
            items: None,
            item_selector: None,
            item_reader: None,
            item_batcher: None,
            result_writer: None,
            max_concurrency: None,
            tolerated_failure_percentage: None,
            tolerated_failure_count: None,
            label: None,
            legacy,
        };
        if let Some(entry) = self.one_of(of, &["ItemProcessor", "Iterator"]) {
            self.processor(entry, &of.what, &mut map);
        } else {
            let report = Diagnostic::error(&ASL130, of.at, format!("{} has no `ItemProcessor`", of.what));
            self.sink.report(report.help("add `ItemProcessor` with `StartAt` and `States`"));
        }
        self.warn_inline(of, &map);
        let mode = Mode::from(language);
        map.items_path = of.take("ItemsPath").and_then(|e| self.path(e, false));
        map.items = of.take("Items").map(|e| self.template(&e.value, mode));
        map.item_selector = self.one_of(of, &["ItemSelector", "Parameters"]).map(|e| self.template(&e.value, mode));
        map.item_reader = of.take("ItemReader").and_then(|e| self.part(e, READER, Some(("ReaderConfig", READER_CONFIG)), mode));
        map.item_batcher = of.take("ItemBatcher").and_then(|e| self.part(e, BATCHER, None, mode));
        map.result_writer = of.take("ResultWriter").and_then(|e| self.part(e, WRITER, Some(("WriterConfig", WRITER_CONFIG)), mode));
        map.max_concurrency = self.number_or_path(of, "MaxConcurrency", language, 0, u64::from(u32::MAX));
        map.tolerated_failure_count = self.number_or_path(of, "ToleratedFailureCount", language, 0, u64::from(u32::MAX));
        map.tolerated_failure_percentage = self.percentage(of, language);
        map.label = of.take("Label").and_then(|e| self.text(e));
        map
    }

    /// `ToleratedFailurePercentage`: a number between 0 and 100, not only a whole one (the specification, "Map State").
    fn percentage(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> Option<Number> {
        const NAME: &str = "ToleratedFailurePercentage";
        let written = of.remaining().into_iter().find(|entry| &*entry.key == NAME);
        let fraction =
            written.is_some_and(|entry| matches!(&entry.value.kind, Kind::Number(text) if text.parse::<f64>().is_ok_and(f64::is_finite)));
        if !fraction || of.has("ToleratedFailurePercentagePath") {
            return self.number_or_path(of, NAME, language, 0, 100);
        }
        let entry = of.take(NAME)?;
        let text = self.number_text(entry)?;
        if !text.value.parse::<f64>().is_ok_and(|share| (0.0..=100.0).contains(&share)) {
            let message = format!("`{NAME}` is {}, but must be between 0 and 100", text.value);
            self.sink.report(Diagnostic::error(&ASL106, entry.value.span, message));
        }
        Some(Number::Literal(text))
    }

    fn processor(&mut self, entry: &Entry, state: &str, map: &mut Map) {
        let what = format!("`{}` of {state}", entry.key);
        let Some(mut of) = self.fields(&entry.value, head(entry.value.span), &what) else { return };
        self.refuse_inner_language(&mut of);
        fields::screen_names(self, &mut of, fields::PROCESSOR, &what);
        match of.take("ProcessorConfig") {
            Some(config) if matches!(&config.value.kind, Kind::Object(entries) if entries.is_empty()) => {
                self.sink.ignore(config.value.span, &ASL133, "an empty `ProcessorConfig` has no effect");
            }
            Some(config) => self.processor_config(config, map),
            None => {}
        }
        let comment = of.take("Comment").and_then(|e| self.comment(e));
        let mut graph = self.graph(&mut of, entry.value.span);
        graph.comment = comment;
        of.finish(self);
        map.processor = Some(graph);
    }

    fn processor_config(&mut self, config: &Entry, map: &mut Map) {
        let Some(mut of) = self.fields(&config.value, config.key_span, "`ProcessorConfig`") else { return };
        fields::screen_names(self, &mut of, fields::PROCESSOR_CONFIG, "`ProcessorConfig`");
        map.mode = of.take("Mode").and_then(|e| self.one_of_texts(e, &["INLINE", "DISTRIBUTED"]));
        map.execution_type = of.take("ExecutionType").and_then(|e| self.one_of_texts(e, &["STANDARD", "EXPRESS"]));
        of.finish(self);
    }

    fn warn_inline(&mut self, of: &Fields<'_>, map: &Map) {
        let mode = map.mode.as_ref().map_or("INLINE", |mode| mode.value.as_str());
        if mode != "INLINE" || map.processor.is_none() {
            return;
        }
        for entry in of.remaining().into_iter().filter(|entry| DISTRIBUTED.contains(&&*entry.key)) {
            let report = Diagnostic::warning(&ASL131, entry.key_span, format!("`{}` has no effect in an inline Map", entry.key));
            self.sink.report(report.help("set `Mode: DISTRIBUTED` in `ProcessorConfig`, or remove the field"));
        }
    }

    /// `ItemReader`, `ItemBatcher` or `ResultWriter`: kept whole, its field names checked.
    fn part(
        &mut self,
        entry: &Entry,
        known: &[&'static str],
        config: Option<(&'static str, &[&'static str])>,
        mode: Mode,
    ) -> Option<Template> {
        if !matches!(entry.value.kind, Kind::Object(_)) {
            self.drop_wrong_type(&entry.value, &entry.key, "an object");
            return None;
        }
        self.warn_unknown(&entry.value, &format!("`{}`", entry.key), known);
        if let Some((name, known)) = config
            && let Some(node) = entry.value.get(name)
        {
            self.warn_unknown(node, &format!("`{name}`"), known);
        }
        Some(self.template(&entry.value, mode))
    }
}
