use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use togai_ingest::Clock as _;

use super::*;
use crate::testing::VirtualClock;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Credentials over a clock that is moved by hand, with a provider that gives `token-1`, `token-2` and so on.
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
                life(number).map(|life| AccessToken::new(format!("token-{number}")).expires_at(time.wall() + life));
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

#[test]
fn an_invalid_token_is_refused_without_echoing_it() {
    for token in ["", "se cret", "secret\n", "\"sécret\""] {
        let session = Session::new(Arc::new(VirtualClock::new(0.0)));
        let error = Credentials::new(session, Some(token.into()), None).unwrap_err();
        assert!(error.is_configuration());
        let said = format!("{error} {error:?}");
        assert!(said.contains("the token") && !said.contains("cret\""), "{said}");
    }
}

#[test]
fn no_debug_output_shows_the_token() {
    let fixture = TestCredentials::new(Some("s3cr3t".into()), |_| None);
    let bearer = fixture.credentials.current().unwrap();
    let said = format!("{:?} {bearer:?} {:?} {:?}", fixture.credentials, bearer.header, AccessToken::new("s3cr3t"));
    assert!(!said.contains("s3cr3t"), "{said}");
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_expires() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    assert_eq!(fixture.token().await, "token-1");
    fixture.pass(Duration::from_secs(3299)).await;
    assert_eq!(fixture.token().await, "token-1");
    fixture.pass(Duration::from_secs(1)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("token-2", 2));
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_at_a_tenth_of_its_life() {
    let fixture = TestCredentials::new(None, |_| Some(Duration::from_secs(10)));
    assert_eq!(fixture.token().await, "token-1");
    fixture.pass(Duration::from_millis(8999)).await;
    assert_eq!(fixture.token().await, "token-1");
    fixture.pass(Duration::from_millis(1)).await;
    assert_eq!(fixture.token().await, "token-2");
}

#[tokio::test]
async fn a_failing_provider_keeps_a_valid_token_and_is_retried_later() {
    let fixture = TestCredentials::new(Some(AccessToken::new("first")), |number| (number > 2).then_some(HOUR));
    let end = fixture.clock.wall() + HOUR;
    fixture.credentials.set(AccessToken::new("first").expires_at(end)).unwrap();
    fixture.pass(Duration::from_secs(3500)).await;
    for _ in 0..3 {
        assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("first", 1));
    }
    fixture.pass(Duration::from_secs(30)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("first", 2));
    fixture.pass(Duration::from_secs(30)).await;
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("token-3", 3));
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let fixture = TestCredentials::new(None, |number| (number == 1).then_some(HOUR));
    assert_eq!(fixture.token().await, "token-1");
    fixture.pass(HOUR).await;
    assert_eq!(fixture.token().await, "the vault is closed");
}

#[tokio::test]
async fn one_call_renews_the_token_for_all_waiters() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    let tokens = futures::future::join_all((0..10).map(|_| fixture.token())).await;
    assert!(tokens.iter().all(|token| token == "token-1"));
    assert_eq!(fixture.provider_calls(), 1);
}

#[tokio::test]
async fn a_call_dropped_during_renewal_lets_the_next_one_renew() {
    let fixture = TestCredentials::new(None, |_| Some(HOUR));
    assert!(Box::pin(fixture.token()).now_or_never().is_none());
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("token-2", 2));
}

#[tokio::test]
async fn an_unrepresentable_expiry_never_expires_and_a_past_one_has() {
    let token = AccessToken::new("token").expires_in(Duration::MAX);
    assert_eq!(token.expires_at, None);
    let fixture =
        TestCredentials::new(Some(AccessToken::new("token").expires_at(SystemTime::UNIX_EPOCH)), |_| Some(HOUR));
    assert_eq!(fixture.token().await, "token-1");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_per_probe() {
    let fixture = TestCredentials::new(Some("first".into()), |number| (number > 1).then_some(HOUR));
    let (credentials, sent) = (&fixture.credentials, Some(fixture.clock.now()));
    assert!(!credentials.renew_refused(1, sent).await);
    assert!(!credentials.renew_refused(1, sent).await && !credentials.renew_refused(1, None).await);
    assert_eq!(fixture.provider_calls(), 1);
    fixture.pass(HOUR).await;
    assert!(credentials.renew_refused(1, Some(fixture.clock.now())).await);
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("token-2", 2));
}

#[tokio::test]
async fn a_call_dropped_while_replacing_a_refused_token_lets_the_next_one_replace_it() {
    let fixture = TestCredentials::new(Some("first".into()), |_| Some(HOUR));
    let sent = Some(fixture.clock.now());
    assert!(Box::pin(fixture.credentials.renew_refused(1, sent)).now_or_never().is_none());
    assert!(fixture.credentials.renew_refused(1, sent).await);
    assert_eq!((fixture.token().await.as_str(), fixture.provider_calls()), ("token-2", 2));
}

#[tokio::test]
async fn a_hanging_provider_keeps_a_valid_token_in_use() {
    let fixture = TestCredentials::new(Some(AccessToken::new("first")), |_| Some(HOUR));
    fixture.credentials.set(AccessToken::new("first").expires_at(fixture.clock.wall() + HOUR)).unwrap();
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
    assert_eq!((&*fixture.credentials.current().unwrap().text, fixture.provider_calls()), ("first", 2));
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
