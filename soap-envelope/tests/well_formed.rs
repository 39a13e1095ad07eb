//! Documents that are not well-formed, or break a rule of namespaces: each is refused, by the rule it breaks.
//!
//! The first part are the twenty-six probes of which a tokenizer alone lets twenty pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use soap_envelope::Limits;
use soap_envelope::xml::{Event, Scanner, XmlError, XmlErrorKind};

fn read(text: &str) -> Result<usize, XmlError> {
    let mut scanner = Scanner::new(text, &Limits::DEFAULT)?;
    let mut events = 0;
    while scanner.next_event()? != Event::Eof {
        // Everything that is lent can be looked at.
        scanner.attributes().for_each(|attribute| drop((attribute.name(), attribute.value())));
        let _ = scanner.name();
        events += 1;
    }
    Ok(events)
}

#[track_caller]
fn refused(text: &str, kind: XmlErrorKind) {
    match read(text) {
        Ok(_) => panic!("{text:?} was read"),
        Err(error) => assert_eq!(error.kind(), kind, "{text:?}: {error}"),
    }
}

#[test]
fn an_undeclared_prefix_is_refused() {
    refused("<p:a/>", XmlErrorKind::UndeclaredPrefix);
    refused("<a p:b='1'/>", XmlErrorKind::UndeclaredPrefix);
    refused("<a><p:b xmlns:p='u'/><p:c/></a>", XmlErrorKind::UndeclaredPrefix);
}

#[test]
fn two_roots_are_refused() {
    refused("<a/><b/>", XmlErrorKind::SecondRoot);
    refused("<a></a> <!-- --> <b></b>", XmlErrorKind::SecondRoot);
}

#[test]
fn text_outside_the_root_is_refused() {
    refused("x<a/>", XmlErrorKind::TextOutsideRoot);
    refused("<a/>x", XmlErrorKind::TextOutsideRoot);
    refused("<a/>&#32;", XmlErrorKind::TextOutsideRoot);
    refused("<![CDATA[ ]]><a/>", XmlErrorKind::TextOutsideRoot);
}

#[test]
fn a_document_without_a_root_is_refused() {
    for text in ["", "  \n", "<!-- -->", "<?xml version='1.0'?>"] {
        refused(text, XmlErrorKind::NoRoot);
    }
}

#[test]
fn an_element_that_is_open_at_the_end_is_refused() {
    for text in [
        "<a>",
        "<a",
        "<a b",
        "<a b=",
        "<a b='",
        "<a><b></b>",
        "<a><!-- ",
        "<a><![CDATA[",
        "<a><?p ",
        "<a>text",
        "<a></a",
        "<",
    ] {
        refused(text, XmlErrorKind::UnexpectedEnd);
    }
}

#[test]
fn control_characters_are_refused() {
    for text in [
        "<a>\u{1}</a>",
        "<a>\0</a>",
        "<a b='\u{1f}'/>",
        "<a>\u{fffe}</a>",
        "<a>\u{ffff}</a>",
        "<!--\u{b}--><a/>",
        "<a\u{c}/>",
    ] {
        refused(text, XmlErrorKind::Character);
    }
    assert!(read("<a>\t\r\n\u{7f}\u{85}\u{fffd}\u{10ffff}</a>").is_ok());
}

#[test]
fn nul_is_refused_and_its_place_is_told() {
    let error = read("<a>\n  b\0</a>").unwrap_err();
    assert_eq!(
        (error.kind(), error.offset(), error.line(), error.column()),
        (XmlErrorKind::Character, 7, 2, 4)
    );
}

#[test]
fn references_to_characters_that_are_not_allowed_are_refused() {
    for reference in ["&#1;", "&#0;", "&#xFFFE;", "&#xD800;", "&#x110000;", "&#99999999999999999999;"] {
        refused(&format!("<a>{reference}</a>"), XmlErrorKind::Reference);
        refused(&format!("<a b='{reference}'/>"), XmlErrorKind::Reference);
    }
}

