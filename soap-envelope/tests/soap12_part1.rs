//! SOAP 1.2 Part 1: the examples, the structure of messages (§5), and the processing model (§2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{NS, Token, User, envelope, name, read};
use soap_envelope::envelope::{Disposition, Fault, FaultCode, MessageWriter, Node, Role, Targeting, Version};
use soap_envelope::xml::{Fragment, QName};
use soap_envelope::{Error, Limits};

const V12: Version = Version::Soap12;
const ROLE: &str = "http://www.w3.org/2003/05/soap-envelope/role/";

#[test]
fn example_1_a_message_with_one_header_block() {
    let message = read(
        "<env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\">
 <env:Header>
  <n:alertcontrol xmlns:n=\"http://example.org/alertcontrol\">
   <n:priority>1</n:priority>
   <n:expires>2001-06-22T14:00:00-05:00</n:expires>
  </n:alertcontrol>
 </env:Header>
 <env:Body>
  <m:alert xmlns:m=\"http://example.org/alert\">
   <m:msg>Pick up Mary at school at 2pm</m:msg>
  </m:alert>
 </env:Body>
</env:Envelope>",
    )
    .unwrap();
    assert_eq!(message.version(), V12);
    assert_eq!(
        message.headers().next().unwrap().name(),
        QName::from_static("http://example.org/alertcontrol", "alertcontrol")
    );
    assert_eq!(message.body_name(), Some(QName::from_static("http://example.org/alert", "alert")));
}

#[test]
fn section_5_1_outer_elements_take_no_other_attribute_or_child() {
    let ns = V12.namespace();
    for text in [
        format!("<s:Envelope xmlns:s='{ns}' a='1'><s:Body/></s:Envelope>"),
        format!("<s:Envelope xmlns:s='{ns}' s:encodingStyle='u'><s:Body/></s:Envelope>"),
        format!("<s:Envelope xmlns:s='{ns}'><s:Header s:encodingStyle='u'/><s:Body/></s:Envelope>"),
        format!("<s:Envelope xmlns:s='{ns}'><s:Body s:encodingStyle='u'/></s:Envelope>"),
        format!("<s:Envelope xmlns:s='{ns}'><s:Body/><x:y xmlns:x='u'/></s:Envelope>"),
        format!("<s:Envelope xmlns:s='{ns}'><s:Body/></s:Envelope><?pi?>"),
    ] {
        let result = read(&text).and_then(|message| message.decode_empty());
        assert!(matches!(result, Err(Error::Envelope { .. })), "{text}: {result:?}");
    }
    let qualified = format!("<s:Envelope xmlns:s='{ns}' xmlns:x='u' x:a='1'><s:Body x:b='2'/></s:Envelope>");
    read(&qualified).unwrap().decode_empty().unwrap();
}

#[test]
fn section_5_2_3_must_understand_is_any_boolean() {
    for (value, expected) in [
        ("1", Some(true)),
        (" true ", Some(true)),
        ("0", Some(false)),
        ("false", Some(false)),
        ("yes", None),
        ("", None),
    ] {
        let text = envelope(V12, &format!("<t:T xmlns:t='u' s:mustUnderstand='{value}'/>"), "");
        let flag =
            read(&text).ok().map(|message| message.headers().next().unwrap().targeting().must_understand);
        assert_eq!(flag, expected, "{value:?}");
    }
}

#[test]
fn section_5_1_1_an_unknown_encoding_is_a_fault_of_its_own() {
    let body = |style: &str| {
        let inside =
            format!("<u:User xmlns:u='{NS}' s:encodingStyle='{style}'><u:Id>1</u:Id><u:Name/></u:User>");
        read(&envelope(V12, "", &inside)).unwrap().decode::<User>()
    };
    body("http://www.w3.org/2003/05/soap-envelope/encoding/none").unwrap();
    let error = body("http://www.w3.org/2003/05/soap-encoding").unwrap_err();
    assert_eq!(error.to_fault().code(), &FaultCode::DataEncodingUnknown);
    let bytes = MessageWriter::new(Version::Soap11).fault(&error.to_fault()).unwrap();
    assert!(std::str::from_utf8(&bytes).unwrap().contains(":Client.DataEncodingUnknown<"));
}

/// Table 2 and §2.2: which roles a node acts in.
#[test]
fn section_2_2_roles() {
    let (ultimate, way) =
        (Node::ultimate_receiver().acts_in("urn:log"), Node::intermediary().acts_in("urn:log"));
    let roles = [
        Role::Next,
        Role::None,
        Role::UltimateReceiver,
        Role::Other("urn:log".into()),
        Role::Other("urn:x".into()),
    ];
    assert_eq!(roles.clone().map(|role| ultimate.is_target(&role)), [true, false, true, true, false]);
    assert_eq!(roles.map(|role| way.is_target(&role)), [true, false, false, true, false]);
}

