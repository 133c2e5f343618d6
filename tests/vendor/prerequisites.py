"""What an operation needs beside the document's examples: another body, or an event that was ingested before."""

# The sandbox begins with the resources of the examples, so that one with the same id cannot be created again.
OTHER_VALUES = {
    "create_account": {"id": "ACC00002", "aliases": ["riders-of-madurai"]},
    "create_alias": {"aliases": [{"value": "riders-of-madurai"}, {"value": "riders-madurai"}]},
    "create_customer": {"id": "CUST00002", "account": {"id": "ACC00002", "name": "Riders of Madurai"}},
    "create_event_schema": {"name": "rentals"},
    # A setting that is there already is changed, and the answer to that has no body.
    "insert_setting": {"id": "region_of_city_2"},
}

# No event is there to begin with. The event is that of the example of `ingest`, with this id.
EVENTS_BEFORE = {
    "event_correction": "ride-2024-11-05-000481",
    "get_events": "ride-2024-11-05-000481",
    "get_single_event": "f4a52f2d-b798-4e08-8b24-db0a5a468ba3",
}
