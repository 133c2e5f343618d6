//! A list, page by page.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use togai_api::{Error, ResponseValue, UnreadableRecord};

use super::{Fetch, Fetched, PagedRequest};

/// A page of a list.
///
/// It dereferences to its items, and [`into_items`](Self::into_items) takes them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    items: Vec<T>,
    next_token: Option<String>,
    unreadable: Vec<UnreadableRecord>,
}

impl<T> Page<T> {
    #[allow(dead_code, reason = "not every area has lists")]
    pub(crate) fn new(items: Vec<T>, next_token: Option<String>, unreadable: Vec<UnreadableRecord>) -> Self {
        // Some servers write "" where there is no further page.
        Self { items, next_token: next_token.filter(|token| !token.is_empty()), unreadable }
    }

    /// The items of the page, which may be none.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// The token to go on with after this page, by [`Pages::resume_from`]; none after the last page.
    pub fn resume_token(&self) -> Option<&str> {
        self.next_token.as_deref()
    }

    /// The records of the page that could not be read whole, with what the server wrote; nearly always none.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// let mut pages = client.get_events().pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     for record in page.unreadable() {
    ///         eprintln!("{}: {}", record.path(), record.problems().join("; "));
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// One odd record does not take its page along: what cannot be read of it is empty, as if the server had left it
    /// out, and what is no record at all is left out of the page. So check this before you add anything up.
    pub fn unreadable(&self) -> &[UnreadableRecord] {
        &self.unreadable
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
    /// The last response, for an error about it.
    last: Option<ResponseValue<()>>,
    in_flight: Option<InFlight<R::Item>>,
    prefetches: bool,
    /// How many pages without items came one after the other.
    empty_in_a_row: u32,
    unreadable: usize,
    seen: Seen,
}

/// A page on its way, or one that came before it was asked for.
enum InFlight<T> {
    Call(Fetch<T>),
    Fetched(Box<Fetched<T>>),
}

/// Which page comes next.
enum Next {
    First,
    Token(String),
    /// The token was there before; the list cannot go on.
    Repeated(String),
    None,
}

/// So many empty pages in a row, each with a new token, are no list any more.
const MOST_EMPTY_PAGES: u32 = 1000;

impl<R: PagedRequest> Pages<R> {
    pub(super) fn new(request: R) -> Self {
        Self {
            request,
            next: Next::First,
            last: None,
            in_flight: None,
            prefetches: false,
            empty_in_a_row: 0,
            unreadable: 0,
            seen: Seen::new(),
        }
    }

    /// Asks for the next page while this one is being used: one page ahead, no more.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// # let events = (0..120).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// # client.ingest_events(events).send().await?.into_result()?;
    /// let events: Vec<_> = client.get_events().items().prefetch().try_collect().await?;
    /// assert_eq!(events.len(), 120);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// It is off by default, since it may cost a request whose page nobody looks at, and reading is limited to 10
    /// requests a second. The request is sent when a page is yielded, and goes on whenever the stream is polled.
    pub fn prefetch(mut self) -> Self {
        self.prefetches = true;
        self
    }

    /// Goes on from a token, one of [`Page::resume_token`] or [`Error::resume_token`].
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |_, client| {
    /// # let events = (0..80).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
    /// # client.ingest_events(events).send().await?.into_result()?;
    /// let first = client.get_events().pages().try_next().await?.expect("there is always a first page");
    /// let token = first.resume_token().expect("80 events are two pages of 50");
    /// let rest: Vec<_> = client.get_events().items().resume_from(token).try_collect().await?;
    /// assert_eq!((first.len(), rest.len()), (50, 30));
    /// # Ok(())
    /// # });
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
        if let Some(error) = this.endless_list_error() {
            return Poll::Ready(Some(Err(error)));
        }
        if this.in_flight.is_none() {
            let Some(call) = this.next_call() else { return Poll::Ready(None) };
            this.in_flight = Some(InFlight::Call(call));
        }
        this.poll_ahead(context);
        match this.in_flight.take() {
            Some(InFlight::Fetched(fetched)) => {
                let page = this.settle(*fetched);
                if this.prefetches && page.is_ok() {
                    this.in_flight = this.next_call().map(InFlight::Call);
                    this.poll_ahead(context);
                }
                Poll::Ready(Some(page))
            }
            pending => {
                this.in_flight = pending;
                Poll::Pending
            }
        }
    }
}

impl<R: PagedRequest> Pages<R> {
    /// The call for the page that comes next; none after the last.
    fn next_call(&self) -> Option<Fetch<R::Item>> {
        match &self.next {
            Next::First => Some(self.request.clone().fetch()),
            Next::Token(token) => Some(self.request.clone().with_token(token.clone()).fetch()),
            Next::Repeated(_) | Next::None => None,
        }
    }

    /// The error of a list that would never end, once its last page was yielded.
    fn endless_list_error(&mut self) -> Option<Error> {
        let last = self.last.as_ref()?;
        let (problem, token) = match &mut self.next {
            Next::Repeated(token) => ("a second time".to_owned(), std::mem::take(token)),
            Next::Token(token) if self.empty_in_a_row >= MOST_EMPTY_PAGES => {
                (format!("after {MOST_EMPTY_PAGES} empty pages"), std::mem::take(token))
            }
            _ => return None,
        };
        self.next = Next::None;
        self.in_flight = None;
        let shown: String = last.safe_text(&token).chars().take(100).collect();
        let problem = format!(
            "the server sent the page token `{shown}` {problem}, so the list would never end: items after it are missing"
        );
        Some(last.protocol(problem).with_resume_token(Some(token)))
    }

    /// Lets a page that is on its way go on.
    pub(super) fn poll_ahead(&mut self, context: &mut Context<'_>) {
        if let Some(InFlight::Call(call)) = &mut self.in_flight
            && let Poll::Ready(fetched) = call.as_mut().poll(context)
        {
            self.in_flight = Some(InFlight::Fetched(Box::new(fetched)));
        }
    }

    /// Takes an answer in: the page, and where to go on.
    fn settle(&mut self, fetched: Fetched<R::Item>) -> Result<Page<R::Item>, Error> {
        let response = fetched.map_err(|error| {
            let current = match &self.next {
                Next::Token(token) => Some(token.clone()),
                Next::First | Next::Repeated(_) | Next::None => None,
            };
            error.with_resume_token(current)
        })?;
        let ((items, next_token), last) = response.split();
        let page = Page::new(items, next_token, last.unreadable().to_vec());
        self.last = Some(last);
        // Records that are left out are no empty page.
        let is_empty = page.is_empty() && page.unreadable.is_empty();
        self.empty_in_a_row = if is_empty { self.empty_in_a_row + 1 } else { 0 };
        self.unreadable += page.unreadable.len();
        self.next = match &page.next_token {
            Some(token) if self.seen.is_new(token) => Next::Token(token.clone()),
            Some(token) => Next::Repeated(token.clone()),
            None => Next::None,
        };
        Ok(page)
    }
}

impl<R: PagedRequest> fmt::Debug for Pages<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("operation", &R::OPERATION).finish_non_exhaustive()
    }
}

impl<R: PagedRequest> Pages<R> {
    /// How many records of the pages so far could not be read whole.
    pub(super) fn unreadable(&self) -> usize {
        self.unreadable
    }

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
        Self { state: RandomState::new(), hashes: HashSet::new() }
    }

    fn is_new(&mut self, token: &str) -> bool {
        self.hashes.insert(self.state.hash_one(token))
    }
}
