//! A turn: one batch at a time is sent in parts.

use std::collections::BTreeSet;

/// Whose turn it is, and whose it was.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    holder: Option<usize>,
    over: BTreeSet<usize>,
}

impl Turn {
    pub(crate) fn holder(&self) -> Option<usize> {
        self.holder
    }

    /// A batch is sent in parts. The one before has ended.
    pub(crate) fn take(&mut self, batch: usize, is_open: &dyn Fn(usize) -> bool) -> Result<(), String> {
        self.check_not_over(batch)?;
        if let Some(holder) = self.holder.filter(|holder| *holder != batch) {
            if is_open(holder) {
                return Err(format!("batch {holder} is being sent in parts, and this is of batch {batch}"));
            }
            self.over.insert(holder);
        }
        self.holder = Some(batch);
        Ok(())
    }

    /// A batch of which another one has taken the turn has ended.
    pub(crate) fn check_not_over(&self, batch: usize) -> Result<(), String> {
        let is_over = self.over.contains(&batch);
        if is_over { Err(format!("batch {batch} is sent in parts after another had its turn")) } else { Ok(()) }
    }
}
