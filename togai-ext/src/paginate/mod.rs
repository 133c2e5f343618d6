//! Reading lists item by item or page by page.

mod generated;
mod items;
mod operations;
mod pages;

use togai_api::{BoxFuture, Error, ResponseValue};

use crate::sealed::Sealed;

pub use items::Items;
pub use pages::{Page, Pages};

/// Lists that the server answers page by page: item by item, or a page at a time.
///
/// ```
/// use futures::TryStreamExt;
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// # let events = (0..120).map(|count| Event::new("api_calls", "acme-prod").attribute("count", count));
/// # client.ingest_events(events).send().await?.into_result()?;
/// let mut events = client.get_events().account_id("acme-prod").items();
/// let mut count = 0;
/// while let Some(event) = events.try_next().await? {
///     assert_eq!(event.event_payload.account_id, "acme-prod");
///     count += 1;
/// }
/// assert_eq!(count, 120);
/// # Ok(())
/// # });
/// ```
///
/// Nothing is sent before the first poll, and a page is asked for when the one before it is used up, so `.take(n)` costs
/// no page too many, unless `prefetch` is on. The list ends where the server sends no token, or an empty one; an empty page
/// with a token is gone past (1000 in a row are an error). An error is yielded once; polling again asks for the same page
/// again.
///
/// A record that cannot be read does not take its page along: [`Page::unreadable`] and [`Items::unreadable`] count it. A
/// page without its list of records is an error, unless it is `{}`.
pub trait Paginate: PagedRequest {
    /// The list, item by item.
    fn items(self) -> Items<Self> {
        Items::new(self.pages())
    }

    /// The list, page by page.
    fn pages(self) -> Pages<Self> {
        Pages::new(self)
    }
}

impl<R: PagedRequest> Paginate for R {}

/// A page on its way.
pub(crate) type Fetch<T> = BoxFuture<'static, Fetched<T>>;

/// The items of a page and the token of the next.
pub(crate) type Fetched<T> = Result<ResponseValue<(Vec<T>, Option<String>)>, Error>;

/// A request for a page. Only the builders of operations that page are ones.
pub trait PagedRequest: Clone + Send + Unpin + Sealed + 'static {
    /// What the list is made of.
    type Item: Send + Unpin + 'static;

    /// Name of the operation.
    #[doc(hidden)]
    const OPERATION: &'static str;

    /// The same request for the page of a token.
    #[doc(hidden)]
    #[must_use]
    fn with_token(self, token: String) -> Self;

    /// Sends the request.
    #[doc(hidden)]
    fn fetch(self) -> Fetch<Self::Item>;
}

#[cfg(test)]
mod tests;
