//! The forms that the fields of signatures nearly always have, read in one pass: strings without escapes, byte sequences, whole
//! numbers, inner lists, parameters, and no more white space than a writer leaves. It never refuses: whatever else a field is,
//! well-formed or not, is for `sfv` to judge.

use std::borrow::Cow;
use std::vec::Vec;

use sfv::{Integer, KeyRef, StringRef};

use crate::scheme::decode_base64;

use super::{Bare, Bounds, Dictionary, InnerList, Item, Member, Parameters, USUAL_ITEMS};

/// A dictionary with each key once and within the bounds, or nothing.
pub(super) fn dictionary<'f>(field: &'f str, bounds: &Bounds) -> Option<Dictionary<'f>> {
    let mut rest = Rest(field);
    let mut members = Dictionary::new();
    loop {
        let key = rest.key()?;
        if !rest.takes(b'=')
            || members.len() == bounds.members
            || members.iter().any(|(known, _)| *known == key)
        {
            return None;
        }
        let member = if rest.takes(b'(') {
            Member::InnerList(rest.inner_list(bounds)?)
        } else {
            Member::Item(rest.item(bounds)?)
        };
        members.push((key, member));
        if rest.0.is_empty() {
            return Some(members);
        }
        if !(rest.takes(b',') && rest.takes(b' ')) {
            return None;
        }
    }
}

/// What is still to be read.
struct Rest<'f>(&'f str);

impl<'f> Rest<'f> {
    fn takes(&mut self, byte: u8) -> bool {
        let rest = self.0.as_bytes().first().filter(|first| **first == byte).and_then(|_| self.0.get(1..));
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// What stands before the first byte of that kind, which stays.
    fn until(&mut self, end: impl Fn(u8) -> bool) -> Option<&'f str> {
        let at = self.0.bytes().position(end).unwrap_or(self.0.len());
        let (text, rest) = self.0.split_at_checked(at)?;
        self.0 = rest;
        Some(text)
    }

    /// RFC 9651 §4.2.3.3.
    fn key(&mut self) -> Option<&'f KeyRef> {
        KeyRef::from_str(self.until(|byte| matches!(byte, b'=' | b';' | b',' | b' ' | b')'))?).ok()
    }

    /// RFC 9651 §4.2.1.2, behind the bracket.
    fn inner_list(&mut self, bounds: &Bounds) -> Option<InnerList<'f>> {
        let mut items = Vec::with_capacity(USUAL_ITEMS);
        while !self.takes(b')') {
            if items.len() == bounds.items || !(items.is_empty() || self.takes(b' ')) {
                return None;
            }
            items.push(self.item(bounds)?);
        }
        Some(InnerList { items, parameters: self.parameters(bounds)? })
    }

    /// RFC 9651 §4.2.3.
    fn item(&mut self, bounds: &Bounds) -> Option<Item<'f>> {
        Some(Item { bare: self.bare()?, parameters: self.parameters(bounds)? })
    }

    /// RFC 9651 §4.2.3.2.
    fn parameters(&mut self, bounds: &Bounds) -> Option<Parameters<'f>> {
        let mut parameters = Parameters::new();
        while self.takes(b';') {
            let key = self.key()?;
            let value = if self.takes(b'=') { self.bare()? } else { Bare::Boolean(true) };
            if parameters.len() == bounds.parameters || parameters.iter().any(|(known, _)| *known == key) {
                return None;
            }
            parameters.push((key, value));
        }
        Some(parameters)
    }

    fn bare(&mut self) -> Option<Bare<'f>> {
        if self.takes(b'"') {
            let text = self.until(|byte| matches!(byte, b'"' | b'\\'))?;
            return self.takes(b'"').then_some(Bare::String(Cow::Borrowed(StringRef::from_str(text).ok()?)));
        }
        if self.takes(b':') {
            let text = self.until(|byte| byte == b':')?;
            return self.takes(b':').then_some(Bare::ByteSequence(decode_base64(text.as_bytes())?));
        }
        let digits = self.until(|byte| !byte.is_ascii_digit())?;
        // RFC 9651 §4.2.4: at most fifteen, which do not overflow. With a point behind them they are another type.
        if !(1..=15).contains(&digits.len()) || self.0.starts_with('.') {
            return None;
        }
        let number = digits.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        Integer::try_from(number).ok().map(Bare::Integer)
    }
}
