//! A namespaced list message of about 1.4 MB, decoded into typed values by `soap-envelope` and by quick-xml's serde, on the same bytes.
//!
//! Ours checks well-formedness, namespaces and the order of elements, and reads the envelope too; quick-xml's serde is blind to
//! prefixes, so it checks less. Three readings without values stand beside them: our events, quick-xml's `NsReader` events and
//! the tree of roxmltree. The floor finds each `<` and `&` with `memchr2` and does nothing else.
#![allow(clippy::expect_used, missing_docs, reason = "a bench stops by panicking and exports nothing")]

use std::{fmt::Write as _, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quick_xml::NsReader;
use quick_xml::events::Event as QuickEvent;
use serde::Deserialize;
use soap_envelope::codec::{Cursor, Decode, DecodeError, Encode};
use soap_envelope::envelope::{Message, MessageWriter};
use soap_envelope::xml::{EncodeError, Event, QName, Scanner, Writer};
use soap_envelope::{Limits, Version};

const NS: &str = "urn:octavo:users:v1";

const fn name(local: &'static str) -> QName<'static> {
    QName::from_static(NS, local)
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    id: i64,
    name: String,
    email: String,
    active: bool,
    created_at: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct List {
    #[serde(rename = "User")]
    users: Vec<User>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Body")]
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "ListUsersResponse")]
    list: List,
}

impl Decode for User {
    const NAME: QName<'static> = name("User");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(User {
            id: c.value(name("Id"))?,
            name: c.value(name("Name"))?,
            email: c.value(name("Email"))?,
            active: c.value(name("Active"))?,
            created_at: c.value(name("CreatedAt"))?,
        })
    }
}

impl Decode for List {
    const NAME: QName<'static> = name("ListUsersResponse");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(List { users: c.children()? })
    }
}

impl Encode for List {
    const NAME: QName<'static> = name("ListUsersResponse");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        for user in &self.users {
            w.start(name("User"))?;
            w.value(name("Id"), &user.id)?;
            w.string(name("Name"), &user.name)?;
            w.string(name("Email"), &user.email)?;
            w.value(name("Active"), &user.active)?;
            w.string(name("CreatedAt"), &user.created_at)?;
            w.end()?;
        }
        Ok(())
    }

    fn size_hint(&self) -> usize {
        self.users.len() * 224
    }
}

fn message() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <s:Body><u:ListUsersResponse xmlns:u=\"urn:octavo:users:v1\">",
    );
    for id in 0..7000 {
        write!(
            text,
            "<u:User><u:Id>{id}</u:Id><u:Name>Łukasz &amp; Ada {id}</u:Name><u:Email>user-{id}@example.com</u:Email>\
             <u:Active>{}</u:Active><u:CreatedAt>2026-11-24T12:39:34.5Z</u:CreatedAt></u:User>",
            id % 2 == 0
        )
        .expect("a String takes it");
    }
    text + "</u:ListUsersResponse></s:Body></s:Envelope>"
}

fn typed(text: &str) -> List {
    let message = Message::read(text, None, &Limits::DEFAULT).expect("an envelope");
    message.decode().expect("a list")
}

fn quick_serde(text: &str) -> List {
    quick_xml::de::from_str::<Envelope>(text).expect("a list").body.list
}

fn events(text: &str) -> usize {
    let mut scanner = Scanner::new(text, &Limits::DEFAULT).expect("no forbidden character");
    let mut elements = 0;
    loop {
        match scanner.next_event().expect("well-formed") {
            Event::Start => {
                black_box(scanner.name());
                elements += 1;
            }
            Event::Eof => return elements,
            event => drop(black_box(event)),
        }
    }
}

fn quick_events(text: &str) -> usize {
    let mut reader = NsReader::from_str(text);
    let mut elements = 0;
    loop {
        match reader.read_resolved_event().expect("what it checks") {
            (_, QuickEvent::Eof) => return elements,
            (namespace, QuickEvent::Start(tag)) => {
                black_box((namespace, tag.local_name()));
                elements += 1;
            }
            (_, event) => drop(black_box(event)),
        }
    }
}

fn tree(text: &str) -> usize {
    let document = roxmltree::Document::parse(text).expect("well-formed");
    document.descendants().filter(roxmltree::Node::is_element).count()
}

fn soap_core(criterion: &mut Criterion) {
    let text = message();
    let list = typed(&text);
    assert_eq!(list, quick_serde(&text), "both read the same values");
    assert_eq!((events(&text), events(&text)), (quick_events(&text), tree(&text)));
    let written = MessageWriter::new(Version::Soap11).body(&list).expect("it can be written");
    assert_eq!(typed(std::str::from_utf8(&written).expect("UTF-8")), list);

    let mut group = criterion.benchmark_group("soap_core");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("memchr2", |b| b.iter(|| memchr::memchr2_iter(b'<', b'&', text.as_bytes()).count()));
    group.bench_function("decode/soap-envelope", |b| b.iter(|| typed(&text)));
    group.bench_function("decode/quick-xml-serde", |b| b.iter(|| quick_serde(&text)));
    group.bench_function("events/soap-envelope", |b| b.iter(|| events(&text)));
    group.bench_function("events/quick-xml-NsReader", |b| b.iter(|| quick_events(&text)));
    group.bench_function("tree/roxmltree", |b| b.iter(|| tree(&text)));
    group.bench_function("encode/soap-envelope", |b| {
        b.iter(|| MessageWriter::new(Version::Soap11).body(&list).expect("it can be written"));
    });
    group.finish();
}

criterion_group!(benches, soap_core);
criterion_main!(benches);
