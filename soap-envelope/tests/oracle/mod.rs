//! A document seen by the scanner and by roxmltree, in one form; the fuzz targets use it too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use soap_envelope::Limits;
use soap_envelope::xml::{Event, QNameBuf, Scanner, XmlError, XmlErrorKind};

/// What a document says, comments and the borders of text aside.
#[derive(Debug, PartialEq)]
enum Item {
    Start(String, Vec<(String, String)>),
    End,
    Text(String),
    Instruction(String, String),
}

impl Item {
    fn without_cr(self) -> Item {
        match self {
            Item::Text(text) => Item::Text(text.replace('\r', "\n")),
            other => other,
        }
    }
}

/// Who read a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Both,
    Neither,
    /// Only roxmltree, where it is known to let pass what the specification forbids.
    Known,
}

/// Panics where the two differ in a way that is not known to be roxmltree's mistake.
pub(crate) fn compare(text: &str) -> Verdict {
    let ours = scan(text);
    let theirs = roxmltree::Document::parse_with_options(
        text,
        roxmltree::ParsingOptions { nodes_limit: 100_000, ..Default::default() },
    );
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let mut items = Vec::new();
            walk(&theirs, &mut items);
            // It keeps a carriage return before a reference, which §2.11 makes a line feed.
            let ours =
                if text.contains('\r') { ours.into_iter().map(Item::without_cr).collect() } else { ours };
            let items =
                if text.contains('\r') { items.into_iter().map(Item::without_cr).collect() } else { items };
            assert_eq!(ours, items, "{text:?}");
            Verdict::Both
        }
        (Err(_), Err(_)) => Verdict::Neither,
        (Err(error), Ok(_)) => {
            assert!(is_known(text, &error), "roxmltree reads {text:?}, ours: {error}");
            Verdict::Known
        }
        (Ok(_), Err(error)) => panic!("roxmltree refuses {text:?}: {error}"),
    }
}

/// Where roxmltree is laxer than the specifications.
fn is_known(text: &str, error: &XmlError) -> bool {
    match error.kind() {
        XmlErrorKind::Limit { .. } => true,
        // `xmlns:p=''` (Namespaces §3), and reserved names.
        XmlErrorKind::NamespaceDeclaration => true,
        // It skips what it takes for a declaration, and reads targets with a colon or of another case.
        XmlErrorKind::Declaration | XmlErrorKind::Instruction => text.contains("<?"),
        // Names that begin with a colon.
        XmlErrorKind::Name => {
            text.get(error.offset()..).is_some_and(|rest| rest.trim_start_matches('<').starts_with(':'))
        }
        _ => false,
    }
}

fn scan(text: &str) -> Result<Vec<Item>, XmlError> {
    let mut scanner = Scanner::new(text, &Limits::DEFAULT)?;
    let mut items = Vec::new();
    loop {
        let event = scanner.next_event()?;
        match event {
            Event::Start => {
                let attributes =
                    scanner.attributes().map(|a| (show(&a.name().to_owned()), a.value().into_owned()));
                items.push(Item::Start(show(&scanner.name().to_owned()), attributes.collect()));
            }
            Event::End => items.push(Item::End),
            Event::Text(piece) => push_text(&mut items, &piece.value()),
            Event::Instruction { target, data } => {
                items.push(Item::Instruction(target.to_owned(), data.to_owned()));
            }
            Event::Eof => return Ok(items),
            _ => {}
        }
    }
}

fn show(name: &QNameBuf) -> String {
    name.to_string()
}

fn push_text(items: &mut Vec<Item>, text: &str) {
    if let Some(Item::Text(last)) = items.last_mut() {
        last.push_str(text);
    } else if !text.is_empty() {
        items.push(Item::Text(text.to_owned()));
    }
}

/// Without recursion: the depth of the document is the fuzzer's choice.
fn walk(document: &roxmltree::Document<'_>, items: &mut Vec<Item>) {
    let name = |namespace: Option<&str>, local: &str| match namespace {
        None | Some("") => local.to_owned(),
        Some(namespace) => format!("{{{namespace}}}{local}"),
    };
    let root = document.root();
    let mut node = root;
    loop {
        match node.node_type() {
            roxmltree::NodeType::Element => {
                let attributes =
                    node.attributes().map(|a| (name(a.namespace(), a.name()), a.value().to_owned()));
                items.push(Item::Start(
                    name(node.tag_name().namespace(), node.tag_name().name()),
                    attributes.collect(),
                ));
            }
            roxmltree::NodeType::Text => push_text(items, node.text().unwrap_or_default()),
            roxmltree::NodeType::PI => {
                let pi = node.pi().unwrap();
                items.push(Item::Instruction(pi.target.to_owned(), pi.value.unwrap_or_default().to_owned()));
            }
            _ => {}
        }
        if let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            if node.is_element() {
                items.push(Item::End);
            }
            if node == root {
                return;
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return,
            }
        }
    }
}
