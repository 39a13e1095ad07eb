//! Structured fields (RFC 9651): the values that `sfv` parses and writes, as a tree that borrows from the field.

mod quick;

use std::borrow::Cow;
use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::string::String;
use std::vec::Vec;

use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ListVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, DictSerializer, ItemSerializer, KeyRef, Parser};

/// A bare item.
pub(crate) type Bare<'a> = BareItemFromInput<'a>;

/// Parameters in their order, each key once.
pub(crate) type Parameters<'a> = Vec<(&'a KeyRef, Bare<'a>)>;

/// A bare item and its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) bare: Bare<'a>,
    pub(crate) parameters: Parameters<'a>,
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_item(self, &mut text);
        f.write_str(&text)
    }
}

/// Items and the parameters of them all.
#[derive(Clone, Debug, Default)]
pub(crate) struct InnerList<'a> {
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) parameters: Parameters<'a>,
}

/// What a list or a dictionary consists of.
#[derive(Clone, Debug)]
pub(crate) enum Member<'a> {
    Item(Item<'a>),
    InnerList(InnerList<'a>),
}

/// The members of a dictionary in their order, each key once.
pub(crate) type Dictionary<'a> = Vec<(&'a KeyRef, Member<'a>)>;

/// How much a field may hold, and whether the same key may come twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Members of a dictionary or a list.
    pub(crate) members: usize,
    /// Items of an inner list.
    pub(crate) items: usize,
    /// Parameters of an item or an inner list.
    pub(crate) parameters: usize,
    /// Whether a repeated key is refused. Where it is not, the last value counts, in the place of the first
    /// (RFC 9651 §4.2.2).
    pub(crate) unique: bool,
}

/// Why a field is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not of this type.
    Syntax,
    /// A key is there twice.
    Repeated,
    /// Too many members.
    Members,
    /// Too many items in an inner list.
    Items,
    /// Too many parameters.
    Parameters,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Fault {}

/// A field of several lines as one text (RFC 9651 §4.2). One of a single line is lent.
pub(crate) struct Joined<'h> {
    text: Result<Option<Cow<'h, str>>, NotJoined>,
    /// The most bytes that it may have.
    max: usize,
}

/// Why lines are no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotJoined {
    /// More bytes than allowed.
    TooLong,
    /// No text.
    NotText,
}

impl<'h> Joined<'h> {
    pub(crate) const fn new(max: usize) -> Self {
        Self { text: Ok(None), max }
    }

    /// Takes the next line. After one that does not fit, none is looked at.
    pub(crate) fn push(&mut self, line: &'h [u8]) {
        let Ok(text) = &mut self.text else { return };
        // Two bytes for the separator.
        let before = text.as_ref().map_or(0, |text| text.len() + 2);
        if before + line.len() > self.max {
            self.text = Err(NotJoined::TooLong);
            return;
        }
        match (std::str::from_utf8(line), text) {
            (Ok(line), Some(text)) => {
                let text = text.to_mut();
                text.push_str(", ");
                text.push_str(line);
            }
            (Ok(line), none) => *none = Some(Cow::Borrowed(line)),
            (Err(_), _) => self.text = Err(NotJoined::NotText),
        }
    }

    /// The field, if it has a line.
    pub(crate) fn finish(self) -> Result<Option<Cow<'h, str>>, NotJoined> {
        self.text
    }
}

pub(crate) fn dictionary<'a>(field: &'a str, bounds: &Bounds) -> Result<Dictionary<'a>, Fault> {
    quick::dictionary(field, bounds).map_or_else(|| any_dictionary(field, bounds), Ok)
}

/// Of any form.
fn any_dictionary<'a>(field: &'a str, bounds: &Bounds) -> Result<Dictionary<'a>, Fault> {
    let walk = Walk::new(bounds);
    let visitor = Members { walk: &walk, members: Vec::new() };
    walk.outcome(Parser::new(field).parse_dictionary_with_visitor(visitor))
}

pub(crate) fn list<'a>(field: &'a str, bounds: &Bounds) -> Result<Vec<Member<'a>>, Fault> {
    let walk = Walk::new(bounds);
    let visitor = Entries { walk: &walk, members: Vec::new() };
    walk.outcome(Parser::new(field).parse_list_with_visitor(visitor))
}

pub(crate) fn item<'a>(field: &'a str, bounds: &Bounds) -> Result<Item<'a>, Fault> {
    let walk = Walk::new(bounds);
    let mut items = Vec::new();
    walk.outcome(Parser::new(field).parse_item_with_visitor(PushItem { walk: &walk, items: &mut items }))?;
    items.pop().ok_or(Fault::Syntax)
}

