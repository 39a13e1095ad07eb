//! Which blocks a node refuses and which it passes on, against the tables of SOAP 1.2 Part 1 §2 written down once more.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use soap_envelope::envelope::{Disposition, Message, Node, Role};
use soap_envelope::xml::QName;
use soap_envelope::{Limits, Version};

#[derive(Arbitrary, Debug)]
struct Input {
    soap11: bool,
    ultimate: bool,
    acts_in: Vec<u8>,
    understands: Vec<u8>,
    blocks: Vec<Block>,
    processed: bool,
}

#[derive(Arbitrary, Debug)]
struct Block {
    name: u8,
    role: u8,
    must: Option<bool>,
    relay: Option<bool>,
    outer: bool,
}

const ROLES: &str = "http://www.w3.org/2003/05/soap-envelope/role/";
const NAMES: [&str; 4] = ["A", "B", "C", "D"];

fn uri(role: u8, version: Version) -> Option<String> {
    match role % 6 {
        0 => None,
        1 => Some(version.next_role().to_owned()),
        2 => Some(format!("{ROLES}ultimateReceiver")),
        3 => Some(format!("{ROLES}none")),
        n => Some(format!("urn:role:{n}")),
    }
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let version = if input.soap11 { Version::Soap11 } else { Version::Soap12 };
    let blocks = input.blocks.get(..input.blocks.len().min(100)).unwrap_or_default();
    let mut header = String::new();
    for block in blocks {
        let name = NAMES[usize::from(block.name) % 4];
        let mut attributes = String::new();
        if let Some(uri) = uri(block.role, version) {
            attributes += &format!(" s:{}='{uri}'", if input.soap11 { "actor" } else { "role" });
        }
        if let Some(must) = block.must {
            attributes += &format!(" s:mustUnderstand='{}'", u8::from(must));
        }
        if let Some(relay) = block.relay {
            attributes += &format!(" s:relay='{relay}'");
        }
        // The prefix may be declared outside or on the block itself.
        let declaration = if block.outer { "" } else { " xmlns:t='urn:t'" };
        header += &format!("<t:{name}{declaration}{attributes}/>");
    }
    let text = format!(
        "<s:Envelope xmlns:s='{}' xmlns:t='urn:t'><s:Header>{header}</s:Header><s:Body/></s:Envelope>",
        version.namespace()
    );
    let message = Message::read(text, None, &Limits::DEFAULT).expect("a message");
    let mut node = if input.ultimate { Node::ultimate_receiver() } else { Node::intermediary() };
    for role in &input.acts_in {
        node = node.acts_in(format!("urn:role:{}", 4 + role % 2));
    }
    for name in &input.understands {
        node = node.understands(QName::from_static("urn:t", NAMES[usize::from(*name) % 4]));
    }
    let is_target = |block: &Block| match block.role % 6 {
        0 => input.ultimate,
        1 => true,
        // URIs of SOAP 1.2 that mean nothing in SOAP 1.1.
        2 => input.ultimate && !input.soap11,
        3 => false,
        n => input.acts_in.iter().any(|role| 4 + role % 2 == n),
    };
    let is_known = |block: &Block| input.understands.iter().any(|name| name % 4 == block.name % 4);
    let expected: Vec<&str> = blocks
        .iter()
        .filter(|block| block.must == Some(true) && is_target(block) && !is_known(block))
        .map(|block| NAMES[usize::from(block.name) % 4])
        .collect();
    let refused = node.not_understood(&message);
    assert_eq!(refused.iter().map(|name| name.local()).collect::<Vec<_>>(), expected);
    for (block, read) in blocks.iter().zip(message.headers()) {
        let relay = block.relay == Some(true) && !input.soap11;
        let kept = !is_target(block) || (relay && !input.processed);
        let disposition = node.disposition(read.targeting(), input.processed);
        assert_eq!(disposition, if kept { Disposition::Forward } else { Disposition::Remove });
        assert_eq!(read.targeting().role == Role::Next, block.role % 6 == 1);
    }
});
