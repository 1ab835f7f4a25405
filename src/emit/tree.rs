//! What emitters hand to the output floor: files whose every line knows where it comes from.
use crate::source::rules::Rule;
use crate::source::span::Origins;
use std::collections::BTreeMap;

/// Where a line comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineOrigin {
    /// The rule that wrote the line; its documentation says why it is there.
    pub rule: &'static Rule,
    /// Source values that shaped the line; empty when only the rule did.
    pub origins: Origins,
}

/// A text file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutFile {
    /// Every line without its end; the file ends with a line feed.
    pub lines: Vec<(String, LineOrigin)>,
}

impl OutFile {
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.lines.iter().map(|(line, _)| line.len() + 1).sum());
        for (line, _) in &self.lines {
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// The output folder as it should be: relative paths with `/`, in order.
#[derive(Clone, Default, Debug)]
pub struct Tree {
    pub files: BTreeMap<String, OutFile>,
}

impl Tree {
    /// Adds a file; a path that is taken, is absolute or leaves the folder is refused.
    ///
    /// # Errors
    /// The path itself, when it cannot be added: a defect of the caller, which names files.
    pub fn add(&mut self, path: impl Into<String>, file: OutFile) -> Result<(), String> {
        let path = path.into();
        let clean = !path.is_empty()
            && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']));
        if !clean || self.files.contains_key(&path) {
            return Err(path);
        }
        self.files.insert(path, file);
        Ok(())
    }
}
