//! What the service answers.

/// An answer on its way to the engine.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) said: Said,
    /// Whether an attempt before, of which the engine sees only this much, may have been applied.
    pub(crate) before: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Said {
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
    Broken(Broken),
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Connect,
    Interrupted,
    Timeout,
    /// A pause, a deadline or the cancellation kept the request from being sent.
    NotBegun,
}

/// An event in the list of a 207, by its id and by its place in the request; neither where it has no name.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) id: Option<String>,
    pub(crate) place: Option<usize>,
    pub(crate) is_duplicate: bool,
}
