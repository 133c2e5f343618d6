//! What a service can respond.

use crate::rules::Channel;

/// A response to a request.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) body: Body,
    /// Whether a transport made an attempt before this one, and the service may have applied that.
    pub(crate) maybe_repeated: bool,
    /// Whether it leaves open, as a whole, whether the service took the request.
    pub(crate) is_in_doubt: bool,
    /// How many events were in the request.
    #[cfg_attr(not(feature = "client"), expect(dead_code, reason = "only Enso counts events"))]
    pub(crate) events: usize,
}

/// What a response says.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    All,
    Partial(PartialBody),
    Unclear,
    Garbled,
    Status(u16, &'static str),
    Broken(Broken),
}

/// What a response says that names events.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartialBody {
    pub(crate) failures: Vec<Failure>,
    /// The events that are named as accepted.
    pub(crate) accepted: Vec<Name>,
    /// How many failures there are, listed or not, where the service counts them.
    #[cfg_attr(not(feature = "client"), expect(dead_code, reason = "only the clients read counts"))]
    pub(crate) failed: Option<usize>,
    pub(crate) may_be_incomplete: bool,
    pub(crate) is_contradictory: bool,
}

/// How an event is named: by its id and its index in the request. Without a name it has neither.
#[derive(Clone, Debug, Default)]
pub(crate) struct Name {
    pub(crate) id: Option<String>,
    pub(crate) index: Option<usize>,
}

/// An event in the list of a partial response.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) name: Name,
    pub(crate) kind: FailureKind,
}

/// What is said of an event in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Refused,
    Duplicate,
    /// The service may have it.
    Unclear,
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

/// What a response means to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The service took the request, at least in part.
    Taken,
    TooManyEvents,
    TooManyBytes,
    /// An event of the request is wrong.
    Content,
    /// The service has an event of the request.
    Duplicate,
    /// The token is not good.
    Token,
    /// The service throttles. A client retries the request.
    Throttled,
    /// The service fails, and a client retries the request.
    Transient,
    /// The service fails, and a client does not retry the request.
    Final,
}

pub(crate) const TOO_MANY_ITEMS: &str = "events: too many items";
pub(crate) const TOO_LARGE: &str = "the request is too large";
pub(crate) const DUPLICATE: &str = "a duplicate event is among them";

impl Body {
    pub(crate) fn meaning(&self) -> Meaning {
        match self {
            Self::All | Self::Partial { .. } => Meaning::Taken,
            Self::Status(413, _) => Meaning::TooManyBytes,
            Self::Status(400 | 409 | 422, DUPLICATE) => Meaning::Duplicate,
            Self::Status(400, TOO_MANY_ITEMS) | Self::Status(422, TOO_LARGE) => Meaning::TooManyEvents,
            Self::Status(400 | 422, _) => Meaning::Content,
            Self::Status(401 | 403, _) => Meaning::Token,
            Self::Status(429, _) => Meaning::Throttled,
            Self::Status(408 | 500 | 503, _) | Self::Broken(_) => Meaning::Transient,
            Self::Status(..) | Self::Unclear | Self::Garbled => Meaning::Final,
        }
    }

    /// Whether the service has taken the token for good.
    pub(crate) fn proves_token(&self) -> bool {
        matches!(self, Self::All | Self::Partial { .. } | Self::Unclear | Self::Garbled)
    }
}

/// A kind of response. The first one is the simplest, to which a failure shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    All,
    Complete,
    Duplicates,
    Capped,
    NoList,
    Strange,
    Phantom,
    NamesAccepted,
    MayBeThere,
    Contradictory,
    RefusedDuplicate,
    AcceptedFailure,
    Content,
    ContentOfDuplicate,
    Missing,
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

/// All kinds, with their names in the table.
pub(crate) const KINDS: &[(ResponseKind, &str)] = &[
    (ResponseKind::All, "202, all"),
    (ResponseKind::Complete, "207, all that are bad"),
    (ResponseKind::Duplicates, "207, bad ones and duplicates"),
    (ResponseKind::Capped, "207, some of the bad ones"),
    (ResponseKind::NoList, "207 without a list"),
    (ResponseKind::Strange, "207 with names left out or unknown"),
    (ResponseKind::Phantom, "207 with one that was not sent"),
    (ResponseKind::NamesAccepted, "207 that names accepted ones"),
    (ResponseKind::MayBeThere, "207 with one that may be there"),
    (ResponseKind::Contradictory, "207 that contradicts itself"),
    (ResponseKind::RefusedDuplicate, "207 with one as bad and as duplicate"),
    (ResponseKind::AcceptedFailure, "207 with one as accepted and as failed"),
    (ResponseKind::Content, "400 for a bad event"),
    (ResponseKind::ContentOfDuplicate, "400 or 409 for a duplicate"),
    (ResponseKind::Missing, "400 for a schema that is missing"),
    (ResponseKind::Unprocessable, "422 for a bad event"),
    (ResponseKind::Size400, "400 about size"),
    (ResponseKind::Size413, "413"),
    (ResponseKind::Size422, "422 about size"),
    (ResponseKind::UnclearApplied, "200, applied"),
    (ResponseKind::UnclearNot, "200, not applied"),
    (ResponseKind::Unauthorized, "401"),
    (ResponseKind::Forbidden, "403"),
    (ResponseKind::NotFound, "404"),
    (ResponseKind::Redirect, "302"),
    (ResponseKind::Throttled, "429"),
    (ResponseKind::OutageApplied, "503, applied"),
    (ResponseKind::OutageNot, "500, not applied"),
    (ResponseKind::TimedOut, "408"),
    (ResponseKind::ResetApplied, "reset or no response, applied"),
    (ResponseKind::ResetNot, "reset or no response, not applied"),
    (ResponseKind::Connect, "no connection"),
    (ResponseKind::NotBegun, "not begun: pause, deadline, cancelled"),
    (ResponseKind::Garbled, "207 that cannot be read"),
];

impl ResponseKind {
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("unknown", |(_, name)| name)
    }

    /// Whether the engine may retry a request of several events in parts after it.
    pub(crate) fn splits(self) -> bool {
        (Self::Duplicates as usize..=Self::Size422 as usize).contains(&(self as usize))
    }

    /// Whether the call may end after it.
    pub(crate) fn is_final(self) -> bool {
        self as usize >= Self::Unauthorized as usize || matches!(self, Self::UnclearApplied | Self::UnclearNot)
    }

    /// Whether it is true of most requests.
    pub(crate) fn is_common(self, channel: Channel) -> bool {
        match self {
            Self::All | Self::MayBeThere | Self::Missing => true,
            // Enso has none of these.
            Self::Contradictory | Self::AcceptedFailure | Self::NamesAccepted => channel == Channel::Bare,
            _ => false,
        }
    }

    /// Whether it is one that the service fails with, for whatever is in the request.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::OutageNot | Self::TimedOut | Self::ResetNot)
    }
}
