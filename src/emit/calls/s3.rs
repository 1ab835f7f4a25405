//! What a distributed Map reads from S3 and writes there: containers that only fetch and put. What items a file holds, and what the files of the results
//! are, the runtime's pod says ([`crate::simulate::eval`]).
//!
//! Without artifact storage all goes through parameters, so what is read has a limit; a longer text fails and is never cut.
use super::{AWS_CLI_IMAGE, OPTIONS, START, output, requested};
use crate::emit::yaml::{Node, Writer};
use crate::simulate::reader::Reading;
use crate::source::rules::plan::PLN131;
use crate::source::span::Origins;

/// What a container may give, in bytes of JSON text. The workflow keeps what a Map reads about twenty times, in 1 MiB of compressed JSON (Argo's documentation,
/// "Offloading Large Workflows"). Run on the controller: a CSV file of 172 KB with 2,000 rows runs through, one of 249 KB does not, and Argo then does not always say so.
pub const MOST_BYTES: usize = 131_072;

/// An object of a listing has about 150 bytes, so no more of them than this fit.
const MOST_OBJECTS: usize = 10_000;

/// The template that reads for a Map. It takes `input`, what the reader's `Parameters` are as JSON text. It gives `result` as the Map's part `items` takes it in
/// `found`, or `error`. `most`: the number of items that are wanted, where that is known.
#[must_use]
pub fn reader(template: &str, reading: Reading, most: Option<u64>, origins: &Origins) -> Node {
    requested(Writer(&PLN131), template, &[("input", "where to read, JSON text")], Vec::new(), reader_script(reading, most), origins)
}

/// The template that writes a Map's results. It takes them as the artifact `request`, as the Map's part `written` gives them; it gives `error`.
#[must_use]
pub fn writer(template: &str, origins: &Origins) -> Node {
    let w = Writer(&PLN131);
    let artifact = w.map().text("name", "request").text("path", FILES).build();
    let body =
        w.map().text("image", AWS_CLI_IMAGE).field("command", w.flow(w.list(vec![w.text("sh")]))).text("source", writer_script()).build();
    w.map()
        .field("name", w.text(template).from(origins))
        .field("inputs", w.map().field("artifacts", w.list(vec![artifact])).build())
        .field("outputs", w.map().field("parameters", w.list(vec![output(w, "error", "")])).build())
        .field("script", body)
        .build()
}

const FILES: &str = "/tmp/request.json";

fn reader_script(reading: Reading, most: Option<u64>) -> String {
    let failed = failed("States.ItemReaderFailed");
    let limit = format!(
        "test \"$(wc -c <result)\" -le {MOST_BYTES} || {{ rm result; fail States.ItemReaderFailed \\\n  \"emr2k8s: what was read has more than {MOST_BYTES} bytes as JSON \
         text, which is what a workflow can pass on\"; }}\n"
    );
    let request = "printf '%s' \"$REQUEST\" | jq -c 'with_entries(select(.value != null))' >request 2>problem || failed\n";
    let what = match reading {
        Reading::File => format!("{}get\njq -Rs . document >result\n", get()),
        Reading::Listing => format!("{}jq -c '[.Contents[]? | {LISTED}]' answer >result\n", list(most)),
        Reading::Files => format!("{}{}{}", get(), list(most), each()),
    };
    format!("{START}{failed}{request}{what}{limit}")
}

/// What went wrong, in the service's words alone.
fn failed(error: &str) -> String {
    format!(
        r#"failed() {{
  fail {error} "$(jq -Rrs 'sub("^\\s*(An error occurred [^:]*: )?"; "") | sub("\\s+(xargs: [^\\n]*\\s*)?$"; "")' problem)"
}}
"#
    )
}

/// The object that `request` names, to the file `document`: a byte more than may be, so that too much shows. Of an empty object there is no range.
fn get() -> String {
    format!(
        "get() {{\n{OPTIONS}xargs -0 -x aws s3api get-object --range=bytes=0-{MOST_BYTES} <options >got 2>problem || {{\n  grep -q '(InvalidRange)' problem || failed\n  : \
         >document\n}}\n}}\n"
    )
}

/// The objects that `request` asks for, to the file `answer`.
fn list(most: Option<u64>) -> String {
    let most = most.filter(|most| *most > 0 && *most < MOST_OBJECTS as u64);
    let wanted = most.unwrap_or(MOST_OBJECTS as u64);
    let all = format!(
        "jq -e 'has(\"NextToken\") | not' answer >listed || fail States.ItemReaderFailed \\\n  \"emr2k8s: there are more than {MOST_OBJECTS} objects, which is more than a \
         workflow can pass on\"\n"
    );
    format!(
        "aws s3api list-objects-v2 --cli-input-json file://request --max-items {wanted} >answer 2>problem || failed\ntest -s answer || echo '{{}}' >answer\n{}",
        if most.is_some() { "" } else { &all }
    )
}

/// jq: an object as a Map gets it. Version 1 of the command line writes fractions of seconds and a `Z`.
const LISTED: &str = r#"{Etag: .ETag, Key,
  LastModified: (.LastModified | sub("(\\.[0-9]+)?(Z|\\+00:00)$"; "Z") | fromdateiso8601), Size, StorageClass}"#;

/// Every object that was listed, one after the other, until it is too much.
fn each() -> String {
    format!(
        r#"mv answer listing
mv request where
: >files
for n in $(jq '.Contents // [] | keys[]' listing); do
  jq -c --slurpfile where where ".Contents[$n] | {{Key}} + (\$where[0] | {{Bucket, ExpectedBucketOwner}} | with_entries(select(.value != null)))" listing >request
  get
  jq -c --rawfile Body document '{{Key, $Body}}' request >>files
  test "$(wc -c <files)" -le {MOST_BYTES} || break
done
jq -cs . files >result
"#
    )
}

fn writer_script() -> String {
    format!("{START}{}{PUT}", failed("States.ResultWriterFailed"))
}

/// The manifest is the last of the files, so it names what is there.
const PUT: &str = r#"for n in $(jq '.Files | keys[]' /tmp/request.json); do
  jq -j ".Files[$n].Body" /tmp/request.json >body
  jq -c "del(.Files) + {Key: .Files[$n].Key}" /tmp/request.json >request
  aws s3api put-object --cli-input-json file://request --body body >answer 2>problem || failed
done
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::yaml::write;

    #[test]
    fn no_script_holds_a_tag_or_the_request() {
        for script in [
            reader_script(Reading::File, None),
            reader_script(Reading::Listing, Some(5)),
            reader_script(Reading::Files, None),
            writer_script(),
        ] {
            // A kubelet takes two dollars for one.
            assert!(!script.contains("{{") && !script.contains("$$") && !script.contains("$(("), "{script}");
        }
        assert!(reader_script(Reading::Listing, Some(5)).contains("--max-items 5 "));
        assert!(
            !reader_script(Reading::Listing, Some(5)).contains("NextToken")
                && reader_script(Reading::Listing, Some(0)).contains("NextToken")
        );
    }

    #[test]
    fn reader_and_writer_have_their_interface() {
        let text = write(&[], &PLN131, &[reader("read", Reading::File, None, &Origins::none())]).text();
        let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        assert_eq!(document["inputs"]["parameters"][0]["name"], "input");
        assert_eq!(document["outputs"]["parameters"][0]["valueFrom"]["default"], "null");
        let text = write(&[], &PLN131, &[writer("write", &Origins::none())]).text();
        let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        assert_eq!(document["inputs"]["artifacts"][0]["path"], FILES);
        assert_eq!(document["outputs"]["parameters"][0]["name"], "error");
    }
}
