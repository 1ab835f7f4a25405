//! Rules of the source layer: files and texts.
crate::rules! {
    SRC001 "unreadable-file" r"A file cannot be read: it is not there, permissions forbid it, or it is not UTF-8.

The rest of the run goes on without it. Convert the file to UTF-8, mend its permissions, or leave it out with
`exclude` in `emr2k8s.yaml`.";
    SRC002 "syntax-error" r"A file is not well-formed JSON, YAML, HCL or Python.

Nothing of it is translated. Mend the text at the place that the message names; if the file is a template that
another tool completes, migrate what that tool writes.";
    SRC003 "duplicate-key" r"An object has the same key twice.

JSON and YAML readers take the last one and forget the others, which is rarely what was meant. Remove one of them.";
    SRC004 "limit-exceeded" r"A document is larger than 64 MiB or nested deeper than 128 levels.

emr2k8s does not read such a document, so that a hostile or broken one cannot exhaust memory or stack. Split it.";
    SRC005 "found-not-read" r"A file or a resource was found that matters to a Spark estate, and no importer of this version reads it.

It is listed so that nothing is lost in silence. Translate it by hand, or leave it out with `exclude`.";
    SRC006 "tab-indentation" r"A YAML document is indented with tabs, which YAML forbids.

Replace the tabs with spaces.";
    SRC008 "bad-exclude" r"A pattern of `exclude` in `emr2k8s.yaml` is not a valid one.

Patterns are written as in `.gitignore`, relative to the sources: `tests/`, `**/*.bak`, `old/pipeline.tf`. The pattern is
left out and the others count.";
    SRC009 "odd-path" r"A file or folder has a name that is not UTF-8, so no report or reference could name it.

It is left out. Rename it if it belongs to the estate.";
    SRC007 "unexplained-value" r"A value of a file that an importer claims reached no output, no idiom and no reason.

This is a defect of emr2k8s. Please report it with the file.";
}
