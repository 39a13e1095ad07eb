//! Faults that are written are read as they were, in both versions; and any message that is read can be taken apart, written
//! from its parts, and read as the same.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use soap_envelope::envelope::{Fault, FaultCode, Message, MessageWriter};
use soap_envelope::xml::{Fragment, QName, is_ncname};
use soap_envelope::codec::{Cursor, Decode, DecodeError};
use soap_envelope::{Limits, Version};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Fault { code: u8, subcodes: Vec<(&'a str, &'a str)>, reason: &'a str, role: Option<&'a str>, node: Option<&'a str>, detail: Option<&'a str> },
    Message(&'a str),
}

fn fault(code: u8) -> FaultCode {
    match code % 5 {
        0 => FaultCode::Sender,
        1 => FaultCode::Receiver,
        2 => FaultCode::MustUnderstand,
        3 => FaultCode::VersionMismatch,
        _ => FaultCode::DataEncodingUnknown,
    }
}

/// A namespace that a prefix can be bound to.
fn namespace(text: &str) -> String {
    format!("urn:{}", text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).take(100).collect::<String>())
}

libfuzzer_sys::fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Fault { code, subcodes, reason, role, node, detail } => {
            let mut made = Fault::new(fault(code), reason);
            for (ns, local) in subcodes.iter().filter(|(_, local)| is_ncname(local) && !local.contains('.') && local.len() < 200).take(8) {
                let ns = namespace(ns);
                made = made.subcode(QName::parse(&ns, local).expect("an NCName"));
            }
            // Their white space is that of a URI: of no account.
            let uri = |text: &str| text.replace(char::is_whitespace, "");
            if let Some(role) = role {
                made = made.in_role(uri(role));
            }
            if let Some(node) = node {
                made = made.at_node(uri(node));
            }
            if let Some(Ok(detail)) = detail.map(|text| Fragment::parse(text, &Limits::DEFAULT)) {
                if detail.as_str().len() < 60_000 && !detail.as_str().contains("<?") {
                    made = made.with_detail(detail);
                }
            }
            for version in Version::ALL {
                let bytes = MessageWriter::new(version).fault(&made).expect("a fault can be written");
                let message = Message::read(bytes.to_vec(), None, &Limits::DEFAULT).expect("and read");
                // A detail may be as deep as the limit alone, and not inside of an envelope.
                let Ok(read) = message.fault() else { continue };
                let read = read.expect("a fault");
                assert_eq!((read.reason(), read.role()), (made.reason(), made.role()));
                assert_eq!(read.detail().len(), made.detail().len());
                if version == Version::Soap12 {
                    assert_eq!((read.code(), read.subcodes(), read.node()), (made.code(), made.subcodes(), made.node()));
                }
            }
        }
        Input::Message(text) => {
            for text in [text.to_owned(), wrapped(text, Version::Soap11), wrapped(text, Version::Soap12)] {
                again(&text);
            }
        }
    }
});

fn wrapped(body: &str, version: Version) -> String {
    format!("<s:Envelope xmlns:s='{}'><s:Header>{body}</s:Header><s:Body>{body}</s:Body></s:Envelope>", version.namespace())
}

/// Takes whatever the first element of a body is.
struct Any;

impl Decode for Any {
    const NAME: QName<'static> = QName::from_static("urn:fuzz", "any");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        c.any().map(|_| Any)
    }
}

fn again(text: &str) {
    let Ok(message) = Message::read(text, None, &Limits::DEFAULT) else { return };
    let _ = message.fault();
    let _ = message.decode::<Any>();
    let mut writer = MessageWriter::new(message.version());
    let mut blocks = Vec::new();
    for block in message.headers() {
        let fragment = block.fragment().expect("it was read");
        let alone = Fragment::parse(fragment.as_str(), &Limits::DEFAULT);
        // With the declarations that held around it, it may have more than one element may have.
        let Ok(alone) = alone else { return };
        assert_eq!(alone.name(), block.name());
        writer = writer.block(&fragment).expect("it has a namespace");
        blocks.push((block.name().to_owned(), block.targeting().clone()));
    }
    let bytes = writer.empty().expect("it can be written");
    let Ok(read) = Message::read(bytes.to_vec(), None, &Limits::DEFAULT) else { return };
    let found: Vec<_> = read.headers().map(|block| (block.name().to_owned(), block.targeting().clone())).collect();
    assert_eq!(found, blocks, "{text}");
}
