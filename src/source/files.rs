//! The source files of a run: their texts, and lines and columns for byte offsets.
use super::secret::Secrets;
use super::span::{FileId, Span};
use std::sync::Arc;

/// A text file under SRC, decoded: UTF-8, without BOM, its line ends as they were.
#[derive(Debug)]
pub struct SourceFile {
    /// Path relative to SRC, with `/`, never with `..`.
    pub path: String,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    /// Characters before every [`MARK`]th byte, so that columns of a line of megabytes are found without counting it.
    marks: Vec<u32>,
}

/// Bytes between two marks.
const MARK: usize = 4096;

impl SourceFile {
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| u32::try_from(i + 1).unwrap_or(u32::MAX)));
        let mut marks = vec![0u32];
        for chunk in text.as_bytes().chunks(MARK) {
            let before = marks.last().copied().unwrap_or(0);
            marks.push(before.saturating_add(u32::try_from(characters(chunk)).unwrap_or(u32::MAX)));
        }
        Self { path: path.into(), text, line_starts, marks }
    }

    /// One-based line and one-based column (in characters) of a byte offset.
    #[must_use]
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.line_starts[line] as usize;
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.characters_before(end.max(start)) - self.characters_before(start);
        (u32::try_from(line + 1).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// One-based line of a byte offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.line_starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX).max(1)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let mark = offset / MARK;
        let known = self.marks.get(mark).copied().unwrap_or(0) as usize;
        known + self.text.as_bytes().get(mark * MARK..offset).map_or(0, characters)
    }

    /// Byte range of a one-based line, without its line end.
    #[must_use]
    pub fn line_range(&self, line: u32) -> Option<(usize, usize)> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.line_starts.get(index)? as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |next| *next as usize - 1);
        let end = if end > start && self.text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        Some((start, end))
    }

    /// The folder of the file relative to SRC, `""` at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// How many characters begin in these bytes of a UTF-8 text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b & 0xc0) != 0x80).count()
}

/// All source files of a run, in the order of their paths.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
    /// What no excerpt of a file may show; known when everything is read.
    pub secrets: Secrets,
}

impl Files {
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    #[must_use]
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at exactly this path relative to SRC. Files are kept sorted by path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().and_then(|i| u32::try_from(i).ok()).map(FileId)
    }

    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// `path:line` of the start of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let file = self.get(span.file);
        format!("{}:{}", file.path, file.position(span.start).0)
    }
}

/// Joins a relative path to a folder and normalises `.` and `..`; `None` when it would leave SRC or is absolute.
#[must_use]
pub fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') || relative.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let file = SourceFile::new("a", "äb\r\ncd");
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position(2), (1, 2));
        assert_eq!(file.position(6), (2, 2));
        assert_eq!(file.position(999), (2, 3));
        assert_eq!(file.line_range(1), Some((0, 3)));
        assert_eq!(file.line_range(2), Some((5, 7)));
        assert_eq!(file.line_range(3), None);
    }

    #[test]
    fn columns_of_a_long_line_are_those_of_counting() {
        let text = format!("x\n{}\ny", "aäb€".repeat(5_000));
        let file = SourceFile::new("a", text.as_str());
        for at in (0..text.len()).step_by(37).filter(|at| text.is_char_boundary(*at)) {
            let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
            let expected = text[line..at].chars().count() + 1;
            assert_eq!(file.position(u32::try_from(at).unwrap()).1 as usize, expected, "{at}");
        }
        assert_eq!((file.line(0), file.line(1), file.line(2), file.line(u32::MAX)), (1, 1, 2, 3));
    }

    #[test]
    fn joined_paths_do_not_escape() {
        assert_eq!(join("a/b", "../c"), Some("a/c".into()));
        assert_eq!(join("", "../c"), None);
        assert_eq!(join("a", "/etc/passwd"), None);
    }
}
