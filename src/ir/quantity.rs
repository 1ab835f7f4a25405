//! Sizes in the units of Spark, YARN and Kubernetes.
use std::fmt;

/// Mebibytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MiB(pub u64);

/// Whole CPU cores, as Spark counts them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cores(pub u32);

impl fmt::Display for MiB {
    /// With thousands separated, as reports print it: `5,632 MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut out = String::new();
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        write!(f, "{out} MiB")
    }
}

impl MiB {
    /// Reads a JVM size as Spark does (`JavaUtils.byteStringAs`): digits and one of `k`, `m`, `g`, `t`, `p`, each with an
    /// optional `b`, in any case, powers of 1024. A bare number is MiB, as `spark.driver.memory` and
    /// `spark.executor.memory` take it. `None` for anything else, for zero, and for a size that is not whole MiB.
    #[must_use]
    pub fn from_jvm(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().ok()?;
        let kib: u64 = match &text[digits..] {
            "k" | "kb" => 1,
            "" | "m" | "mb" => 1024,
            "g" | "gb" => 1024 * 1024,
            "t" | "tb" => 1024 * 1024 * 1024,
            "p" | "pb" => 1024 * 1024 * 1024 * 1024,
            _ => return None,
        };
        let kib = number.checked_mul(kib)?;
        (kib > 0 && kib % 1024 == 0).then_some(Self(kib / 1024))
    }

    /// The shortest JVM size that Spark reads as this: `1g`, `1536m`.
    #[must_use]
    pub fn to_jvm(self) -> String {
        if self.0.is_multiple_of(1024) { format!("{}g", self.0 / 1024) } else { format!("{}m", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn jvm_sizes() {
        for (text, mib) in [("1g", 1024), ("1G", 1024), ("2048", 2048), ("2048mb", 2048), ("1048576k", 1024), ("1t", 1 << 20)] {
            assert_eq!(MiB::from_jvm(text), Some(MiB(mib)), "{text}");
        }
        for text in ["", "g", "1.5g", "-1g", "0", "1x", "512k", "99999999999999999999g", "9999999999999p"] {
            assert_eq!(MiB::from_jvm(text), None, "{text}");
        }
        assert_eq!(MiB(5632).to_string(), "5,632 MiB");
        assert_eq!(MiB(999).to_string(), "999 MiB");
    }

    proptest! {
        #[test]
        fn a_written_size_reads_back(mib in 1_u64..1 << 40) {
            prop_assert_eq!(MiB::from_jvm(&MiB(mib).to_jvm()), Some(MiB(mib)));
        }
    }
}
