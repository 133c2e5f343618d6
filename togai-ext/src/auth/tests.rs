use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use togai_ingest::Clock as _;

use super::*;
use crate::testing::VirtualClock;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Credentials over a clock that is moved by hand, with a provider that gives `t0ken-01`, `t0ken-02` and so on.
struct TestCredentials {
    clock: VirtualClock,
    credentials: Arc<Credentials>,
    calls: Arc<AtomicUsize>,
}

impl TestCredentials {
    /// `life`: how long each token of the provider lives; nothing where the provider fails.
    fn new(token: Option<AccessToken>, life: impl Fn(usize) -> Option<Duration> + Send + Sync + 'static) -> Self {
        let (clock, calls) = (VirtualClock::new(0.0), Arc::new(AtomicUsize::new(0)));
        let (time, count) = (clock.clone(), Arc::clone(&calls));
        let provider: TokenProvider = Box::new(move || {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            let token =
                life(number).map(|life| AccessToken::new(format!("t0ken-0{number}")).expires_at(time.wall() + life));
            Box::pin(async move {
                // Others have their turn.
                tokio::task::yield_now().await;
                token.ok_or_else(|| "the vault is closed".into())
            })
        });
        let session = Session::new(Arc::new(clock.clone()));
        let credentials = Credentials::new(session, token, Some(provider)).unwrap();
        Self { clock, credentials: Arc::new(credentials), calls }
    }

    /// Renews the token where that is due, and says which one is in use.
    async fn token(&self) -> String {
        // The provider is quicker than any timeout.
        self.clock.hang(true);
        if self.credentials.is_due()
            && let Err(problem) = self.credentials.renew_in_time().await
        {
            return problem.to_string();
        }
        self.credentials.current().unwrap().text.to_string()
    }

    async fn pass(&self, time: Duration) {
        self.clock.hang(false);
        self.clock.sleep(time).await;
    }

