//! What the service answers.

use togai_api::TransportErrorKind;

/// An answer on its way to the engine.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) said: Said,
    /// Whether an attempt before, of which the engine sees only this much, may have been applied.
    pub(super) before: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Said {
    All,
    /// With how many failures there are, be they listed or not.
    Partial {
        failures: Vec<Refused>,
        failed: usize,
        may_be_incomplete: bool,
    },
    Unclear,
    Garbled,
    Status(u16, &'static str),
    Broken(TransportErrorKind),
}

/// An event in the list of a 207, by its id and by its place in the request; neither where it has no name.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) id: Option<String>,
    pub(super) place: Option<usize>,
    pub(super) is_duplicate: bool,
}
