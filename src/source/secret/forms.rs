//! Texts that have the form of a credential, whatever they stand under.
use super::Found;
use super::name::{is_aws_secret, is_reference, mixed};

/// Starts of access tokens: GitHub, Slack, Stripe, GitLab, npm, Hugging Face, Databricks, Google (their documentation of tokens), each with a dozen letters or more.
const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "glpat-",
    "npm_",
    "hf_",
    "dapi",
    "AIzaSy",
];
/// Addresses that let everybody who knows them post.
const HOOKS: &[&str] = &["hooks.slack.com/services/", "webhook.office.com/webhookb2/", "discord.com/api/webhooks/"];
/// Names before a colon that are no users: `mailto:bob@example.com`.
const NO_USERS: &[&str] = &["mailto", "sip", "sips", "arn", "npm", "git", "ssh", "acct", "xmpp", "uses", "image"];

pub(super) fn find(text: &str, out: &mut Vec<Found>) {
    words(text, out);
    hooks(text, out);
    private_keys(text, out);
    if text.contains('@') {
        passwords_of_addresses(text, out);
        oracle(text, out);
        users(text, out);
    }
    schemes(text, out);
}

fn push(out: &mut Vec<Found>, start: usize, end: usize, why: &'static str) {
    if start < end {
        out.push(Found { range: start..end, why });
    }
}

/// Access keys, access tokens, JSON Web Tokens: words by themselves.
fn words(text: &str, out: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'+');
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| is_word(**b)).count();
        if length < 16 {
            at += length.max(1);
            continue;
        }
        let (start, end) = (at, at + length);
        at = end;
        let word = &text[start..end];
        // A sentence may end behind it.
        let trimmed = word.trim_end_matches(['.', '-']);
        if is_aws_secret(trimmed) {
            push(out, start, start + trimmed.len(), "it has the form of an AWS secret access key");
            continue;
        }
        let mut from = start;
        for part in word.split('/') {
            let to = from + part.len();
            let clean = part.trim_end_matches('.');
            if is_jwt(clean) {
                push(out, from, from + clean.len(), "it has the form of a JSON Web Token");
            } else {
                smaller_words(part, from, out);
            }
            from = to + 1;
        }
    }
}

fn smaller_words(part: &str, offset: usize, out: &mut Vec<Found>) {
    let mut at = offset;
    for word in part.split(['.', '+']) {
        let token = TOKENS.iter().find_map(|prefix| {
            let found = word.find(prefix)?;
            let boundary = found == 0 || !word.as_bytes()[found - 1].is_ascii_alphanumeric();
            (boundary && word.len() - found >= prefix.len() + 12 && mixed(&word[found + prefix.len()..])).then_some(found)
        });
        if let Some(found) = token {
            push(out, at + found, at + word.len(), "it has the form of an access token");
        } else {
            let mut inner = at;
            for piece in word.split(['_', '-']) {
                if is_access_key(piece) {
                    push(out, inner, inner + piece.len(), "it has the form of an AWS access key");
                }
                inner += piece.len() + 1;
            }
        }
        at += word.len() + 1;
    }
}

/// AWS access key ids are `AKIA` or `ASIA` and 16 capitals or digits (IAM identifiers, AWS IAM User Guide).
fn is_access_key(word: &str) -> bool {
    word.len() == 20
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Three parts in base64url, of which the first two are JSON objects (RFC 7519): `{"` is `eyJ`.
fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.matches('.').count() == 2 && word.split('.').all(|part| part.len() >= 8)
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\\' | ')' | ',')
}