pub(crate) fn write_bare(bare: &Bare<'_>, out: &mut String) {
    match bare {
        // The identifiers of a signature base, and nearly every other string: nothing in it to escape.
        Bare::String(text) if !needs_escape(text.as_str()) => {
            out.push('"');
            out.push_str(text.as_str());
            out.push('"');
        }
        bare => {
            ItemSerializer::with_buffer(out).bare_item(bare);
        }
    }
}

/// All bytes are looked at before one decision, which compiles to vectors.
fn needs_escape(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | matches!(byte, b'"' | b'\\'))
}

pub(crate) fn write_item(item: &Item<'_>, out: &mut String) {
    write_bare(&item.bare, out);
    write_parameters(&item.parameters, out);
}

pub(crate) fn write_parameters(parameters: &Parameters<'_>, out: &mut String) {
    for (key, value) in parameters {
        out.push(';');
        out.push_str(key.as_str());
        // RFC 9651 §4.1.1.2: what is true is its key alone.
        if !matches!(value, Bare::Boolean(true)) {
            out.push('=');
            write_bare(value, out);
        }
    }
}

pub(crate) fn write_inner_list(list: &InnerList<'_>, out: &mut String) {
    out.push('(');
    for (index, item) in list.items.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        write_item(item, out);
    }
    out.push(')');
    write_parameters(&list.parameters, out);
}

pub(crate) fn write_member(member: &Member<'_>, out: &mut String) {
    match member {
        Member::Item(item) => write_item(item, out),
        Member::InnerList(list) => write_inner_list(list, out),
    }
}

pub(crate) fn write_list(members: &[Member<'_>], out: &mut String) {
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_member(member, out);
    }
}

pub(crate) fn write_dictionary(dictionary: &Dictionary<'_>, out: &mut String) {
    let mut writer = DictSerializer::with_buffer(out);
    for (key, member) in dictionary {
        match member {
            Member::Item(item) => {
                writer.bare_item(key, &item.bare).parameters(pairs(&item.parameters));
            }
            Member::InnerList(list) => {
                let mut inner = writer.inner_list(key);
                for item in &list.items {
                    inner.bare_item(&item.bare).parameters(pairs(&item.parameters));
                }
                inner.finish().parameters(pairs(&list.parameters));
            }
        }
    }
}

fn pairs<'p>(parameters: &'p Parameters<'_>) -> impl Iterator<Item = (&'p KeyRef, &'p Bare<'p>)> {
    parameters.iter().map(|(key, value)| (*key, value))
}

/// What the visitors share. `sfv` turns their errors into texts, so the fault is kept aside.
struct Walk<'w> {
    bounds: &'w Bounds,
    fault: Cell<Option<Fault>>,
}

impl<'w> Walk<'w> {
    const fn new(bounds: &'w Bounds) -> Self {
        Self { bounds, fault: Cell::new(None) }
    }

    fn fail<T>(&self, fault: Fault) -> Result<T, Fault> {
        self.fault.set(Some(fault));
        Err(fault)
    }

    fn outcome<T>(&self, parsed: Result<T, sfv::Error>) -> Result<T, Fault> {
        parsed.map_err(|_| self.fault.get().unwrap_or(Fault::Syntax))
    }
}

struct Members<'w, 'de> {
    walk: &'w Walk<'w>,
    members: Dictionary<'de>,
}

impl<'de> DictionaryVisitor<'de> for Members<'_, 'de> {
    type Out = Dictionary<'de>;
    type Error = Fault;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Fault> {
        let index = match self.members.iter().position(|(known, _)| *known == key) {
            Some(_) if self.walk.bounds.unique => return self.walk.fail(Fault::Repeated),
            Some(index) => index,
            None if self.members.len() == self.walk.bounds.members => return self.walk.fail(Fault::Members),
            None => {
                self.members.push((key, Member::InnerList(InnerList::default())));
                self.members.len() - 1
            }
        };
        match self.members.get_mut(index) {
            Some((_, slot)) => Ok(Slot { walk: self.walk, slot }),
            None => self.walk.fail(Fault::Syntax),
        }
    }

    fn finish(self) -> Result<Dictionary<'de>, Fault> {
        Ok(self.members)
    }
}

struct Entries<'w, 'de> {
    walk: &'w Walk<'w>,
    members: Vec<Member<'de>>,
}

