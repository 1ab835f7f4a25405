//! Reading the tables, and near misses.

/// The rows of a table: lines of cells between tabs, without comments and blank lines; missing cells are empty.
pub(super) fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(|line| {
        let mut cells = [""; N];
        for (cell, text) in cells.iter_mut().zip(line.split('\t')) {
            *cell = text;
        }
        cells
    })
}

/// The name closest to `wanted`, where it is close enough to be a slip of the keyboard: one edit in names up to four
/// characters, two up to eleven, three beyond. `None` when `wanted` is itself a name, or nothing is close.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer texts are no names, and distances cost the product of both lengths.
    const LONGEST: usize = 128;
    let length = wanted.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let allowed = match length {
        0..=4 => 1,
        5..=11 => 2,
        _ => 3,
    };
    // Each edit adds or takes one character at most: four bytes, or one where all is ASCII, as the names are.
    let bytes = if wanted.is_ascii() { allowed } else { allowed * 4 };
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        if name.len().abs_diff(wanted.len()) > bytes {
            continue;
        }
        let distance = strsim::osa_distance(wanted, name);
        if distance == 0 {
            return None;
        }
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found_and_a_name_itself_is_no_miss() {
        let names = ["capacity", "maximum-capacity", "state"];
        assert_eq!(near("capcity", names), Some("capacity"));
        assert_eq!(near("stat", names), Some("state"));
        assert_eq!(near("state", names), None);
        assert_eq!(near("something-else", names), None);
        assert_eq!(near("", names), None);
        assert_eq!(near(&"x".repeat(100_000), names), None);
    }

    #[test]
    fn comments_and_missing_cells() {
        let rows: Vec<[&str; 3]> = rows("# a\tb\n\nx\ty\n").collect();
        assert_eq!(rows, [["x", "y", ""]]);
    }
}
