//! Which statuses are an outage.

use http::StatusCode;

/// Whether a status means an outage: the server or a gateway failed at the request, which may have been applied or not.
///
/// ```
/// use reqwest::StatusCode;
/// use togai_api::is_outage;
///
/// assert!(is_outage(StatusCode::SERVICE_UNAVAILABLE) && is_outage(StatusCode::REQUEST_TIMEOUT));
/// assert!(!is_outage(StatusCode::TOO_MANY_REQUESTS) && !is_outage(StatusCode::CONFLICT));
/// ```
///
/// It is so for 408 and for every status from 500 to 599. Repeating a request that changes something may do it twice.
pub fn is_outage(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT || status.is_server_error()
}

/// Whether a status means an outage after which the same request may succeed.
///
/// ```
/// use reqwest::StatusCode;
/// use togai_api::is_passing_outage;
///
/// assert!(is_passing_outage(StatusCode::SERVICE_UNAVAILABLE));
/// assert!(!is_passing_outage(StatusCode::NOT_IMPLEMENTED));
/// ```
///
/// It is so for every [outage](is_outage) but 501 and 505, with which a server says that it will never carry out such a
/// request.
pub fn is_passing_outage(status: StatusCode) -> bool {
    let is_lasting = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    is_outage(status) && !is_lasting
}
