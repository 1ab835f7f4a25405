//! Which literals are secrets, and how they are shown: never.

/// Why a literal is taken for a secret; `key` is the name it stands under (an environment variable, a property).
/// `None` when it is not one. References (`${...}`, `{{resolve:...}}`, empty text) are not secrets.
#[must_use]
pub fn reason(key: &str, value: &str) -> Option<&'static str> {
    let value = value.trim();
    if value.is_empty() || value.starts_with("${") || value.starts_with("{{resolve:") || value.starts_with("arn:") {
        return None;
    }
    if let Some(found) = value_reason(value) {
        return Some(found);
    }
    let key: String = key.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let named = [
        "password",
        "passwd",
        "secretkey",
        "secretaccesskey",
        "apikey",
        "apitoken",
        "accesstoken",
        "authtoken",
        "privatekey",
        "clientsecret",
    ];
    if named.iter().any(|name| key.ends_with(name)) {
        return Some("its name says that it is a secret");
    }
    if (key == "secret" || key == "token" || key.ends_with("dbsecret")) && value.len() >= 8 && !value.contains(' ') {
        return Some("its name says that it is a secret");
    }
    None
}

/// Whether the text itself has the form of a credential.
#[must_use]
pub fn value_reason(value: &str) -> Option<&'static str> {
    if has_access_key(value) {
        return Some("it has the form of an AWS access key");
    }
    if value.contains("hooks.slack.com/services/T") {
        return Some("it is a Slack webhook address");
    }
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY") {
        return Some("it is a private key");
    }
    for prefix in ["ghp_", "github_pat_", "xoxb-", "xoxp-", "sk_live_", "glpat-"] {
        if value
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .any(|w| w.starts_with(prefix) && w.len() >= prefix.len() + 12)
        {
            return Some("it has the form of an access token");
        }
    }
    if let Some((_, rest)) = value.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((_, password)) = user.split_once(':')
            && !password.is_empty()
            && !password.starts_with("${")
        {
            return Some("the address holds a password");
        }
        let lower = rest.to_ascii_lowercase();
        if let Some(at) = lower.find("password=") {
            let word = &rest[at + "password=".len()..];
            if !word.is_empty() && !word.starts_with("${") && !word.starts_with('&') {
                return Some("the address holds a password");
            }
        }
    }
    None
}

/// AWS access key ids are `AKIA` or `ASIA` and 16 capitals or digits (IAM identifiers, AWS IAM User Guide).
fn has_access_key(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

/// What stands in place of a secret, everywhere.
pub const MASK: &str = "<secret>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_recognised_and_ordinary_values_are_not() {
        assert!(reason("x", "AKIAIOSFODNN7EXAMPLE").is_some());
        assert!(reason("db_password", "hunter2").is_some());
        assert!(reason("url", "jdbc:postgresql://u:p@host/db").is_some());
        assert!(reason("url", "jdbc:mysql://host/db?user=a&password=b").is_some());
        for (key, value) in [
            ("password", ""),
            ("password", "${env:PW}"),
            ("queue", "main"),
            ("file", "s3://a/b.jar"),
            ("url", "https://livy/batches"),
            ("tokenizer", "standard"),
        ] {
            assert_eq!(reason(key, value), None, "{key}={value}");
        }
    }
}
