//! Reads lines and makes events of them, on a thread of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::sync::Arc;
use std::thread;

use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::input::{Input, Inputs};
use crate::lines::{self, Lines};

/// Bytes of lines that wait to be sent. Reading waits where sending is behind, so memory grows neither with the input nor
/// with the length of its lines, as it would with a number of lines.
const WAITING: usize = 4 << 20;

/// A line that was read, an event or not.
#[derive(Debug)]
pub(crate) struct Record<E> {
    pub(crate) origin: Origin,
    /// What it took of the input, with the empty lines before it.
    pub(crate) bytes: u64,
    /// The event, or why the line is none.
    pub(crate) parsed: Result<E, String>,
    /// Its part of what may wait, given back when it is taken.
    _room: OwnedSemaphorePermit,
}

/// Where an event is from: what goes along with it as its tag, and comes back with its verdict.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) file: Arc<str>,
    pub(crate) line: u64,
    pub(crate) text: String,
}

/// Where the records come out, and in the end why there are no more where reading failed.
pub(crate) type Records<E> = mpsc::UnboundedReceiver<io::Result<Record<E>>>;

/// Starts to read. It ends with the input, or when nobody wants the records any more.
///
/// It is a thread and not a blocking task of the runtime, since a read of standard input may never return, and the end of
/// the program would wait for such a task.
pub(crate) fn start<E: DeserializeOwned + Send + 'static>(inputs: Inputs) -> io::Result<Records<E>> {
    let (sender, records) = mpsc::unbounded_channel();
    let reader = Reader { sender, room: Arc::new(Semaphore::new(WAITING)), runtime: Handle::current() };
    thread::Builder::new().name("reader".to_owned()).spawn(move || reader.read_all(inputs))?;
    Ok(records)
}

struct Reader<E> {
    sender: mpsc::UnboundedSender<io::Result<Record<E>>>,
    /// Bounds what is in the channel.
    room: Arc<Semaphore>,
    runtime: Handle,
}

impl<E: DeserializeOwned> Reader<E> {
    fn read_all(&self, inputs: Inputs) {
        for input in inputs.all {
            if let Err(error) = self.read(&input) {
                let error = io::Error::new(error.kind(), format!("{}: {error}", input.name));
                let _ = self.sender.send(Err(error));
                return;
            }
        }
    }

    fn read(&self, input: &Input) -> io::Result<()> {
        let source: Box<dyn BufRead> = match &input.path {
            Some(path) => Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)),
            None => Box::new(io::stdin().lock()),
        };
        let mut lines = Lines::new(source);
        let mut bytes = 0;
        while let Some(line) = lines.next()? {
            bytes += line.bytes as u64;
            if line.text.is_empty() {
                continue;
            }
            let parsed = if line.is_too_long { Err(lines::too_long()) } else { parse(line.text) };
            let text = String::from_utf8_lossy(line.text).into_owned();
            let length = u32::try_from(line.text.len()).unwrap_or(u32::MAX);
            let room = self.runtime.block_on(Arc::clone(&self.room).acquire_many_owned(length));
            let Ok(room) = room else { return Ok(()) };
            let origin = Origin { file: Arc::clone(&input.name), line: line.number, text };
            let record = Record { origin, bytes: std::mem::take(&mut bytes), parsed, _room: room };
            if self.sender.send(Ok(record)).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn parse<E: DeserializeOwned>(line: &[u8]) -> Result<E, String> {
    serde_json::from_slice(line).map_err(|error| {
        // It would say line 1 each time, beside our number of the line.
        let message = error.to_string().replace(" at line 1 column ", ", at column ");
        format!("the line is no event: {message}")
    })
}
