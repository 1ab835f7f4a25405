//! Rules of the emitters: what wrote a line of the output.
crate::rules! {
    EMI001 "manifest" r"A line that every manifest of its kind has: `apiVersion`, `kind`, names, and the structure that the API asks for.";
}
