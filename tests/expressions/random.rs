//! A reproducible source of chance, and JSON documents from it.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.bits() % bound as u64).expect("small")
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// JSON texts of strings that have been trouble.
const STRINGS: &[&str] = &[
    r#""film""#,
    r#""reel""#,
    r#""""#,
    r#""a,b;c""#,
    r#""ÄÖ größe""#,
    r#""😀 \ud83d\ude00""#,
    r#""{{workflow.name}} {{=1+1}}""#,
    r#""{{{{ }}}}""#,
    r#""quo\"te \\ back \n nl \u0001 \u007f </script>& ' % $(""#,
    r#""\u2028 \u00e9 \b\f\t""#,
    r#""12""#,
    r#""1.5""#,
    r#""-0""#,
    r#""null""#,
    r#""true""#,
    r#""{\"k\":1,\"a\":[1,2]}""#,
    r#""[1.50]""#,
    r#""{broken""#,
    r#""aGVsbG8=""#,
    r#""2026-01-31T10:00:00Z""#,
    r#""2026-01-31T10:00:00.000Z""#,
    r#""2026-02-30T10:00:00Z""#,
    r#""2026-01-31T10:00:00+01:00""#,
    r#""2026-01-31T10:00Z""#,
    r#""ﬀ￼""#,
    r#""a b  c""#,
    r#""the thing is missing, variable not in env""#,
    r#""ABC abc""#,
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "3",
    "7",
    "42",
    "1000",
    "123456789",
    "2147483647",
    "2147483648",
    "-2147483648",
    "999999999999999",
    "-999999999999999",
    "1.5",
    "-0.5",
    "2.5",
    "3.3",
    "0.001",
    "-1.49",
    "9999999.5",
];

/// What Argo does not read as Java does.
const NASTY_NUMBERS: &[&str] = &[
    "-0",
    "1.50",
    "1.0",
    "1e3",
    "1E-3",
    "0.0009",
    "10000000.5",
    "2147483647.5",
    "-2147483648.5",
    "0.30000000000000004",
    "0.0012345678901234567",
    "1234567.12345678",
    "1234567.123456789",
    "9999999.99999999",
    "0.49999999999999994",
    "5e-324",
    "1.7976931348623157e308",
    "100.0",
    "-0.001",
    "-2.5E-3",
    "9007199254740993",
    "123456789012345678901234567890",
    "0.1",
    "1e100",
    "-0.0",
    "1000000000000000",
];

impl Random {
    pub fn string(&mut self) -> String {
        self.pick(STRINGS).to_owned()
    }

    pub fn number(&mut self, nasty: bool) -> String {
        if nasty && self.one_in(3) { self.pick(NASTY_NUMBERS).to_owned() } else { self.pick(NUMBERS).to_owned() }
    }

    /// Any value.
    pub fn value(&mut self, depth: usize, nasty: bool) -> String {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => "null".to_owned(),
            1 => self.pick(&["true", "false"]).to_owned(),
            2 | 3 => self.number(nasty),
            4 => self.string(),
            5 => self.list(depth - 1, nasty),
            _ => {
                let count = self.below(4);
                let entries: Vec<String> = (0..count)
                    .map(|_| format!("\"{}\": {}", self.pick(&["a", "b", "n", "k", "x-y", "name"]), self.value(depth - 1, nasty)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn list(&mut self, depth: usize, nasty: bool) -> String {
        let count = self.below(4);
        let items: Vec<String> = (0..count).map(|_| self.value(depth, nasty)).collect();
        format!("[{}]", items.join(if nasty { " , " } else { "," }))
    }

    /// A document as pipelines have it: what the states of these tests look for is there, and has the type that they expect.
    pub fn ordinary(&mut self) -> String {
        let list = |random: &mut Self, item: &dyn Fn(&mut Self) -> String, least: usize| {
            let count = least + random.below(4);
            format!("[{}]", (0..count).map(|_| item(random)).collect::<Vec<_>>().join(","))
        };
        let numbers = list(self, &|random| random.below(100).to_string(), 2);
        let words = list(self, &|random| random.pick(&["\"film\"", "\"reel\"", "\"still\""]).to_owned(), 2);
        let items = list(
            self,
            &|random| format!(r#"{{"id":{},"name":{},"tags":["x","y"]}}"#, random.below(50), random.pick(&["\"film\"", "\"reel\""])),
            2,
        );
        format!(
            r#"{{"name":{},"count":{},"flag":{},"nil":null,"words":{words},"numbers":{numbers},"items":{items},"matrix":[[1,2],[3,4]],"when":"2026-0{}-1{}T10:00:00Z","index":{},"a":{{"b":{},"n":{},"c":{{"d":"deep"}},"list":[1,2,3]}},"x-y":{{"k":{}}},"b64":"aGVsbG8=","json":"{{\"k\":{}}}","number":"{}","größe":"ü","seconds":{},"price":{},"rates":[1.5,2.25,{}],"sep":{},"hash":{},"blank":{},"mixed":[[1,2],{{"a":1}},"[1, 2]",2,null,{}],"most":{}}}"#,
            self.pick(&["\"film\"", "\"reel\"", "\"a film\"", "\"a,b;c\"", "\"say \\\"hi\\\"\""]),
            self.below(1000),
            self.pick(&["true", "false"]),
            1 + self.below(9),
            self.below(10),
            self.below(2),
            self.pick(&["\"x\"", "\"film\""]),
            self.below(10),
            self.below(10),
            self.below(10),
            self.below(1000),
            self.below(600),
            self.pick(&["1.5", "-0.5", "2.5", "99.99", "0.5", "3", "-2.75", "0.001"]),
            self.pick(&["3", "0.75"]),
            self.pick(&["\",\"", "\",;\"", "\" \"", "\"lf\"", "\"é😀\""]),
            self.pick(&["\"SHA-1\"", "\"SHA-256\"", "\"SHA-512\"", "\"SHA-256\""]),
            self.pick(&["\"\"", "\" null \"", "\"\\n\"", "\"0\"", "\"1.25\""]),
            self.pick(&["\"film\"", "1.5", "[]", "\"{a=1}\""]),
            self.pick(&["0", "1", "5", "50"]),
        )
    }

    /// A document that is none of this, or in which something is amiss.
    pub fn nasty(&mut self) -> String {
        if self.one_in(12) {
            return self.value(2, true);
        }
        let mut document = emr2k8s::simulate::value::Value::parse(&self.ordinary()).expect("JSON");
        // By fields, so that what follows keeps its text.
        let mut fields: Vec<(String, String)> = Vec::new();
        if let emr2k8s::simulate::value::Value::Object(object) = &mut document {
            fields.extend(object.iter().map(|(key, value)| (key.to_string(), value.to_json())));
        }
        for _ in 0..=self.below(4) {
            let at = self.below(fields.len());
            match self.below(5) {
                0 => {
                    fields.remove(at);
                }
                1 => {
                    let key = fields[at].0.clone();
                    let value = self.value(2, true);
                    fields.push((key, value));
                }
                2 => fields.push((self.pick(&["extra", "k", "b"]).to_owned(), self.value(1, true))),
                _ => fields[at].1 = self.value(3, true),
            }
        }
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }
}
