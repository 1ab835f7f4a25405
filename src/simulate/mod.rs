//! What a state machine means: an interpreter of the Amazon States Language.
//!
//! [`program`] makes a machine ready, [`engine`] runs it in virtual time ([`clock`]) against [`services`] (a [`script`] of results and
//! faults). It is held to outcomes that AWS recorded (`tests/conformance.rs`), and everything that the compiler emits is held to it.
pub mod choice;
pub mod clock;
pub mod definition;
pub mod engine;
pub mod error;
pub mod eval;
pub mod intrinsic;
pub mod jsonata;
pub mod map_results;
pub mod map_settings;
pub mod parts;
pub mod path;
pub mod plan;
pub mod program;
pub mod reader;
pub mod scope;
pub mod script;
pub mod services;
pub mod template;
pub mod timestamp;
pub mod value;
mod wait;
