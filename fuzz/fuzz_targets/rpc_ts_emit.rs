//! Any schemas as the types of a procedure: emitting refuses or gives a file that a small reader of the grammar takes, with
//! every bracket, string and comment closed where it should be.
#![no_main]

use std::borrow::Cow;
use std::cell::RefCell;

use rpc_typed::{BigIntegers, Query, Router, Rpc, Ts, query};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

#[derive(Debug, arbitrary::Arbitrary)]
enum Node {
    Text,
    Integer(u8),
    Null,
    Any(bool),
    Constant(String),
    Enum(Vec<String>),
    Numbers(Vec<i8>),
    List(Box<Node>),
    Tuple(Vec<Node>, bool),
    Object(Vec<(String, Node, bool, Option<String>)>, Option<Box<Node>>),
    Pattern(Box<Node>),
    AnyOf(Vec<Node>),
    AllOf(Vec<Node>),
    Types(Box<Node>),
    Named(u8),
}

impl Node {
    fn schema(&self) -> Value {
        match self {
            Node::Text => json!({ "type": "string" }),
            Node::Integer(n) => {
                let formats = ["int32", "uint8", "int64", "uint64", "int128", "uint"];
                let format = formats[usize::from(*n) % formats.len()];
                if n % 2 == 0 {
                    json!({ "type": "integer", "format": format, "minimum": 0, "maximum": 1000 })
                } else {
                    json!({ "type": "integer", "format": format })
                }
            }
            Node::Null => json!({ "type": "null" }),
            Node::Any(any) => json!(any),
            Node::Constant(text) => json!({ "const": text }),
            Node::Enum(texts) => json!({ "type": "string", "enum": texts }),
            Node::Numbers(numbers) => json!({ "enum": numbers }),
            Node::List(item) => json!({ "type": "array", "items": item.schema() }),
            Node::Tuple(items, closed) => {
                let items: Vec<Value> = items.iter().map(Node::schema).collect();
                match closed {
                    true => {
                        json!({ "type": "array", "minItems": items.len(), "maxItems": items.len(), "prefixItems": items })
                    }
                    false => json!({ "type": "array", "minItems": items.len() / 2, "prefixItems": items }),
                }
            }
            Node::Object(members, rest) => {
                let mut schema = json!({ "type": "object" });
                let mut required = Vec::new();
                for (name, node, needed, comment) in members {
                    let mut member = node.schema();
                    if let (Value::Object(member), Some(comment)) = (&mut member, comment) {
                        member.insert("description".into(), comment.as_str().into());
                    }
                    schema["properties"][name] = member;
                    if *needed {
                        required.push(name);
                    }
                }
                schema["required"] = json!(required);
                if let Some(rest) = rest {
                    schema["additionalProperties"] = rest.schema();
                }
                schema
            }
            Node::Pattern(node) => {
                json!({ "type": "object", "patternProperties": { "^x$": node.schema() }, "additionalProperties": false })
            }
            Node::AnyOf(nodes) => json!({ "anyOf": nodes.iter().map(Node::schema).collect::<Vec<_>>() }),
            Node::AllOf(nodes) => json!({ "allOf": nodes.iter().map(Node::schema).collect::<Vec<_>>() }),
            Node::Types(node) => {
                let mut schema = node.schema();
                if let Some(ty) = schema.get("type").filter(|ty| ty.is_string()).cloned() {
                    schema["type"] = json!([ty, "null"]);
                }
                schema
            }
            Node::Named(n) => {
                json!({ "$ref": format!("#/$defs/{}", if n % 2 == 0 { "Case" } else { "Nowhere" }) })
            }
        }
    }
}

thread_local! {
    static CASE: RefCell<(String, Value)> = RefCell::default();
}

/// A type whose name and schema are those of the case.
#[derive(serde::Serialize, serde::Deserialize)]
struct Case;

impl JsonSchema for Case {
    fn schema_name() -> Cow<'static, str> {
        CASE.with_borrow(|(name, _)| if name.is_empty() { "Case".into() } else { name.clone().into() })
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        CASE.with_borrow(|(_, schema)| schema.clone()).try_into().unwrap_or_default()
    }
}

/// Reads the file as far as brackets, strings, comments and members go.
fn check(text: &str) -> Result<(), String> {
    let (mut open, mut rest) = (Vec::new(), text.chars().peekable());
    let mut last = '\n';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '/' if rest.peek() == Some(&'*') => {
                let mut before = ' ';
                rest.next();
                loop {
                    match rest.next().ok_or("a comment without end")? {
                        '/' if before == '*' => break,
                        c => before = c,
                    }
                }
                continue;
            }
            '"' | '\'' => loop {
                match rest.next().ok_or("a string without end")? {
                    '\\' => drop(rest.next()),
                    '\n' | '\r' | '\u{2028}' | '\u{2029}' => return Err("a line end in a string".into()),
                    end if end == c => break,
                    _ => {}
                }
            },
            '(' | '[' | '{' | '<' => open.push(c),
            ')' | ']' | '}' => {
                let pair = matches!((open.pop(), c), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}'));
                if !pair || matches!(last, '|' | '&' | ':') {
                    return Err(format!("{c} behind {last}"));
                }
            }
            '>' if last == '=' => {}
            '>' => {
                if open.pop() != Some('<') {
                    return Err("a > of its own".into());
                }
            }
            '|' | '&' if matches!(last, '|' | '&' | ':' | '(' | '[' | '{' | '=') => {
                return Err(format!("{c} behind {last}"));
            }
            ';' if matches!(last, ';' | '|' | '&' | ':' | '=' | '{') => {
                return Err(format!("; behind {last}"));
            }
            c if c.is_ascii_alphanumeric() || " \n_$.,:;=|&?*@-".contains(c) => {}
            other => return Err(format!("{other:?} stands bare")),
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} is not closed")) }
}

libfuzzer_sys::fuzz_target!(|case: (Node, String, bool)| {
    const GET: Query<Vec<Case>, Option<Case>> = query("a.get");
    let (node, name, numbers) = case;
    CASE.set((name, node.schema()));
    let app = Router::new().handle(GET, Rpc::<()>::new().run(|(), _| async { Ok(None) })).build().unwrap();
    let ts = if numbers { Ts::default().big_integers(BigIntegers::Number) } else { Ts::default() };
    match app.emit_ts(&ts) {
        Ok(file) => {
            if let Err(what) = check(&file) {
                panic!("{what}:\n{file}");
            }
            assert!(file.contains("export type AppRouter = TRPCBuiltRouter<"));
        }
        Err(error) => assert!(error.to_string().contains(": ")),
    }
});
