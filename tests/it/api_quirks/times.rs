//! Oddities of moments, days and spans.

use togai_ext::prelude::*;
use togai_ext::types::{
    AccountAlias, Credit, EventPipelineInfoPricePlans, FeatureConfig, GrantDetails, InvoiceGroups, Payment,
    PricingSchedule,
};

use super::{read, response_to, sent};

/// Moments come without a zone and with any number of digits of a second. They are sent in UTC.
#[tokio::test]
async fn quirk_12_timestamps_are_read_without_a_zone_and_sent_with_one() {
    for (written, moment) in [
        ("2022-06-15T07:30:35.123", "2022-06-15T07:30:35.123Z"),
        ("2024-04-18T16:00:17", "2024-04-18T16:00:17Z"),
        ("2020-03-30T10:41:10.088499", "2020-03-30T10:41:10.088499Z"),
        ("2024-01-02T03:04:56.58015Z", "2024-01-02T03:04:56.580150Z"),
        ("2024-01-02T03:04:56.123456789+0530", "2024-01-01T21:34:56.123456789Z"),
    ] {
        let payment: Payment = read(&format!(r#"{{"createdAt": "{written}"}}"#));
        let group: InvoiceGroups = read(&format!(r#"{{"createdAt": "{written}"}}"#));
        assert_eq!(
            (payment.created_at.to_string(), group.created_at.to_string()),
            (moment.to_owned(), moment.to_owned())
        );
        let json = format!(
            r#"{{"events": [{{"eventPayload": {{"schemaName": "rides", "timestamp": "{written}", "accountId": "a"}}}}]}}"#
        );
        let events = response_to(&json, |client| client.get_events().send()).await.events;
        assert_eq!(events[0].event_payload.timestamp.to_string(), moment);
    }
    let event = Event::new("rides", "acme-prod").timestamp("2022-06-15T07:30:35.123".parse::<Timestamp>().unwrap());
    let request = sent(|client| client.ingest().body(togai_ext::types::IngestEventRequest::new(event)).send()).await;
    assert_eq!(request.body.json().unwrap()["event"]["timestamp"], "2022-06-15T07:30:35.123Z");
}

/// A day is written with its parts in another order; what has no end ends in the year 9999; and the documentation speaks of
/// infinity, which no moment is.
#[test]
fn quirk_14_odd_dates_and_open_ends_are_read() {
    let plan: EventPipelineInfoPricePlans = read(r#"{"cycleStart": "04-03-2022", "cycleEnd": "9999-01-01"}"#);
    assert_eq!((&*plan.cycle_start, &*plan.cycle_end), ("04-03-2022", "9999-01-01"));
    let credit: Credit = read(r#"{"effectiveFrom": "1970-01-01", "effectiveUntil": "04-03-2022"}"#);
    assert_eq!(credit.effective_from.as_str(), "1970-01-01");
    assert_eq!(credit.effective_until.map(|day| day.to_string()).as_deref(), Some("04-03-2022"));

    for (written, moment) in [
        ("-infinity", "0000-01-01T00:00:00Z"),
        ("1970-01-01", "1970-01-01T00:00:00Z"),
        ("9999-01-01", "9999-01-01T00:00:00Z"),
        ("+infinity", "9999-12-31T23:59:59.999999999Z"),
        ("infinity", "9999-12-31T23:59:59.999999999Z"),
    ] {
        let alias: AccountAlias = read(&format!(r#"{{"effectiveFrom": "{written}", "effectiveUntil": "{written}"}}"#));
        assert_eq!(
            (alias.effective_from.to_string(), alias.effective_until.to_string()),
            (moment.into(), moment.into())
        );
        let schedule: PricingSchedule = read(&format!(r#"{{"startDate": "{written}"}}"#));
        assert_eq!(schedule.start_date.to_string(), moment);
    }
}

/// Three spans were declared as such in mid-2024, and as plain texts since.
#[test]
fn quirk_15_durations_are_kept_as_text() {
    let json = r#"{"effectiveFrom":"P1M","effectiveUntil":"P1Y","featureCreditLimit":10}"#;
    let feature: FeatureConfig = read(json);
    assert_eq!((feature.effective_from.as_deref(), &*feature.effective_until), (Some("P1M"), "P1Y"));
    assert_eq!(serde_json::to_string(&feature).unwrap(), json);
    assert_eq!(read::<GrantDetails>(r#"{"expiryDuration": "P30D"}"#).expiry_duration.as_deref(), Some("P30D"));
}
