//! A list, page by page.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use togai_api::Error;

use super::{Fetch, PagedRequest};

/// A page of a list.
///
/// It dereferences to its items, and [`into_items`](Self::into_items) takes them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    items: Vec<T>,
    next_token: Option<String>,
}

impl<T> Page<T> {
    /// The items of the page, which may be none.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// The token to go on with after this page, by [`Pages::resume_from`]; none after the last page.
    pub fn resume_token(&self) -> Option<&str> {
        self.next_token.as_deref()
    }
}

impl<T> std::ops::Deref for Page<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// A list, page by page; made by [`Paginate::pages`](super::Paginate::pages).
///
/// Dropping it abandons the page that is being read.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<R: PagedRequest> {
    request: R,
    next: Next,
    in_flight: Option<Fetch<R::Item>>,
    seen: Seen,
}

/// Which page comes next.
enum Next {
    First,
    Token(String),
    None,
}

impl<R: PagedRequest> Pages<R> {
    pub(super) fn new(request: R) -> Self {
        Self { request, next: Next::First, in_flight: None, seen: Seen::new() }
    }

    /// Goes on from a token, one of [`Page::resume_token`] or [`Error::resume_token`].
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use togai_ext::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
    /// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
    /// # let events = (0..80).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// # client.ingest_events(events).send().await?.into_result()?;
    /// let first = client.get_events().pages().try_next().await?.expect("there is always a first page");
    /// let token = first.resume_token().expect("80 events are two pages of 50");
    /// let rest: Vec<_> = client.get_events().items().resume_from(token).try_collect().await?;
    /// assert_eq!((first.len(), rest.len()), (50, 30));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_from(mut self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.seen.is_new(&token);
        self.next = Next::Token(token);
        self.in_flight = None;
        self
    }
}

impl<R: PagedRequest> Stream for Pages<R> {
    type Item = Result<Page<R::Item>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let mut call = match (this.in_flight.take(), &this.next) {
            (Some(call), _) => call,
            (None, Next::None) => return Poll::Ready(None),
            (None, Next::First) => this.request.clone().fetch(),
            (None, Next::Token(token)) => this.request.clone().with_token(token.clone()).fetch(),
        };
        let Poll::Ready(answer) = call.as_mut().poll(context) else {
            this.in_flight = Some(call);
            return Poll::Pending;
        };
        let current = match &this.next {
            Next::Token(token) => Some(token.clone()),
            Next::First | Next::None => None,
        };
        Poll::Ready(Some(match answer {
            Err(error) => Err(error.with_resume_token(current)),
            Ok((items, next_token)) => match &next_token {
                Some(token) if !this.seen.is_new(token) => {
                    // Going on would list the same items for ever.
                    this.next = Next::None;
                    let problem = format!(
                        "the server sent the page token `{token}` a second time, so the list would never end: items after \
                         it are missing"
                    );
                    Err(Error::protocol(R::OPERATION, problem).with_resume_token(current))
                }
                token => {
                    this.next = token.clone().map_or(Next::None, Next::Token);
                    Ok(Page { items, next_token })
                }
            },
        }))
    }
}

impl<R: PagedRequest> fmt::Debug for Pages<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("operation", &R::OPERATION).finish_non_exhaustive()
    }
}

impl<R: PagedRequest> Pages<R> {
    pub(super) fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<R::Item>, Error>>> {
        let page = ready!(Pin::new(self).poll_next(context));
        Poll::Ready(page.map(|page| page.map(Page::into_items)))
    }
}

/// The tokens that were there before, as hashes, since a list may have very many pages.
struct Seen {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    fn new() -> Self {
        let mut seen = Self { state: RandomState::new(), hashes: HashSet::new() };
        // An empty token would ask for the first page again.
        seen.is_new("");
        seen
    }

    fn is_new(&mut self, token: &str) -> bool {
        self.hashes.insert(self.state.hash_one(token))
    }
}
