//! A limit on retries that all calls share, so that an outage is not multiplied.

use std::sync::{Mutex, PoisonError};

/// How many retries all calls of a client, its clones included, may make in an outage.
///
/// ```
/// use togai_ext::{ClientBuilder, RetryBudget};
///
/// let client = ClientBuilder::new("sandbox-token-0001")
///     .base_url("http://127.0.0.1:8080")
///     .with_retry_budget(RetryBudget::new(20))
///     .build()?;
/// # Ok::<(), togai_ext::Error>(())
/// ```
///
/// A retry after a failure takes one from the budget; every fifth answer that is no failure puts one back, up to where it
/// began. An empty budget ends a call with the failure at hand. Retries after throttling are free: a throttled request did
/// no harm, and the server says when it is welcome again.
///
/// The default is 100 retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    retries: u32,
}

impl RetryBudget {
    /// A budget of so many retries; 0 forbids retries after failures.
    pub fn new(retries: u32) -> Self {
        Self { retries }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(100)
    }
}

/// What a retry costs, in responses that pay for it.
const COST: u64 = 5;

/// The balance of a budget.
#[derive(Debug)]
pub(super) struct BudgetBalance {
    capacity: u64,
    balance: Mutex<u64>,
}

impl BudgetBalance {
    pub(super) fn new(budget: RetryBudget) -> Self {
        let capacity = u64::from(budget.retries) * COST;
        Self { capacity, balance: Mutex::new(capacity) }
    }

    /// Whether there is enough for a retry. Nothing is taken yet, since the call may be dropped while it waits.
    pub(super) fn covers_a_retry(&self) -> bool {
        *self.balance() >= COST
    }

    /// Takes what a retry costs, if it is there.
    pub(super) fn pay_for_a_retry(&self) -> bool {
        let mut balance = self.balance();
        match balance.checked_sub(COST) {
            Some(rest) => {
                *balance = rest;
                true
            }
            None => false,
        }
    }

    /// Puts back what a response that is not a failure earns.
    pub(super) fn earn(&self) {
        let mut balance = self.balance();
        *balance = (*balance + 1).min(self.capacity);
    }

    #[cfg(test)]
    pub(super) fn is_full(&self) -> bool {
        *self.balance() == self.capacity
    }

    fn balance(&self) -> std::sync::MutexGuard<'_, u64> {
        // A number is whole whatever became of the thread that held it.
        self.balance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_earn_retries() {
        let budget = BudgetBalance::new(RetryBudget::new(2));
        assert!(budget.pay_for_a_retry() && budget.pay_for_a_retry());
        assert!(!budget.covers_a_retry() && !budget.pay_for_a_retry());
        for _ in 0..4 {
            budget.earn();
        }
        assert!(!budget.covers_a_retry());
        budget.earn();
        assert!(budget.covers_a_retry() && budget.pay_for_a_retry());
    }

    #[test]
    fn the_budget_never_exceeds_its_capacity() {
        let budget = BudgetBalance::new(RetryBudget::new(1));
        for _ in 0..100 {
            budget.earn();
        }
        assert!(budget.is_full());
        assert!(budget.pay_for_a_retry() && !budget.pay_for_a_retry());
        assert!(!BudgetBalance::new(RetryBudget::new(0)).covers_a_retry());
    }
}
