//! `emr2k8s man`: manual pages.
use super::exit::{Exit, Failure, codes};
use super::terminal::Terminal;
use clap::Args;
use std::path::PathBuf;

/// Print the manual page, or write all of them
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s man | man -l -"
    "emr2k8s man --out /usr/local/share/man/man1"))]
pub struct Man {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let command = super::command();
        if let Some(out) = &self.out {
            let failed =
                |error: std::io::Error| Failure::new(format!("cannot write manual pages to `{}`: {}", out.display(), error.kind()));
            std::fs::create_dir_all(out).map_err(failed)?;
            clap_mangen::generate_to(command, out).map_err(failed)?;
            return Ok(Exit::Done);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(|error| Failure::new(error.to_string()))?;
        terminal.data(&String::from_utf8_lossy(&page))?;
        Ok(Exit::Done)
    }
}
