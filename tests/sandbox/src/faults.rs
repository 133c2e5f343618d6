//! Which fault meets which request.

use std::sync::Mutex;

use crate::fault::Fault;
use crate::lock;

/// The faults of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    registered: Mutex<Vec<Registered>>,
}

#[derive(Debug)]
struct Registered {
    fault: Fault,
    seen: u64,
    applied: u64,
}

impl Faults {
    pub(crate) fn register(&self, fault: Fault) {
        lock(&self.registered).push(Registered { fault, seen: 0, applied: 0 });
    }

    pub(crate) fn clear(&self) {
        lock(&self.registered).clear();
    }

    /// The fault that a request of this operation meets, if any.
    pub(crate) fn next(&self, operation_id: Option<&str>) -> Option<Fault> {
        lock(&self.registered).iter_mut().find_map(|registered| registered.next(operation_id))
    }
}

impl Registered {
    fn next(&mut self, operation_id: Option<&str>) -> Option<Fault> {
        let is_used_up = self.fault.first.is_some_and(|first| self.applied >= first);
        let is_for_another = self.fault.operation_id.is_some() && self.fault.operation_id.as_deref() != operation_id;
        if is_used_up || is_for_another {
            return None;
        }
        self.seen += 1;
        if !self.seen.is_multiple_of(self.fault.every) {
            return None;
        }
        self.applied += 1;
        Some(self.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(faults: impl IntoIterator<Item = Fault>, requests: &[&str]) -> Vec<Option<String>> {
        let registered = Faults::default();
        faults.into_iter().for_each(|fault| registered.register(fault));
        requests.iter().map(|operation_id| registered.next(Some(operation_id)).map(|fault| fault.name())).collect()
    }

    #[track_caller]
    fn check(faults: impl IntoIterator<Item = Fault>, requests: &[&str], expected: &[&str]) {
        let names: Vec<_> = script(faults, requests).into_iter().map(Option::unwrap_or_default).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_fault_applies_until_it_is_used_up() {
        check([Fault::status(503)], &["a", "a"], &["status 503", "status 503"]);
        check([Fault::status(503).first(1)], &["a", "a"], &["status 503", ""]);
        check([Fault::status(503).first(0)], &["a"], &[""]);
    }

    #[test]
    fn a_fault_selects_its_operation_and_turn() {
        check([Fault::cut_off().on("b")], &["a", "b"], &["", "cut off"]);
        check([Fault::cut_off().every(2)], &["a"; 4], &["", "cut off", "", "cut off"]);
        check([Fault::cut_off().on("b").every(2).first(1)], &["b", "a", "b", "b", "b"], &["", "", "cut off", "", ""]);
    }

    #[test]
    fn faults_in_a_row_make_a_script() {
        let faults = [Fault::status(503).first(1), Fault::status(429).first(1), Fault::reset_after_reading().first(1)];
        check(faults, &["a"; 4], &["status 503", "status 429", "reset after reading", ""]);
    }

    #[test]
    fn only_faults_on_every_operation_apply_to_an_unknown_path() {
        let faults = Faults::default();
        faults.register(Fault::status(500).on("ingest"));
        assert!(faults.next(None).is_none());
        faults.register(Fault::status(502));
        assert_eq!(faults.next(None).unwrap().name(), "status 502");
    }
}
