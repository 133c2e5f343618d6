//! What a service can answer.

/// What a service can answer. The first one is the simplest, to which a failure shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    All,
    Complete,
    Duplicates,
    Capped,
    NoList,
    Strange,
    Phantom,
    Content,
    ContentOfDuplicate,
    Unprocessable,
    Size400,
    Size413,
    Size422,
    UnclearApplied,
    UnclearNot,
    Unauthorized,
    Forbidden,
    NotFound,
    Redirect,
    Throttled,
    OutageApplied,
    OutageNot,
    TimedOut,
    ResetApplied,
    ResetNot,
    Connect,
    NotBegun,
    Garbled,
}

/// All of them, with what they are called in the table.
pub(crate) const KINDS: &[(Kind, &str)] = &[
    (Kind::All, "202, all"),
    (Kind::Complete, "207, all that are bad"),
    (Kind::Duplicates, "207, bad ones and duplicates"),
    (Kind::Capped, "207, some of the bad ones"),
    (Kind::NoList, "207 without a list"),
    (Kind::Strange, "207 with names left out or unknown"),
    (Kind::Phantom, "207 with one that was not sent"),
    (Kind::Content, "400 for a bad event"),
    (Kind::ContentOfDuplicate, "400 for a duplicate"),
    (Kind::Unprocessable, "422 for a bad event"),
    (Kind::Size400, "400 about size"),
    (Kind::Size413, "413"),
    (Kind::Size422, "422 about size"),
    (Kind::UnclearApplied, "200, applied"),
    (Kind::UnclearNot, "200, not applied"),
    (Kind::Unauthorized, "401"),
    (Kind::Forbidden, "403"),
    (Kind::NotFound, "404"),
    (Kind::Redirect, "302"),
    (Kind::Throttled, "429"),
    (Kind::OutageApplied, "503, applied"),
    (Kind::OutageNot, "500, not applied"),
    (Kind::TimedOut, "408"),
    (Kind::ResetApplied, "reset or no answer, applied"),
    (Kind::ResetNot, "reset or no answer, not applied"),
    (Kind::Connect, "no connection"),
    (Kind::NotBegun, "not begun: pause, deadline, cancelled"),
    (Kind::Garbled, "207 that cannot be read"),
];

impl Kind {
    /// Whether a request of several events may be sent again in parts after it.
    pub(crate) fn splits(self) -> bool {
        (Self::Duplicates as usize..=Self::Size422 as usize).contains(&(self as usize))
    }

    pub(crate) fn is_final(self) -> bool {
        self as usize >= Self::Unauthorized as usize || matches!(self, Self::UnclearApplied | Self::UnclearNot)
    }
}
