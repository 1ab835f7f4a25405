//! Which literals are secrets, and how they are shown: never.
//!
//! A literal is judged by the name it stands under ([`name`]), by its own form ([`forms`]), and by what stands inside it
//! ([`text`]): `key=value`, JSON in a string, a flag and its argument. [`find`] says which bytes are secret, so that the
//! rest of a text stays readable. [`Secrets`] holds every secret literal of a run and takes them out of any text.
mod forms;
mod hide;
mod name;
mod text;

pub use hide::Secrets;
pub use text::Text;

use std::ops::Range;

/// What stands in place of a secret, everywhere.
pub const MASK: &str = "<secret>";

/// Why a value under a telling name is a secret.
const NAMED: &str = "its name says that it is a secret";

/// A part of a text that is a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Why it is taken for one.
    pub why: &'static str,
}

/// The secrets of a literal; `key` is the name it stands under (an environment variable, a property, a flag), or empty.
/// Sorted, not overlapping. References (`${...}`, `{{resolve:...}}`, ARNs, paths) are not secrets.
#[must_use]
pub fn find(key: &str, value: &str) -> Vec<Found> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return Vec::new();
    }
    if name::is_secret(key, trimmed) {
        let start = value.len() - value.trim_start().len();
        return vec![Found { range: start..start + trimmed.len(), why: NAMED }];
    }
    inside(value, Text::Words)
}

/// The secrets inside a text of which nothing else is known. Sorted, not overlapping.
#[must_use]
pub fn inside(text: &str, kind: Text) -> Vec<Found> {
    let mut out = Vec::new();
    forms::find(text, &mut out);
    text::find(text, kind, &mut out);
    out.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut merged: Vec<Found> = Vec::with_capacity(out.len());
    for found in out {
        match merged.last_mut() {
            Some(last) if found.range.start < last.range.end => last.range.end = last.range.end.max(found.range.end),
            _ => merged.push(found),
        }
    }
    merged
}

/// Why a literal is taken for a secret, or for holding one; `key` is the name it stands under.
#[must_use]
pub fn reason(key: &str, value: &str) -> Option<&'static str> {
    find(key, value).first().map(|found| found.why)
}

