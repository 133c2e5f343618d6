//! How many requests a second the sandbox carries out.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use crate::lock;
use crate::operation::QuotaClass;

/// Requests per second that each class of operations may make.
///
/// ```
/// use togai_sandbox::Quotas;
///
/// let slow_reads = Quotas::default().other(2.0);
/// let unlimited = Quotas::off();
/// assert_ne!(slow_reads, unlimited);
/// ```
///
/// The default is what the vendor documents for a trial:
///
/// - `ingest`: 50
/// - `ingest_batch`: 50
/// - every other operation, together: 10
///
/// Each class is a token bucket that holds one second's worth of requests (at least one). A request that finds its
/// bucket empty is answered 429 with `Retry-After` in whole seconds, and is not carried out. A quota that is not above
/// zero lets nothing through.
///
/// The batches of Enso use none of these quotas up and have none of their own, since none is documented. A client that
/// has to cope with one is tested with [`Fault::status`](crate::Fault::status).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quotas {
    ingest: Option<f64>,
    ingest_batch: Option<f64>,
    other: Option<f64>,
}

impl Quotas {
    /// No quota at all.
    pub fn off() -> Self {
        Self { ingest: None, ingest_batch: None, other: None }
    }

    /// Sets the quota of `POST /ingest`, in requests per second.
    #[must_use]
    pub fn ingest(mut self, per_second: f64) -> Self {
        self.ingest = Some(per_second);
        self
    }

    /// Sets the quota of `POST /ingestBatch`, in requests per second.
    #[must_use]
    pub fn ingest_batch(mut self, per_second: f64) -> Self {
        self.ingest_batch = Some(per_second);
        self
    }

    /// Sets the quota that all other operations share, in requests per second.
    #[must_use]
    pub fn other(mut self, per_second: f64) -> Self {
        self.other = Some(per_second);
        self
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self::off().ingest(50.0).ingest_batch(50.0).other(10.0)
    }
}

/// The buckets of one sandbox.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    ingest: Option<Mutex<Bucket>>,
    ingest_batch: Option<Mutex<Bucket>>,
    other: Option<Mutex<Bucket>>,
}

impl RateLimiter {
    pub(crate) fn new(quotas: Quotas, now: SystemTime) -> Self {
        let bucket = |per_second: Option<f64>| per_second.map(|rate| Mutex::new(Bucket::full(rate, now)));
        Self { ingest: bucket(quotas.ingest), ingest_batch: bucket(quotas.ingest_batch), other: bucket(quotas.other) }
    }

    /// Takes one request from the bucket of its class, or says after how many seconds there will be one.
    pub(crate) fn take(&self, class: QuotaClass, now: SystemTime) -> Result<(), u64> {
        let bucket = match class {
            QuotaClass::Ingest => &self.ingest,
            QuotaClass::IngestBatch => &self.ingest_batch,
            QuotaClass::Other => &self.other,
        };
        bucket.as_ref().map_or(Ok(()), |bucket| lock(bucket).take(now))
    }
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    filled_at: SystemTime,
}

impl Bucket {
    fn full(per_second: f64, now: SystemTime) -> Self {
        // A quota below one a second still has to let a request through now and then.
        let capacity = if per_second > 0.0 { per_second.max(1.0) } else { 0.0 };
        Self { per_second, capacity, tokens: capacity, filled_at: now }
    }

    fn take(&mut self, now: SystemTime) -> Result<(), u64> {
        // A clock that went backwards refills nothing.
        let elapsed = now.duration_since(self.filled_at).unwrap_or_default();
        self.filled_at = self.filled_at.max(now);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.per_second).min(self.capacity);
        // Thirds and tenths do not add up to one exactly.
        if self.tokens >= 1.0 - 1e-9 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(whole_seconds((1.0 - self.tokens) / self.per_second))
        }
    }
}

/// Rounds up, to at least one second and at most an hour, which also stands for "never".
fn whole_seconds(seconds: f64) -> u64 {
    const LONGEST: Duration = Duration::from_secs(3600);
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST);
    // A few nanoseconds are what the arithmetic left over, not a reason to wait for another second.
    let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 1_000);
    rounded_up.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_one_second_and_refills_as_time_passes() {
        let mut now = SystemTime::UNIX_EPOCH;
        let limiter = RateLimiter::new(Quotas::off().other(2.0), now);
        let take = |now| limiter.take(QuotaClass::Other, now);
        assert_eq!([take(now), take(now), take(now)], [Ok(()), Ok(()), Err(1)]);
        now += Duration::from_millis(500);
        assert_eq!([take(now), take(now)], [Ok(()), Err(1)]);
        now += Duration::from_secs(60);
        assert_eq!([take(now), take(now), take(now)], [Ok(()), Ok(()), Err(1)]);
    }

    #[test]
    fn each_class_has_its_own_bucket() {
        let now = SystemTime::UNIX_EPOCH;
        let limiter = RateLimiter::new(Quotas::off().ingest(1.0).ingest_batch(1.0), now);
        assert_eq!(limiter.take(QuotaClass::Ingest, now), Ok(()));
        assert_eq!(limiter.take(QuotaClass::Ingest, now), Err(1));
        assert_eq!(limiter.take(QuotaClass::IngestBatch, now), Ok(()));
        assert!((0..1000).all(|_| limiter.take(QuotaClass::Other, now).is_ok()));
    }

    #[test]
    fn a_slow_quota_says_how_long_to_wait() {
        let now = SystemTime::UNIX_EPOCH;
        let limiter = RateLimiter::new(Quotas::off().other(0.1), now);
        assert_eq!(limiter.take(QuotaClass::Other, now), Ok(()));
        assert_eq!(limiter.take(QuotaClass::Other, now), Err(10));
        assert_eq!(limiter.take(QuotaClass::Other, now + Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn a_quota_of_zero_admits_nothing() {
        let now = SystemTime::UNIX_EPOCH;
        let limiter = RateLimiter::new(Quotas::off().other(0.0), now);
        assert_eq!(limiter.take(QuotaClass::Other, now), Err(3600));
    }
}
