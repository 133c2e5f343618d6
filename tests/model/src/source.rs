//! The source that the model hands events in by.

use std::task::{Context, Poll};

use super::super::source::{Pulled, Source};
use super::item::Item;
use super::world::Shared;

/// Gives what stands in the queue of the world.
pub(super) struct Queue(pub(super) Shared);

impl Source for Queue {
    type Item = Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        let mut world = self.0.lock();
        match world.pull(context) {
            Poll::Ready(Some(Ok(item))) => {
                if let Some(choice) = item.answer {
                    world.is_pulling = true;
                    world.answer_by_chance(choice);
                    world.is_pulling = false;
                }
                Poll::Ready(Some(Ok(item)))
            }
            other => other,
        }
    }
}
