//! Names that say that what stands under them is a secret.

/// How much a name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Every value is one: `password`.
    Any,
    /// A value that can be one: `token` is also a count or a class.
    Word,
    /// A value that looks like one: `auth` is also `kerberos`.
    Random,
}

/// Words after the telling one that change nothing: `DB_PASSWORD_PROD`.
const TAILS: &[&str] = &[
    "dev",
    "prod",
    "production",
    "staging",
    "stage",
    "test",
    "live",
    "value",
    "plain",
    "plaintext",
    "string",
    "text",
    "old",
    "new",
    "current",
    "default",
    "base64",
];
/// Endings after which every value is a secret.
const ANY: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pgpass",
    "dbpass",
    "secretkey",
    "secretaccesskey",
    "apikey",
    "apitoken",
    "accesstoken",
    "authtoken",
    "privatekey",
    "clientsecret",
    "accountkey",
    "sharedaccesskey",
    "redisauth",
    "dbsecret",
];
/// What a token may be beside a secret: a position in a list, a guard against repetition, a piece of a text.
const TOKENS: &[&str] = &[
    "next",
    "page",
    "continuation",
    "client",
    "request",
    "task",
    "start",
    "end",
    "pad",
    "eos",
    "bos",
    "unk",
    "mask",
    "sep",
    "cls",
    "max",
    "idempotency",
    "per",
    "num",
];
/// Values of settings, which no secret has.
const SETTINGS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "none",
    "null",
    "undefined",
    "required",
    "optional",
    "string",
    "str",
    "text",
    "enabled",
    "disabled",
    "basic",
    "bearer",
    "kerberos",
    "simple",
    "nosasl",
    "prompt",
    "password",
    "token",
    "secret",
    "securestring",
    "noecho",
];

/// Whether a value under this name is a secret.
pub(super) fn is_secret(key: &str, value: &str) -> bool {
    class(key).is_some_and(|class| fits(class, value))
}

/// What a name says of its values.
pub(super) fn class(key: &str) -> Option<Class> {
    // Longer ones, and those of several words, are texts.
    if key.is_empty() || key.len() > 160 || key.contains(' ') {
        return None;
    }
    let mut words = words(key);
    while words.len() > 1 && words.last().is_some_and(|w| TAILS.contains(&w.as_str()) || w.bytes().all(|b| b.is_ascii_digit())) {
        words.pop();
    }
    let last = words.last()?.as_str();
    let before = words.len().checked_sub(2).and_then(|i| words.get(i)).map_or("", String::as_str);
    let compact = words.concat();
    if ANY.iter().any(|name| compact.ends_with(name)) || compact.contains("azureaccountkey") {
        return Some(Class::Any);
    }
    if matches!(last, "secret" | "credential" | "credentials" | "pass")
        || last.ends_with("pw")
        || compact.ends_with("accesskey")
        || compact.ends_with("accesskeyid")
    {
        return Some(Class::Word);
    }
    if last == "token" && !TOKENS.contains(&before) {
        return Some(Class::Word);
    }
    (matches!(last, "auth" | "authorization" | "sig" | "signature" | "jwt") || key == "-p").then_some(Class::Random)
}

/// The words of a name in small letters: `DBPassword`, `db.password` and `db-password` are two words each.
fn words(key: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut fresh = true;
    let chars: Vec<char> = key.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            fresh = true;
            continue;
        }
        let previous = at.checked_sub(1).and_then(|i| chars.get(i));
        let hump = c.is_ascii_uppercase()
            && (previous.is_some_and(|p| p.is_ascii_lowercase() || p.is_ascii_digit())
                || (previous.is_some_and(char::is_ascii_uppercase) && chars.get(at + 1).is_some_and(char::is_ascii_lowercase)));
        match out.last_mut() {
            Some(word) if !fresh && !hump => word.push(c.to_ascii_lowercase()),
            _ => out.push(c.to_ascii_lowercase().to_string()),
        }
        fresh = false;
    }
    out
}

/// Whether a value can be a secret under a name of this class.
pub(super) fn fits(class: Class, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_reference(value) {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    if SETTINGS.contains(&lower.as_str()) {
        return false;
    }
    match class {
        Class::Any => !is_place(value),
        Class::Word => {
            value.len() >= 6
                && !value.contains(char::is_whitespace)
                && !value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && !is_place(value)
                && !is_class(value)
        }
        Class::Random => {
            looks_random(value) || (value.len() >= 16 && !is_place(value) && !value.contains(char::is_whitespace) && mixed(value))
        }
    }
}

/// Whether the value only says where the secret is.
pub(super) fn is_reference(value: &str) -> bool {
    const STARTS: &[&str] = &["$(", "$.", "$$.", "$[", "{{", "arn:", "ssm:", "!Ref", "!Sub", "!GetAtt", "States.", "{%", "%("];
    if value.contains("${") || STARTS.iter().any(|start| value.starts_with(start)) || (value.starts_with('<') && value.ends_with('>')) {
        return true;
    }
    let identifier =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'*'));
    if let Some(name) = value.strip_prefix('$')
        && identifier(name)
    {
        return true;
    }
    ["var.", "local.", "data.", "module.", "each.", "self.", "aws_", "random_password.", "os.environ", "event[", "event."]
        .iter()
        .any(|start| value.starts_with(start))
        && value.contains(['.', '['])
        && value.split(['"', '\'', '(', ')', ' ', ',']).all(|part| part.is_empty() || identifier(part))
        || value.chars().all(|c| c == '*')
}

/// A path or an address: where the secret is, or something else.
fn is_place(value: &str) -> bool {
    if value.contains("://") || value.starts_with("file:") {
        return true;
    }
    let path = value.starts_with('/') || value.starts_with("./") || value.starts_with("../") || value.starts_with("~/");
    path && !is_aws_secret(value)
}

/// The name of a class: words with dots between.
fn is_class(value: &str) -> bool {
    value.matches('.').count() >= 2
        && value
            .split('.')
            .all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && !value.starts_with("eyJ")
}

/// Letters with digits, or capitals among small letters.
pub(super) fn mixed(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
    let capital_inside = word.bytes().skip(1).any(|b| b.is_ascii_uppercase()) && has(u8::is_ascii_lowercase);
    (has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)) || capital_inside
}

/// Small letters, capitals and digits that change often.
pub(super) fn looks_random(word: &str) -> bool {
    let bytes = word.as_bytes();
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    (8..=256).contains(&word.len())
        && bytes.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'$' | b'{' | b'(' | b'<'))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && changes(word) * 3 >= word.len()
}

/// How often the kind of letter changes.
fn changes(word: &str) -> usize {
    let kind = |b: u8| match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    word.as_bytes().windows(2).filter(|pair| pair.first().map(|b| kind(*b)) != pair.last().map(|b| kind(*b))).count()
}

/// An AWS secret access key: 40 letters, digits, `/` and `+` (AWS Security Blog, "A Safer Way to Distribute AWS Credentials":
/// base64 of 40 characters). In random ones the kind of letter changes some 25 times; in paths and names of that length
/// less than 16 times; a hash in hexadecimal has no capitals beside small letters.
pub(super) fn is_aws_secret(word: &str) -> bool {
    let bytes = word.as_bytes();
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    word.len() == 40
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+'))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && changes(word) >= 16
}
