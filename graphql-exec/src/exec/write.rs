//! The one pass that writes the response.

use super::{
    column::NULL,
    engine::{Engine, Node},
    response::Response,
};
use crate::error::{GraphqlError, code};

impl Engine {
    /// Nulls where they belong, then errors, then data.
    pub(super) fn respond(&mut self) -> Response {
        self.bubble();
        let mut errors = core::mem::take(&mut self.errors);
        if self.more_errors > 0 {
            let message = format!("{} errors more were left out", self.more_errors);
            errors.push(GraphqlError::new(message).with_code(code::LIMIT_EXCEEDED));
        }
        let expected: usize = self.nodes.iter().map(|node| node.column.json.len() + 24).sum();
        let mut fits = true;
        let response = Response::build(
            errors,
            Some(|out: &mut Vec<u8>| {
                out.reserve(expected.min(self.limits.max_response));
                let mut writer = Writer { engine: self, out, fits: true };
                writer.row(0, 0);
                fits = writer.fits;
            }),
        );
        if fits {
            return response;
        }
        let error = GraphqlError::limit("max_response", self.limits.max_response as u64);
        Response::build(vec![error], Some(|out: &mut Vec<u8>| out.extend_from_slice(b"null")))
    }
}

struct Writer<'e, 'o> {
    engine: &'e Engine,
    out: &'o mut Vec<u8>,
    fits: bool,
}

impl Writer<'_, '_> {
    /// An object. It calls itself as deep as the operation nests, which the parser bounds.
    fn row(&mut self, layer: u32, row: u32) {
        let engine = self.engine;
        let layer = &engine.layers[layer as usize];
        if layer.nulled.get(row as usize).copied().unwrap_or(false) {
            self.out.extend_from_slice(b"null");
            return;
        }
        if self.out.len() > engine.limits.max_response {
            self.fits = false;
            return;
        }
        self.out.push(b'{');
        let mut first = true;
        for node in &engine.nodes[layer.nodes.start as usize..layer.nodes.end as usize] {
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.extend_from_slice(&node.key);
            self.entry(node, 0, row);
        }
        self.out.push(b'}');
    }

    #[inline]
    fn entry(&mut self, node: &Node, level: usize, entry: u32) {
        let column = &node.column;
        if let Some(ends) = column.lists.get(level) {
            let (start, end) = range(ends, entry);
            if end & NULL != 0 {
                self.out.extend_from_slice(b"null");
                return;
            }
            self.out.push(b'[');
            for entry in start..end {
                if entry > start {
                    self.out.push(b',');
                }
                self.entry(node, level + 1, entry);
                if !self.fits {
                    return;
                }
            }
            self.out.push(b']');
        } else if column.is_composite() {
            match column.places.get(entry as usize) {
                Some(place) if place.row & NULL == 0 => self.row(place.layer, place.row),
                _ => self.out.extend_from_slice(b"null"),
            }
        } else {
            let (start, end) = range(&column.ends, entry);
            match column.json.get(start as usize..end as usize) {
                Some(json) => self.out.extend_from_slice(json),
                // An end that is marked is behind all bytes.
                None => self.out.extend_from_slice(b"null"),
            }
        }
    }
}

/// Where an entry begins and ends; the mark of a null stays on the end.
#[inline]
fn range(ends: &[u32], entry: u32) -> (u32, u32) {
    let entry = entry as usize;
    let start = if entry == 0 { 0 } else { ends[entry - 1] & !NULL };
    (start, ends[entry])
}
