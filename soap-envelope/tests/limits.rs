//! Each bound of `Limits`: one under it is read, one over it is an error that names it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::envelope;
use soap_envelope::envelope::Message;
use soap_envelope::xml::{Event, Scanner, XmlErrorKind};
use soap_envelope::{Error, LimitKind, Limits, Version};

fn scan(text: &str, limits: &Limits) -> Result<usize, XmlErrorKind> {
    let mut scanner = Scanner::new(text, limits).map_err(|error| error.kind())?;
    let mut events = 0;
    while scanner.next_event().map_err(|error| error.kind())? != Event::Eof {
        events += 1;
    }
    Ok(events)
}

/// `within` is read, `beyond` is not, and the error names the limit.
#[track_caller]
fn bound(set: impl FnOnce(&mut Limits) -> (LimitKind, usize), within: &str, beyond: &str) {
    let mut limits = Limits::default();
    let (limit, max) = set(&mut limits);
    scan(within, &limits).unwrap_or_else(|kind| panic!("{within}: {kind}"));
    assert_eq!(scan(beyond, &limits), Err(XmlErrorKind::Limit { limit, max }), "{beyond}");
    let named = XmlErrorKind::Limit { limit, max }.to_string();
    assert_eq!(named, format!("crosses {} of {max}", limit.name()));
}

macro_rules! bounds {
    ($($test:ident: $field:ident = $max:expr, $kind:ident, $within:expr, $beyond:expr;)+) => {$(
        #[test]
        fn $test() {
            bound(|l| { l.$field = $max; (LimitKind::$kind, $max) }, $within, $beyond);
        }
    )+};
}

bounds! {
    max_envelope_bounds_the_text: max_envelope = 9, Envelope, "<a>12</a>", "<a>123</a>";
    max_depth_bounds_the_nesting: max_depth = 2, Depth, "<a><b/><b/></a>", "<a><b><c/></b></a>";
    max_children_bounds_one_element: max_children = 2, Children, "<a><b><c/></b><b/></a>", "<a><b/><b/><b/></a>";
    max_elements_bounds_the_document: max_elements = 3, Elements, "<a><b/><c/></a>", "<a><b><c/></b><d/></a>";
    max_attributes_counts_declarations_too: max_attributes = 2, Attributes, "<a b='' xmlns='u'/>", "<a b='' c='' xmlns='u'/>";
    max_attribute_bounds_a_value: max_attribute = 3, Attribute, "<a b='123'/>", "<a b='1234'/>";
    max_name_counts_the_prefix: max_name = 3, Name, "<abc><d/></abc>", "<abcd/>";
    max_name_bounds_attributes_too: max_name = 3, Name, "<a bcd=''/>", "<a bcde=''/>";
    max_name_bounds_targets_too: max_name = 3, Name, "<a><?bcd?></a>", "<a><?bcde?></a>";
    max_namespace_bounds_a_declaration: max_namespace = 2, Namespace, "<a xmlns='12'/>", "<a xmlns='123'/>";
    max_bindings_counts_what_holds: max_bindings = 2, Bindings,
        "<a xmlns:p='u'><b xmlns:q='u'/><b xmlns:r='u'/></a>", "<a xmlns:p='u'><b xmlns:q='u'><c xmlns:r='u'/></b></a>";
    max_text_counts_across_sections: max_text = 4, Text, "<a>1234<b/>1234</a>", "<a>12<![CDATA[34]]><!-- -->5</a>";
}

#[test]
fn max_header_blocks_bounds_the_header() {
    let mut limits = Limits::default();
    limits.max_header_blocks = 3;
    let read = |blocks: usize| {
        let text = envelope(Version::Soap12, &"<t:t xmlns:t='u'/>".repeat(blocks), "");
        Message::read(text, None, &limits)
    };
    assert_eq!(read(3).unwrap().headers().count(), 3);
    assert!(matches!(read(4), Err(Error::Xml(e)) if e.to_string().contains("max_header_blocks of 3")));
}

#[test]
fn max_fault_detail_bounds_what_is_kept_of_a_fault() {
    let mut limits = Limits::default();
    limits.max_fault_detail = 100;
    let read = |elements: usize| {
        let body = format!(
            "<s:Fault><faultcode>s:Server</faultcode><faultstring/><detail>{}</detail></s:Fault>",
            "<t:t xmlns:t='u'/>".repeat(elements)
        );
        Message::read(envelope(Version::Soap11, "", &body), None, &limits).unwrap().fault()
    };
    assert_eq!(read(1).unwrap().unwrap().detail().len(), 1);
    assert!(read(10).unwrap_err().to_string().contains("max_fault_detail of 100"));
}

/// Each of these is small, and costs little and ends soon; none is read, or none is more than it looks.
#[test]
fn hostile_documents_end_soon() {
    let laughs = "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]><lolz>&lol2;</lolz>";
    let external = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    for text in [laughs, external] {
        assert_eq!(scan(text, &Limits::DEFAULT), Err(XmlErrorKind::Dtd));
    }
    let refused = |text: &str| match scan(text, &Limits::DEFAULT) {
        Err(XmlErrorKind::Limit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&"<a>".repeat(1_000_000)), LimitKind::Depth);
    let prefixes: String = (0..200).map(|n| format!(" xmlns:p{n}='u{n}'")).collect();
    assert_eq!(refused(&format!("<a{prefixes}/>")), LimitKind::Bindings);
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(refused(&format!("<a{attributes}/>")), LimitKind::Attributes);
    assert_eq!(refused(&format!("<{}/>", "n".repeat(1 << 20))), LimitKind::Name);
    assert_eq!(refused(&format!("<a b='{}'/>", "v".repeat(1 << 20))), LimitKind::Attribute);
    assert_eq!(refused(&format!("<a>{}</a>", "<b/>".repeat(60_000))), LimitKind::Children);
}

/// What costs the most for its length, and yet is allowed: each look-up passes all prefixes, each attribute is compared with all
/// others, each byte is one that the search stops at.
#[test]
fn the_worst_documents_within_the_limits_are_read() {
    let prefixes: String = (0..127).map(|n| format!(" xmlns:p{n}='urn:{n}'")).collect();
    let attributes: String = (0..127).map(|n| format!(" p{n}:a='{n}'")).collect();
    let bomb = format!("<a{prefixes}>{}</a>", format!("<p0:b{attributes}/>").repeat(50));
    assert_eq!(scan(&bomb, &Limits::DEFAULT), Ok(102));
    assert_eq!(scan(&format!("<a>{}</a>", "]".repeat(1 << 20)), &Limits::DEFAULT), Ok(3));
    assert_eq!(scan(&format!("<a>{}</a>", "&#x41;".repeat(1 << 17)), &Limits::DEFAULT), Ok(3));
    assert_eq!(scan(&format!("<a><!--{}--></a>", "-x".repeat(1 << 19)), &Limits::DEFAULT), Ok(3));
    assert_eq!(scan(&format!("<a>{}</a>", "<b></b  >".repeat(50_000)), &Limits::DEFAULT), Ok(100_002));
}
