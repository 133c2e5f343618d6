//! The source that the model hands events in by.

use std::task::{Context, Poll};

use togai_ingest::Source;
use togai_ingest::test_util::Pulled;

use crate::item::{Item, Reading};
use crate::world::Shared;

/// Gives what stands in the queue of the world.
pub(crate) struct Queue(pub(crate) Shared);

impl Source for Queue {
    type Event = Reading;
    type Item = Item;

    fn poll_pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        let mut world = self.0.lock();
        match world.pull(context) {
            Poll::Ready(Some(Ok(item))) => {
                if let Some(choice) = item.response {
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
