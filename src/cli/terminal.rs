//! Where text goes: data to stdout, everything else to stderr; colours only where they are seen.
use super::exit::Failure;
use crate::report::style::{BOLD, CYAN, RED, paint, plain};
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use indicatif::ProgressBar;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::Duration;

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// The two streams and how much to say.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    choice: ColorChoice,
    pub quiet: bool,
    pub verbose: bool,
}

impl Terminal {
    #[must_use]
    pub fn new(color: Color, quiet: bool, verbose: bool) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { choice, quiet, verbose }
    }

    /// Writes data. A reader that went away (`| head`) has what it wanted.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!("cannot write to stdout: {error}"))),
            _ => Ok(()),
        }
    }

    /// Says something beside the data, unless told to be quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Says something even when told to be quiet.
    pub fn insist(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        // There is nowhere left to say that stderr is closed.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Says why the run could not go on.
    pub fn complain(&self, failure: &Failure) {
        let mut text = format!("{} {}\n", paint(RED, &paint(BOLD, "error:")), plain(&failure.message));
        if let Some(help) = &failure.help {
            text.push_str(&format!("{} {}\n", paint(CYAN, "help:"), plain(help)));
        }
        self.insist(&text);
    }

    /// A spinner on a terminal, nothing elsewhere. Ends when dropped.
    #[must_use]
    pub fn progress(&self, words: String) -> Progress {
        if self.quiet || !io::stderr().is_terminal() {
            return Progress(None);
        }
        let bar = ProgressBar::new_spinner().with_message(words);
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }
}

/// See [`Terminal::progress`].
pub struct Progress(Option<ProgressBar>);

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
