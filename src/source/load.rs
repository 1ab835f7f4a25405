//! From the disk to [`SourceFile`]s, and the limits that keep hostile input harmless.
//!
//! [`discover`] lists what may be a source; [`read`] decodes one file. Both look only at what every machine that
//! has the same checkout sees: the `.gitignore` files of the sources count, a person's own ignore files do not.
//! Neither leaves the root: symbolic links to folders are not followed, and those to files only where the file
//! lies below the root.
use super::files::SourceFile;
use super::rules::source::{SRC001, SRC004, SRC008, SRC009};
use super::sink::{Diagnostic, Severity, Sink};
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Deepest nesting of arrays and objects that any document may have. Everything above may recurse over nodes.
pub const MAX_DEPTH: usize = 128;

/// Largest document in bytes: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

/// A folder with this file in it was written by emr2k8s: it is output, not source.
pub const LOCK_NAME: &str = "emr2k8s.lock";

/// Folders of tools, whose files are copies or build results.
const TOOL_FOLDERS: [&str; 5] = ["node_modules", ".git", "target", ".terraform", "vendor"];

/// How much of an oversized file is looked at to tell whether it is text.
const PROBE_BYTES: u64 = 8 << 10;

/// Whether an importer could claim a file with this name, so that it matters when the file cannot be read: JSON, YAML,
/// Amazon States Language, HCL and templates of them.
#[must_use]
pub fn is_claimable(path: &str) -> bool {
    const ENDINGS: [&str; 9] = ["json", "yaml", "yml", "asl", "tf", "tfvars", "hcl", "tpl", "template"];
    ENDINGS.contains(&ending(path).as_str())
}

/// Whether a file with this name may be read when something else refers to it.
fn is_program(path: &str) -> bool {
    matches!(ending(path).as_str(), "py" | "sh" | "bash")
}

fn ending(path: &str) -> String {
    path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase())
}

/// What is said of a file that cannot be read: an error where an importer could claim it, a note where it is a program or its
/// permissions forbid it (nobody could look what it is), and nothing of all others.
fn judged(path: &str, diagnostic: Diagnostic, unopened: bool) -> Result<Option<SourceFile>, Box<Diagnostic>> {
    if is_claimable(path) {
        Err(Box::new(diagnostic))
    } else if is_program(path) || unopened {
        Err(Box::new(Diagnostic { severity: Severity::Note, ..diagnostic }))
    } else {
        Ok(None)
    }
}

/// Reads the file at `relative` (with `/`, as [`discover`] gives it) below `root`.
///
/// `None` for a binary file (one with a NUL byte) and for one that is no UTF-8 and has an ending that no importer reads. A UTF-8 byte order mark is removed, line
/// ends stay.
///
/// # Errors
/// A diagnostic without a span that names the file: SRC001 when it cannot be read or is not UTF-8, SRC004 when it is
/// larger than [`MAX_BYTES`]. It is a note when the file is a script or a program.
pub fn read(root: &Path, relative: &str) -> Result<Option<SourceFile>, Box<Diagnostic>> {
    if !Path::new(relative).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(unreadable(format!("`{relative}` does not lie below the sources"), "name a file inside the sources").into());
    }
    let (bytes, cut) = match bytes(&root.join(relative)) {
        Ok(read) => read,
        Err(error) => {
            let help = if error.kind() == io::ErrorKind::PermissionDenied { "mend its permissions" } else { "mend it" };
            let message = format!("`{relative}` cannot be read: {}", reason(&error));
            return judged(relative, unreadable(message, format!("{help}, or leave it out with `exclude`")), true);
        }
    };
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if utf16 && bytes.get(2..).is_some_and(utf16_text) {
        let message = format!("`{relative}` is UTF-16, not UTF-8");
        return judged(relative, unreadable(message, "save it as UTF-8, or leave it out with `exclude`"), false);
    }
    if bytes.contains(&0) {
        return Ok(None);
    }
    if cut {
        let message = format!("`{relative}` is larger than the limit of {MAX_BYTES} bytes");
        return judged(relative, Diagnostic::error(&SRC004, None, message).help("split it, or leave it out with `exclude`"), false);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(SourceFile::new(relative, text.strip_prefix('\u{feff}').unwrap_or(&text)))),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let line = 1 + bytes.iter().take(at).filter(|b| **b == b'\n').count();
            let byte = bytes.get(at).copied().unwrap_or_default();
            let message = format!("`{relative}` is not UTF-8: byte 0x{byte:02x} at offset {at} (line {line})");
            judged(relative, unreadable(message, "save it as UTF-8, or leave it out with `exclude`"), false)
        }
    }
}

