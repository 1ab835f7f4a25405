//! What a state machine means: an interpreter of the Amazon States Language.
pub mod error;
pub mod jsonata;
pub mod value;
