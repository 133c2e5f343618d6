use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt;

use super::*;
use crate::testing::VirtualClock;
use togai_ingest::Clock as _;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Credentials over a clock that is moved by hand, with a provider that gives `token-1`, `token-2` and so on.
struct Stage {
    clock: VirtualClock,
    credentials: Arc<Credentials>,
    asked: Arc<AtomicUsize>,
}

impl Stage {
    /// `life`: how long each token of the provider lives; nothing where the provider fails.
    fn new(token: Option<AccessToken>, life: impl Fn(usize) -> Option<Duration> + Send + Sync + 'static) -> Self {
        let (clock, asked) = (VirtualClock::new(0.0), Arc::new(AtomicUsize::new(0)));
        let (time, count) = (clock.clone(), Arc::clone(&asked));
        let provider: Provider = Box::new(move || {
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
        Self { clock, credentials: Arc::new(credentials), asked }
    }

    /// Renews the token where that is due, and says which one is in use.
    async fn token(&self) -> String {
        // The provider is quicker than anybody's patience.
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

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[test]
fn a_text_that_is_no_token_is_refused_without_being_repeated() {
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
    let stage = Stage::new(Some("s3cr3t".into()), |_| None);
    let bearer = stage.credentials.current().unwrap();
    let said = format!("{:?} {bearer:?} {:?} {:?}", stage.credentials, bearer.header, AccessToken::new("s3cr3t"));
    assert!(!said.contains("s3cr3t"), "{said}");
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_expires() {
    let stage = Stage::new(None, |_| Some(HOUR));
    assert_eq!(stage.token().await, "token-1");
    stage.pass(Duration::from_secs(3299)).await;
    assert_eq!(stage.token().await, "token-1");
    stage.pass(Duration::from_secs(1)).await;
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("token-2", 2));
}

#[tokio::test]
async fn a_token_of_a_short_life_is_renewed_when_a_tenth_of_it_is_left() {
    let stage = Stage::new(None, |_| Some(Duration::from_secs(10)));
    assert_eq!(stage.token().await, "token-1");
    stage.pass(Duration::from_millis(8999)).await;
    assert_eq!(stage.token().await, "token-1");
    stage.pass(Duration::from_millis(1)).await;
    assert_eq!(stage.token().await, "token-2");
}

#[tokio::test]
async fn a_provider_that_fails_leaves_a_good_token_in_use_and_is_asked_again_later() {
    let stage = Stage::new(Some(AccessToken::new("first")), |number| (number > 2).then_some(HOUR));
    let end = stage.clock.wall() + HOUR;
    stage.credentials.set(AccessToken::new("first").expires_at(end)).unwrap();
    stage.pass(Duration::from_secs(3500)).await;
    for _ in 0..3 {
        assert_eq!((stage.token().await.as_str(), stage.asked()), ("first", 1));
    }
    stage.pass(Duration::from_secs(30)).await;
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("first", 2));
    stage.pass(Duration::from_secs(30)).await;
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("token-3", 3));
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let stage = Stage::new(None, |number| (number == 1).then_some(HOUR));
    assert_eq!(stage.token().await, "token-1");
    stage.pass(HOUR).await;
    assert_eq!(stage.token().await, "the vault is closed");
}

#[tokio::test]
async fn one_call_asks_for_all_that_wait() {
    let stage = Stage::new(None, |_| Some(HOUR));
    let tokens = futures::future::join_all((0..10).map(|_| stage.token())).await;
    assert!(tokens.iter().all(|token| token == "token-1"));
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn a_call_that_gives_up_while_it_asks_lets_the_next_one_ask() {
    let stage = Stage::new(None, |_| Some(HOUR));
    assert!(Box::pin(stage.token()).now_or_never().is_none());
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("token-2", 2));
}

#[tokio::test]
async fn a_time_beyond_all_clocks_is_no_end_and_one_long_ago_is() {
    let token = AccessToken::new("token").expires_in(Duration::MAX);
    assert_eq!(token.expires_at, None);
    let stage = Stage::new(Some(AccessToken::new("token").expires_at(SystemTime::UNIX_EPOCH)), |_| Some(HOUR));
    assert_eq!(stage.token().await, "token-1");
}

#[tokio::test]
async fn a_refused_token_is_asked_for_once_and_again_after_the_next_probe() {
    let stage = Stage::new(Some("first".into()), |number| (number > 1).then_some(HOUR));
    let (credentials, sent) = (&stage.credentials, Some(stage.clock.now()));
    assert!(!credentials.renew_refused(1, sent).await);
    assert!(!credentials.renew_refused(1, sent).await && !credentials.renew_refused(1, None).await);
    assert_eq!(stage.asked(), 1);
    stage.pass(HOUR).await;
    assert!(credentials.renew_refused(1, Some(stage.clock.now())).await);
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("token-2", 2));
}

#[tokio::test]
async fn a_call_that_gives_up_while_it_asks_for_another_token_lets_the_next_one_ask() {
    let stage = Stage::new(Some("first".into()), |_| Some(HOUR));
    let sent = Some(stage.clock.now());
    assert!(Box::pin(stage.credentials.renew_refused(1, sent)).now_or_never().is_none());
    assert!(stage.credentials.renew_refused(1, sent).await);
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("token-2", 2));
}

#[tokio::test]
async fn a_provider_that_hangs_takes_no_good_token_out_of_use() {
    let stage = Stage::new(Some(AccessToken::new("first")), |_| Some(HOUR));
    stage.credentials.set(AccessToken::new("first").expires_at(stage.clock.wall() + HOUR)).unwrap();
    stage.pass(Duration::from_secs(3500)).await;
    // One call asks, and others go on.
    stage.clock.hang(true);
    let mut asking = Box::pin(stage.credentials.renew_in_time());
    assert!(futures::poll!(asking.as_mut()).is_pending());
    assert!(stage.credentials.renew_in_time().now_or_never().is_some_and(|renewed| renewed.is_ok()));
    drop(asking);
    // Here its patience ends at once.
    stage.clock.hang(false);
    stage.credentials.renew_in_time().await.unwrap();
    assert_eq!((&*stage.credentials.current().unwrap().text, stage.asked()), ("first", 2));
    assert!(!stage.credentials.is_due());
}

#[tokio::test]
async fn all_that_wait_for_a_provider_that_fails_fail_with_it() {
    let stage = Stage::new(None, |_| None);
    let tokens = futures::future::join_all((0..10).map(|_| stage.token())).await;
    assert!(tokens.iter().all(|problem| problem == "the vault is closed"), "{tokens:?}");
    assert_eq!(stage.asked(), 1);
    stage.pass(Duration::from_secs(1)).await;
    assert_eq!((stage.token().await.as_str(), stage.asked()), ("the vault is closed", 2));
}
