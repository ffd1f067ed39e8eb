//! All patterns as one tree of segments.

use alloc::{boxed::Box, vec::Vec};

use super::{
    action::{Method, Methods},
    pattern::PatternSegment,
};
use crate::sorted_map::SortedMap;
use crate::target::Segments;

/// A node stands for the segments that lead to it.
///
/// Children are tried in the order of specificity, and a method that is not listed leads to the
/// next one, so a search may have to come back. Still it is short: in a tree one way leads to a
/// node, so each is visited at most once, none lies deeper than the longest pattern, and what
/// bounds the number of nodes is the catalogue and not the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie {
    literals: SortedMap<Box<str>, Trie>,
    parameter: Option<Box<Trie>>,
    /// Routes whose pattern ends here. Their methods differ.
    here: Vec<Leaf>,
    /// Routes whose pattern ends with `**` after this.
    rest: Vec<Leaf>,
}

#[derive(Clone, Copy, Debug)]
struct Leaf {
    methods: Methods,
    index: usize,
}

/// The route that a new one cannot be told apart from.
#[derive(Debug)]
pub(super) struct Conflict {
    pub(super) index: usize,
    pub(super) method: Method,
}

impl Trie {
    /// Adds a route. Two routes are equally specific and match a common path exactly if they end
    /// at the same place, so that is where conflicts show.
    pub(super) fn insert(
        &mut self,
        segments: &[PatternSegment],
        methods: Methods,
        index: usize,
    ) -> Result<(), Conflict> {
        let leaves = match segments {
            [] => &mut self.here,
            [PatternSegment::Rest, ..] => &mut self.rest,
            [PatternSegment::Literal(text), rest @ ..] => {
                let next = self
                    .literals
                    .get_or_insert_with(text.clone(), Self::default);
                return next.map_or(Ok(()), |next| next.insert(rest, methods, index));
            }
            [PatternSegment::Parameter(_), rest @ ..] => {
                return self
                    .parameter
                    .get_or_insert_default()
                    .insert(rest, methods, index);
            }
        };
        for leaf in leaves.iter() {
            if let Some(method) = leaf.methods.shared_with(methods) {
                return Err(Conflict {
                    index: leaf.index,
                    method,
                });
            }
        }
        leaves.push(Leaf { methods, index });
        Ok(())
    }

    /// The most specific route with that method for these segments.
    pub(super) fn find(&self, method: Method, mut segments: Segments<'_>) -> Option<usize> {
        let Some(segment) = segments.next() else {
            return with_method(&self.here, method);
        };
        let literal = if self.literals.is_empty() {
            None
        } else {
            self.literals.get(&*segment.decoded())
        };
        let parameter = self
            .parameter
            .as_deref()
            .filter(|_| !segment.raw().is_empty());
        literal
            .and_then(|next| next.find(method, segments.clone()))
            .or_else(|| parameter.and_then(|next| next.find(method, segments)))
            .or_else(|| with_method(&self.rest, method))
    }
}

fn with_method(leaves: &[Leaf], method: Method) -> Option<usize> {
    leaves
        .iter()
        .find(|leaf| leaf.methods.contains(method))
        .map(|leaf| leaf.index)
}
