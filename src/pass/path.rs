//! Which part of the state document a path reads or writes.

/// The part of a document that a path names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// Fields from the root down; empty for the whole document (`$`).
    Fields(Vec<String>),
    /// The context object (`$$…`), which is not the document.
    Context,
    /// A path that names parts which are not known before the run (filters, wildcards, functions).
    Opaque,
}

impl Access {
    #[must_use]
    pub fn whole() -> Self {
        Access::Fields(Vec::new())
    }

    /// Whether a value at one place can be part of, or hold, the value at the other.
    #[must_use]
    pub fn overlaps(&self, other: &Access) -> bool {
        match (self, other) {
            (Access::Context, _) | (_, Access::Context) => false,
            (Access::Opaque, _) | (_, Access::Opaque) => true,
            (Access::Fields(a), Access::Fields(b)) => a.iter().zip(b).all(|(x, y)| x == y),
        }
    }

    /// The place of `inner`, a path below this one.
    #[must_use]
    pub fn join(&self, inner: &Access) -> Access {
        match (self, inner) {
            (Access::Fields(a), Access::Fields(b)) => Access::Fields(a.iter().chain(b).cloned().collect()),
            (_, Access::Context) => Access::Context,
            _ => Access::Opaque,
        }
    }

    /// As a path in ASL's notation.
    #[must_use]
    pub fn to_path(&self) -> Option<String> {
        let Access::Fields(fields) = self else { return None };
        let mut out = String::from("$");
        for field in fields {
            let plain = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if plain {
                out.push('.');
                out.push_str(field);
            } else if field.chars().all(|c| c.is_ascii_digit()) {
                out.push_str(&format!("[{field}]"));
            } else if field.contains(['\'', '\\']) {
                return None;
            } else {
                out.push_str(&format!("['{field}']"));
            }
        }
        Some(out)
    }
}

/// What a path can read at most: the part that it names, or where a filter, a slice or a wildcard stands, the part that those look into.
#[must_use]
pub fn reads(path: &str) -> Access {
    let whole = parse(path);
    // A filter may look at another part of the document.
    if whole != Access::Opaque || !path.starts_with('$') || path[1..].contains('$') {
        return whole;
    }
    let cuts = path.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '[')).map(|(at, _)| at);
    let mut known = cuts.filter_map(|at| match parse(&path[..at]) {
        Access::Fields(fields) => Some(fields),
        _ => None,
    });
    known.next().map_or(Access::Opaque, Access::Fields)
}

/// Reads a path as Amazon States Language writes it: `$`, `$.a.b-c`, `$['a b'][0]`, `$$.Execution.Id`.
#[must_use]
pub fn parse(path: &str) -> Access {
    if path.starts_with("$$") {
        return Access::Context;
    }
    let Some(mut rest) = path.strip_prefix('$') else { return Access::Opaque };
    let mut fields = Vec::new();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['").or_else(|| rest.strip_prefix("[\"")) {
            let quote = if rest.starts_with("['") { "']" } else { "\"]" };
            let Some(end) = quoted.find(quote) else { return Access::Opaque };
            if quoted[..end].contains('\\') {
                return Access::Opaque;
            }
            fields.push(quoted[..end].to_owned());
            rest = &quoted[end + 2..];
        } else if let Some(index) = rest.strip_prefix('[') {
            let Some(end) = index.find(']') else { return Access::Opaque };
            if end == 0 || !index[..end].bytes().all(|b| b.is_ascii_digit()) {
                return Access::Opaque;
            }
            fields.push(index[..end].to_owned());
            rest = &index[end + 1..];
        } else if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let field = &name[..end];
            if field.is_empty() || field.contains(['*', '(', ')', '?', '@', ' ', ',']) {
                return Access::Opaque;
            }
            fields.push(field.to_owned());
            rest = &name[end..];
        } else {
            return Access::Opaque;
        }
    }
    Access::Fields(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Access {
        Access::Fields(names.iter().map(|n| (*n).to_owned()).collect())
    }

    #[test]
    fn paths() {
        assert_eq!(parse("$"), Access::whole());
        assert_eq!(parse("$.a.b-c[0]['x y']"), fields(&["a", "b-c", "0", "x y"]));
        assert_eq!(parse("$$.Execution.Id"), Access::Context);
        for opaque in ["$..a", "$.a[*]", "$.a[?(@.b)]", "$.length()", "a", "$['a", "$.a[-1]", "$x"] {
            assert_eq!(parse(opaque), Access::Opaque, "{opaque}");
        }
        for (path, read) in [
            ("$.a[1:]", fields(&["a"])),
            ("$.a.b[?(@.c == 1)].d", fields(&["a", "b"])),
            ("$..a", fields(&[])),
            ("$.a['b'].*", fields(&["a", "b"])),
        ] {
            assert_eq!(reads(path), read, "{path}");
        }
        assert_eq!(reads("$.a[?(@.b == $.c)]"), Access::Opaque);
        assert_eq!(parse("$.a['x y'][0]").to_path().as_deref(), Some("$.a['x y'][0]"));
    }

    #[test]
    fn overlap_is_containment_either_way() {
        assert!(parse("$").overlaps(&parse("$.a")));
        assert!(parse("$.a.b").overlaps(&parse("$.a")));
        assert!(!parse("$.a").overlaps(&parse("$.b")));
        assert!(!parse("$$.a").overlaps(&parse("$")));
        assert!(parse("$..x").overlaps(&parse("$.a")));
    }
}