/// §2.7.2: what an intermediary passes on, by role, relay and whether it processed the block.
#[test]
fn section_2_7_relaying() {
    let node = Node::intermediary().acts_in("urn:mine");
    let block = |role: Role, relay: bool| {
        let mut targeting = Targeting::new().role(role);
        targeting.relay = relay;
        targeting
    };
    for (role, relay, processed, expected) in [
        (Role::Next, false, true, Disposition::Remove),
        (Role::Next, false, false, Disposition::Remove),
        (Role::Next, true, true, Disposition::Remove),
        (Role::Next, true, false, Disposition::Forward),
        (Role::Other("urn:mine".into()), false, true, Disposition::Remove),
        (Role::Other("urn:mine".into()), false, false, Disposition::Remove),
        (Role::Other("urn:mine".into()), true, false, Disposition::Forward),
        (Role::Other("urn:theirs".into()), false, false, Disposition::Forward),
        (Role::None, false, false, Disposition::Forward),
        (Role::UltimateReceiver, false, false, Disposition::Forward),
    ] {
        assert_eq!(
            node.disposition(&block(role.clone(), relay), processed),
            expected,
            "{role:?} {relay} {processed}"
        );
    }
}

#[test]
fn section_2_4_all_mandatory_blocks_that_are_for_the_node_are_looked_at() {
    let block = |local: &str, role: &str, must: bool| {
        format!("<t:{local} xmlns:t='u' s:role='{role}' s:mustUnderstand='{must}'/>")
    };
    let header = [
        block("A", &format!("{ROLE}next"), true),
        block("B", &format!("{ROLE}ultimateReceiver"), true),
        block("C", &format!("{ROLE}none"), true),
        block("D", "urn:other", true),
        block("E", &format!("{ROLE}next"), false),
        block("F", &format!("{ROLE}next"), true),
    ];
    let message = read(&envelope(V12, &header.concat(), "")).unwrap();
    let refused = |node: Node| {
        node.not_understood(&message).iter().map(|name| name.local().to_owned()).collect::<String>()
    };
    assert_eq!(refused(Node::ultimate_receiver()), "ABF");
    assert_eq!(refused(Node::intermediary()), "AF");
    assert_eq!(refused(Node::ultimate_receiver().understands(QName::from_static("u", "A"))), "BF");
    assert_eq!(
        refused(Node::intermediary().acts_in("urn:other").understands(QName::from_static("other", "A"))),
        "ADF"
    );
}

#[test]
fn a_block_for_another_node_is_not_found() {
    let header = format!(
        "<u:Token xmlns:u='{NS}' s:role='urn:other'>theirs</u:Token><u:Token xmlns:u='{NS}'>ours</u:Token>"
    );
    let message = read(&envelope(V12, &header, "")).unwrap();
    let block = message.header(&Node::ultimate_receiver(), name("Token")).unwrap();
    assert_eq!(block.decode::<Token>().unwrap().0, "ours");
}

/// §5.4, example 4.
#[test]
fn example_4_a_fault_with_a_subcode_and_two_languages() {
    let text = "<env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\"
              xmlns:m=\"http://www.example.org/timeouts\"
              xmlns:xml=\"http://www.w3.org/XML/1998/namespace\">
 <env:Body>
  <env:Fault>
   <env:Code>
     <env:Value>env:Sender</env:Value>
     <env:Subcode>
      <env:Value>m:MessageTimeout</env:Value>
     </env:Subcode>
   </env:Code>
   <env:Reason>
     <env:Text xml:lang=\"en\">Sender Timeout</env:Text>
     <env:Text xml:lang=\"de\">Zeit</env:Text>
   </env:Reason>
   <env:Node>urn:node</env:Node>
   <env:Role>urn:role</env:Role>
   <env:Detail>
     <m:MaxTime>P5M</m:MaxTime>
   </env:Detail>
  </env:Fault>
 </env:Body>
</env:Envelope>";
    let fault = read(text).unwrap().fault().unwrap().unwrap();
    assert_eq!(fault.to_string(), "Sender.MessageTimeout: Sender Timeout");
    assert_eq!(fault.subcodes()[0].namespace(), "http://www.example.org/timeouts");
    assert_eq!(
        (fault.node(), fault.role(), fault.reasons()[1].text()),
        (Some("urn:node"), Some("urn:role"), "Zeit")
    );
    assert_eq!(fault.detail()[0].text().unwrap(), "P5M");
    // Written and read again it is the same.
    let bytes = MessageWriter::new(V12).fault(&fault).unwrap();
    let again = read(std::str::from_utf8(&bytes).unwrap()).unwrap().fault().unwrap().unwrap();
    assert_eq!(
        (again.code(), again.subcodes(), again.reasons()),
        (fault.code(), fault.subcodes(), fault.reasons())
    );
    assert_eq!((again.node(), again.role()), (fault.node(), fault.role()));
    assert_eq!(
        (again.detail()[0].name(), again.detail()[0].text().unwrap()),
        (fault.detail()[0].name(), "P5M".into())
    );
}

