//! Which addresses of a server are good.

use std::net::IpAddr;

use reqwest::Url;
use togai_api::Error;

/// Parses the address of a server. `example` is one that would do; `allow_plaintext` accepts `http://` for other machines.
pub(crate) fn check(text: &str, example: &str, allow_plaintext: bool) -> Result<Url, Error> {
    let problem = |problem: &str| {
        Err(Error::configuration(format!("the base URL {problem}: set it to something like {example}")))
    };
    // The address itself is not repeated before it is known to hold no password.
    let Ok(url) = Url::parse(text) else { return problem("is not an absolute URL") };
    if !url.username().is_empty() || url.password().is_some() {
        return problem("holds a user name or password, and the token is what authenticates");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return problem("has a query or fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_plaintext || is_loopback(&url) => Ok(url),
        "http" => Err(Error::configuration(format!(
            "the base URL {text} would send the token and all data unencrypted: use https://, or, on a network where \
             nobody can listen, allow it with `danger_allow_plaintext(true)` on the builder"
        ))),
        _ => problem("is neither https:// nor http://"),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let error = check(text, "https://api.togai.com", false).unwrap_err();
        assert!(error.is_configuration());
        error.to_string()
    }

    #[test]
    fn invalid_addresses_are_refused_with_advice() {
        insta::assert_snapshot!(problem("api.togai.com"), @"the base URL is not an absolute URL: set it to something like https://api.togai.com");
        insta::assert_snapshot!(problem("ftp://api.togai.com"), @"the base URL is neither https:// nor http://: set it to something like https://api.togai.com");
        insta::assert_snapshot!(problem("http://api.togai.com"), @"the base URL http://api.togai.com would send the token and all data unencrypted: use https://, or, on a network where nobody can listen, allow it with `danger_allow_plaintext(true)` on the builder");
        insta::assert_snapshot!(problem("https://me:pw@api.togai.com"), @"the base URL holds a user name or password, and the token is what authenticates: set it to something like https://api.togai.com");
        insta::assert_snapshot!(problem("https://api.togai.com/?a=b"), @"the base URL has a query or fragment: set it to something like https://api.togai.com");
    }

    #[test]
    fn localhost_works_without_tls() {
        for address in ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:8080", "http://127.9.9.9"] {
            assert!(check(address, "", false).is_ok(), "{address}");
        }
        for address in ["http://10.0.0.1", "http://localhost.example.com", "http://0.0.0.0"] {
            assert!(check(address, "", false).is_err(), "{address}");
        }
    }

    #[test]
    fn plaintext_to_other_machines_is_allowed_on_request() {
        for address in ["http://togai-sandbox:8080", "http://10.0.0.7:8080", "http://[fd00::1]/togai"] {
            assert!(problem(address).contains("`danger_allow_plaintext(true)`"), "{address}");
            assert!(check(address, "", true).is_ok(), "{address}");
        }
        for address in ["http://me:pw@10.0.0.7", "http://10.0.0.7/?a=b", "ftp://10.0.0.7"] {
            assert!(check(address, "", true).is_err(), "{address}");
        }
    }
}
