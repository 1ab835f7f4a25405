//! Expressions of Argo's language (expr-lang 1.17) as a tree, and their text.
//!
//! The text must live in three places at once: in a manifest, in a `{{=…}}` tag and in an output's `expression`. So it never holds two braces in a
//! row (the first `}}` ends a tag), no backslash but before `x` (Argo mends `\u003c` and its like in the text of a tag, wherever they stand),
//! and none of the phrases by which the controller tells a variable that is not there yet: a failure with one would be tried for ever.
use std::fmt::Write as _;

/// The most elements of a range ("You can't specify a range of more than 1000", AWS Step Functions Developer Guide, `States.ArrayRange`).
pub(super) const RANGE: usize = 1_000;

/// A JSON text that a template of the workflow has at hand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Root {
    /// The state's document.
    Document,
    /// All variables, one object.
    Variables,
    /// What a task gave.
    Result,
    /// `{"Error", "Cause"}`.
    Error,
    /// The execution's input.
    Input,
}

impl Root {
    pub(super) const ALL: [Root; 5] = [Root::Document, Root::Variables, Root::Result, Root::Error, Root::Input];

    /// What the parsed value is called where it is bound.
    pub(super) fn word(self) -> &'static str {
        match self {
            Root::Document => "document",
            Root::Variables => "variables",
            Root::Result => "result",
            Root::Error => "failure",
            Root::Input => "execution",
        }
    }
}

/// A tree.
#[derive(Clone, PartialEq, Debug)]
pub enum Ast {
    /// An expression that is given; it must hold together without parentheses.
    Raw(String),
    Text(String),
    Int(i64),
    /// Digits with a fraction, and a sign where it is negative.
    Decimal(String),
    Bool(bool),
    Nil,
    /// A regular expression of ours, without backquotes.
    Regex(&'static str),
    /// A root's text.
    Source(Root),
    /// A root's value.
    Parsed(Root),
    /// The same, of its own: `sprig.set` changes what it is given.
    Fresh(Root),
    /// `#`, in the predicate of [`Ast::Each`].
    Element,
    Field(Box<Ast>, String),
    At(Box<Ast>, Box<Ast>),
    /// `x[from:to]`.
    Slice(Box<Ast>, Option<i64>, Option<i64>),
    Call(&'static str, Vec<Ast>),
    /// `x.Method()`.
    Method(Box<Ast>, &'static str),
    /// `all(list, predicate)` and its kin.
    Each(&'static str, Box<Ast>, Box<Ast>),
    Not(Box<Ast>),
    Binary(&'static str, Box<Ast>, Box<Ast>),
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    List(Vec<Ast>),
    Map(Vec<(String, Ast)>),
    /// A choice of texts, the first of which writes what it reads anew where the guard asks whether it may.
    Spliced(Box<Ast>, Box<Ast>, Box<Ast>),
}

/// What holds of a value that an expression gives, where that is known without looking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
}

impl Type {
    /// As `type()` says it of a value that was read from JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Type::Null => "nil",
            Type::Bool => "bool",
            Type::Number => "float",
            Type::Text => "string",
            Type::List => "array",
            Type::Map => "map",
        }
    }
}

pub(super) fn text(text: impl Into<String>) -> Ast {
    Ast::Text(text.into())
}

pub(super) fn call(name: &'static str, arguments: impl IntoIterator<Item = Ast>) -> Ast {
    Ast::Call(name, arguments.into_iter().collect())
}

pub(super) fn each(name: &'static str, list: Ast, predicate: Ast) -> Ast {
    Ast::Each(name, Box::new(list), Box::new(predicate))
}

pub(super) fn binary(operator: &'static str, left: Ast, right: Ast) -> Ast {
    // Argo refuses to compare literals of two types.
    let literal = |ast: &Ast| matches!(ast, Ast::Text(_) | Ast::Int(_) | Ast::Bool(_) | Ast::Nil);
    if literal(&left) && literal(&right) {
        match operator {
            "==" => return Ast::Bool(left == right),
            "!=" => return Ast::Bool(left != right),
            _ => {}
        }
    }
    if matches!(operator, "==" | "!=")
        && let (Some(left), Some(right)) = (left.known_type(), right.known_type())
        && left != right
    {
        return Ast::Bool(operator == "!=");
    }
    Ast::Binary(operator, Box::new(left), Box::new(right))
}

pub(super) fn field(of: Ast, name: impl Into<String>) -> Ast {
    Ast::Field(Box::new(of), name.into())
}

pub(super) fn at(of: Ast, index: Ast) -> Ast {
    Ast::At(Box::new(of), Box::new(index))
}

/// `type(x) == "…"`.
pub(super) fn is(value: Ast, wanted: Type) -> Ast {
    match value.known_type() {
        Some(known) => Ast::Bool(known == wanted),
        None => binary("==", call("type", [value]), text(wanted.word())),
    }
}

/// `not x`, without a double negation.
pub(super) fn not(of: Ast) -> Ast {
    match of {
        Ast::Bool(value) => Ast::Bool(!value),
        Ast::Not(inner) => *inner,
        Ast::Binary("==", left, right) => Ast::Binary("!=", left, right),
        Ast::Binary("!=", left, right) => Ast::Binary("==", left, right),
        other => Ast::Not(Box::new(other)),
    }
}

/// `a and b`, folded where one is known.
pub(super) fn and(left: Ast, right: Ast) -> Ast {
    match (left, right) {
        (Ast::Bool(true), other) | (other, Ast::Bool(true)) => other,
        (Ast::Bool(false), _) => Ast::Bool(false),
        (left, right) => binary("and", left, right),
    }
}

/// `a or b`, folded where one is known.
pub(super) fn or(left: Ast, right: Ast) -> Ast {
    match (left, right) {
        (Ast::Bool(false), other) | (other, Ast::Bool(false)) => other,
        (Ast::Bool(true), _) => Ast::Bool(true),
        (left, right) => binary("or", left, right),
    }
}

pub(super) fn all(conditions: impl IntoIterator<Item = Ast>) -> Ast {
    conditions.into_iter().fold(Ast::Bool(true), and)
}

/// `c ? a : b`, folded where that is possible.
pub(super) fn when(condition: Ast, then: Ast, otherwise: Ast) -> Ast {
    match condition {
        Ast::Bool(true) => then,
        Ast::Bool(false) => otherwise,
        _ if then == otherwise => then,
        Ast::Not(condition) => Ast::If(condition, Box::new(otherwise), Box::new(then)),
        condition => Ast::If(Box::new(condition), Box::new(then), Box::new(otherwise)),
    }
}

/// Texts one behind the other; neighbours that are known become one.
pub(super) fn concat(parts: impl IntoIterator<Item = Ast>) -> Ast {
    let mut joined: Vec<Ast> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Ast::Text(last)), Ast::Text(next)) => last.push_str(&next),
            (_, Ast::Text(next)) if next.is_empty() => {}
            (_, part) => joined.push(part),
        }
    }
    joined.into_iter().reduce(|left, right| binary("+", left, right)).unwrap_or_else(|| text(""))
}

