//! The iterators of dimensions. They hide what the map is made of.

use std::iter::FusedIterator;
use std::{slice, vec};

use crate::Text;

/// The names and values of [`Dimensions`](crate::Dimensions), sorted by name: what [`iter`](crate::Dimensions::iter) returns.
#[derive(Clone, Debug)]
pub struct DimensionsIter<'a>(slice::Iter<'a, (Text, Text)>);

impl<'a> DimensionsIter<'a> {
    pub(super) fn new(entries: &'a [(Text, Text)]) -> Self {
        Self(entries.iter())
    }
}

impl<'a> Iterator for DimensionsIter<'a> {
    type Item = (&'a Text, &'a Text);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for DimensionsIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(name, value)| (name, value))
    }
}

impl ExactSizeIterator for DimensionsIter<'_> {}

impl FusedIterator for DimensionsIter<'_> {}

/// The names and values of [`Dimensions`](crate::Dimensions) by value, sorted by name: what its `into_iter` returns.
#[derive(Clone, Debug)]
pub struct DimensionsIntoIter(vec::IntoIter<(Text, Text)>);

impl DimensionsIntoIter {
    pub(super) fn new(entries: Vec<(Text, Text)>) -> Self {
        Self(entries.into_iter())
    }
}

impl Iterator for DimensionsIntoIter {
    type Item = (Text, Text);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for DimensionsIntoIter {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for DimensionsIntoIter {}

impl FusedIterator for DimensionsIntoIter {}
