use std::sync::{Arc, Mutex};

use futures::{StreamExt, TryStreamExt};

use super::*;

type Answer = Result<(Vec<u32>, Option<String>), Error>;

/// A list whose pages are written down, and the tokens that were asked for.
#[derive(Clone, Default)]
struct Listing {
    token: Option<String>,
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Listing {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Arc::new(Mutex::new(answers)), ..Self::default() }
    }

    fn asked(&self) -> String {
        self.asked.lock().unwrap().join(" ")
    }
}

impl sealed::Sealed for Listing {}

impl PagedRequest for Listing {
    type Item = u32;

    const OPERATION: &'static str = "list";

    fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    fn fetch(self) -> Fetch<u32> {
        self.asked.lock().unwrap().push(self.token.unwrap_or_else(|| "-".to_owned()));
        let answer = self.answers.lock().unwrap().pop().expect("a page more was asked for than there are");
        Box::pin(std::future::ready(answer))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, as the failure beside it")]
fn page(items: &[u32], token: Option<&str>) -> Answer {
    Ok((items.to_vec(), token.map(str::to_owned)))
}

fn failure() -> Answer {
    Err(Error::protocol("list", "out of order"))
}

#[tokio::test]
async fn a_list_is_read_to_its_end_past_empty_pages() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)]);
    let items: Vec<u32> = listing.clone().items().try_collect().await.unwrap();
    assert_eq!((items, listing.asked()), (vec![1, 2, 3], "- a b".to_owned()));
}

#[tokio::test]
async fn a_list_may_end_in_an_empty_page_or_have_nothing_at_all() {
    let listing = Listing::new([page(&[1], Some("a")), page(&[], None)]);
    assert_eq!(listing.items().try_collect::<Vec<u32>>().await.unwrap(), [1]);
    let pages: Vec<Page<u32>> = Listing::new([page(&[], None)]).pages().try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].len()), (1, 0));
}

#[tokio::test]
async fn no_page_too_many_is_asked_for() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[3, 4], Some("b"))]);
    let items: Vec<u32> = listing.clone().items().take(4).try_collect().await.unwrap();
    assert_eq!((items, listing.asked()), (vec![1, 2, 3, 4], "- a".to_owned()));
}

#[tokio::test]
async fn nothing_is_asked_for_before_the_first_poll_nor_after_the_end() {
    let listing = Listing::new([page(&[1], None)]);
    let mut items = listing.clone().items();
    assert_eq!(listing.asked(), "");
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(listing.asked(), "-");
}

#[tokio::test]
async fn an_error_comes_once_and_the_same_page_is_asked_for_again() {
    let listing = Listing::new([page(&[1], Some("a")), failure(), page(&[2], None)]);
    let mut items = listing.clone().items();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), Some("a"));
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    assert_eq!((items.try_next().await.unwrap(), listing.asked()), (None, "- a a".to_owned()));
}

#[tokio::test]
async fn a_failed_first_page_has_no_token_and_is_asked_for_again() {
    let listing = Listing::new([failure(), page(&[1], None)]);
    let mut items = listing.items();
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), None);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_token_that_was_there_before_is_an_error_that_names_it_after_the_items_and_the_list_is_over() {
    for (answers, resumed, token) in [
        (vec![page(&[1], Some("a")), page(&[2], Some("b")), page(&[3], Some("a"))], None, "a"),
        (vec![page(&[1], Some("a"))], Some("a"), "a"),
        (vec![page(&[1], Some(""))], None, ""),
    ] {
        let count = answers.len();
        let mut items = Listing::new(answers).items().prefetch();
        if let Some(token) = resumed {
            items = items.resume_from(token);
        }
        for _ in 0..count {
            items.try_next().await.unwrap().unwrap();
        }
        let error = items.try_next().await.unwrap_err();
        let expected = format!("list: the server sent the page token `{token}` a second time");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(error.resume_token(), Some(token));
        assert!(items.next().await.is_none());
    }
}

#[tokio::test]
async fn empty_pages_without_end_are_an_error() {
    let tokens: Vec<String> = (0..2000).map(|number| format!("t{number}")).collect();
    let listing = Listing::new(tokens.iter().map(|token| page(&[], Some(token))));
    let error = listing.clone().items().try_next().await.unwrap_err();
    assert!(error.to_string().contains("`t999` after 1000 empty pages"), "{error}");
    assert_eq!((error.resume_token(), listing.asked().split(' ').count()), (Some("t999"), 1000));
}

#[tokio::test]
async fn one_page_is_asked_for_ahead_where_that_was_wanted() {
    let listing = Listing::new([page(&[1, 2], Some("a")), page(&[3], Some("b")), page(&[4], None)]);
    let mut items = listing.clone().items().prefetch();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(listing.asked(), "- a");
    assert_eq!((items.try_next().await.unwrap(), listing.asked()), (Some(2), "- a".to_owned()));
    assert_eq!((items.try_next().await.unwrap(), listing.asked()), (Some(3), "- a b".to_owned()));
    assert_eq!(items.try_collect::<Vec<u32>>().await.unwrap(), [4]);
}

#[tokio::test]
async fn a_page_that_failed_ahead_is_told_in_its_turn_and_asked_for_again() {
    let listing = Listing::new([page(&[1], Some("a")), failure(), page(&[2], None)]);
    let mut items = listing.clone().items().prefetch();
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap_err().resume_token(), Some("a"));
    assert_eq!(items.try_collect::<Vec<u32>>().await.unwrap(), [2]);
    assert_eq!(listing.asked(), "- a a");
}

#[tokio::test]
async fn a_list_goes_on_from_the_token_of_a_page() {
    let first = Listing::new([page(&[1], Some("a"))]).pages().try_next().await.unwrap().unwrap();
    assert_eq!(first.resume_token(), Some("a"));
    let rest = Listing::new([page(&[2], None)]);
    let items: Vec<u32> = rest.clone().items().resume_from("a").try_collect().await.unwrap();
    assert_eq!((items, rest.asked()), (vec![2], "a".to_owned()));
}