impl Ast {
    /// The type of the value, where the form of the expression tells.
    pub(super) fn known_type(&self) -> Option<Type> {
        Some(match self {
            Ast::Text(_) | Ast::Source(_) | Ast::Regex(_) | Ast::Spliced(..) => Type::Text,
            Ast::Int(_) | Ast::Decimal(_) | Ast::Method(..) => Type::Number,
            Ast::Bool(_) | Ast::Not(_) => Type::Bool,
            Ast::Nil => Type::Null,
            Ast::List(_) => Type::List,
            Ast::Map(_) => Type::Map,
            Ast::Each(name, ..) => match *name {
                "all" | "any" | "none" | "one" => Type::Bool,
                "map" | "filter" => Type::List,
                _ => return None,
            },
            Ast::Call(name, of) => match *name {
                "toJson" | "string" | "type" | "upper" | "lower" | "toBase64" | "fromBase64" | "join" | "replace" | "sprig.sha1sum"
                | "sprig.sha256sum" | "sprig.sha512sum" | "sprig.uuidv4" | "sprig.replace" | "trim" => Type::Text,
                "len" | "int" | "abs" | "floor" | "sum" | "max" | "min" | "float" | "sprig.randInt" => Type::Number,
                "split" | "concat" | "sprig.chunk" => Type::List,
                "sprig.set" | "sprig.omit" | "sprig.pick" => Type::Map,
                "reduce" => return of.get(1).and_then(Ast::known_type),
                _ => return None,
            },
            Ast::Binary(operator, left, right) => match *operator {
                "+" if left.known_type() == Some(Type::Text) || right.known_type() == Some(Type::Text) => Type::Text,
                "+" if left.known_type() != Some(Type::Number) && right.known_type() != Some(Type::Number) => return None,
                "+" | "-" | "*" | "/" | "%" => Type::Number,
                "??" => return None,
                ".." => Type::List,
                _ => Type::Bool,
            },
            Ast::If(_, then, otherwise) => return then.known_type().filter(|known| otherwise.known_type() == Some(*known)),
            Ast::Raw(_) | Ast::Parsed(_) | Ast::Fresh(_) | Ast::Element | Ast::Field(..) | Ast::At(..) | Ast::Slice(..) => return None,
        })
    }

