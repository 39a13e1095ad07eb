//! Simple types by XML Schema Part 2, and the cursor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::{User, name};
use proptest::prelude::*;
use soap_envelope::Limits;
use soap_envelope::codec::{
    Base64Binary, Cursor, DateTime, Decimal, Decode, DecodeError, DecodeErrorKind, HexBinary, Simple,
};
use soap_envelope::xml::{Fragment, QName, Writer};

fn fails<V: Simple>(texts: &[&str]) {
    for text in texts {
        assert!(V::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn part_2_4_3_6_white_space_is_collapsed_before_the_lexical_rules() {
    assert_eq!(i32::parse("\t\n 7 \r"), Ok(7));
    assert_eq!(bool::parse(" true "), Ok(true));
    assert_eq!(String::parse(" a  b\n"), Ok(" a  b\n".to_owned()));
    fails::<i32>(&["7 7", "\u{a0}7", ""]);
}

#[test]
fn part_2_3_3_17_int_and_its_relatives() {
    assert_eq!((i32::parse("+2147483647"), i32::parse("-2147483648")), (Ok(i32::MAX), Ok(i32::MIN)));
    assert_eq!(
        (i64::parse("-9223372036854775808"), u64::parse("18446744073709551615")),
        (Ok(i64::MIN), Ok(u64::MAX))
    );
    assert_eq!(
        (u8::parse("-0"), u8::parse("+255"), i8::parse("-128"), u16::parse("00007")),
        (Ok(0), Ok(255), Ok(-128), Ok(7))
    );
    fails::<i32>(&["2147483648", "1.0", "1e3", "0x1", "--1", "+", "-", "1-", "١"]);
    fails::<u32>(&["-1", "4294967296"]);
    fails::<i64>(&["9223372036854775808"]);
}

#[test]
fn part_2_3_2_2_boolean() {
    assert_eq!(
        ["true", "1", "false", "0"].map(|text| bool::parse(text).unwrap()),
        [true, true, false, false]
    );
    fails::<bool>(&["True", "yes", "", "2", "01"]);
}

#[test]
fn part_2_3_2_3_decimal_in_canonical_form() {
    for (text, canonical) in [
        ("-1.23", "-1.23"),
        ("12678967.543233", "12678967.543233"),
        ("+100000.00", "100000.0"),
        ("210", "210.0"),
        ("0", "0.0"),
        ("-0.0", "0.0"),
        (".5", "0.5"),
        ("5.", "5.0"),
    ] {
        assert_eq!(Decimal::parse(text).unwrap().as_str(), canonical);
    }
    fails::<Decimal>(&["", ".", "1e3", "INF", "1,5", "1.2.3", "+-1", "é", "-", &"9".repeat(257)]);
}

#[test]
fn part_2_3_2_7_date_time() {
    for text in [
        "2002-10-10T12:00:00-05:00",
        "2002-10-10T17:00:00Z",
        "-0001-01-01T00:00:00",
        "12026-02-28T23:59:59.000000001+14:00",
        "2024-02-29T00:00:00",
    ] {
        assert_eq!(DateTime::parse(text).unwrap().to_string(), text);
    }
    let millis = |text: &str| DateTime::parse(text).unwrap().unix_millis();
    assert_eq!(millis("2002-10-10T12:00:00-05:00"), millis("2002-10-10T17:00:00Z"));
    assert_eq!((millis("1970-01-01T00:00:00Z"), millis("1969-12-31T23:59:59.999Z")), (Some(0), Some(-1)));
    assert_eq!(millis("0001-01-01T00:00:00Z"), Some(-62_135_596_800_000));
    assert_eq!(millis("-0001-12-31T00:00:00Z"), Some(-62_135_683_200_000));
    // §3.2.7.1: the midnight that ends a day is the one that begins the next.
    assert_eq!(DateTime::parse("2026-12-31T24:00:00Z").unwrap().to_string(), "2027-01-01T00:00:00Z");
    assert_eq!(DateTime::parse("2026-01-01T00:00:00.500Z").unwrap().to_string(), "2026-01-01T00:00:00.5Z");
    fails::<DateTime>(
        &[
            "",
            "2026-11-24",
            "0000-01-01T00:00:00",
            "02026-01-01T00:00:00",
            "26-01-01T00:00:00",
            "+2026-01-01T00:00:00",
            "2026-13-01T00:00:00",
            "2026-00-01T00:00:00",
            "2026-02-29T00:00:00",
            "2026-01-32T00:00:00",
            "2026-1-1T00:00:00",
            "2026-01-01T24:00:01",
            "2026-01-01T25:00:00",
            "2026-01-01T00:60:00",
            "2026-01-01T00:00:60",
            "2026-01-01T00:00",
            "2026-01-01T00:00:00.",
            "2026-01-01T00:00:00+14:01",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00z",
            "2026-01-01 00:00:00",
            "2026-01-01T00:00:00.0000000001",
            "2026-01-01T+0:00:00",
            "99999999999999999999-01-01T00:00:00",
            "2026-01-01T00:00:00Z ",
            "--2026-01-01T00:00:00",
            "2026-01-01T00:00:00é",
        ]
        .map(|text| if text.ends_with("Z ") { "2026-01-01T00:00:00ZZ" } else { text }),
    );
}

#[test]
fn part_2_3_2_16_base64_binary() {
    let bytes = |text: &str| Base64Binary::parse(text).map(|value| value.0);
    assert_eq!(bytes(" aGVs\n bG8= "), Ok(Bytes::from_static(b"hello")));
    assert_eq!(bytes(""), Ok(Bytes::new()));
    fails::<Base64Binary>(&["aGVsbG8", "aGVsbG9=", "====", "aG-_", "a", "aGVsbG8=aGVsbG8="]);
}

#[test]
fn part_2_3_2_15_hex_binary() {
    assert_eq!(HexBinary::parse("0fB7").unwrap().0, Bytes::from_static(&[0x0f, 0xb7]));
    assert_eq!(HexBinary(Bytes::from_static(&[0x0f, 0xb7])).lexical(), "0FB7");
    fails::<HexBinary>(&["0", "0g", "0f b7", "é0"]);
}

fn decode<T: Decode>(text: &str) -> Result<T, DecodeError> {
    Cursor::over(text, &Limits::DEFAULT)?.root()
}

fn user(inside: &str) -> Result<User, DecodeError> {
    decode(&format!("<User xmlns='{}'>{inside}</User>", common::NS))
}

#[test]
fn elements_are_read_in_their_order_with_what_may_stand_between() {
    let read =
        user("\n<!-- c --><Id> 7 </Id>\t<Name>A<!-- c -->d<![CDATA[&]]>a&lt;</Name><Tag/><Tag>x</Tag>")
            .unwrap();
    assert_eq!(read, User { id: 7, name: "Ad&a<".into(), tags: vec![String::new(), "x".into()] });
}

#[test]
fn what_is_not_expected_is_told_with_its_path() {
    for (inside, says) in [
        ("", "/User: expected the element {urn:octavo:users:v1}Id, found the end"),
        (
            "<Name/><Id>1</Id>",
            "/User/Name: expected the element {urn:octavo:users:v1}Id, found {urn:octavo:users:v1}Name",
        ),
        ("<Id xmlns=''>1</Id><Name/>", "/User/Id: expected the element {urn:octavo:users:v1}Id, found Id"),
        (
            "<Id>1</Id><Name/><Other/>",
            "/User/Other: the element {urn:octavo:users:v1}Other is not expected here",
        ),
        ("<Id>1</Id>text<Name/>", "/User: text where only elements may stand"),
        ("<Id>1</Id><![CDATA[ ]]><Name/>", "/User: text where only elements may stand"),
        ("<Id>1</Id>&#32;x<Name/>", "/User: text where only elements may stand"),
        ("<Id>x</Id><Name/>", "/User/Id: not an xsd:long: it has to be digits with an optional sign"),
        ("<Id><b/></Id><Name/>", "/User/Id/b: the element {urn:octavo:users:v1}b is not expected here"),
        ("<Id>1</Id><Name/><?pi?>", "/User: a processing instruction, which SOAP forbids"),
        (
            "<Id xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='1'/><Name/>",
            "/User/Id: the element may not be nil",
        ),
    ] {
        let error = user(inside).unwrap_err().to_string();
        assert!(error.starts_with(says), "{inside}: {error}");
    }
    assert_eq!(user("\n<Id>\n1x</Id>").unwrap_err().position(), Some((2, 1)));
    assert!(matches!(user("<Id>1</Id>&x;").unwrap_err().kind(), DecodeErrorKind::Xml(_)));
}

#[derive(Debug, PartialEq)]
struct Shapes {
    unit: Option<String>,
    at: i64,
    nil: Option<i32>,
    inner: Option<Vec<i32>>,
    rest: Vec<Fragment>,
}

impl Decode for Shapes {
    const NAME: QName<'static> = name("Shapes");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let (unit, at) = (
            c.optional_attribute(QName::from_static("", "unit"))?,
            c.attribute(QName::from_static("u", "at"))?,
        );
        let nil = c.nillable_value(name("Nil"))?;
        let inner = c.optional_element(name("Inner"), |c| c.values(name("N")))?;
        assert!(matches!(
            c.attribute::<i64>(name("at")).unwrap_err().kind(),
            DecodeErrorKind::AttributesPassed
        ));
        let mut rest = Vec::new();
        while c.peek()?.is_some() {
            rest.push(c.any()?);
        }
        Ok(Shapes { unit, at, nil, inner, rest })
    }
}

#[test]
fn attributes_nil_options_and_any() {
    let shapes = |attributes: &str, inside: &str| {
        decode::<Shapes>(&format!(
            "<Shapes xmlns='{}' xmlns:u='u' xmlns:i='http://www.w3.org/2001/XMLSchema-instance' {attributes}>{inside}</Shapes>",
            common::NS
        ))
    };
    let read =
        shapes("unit='k&amp;m' u:at=' 5 '", "<Nil i:nil='true'/><Inner><N>1</N><N>2</N></Inner><u:x>t</u:x>")
            .unwrap();
    assert_eq!(
        (read.unit.as_deref(), read.at, read.nil, read.inner),
        (Some("k&m"), 5, None, Some(vec![1, 2]))
    );
    // It stands alone: all that held around it is declared in it.
    assert_eq!(
        (read.rest[0].name(), read.rest[0].text().unwrap()),
        (QName::from_static("u", "x"), "t".into())
    );
    Fragment::parse(read.rest[0].as_str(), &Limits::DEFAULT).unwrap();
    assert_eq!(shapes("u:at='1'", "<Nil>3</Nil>").unwrap().nil, Some(3));
    assert_eq!(shapes("u:at='1'", "<Nil i:nil='0'>3</Nil>").unwrap().nil, Some(3));
    for (attributes, inside) in [
        ("", "<Nil>3</Nil>"),
        ("at='1'", "<Nil>3</Nil>"),
        ("u:at='x'", "<Nil>3</Nil>"),
        ("u:at='1'", "<Nil i:nil='true'>3</Nil>"),
        ("u:at='1'", "<Nil i:nil='true'> </Nil>"),
        ("u:at='1'", "<Nil i:nil='maybe'/>"),
        ("u:at='1'", ""),
    ] {
        assert!(shapes(attributes, inside).is_err(), "{attributes} {inside}");
    }
}

#[test]
fn what_is_left_can_be_passed_over() {
    struct First(i64);
    impl Decode for First {
        const NAME: QName<'static> = name("User");
        fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
            let id = c.value(name("Id"))?;
            c.peek()?;
            c.skip_rest()?;
            Ok(First(id))
        }
    }
    let read = |rest: &str| decode::<First>(&format!("<User xmlns='{}'><Id>4</Id>{rest}</User>", common::NS));
    assert_eq!(read("<a><b>text</b></a><c/>").unwrap().0, 4);
    assert_eq!(read("").unwrap().0, 4);
    assert!(read("<a></b>").is_err());
}

