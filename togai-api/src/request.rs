//! A request that is being put together: what the generated builders have in common.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{BoxFuture, Core, Error, Location, Operation, PageSize, Parameter, Repeat, Request, ResponseValue};

/// A call of an operation with the values that it has been given so far.
#[derive(Clone)]
pub(crate) struct Draft {
    core: Core,
    operation: &'static Operation,
    /// By the name of the parameter on the wire: the value, or what is wrong with it.
    values: BTreeMap<&'static str, Result<String, String>>,
    /// What the caller adds to the query beyond the document.
    extra_query: Vec<(String, String)>,
    body: Option<Result<Bytes, String>>,
    /// The type of the body, where there is one.
    body_type: Option<&'static str>,
    /// Whether sending the request twice has the effect of sending it once.
    idempotent: bool,
}

impl Draft {
    pub(crate) fn new(core: &Core, operation: &'static Operation) -> Self {
        Self {
            core: core.clone(),
            operation,
            values: BTreeMap::new(),
            extra_query: Vec::new(),
            body: None,
            body_type: None,
            idempotent: operation.repeat == Repeat::Always,
        }
    }

    /// The same for an operation with a body.
    pub(crate) fn with_body(core: &Core, operation: &'static Operation, body_type: &'static str) -> Self {
        Self { body_type: Some(body_type), ..Self::new(core, operation) }
    }

    /// Sets a parameter, in place of what was set before.
    pub(crate) fn set<T: fmt::Display, E: fmt::Display>(&mut self, name: &'static str, value: Result<T, E>) {
        let value = value.map(|value| value.to_string()).map_err(|error| problem::<T>(&error));
        self.values.insert(name, value);
    }

    /// Adds to the query.
    pub(crate) fn add_query(&mut self, name: String, value: String) {
        self.extra_query.push((name, value));
    }

    /// Sets the body, in place of what was set before.
    pub(crate) fn set_body<T: Serialize, E: fmt::Display>(&mut self, body: Result<T, E>) {
        let body = body.map_err(|error| problem::<T>(&error));
        let bytes = body.and_then(|body| serde_json::to_vec(&body).map_err(|error| problem::<T>(&error)));
        self.body = Some(bytes.map(Bytes::from));
    }

    /// Sets a body that makes repeating the request harmless where everything in it has its key.
    pub(crate) fn set_keyed_body<T: Serialize, E: fmt::Display>(
        &mut self,
        body: Result<T, E>,
        is_keyed: impl FnOnce(&T) -> bool,
    ) {
        self.idempotent = body.as_ref().is_ok_and(is_keyed);
        self.set_body(body);
    }