    fn children(&self) -> Vec<&Ast> {
        match self {
            Ast::Field(a, _) | Ast::Not(a) | Ast::Slice(a, ..) | Ast::Method(a, _) => vec![a],
            Ast::At(a, b) | Ast::Each(_, a, b) | Ast::Binary(_, a, b) => vec![a, b],
            Ast::If(a, b, c) | Ast::Spliced(a, b, c) => vec![a, b, c],
            Ast::Call(_, all) | Ast::List(all) => all.iter().collect(),
            Ast::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }

    /// How often a root's value is read.
    pub(super) fn reads(&self, root: Root) -> usize {
        usize::from(*self == Ast::Parsed(root)) + self.children().into_iter().map(|child| child.reads(root)).sum::<usize>()
    }

    /// The same without what is known to hold where it stands; `known` grows by what must hold for it to be true.
    pub(super) fn simplified(self, known: &mut Vec<Ast>) -> Ast {
        if known.contains(&self) {
            return Ast::Bool(true);
        }
        match self {
            Ast::Binary("and", left, right) => {
                let left = left.simplified(known);
                let right = right.simplified(known);
                and(left, right)
            }
            Ast::Binary("or", left, right) => {
                let left = left.simplified(&mut known.clone());
                let mut beyond = known.clone();
                not(left.clone()).assumed(&mut beyond);
                or(left, right.simplified(&mut beyond))
            }
            Ast::If(condition, then, otherwise) => {
                let condition = condition.simplified(&mut known.clone());
                let (mut on, mut off) = (known.clone(), known.clone());
                condition.clone().assumed(&mut on);
                not(condition.clone()).assumed(&mut off);
                when(condition, then.simplified(&mut on), otherwise.simplified(&mut off))
            }
            other => {
                other.clone().assumed(known);
                other
            }
        }
    }

    /// Adds what holds where this is true.
    fn assumed(self, known: &mut Vec<Ast>) {
        match self {
            Ast::Binary("and", left, right) => {
                left.assumed(known);
                right.assumed(known);
            }
            other => {
                if let Ast::Binary("==", left, word) = &other
                    && let (Ast::Call("type", of), Ast::Text(word)) = (&**left, &**word)
                    && let [Ast::Field(parent, name)] = of.as_slice()
                    && word != "nil"
                {
                    known.push(binary("in", text(name.as_str()), (**parent).clone()));
                }
                known.push(other);
            }
        }
    }

    pub(super) fn any_child(&self, of: &dyn Fn(&Ast) -> bool) -> bool {
        self.children().into_iter().any(of)
    }

    /// Whether a root is parsed.
    pub(super) fn parses(&self, root: Root) -> bool {
        matches!(self, Ast::Parsed(of) | Ast::Fresh(of) if *of == root) || self.children().into_iter().any(|child| child.parses(root))
    }

    /// Whether a root is written anew without the guard's asking for it.
    pub(super) fn writes(&self, root: Root) -> bool {
        match self {
            Ast::Spliced(_, _, spliced) => spliced.writes(root),
            Ast::Parsed(of) | Ast::Fresh(of) => *of == root,
            // A length is no part of its object.
            Ast::Call("len", of) if matches!(of.as_slice(), [Ast::Parsed(_)]) => false,
            other => other.children().into_iter().any(|child| child.writes(root)),
        }
    }

    /// Whether it speaks of the element of a predicate around it.
    pub(super) fn has_element(&self) -> bool {
        match self {
            Ast::Element => true,
            Ast::Each(_, list, _) => list.has_element(),
            Ast::Call("reduce", all) => all.first().is_some_and(Ast::has_element),
            other => other.children().into_iter().any(Ast::has_element),
        }
    }

    /// How many calls give another value each time.
    pub(super) fn draws(&self) -> usize {
        usize::from(matches!(self, Ast::Call("sprig.uuidv4" | "sprig.randInt", _)))
            + self.children().into_iter().map(Ast::draws).sum::<usize>()
    }

    /// How many times longer than all roots together the JSON of this value can be, constants apart.
    #[expect(clippy::match_same_arms, reason = "each has a reason of its own")]
    pub(super) fn growth(&self) -> usize {
        if matches!(self.known_type(), Some(Type::Null | Type::Bool | Type::Number)) {
            return 0;
        }
        match self {
            Ast::Source(_) | Ast::Parsed(_) | Ast::Fresh(_) | Ast::Raw(_) => 1,
            // An element is no longer than its list, and all of them together are not.
            Ast::Element => 0,
            Ast::Field(of, _) | Ast::Slice(of, ..) | Ast::At(of, _) => of.growth(),
            // A text of JSON has an escape before each quote and each escape.
            Ast::Call("toJson" | "sprig.toRawJson" | "toBase64", all) => 2 * all.iter().map(Ast::growth).sum::<usize>(),
            Ast::Call("sprig.sha1sum" | "sprig.sha256sum" | "sprig.sha512sum" | "type" | "sprig.uuidv4", _) => 0,
            Ast::Call("upper" | "lower", all) => 3 * all.iter().map(Ast::growth).sum::<usize>(),
            Ast::If(_, a, b) => a.growth().max(b.growth()),
            // What is read in a predicate may be read for each element.
            Ast::Each(_, list, each) => list.growth() * 2 + each.growth() * 1000,
            other => other.children().into_iter().map(Ast::growth).sum(),
        }
    }

    /// The length of all constants in bytes.
    pub(super) fn constants(&self) -> usize {
        match self {
            Ast::Text(text) => text.len() * 2,
            // Ranges are kept to that many by those who make them.
            Ast::Each("map", list, each) if matches!(**list, Ast::Binary("..", ..)) => RANGE * (1 + each.constants()),
            _ if matches!(self.known_type(), Some(Type::Null | Type::Bool | Type::Number)) => 25,
            Ast::Map(entries) => entries.iter().map(|(key, value)| key.len() + 5 + value.constants()).sum::<usize>() + 2,
            other => 20 + other.children().into_iter().map(Ast::constants).sum::<usize>(),
        }
    }
}

/// How roots are written.
pub(super) struct Printer<'n> {
    /// The text of a root, as the template has it.
    pub source: &'n dyn Fn(Root) -> String,
    /// The name that a parsed root is bound to, outside of predicates and within them; `None`: not bound.
    pub outside: &'n dyn Fn(Root) -> Option<String>,
    pub within: &'n dyn Fn(Root) -> Option<String>,
}

