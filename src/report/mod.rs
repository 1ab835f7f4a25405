//! Floor 4: what a run found, for people and for machines. One renderer a format.
//!
//! [`model`] holds the shapes of the JSON formats, on which scripts rely: keys may be added, none removed. The renderers
//! take these shapes, or diagnostics and their files, and give text; none of them prints, reads a clock, or looks at the
//! terminal. Text for people is written with colours, which the command line strips where they do not belong.
//!
//! Source lines are shown only through [`excerpt`], which crops long ones and masks secrets.
pub mod answers;
pub mod diagnostics;
pub mod excerpt;
pub mod github;
pub mod inspect;
pub mod inspect_dot;
pub mod inspect_text;
pub mod ledger;
pub mod mask;
pub mod model;
pub mod sarif;
pub mod schema;
pub mod simulate;
pub mod style;
pub mod summary;
