//! Base64 and hashes. `None`: the arguments do not fit.
use super::java_text;
use crate::simulate::value::Value;
use sha2::Digest as _;

/// "You can encode/decode/hash up to 10,000 characters" (AWS Step Functions Developer Guide, "Intrinsic functions").
const LONGEST: usize = 10_000;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn within_limit(text: &str) -> bool {
    text.encode_utf16().count() <= LONGEST
}

pub(super) fn base64(text: &Value) -> Option<Value> {
    let text = text.as_str().filter(|text| within_limit(text))?;
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    Some(Value::string(out))
}

/// As lenient as AWS: foreign characters are skipped, the first `=` ends the text, padding may be missing, `-` and `_` count as `+` and `/`.
pub(super) fn from_base64(text: &Value) -> Option<Value> {
    let text = text.as_str().filter(|text| within_limit(text))?;
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let byte = match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let Some(digit) = ALPHABET.iter().position(|digit| *digit == byte) else { continue };
        bits = bits << 6 | u32::try_from(digit).unwrap_or(0);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap_or(0));
        }
    }
    Some(Value::string(String::from_utf8_lossy(&bytes)))
}

/// In hexadecimal. What is no text is hashed as it prints.
pub(super) fn hash(data: &Value, algorithm: &Value) -> Option<Value> {
    let data = java_text(data);
    if !within_limit(&data) {
        return None;
    }
    let hex = |bytes: &[u8]| Value::string(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Some(match algorithm.as_str()? {
        "MD5" => hex(&md5::Md5::digest(&data)),
        "SHA-1" => hex(&sha1::Sha1::digest(&data)),
        "SHA-256" => hex(&sha2::Sha256::digest(&data)),
        "SHA-384" => hex(&sha2::Sha384::digest(&data)),
        "SHA-512" => hex(&sha2::Sha512::digest(&data)),
        _ => return None,
    })
}
