//! TLS, as far as it can be seen without a certificate that anyone trusts.

use togai_ext::prelude::*;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::support::TOKEN;

#[tokio::test]
async fn an_https_address_gets_a_tls_hello_that_offers_http_2() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut greeting = vec![0; 4096];
        let length = connection.read(&mut greeting).await.unwrap();
        greeting.truncate(length);
        greeting
    });

    let client = ClientBuilder::new(TOKEN).base_url(address).with_retry(RetryPolicy::never()).build().unwrap();
    let error = client.get_events().send().await.unwrap_err();
    assert!(error.is_connect() && !error.maybe_delivered(), "{error}");

    let greeting = server.await.unwrap();
    // A handshake record, whatever version of TLS it is of.
    assert_eq!(greeting[..2], [0x16, 0x03]);
    let contains = |text: &[u8]| greeting.windows(text.len()).any(|window| window == text);
    assert!(contains(b"\x02h2\x08http/1.1"), "{greeting:?}");
    assert!(!contains(TOKEN.as_bytes()));
}
