//! From the disk to [`SourceFile`](super::files::SourceFile)s, and the limits that keep hostile input harmless.

/// Deepest nesting of arrays and objects that any document may have. Everything above may recurse over nodes.
pub const MAX_DEPTH: usize = 128;

/// Largest document in bytes: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;
