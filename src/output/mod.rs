//! Floor 4: the output folder on disk.
//!
//! The folder belongs to two parties: emr2k8s writes it, people edit it. The peace between them is kept by the *lock*
//! (`emr2k8s.lock`, module [`lock`]), which remembers the hash of every generated file. Whatever on disk differs from its
//! hash was edited, and is kept; whatever has no hash is not ours, and is not touched.
//!
//! A run goes through these steps, each in a module of its own:
//! [`folder`] looks at the folder and refuses one that is not ours; [`plan`] compares lock, disk and compilation and says
//! what becomes of each file; then [`mod@write`] carries the plan out, all of it or nothing, or [`diff`] shows it, or
//! [`check`] judges it. [`explain`] answers from the lock alone where a line comes from.
pub mod check;
pub mod diff;
pub mod error;
pub mod explain;
pub mod folder;
pub mod lock;
pub mod plan;
pub mod write;

/// The hash by which files are compared: BLAKE3 of the bytes, in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