#[test]
fn malformed_references_are_refused() {
    for reference in ["&", "& ", "&amp", "&;", "&#;", "&#x;", "&#xg;", "&#1a;", "&#X41;", "&am p;", "&-;"] {
        refused(&format!("<a>{reference}</a>"), XmlErrorKind::Reference);
    }
}

#[test]
fn an_undefined_entity_is_refused() {
    refused("<a>&nbsp;</a>", XmlErrorKind::Entity);
    refused("<a b='&copy;'/>", XmlErrorKind::Entity);
    refused("<a>&AMP;</a>", XmlErrorKind::Entity);
}

#[test]
fn a_less_than_in_an_attribute_is_refused() {
    refused("<a b='<'/>", XmlErrorKind::LessThanInAttribute);
}

#[test]
fn the_end_of_a_cdata_section_in_text_is_refused() {
    refused("<a>]]></a>", XmlErrorKind::CDataEndInText);
    refused("<a>]]]]></a>", XmlErrorKind::CDataEndInText);
    assert!(read("<a>]] > ]&gt;</a>").is_ok());
}

#[test]
fn bad_names_are_refused() {
    for name in ["1a", "-a", ".a", "", "a\u{d7}", "\u{300}a", " a", "&a"] {
        assert!(read(&format!("<{name}/>")).is_err(), "{name}");
    }
    for name in ["a1", "_", "a-b.c", "é", "名前", "a\u{300}", "\u{10000}"] {
        assert!(read(&format!("<{name}/>")).is_ok(), "{name}");
    }
}

#[test]
fn names_with_a_misplaced_colon_are_refused() {
    for name in ["a:b:c", ":a", "a:", ":", "a::b", "a:1"] {
        refused(&format!("<{name} xmlns:a='u'/>"), XmlErrorKind::Name);
    }
    refused("<a xmlns:b='u' b:c:d=''/>", XmlErrorKind::Name);
}

#[test]
fn a_prefix_for_no_namespace_is_refused() {
    refused("<a xmlns:p=''/>", XmlErrorKind::NamespaceDeclaration);
    assert!(read("<a xmlns='u'><b xmlns=''/></a>").is_ok());
}

#[test]
fn attributes_without_space_between_are_refused() {
    refused("<a b='1'c='2'/>", XmlErrorKind::Tag);
    refused("<a/b='1'>", XmlErrorKind::Tag);
}

#[test]
fn a_duplicate_attribute_is_refused() {
    refused("<a b='1' b='2'/>", XmlErrorKind::DuplicateAttribute);
    refused("<a xmlns='u' xmlns='u'/>", XmlErrorKind::DuplicateAttribute);
    refused("<a xmlns:p='u' xmlns:p='v'/>", XmlErrorKind::DuplicateAttribute);
}

#[test]
fn a_duplicate_attribute_by_namespace_is_refused() {
    refused("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", XmlErrorKind::DuplicateAttribute);
    // Namespaces §6.3: an attribute without a prefix is in no namespace, so these differ.
    assert!(read("<a xmlns='u' xmlns:p='u' b='1' p:b='2'/>").is_ok());
}

#[test]
fn a_duplicate_among_many_attributes_is_refused() {
    let many: String = (0..40).map(|n| format!(" a{n}=''")).collect();
    assert!(read(&format!("<e{many}/>")).is_ok());
    refused(&format!("<e{many} a7=''/>"), XmlErrorKind::DuplicateAttribute);
    refused(&format!("<e xmlns:p='u' xmlns:q='u'{many} p:a7='' q:a7=''/>"), XmlErrorKind::DuplicateAttribute);
}

#[test]
fn two_hyphens_in_a_comment_are_refused() {
    refused("<a><!-- a -- b --></a>", XmlErrorKind::Comment);
    refused("<a><!-- a ---></a>", XmlErrorKind::Comment);
    assert!(read("<!----><a><!-- - --></a>").is_ok());
}

#[test]
fn a_late_xml_declaration_is_refused() {
    refused(" <?xml version='1.0'?><a/>", XmlErrorKind::Declaration);
    refused("<!-- --><?xml version='1.0'?><a/>", XmlErrorKind::Declaration);
    refused("<a><?xml version='1.0'?></a>", XmlErrorKind::Declaration);
    refused("<?xml version='1.0'?><?xml version='1.0'?><a/>", XmlErrorKind::Declaration);
}

