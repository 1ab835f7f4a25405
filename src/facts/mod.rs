//! Floor 1: what AWS, Apache Spark and Apache Hadoop publish, as tables.
//!
//! Each table is a data file under `data/` with the pages it was read from and the date in its head, and a small
//! typed accessor here. An empty cell was not found, and nothing in it is guessed. The tables are part of the
//! program's text and are parsed once; tests hold their form.
pub mod calls;
pub mod classifications;
pub mod emr_api;
pub mod emr_releases;
pub mod java_flags;
pub mod properties;
pub mod spark_releases;
pub mod spark_submit;
mod table;

pub use classifications::{Treatment, classification, near_classification};
pub use emr_releases::{EmrRelease, emr_release, near_release};
pub use properties::{Action, Disposition, Scope, near_property, property};
pub use spark_releases::{SparkRelease, Target, target_for};
pub use table::near;
