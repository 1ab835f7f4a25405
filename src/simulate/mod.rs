//! What a state machine means: an interpreter of the Amazon States Language.
pub mod error;
pub mod intrinsic;
pub mod path;
pub mod template;
pub mod value;
