//! What the writer writes, the scanner reads as the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use soap_envelope::Limits;
use soap_envelope::xml::{DecodeTextError, EncodeError, Event, Fragment, QName, Scanner, Writer, decode};

const A: QName<'static> = QName::from_static("urn:a", "a");
const B: QName<'static> = QName::from_static("urn:b", "b");
const PLAIN: QName<'static> = QName::from_static("", "plain");

#[test]
fn declarations_stand_where_they_are_first_needed_and_no_longer() {
    let mut w = Writer::new();
    w.prefer("p", "urn:a");
    w.prefer("p", "urn:b");
    w.prefer("xmlish", "urn:a");
    w.prefer("1", "urn:a");
    w.start(A).unwrap();
    w.start(B).unwrap();
    w.attribute(B, "1").unwrap();
    w.attribute(A, "2").unwrap();
    w.attribute(PLAIN, "3").unwrap();
    w.end().unwrap();
    w.start(PLAIN).unwrap();
    w.name_text(B).unwrap();
    w.end().unwrap();
    w.end().unwrap();
    assert_eq!(
        w.finish().unwrap(),
        "<p:a xmlns:p=\"urn:a\"><n1:b xmlns:n1=\"urn:b\" n1:b=\"1\" p:a=\"2\" plain=\"3\"/>\
         <plain xmlns:n2=\"urn:b\">n2:b</plain></p:a>"
    );
}

#[test]
fn what_xml_cannot_hold_is_an_error() {
    for text in ["\0", "a\u{1}", "é\u{b}", "\u{fffe}", "x\u{ffff}"] {
        let mut w = Writer::new();
        w.start(A).unwrap();
        let c = text.chars().last().unwrap();
        assert_eq!(w.attribute(PLAIN, text), Err(EncodeError::Character(c)));
        assert_eq!(w.text(text), Err(EncodeError::Character(c)));
    }
    let mut w = Writer::new();
    let bad = QName::parse("urn:\u{1}", "a").unwrap();
    assert_eq!(w.start(bad), Err(EncodeError::Character('\u{1}')));
    let reserved = QName::parse("http://www.w3.org/2000/xmlns/", "a").unwrap();
    assert!(matches!(Writer::new().start(reserved), Err(EncodeError::Name(_))));
}

#[test]
fn what_is_out_of_order_is_an_error() {
    let mut w = Writer::new();
    assert_eq!(w.text("x"), Err(EncodeError::Unbalanced));
    assert_eq!(w.end(), Err(EncodeError::Unbalanced));
    w.start(A).unwrap();
    assert_eq!(w.clone().finish(), Err(EncodeError::Unbalanced));
    w.text("x").unwrap();
    assert_eq!(w.attribute(PLAIN, "1"), Err(EncodeError::AttributeOutsideTag));
    assert_eq!(w.spell(B), Err(EncodeError::AttributeOutsideTag));
    assert_eq!(
        w.spell(QName::from_static("http://www.w3.org/XML/1998/namespace", "lang")).as_deref(),
        Ok("xml:lang")
    );
    w.end().unwrap();
    assert_eq!(w.start(B), Err(EncodeError::Unbalanced));
    assert_eq!(Writer::new().finish(), Err(EncodeError::Unbalanced));
}

#[test]
fn a_fragment_carries_the_declarations_that_hold_around_it() {
    let text = "<a xmlns='urn:d' xmlns:p='urn:&lt;p&quot;' xmlns:q='urn:q'><b xmlns:q = 'urn:r' c=' xmlns:p=\"x\" '>p:x</b></a>";
    let whole = Fragment::parse(text, &Limits::DEFAULT).unwrap();
    assert_eq!(whole.as_str(), text);
    struct Inner;
    impl soap_envelope::codec::Decode for Inner {
        const NAME: QName<'static> = QName::from_static("urn:d", "a");
        fn decode(
            c: &mut soap_envelope::codec::Cursor<'_>,
        ) -> Result<Self, soap_envelope::codec::DecodeError> {
            let inner = c.any()?;
            assert_eq!(
                inner.as_str(),
                "<b xmlns=\"urn:d\" xmlns:p=\"urn:&lt;p&quot;\" xmlns:q = 'urn:r' c=' xmlns:p=\"x\" '>p:x</b>"
            );
            Fragment::parse(inner.as_str(), &Limits::DEFAULT)?;
            Ok(Inner)
        }
    }
    whole.decode::<Inner>(&Limits::DEFAULT).unwrap();
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn xml_appendix_f_encodings_are_found() {
    let text = "<?xml version='1.0' encoding='utf-16'?><é>𝄞</é>";
    for bytes in [
        utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        utf16(text, u16::to_be_bytes),
        utf16(text, u16::to_le_bytes),
    ] {
        assert_eq!(decode(bytes, None).unwrap(), text);
    }
    assert_eq!(decode("\u{feff}<a/>", None).unwrap(), "\u{feff}<a/>");
    assert!(decode("<?xml version='1.0' encoding='US-ASCII'?><a/>", None).is_ok());
    assert_eq!(decode(utf16("<a/>", u16::to_be_bytes), Some("UTF-16")).unwrap(), "<a/>");
    assert_eq!(decode(utf16("<a/>", u16::to_le_bytes), Some("utf-16le")).unwrap(), "<a/>");
}

#[test]
fn encodings_that_are_not_read_or_not_true_are_refused() {
    let declared = |name: &str| format!("<?xml version='1.0' encoding='{name}'?><a>é</a>");
    for name in ["ISO-8859-1", "windows-1252", "UTF-7", "UTF-32"] {
        let unknown = DecodeTextError::Unknown { name: name.to_owned() };
        assert_eq!(decode(declared(name), None), Err(unknown.clone()));
        assert_eq!(decode("<a/>", Some(name)), Err(unknown));
    }
    for name in ["UTF-16", "us-ascii"] {
        assert_eq!(
            decode(declared(name), None),
            Err(DecodeTextError::Contradiction { declared: name.to_owned() })
        );
    }
    assert_eq!(
        decode("é", Some("us-ascii")),
        Err(DecodeTextError::Contradiction { declared: "US-ASCII".into() })
    );
    // The outer charset is right where they differ (RFC 7303 §3.2).
    assert!(decode(declared("ISO-8859-1"), Some("utf-8")).is_ok());
    for (bytes, encoding, offset) in [
        (b"<a>\xff</a>".to_vec(), "UTF-8", 3),
        (b"<a>\xed\xa0\x80</a>".to_vec(), "UTF-8", 3),
        (b"\xfe\xff\0<\0".to_vec(), "UTF-16", 3),
        (b"\xfe\xff\0<\xd8\0\0a".to_vec(), "UTF-16", 2),
    ] {
        assert_eq!(decode(bytes, None), Err(DecodeTextError::Malformed { encoding, offset }));
    }
}

proptest! {
    #[test]
    fn any_text_and_any_attribute_survive(text in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{1,60}") {
        let mut w = Writer::new();
        w.start(A).unwrap();
        w.attribute(PLAIN, &text).unwrap();
        w.text(&text).unwrap();
        w.end().unwrap();
        let written = w.finish().unwrap();
        let mut scanner = Scanner::new(&written, &Limits::DEFAULT).unwrap();
        prop_assert_eq!(scanner.next_event().unwrap(), Event::Start);
        let attribute = scanner.attribute(PLAIN).map(|value| value.into_owned());
        prop_assert_eq!(attribute.as_ref(), Some(&text));
        let Event::Text(read) = scanner.next_event().unwrap() else { panic!("text follows") };
        prop_assert_eq!(read.value(), text);
    }
}