impl<'de> ListVisitor<'de> for Entries<'_, 'de> {
    type Out = Vec<Member<'de>>;
    type Error = Fault;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, Fault> {
        if self.members.len() == self.walk.bounds.members {
            return self.walk.fail(Fault::Members);
        }
        self.members.push(Member::InnerList(InnerList::default()));
        match self.members.last_mut() {
            Some(slot) => Ok(Slot { walk: self.walk, slot }),
            None => self.walk.fail(Fault::Syntax),
        }
    }

    fn finish(self) -> Result<Vec<Member<'de>>, Fault> {
        Ok(self.members)
    }
}

/// Room for the components of most signatures.
const USUAL_ITEMS: usize = 8;

/// Where a member goes.
struct Slot<'s, 'de> {
    walk: &'s Walk<'s>,
    slot: &'s mut Member<'de>,
}

impl<'de> EntryVisitor<'de> for Slot<'_, 'de> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        // A repeated key overwrites what the first one brought.
        *self.slot =
            Member::InnerList(InnerList { items: Vec::with_capacity(USUAL_ITEMS), parameters: Vec::new() });
        Ok(self)
    }
}

impl<'de> ItemVisitor<'de> for Slot<'_, 'de> {
    type Out = ();
    type Error = Fault;

    fn bare_item(self, bare: Bare<'de>) -> Result<impl ParameterVisitor<'de, Out = ()>, Fault> {
        *self.slot = Member::Item(Item { bare, parameters: Vec::new() });
        match self.slot {
            Member::Item(item) => Ok(Keyed { walk: self.walk, parameters: &mut item.parameters }),
            Member::InnerList(_) => self.walk.fail(Fault::Syntax),
        }
    }
}

impl<'de> InnerListVisitor<'de> for Slot<'_, 'de> {
    type Error = Fault;

    fn item(&mut self) -> Result<impl ItemVisitor<'de>, Fault> {
        match self.slot {
            Member::InnerList(list) if list.items.len() < self.walk.bounds.items => {
                Ok(PushItem { walk: self.walk, items: &mut list.items })
            }
            Member::InnerList(_) => self.walk.fail(Fault::Items),
            Member::Item(_) => self.walk.fail(Fault::Syntax),
        }
    }

    fn finish(self) -> Result<impl ParameterVisitor<'de>, Fault> {
        match self.slot {
            Member::InnerList(list) => Ok(Keyed { walk: self.walk, parameters: &mut list.parameters }),
            Member::Item(_) => self.walk.fail(Fault::Syntax),
        }
    }
}

/// Appends an item.
struct PushItem<'s, 'de> {
    walk: &'s Walk<'s>,
    items: &'s mut Vec<Item<'de>>,
}

impl<'de> ItemVisitor<'de> for PushItem<'_, 'de> {
    type Out = ();
    type Error = Fault;

    fn bare_item(self, bare: Bare<'de>) -> Result<impl ParameterVisitor<'de, Out = ()>, Fault> {
        self.items.push(Item { bare, parameters: Vec::new() });
        match self.items.last_mut() {
            Some(item) => Ok(Keyed { walk: self.walk, parameters: &mut item.parameters }),
            None => self.walk.fail(Fault::Syntax),
        }
    }
}

/// Collects parameters.
struct Keyed<'s, 'de> {
    walk: &'s Walk<'s>,
    parameters: &'s mut Parameters<'de>,
}

impl<'de> ParameterVisitor<'de> for Keyed<'_, 'de> {
    type Out = ();
    type Error = Fault;

