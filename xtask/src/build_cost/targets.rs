//! What building ours may take.

use super::cost::Cost;
use super::subject::{BY_DEFAULT, FULL};

/// The most seconds that something may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) what: &'static str,
    pub(super) most: f64,
    subject: &'static str,
    time: fn(&Cost) -> f64,
}

pub(super) const TARGETS: [Target; 3] = [
    Target { what: "check, default features", most: 2.0, subject: BY_DEFAULT, time: |cost| cost.check.median() },
    Target { what: "check, `full`", most: 7.0, subject: FULL, time: |cost| cost.check.median() },
    Target { what: "release, `full`", most: 12.0, subject: FULL, time: |cost| cost.release.median() },
];

impl Target {
    /// The median that was measured for it.
    pub(super) fn measured(&self, costs: &[Cost]) -> Option<f64> {
        costs.iter().find(|cost| cost.name == self.subject).map(self.time)
    }

    /// Whether it is met; what was not measured does not meet it.
    pub(super) fn is_met(&self, costs: &[Cost]) -> bool {
        self.measured(costs).is_some_and(|seconds| seconds <= self.most)
    }
}

/// The targets that are missed, each with what was measured.
pub(super) fn missed(costs: &[Cost]) -> Vec<String> {
    let missed = TARGETS.iter().filter(|target| !target.is_met(costs));
    missed
        .map(|target| {
            let measured =
                target.measured(costs).map_or("not measured".to_owned(), |seconds| format!("{seconds:.1} s"));
            format!("{}: {measured}, at most {:.0} s", target.what, target.most)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::cost;
    use super::*;

    #[test]
    fn a_target_is_met_up_to_its_limit_and_a_missed_one_is_named() {
        let costs = [cost(BY_DEFAULT, 2.0, 9.0), cost(FULL, 7.1, 12.0)];
        assert_eq!(missed(&costs), ["check, `full`: 7.1 s, at most 7 s"]);
    }

    #[test]
    fn a_target_without_a_measurement_is_missed() {
        assert_eq!(missed(&[cost(FULL, 1.0, 1.0)]), ["check, default features: not measured, at most 2 s"]);
    }
}
