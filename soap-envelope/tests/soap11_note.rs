//! SOAP 1.1 Note: the examples, and the rules of its sections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Token, User, envelope, read};
use soap_envelope::codec::{Cursor, Decode, DecodeError};
use soap_envelope::envelope::{Fault, FaultCode, MessageWriter, Node, Role, Targeting};
use soap_envelope::xml::{Fragment, QName, QNameBuf};
use soap_envelope::{Error, Limits, Version};

struct GetLastTradePrice(String);

impl Decode for GetLastTradePrice {
    const NAME: QName<'static> = QName::from_static("Some-URI", "GetLastTradePrice");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        c.value(QName::from_static("", "symbol")).map(GetLastTradePrice)
    }
}

struct Price(String);

impl Decode for Price {
    const NAME: QName<'static> = QName::from_static("Some-URI", "GetLastTradePriceResponse");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        c.value(QName::from_static("", "Price")).map(Price)
    }
}

#[test]
fn example_1_request_with_an_unqualified_accessor() {
    let message = read(
        "<SOAP-ENV:Envelope
  xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"
  SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">
   <SOAP-ENV:Body>
       <m:GetLastTradePrice xmlns:m=\"Some-URI\">
           <symbol>DIS</symbol>
       </m:GetLastTradePrice>
   </SOAP-ENV:Body>
</SOAP-ENV:Envelope>",
    )
    .unwrap();
    assert_eq!((message.version(), message.headers().count()), (Version::Soap11, 0));
    assert_eq!(message.decode::<GetLastTradePrice>().unwrap().0, "DIS");
}

#[test]
fn example_2_response() {
    let text = envelope(
        Version::Soap11,
        "",
        "<m:GetLastTradePriceResponse xmlns:m='Some-URI'><Price>34.5</Price></m:GetLastTradePriceResponse>",
    );
    assert_eq!(read(&text).unwrap().decode::<Price>().unwrap().0, "34.5");
}

#[test]
fn section_4_2_a_mandatory_transaction_header() {
    let text = envelope(
        Version::Soap11,
        "<t:Transaction xmlns:t='some-URI' s:mustUnderstand='1'>5</t:Transaction>",
        "",
    );
    let message = read(&text).unwrap();
    let block = message.headers().next().unwrap();
    assert_eq!(block.name(), QName::from_static("some-URI", "Transaction"));
    assert_eq!(block.targeting(), &Targeting::mandatory());
    assert_eq!(Node::ultimate_receiver().not_understood(&message), [block.name().to_owned()]);
    let knows = Node::ultimate_receiver().understands(block.name());
    assert!(knows.not_understood(&message).is_empty());
    assert_eq!(block.fragment().unwrap().text().unwrap(), "5");
}

#[test]
fn section_4_2_2_the_actor_says_who_a_block_is_for() {
    let actor = |value: &str| {
        let block = format!("<t:T xmlns:t='u' s:mustUnderstand='1' s:actor='{value}'/>");
        let message = read(&envelope(Version::Soap11, &block, "")).unwrap();
        let role = message.headers().next().unwrap().targeting().role.clone();
        (role, message)
    };
    assert_eq!(actor("").0, Role::UltimateReceiver);
    assert_eq!(actor("http://schemas.xmlsoap.org/soap/actor/next").0, Role::Next);
    let (role, message) = actor("urn:other");
    assert_eq!(role, Role::Other("urn:other".into()));
    assert!(Node::ultimate_receiver().not_understood(&message).is_empty());
    assert_eq!(Node::ultimate_receiver().acts_in("urn:other").not_understood(&message).len(), 1);
}

#[test]
fn section_4_2_3_must_understand_is_0_or_1() {
    for (value, expected) in
        [("0", Some(false)), ("1", Some(true)), ("true", None), ("", None), (" 1", None), ("2", None)]
    {
        let block = format!("<t:T xmlns:t='u' s:mustUnderstand='{value}'/>");
        let read = read(&envelope(Version::Soap11, &block, ""));
        match expected {
            Some(flag) => {
                assert_eq!(read.unwrap().headers().next().unwrap().targeting().must_understand, flag);
            }
            None => assert!(matches!(read, Err(Error::Envelope { .. })), "{value:?}"),
        }
    }
}

#[test]
fn section_4_order_and_names_of_the_parts() {
    let ns = Version::Soap11.namespace();
    let refused = |inside: &str| {
        let text = format!("<s:Envelope xmlns:s='{ns}'>{inside}</s:Envelope>");
        assert!(matches!(read(&text), Err(Error::Envelope { .. })), "{inside}");
    };
    for inside in [
        "",
        "<s:Header/>",
        "<s:Body/><s:Header/>".trim_start_matches("<s:Body/>"),
        "<s:Header/><s:Header/><s:Body/>",
        "<x/><s:Body/>",
        "<s:Other/><s:Body/>",
        "text<s:Body/>",
        "<s:Header>text</s:Header><s:Body/>",
        "<s:Header><unqualified/></s:Header><s:Body/>",
        "<s:Body>text</s:Body>",
        "<?pi?><s:Body/>",
        "<s:Header><a:a xmlns:a='u'><?pi?></a:a></s:Header><s:Body/>",
    ] {
        refused(inside);
    }
    // Qualified elements may follow the body.
    let trailing =
        |after: &str| read(&format!("<s:Envelope xmlns:s='{ns}'><s:Body/>{after}</s:Envelope>")).unwrap();
    trailing("<x:y xmlns:x='u'><z/></x:y>").decode_empty().unwrap();
    for after in ["<y/>", "text", "<s:Body/><?pi?>"] {
        assert!(trailing(after).decode_empty().is_err(), "{after}");
    }
}