    fn provider_calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// What is said of a text that is not a token.
#[track_caller]
fn refusal(text: &str) -> String {
    let session = Session::new(Arc::new(VirtualClock::new(0.0)));
    let error = Credentials::new(session, Some(text.into()), None).expect_err(text);
    assert!(error.is_configuration());
    let said = format!("{error} {error:?}");
    assert!(!said.contains("t0k"), "{said}");
    error.to_string()
}

#[track_caller]
fn check_refused(texts: &[&str], expected: &str) {
    for text in texts {
        let said = refusal(text);
        assert!(said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn a_token_that_is_refused_is_not_repeated() {
    insta::assert_snapshot!(refusal(""), @"the token is empty: set it to a token for the server");
    insta::assert_snapshot!(refusal("\"a-t0ken-0\""), @"the token has quotes around it, which the tool that reads it has kept: write it without them");
    insta::assert_snapshot!(refusal("<a-t0ken-0>"), @"the token has angle brackets, as placeholders do: write the token itself, without them");
    insta::assert_snapshot!(refusal("$TOGAI_API_TOKEN"), @"the token is the name of a variable: nothing has put its value there, so write the token itself, or have the shell or tool replace the name");
    insta::assert_snapshot!(refusal("Bearer a-t0ken-0"), @"the token begins with the name of the header or with `Bearer`, which the client adds: write only what follows");
    insta::assert_snapshot!(refusal("a-t0ken-0\n"), @"the token holds white space or a line end: write the token alone, and trim what is read from a file");
    insta::assert_snapshot!(refusal("a:t0ken:0"), @"the token holds a character that no bearer token has: it consists of letters, digits and `-._~+/`, with `=` at its end only");
    insta::assert_snapshot!(refusal("a-t0ken"), @"the token is shorter than 8 characters, and no token is: check that all of it is there");
}

#[test]
fn mistakes_of_configuration_are_told_apart() {
    check_refused(
        &["'a-t0ken-0'", "`a-t0ken-0`", "\"a-t0ken-0", "a-t0ken-0'", "“a-t0ken-0”", "\"\"", "'Bearer a-t0ken-0'"],
        "quotes",
    );
    check_refused(&["<a-t0ken-0", "a-t0ken-0>", "<your token>"], "angle brackets");
    let variables = ["${X}", "$(cat t0ken)", "%TOGAI_API_TOKEN%", "{{ t0ken }}", "{t0ken-0001}", "TOGAI_API_TOKEN"];
    check_refused(&variables, "variable");
    let schemes = ["Bearer:a-t0ken-0", "bearer a-t0ken-0", "BEARER%20a-t0ken-0", "Bearer+a-t0ken-0", "Bearer "];
    check_refused(&schemes, "`Bearer`");
    check_refused(&["Authorization: Bearer a-t0ken-0", "authorization:a-t0ken-0"], "`Bearer`");
    check_refused(&[" a-t0ken-0", "a-t0ken-0\r\n", "a t0ken-0", "a-t0ken-0\u{a0}", "Basic t0ken-0001"], "white space");
    let foreign =
        ["TOKEN=a-t0ken-0", "a-t0ken-0;", "[a-t0ken-0]", "********", "ä-t0ken-0", "\u{feff}a-t0ken-0", "a-t0ken\0"];
    check_refused(&foreign, "a character that no bearer token has");
    check_refused(&["null", "x", "a-t0ken"], "shorter than 8");
}

#[test]
fn what_servers_issue_is_taken() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY21lIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    for text in [
        jwt,
        "0123456789abcdef",
        "9f1c6c1e-0d3b-4a52-8c5e-1f2d3c4b5a69",
        "QWxhZGRpbjpvcGVu+/==",
        "bearer-a",
        "SK_LIVE_01",
    ] {
        let session = Session::new(Arc::new(VirtualClock::new(0.0)));
        Credentials::new(session, Some(text.into()), None).expect(text);
    }
}

#[tokio::test]
async fn a_refused_text_of_a_provider_is_reported_and_not_repeated() {
    let session = Session::new(Arc::new(VirtualClock::new(0.0)));
    let provider: TokenProvider = Box::new(|| Box::pin(async { Ok("\"a-t0ken-0\"".into()) }));
    let credentials = Credentials::new(session, None, Some(provider)).unwrap();
    let said = credentials.renew_in_time().await.unwrap_err().to_string();
    assert!(said.contains("has quotes around it") && !said.contains("t0ken"), "{said}");
}

#[test]
fn no_debug_output_shows_the_token() {
    let fixture = TestCredentials::new(Some("s3cr3t-t0ken".into()), |_| None);
    let bearer = fixture.credentials.current().unwrap();
    let said =
        format!("{:?} {bearer:?} {:?} {:?}", fixture.credentials, bearer.header, AccessToken::new("s3cr3t-t0ken"));
    assert!(!said.contains("s3cr3t-t0ken"), "{said}");
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_expires() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    assert_eq!(fixture.token().await, "t0ken-01");
    fixture.pass(Duration::from_secs(3299)).await;
    assert_eq!(fixture.token().await, "t0ken-01");
    fixture.pass(Duration::from_secs(1)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("t0ken-02", 2));
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_at_a_tenth_of_its_life() {
    let fixture = TestCredentials::new(None, |_| Some(Duration::from_secs(10)));
    assert_eq!(fixture.token().await, "t0ken-01");
    fixture.pass(Duration::from_millis(8999)).await;
    assert_eq!(fixture.token().await, "t0ken-01");
    fixture.pass(Duration::from_millis(1)).await;
    assert_eq!(fixture.token().await, "t0ken-02");
}

#[tokio::test]
async fn a_failing_provider_keeps_a_valid_token_and_is_retried_later() {
    let fixture = TestCredentials::new(Some(AccessToken::new("first-t0ken")), |number| (number > 2).then_some(HOUR));
    let end = fixture.clock.wall() + HOUR;
    fixture.credentials.set(AccessToken::new("first-t0ken").expires_at(end)).unwrap();
    fixture.pass(Duration::from_secs(3500)).await;
    for _ in 0..3 {
        assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("first-t0ken", 1));
    }
    fixture.pass(Duration::from_secs(30)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("first-t0ken", 2));
    fixture.pass(Duration::from_secs(30)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("t0ken-03", 3));
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let fixture = TestCredentials::new(None, |number| (number == 1).then_some(HOUR));
    assert_eq!(fixture.token().await, "t0ken-01");
    fixture.pass(HOUR).await;
    assert_eq!(fixture.token().await, "the vault is closed");
}

#[tokio::test]
async fn one_call_renews_the_token_for_all_waiters() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    let tokens = futures::future::join_all((0..10).map(|_| fixture.token())).await;
    assert!(tokens.iter().all(|token| token == "t0ken-01"));
    assert_eq!(fixture.provider_calls(), 1);
}

#[tokio::test]
async fn a_call_dropped_during_renewal_lets_the_next_one_renew() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    assert!(Box::pin(fixture.token()).now_or_never().is_none());
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("t0ken-02", 2));
}