#[test]
fn section_5_4_parts_in_their_order() {
    let fault =
        |inside: &str| read(&envelope(V12, "", &format!("<s:Fault>{inside}</s:Fault>"))).unwrap().fault();
    let code = "<s:Code><s:Value>s:Receiver</s:Value></s:Code>";
    let reason = "<s:Reason><s:Text xml:lang='en'>r</s:Text></s:Reason>";
    assert!(fault(&format!("{code}{reason}")).is_ok());
    for inside in [
        String::new(),
        code.to_owned(),
        format!("{reason}{code}"),
        format!("{code}<s:Reason/>"),
        format!("{code}<s:Reason><s:Text>no language</s:Text></s:Reason>"),
        format!("{code}{reason}<s:Role>r</s:Role><s:Node>n</s:Node>"),
        format!("{code}{reason}<other/>"),
        format!("{}{reason}", code.replace("s:Receiver", "s:Server")),
        format!("{}{reason}", code.replace("s:Receiver", "Receiver")),
        format!("{}{reason}", code.replace("s:Receiver", "t:Receiver")),
        "<faultcode>s:Client</faultcode>".to_owned(),
    ] {
        assert!(matches!(fault(&inside), Err(Error::Decode(_))), "{inside}");
    }
}

#[test]
fn section_5_4_6_subcodes_nest_as_deep_as_the_limit() {
    let nested = |depth: usize| {
        let code = "<s:Subcode><s:Value>s:Sender</s:Value>".repeat(depth) + &"</s:Subcode>".repeat(depth);
        let fault = format!(
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value>{code}</s:Code><s:Reason><s:Text xml:lang='en'>r</s:Text></s:Reason></s:Fault>"
        );
        read(&envelope(V12, "", &fault)).unwrap().fault()
    };
    assert_eq!(nested(90).unwrap().unwrap().subcodes().len(), 90);
    assert!(nested(200).unwrap_err().to_string().contains("max_depth"));
}

#[test]
fn section_5_4_7_upgrade_names_the_envelopes_that_are_read() {
    for version in Version::ALL {
        let fault = Fault::version_mismatch(&Version::ALL);
        let bytes = MessageWriter::new(version).fault(&fault).unwrap();
        let message = read(std::str::from_utf8(&bytes).unwrap()).unwrap();
        assert_eq!(message.headers().next().unwrap().name(), QName::from_static(V12.namespace(), "Upgrade"));
        let read = message.fault().unwrap().unwrap();
        assert_eq!(read.code(), &FaultCode::VersionMismatch);
        assert_eq!(read.upgrade()[1], QName::from_static(Version::Soap11.namespace(), "Envelope"));
    }
}

#[test]
fn section_5_4_8_not_understood_names_each_block() {
    let names =
        vec![QName::from_static("urn:a", "A").to_owned(), QName::from_static("urn:b", "B").to_owned()];
    let bytes = MessageWriter::new(V12).fault(&Fault::must_understand(names.clone())).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.contains("<s:NotUnderstood xmlns:n1=\"urn:a\" qname=\"n1:A\"/>"), "{text}");
    let fault = read(text).unwrap().fault().unwrap().unwrap();
    assert_eq!((fault.code(), fault.not_understood()), (&FaultCode::MustUnderstand, names.as_slice()));
    // SOAP 1.1 has no such block.
    let bytes = MessageWriter::new(Version::Soap11).fault(&fault).unwrap();
    assert_eq!(read(std::str::from_utf8(&bytes).unwrap()).unwrap().headers().count(), 0);
}

#[test]
fn a_block_is_passed_on_as_it_came() {
    let header = "<t:Trace xmlns:t='urn:t' s:role='urn:other' s:relay='true' t:x='&lt;'><![CDATA[<]]><!-- kept --></t:Trace>";
    let message = read(&envelope(V12, header, "<u:User xmlns:u='urn:u'/>")).unwrap();
    let block = message.headers().next().unwrap().fragment().unwrap();
    let passed = MessageWriter::new(V12).block(&block).unwrap().empty().unwrap();
    let again = read(std::str::from_utf8(&passed).unwrap()).unwrap();
    let (one, two) = (message.headers().next().unwrap(), again.headers().next().unwrap());
    assert_eq!((one.name(), one.targeting()), (two.name(), two.targeting()));
    assert!(two.targeting().relay && two.fragment().unwrap().as_str().contains("<![CDATA[<]]><!-- kept -->"));
    let plain = Fragment::parse("<a/>", &Limits::DEFAULT).unwrap();
    assert!(MessageWriter::new(V12).block(&plain).is_err());
}
