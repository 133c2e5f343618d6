//! Pages of a list, and the tokens that lead from one to the next.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::json_response::Refusal;

/// The token that the vendor's documentation shows. It is taken for the first page, so that samples run as they are.
const SAMPLE_TOKEN: &str = "eyJsYXN0SXRlbUlkIjogInN0cmluZyIsICJwYWdlU2l6ZSI6IDEyMywgInNvcnRPcmRlciI6ICJhc2MifQ==";

/// Which page of a list is wanted.
#[derive(Debug, PartialEq)]
pub(crate) struct PageRequest {
    /// The first position to look at.
    pub(crate) position: usize,
    pub(crate) page_size: usize,
    /// What the list is narrowed to, by parameter name.
    pub(crate) filters: Map<String, Value>,
}

impl PageRequest {
    /// Reads the parameters of a list, or the token that stands for those of an earlier request.
    ///
    /// # Errors
    ///
    /// A token that is not one of this list.
    pub(crate) fn read(
        list: &str,
        page_size: usize,
        filters: Map<String, Value>,
        token: Option<&str>,
    ) -> Result<Self, Refusal> {
        match token {
            None | Some(SAMPLE_TOKEN) => Ok(Self { position: 0, page_size, filters }),
            Some(token) => Self::decode(list, token).ok_or_else(|| {
                Refusal::bad_request("nextToken: has to be the nextToken of an earlier answer to the same list")
            }),
        }
    }

    /// The token of the page that starts at `position`.
    pub(crate) fn token(&self, list: &str, position: usize) -> String {
        let content = json!({
            "list": list,
            "position": position,
            "pageSize": self.page_size,
            "filters": self.filters,
        });
        STANDARD.encode(content.to_string())
    }

    /// The text of a filter, if it is set.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        self.filters.get(name).and_then(Value::as_str)
    }

    fn decode(list: &str, token: &str) -> Option<Self> {
        let content: Value = serde_json::from_slice(&STANDARD.decode(token).ok()?).ok()?;
        if content["list"] != list {
            return None;
        }
        Some(Self {
            position: usize::try_from(content["position"].as_u64()?).ok()?,
            page_size: usize::try_from(content["pageSize"].as_u64()?).ok().filter(|size| (1..=1000).contains(size))?,
            filters: content["filters"].as_object()?.clone(),
        })
    }
}

/// One page: its items, and the token of the next.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_token: Option<String>,
}

/// Cuts a page out of the items that match, which come with their positions, in order, from the wanted one on.
///
/// The last page has no token; with `trailing_empty_page` a page that is full always has one, as the vendor documents,
/// and the list may then end with an empty page.
pub(crate) fn cut<T>(
    list: &str,
    request: &PageRequest,
    trailing_empty_page: bool,
    matching: impl Iterator<Item = (usize, T)>,
) -> Page<T> {
    let mut matching = matching.skip_while(|(position, _)| *position < request.position).peekable();
    let mut items = Vec::new();
    let mut next_position = request.position;
    while items.len() < request.page_size
        && let Some((position, item)) = matching.next()
    {
        next_position = position + 1;
        items.push(item);
    }
    let is_full = items.len() == request.page_size;
    let has_more = matching.peek().is_some() || (trailing_empty_page && is_full);
    Page { items, next_token: has_more.then(|| request.token(list, next_position)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: Option<&str>) -> Result<PageRequest, Refusal> {
        PageRequest::read("letters", 2, Map::from_iter([("case".to_owned(), json!("lower"))]), token)
    }

    fn read_all(letters: &str, trailing_empty_page: bool) -> Vec<String> {
        let mut pages = Vec::new();
        let mut token = None;
        loop {
            let request = PageRequest::read("letters", 2, Map::new(), token.as_deref()).unwrap();
            let page = cut("letters", &request, trailing_empty_page, letters.chars().enumerate());
            pages.push(page.items.into_iter().collect());
            token = page.next_token;
            if token.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn the_last_page_has_no_token() {
        assert_eq!(read_all("", false), [""]);
        assert_eq!(read_all("ab", false), ["ab"]);
        assert_eq!(read_all("abcde", false), ["ab", "cd", "e"]);
    }

    #[test]
    fn a_list_can_end_with_an_empty_page() {
        assert_eq!(read_all("abc", true), ["ab", "c"]);
        assert_eq!(read_all("abcd", true), ["ab", "cd", ""]);
    }

    #[test]
    fn a_token_carries_the_page_size_and_the_filters() {
        let token = request(None).unwrap().token("letters", 2);
        let next = PageRequest::read("letters", 20, Map::new(), Some(&token)).unwrap();
        assert_eq!((next.position, next.page_size, next.filter("case")), (2, 2, Some("lower")));
    }

    #[test]
    fn the_sample_token_of_the_documentation_means_the_first_page() {
        assert_eq!(request(Some(SAMPLE_TOKEN)).unwrap(), request(None).unwrap());
    }

    #[test]
    fn other_tokens_are_refused() {
        let of_another_list = request(None).unwrap().token("numbers", 2);
        let endless = STANDARD.encode(r#"{"list":"letters","position":0,"pageSize":0,"filters":{}}"#);
        for token in ["", "x", "e30=", &of_another_list, &endless] {
            assert!(request(Some(token)).is_err(), "{token}");
        }
    }
}
