//! Seeded bugs, to see that the tests of ingestion would find such a one.

/// The right expression, in all builds but those of tests. In a test it is the wrong one where the test has switched the
/// mutant of that name on.
#[cfg(not(test))]
macro_rules! mutant {
    ($name:literal, $right:expr, $wrong:expr) => {
        $right
    };
}

#[cfg(test)]
macro_rules! mutant {
    ($name:literal, $right:expr, $wrong:expr) => {
        if $crate::mutant::is_on($name) { $wrong } else { $right }
    };
}

pub(crate) use mutant;

#[cfg(test)]
pub(crate) use switch::{is_on, sites_of, with};

#[cfg(test)]
mod switch {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeSet;

    thread_local! {
        /// The mutant that is on. It holds for a thread, so that tests beside do not see it.
        static ACTIVE: Cell<Option<&'static str>> = const { Cell::new(None) };
        /// The mutants whose sites were passed; nothing where nobody wants to know.
        static PASSED: RefCell<Option<BTreeSet<&'static str>>> = const { RefCell::new(None) };
    }

    /// Whether a mutant is on, at its site.
    pub(crate) fn is_on(name: &'static str) -> bool {
        PASSED.with_borrow_mut(|passed| {
            if let Some(passed) = passed {
                passed.insert(name);
            }
        });
        ACTIVE.get() == Some(name)
    }

    /// Runs something with a mutant on.
    pub(crate) fn with<T>(name: &'static str, run: impl FnOnce() -> T) -> T {
        ACTIVE.set(Some(name));
        let result = run();
        ACTIVE.set(None);
        result
    }

    /// The mutants whose sites are passed by something.
    pub(crate) fn sites_of(run: impl FnOnce()) -> BTreeSet<&'static str> {
        PASSED.set(Some(BTreeSet::new()));
        run();
        PASSED.take().unwrap_or_default()
    }
}
