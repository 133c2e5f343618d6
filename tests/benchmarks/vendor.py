"""What the vendor's Python client 1.0.3 takes to make events of records and to send them.

Usage: vendor.py ADDRESS TOKEN < RECORDS

Records are a JSON list on standard input. Prints a JSON object: seconds of CPU time, of all threads of the process, and
of time on the clock. Starting Python, importing the client and reading the records is over by then.
"""

import gc
import json
import sys
import time
from datetime import datetime, timezone

import togai_client
from togai_client.api.event_ingestion_api import EventIngestionApi
from togai_client.models.attribute import Attribute
from togai_client.models.event import Event
from togai_client.models.ingest_batch_event_request import IngestBatchEventRequest

CHUNK = 1000


def main(address, token):
    records = json.load(sys.stdin)
    configuration = togai_client.Configuration(host=address, access_token=token)
    with togai_client.ApiClient(configuration) as client:
        api = EventIngestionApi(client)
        # The first request connects, and pydantic makes some of its validators when they are first used.
        ingest(api, records[:CHUNK])
        # The records are ours and not the client's. The garbage collector would look through all of them again and
        # again, and the client would seem half as slow again as it is.
        gc.collect()
        gc.freeze()
        cpu, wall = time.process_time(), time.perf_counter()
        for start in range(0, len(records), CHUNK):
            ingest(api, records[start : start + CHUNK])
        print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


def ingest(api, records):
    answer = api.ingest_batch(IngestBatchEventRequest(events=[event(record) for record in records]))
    if not answer.success:
        raise RuntimeError(f"not accepted: {answer}")


def event(record):
    return Event(
        schema_name=record["schema"],
        id=record["id"],
        timestamp=datetime.fromtimestamp(record["milliseconds"] / 1000, tz=timezone.utc),
        account_id=record["account"],
        attributes=[Attribute(name=name, value=value, unit=unit) for name, value, unit in record["attributes"]],
        dimensions=dict(record["dimensions"]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
