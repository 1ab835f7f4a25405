//! Names for Kubernetes from the source's own names: DNS labels (RFC 1035), short enough, unique where they must be.
use std::collections::BTreeMap;

/// A DNS-1035 label made of `text`: words in lower case joined by `-`, starting with a letter, at most `limit` characters
/// (at least 12). Accents are left out (`é` is `e`, `ß` is `ss`). Camel case is split at its humps. A text that is too long keeps its beginning and ends in four
/// hexadecimal digits of its BLAKE3 hash, so that two long names stay different; a text without any letter or digit
/// becomes `x-` and its hash.
#[must_use]
pub fn label(text: &str, limit: usize) -> String {
    let limit = limit.max(12);
    let mut out = String::new();
    let chars: Vec<char> = text.chars().flat_map(|c| latin(c).map_or_else(|| vec![c], |plain| plain.chars().collect())).collect();
    for (i, c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        let before = i.checked_sub(1).map(|j| chars[j]);
        let after = chars.get(i + 1);
        let hump = c.is_ascii_uppercase()
            && (before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(|b| b.is_ascii_uppercase()) && after.is_some_and(char::is_ascii_lowercase)));
        if hump && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    let mut out = out.trim_matches('-').to_owned();
    if out.is_empty() {
        return format!("x-{}", hash(text));
    }
    if !out.starts_with(|c: char| c.is_ascii_lowercase()) {
        out.insert_str(0, "x-");
    }
    shorten(&out, limit, text)
}

/// A letter of the Latin script in letters of ASCII; nothing for an accent that stands alone, as decomposed text has it.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{300}'..='\u{36f}' => "",
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' | 'Ā' | 'Ă' | 'Ą' | 'Ǎ' => "A",
        'æ' => "ae",
        'Æ' => "AE",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ď' | 'đ' | 'ð' => "d",
        'Ď' | 'Đ' | 'Ð' => "D",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'È' | 'É' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĥ' | 'ħ' => "h",
        'Ĥ' | 'Ħ' => "H",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'ĵ' => "j",
        'Ĵ' => "J",
        'ķ' => "k",
        'Ķ' => "K",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'œ' => "oe",
        'Œ' => "OE",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ß' => "ss",
        'ẞ' => "SS",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'þ' => "th",
        'Þ' => "Th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ù' | 'Ú' | 'Û' | 'Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ŵ' => "w",
        'Ŵ' => "W",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ý' | 'Ÿ' | 'Ŷ' => "Y",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

/// Cuts a label to `limit` characters, ending in a hash of `identity` when it had to be cut.
#[must_use]
pub fn shorten(label: &str, limit: usize, identity: &str) -> String {
    if label.len() <= limit {
        return label.to_owned();
    }
    let head = label.get(..limit.saturating_sub(5)).unwrap_or(label).trim_end_matches('-');
    format!("{head}-{}", hash(identity))
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().as_str()[..4].to_owned()
}

/// Gives each name once: a second `x` becomes `x-2`.
#[derive(Default, Debug, Clone)]
pub struct Names {
    taken: BTreeMap<String, u32>,
}

impl Names {
    /// `label` itself, or with the first free number behind it.
    pub fn unique(&mut self, label: &str) -> String {
        if !self.taken.contains_key(label) {
            self.taken.insert(label.to_owned(), 1);
            return label.to_owned();
        }
        let mut number = self.taken[label];
        loop {
            number += 1;
            let candidate = format!("{}-{number}", shorten(label, 63 - 1 - number.to_string().len(), label));
            if !self.taken.contains_key(&candidate) {
                self.taken.insert(label.to_owned(), number);
                self.taken.insert(candidate.clone(), 1);
                return candidate;
            }
        }
    }

    #[must_use]
    pub fn is_taken(&self, label: &str) -> bool {
        self.taken.contains_key(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_read_like_their_sources() {
        for (text, expected) in [
            ("Devfest Parquet Data", "devfest-parquet-data"),
            ("SparkSimpleApp", "spark-simple-app"),
            ("EMRCluster", "emr-cluster"),
            ("get_livy_status", "get-livy-status"),
            ("../../etc/passwd", "etc-passwd"),
            ("2nd step?", "x-2nd-step"),
            ("S3Copy", "s3-copy"),
            ("Café Größe", "cafe-grosse"),
            ("Cafe\u{301}", "cafe"),
            ("Überweisung", "uberweisung"),
            ("Señal Øst Åse", "senal-ost-ase"),
            ("étapeÉtape", "etape-etape"),
            ("数据 run", "run"),
        ] {
            assert_eq!(label(text, 63), expected);
        }
        assert!(label("…", 63).starts_with("x-"));
        assert!(label("数据", 63).starts_with("x-"), "other scripts are not guessed at");
        assert_ne!(label("…", 63), label("!", 63));
    }

    #[test]
    fn taken_names_are_numbered() {
        let mut names = Names::default();
        assert_eq!(names.unique("a"), "a");
        assert_eq!(names.unique("a"), "a-2");
        assert_eq!(names.unique("a-2"), "a-2-2");
        assert_eq!(names.unique("a"), "a-3");
    }

    proptest! {
        #[test]
        fn any_text_gives_a_label(text in "\\PC{0,200}", limit in 12_usize..64) {
            let label = label(&text, limit);
            prop_assert!(label.len() <= limit && !label.is_empty());
            prop_assert!(label.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(!label.ends_with('-'));
            prop_assert!(label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        }
    }
}