#[test]
fn malformed_xml_declarations_are_refused() {
    for inside in [
        "",
        " ",
        " encoding='utf-8'",
        " version=1.0",
        " version='2.0'",
        " version='1.'",
        " version='1.0' standalone='maybe'",
        " version='1.0' standalone='yes' encoding='utf-8'",
        " version='1.0' encoding='8utf'",
        " version='1.0'encoding='utf-8'",
        " version='1.0' x='y'",
        " version='1.0\"",
    ] {
        refused(&format!("<?xml{inside}?><a/>"), XmlErrorKind::Declaration);
    }
    for inside in
        [" version='1.0'", " version=\"1.1\" ", "\nversion = '1.0' encoding='utf-8' standalone='no'"]
    {
        assert!(read(&format!("<?xml{inside}?><a/>")).is_ok(), "{inside}");
    }
    assert!(read("\u{feff}<?xml version='1.0'?><a/>").is_ok());
}

#[test]
fn a_processing_instruction_for_xml_is_refused() {
    refused("<a><?XML x?></a>", XmlErrorKind::Instruction);
    refused("<a><?xMl?></a>", XmlErrorKind::Instruction);
    refused("<a><??></a>", XmlErrorKind::Instruction);
    refused("<a><?p:q r?></a>", XmlErrorKind::Instruction);
    assert!(read("<a><?xml-stylesheet href='x'?><?p?></a>").is_ok());
}

#[test]
fn a_dtd_is_refused_wherever_it_stands() {
    refused("<!DOCTYPE a><a/>", XmlErrorKind::Dtd);
    refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", XmlErrorKind::Dtd);
    refused("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", XmlErrorKind::Dtd);
    refused("<a/><!DOCTYPE a>", XmlErrorKind::Dtd);
    refused("<a><!DOCTYPE a></a>", XmlErrorKind::Dtd);
}

#[test]
fn the_reserved_prefixes_cannot_be_declared_anew() {
    let (xml, xmlns) = ("http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/");
    for declaration in [
        format!("xmlns:xmlns='{xmlns}'"),
        "xmlns:xmlns='u'".into(),
        "xmlns:xml='u'".into(),
        format!("xmlns:p='{xml}'"),
        format!("xmlns='{xml}'"),
        format!("xmlns='{xmlns}'"),
        format!("xmlns:p='{xmlns}'"),
    ] {
        refused(&format!("<a {declaration}/>"), XmlErrorKind::NamespaceDeclaration);
    }
    assert!(read(&format!("<a xmlns:xml='{xml}' xml:lang='en'/>")).is_ok());
    refused("<xmlns:a/>", XmlErrorKind::UndeclaredPrefix);
}

#[test]
fn end_tags_have_to_match_as_they_are_written() {
    refused("<a></b>", XmlErrorKind::EndTag);
    refused("<a></ab>", XmlErrorKind::EndTag);
    refused("<a></a b='1'>", XmlErrorKind::EndTag);
    refused("<a xmlns:p='u' xmlns:q='u'><p:b></q:b></a>", XmlErrorKind::EndTag);
    refused("</a>", XmlErrorKind::EndTag);
    refused("<a/></a>", XmlErrorKind::EndTag);
    assert!(read("<a></a \n>").is_ok());
}

#[test]
fn markup_that_is_none_is_refused() {
    refused("<a><!ELEMENT a></a>", XmlErrorKind::Tag);
    refused("<a><![CDAT[x]]></a>", XmlErrorKind::Tag);
    refused("<a b></a>", XmlErrorKind::Tag);
    refused("<a b=c></a>", XmlErrorKind::Tag);
    refused("< a/>", XmlErrorKind::Name);
    refused("<a><></a>", XmlErrorKind::Name);
}

#[test]
fn an_error_stays() {
    let mut scanner = Scanner::new("<a>&x;</a>", &Limits::DEFAULT).unwrap();
    scanner.next_event().unwrap();
    let error = scanner.next_event().unwrap_err();
    assert_eq!(scanner.next_event().unwrap_err(), error);
}