/// The text with its secrets masked; `key` is the name it stands under.
#[must_use]
pub fn masked(key: &str, value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut end = 0;
    for found in find(key, value) {
        out.push_str(&value[end..found.range.start]);
        out.push_str(MASK);
        end = found.range.end;
    }
    out.push_str(&value[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_of_secrets() {
        for (key, value) in [
            ("db_password", "hunter2"),
            ("password", "123456"),
            ("--password", "hunter2"),
            ("--token", "hunter2"),
            ("--passwd", "hunter2"),
            ("--secret-key", "hunter2"),
            ("--apiKey", "hunter2"),
            ("--client_secret", "hunter2"),
            ("--access-key-id", "hunter2x"),
            ("--credentials", "hunter2"),
            ("-p", "S3cr3tP4ss007xQ"),
            ("MY_SECRET", "hunter2"),
            ("PGPASS", "hunter2"),
            ("DB_PWD", "hunter2"),
            ("MYSQL_PWD", "hunter2"),
            ("SLACK_TOKEN", "hunter2"),
            ("DB_PASSWORD_PROD", "hunter2"),
            ("DBPassword", "hunter2"),
            ("spark.authenticate.secret", "hunter2"),
            ("spark.redis.auth", "hunter2"),
            ("javax.jdo.option.ConnectionPassword", "hunter2"),
            ("fs.azure.account.key.vault.blob.core.windows.net", "bm90IGEgcmVhbCBrZXk="),
            ("fs.s3a.secret.key", "/JalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("SharedAccessKey", "abc"),
        ] {
            assert_eq!(masked(key, value), MASK, "{key}={value}");
        }
    }

    #[test]
    fn parts_of_a_value_are_secrets_and_the_rest_is_shown() {
        for (value, expected) in [
            ("AKIAIOSFODNN7EXAMPLE", "<secret>"),
            ("key AKIAIOSFODNN7EXAMPLE of", "key <secret> of"),
            ("jdbc:postgresql://u:p@host/db", "jdbc:postgresql://u:<secret>@host/db"),
            ("jdbc:mysql://host/db?user=a&password=b", "jdbc:mysql://host/db?user=a&password=<secret>"),
            ("jdbc:mysql://h/d?u=a&pwd=hunter2&x=1", "jdbc:mysql://h/d?u=a&pwd=<secret>&x=1"),
            ("jdbc:sqlserver://h;user=a;password=hunter2;x=1", "jdbc:sqlserver://h;user=a;password=<secret>;x=1"),
            ("Server=x;Pwd=hunter2;Db=y", "Server=x;Pwd=<secret>;Db=y"),
            ("jdbc:oracle:thin:scott/tiger@//db:1521/x", "jdbc:oracle:thin:scott/<secret>@//db:1521/x"),
            ("--pwd=hunter2", "--pwd=<secret>"),
            ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic <secret>"),
            ("Bearer abc018DEFtoken", "Bearer <secret>"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx013IifQ.SflKxwRJSMeKKF2QT4", "<secret>"),
            (r#"{"password":"hunter2","x":1}"#, r#"{"password":"<secret>","x":1}"#),
            (r#"{\"password\": \"hunter2\"}"#, r#"{\"password\": \"<secret>\"}"#),
            ("user:hunter2@host", "user:<secret>@host"),
            ("https://a.blob/x?sv=1&sig=abcDEF0123456789%3D&se=1", "https://a.blob/x?sv=1&sig=<secret>&se=1"),
            (
                "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=ab12CD=",
                "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=<secret>",
            ),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "<secret>"),
            ("run --password hunter2 --x 1", "run --password <secret> --x 1"),
            ("curl -u bob:hunter2 https://x", "curl -u bob:<secret> https://x"),
            ("-Ddb.password=hunter2 -Dx=1", "-Ddb.password=<secret> -Dx=1"),
            ("the password is S3cr3tP4ss049xQ, change it", "the password is <secret>, change it"),
            ("https://hooks.slack.com/services/T0/B0/zz now", "<secret> now"),
            ("glpat-0123456789abcdefghij", "<secret>"),
        ] {
            assert_eq!(masked("x", value), expected, "{value}");
        }
    }

    #[test]
    fn ordinary_values_are_shown() {
        for (key, value) in [
            ("password", ""),
            ("password", "${env:PW}"),
            ("password", "$(PW)"),
            ("password", "var.db_password"),
            ("password", "{{resolve:secretsmanager:db:SecretString:password}}"),
            ("password", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-password-AbCdEf"),
            ("password", "$.password"),
            ("password_policy", "strict-2024"),
            ("passwordFile", "/etc/pw"),
            ("PGPASS", "/root/.pgpass"),
            ("secretName", "db-credentials"),
            ("secret_arn", "db-credentials"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/key.json"),
            ("fs.s3a.aws.credentials.provider", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"),
            ("credentials", "com.amazonaws.auth.InstanceProfile"),
            ("maxTokens", "4096"),
            ("token", "4096"),
            ("nextToken", "abcdefgh12"),
            ("tokenizer", "standard"),
            ("token_url", "https://login.example.com/token"),
            ("bypass", "something"),
            ("auth", "kerberos"),
            ("-p", "production"),
            ("-p", "8080"),
            ("queue", "main"),
            ("file", "s3://a/b.jar"),
            ("file", "s3://bucket-2024/Films/v2/DailyRun/part1/Catalogue3"),
            ("url", "https://livy/batches"),
            ("url", "http://auth-token:8080/batches"),
            ("url", "jdbc:hive2://h:10000/default;auth=noSasl"),
            ("image", "repo/app:1.2@sha256:abc"),
            ("mail", "mailto:bob@example.com"),
            ("mail", "bob@example.com"),
            ("class", "com.example.TokenCounter"),
            ("sha", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("text", "basic authentication with the Bearer scheme"),
            ("text", "the password is in the vault"),
            ("id", "j-2AXXXXXXGAPLF"),
            ("args", "--password ${DB_PASSWORD} --input s3://a/b"),
            ("args", "--token-count 5 --password-file /x/y"),
        ] {
            assert_eq!(masked(key, value), value, "{key}={value}");
        }
    }

    #[test]
    fn of_code_only_what_is_quoted_counts() {
        let literals = |text: &str| inside(text, Text::Code).iter().map(|f| text[f.range.clone()].to_owned()).collect::<Vec<_>>();
        assert_eq!(literals(r#"TOKEN = "hunter2""#), ["hunter2"]);
        assert_eq!(literals("os.environ['DB_PASSWORD'] = 'hunter2'"), ["hunter2"]);
        assert_eq!(literals("['--password', 'hunter2']"), ["hunter2"]);
        assert_eq!(literals("post(u, auth=('bob', 'hunter2'))"), ["hunter2"]);
        assert_eq!(literals(r#"{"spark.db.password"="hunter2", "a"=1}"#), ["hunter2"]);
        for code in [
            "password = get_password()",
            "f(password=password)",
            "token = os.environ['TOKEN']",
            r#"["--password=" + os.environ["DB_PASSWORD"], "x"]"#,
            "password: str",
            "x = password",
        ] {
            assert!(literals(code).is_empty(), "{code}");
        }
    }

    #[test]
    fn a_private_key_is_a_secret_as_a_whole() {
        assert_eq!(masked("x", "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b"), "a <secret> b");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(key in ".{0,12}", value in r#"(password|token|--?p|://|@|:|=|"|'|\\|[aé1 ]|Bearer |auth=\(|.){0,30}"#) {
            let out = masked(&key, &value);
            proptest::prop_assert!(out == value || out.contains(MASK));
            let _ = inside(&value, Text::Code);
        }
    }
}