#[test]
fn nil_is_written_as_such() {
    let mut w = Writer::new();
    w.start(name("Shapes")).unwrap();
    w.nillable_value::<i32>(name("Nil"), None).unwrap();
    w.nillable_value(name("Nil"), Some(&3)).unwrap();
    w.end().unwrap();
    let text = w.finish().unwrap();
    assert!(text.contains("<n1:Nil xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/><n1:Nil>3</n1:Nil>"), "{text}");
}

proptest! {
    #[test]
    fn any_value_survives(id: i64, name in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{0,40}", tags in proptest::collection::vec("[a-z&<>\r\n\"' \\]]{0,8}", 0..4)) {
        let user = User { id, name, tags };
        let fragment = Fragment::encode(&user).unwrap();
        prop_assert_eq!(fragment.decode::<User>(&Limits::DEFAULT).unwrap(), user);
    }

    #[test]
    fn any_moment_survives(millis in -8_000_000_000_000_000_i64..8_000_000_000_000_000) {
        let moment = DateTime::from_unix_millis(millis);
        prop_assert_eq!(moment.unix_millis(), Some(millis));
        prop_assert_eq!(DateTime::parse(&moment.to_string()), Ok(moment));
    }

    #[test]
    fn any_bytes_survive(bytes: Vec<u8>) {
        let bytes = Bytes::from(bytes);
        let (base64, hex) = (Base64Binary(bytes.clone()), HexBinary(bytes));
        prop_assert_eq!(Base64Binary::parse(&base64.lexical()).unwrap(), base64);
        prop_assert_eq!(HexBinary::parse(&hex.lexical()).unwrap(), hex);
    }

    #[test]
    fn no_text_is_read_as_a_value_and_written_otherwise(text in "[-+0-9TZ:. ]{0,30}") {
        if let Ok(moment) = DateTime::parse(&text) {
            prop_assert_eq!(DateTime::parse(&moment.lexical()).unwrap(), moment);
        }
        if let Ok(number) = Decimal::parse(&text) {
            prop_assert_eq!(Decimal::parse(number.as_str()).unwrap(), number);
        }
    }
}
