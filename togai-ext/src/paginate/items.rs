//! A list, item by item.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use togai_api::Error;

use super::{PagedRequest, Pages};

/// A list, item by item; made by [`Paginate::items`](super::Paginate::items).
///
/// Dropping it abandons the page that is being read.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<R: PagedRequest> {
    pages: Pages<R>,
    page: std::vec::IntoIter<R::Item>,
}

impl<R: PagedRequest> Items<R> {
    pub(super) fn new(pages: Pages<R>) -> Self {
        Self { pages, page: Vec::new().into_iter() }
    }

    /// Asks for the next page while this one is being used, see [`Pages::prefetch`].
    pub fn prefetch(self) -> Self {
        Self { pages: self.pages.prefetch(), ..self }
    }

    /// How many records of the pages so far could not be read whole, see [`Page::unreadable`](super::Page::unreadable).
    ///
    /// At the end of the list it is how many there are in all. Read page by page to see which.
    pub fn unreadable(&self) -> usize {
        self.pages.unreadable()
    }

    /// Goes on from a token, one of [`Page::resume_token`](super::Page::resume_token) or [`Error::resume_token`].
    pub fn resume_from(self, token: impl Into<String>) -> Self {
        Self::new(self.pages.resume_from(token))
    }
}

impl<R: PagedRequest> Stream for Items<R> {
    type Item = Result<R::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                // A page that was asked for ahead goes on meanwhile.
                self.pages.poll_ahead(context);
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(context)) {
                Some(Ok(items)) => self.page = items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<R: PagedRequest> fmt::Debug for Items<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Items").field("operation", &R::OPERATION).finish_non_exhaustive()
    }
}
