use std::task::{Context, Poll, Waker};

use futures::channel::mpsc;
use futures::task::noop_waker_ref;

use super::hub::{First, Hub, Second, SharedError, Side};

type Sent = mpsc::UnboundedSender<Result<(u32, char), SharedError>>;

/// A hub over a channel, with room for so many events.
fn hub(max_lag: usize) -> (Sent, Hub<'static, u32, char>) {
    let (sender, pairs) = mpsc::unbounded();
    (sender, Hub::new(Box::pin(pairs), max_lag))
}

fn pull<S: Side<u32, char>>(hub: &mut Hub<'_, u32, char>) -> String
where
    S::Half: std::fmt::Display,
{
    pull_with::<S>(hub, noop_waker_ref())
}

fn pull_with<S: Side<u32, char>>(hub: &mut Hub<'_, u32, char>, waker: &Waker) -> String
where
    S::Half: std::fmt::Display,
{
    match hub.poll_pull::<S>(&mut Context::from_waker(waker)) {
        Poll::Pending => "waits".to_owned(),
        Poll::Ready(None) => "end".to_owned(),
        Poll::Ready(Some(Ok(half))) => half.to_string(),
        Poll::Ready(Some(Err(error))) => format!("failed: {error}"),
    }
}

fn fill(sender: &Sent, pairs: &[(u32, char)]) {
    for pair in pairs {
        sender.unbounded_send(Ok(*pair)).unwrap();
    }
}

#[test]
fn each_side_gets_its_half_of_every_pair_in_order() {
    let (sender, mut hub) = hub(10);
    fill(&sender, &[(1, 'a'), (2, 'b')]);
    assert_eq!([pull::<First>(&mut hub), pull::<Second>(&mut hub), pull::<Second>(&mut hub)], ["1", "a", "b"]);
    assert_eq!([pull::<Second>(&mut hub), pull::<First>(&mut hub), pull::<First>(&mut hub)], ["waits", "2", "waits"]);
    drop(sender);
    assert_eq!([pull::<First>(&mut hub), pull::<Second>(&mut hub)], ["end", "end"]);
}

#[test]
fn a_side_that_is_too_far_ahead_waits_until_the_other_has_pulled() {
    let (sender, mut hub) = hub(2);
    fill(&sender, &[(1, 'a'), (2, 'b'), (3, 'c')]);
    assert_eq!([pull::<First>(&mut hub), pull::<First>(&mut hub), pull::<First>(&mut hub)], ["1", "2", "waits"]);
    let (woken, waker) = testing_waker();
    assert_eq!(pull_with::<First>(&mut hub, &waker), "waits");
    assert_eq!(pull::<Second>(&mut hub), "a");
    assert!(woken.was_woken());
    assert_eq!(pull::<First>(&mut hub), "3");
}

#[test]
fn a_side_that_waits_for_the_source_is_woken_by_what_the_other_one_pulls() {
    let (sender, mut hub) = hub(2);
    let (woken, waker) = testing_waker();
    assert_eq!(pull_with::<First>(&mut hub, &waker), "waits");
    // The source now knows of the second side alone.
    assert_eq!(pull::<Second>(&mut hub), "waits");
    fill(&sender, &[(1, 'a')]);
    assert!(!woken.was_woken());
    assert_eq!(pull::<Second>(&mut hub), "a");
    assert!(woken.was_woken());
}

#[test]
fn what_was_pulled_for_a_side_that_stopped_comes_back_and_the_other_ends() {
    let (sender, mut hub) = hub(10);
    fill(&sender, &[(1, 'a'), (2, 'b'), (3, 'c')]);
    assert_eq!([pull::<First>(&mut hub), pull::<First>(&mut hub)], ["1", "2"]);
    assert_eq!([hub.leftover::<Second>(), hub.leftover::<Second>()], [Some('a'), Some('b')]);
    // As long as not all was taken back, the other one goes on.
    assert_eq!(pull::<First>(&mut hub), "3");
    assert_eq!([hub.leftover::<Second>(), hub.leftover::<Second>()], [Some('c'), None]);
    assert_eq!(pull::<First>(&mut hub), "end");
}

#[test]
fn alone_a_side_goes_on_where_that_is_wanted_and_nothing_is_put_by() {
    let (sender, mut hub) = hub(1);
    hub.continue_alone = true;
    fill(&sender, &[(1, 'a'), (2, 'b'), (3, 'c')]);
    hub.close::<First>();
    assert_eq!([pull::<Second>(&mut hub), pull::<Second>(&mut hub), pull::<Second>(&mut hub)], ["a", "b", "c"]);
    assert_eq!(hub.leftover::<First>(), None);
}

#[test]
fn both_sides_hear_that_the_source_failed_after_what_came_before() {
    let (sender, mut hub) = hub(10);
    fill(&sender, &[(1, 'a')]);
    sender.unbounded_send(Err(SharedError::new("the file ends here".into()))).unwrap();
    assert_eq!([pull::<First>(&mut hub), pull::<First>(&mut hub)], ["1", "failed: the file ends here"]);
    assert_eq!([pull::<Second>(&mut hub), pull::<Second>(&mut hub)], ["a", "failed: the file ends here"]);
}

/// A waker that remembers that it was used.
fn testing_waker() -> (std::sync::Arc<Woken>, Waker) {
    let woken = std::sync::Arc::new(Woken::default());
    (std::sync::Arc::clone(&woken), std::sync::Arc::clone(&woken).into())
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicBool);

impl Woken {
    fn was_woken(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl std::task::Wake for Woken {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