/// The bytes of a file, or its first [`PROBE_BYTES`] and `true` when it is larger than the limit.
fn bytes(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    // A pipe or a device could block for ever.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let limit = MAX_BYTES as u64;
    let cut = metadata.len() > limit;
    let mut bytes = Vec::new();
    File::open(path)?.take(if cut { PROBE_BYTES } else { limit }).read_to_end(&mut bytes)?;
    Ok((bytes, cut))
}

/// Whether bytes after a UTF-16 mark look like text: half of them NUL is usual, a control character is not.
fn utf16_text(bytes: &[u8]) -> bool {
    bytes.len().is_multiple_of(2) && !bytes.chunks_exact(2).any(|pair| pair == [0, 0])
}

/// The system's words for an error, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn unreadable(message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&SRC001, None, message).help(help)
}

/// The folder that relative paths start from: SRC itself, or the folder of SRC when that is a file.
#[must_use]
pub fn root(src: &Path) -> PathBuf {
    if src.is_file() { src.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned() } else { src.to_owned() }
}

/// The files below `src`, or `src` itself when it is a file: paths relative to [`root`] with `/`, sorted.
///
/// Left out are hidden files, what `.gitignore` names (in a repository or not), the folders of tools
/// (`node_modules`, `.git`, `target`, `.terraform`, `vendor`), folders with an [`LOCK_NAME`], the folder `skip` (where
/// the output goes) and what `exclude` names in the syntax of `.gitignore`. What cannot be looked at is reported
/// (SRC001) and the rest goes on.
pub fn discover(src: &Path, exclude: &[String], skip: Option<&Path>, sink: &mut Sink) -> Vec<String> {
    let metadata = match fs::metadata(src) {
        Ok(metadata) => metadata,
        Err(error) => {
            sink.report(unreadable(
                format!("`{}` cannot be read: {}", src.display(), reason(&error)),
                "name a folder or a file that exists",
            ));
            return Vec::new();
        }
    };
    if metadata.is_file() {
        return src.file_name().and_then(|name| relative(Path::new(name), sink)).into_iter().collect();
    }
    let canonical = fs::canonicalize(src).unwrap_or_else(|_| src.to_owned());
    let skip = skip.and_then(|path| fs::canonicalize(path).ok()).filter(|path| *path != canonical);
    let mut overrides = OverrideBuilder::new(&canonical);
    for pattern in exclude {
        // In an override, `!` means to leave out.
        if let Err(error) = overrides.add(&format!("!{pattern}")) {
            let message = format!("`{pattern}` of `exclude` is not a pattern: {error}");
            sink.report(Diagnostic::error(&SRC008, None, message).help("write it as in `.gitignore`"));
        }
    }
    let mut walk = WalkBuilder::new(&canonical);
    if let Ok(overrides) = overrides.build() {
        walk.overrides(overrides);
    }
    // The `.gitignore` files above SRC count only as far as its repository reaches.
    walk.parents(canonical.ancestors().any(|folder| folder.join(".git").exists()));
    walk.hidden(true).ignore(false).git_global(false).git_exclude(false).git_ignore(true).require_git(false).follow_links(false);
    walk.filter_entry(move |entry| {
        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.depth() == 0
            || !folder
            || !(entry.file_name().to_str().is_some_and(|name| TOOL_FOLDERS.contains(&name))
                || skip.as_deref() == Some(entry.path())
                || entry.path().join(LOCK_NAME).is_file())
    });
    let mut found = Vec::new();
    for entry in walk.build() {
        match entry {
            Ok(entry) => {
                let kind = entry.file_type();
                let linked = || fs::canonicalize(entry.path()).is_ok_and(|target| target.starts_with(&canonical) && target.is_file());
                if kind.is_some_and(|kind| kind.is_file() || (kind.is_symlink() && linked())) {
                    found.extend(entry.path().strip_prefix(&canonical).ok().and_then(|path| relative(path, sink)));
                }
            }
            Err(error) => {
                let root = format!("{}/", canonical.display());
                let message = format!("cannot be read: {error}").replace(&root, "");
                sink.report(unreadable(message, "mend its permissions, or leave it out with `exclude`"));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A relative path as text with `/`.
fn relative(path: &Path, sink: &mut Sink) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    if parts.is_none() {
        let message = format!("`{}` has a name that is not UTF-8", path.display());
        sink.report(Diagnostic::warning(&SRC009, None, message).help("rename it if it belongs to the estate"));
    }
    parts.map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files; a path that ends with `/` is an empty folder.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            fs::write(path, text).expect("file");
        }
        folder
    }

    fn found(src: &Path, exclude: &[&str], skip: Option<&Path>) -> Vec<String> {
        let mut sink = Sink::default();
        let exclude: Vec<String> = exclude.iter().map(|e| (*e).to_owned()).collect();
        let found = discover(src, &exclude, skip, &mut sink);
        assert!(sink.diagnostics.is_empty(), "{:?}", sink.diagnostics);
        found
    }

    fn read_bytes(bytes: &[u8]) -> Result<Option<SourceFile>, Box<Diagnostic>> {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("f.json"), bytes).expect("file");
        read(folder.path(), "f.json")
    }

    #[test]
    fn text_is_decoded() {
        let file = read_bytes(b"\xef\xbb\xbf{}\r\n").expect("reads").expect("text");
        assert_eq!((file.path.as_str(), &*file.text), ("f.json", "{}\r\n"));
        assert!(read_bytes(b"PK\x03\x04\0\0").expect("reads").is_none());
        assert!(read_bytes(b"\xff\xfe\0\0\0\0").expect("reads").is_none());
    }

    #[test]
    fn what_is_not_utf8_is_named() {
        let error = read_bytes(b"a\nb\xe4c").expect_err("not UTF-8");
        assert_eq!((error.rule.code, error.message.as_str()), ("SRC001", "`f.json` is not UTF-8: byte 0xe4 at offset 3 (line 2)"));
        assert_eq!(read_bytes(b"\xff\xfe{\0}\0").expect_err("UTF-16").message, "`f.json` is UTF-16, not UTF-8");
        assert_eq!(read_bytes(b"\xfe\xff\0{\0}").expect_err("UTF-16").message, "`f.json` is UTF-16, not UTF-8");
    }

    #[test]
    fn what_no_importer_reads_may_be_in_any_encoding() {
        let folder = tempfile::tempdir().expect("folder");
        let severity = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("file");
            read(folder.path(), name).map(|file| assert!(file.is_none(), "{name}")).map_err(|d| d.severity)
        };
        for name in ["README", "notes.txt", "objects.inv", "a.log"] {
            assert_eq!(severity(name, b"caf\xe9"), Ok(()), "{name}");
            assert_eq!(severity(name, b"\xff\xfea\0"), Ok(()), "{name}");
        }
        for name in ["a.json", "a.YML", "a.yaml", "a.tf", "a.tfvars", "x.asl", "d.tpl"] {
            assert_eq!(severity(name, b"caf\xe9"), Err(Severity::Error), "{name}");
        }
        assert_eq!(severity("a.py", b"caf\xe9"), Err(Severity::Note));
        assert_eq!(severity("a.sh", b"caf\xe9"), Err(Severity::Note));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = folder(&[("d/f", "")]);
        assert_eq!(read(folder.path(), "nope").expect_err("missing").message, "`nope` cannot be read: it is not there");
        assert_eq!(read(folder.path(), "d").expect_err("folder").rule.code, "SRC001");
        assert_eq!(read(folder.path(), "d/../../x").expect_err("outside").message, "`d/../../x` does not lie below the sources");
        assert_eq!(read(folder.path(), "/etc/passwd").expect_err("outside").rule.code, "SRC001");
    }

    #[test]
    fn size_is_limited() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("big.json");
        let file = File::create(&path).expect("file");
        file.set_len(MAX_BYTES as u64 + 1).expect("sparse");
        assert!(read(folder.path(), "big.json").expect("binary").is_none());
        fs::write(&path, vec![b' '; MAX_BYTES + 1]).expect("file");
        assert_eq!(read(folder.path(), "big.json").expect_err("too large").rule.code, "SRC004");
    }

    #[test]
    fn discovery_is_sorted_and_leaves_out_what_is_no_source() {
        let folder = folder(&[
            ("b/x.json", ""),
            ("b-c.json", ""),
            ("a.yml", ""),
            (".hidden/y.json", ""),
            (".gitignore", "*.log\n/gen/\n"),
            ("gen/y.json", ""),
            ("b/z.log", ""),
            ("node_modules/p/y.json", ""),
            ("b/target/y.json", ""),
            ("b/vendor/y.json", ""),
            (".terraform/y.json", ""),
            ("old-out/emr2k8s.lock", ""),
            ("old-out/apps/y.yaml", ""),
            ("out/y.yaml", ""),
            ("skipped/y.json", ""),
            ("b/y.bak", ""),
        ]);
        let skip = folder.path().join("out");
        assert_eq!(found(folder.path(), &["skipped/", "*.bak"], Some(&skip)), ["a.yml", "b-c.json", "b/x.json"]);
        assert!(found(folder.path(), &[], None).contains(&"out/y.yaml".to_owned()));
        // An output folder that is the source folder leaves nothing out.
        assert!(found(folder.path(), &[], Some(folder.path())).contains(&"a.yml".to_owned()));
    }

    #[test]
    fn one_file_is_a_source() {
        let folder = folder(&[("d/f.json", "{}"), ("d/g.json", "")]);
        let src = folder.path().join("d/f.json");
        assert_eq!(found(&src, &[], None), ["f.json"]);
        assert_eq!(root(&src), folder.path().join("d"));
        assert_eq!(root(folder.path()), folder.path());
        assert!(read(&root(&src), "f.json").expect("reads").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_leave_the_root() {
        use std::os::unix::fs::symlink;
        let outside = folder(&[("secret.json", "")]);
        let folder = folder(&[("d/f.json", "")]);
        symlink(outside.path().join("secret.json"), folder.path().join("out.json")).expect("link");
        symlink(outside.path(), folder.path().join("outside")).expect("link");
        symlink(folder.path(), folder.path().join("d/loop")).expect("link");
        symlink(folder.path().join("d/f.json"), folder.path().join("in.json")).expect("link");
        symlink("nowhere", folder.path().join("broken")).expect("link");
        assert_eq!(found(folder.path(), &[], None), ["d/f.json", "in.json"]);
    }

    #[test]
    fn problems_are_reported_and_the_rest_goes_on() {
        let folder = folder(&[("a.json", "")]);
        let mut sink = Sink::default();
        assert!(discover(&folder.path().join("nope"), &[], None, &mut sink).is_empty());
        assert_eq!(discover(folder.path(), &["{a".to_owned()], None, &mut sink), ["a.json"]);
        let codes: Vec<&str> = sink.diagnostics.iter().map(|d| d.rule.code).collect();
        assert_eq!(codes, ["SRC001", "SRC008"]);
    }

    /// Every JSON and YAML file of the collection of real inputs, where that lies beside the project.
    #[test]
    fn real_files_are_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
        if !corpus.is_dir() {
            return;
        }
        let (mut count, mut problems) = (0, Vec::new());
        for path in found(&corpus, &[], None) {
            let Some(file) = read(&corpus, &path).expect("reads") else { continue };
            let mut sink = Sink::default();
            let id = crate::source::span::FileId(0);
            let nodes = match path.rsplit_once('.').map(|(_, extension)| extension) {
                Some("json" | "asl") => Vec::from_iter(crate::source::json::parse(&file.text, id, &mut sink)),
                Some("yaml" | "yml") => crate::source::yaml::parse(&file.text, id, &mut sink),
                _ => continue,
            };
            count += 1;
            for scalar in nodes.iter().flat_map(crate::source::node::Node::scalars) {
                assert!(file.text.get(scalar.span.start as usize..scalar.span.end as usize).is_some(), "{path}: {scalar:?}");
            }
            if sink.diagnostics.iter().any(|d| d.severity == Severity::Error) || nodes.is_empty() {
                problems.push(path);
            }
        }
        assert!(count > 300, "{count} files");
        // Two that no YAML reader takes: a folded text without indentation, and a value with two tags.
        let workflows = "aws-samples+step-functions-workflows-collection";
        let broken = ["event-sourcing", "parallelized-embedding-pipeline"].map(|name| format!("{workflows}/{name}/template.yaml"));
        assert_eq!(problems, broken);
    }
}
