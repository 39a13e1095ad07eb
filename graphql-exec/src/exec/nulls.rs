//! Where errors are, and how far their nulls reach (§6.4.4, "Handling Execution Errors").

use std::sync::Arc;

use super::{column::NULL, engine::Engine};
use crate::error::PathSegment;

impl Engine {
    /// The path of an entry of a column: from the response's root.
    pub(super) fn path(&self, mut node: u32, mut level: usize, mut entry: u32) -> Vec<PathSegment> {
        let mut path = Vec::new();
        loop {
            let state = &self.nodes[node as usize];
            // Inwards to outwards: each list level gives the index in the list that holds the entry.
            while level > 0 {
                let ends = &state.column.lists[level - 1];
                let list = ends.partition_point(|end| end & !NULL <= entry);
                let start = if list == 0 { 0 } else { ends[list - 1] & !NULL };
                path.push(PathSegment::Index((entry - start) as usize));
                entry = u32::try_from(list).unwrap_or(NULL);
                level -= 1;
            }
            path.push(PathSegment::Field(self.key(node)));
            let layer = &self.layers[state.layer as usize];
            let Some(origin) = layer.origin else { break };
            entry = layer.cells.get(entry as usize).copied().unwrap_or_default();
            node = origin;
            level = self.nodes[node as usize].column.lists.len();
        }
        path.reverse();
        path
    }

    fn key(&self, node: u32) -> Arc<str> {
        let key = &self.nodes[node as usize].key;
        // `"name":`, of which a name is ASCII.
        core::str::from_utf8(&key[1..key.len() - 2]).unwrap_or_default().into()
    }

    /// Moves each null that its type does not allow to what is around it, from the leaves to the root. A layer is younger
    /// than the one that it came from, so the order is the reverse of that in which they were made.
    pub(super) fn bubble(&mut self) {
        for layer in (0..self.layers.len()).rev() {
            for node in self.layers[layer].nodes.clone() {
                self.bubble_node(layer, node as usize);
            }
        }
    }

    fn bubble_node(&mut self, layer: usize, node: usize) {
        let state = &mut self.nodes[node];
        let column = &mut state.column;
        let mut below = false;
        for &child in &state.layers {
            let child = &self.layers[child as usize];
            below |= !child.nulled.is_empty();
        }
        if !column.dirty && !below {
            return;
        }
        if below {
            for place in &mut column.places {
                if place.row & NULL == 0 {
                    let nulled = &self.layers[place.layer as usize].nulled;
                    if nulled.get(place.row as usize).copied().unwrap_or(false) {
                        place.row |= NULL;
                    }
                }
            }
        }
        let mut levels = Vec::with_capacity(column.lists.len() + 1);
        let mut wrappers = column.ty.wrappers;
        levels.push(wrappers);
        while let Some(item) = wrappers.item() {
            wrappers = item;
            levels.push(wrappers);
        }
        for level in (1..levels.len()).rev() {
            if !levels[level].is_non_null() {
                continue;
            }
            let mut start = 0;
            for list in 0..column.lists[level - 1].len() {
                let end = column.lists[level - 1][list] & !NULL;
                if (start..end).any(|entry| column.is_null(level, entry as usize)) {
                    column.lists[level - 1][list] |= NULL;
                }
                start = end;
            }
        }
        if levels[0].is_non_null() {
            let rows = self.layers[layer].rows;
            for row in 0..rows {
                if column.is_null(0, row) {
                    let nulled = &mut self.layers[layer].nulled;
                    nulled.resize(rows, false);
                    nulled[row] = true;
                }
            }
        }
    }
}

impl super::column::Column {
    /// Whether the entry is null.
    pub(super) fn is_null(&self, level: usize, entry: usize) -> bool {
        let flag = match self.lists.get(level) {
            Some(ends) => ends.get(entry).copied(),
            None if self.is_composite() => self.places.get(entry).map(|place| place.row),
            None => self.ends.get(entry).copied(),
        };
        flag.is_none_or(|flag| flag & NULL != 0)
    }
}
