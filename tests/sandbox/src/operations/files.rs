//! Files, which are elsewhere: the API only says where.

use form_urlencoded::byte_serialize;
use http::HeaderValue;
use http::header::LOCATION;

use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;

/// Redirects to a path of the sandbox that is not part of the API.
pub(super) fn get_file(call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let file_id: String = byte_serialize(call.path("file_id").as_bytes()).collect();
    let origin = call.host.map(|host| format!("http://{host}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("{origin}/downloads/{file_id}"))
        .map_err(|_| Refusal::bad_request("host: is not the name of a host"))?;
    let mut response = JsonResponse::empty(call.operation.success.status);
    response.headers.insert(LOCATION, location);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{AUTHORIZATION, HOST, LOCATION};

    use crate::testing::TestSandbox;

    #[test]
    fn a_file_is_a_redirect_without_a_body() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer sandbox-token-0001".parse().unwrap());
        let location = |headers: HeaderMap| {
            let response = TestSandbox::new().send_raw("GET", "/files/a%2Fb", headers, "");
            assert_eq!((response.status.as_u16(), response.body.is_null()), (302, true));
            response.headers[LOCATION].clone()
        };
        assert_eq!(location(headers.clone()), "/downloads/a%2Fb");
        headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(location(headers), "http://127.0.0.1:8080/downloads/a%2Fb");
    }
}