#[tokio::test]
async fn an_unrepresentable_expiry_never_expires_and_a_past_one_has() {
    let token = AccessToken::new("late-t0ken").expires_in(Duration::MAX);
    assert_eq!(token.expires_at, None);
    let fixture =
        TestCredentials::new(Some(AccessToken::new("late-t0ken").expires_at(SystemTime::UNIX_EPOCH)), |_| Some(HOUR));
    assert_eq!(fixture.token().await, "t0ken-01");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_per_probe() {
    let fixture = TestCredentials::new(Some("first-t0ken".into()), |number| (number > 1).then_some(HOUR));
    let (credentials, sent) = (&fixture.credentials, Some(fixture.clock.now()));
    assert!(!credentials.renew_refused(1, sent).await);
    assert!(!credentials.renew_refused(1, sent).await && !credentials.renew_refused(1, None).await);
    assert_eq!(fixture.provider_calls(), 1);
    fixture.pass(HOUR).await;
    assert!(credentials.renew_refused(1, Some(fixture.clock.now())).await);
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("t0ken-02", 2));
}

#[tokio::test]
async fn a_call_dropped_while_replacing_a_refused_token_lets_the_next_one_replace_it() {
    let fixture = TestCredentials::new(Some("first-t0ken".into()), |_| Some(HOUR));
    let sent = Some(fixture.clock.now());
    assert!(Box::pin(fixture.credentials.renew_refused(1, sent)).now_or_never().is_none());
    assert!(fixture.credentials.renew_refused(1, sent).await);
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("t0ken-02", 2));
}

#[tokio::test]
async fn a_hanging_provider_keeps_a_valid_token_in_use() {
    let fixture = TestCredentials::new(Some(AccessToken::new("first-t0ken")), |_| Some(HOUR));
    fixture.credentials.set(AccessToken::new("first-t0ken").expires_at(fixture.clock.wall() + HOUR)).unwrap();
    fixture.pass(Duration::from_secs(3500)).await;
    // One call asks, and others go on.
    fixture.clock.hang(true);
    let mut renewal = Box::pin(fixture.credentials.renew_in_time());
    assert!(futures::poll!(renewal.as_mut()).is_pending());
    assert!(fixture.credentials.renew_in_time().now_or_never().is_some_and(|renewed| renewed.is_ok()));
    drop(renewal);
    // Here its patience ends at once.
    fixture.clock.hang(false);
    fixture.credentials.renew_in_time().await.unwrap();
    assert_eq!((&*fixture.credentials.current().unwrap().text, fixture.provider_calls()), ("first-t0ken", 2));
    assert!(!fixture.credentials.is_due());
}

#[tokio::test]
async fn all_waiters_fail_with_the_provider() {
    let fixture = TestCredentials::new(None, |_| None);
    let tokens = futures::future::join_all((0..10).map(|_| fixture.token())).await;
    assert!(tokens.iter().all(|problem| problem == "the vault is closed"), "{tokens:?}");
    assert_eq!(fixture.provider_calls(), 1);
    fixture.pass(Duration::from_secs(1)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("the vault is closed", 2));
}