#[test]
fn section_4_1_2_another_envelope_is_another_version() {
    for root in [
        "<Envelope/>",
        "<s:Envelope xmlns:s='urn:other'/>",
        "<s:Message xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
    ] {
        let error = read(root).unwrap_err();
        assert!(matches!(error, Error::Version { .. }), "{root}: {error}");
        let fault = error.to_fault();
        assert_eq!(fault.code(), &FaultCode::VersionMismatch);
        assert_eq!(fault.upgrade().len(), 2);
    }
}

#[test]
fn example_4_4_fault_with_a_detail() {
    // Appendix A, example 8, and example 7 without the detail.
    let text = "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\">
   <SOAP-ENV:Body>
       <SOAP-ENV:Fault>
           <faultcode>SOAP-ENV:Server</faultcode>
           <faultstring>Server Error</faultstring>
           <detail>
               <e:myfaultdetails xmlns:e=\"Some-URI\">
                 <message>My application didn't work</message>
                 <errorcode>1001</errorcode>
               </e:myfaultdetails>
           </detail>
       </SOAP-ENV:Fault>
   </SOAP-ENV:Body>
</SOAP-ENV:Envelope>";
    let fault = read(text).unwrap().fault().unwrap().unwrap();
    assert_eq!((fault.code(), fault.reason()), (&FaultCode::Receiver, "Server Error"));
    assert_eq!(fault.detail()[0].name(), QName::from_static("Some-URI", "myfaultdetails"));
    // The detail stands alone, with the prefixes that held around it.
    let again = Fragment::parse(fault.detail()[0].as_str(), &Limits::DEFAULT).unwrap();
    assert_eq!(again.name(), fault.detail()[0].name());
}

#[test]
fn section_4_4_1_codes_are_dotted() {
    let fault = Fault::sender("no")
        .subcode(QName::from_static("u", "Authentication"))
        .subcode(QName::from_static("u", "Expired"));
    let bytes = MessageWriter::new(Version::Soap11).fault(&fault).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.contains("<faultcode>s:Client.Authentication.Expired</faultcode>"), "{text}");
    let read = read(text).unwrap().fault().unwrap().unwrap();
    assert_eq!(read.code(), &FaultCode::Sender);
    let locals: Vec<&str> = read.subcodes().iter().map(QNameBuf::local).collect();
    assert_eq!(locals, ["Authentication", "Expired"]);
}

#[test]
fn section_4_4_codes_of_ones_own_are_kept() {
    let fault = |code: &str, ns: &str| {
        let body = format!(
            "<s:Fault><faultcode xmlns:x='{ns}'>{code}</faultcode><faultstring>r</faultstring></s:Fault>"
        );
        read(&envelope(Version::Soap11, "", &body)).unwrap().fault()
    };
    let own = fault("x:Busy.Now", "urn:x").unwrap().unwrap();
    assert_eq!(own.code(), &FaultCode::Other(QName::parse("urn:x", "Busy.Now").unwrap().to_owned()));
    // Without its prefix, as many write it.
    assert_eq!(fault(" Client\n", "urn:x").unwrap().unwrap().code(), &FaultCode::Sender);
    for malformed in ["", "y:Client", "x:", "a b", "x:y:z"] {
        assert!(fault(malformed, "urn:x").is_err(), "{malformed:?}");
    }
    // In SOAP 1.2 such a code is a subcode of the receiver's.
    let bytes = MessageWriter::new(Version::Soap12).fault(&own).unwrap();
    let read = read(std::str::from_utf8(&bytes).unwrap()).unwrap().fault().unwrap().unwrap();
    assert_eq!(
        (read.code(), &read.subcodes()[0]),
        (&FaultCode::Receiver, &QName::parse("urn:x", "Busy.Now").unwrap().to_owned())
    );
}

#[test]
fn section_4_4_parts_come_in_any_order_and_once() {
    let fault = |inside: &str| {
        read(&envelope(Version::Soap11, "", &format!("<s:Fault>{inside}</s:Fault>"))).unwrap().fault()
    };
    let (code, string) = ("<faultcode>s:Server</faultcode>", "<faultstring xml:lang='de'>nein</faultstring>");
    let read = fault(&format!(
        "<detail>text</detail><faultactor>urn:a</faultactor>{string}<x:y xmlns:x='u'/>{code}"
    ))
    .unwrap()
    .unwrap();
    assert_eq!((read.role(), read.reason(), read.reasons()[0].lang()), (Some("urn:a"), "nein", "de"));
    for inside in [
        string.to_owned(),
        format!("{code}{code}{string}"),
        format!("{code}{string}<other/>"),
        format!("{code}{string}text"),
    ] {
        assert!(fault(&inside).is_err(), "{inside}");
    }
}

#[test]
fn a_message_is_written_with_its_blocks_and_read_again() {
    let user = User { id: 7, name: "Ada & <Łukasz>\r\n".into(), tags: vec!["a".into(), String::new()] };
    let targeting = Targeting::mandatory().role(Role::Next);
    let bytes = MessageWriter::new(Version::Soap11)
        .prefer("u", common::NS)
        .header(&Token("t&t".into()), &targeting)
        .unwrap()
        .body(&user)
        .unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.contains("<u:Token xmlns:u=\"urn:octavo:users:v1\" s:mustUnderstand=\"1\" s:actor=\"http://schemas.xmlsoap.org/soap/actor/next\">t&amp;t</u:Token>"), "{text}");
    let message = read(text).unwrap();
    let block = message.headers().next().unwrap();
    assert_eq!((block.targeting(), block.decode::<Token>().unwrap()), (&targeting, Token("t&t".into())));
    assert_eq!(message.decode::<User>().unwrap(), user);
    // It can be asked again.
    assert_eq!(message.decode::<User>().unwrap(), user);
}