/// How tightly operators bind (expr-lang, `parser/operator/operator.go`, 1.17.7).
fn strength(operator: &str) -> u8 {
    match operator {
        "or" => 10,
        "and" => 15,
        "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "matches" | "contains" | "startsWith" | "endsWith" => 20,
        ".." => 25,
        "+" | "-" => 30,
        "*" | "/" | "%" => 60,
        _ => 0,
    }
}

/// Of what is behind every operator.
const ATOM: u8 = 100;

impl Printer<'_> {
    pub(super) fn print(&self, ast: &Ast) -> String {
        let mut out = String::new();
        self.write(ast, 0, false, &mut out);
        // Nested calls and maps end in braces side by side.
        while out.contains("}}") {
            out = out.replace("}}", "} }");
        }
        while out.contains("{{") {
            out = out.replace("{{", "{ {");
        }
        out
    }

    fn list<'a>(&self, all: impl IntoIterator<Item = &'a Ast>, within: bool, out: &mut String) {
        for (index, ast) in all.into_iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.write(ast, 0, within, out);
        }
    }

    /// `least`: what binds weaker needs parentheses.
    fn write(&self, ast: &Ast, least: u8, within: bool, out: &mut String) {
        let own = match ast {
            Ast::If(..) | Ast::Spliced(..) => 1,
            Ast::Binary(operator, ..) => strength(operator),
            Ast::Not(_) => 50,
            Ast::Int(int) if *int < 0 => 70,
            Ast::Decimal(digits) if digits.starts_with('-') => 70,
            _ => ATOM,
        };
        let parentheses = own < least;
        if parentheses {
            out.push('(');
        }
        match ast {
            Ast::Raw(text) => out.push_str(text),
            Ast::Text(text) => write_text(text, out),
            Ast::Int(int) => {
                let _ = write!(out, "{int}");
            }
            Ast::Decimal(digits) => out.push_str(digits),
            Ast::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Ast::Nil => out.push_str("nil"),
            Ast::Regex(regex) => {
                let _ = write!(out, "`{regex}`");
            }
            Ast::Source(root) => out.push_str(&(self.source)(*root)),
            Ast::Fresh(root) => {
                let _ = write!(out, "fromJSON({})", (self.source)(*root));
            }
            Ast::Parsed(root) => match if within { (self.within)(*root) } else { (self.outside)(*root) } {
                Some(name) => out.push_str(&name),
                None => {
                    let _ = write!(out, "fromJSON({})", (self.source)(*root));
                }
            },
            Ast::Element => out.push('#'),
            Ast::Field(of, name) => {
                self.write(of, ATOM, within, out);
                if is_identifier(name) {
                    out.push('.');
                    out.push_str(name);
                } else {
                    out.push('[');
                    write_text(name, out);
                    out.push(']');
                }
            }
            Ast::At(of, index) => {
                self.write(of, ATOM, within, out);
                out.push('[');
                self.write(index, 0, within, out);
                out.push(']');
            }
            Ast::Slice(of, from, to) => {
                self.write(of, ATOM, within, out);
                let bound = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
                let _ = write!(out, "[{}:{}]", bound(from), bound(to));
            }
            Ast::Call(name, arguments) => {
                out.push_str(name);
                out.push('(');
                for (at, argument) in arguments.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    // What `reduce` does with each element is a predicate, and what it begins with is evaluated within it.
                    self.write(argument, 0, within || (*name == "reduce" && at > 0), out);
                }
                out.push(')');
            }
            Ast::Method(of, name) => {
                self.write(of, ATOM, within, out);
                let _ = write!(out, ".{name}()");
            }
            Ast::Each(name, list, predicate) => {
                out.push_str(name);
                out.push('(');
                self.write(list, 0, within, out);
                out.push_str(", ");
                // A brace would open a block.
                let block = matches!(**predicate, Ast::Map(_));
                out.push_str(if block { "(" } else { "" });
                self.write(predicate, 0, true, out);
                out.push_str(if block { "))" } else { ")" });
            }
            Ast::Not(of) => {
                out.push_str("not ");
                self.write(of, ATOM, within, out);
            }
            Ast::Binary(operator, left, right) => {
                self.write(left, own, within, out);
                let _ = write!(out, " {operator} ");
                // Chains of one logical operator read the same however they are grouped; others group to the left.
                let right_least = if matches!(&**right, Ast::Binary(same, ..) if same == operator && matches!(*operator, "and" | "or")) {
                    own
                } else {
                    own + 1
                };
                self.write(right, right_least, within, out);
            }
            Ast::If(condition, then, otherwise) | Ast::Spliced(condition, then, otherwise) => {
                self.write(condition, 2, within, out);
                out.push_str(" ? ");
                self.write(then, 2, within, out);
                out.push_str(" : ");
                self.write(otherwise, 0, within, out);
            }
            Ast::List(items) => {
                out.push('[');
                self.list(items, within, out);
                out.push(']');
            }
            Ast::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    write_text(key, out);
                    out.push_str(": ");
                    self.write(value, 0, within, out);
                }
                out.push('}');
            }
        }
        if parentheses {
            out.push(')');
        }
    }
}

/// What may stand behind a dot. (Words of the language may, too, but need not be known here.)
fn is_identifier(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "not",
        "and",
        "or",
        "in",
        "matches",
        "contains",
        "startsWith",
        "endsWith",
        "let",
        "if",
        "else",
        "true",
        "false",
        "nil",
        "missing",
        "env",
    ];
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && !WORDS.contains(&name)
}

fn write_text(text: &str, out: &mut String) {
    let quote = if text.contains('"') && !text.contains('\'') { '\'' } else { '"' };
    out.push(quote);
    let mut last = ' ';
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '{' | '}' if last == character => escape(character, out),
            // Of ` is missing` and `variable not in env`.
            'm' if out.ends_with(" is ") => escape(character, out),
            'n' if out.ends_with("variable ") => escape(character, out),
            character if character == quote || character == '\\' || character < ' ' || character == '\u{7f}' => escape(character, out),
            other => out.push(other),
        }
        last = character;
    }
    out.push(quote);
}

/// A character below 128.
fn escape(character: char, out: &mut String) {
    let _ = write!(out, "\\x{:02x}", u32::from(character));
}