    fn parameter(&mut self, key: &'de KeyRef, value: Bare<'de>) -> Result<(), Fault> {
        if let Some((_, known)) = self.parameters.iter_mut().find(|(known, _)| *known == key) {
            if self.walk.bounds.unique {
                return self.walk.fail(Fault::Repeated);
            }
            *known = value;
        } else if self.parameters.len() == self.walk.bounds.parameters {
            return self.walk.fail(Fault::Parameters);
        } else {
            self.parameters.push((key, value));
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sfv::ListSerializer;

    use super::*;

    const BOUNDS: Bounds = Bounds { members: 16, items: 16, parameters: 16, unique: false };

    /// As `sfv` writes it.
    fn by_sfv(list: &InnerList<'_>) -> String {
        let mut out = String::new();
        let mut writer = ListSerializer::with_buffer(&mut out);
        let mut inner = writer.inner_list();
        for item in &list.items {
            inner.bare_item(&item.bare).parameters(pairs(&item.parameters));
        }
        inner.finish().parameters(pairs(&list.parameters));
        out
    }

    fn bare() -> impl Strategy<Value = String> {
        prop_oneof![
            r#""[ !#-\[\]-~]{0,12}""#,
            r#""([ !#-\[\]-~]|\\\\|\\"){0,6}""#,
            "-?[0-9]{1,9}",
            "[0-9]{1,5}\\.[0-9]{1,3}",
            "[a-zA-Z*][a-zA-Z0-9:/!#]{0,8}",
            ":(AAAA|YWI=|/\\+8=):",
            "\\?[01]",
            "@-?[0-9]{1,9}",
            r#"%"(a|%c3%a9| ){0,4}""#,
        ]
    }

    fn parameters() -> impl Strategy<Value = String> {
        proptest::collection::vec(("[a-z*][a-z0-9_.*-]{0,6}", proptest::option::of(bare())), 0..4).prop_map(
            |parameters| {
                let text = parameters.iter().map(|(key, value)| match value {
                    Some(value) => std::format!(";{key}={value}"),
                    None => std::format!("; {key}"),
                });
                text.collect()
            },
        )
    }

    /// What may be a member, with what neither reader takes among it.
    fn member() -> impl Strategy<Value = String> {
        let items = proptest::collection::vec((bare(), parameters()), 0..6);
        prop_oneof![
            (bare(), parameters()).prop_map(|(bare, parameters)| [bare, parameters].concat()),
            (items, prop_oneof![" ", "  "], parameters()).prop_map(|(items, space, parameters)| {
                let items: Vec<String> =
                    items.into_iter().map(|(bare, parameters)| bare + &parameters).collect();
                std::format!("({}){parameters}", items.join(&space))
            }),
            r#"[ -~é]{0,8}"#,
        ]
    }

    #[test]
    fn the_fields_of_signatures_are_read_quickly() {
        let input = r#"sig1=("@method" "@authority" "content-digest";req "a";key="b");created=1618884473;keyid="k";alg="ed25519""#;
        for field in [
            input,
            "sig1=:YWJj:, sig2=:AA==:",
            "sha-256=:AAAA:",
            "a=()",
            "a=1;b",
            "a=-1",
            "a=\"\\\"\"",
            "a",
            "a=1.5",
            "a=?1",
        ] {
            let quick = quick::dictionary(field, &BOUNDS);
            assert_eq!(
                quick.is_some(),
                !["a=-1", "a=\"\\\"\"", "a", "a=1.5", "a=?1"].contains(&field),
                "{field}"
            );
            assert!(any_dictionary(field, &BOUNDS).is_ok(), "{field}");
        }
    }

    const FEW: Bounds = Bounds { members: 2, items: 3, parameters: 2, unique: true };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn what_is_read_quickly_is_what_sfv_reads(
            members in proptest::collection::vec(("[a-c]{1,2}", prop_oneof!["=", "= ", ""], member()), 0..4),
            separator in prop_oneof![", ", ",", " ,\t", ";"],
            at in 0..200_usize,
            edit in proptest::option::of("[ -~]"),
        ) {
            let members: Vec<String> = members.into_iter().map(|(key, equals, member)| [key, equals, member].concat()).collect();
            let mut field = members.join(&separator);
            if let Some(edit) = edit && field.is_char_boundary(at) {
                field.insert_str(at, &edit);
            }
            for bounds in [&BOUNDS, &FEW] {
                if let Some(quick) = quick::dictionary(&field, bounds) {
                    let judged = any_dictionary(&field, bounds);
                    prop_assert_eq!(std::format!("{:?}", Ok::<_, Fault>(quick)), std::format!("{judged:?}"), "{}", field);
                }
            }
        }

        #[test]
        fn an_inner_list_is_written_as_sfv_writes_it(
            items in proptest::collection::vec((bare(), parameters()), 0..6),
            of_all in parameters(),
        ) {
            let items: Vec<String> = items.iter().map(|(bare, parameters)| [bare.as_str(), parameters].concat()).collect();
            let field = std::format!("({}){of_all}", items.join("  "));
            let members = list(&field, &BOUNDS).unwrap();
            let [Member::InnerList(parsed)] = members.as_slice() else { panic!("{field}") };
            let mut ours = String::new();
            write_inner_list(parsed, &mut ours);
            prop_assert_eq!(ours, by_sfv(parsed));
        }
    }
}
