//! Ctrl-C.

use std::io;
use std::process;

use tokio::sync::oneshot;

use crate::progress::Progress;

/// Completes at the first Ctrl-C. The second ends the process, as the first would have done without us.
///
/// # Errors
///
/// Where the system does not tell us of Ctrl-C.
pub(crate) fn listen(progress: Progress) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let mut interrupts = interrupts()?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        interrupts.recv().await;
        progress.interrupt();
        let _ = sender.send(());
        interrupts.recv().await;
        process::exit(130);
    });
    Ok(async move {
        let _ = receiver.await;
    })
}

#[cfg(unix)]
fn interrupts() -> io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::interrupt())
}

#[cfg(windows)]
fn interrupts() -> io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}