    /// Sends it.
    pub(crate) fn send<T: DeserializeOwned + 'static>(self) -> Call<T> {
        Call(Box::pin(async move {
            let request = self.request()?;
            self.core.execute(request).await
        }))
    }

    fn request(&self) -> Result<Request, Error> {
        let path = self.path()?;
        let body = match &self.body {
            Some(Ok(body)) => Some(body.clone()),
            Some(Err(problem)) => return Err(self.unusable("body", problem)),
            None if self.operation.requires_body => return Err(self.missing("body")),
            None => None,
        };
        let mut request = self.core.request(self.operation, &path, body)?.with_idempotent(self.idempotent);
        for parameter in self.parameters(Location::Query) {
            if let Some(value) = self.value(parameter)? {
                request.url_mut().query_pairs_mut().append_pair(parameter.name, value);
            }
        }
        for (name, value) in &self.extra_query {
            request.url_mut().query_pairs_mut().append_pair(name, value);
        }
        Ok(request)
    }

    /// The path with its values, checked and percent-encoded.
    fn path(&self) -> Result<String, Error> {
        let mut path = String::new();
        for part in self.operation.path.split('/').skip(1) {
            path.push('/');
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            match name.and_then(|name| self.parameters(Location::Path).find(|parameter| parameter.name == name)) {
                Some(parameter) => {
                    let value = self.value(parameter)?.ok_or_else(|| self.missing(parameter.setter))?;
                    path.push_str(&self.path_value(parameter.setter, value)?);
                }
                None => path.push_str(part),
            }
        }
        Ok(path)
    }

    /// The parameters of one kind, in the order of their names.
    fn parameters(&self, location: Location) -> impl Iterator<Item = &'static Parameter> {
        let mut parameters: Vec<&'static Parameter> =
            self.operation.parameters.iter().filter(|parameter| parameter.location == location).collect();
        parameters.sort_by_key(|parameter| parameter.name);
        parameters.into_iter()
    }

    /// The value of a parameter, checked as far as that can be done here.
    fn value(&self, parameter: &Parameter) -> Result<Option<&str>, Error> {
        let value = match (self.values.get(parameter.name), self.page_size_of(parameter)) {
            (Some(Err(_)), Some(PageSize { smallest, largest })) => {
                return Err(self.invalid(format!("`page_size` is out of range: set it to {smallest} to {largest}")));
            }
            // Servers answer a page size outside of the document's limits in ways of their own.
            (Some(Ok(size)), Some(PageSize { smallest, largest }))
                if !size.parse().is_ok_and(|size: u32| (smallest..=largest).contains(&size)) =>
            {
                return Err(self.invalid(format!("`page_size` is {size}: set it to {smallest} to {largest}")));
            }
            (Some(Ok(value)), _) => value,
            (Some(Err(problem)), None) => return Err(self.unusable(parameter.setter, problem)),
            (None, _) if parameter.required => return Err(self.missing(parameter.setter)),
            (None, _) => return Ok(None),
        };
        Ok(Some(value))
    }

    /// The limits of a parameter that is a page size.
    fn page_size_of(&self, parameter: &Parameter) -> Option<PageSize> {
        self.operation.paging.filter(|_| parameter.name == "pageSize")?.page_size
    }

    /// A value in its place in a path, percent-encoded.
    ///
    /// Empty values and dots are refused: they would address another resource than the one that was meant.
    fn path_value(&self, setter: &str, value: &str) -> Result<String, Error> {
        if value.is_empty() || value == "." || value == ".." {
            return Err(self.invalid(format!("`{setter}` cannot be \"{value}\": set it to an id")));
        }
        Ok(utf8_percent_encode(value, IN_PATH).to_string())
    }

    fn missing(&self, setter: &str) -> Error {
        let with = match self.body_type {
            Some(body_type) if setter == "body" => format!(" with a `{body_type}`"),
            _ => String::new(),
        };
        self.invalid(format!("`{setter}` is not set: call `.{setter}(..)`{with} before `.send()`"))
    }

    fn unusable(&self, setter: &str, problem: &str) -> Error {
        self.invalid(format!("`{setter}` {problem}"))
    }

    fn invalid(&self, problem: String) -> Error {
        Error::invalid_request(self.operation.id, problem)
    }
}

/// What is wrong with a value that cannot be made into the type of its parameter.
fn problem<T>(error: &impl fmt::Display) -> String {
    let error = error.to_string();
    // Of an integer the error says as little as this.
    match u8::try_from(-1_i32) {
        Err(out_of_range) if error == out_of_range.to_string() => {
            format!("is out of range: it has to be an integer that fits `{}`", std::any::type_name::<T>())
        }
        _ => format!("cannot be used: {error}"),
    }
}

/// What is percent-encoded in a value that stands in a path: what ends a segment or a path, and what no address may hold.
/// A backslash counts as a slash there (<https://url.spec.whatwg.org/#special-scheme>).
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'`')
    .add(b'{')
    .add(b'}');

impl fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A body may hold what no log is to hold.
        let body = self.body.as_ref().map(|body| body.as_ref().map(|bytes| format!("{} bytes", bytes.len())));
        let mut shown = formatter.debug_struct("Draft");
        shown.field("core", &self.core).field("operation", &self.operation).field("values", &self.values);
        shown
            .field("extra_query", &self.extra_query)
            .field("body", &body)
            .field("body_type", &self.body_type)
            .field("idempotent", &self.idempotent)
            .finish()
    }
}

