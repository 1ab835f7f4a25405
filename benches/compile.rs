//! How long a compilation takes: `cargo bench --bench compile`.
//!
//! `estate` compiles 1, 10, 100 and 1,000 copies of the film library (an estate like the article's); `read_and_write` moves the
//! same bytes without looking at them, which is the mark to reach. `phases` prints where the time goes. `start_up` runs the
//! program itself. The corpus is compiled where it lies beside the checkout.
use divan::{Bencher, counter::BytesCount};
use emr2k8s::compile::{Options, compile};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    phases();
    divan::main();
}

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/film-library/source");
const COPIES: &[usize] = &[1, 10, 100, 1_000];

/// A folder with copies of the example in it; it is deleted when the benchmark ends.
fn copies(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for index in 0..count {
        copy(Path::new(EXAMPLE), &folder.path().join(format!("team-{index:04}")));
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file to copy");
        }
    }
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), out);
        } else {
            out.push(entry.path());
        }
    }
}

fn options(source: &Path) -> Options {
    Options { source: source.to_owned(), ..Options::default() }
}

/// Compiles in memory: no output is written.
#[divan::bench(args = COPIES, sample_count = 5, sample_size = 1)]
fn estate(bencher: Bencher<'_, '_>, count: usize) {
    let folder = copies(count);
    let mut paths = Vec::new();
    files(folder.path(), &mut paths);
    let bytes: u64 = paths.iter().filter_map(|p| p.metadata().ok()).map(|m| m.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| compile(&options(folder.path())).expect("the example compiles"));
}

/// The whole program: compiles, and writes a new folder each time.
#[divan::bench(args = COPIES, sample_count = 3, sample_size = 1)]
fn migrate(bencher: Bencher<'_, '_>, count: usize) {
    let folder = copies(count);
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_values(|out| {
        let done = Command::new(env!("CARGO_BIN_EXE_emr2k8s"))
            .args(["migrate", "--quiet"])
            .arg(folder.path())
            .arg("--out")
            .arg(out.path().join("out"))
            .output()
            .expect("the program runs");
        assert!(done.status.success());
        out
    });
}

/// Reads the sources and writes as many bytes as a migration does, with the same number of files, and nothing else.
#[divan::bench(args = COPIES, sample_count = 3, sample_size = 1)]
fn read_and_write(bencher: Bencher<'_, '_>, count: usize) {
    let folder = copies(count);
    let compilation = compile(&options(folder.path())).expect("the example compiles");
    let texts: Vec<(String, String)> = compilation.tree.files.iter().map(|(path, file)| (path.clone(), file.text())).collect();
    let mut paths = Vec::new();
    files(folder.path(), &mut paths);
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_values(|out| {
        let read: usize = paths.iter().map(|p| std::fs::read(p).map_or(0, |b| b.len())).sum();
        for (path, text) in &texts {
            let target = out.path().join(path);
            std::fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
            std::fs::write(target, text).expect("a file");
        }
        (read, out)
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn start_up() {
    let done = Command::new(env!("CARGO_BIN_EXE_emr2k8s")).arg("--version").output().expect("the program runs");
    assert!(done.status.success());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn corpus(bencher: Bencher<'_, '_>) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if corpus.is_dir() {
        bencher.bench(|| compile(&options(&corpus)).expect("the corpus compiles"));
    }
}

/// Where the time goes.
fn phases() {
    for count in COPIES {
        let folder = copies(*count);
        let compilation = compile(&options(folder.path())).expect("the example compiles");
        let parts: Vec<String> =
            compilation.phases.iter().map(|(name, time)| format!("{name} {:.1} ms", time.as_secs_f64() * 1000.0)).collect();
        println!("{count} copies: {}", parts.join(", "));
    }
}
