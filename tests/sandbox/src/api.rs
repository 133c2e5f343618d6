//! The two services that the sandbox plays, which share nothing but the server.

/// An API that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// Togai, which almost everything here is about.
    Togai,
    /// Enso, another service that events can be delivered to.
    Enso,
}

impl Api {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Togai, Self::Enso];

    /// What the paths of the API begin with on this server.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Togai => "",
            Self::Enso => "/enso",
        }
    }

    /// The API that a path belongs to, whether or not it has such a path.
    pub(crate) fn at(path: &str) -> Self {
        match path.strip_prefix(Self::Enso.prefix()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Enso,
            _ => Self::Togai,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_prefix_belong_to_enso() {
        for path in ["/enso", "/enso/", "/enso/events/batch", "/enso/nowhere"] {
            assert_eq!(Api::at(path), Api::Enso, "{path}");
        }
        for path in ["", "/", "/events", "/ensoo", "/events/enso"] {
            assert_eq!(Api::at(path), Api::Togai, "{path}");
        }
    }
}
