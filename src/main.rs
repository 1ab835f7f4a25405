//! The program; see `cli`.
use std::process::ExitCode;

fn main() -> ExitCode {
    emr2k8s::cli::main()
}
