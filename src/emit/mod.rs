//! Floor 2: back ends. Each writes one kind of file from the plan, and knows nothing of any source.
pub mod tree;
pub mod yaml;
