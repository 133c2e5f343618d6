//! What is known of each operation beside its types: a static table, generated from the document.

use std::fmt;

/// What is known of an operation beside its types.
///
/// ```
/// use togai_api::operations::INGEST_BATCH;
/// use togai_api::{QuotaClass, Repeat};
///
/// assert_eq!((INGEST_BATCH.method, INGEST_BATCH.path), ("POST", "/ingestBatch"));
/// assert_eq!(INGEST_BATCH.quota_class, QuotaClass::IngestBatch);
/// assert_eq!(INGEST_BATCH.repeat, Repeat::WithEventIds);
/// ```
///
/// Each operation is a static in [`operations`](crate::operations), and [`OPERATIONS`](crate::OPERATIONS) lists those of
/// the areas that are on. Other services have modules of their own, such as `togai_api::enso::operations`. A
/// [`Transport`](crate::Transport) receives the operation that it carries out.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation in the document and of the method of the client.
    pub id: &'static str,
    /// HTTP method, in capitals.
    pub method: &'static str,
    /// Path with `{parameters}`, as the document has it.
    pub path: &'static str,
    /// The quota that calls of the operation count against.
    pub quota_class: QuotaClass,
    /// Whether sending a request again is harmless when the first may have been applied.
    pub repeat: Repeat,
    /// How the operation answers page by page, where it does.
    pub paging: Option<Paging>,
    /// Parameters in the path and in the query.
    pub parameters: &'static [Parameter],
    /// Whether a request without a body is refused.
    pub requires_body: bool,
    /// Whether the answer holds a credential, which no error is to show.
    pub answers_secret: bool,
    /// Statuses that the document names; `2XX` stands for every one of success, `default` for every other one.
    pub statuses: &'static [&'static str],
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}

/// The request quotas of the API: each class is counted by itself.
///
/// The numbers are the vendor's for trial accounts (docs.togai.com, quotas and limits); they can be raised on request. A
/// client of another service has quotas of its own, in the same classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaClass {
    /// `POST /ingest`: 50 requests a second.
    Ingest,
    /// Batches of events. `POST /ingestBatch`: 50 requests a second; `POST /events/batch` of Enso, which documents no quota.
    IngestBatch,
    /// Everything else: 10 requests a second.
    Other,
}

/// When a request may be sent again although the server may have applied it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// Always: the operation reads, replaces or deletes.
    Always,
    /// When every event of the body has an id, since an id is metered once in 45 days.
    WithEventIds,
    /// When the body has an idempotency key.
    WithIdempotencyKey,
    /// Never: a second application has a second effect, or nobody says that it has none.
    Never,
}

/// How an operation answers page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Paging {
    /// The property of a response that holds the records of the page.
    pub items: &'static str,
    /// Limits of the page size, where the operation takes one.
    pub page_size: Option<PageSize>,
}

/// Limits of the page size of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PageSize {
    /// The smallest page size that the document allows.
    pub smallest: u32,
    /// The largest page size that the document allows.
    pub largest: u32,
}

/// A parameter in the path or the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// Name of the method that sets it, on the builder of the operation.
    pub setter: &'static str,
    /// Where it stands.
    pub location: Location,
    /// Whether a request without it is refused.
    pub required: bool,
}

/// Where a parameter stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In the path, percent-encoded.
    Path,
    /// In the query.
    Query,
}
