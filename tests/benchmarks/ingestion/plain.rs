//! Ingestion with what plain progenitor generates from the same document.

/// Makes the same code against each generated client, whose types have the same names and nothing else in common.
macro_rules! generated_client {
    ($file:literal) => {
        use chrono::DateTime;
        use futures::{StreamExt, stream};

        use crate::records::Record;
        use crate::setup::{CHUNK, IN_FLIGHT, Setup};
        use generated::types::{Attribute, Event, IngestBatchEventRequest};

        #[allow(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
        mod generated {
            include!(concat!(env!("OUT_DIR"), $file));
        }

        /// Events that are struct literals: the cheapest that the generated types allow.
        pub(crate) async fn literals(setup: &Setup) {
            send(setup, literal).await;
        }

        fn literal(record: &Record) -> Event {
            Event {
                schema_name: record.schema.try_into().expect("a name"),
                id: Some(record.id.as_str().try_into().expect("an id")),
                timestamp: DateTime::from_timestamp_millis(record.milliseconds).expect("a time"),
                account_id: record.account.as_str().try_into().expect("an account"),
                attributes: record
                    .attributes
                    .iter()
                    .map(|(name, value, unit)| Attribute {
                        name: (*name).try_into().expect("a name"),
                        value: value.as_str().try_into().expect("a number"),
                        unit: Some((*unit).try_into().expect("a unit")),
                    })
                    .collect(),
                dimensions: record
                    .dimensions
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.as_str().try_into().expect("a value")))
                    .collect(),
            }
        }

        async fn send(setup: &Setup, event: fn(&Record) -> Event) {
            let client = generated::Client::new_with_client(&setup.address, setup.http_with_token.clone());
            let client = &client;
            stream::iter(setup.records.chunks(CHUNK))
                .map(|chunk| async move {
                    let body = IngestBatchEventRequest { events: chunk.iter().map(event).collect() };
                    let response = client.ingest_batch().body(body).send().await.expect("an answer");
                    assert_eq!(response.status(), 202);
                })
                .buffer_unordered(IN_FLIGHT)
                .collect::<()>()
                .await;
        }
    };
}

/// The document as it is: a string with a limit is a type of its own, which looks at each value.
pub(crate) mod limited {
    generated_client!("/limited.rs");

    use generated::types::EventId;

    /// Events by the generated builders, as progenitor's documentation shows them.
    pub(crate) async fn builders(setup: &Setup) {
        send(setup, built).await;
    }

    fn built(record: &Record) -> Event {
        let attribute = |(name, value, unit): &(&'static str, String, &'static str)| -> Attribute {
            let unit: generated::types::AttributeUnit = unit.parse().expect("a unit");
            let attribute = Attribute::builder().name(*name).value(value.as_str()).unit(unit);
            attribute.try_into().expect("an attribute")
        };
        let id: EventId = record.id.parse().expect("an id");
        let dimensions = record.dimensions.iter();
        let dimensions = dimensions.map(|(name, value)| ((*name).to_owned(), value.parse().expect("a value")));
        Event::builder()
            .schema_name(record.schema)
            .id(id)
            .timestamp(DateTime::from_timestamp_millis(record.milliseconds).expect("a time"))
            .account_id(record.account.as_str())
            .attributes(record.attributes.iter().map(attribute).collect::<Vec<_>>())
            .dimensions(dimensions.collect::<std::collections::HashMap<_, _>>())
            .try_into()
            .expect("an event")
    }
}

/// The document without the limits of strings.
pub(crate) mod unlimited {
    generated_client!("/unlimited.rs");
}