/// A call on its way, as `send()` of a builder returns it: a future of the answer.
///
/// ```
/// use togai_api::{Call, Client, types::CustomerAccount};
///
/// fn account(client: &Client) -> Call<CustomerAccount> {
///     client.get_account().customer_id("acme").account_id("acme-prod").send()
/// }
/// ```
///
/// Nothing is sent before it is polled. Dropping it abandons the request; the server may have applied it.
#[must_use = "a request is not sent until the call is awaited"]
pub struct Call<T>(BoxFuture<'static, Result<ResponseValue<T>, Error>>);

impl<T> Future for Call<T> {
    type Output = Result<ResponseValue<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HttpTransport, Paging, QuotaClass};

    static OPERATION: Operation = Operation {
        id: "get_entry",
        method: "GET",
        path: "/accounts/{account_id}/entries/{entry_id}",
        quota_class: QuotaClass::Other,
        repeat: Repeat::Always,
        paging: Some(Paging { items: "data", page_size: Some(PageSize { smallest: 1, largest: 50 }) }),
        parameters: &[
            Parameter { name: "account_id", setter: "account_id", location: Location::Path, required: true },
            Parameter { name: "entry_id", setter: "entry_id", location: Location::Path, required: true },
            Parameter { name: "pageSize", setter: "page_size", location: Location::Query, required: false },
            Parameter { name: "async", setter: "async_", location: Location::Query, required: false },
        ],
        requires_body: false,
        answers_secret: false,
        statuses: &["200"],
    };

    fn draft(operation: &'static Operation) -> Draft {
        // Built together with togai-ext, reqwest has TLS without a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let core = Core::new("http://127.0.0.1:9/base/", HttpTransport::new(reqwest::Client::new()));
        let mut draft = Draft::new(&core, operation);
        draft.set("account_id", Ok::<_, String>("acme"));
        draft.set("entry_id", Ok::<_, String>("purchase.x/y?z#1$PURCHASE \u{e9}"));
        draft
    }

    #[track_caller]
    fn check_problem(draft: &Draft, problem: &str) {
        let error = draft.request().unwrap_err();
        assert!(error.is_builder());
        assert!(error.to_string().contains(problem), "{error}");
    }

    #[test]
    fn values_are_encoded_where_they_would_change_the_address() {
        let mut draft = draft(&OPERATION);
        draft.set("async", Ok::<_, String>(true));
        draft.set("pageSize", Ok::<_, String>(10));
        draft.add_query("_sort".to_owned(), "a&b=c d".to_owned());
        let request = draft.request().unwrap();
        assert_eq!(
            request.url().as_str(),
            "http://127.0.0.1:9/base/accounts/acme/entries/purchase.x%2Fy%3Fz%231$PURCHASE%20%C3%A9\
             ?async=true&pageSize=10&_sort=a%26b%3Dc+d"
        );
        assert!(request.body().is_none() && request.is_idempotent());
    }

    #[test]
    fn no_value_can_address_another_resource() {
        for (value, encoded) in [
            (r"..\customers\acme", "..%5Ccustomers%5Cacme"),
            ("../x", "..%2Fx"),
            ("%2e%2e", "%252e%252e"),
            ("a\tb\n", "a%09b%0A"),
        ] {
            let mut draft = draft(&OPERATION);
            draft.set("entry_id", Ok::<_, String>(value));
            let request = draft.request().unwrap();
            assert_eq!(request.url().path(), format!("/base/accounts/acme/entries/{encoded}"));
        }
    }

    #[test]
    fn setting_a_value_twice_replaces_it() {
        let mut draft = draft(&OPERATION);
        draft.set("entry_id", Ok::<_, String>("second"));
        assert!(draft.request().unwrap().url().path().ends_with("/entries/second"));
    }

    #[test]
    fn values_that_would_change_the_path_are_refused() {
        for value in ["", ".", ".."] {
            let mut draft = draft(&OPERATION);
            draft.set("account_id", Ok::<_, String>(value));
            check_problem(&draft, "`account_id` cannot be");
        }
    }

    #[test]
    fn missing_and_invalid_values_are_named_with_the_remedy() {
        let mut draft = draft(&OPERATION);
        draft.values.remove("entry_id");
        check_problem(&draft, "`entry_id` is not set: call `.entry_id(..)` before `.send()`");
        draft.set::<String, _>("entry_id", Err("too long"));
        check_problem(&draft, "`entry_id` cannot be used: too long");
        draft.set("entry_id", Ok::<_, String>("e"));
        for size in ["0", "51", "-1"] {
            draft.set("pageSize", Ok::<_, String>(size));
            check_problem(&draft, &format!("`page_size` is {size}: set it to 1 to 50"));
        }
        draft.set::<u32, _>("pageSize", u32::try_from(-1_i32));
        check_problem(&draft, "`page_size` is out of range: set it to 1 to 50");
        draft.values.remove("pageSize");
        draft.set::<u32, _>("async", u32::try_from(-1_i32));
        check_problem(&draft, "`async_` is out of range: it has to be an integer that fits `u32`");
    }

    #[test]
    fn a_body_is_sent_as_json_and_required_where_documented() {
        static WITH_BODY: Operation = Operation { requires_body: true, method: "POST", ..OPERATION };
        let mut draft = Draft { body_type: Some("types::Entry"), ..draft(&WITH_BODY) };
        check_problem(&draft, "`body` is not set: call `.body(..)` with a `types::Entry` before `.send()`");
        draft.set_body::<(), _>(Err("no"));
        check_problem(&draft, "`body` cannot be used: no");
        draft.set_body(Ok::<_, String>(["a"]));
        let request = draft.request().unwrap();
        assert_eq!(request.body().map(AsRef::as_ref), Some(&br#"["a"]"#[..]));
        assert!(format!("{draft:?}").contains("5 bytes"));
    }
}
