//! What is set of the rate of requests.

/// How fast requests may be sent that count against one quota.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as they come, whatever the service says. A pause that it asks for is kept all the same.
    Off,
    /// As fast as they come until the service throttles; from then on as fast as it lets them.
    Learned,
    /// At most so many requests a second, and fewer where the service throttles.
    PerSecond(f64),
}
