//! `emr2k8s completions`: completions for a shell.
use super::exit::{Exit, Failure, codes};
use super::terminal::Terminal;
use clap::Args;
use clap_complete::Shell;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s completions bash > /etc/bash_completion.d/emr2k8s"
    "emr2k8s completions zsh > ~/.zfunc/_emr2k8s"))]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "emr2k8s", &mut out);
        terminal.data(&String::from_utf8_lossy(&out))?;
        Ok(Exit::Done)
    }
}