fn hooks(text: &str, out: &mut Vec<Found>) {
    for hook in HOOKS {
        for (at, _) in text.match_indices(hook) {
            let start = text[..at].rfind("://").map_or(at, |scheme| {
                let start = text[..scheme].rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |i| i + 1);
                let host = &text[scheme + 3..at];
                if host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) { floor(text, start) } else { at }
            });
            let end = text[at..].find(is_end).map_or(text.len(), |i| at + i);
            if end > at + hook.len() && !text[at..end].contains("${") {
                push(out, start, end, "it is the address of a webhook");
            }
        }
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn private_keys(text: &str, out: &mut Vec<Found>) {
    let mut at = 0;
    while let Some(found) = text[at..].find("-----BEGIN ") {
        let start = at + found;
        at = start + 11;
        let Some(title) = text[at..].find("-----") else { return };
        if !text[at..at + title].ends_with("PRIVATE KEY") {
            continue;
        }
        let body = at + title + 5;
        let end = text[body..].find("-----END ").map_or(text.len(), |i| {
            let tail = body + i + 9;
            text[tail..].find("-----").map_or(text.len(), |j| tail + j + 5)
        });
        push(out, start, end, "it is a private key");
        at = end;
    }
}

/// `scheme://user:password@host`.
fn passwords_of_addresses(text: &str, out: &mut Vec<Found>) {
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        // A reference (`${x}`) may hold anything.
        let end = rest.find(|c: char| is_end(c) || matches!(c, '/' | '?' | '#')).unwrap_or(rest.len());
        let Some((user, _)) = rest[..end].rsplit_once('@') else { continue };
        let Some((name, password)) = user.split_once(':') else { continue };
        if !password.is_empty() && !is_reference(password) && !name.contains("${") {
            let from = start + name.len() + 1;
            push(out, from, from + password.len(), "the address holds a password");
        }
    }
}

/// `jdbc:oracle:thin:user/password@host` (Oracle JDBC Developer's Guide, "Database URLs").
fn oracle(text: &str, out: &mut Vec<Found>) {
    for (at, prefix) in text.match_indices("jdbc:oracle:") {
        let driver = at + prefix.len();
        let Some(colon) = text[driver..].find(':') else { continue };
        let user = driver + colon + 1;
        let end = text[user..].find(is_end).map_or(text.len(), |i| user + i);
        let Some(host) = text[user..end].find('@') else { continue };
        let Some(slash) = text[user..user + host].find('/') else { continue };
        let password = &text[user + slash + 1..user + host];
        if !is_reference(password) {
            push(out, user + slash + 1, user + host, "the address holds a password");
        }
    }
}

/// `user:password@host` without a scheme.
fn users(text: &str, out: &mut Vec<Found>) {
    /// Longest such word that is looked at.
    const LONGEST: usize = 256;
    for (at, _) in text.match_indices('@') {
        let from = floor(text, at.saturating_sub(LONGEST));
        let start = text[from..at]
            .rfind(|c: char| is_end(c) || matches!(c, '=' | '(' | ';' | '[' | '{'))
            .map_or(from, |i| from + i + text[from + i..].chars().next().map_or(1, char::len_utf8));
        let Some((user, password)) = text[start..at].split_once(':') else { continue };
        let host = &text[at + 1..];
        let named = !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        let hosted = host.starts_with(|c: char| c.is_ascii_alphabetic()) && !host.starts_with("sha256");
        if named
            && hosted
            && !NO_USERS.contains(&user.to_ascii_lowercase().as_str())
            && password.len() >= 4
            && !password.contains(['/', ':'])
            && !password.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && !is_reference(password)
        {
            push(out, at - password.len(), at, "a password stands between a user and a host");
        }
    }
}

/// `Basic …` and `Bearer …` (RFC 7617, RFC 6750).
fn schemes(text: &str, out: &mut Vec<Found>) {
    for scheme in ["Bearer ", "bearer ", "BEARER ", "Basic ", "basic ", "BASIC "] {
        for (at, _) in text.match_indices(scheme) {
            let start = at + scheme.len();
            let length = text[start..]
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~'))
                .count();
            let word = text[start..start + length].trim_end_matches('.');
            let boundary = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
            if boundary && word.len() >= 8 && mixed(word) {
                push(out, start, start + word.len(), "it is the credential of an HTTP header");
            }
        }
    }
}
