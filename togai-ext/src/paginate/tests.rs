use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use togai_api::{CallContext, OPERATIONS};

use super::*;

type ScriptedPage = Fetched<u32>;

/// A list whose pages are written down, and the tokens that were asked for.
#[derive(Clone, Default)]
struct Listing {
    token: Option<String>,
    pages: Arc<Mutex<Vec<ScriptedPage>>>,
    requested: Arc<Mutex<Vec<String>>>,
}

impl Listing {
    fn new(pages: impl IntoIterator<Item = ScriptedPage>) -> Self {
        let mut pages: Vec<ScriptedPage> = pages.into_iter().collect();
        pages.reverse();
        Self { pages: Arc::new(Mutex::new(pages)), ..Self::default() }
    }

    fn requested_tokens(&self) -> String {
        self.requested.lock().unwrap().join(" ")
    }
}

impl Sealed for Listing {}

impl PagedRequest for Listing {
    type Item = u32;

    const OPERATION: &'static str = "list";

    fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    fn fetch(self) -> Fetch<u32> {
        self.requested.lock().unwrap().push(self.token.unwrap_or_else(|| "-".to_owned()));
        let page = self.pages.lock().unwrap().pop().expect("a page more was asked for than there are");
        Box::pin(std::future::ready(page))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, as the failure beside it")]
fn page(items: &[u32], token: Option<&str>) -> ScriptedPage {
    let page = (items.to_vec(), token.map(str::to_owned));
    let context = CallContext::new(2, Duration::ZERO);
    Ok(ResponseValue::new(page, Vec::new(), OPERATIONS[0], StatusCode::OK, HeaderMap::new(), context))
}

fn failure() -> ScriptedPage {
    Err(Error::protocol("list", "out of order"))
}

#[tokio::test]
async fn a_list_is_read_to_its_end_past_empty_pages() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)]);
    let items: Vec<u32> = listing.clone().items().try_collect().await.unwrap();
    assert_eq!((items, listing.requested_tokens()), (vec![1, 2, 3], "- a b".to_owned()));
}

#[tokio::test]
async fn a_list_may_end_in_an_empty_page_or_be_empty() {
    let listing = Listing::new([page(&[1], Some("a")), page(&[], None)]);
    assert_eq!(listing.items().try_collect::<Vec<u32>>().await.unwrap(), [1]);
    let pages: Vec<Page<u32>> = Listing::new([page(&[], None)]).pages().try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].len()), (1, 0));
}

#[tokio::test]
async fn an_empty_token_ends_a_list_like_a_missing_one() {
    let listing = Listing::new([page(&[1], Some("a")), page(&[2], Some(""))]);
    let pages: Vec<Page<u32>> = listing.clone().pages().prefetch().try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[1].resume_token()), (2, None));
    assert_eq!(listing.requested_tokens(), "- a");
}

#[tokio::test]
async fn no_extra_page_is_requested() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[3, 4], Some("b"))]);
    let items: Vec<u32> = listing.clone().items().take(4).try_collect().await.unwrap();
    assert_eq!((items, listing.requested_tokens()), (vec![1, 2, 3, 4], "- a".to_owned()));
}

#[tokio::test]
async fn nothing_is_requested_before_the_first_poll_or_after_the_end() {
    let listing = Listing::new([page(&[1], None)]);
    let mut items = listing.clone().items();
    assert_eq!(listing.requested_tokens(), "");
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(listing.requested_tokens(), "-");
}

#[tokio::test]
async fn after_an_error_the_same_page_is_requested() {
    let listing = Listing::new([page(&[1], Some("a")), failure(), page(&[2], None)]);
    let mut items = listing.clone().items();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), Some("a"));
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    assert_eq!((items.try_next().await.unwrap(), listing.requested_tokens()), (None, "- a a".to_owned()));
}

#[tokio::test]
async fn a_failed_first_page_has_no_token_and_is_requested_again() {
    let listing = Listing::new([failure(), page(&[1], None)]);
    let mut items = listing.items();
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), None);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_repeated_token_ends_the_list_with_an_error_after_its_items() {
    for (pages, resumed, token) in [
        (vec![page(&[1], Some("a")), page(&[2], Some("b")), page(&[3], Some("a"))], None, "a"),
        (vec![page(&[1], Some("a"))], Some("a"), "a"),
    ] {
        let count = pages.len();
        let mut items = Listing::new(pages).items().prefetch();
        if let Some(token) = resumed {
            items = items.resume_from(token);
        }
        for _ in 0..count {
            items.try_next().await.unwrap().unwrap();
        }
        let error = items.try_next().await.unwrap_err();
        let expected = format!("the server sent the page token `{token}` a second time");
        assert!(error.to_string().contains(&expected), "{error}");
        assert_eq!((error.status(), error.attempts()), (Some(StatusCode::OK), 2));
        assert_eq!(error.resume_token(), Some(token));
        assert!(items.next().await.is_none());
    }
}

#[tokio::test]
async fn endless_empty_pages_are_an_error() {
    let tokens: Vec<String> = (0..2000).map(|number| format!("t{number}")).collect();
    let listing = Listing::new(tokens.iter().map(|token| page(&[], Some(token))));
    let error = listing.clone().items().try_next().await.unwrap_err();
    assert!(error.to_string().contains("`t999` after 1000 empty pages"), "{error}");
    assert_eq!((error.resume_token(), listing.requested_tokens().split(' ').count()), (Some("t999"), 1000));
}

#[tokio::test]
async fn prefetch_requests_one_page_ahead() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[3], Some("b")), page(&[4], None)]);
    let mut items = listing.clone().items().prefetch();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(listing.requested_tokens(), "- a");
    assert_eq!((items.try_next().await.unwrap(), listing.requested_tokens()), (Some(2), "- a".to_owned()));
    assert_eq!((items.try_next().await.unwrap(), listing.requested_tokens()), (Some(3), "- a b".to_owned()));
    assert_eq!(items.try_collect::<Vec<u32>>().await.unwrap(), [4]);
}

#[tokio::test]
async fn a_failed_prefetch_is_reported_in_turn_and_retried() {
    let listing = Listing::new([page(&[1], Some("a")), failure(), page(&[2], None)]);
    let mut items = listing.clone().items().prefetch();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), Some("a"));
    assert_eq!(items.try_collect::<Vec<u32>>().await.unwrap(), [2]);
    assert_eq!(listing.requested_tokens(), "- a a");
}

#[tokio::test]
async fn a_list_resumes_from_a_page_token() {
    let first = Listing::new([page(&[1], Some("a"))]).pages().try_next().await.unwrap().unwrap();
    assert_eq!(first.resume_token(), Some("a"));
    let rest = Listing::new([page(&[2], None)]);
    let items: Vec<u32> = rest.clone().items().resume_from("a").try_collect().await.unwrap();
    assert_eq!((items, rest.requested_tokens()), (vec![2], "a".to_owned()));
}
