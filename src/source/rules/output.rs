//! Rules of the output folder, and of the user's answers in `emr2k8s.yaml`.
crate::rules! {
    CFG001 "unknown-key" r"`emr2k8s.yaml` has a key that emr2k8s does not know.

Nothing is compiled, because an answer that is not heard would be lost in silence. Mend the spelling: the message names the
nearest key there is. `emr2k8s schema config` prints every key; `emr2k8s init` writes a file whose first line makes editors
complete them.";
    CFG002 "wrong-type" r"A value in `emr2k8s.yaml` is of another type than its key takes: a list where a text belongs, a word that is none of
the choices.

Nothing is compiled. The message says what the key takes.";
    CFG003 "unreadable-answers" r"`emr2k8s.yaml`, or the file that `--config` names, cannot be read: it is not there, permissions forbid it, it is not
UTF-8, or it holds more than one YAML document.

Nothing is compiled. Mend the file; `emr2k8s init SRC` writes a new one.";
    OUT001 "lock-file" r"A line of `emr2k8s.lock`, in which emr2k8s remembers what it generated, from which sources.

From it a later run knows which files were edited by hand since, and `emr2k8s explain FILE:LINE` knows where a line comes from.
Commit it with the rest of the folder and do not edit it. After a merge conflict in it, take either side and run
`emr2k8s migrate` again.";
    OUT002 "edited-and-outdated" r"A file of the output folder was edited by hand, and the sources have since changed what emr2k8s would write there.

The file is kept as it is: a run never destroys an edit. It says so on every run until the two are brought together. Either
move the edit into the sources or `emr2k8s.yaml`, or delete the file, run `emr2k8s migrate`, and make the edit again on the
new text. `emr2k8s diff` shows the rest of the change.";
    OUT003 "edited" r"A file of the output folder was edited by hand; what emr2k8s generates there has not changed.

The file is kept. To have the generated file again, delete it and run `emr2k8s migrate`.";
    OUT004 "edited-and-no-longer-generated" r"A file of the output folder was edited by hand, and the sources no longer give rise to it.

The file is kept, because a run never destroys an edit. Delete it if it is not needed any more.";
    OUT005 "not-in-sync" r"The output folder is not what `emr2k8s migrate` would write from these sources: a file is outdated, missing, edited by
hand, or no longer generated.

Run `emr2k8s migrate` and commit what it writes; for edited files see OUT002 and OUT003.";
    OUT006 "removal-held-back" r"A file of the output folder is no longer generated, but the sources have errors, so it may only seem so.

The file is kept until a run without errors. Mend the errors and run again.";
    OUT008 "folder-refused" r"The output folder cannot be used: it holds files that emr2k8s did not write, its lock is broken, a path in it is a
symbolic link, it holds the sources, or the disk refused.

Nothing was written. The message names the paths and says what to do.";
    OUT007 "source-broken" r"A source file that shaped the output folder can no longer be read.

Nothing is written: without that file the output would lose what it gave rise to. Mend the file, or, if it is meant to
go, delete it or name it under `exclude` in `emr2k8s.yaml`.";
    OUT009 "nothing-to-migrate" r"Nothing that becomes a pipeline was found under SRC.

Nothing is written, so a wrong folder on the command line cannot empty a GitOps repository. `emr2k8s inspect SRC` lists what was
found.";
}
