"""The vendor's Python client 1.0.1 (2022) against the sandbox: customer-scoped accounts, and events by their old names.

Usage: accounts_2022.py BINARY_OF_THE_SANDBOX
"""

import sys
from datetime import date, datetime, timezone

import togai_client
from sandbox import Checks, Sandbox, check_contains, check_equal, check_refused, check_type
from togai_client.api.accounts_api import AccountsApi
from togai_client.api.event_ingestion_api import EventIngestionApi
from togai_client.exceptions import ApiException, NotFoundException, UnauthorizedException
from togai_client.model.account import Account
from togai_client.model.account_aliases import AccountAliases
from togai_client.model.account_paginated_response import AccountPaginatedResponse
from togai_client.model.add_account_aliases_request import AddAccountAliasesRequest
from togai_client.model.associate_price_plan_request import AssociatePricePlanRequest
from togai_client.model.associate_price_plan_response import AssociatePricePlanResponse
from togai_client.model.base_success_response import BaseSuccessResponse
from togai_client.model.create_account_request import CreateAccountRequest
from togai_client.model.dimensions import Dimensions
from togai_client.model.event import Event
from togai_client.model.event_attribute import EventAttribute
from togai_client.model.ingest_batch_event_request import IngestBatchEventRequest
from togai_client.model.ingest_batch_event_response import IngestBatchEventResponse
from togai_client.model.ingest_error import IngestError
from togai_client.model.ingest_event_request import IngestEventRequest
from togai_client.model.pagination_options import PaginationOptions
from togai_client.model.plan_override import PlanOverride
from togai_client.model.rate_card import RateCard
from togai_client.model.rate_card_usage import RateCardUsage
from togai_client.model.rate_card_usage_value import RateCardUsageValue
from togai_client.model.remove_account_aliases_request import RemoveAccountAliasesRequest
from togai_client.model.update_account_request import UpdateAccountRequest
from togai_client.model.usage_strategy import UsageStrategy

VERSION = "1.0.1"
CUSTOMER = "acme"
# A slash and a space have to survive the way into the path and out of it.
ODD_ACCOUNT = "eu/west 1"
EVENT_TIME = datetime(2022, 6, 15, 7, 30, 35, 123000, tzinfo=timezone.utc)


def main(binary):
    checks = Checks(VERSION)
    with Sandbox(binary) as sandbox:
        # As it comes, the client refuses what its version does not know.
        with togai_client.ApiClient(configuration(sandbox)) as client:
            show_accounts(checks, sandbox, client)
            show_ingestion(checks, sandbox, client)
    return 1 if checks.failed else 0


def configuration(sandbox):
    return togai_client.Configuration(host=sandbox.base_url, access_token=sandbox.token)


def show_accounts(checks, sandbox, client):
    accounts = checks.watch(AccountsApi(client))

    with checks.operation("create_account"):
        request = CreateAccountRequest(id="prod", name="Production", aliases=["p", "ops@acme.test"])
        account, status, _ = accounts.create_account(CUSTOMER, request, _return_http_data_only=False)
        check_equal("status", status, 201)
        check_account(account, "prod", "Production", ["p", "ops@acme.test"])

        check_account(accounts.create_account(CUSTOMER, new_account(ODD_ACCOUNT)), ODD_ACCOUNT, "Some account", [])
        accounts.create_account(CUSTOMER, new_account("test"))
        accounts.create_account("umbrella", new_account("other"))

        message = check_refused(ApiException, 400, lambda: accounts.create_account(CUSTOMER, request))
        check_contains("message", message, "prod")

    with checks.operation("get_account"):
        check_account(accounts.get_account(CUSTOMER, "prod"), "prod", "Production", ["p", "ops@acme.test"])
        check_account(accounts.get_account(CUSTOMER, ODD_ACCOUNT), ODD_ACCOUNT, "Some account", [])
        check_refused(NotFoundException, 404, lambda: accounts.get_account("umbrella", "prod"))

        wrong_token = togai_client.Configuration(host=sandbox.base_url, access_token="wrong")
        with togai_client.ApiClient(wrong_token) as stranger:
            check_refused(UnauthorizedException, 401, lambda: AccountsApi(stranger).get_account(CUSTOMER, "prod"))

    with checks.operation("get_accounts"):
        first = accounts.get_accounts(CUSTOMER, page_size="2")
        check_type("page", first, AccountPaginatedResponse)
        check_equal("accounts of the first page", [account.id for account in first.data], ["prod", ODD_ACCOUNT])
        check_account(first.data[0], "prod", "Production", ["p", "ops@acme.test"])
        check_type("context", first.context, PaginationOptions)
        check_equal("context", (first.context.page_size, first.context.sort_order), (2, "ASC"))

        last = accounts.get_accounts(CUSTOMER, page_size="2", next_token=first.next_token)
        check_type("page", last, AccountPaginatedResponse)
        check_equal("accounts of the last page", [account.id for account in last.data], ["test"])
        check_account(last.data[0], "test", "Some account", [])
        check_equal("token of the last page", last.get("next_token"), None)

    with checks.operation("update_account"):
        changed = accounts.update_account(CUSTOMER, "prod", UpdateAccountRequest(name="Production, renamed"))
        check_account(changed, "prod", "Production, renamed", ["p", "ops@acme.test"])
        check_equal("name later on", accounts.get_account(CUSTOMER, "prod").name, "Production, renamed")

    with checks.operation("add_aliases"):
        changed = accounts.add_aliases(CUSTOMER, "prod", AddAccountAliasesRequest(aliases=["+123", "live"]))
        check_account(changed, "prod", "Production, renamed", ["p", "ops@acme.test", "+123", "live"])
        taken = AddAccountAliasesRequest(aliases=["live"])
        check_refused(ApiException, 400, lambda: accounts.add_aliases(CUSTOMER, "test", taken))

    with checks.operation("remove_aliases"):
        changed = accounts.remove_aliases(CUSTOMER, "prod", RemoveAccountAliasesRequest(aliases=["p", "+123"]))
        check_account(changed, "prod", "Production, renamed", ["ops@acme.test", "live"])
        remaining = [alias.alias for alias in accounts.get_account(CUSTOMER, "prod").aliases]
        check_equal("aliases later on", remaining, ["ops@acme.test", "live"])

    with checks.operation("associate_price_plan"):
        show_associate_price_plan(accounts)

    with checks.operation("delete_account"):
        answer = accounts.delete_account(CUSTOMER, "test")
        check_type("answer", answer, BaseSuccessResponse)
        check_equal("success", answer.success, True)
        check_refused(NotFoundException, 404, lambda: accounts.get_account(CUSTOMER, "test"))
        check_equal("the account next to it", accounts.get_account(CUSTOMER, "prod").id, "prod")


def show_associate_price_plan(accounts):
    slabs = [
        UsageStrategy(rate=0.25, start_after=0.0, order=1),
        UsageStrategy(rate=0.1, start_after=1000.0, order=2),
    ]
    # The keys are names of usage meters.
    usage = RateCardUsage(
        rides=RateCardUsageValue(name="Rides", rate_strategy="PER_UNIT", slab_strategy="TIER", slabs=slabs)
    )
    request = AssociatePricePlanRequest(
        price_plan_name="monthly",
        effective_from=date(2022, 7, 1),
        effective_until=date(2022, 12, 31),
        rate_card_override=RateCard(type="USAGE", usage_config=usage),
    )
    answer = accounts.associate_price_plan(CUSTOMER, "prod", request)
    check_type("answer", answer, AssociatePricePlanResponse)
    check_equal("account", (answer.account_id, answer.account_name), ("prod", "Production, renamed"))
    check_equal("number of schedules", len(answer.pricing_schedules), 1)

    schedule = answer.pricing_schedules[0]
    check_type("schedule", schedule, PlanOverride)
    check_equal("price plan", schedule.price_plan_name, "monthly")
    check_equal("start", schedule.start_date, datetime(2022, 7, 1, tzinfo=timezone.utc))
    check_equal("end", schedule.end_date, datetime(2022, 12, 31, tzinfo=timezone.utc))

    check_type("rate card", schedule.override, RateCard)
    check_equal("type of the rate card", schedule.override.type, "USAGE")
    rides = schedule.override.usage_config["rides"]
    check_type("rates of the usage meter", rides, RateCardUsageValue)
    check_equal("strategies", (rides.name, rides.rate_strategy, rides.slab_strategy), ("Rides", "PER_UNIT", "TIER"))
    rates = [(slab.rate, slab.start_after, slab.order) for slab in rides.slabs]
    check_equal("slabs", rates, [(0.25, 0.0, 1), (0.1, 1000.0, 2)])


def show_ingestion(checks, sandbox, client):
    ingestion = checks.watch(EventIngestionApi(client))

    with checks.operation("ingest"):
        request = IngestEventRequest(event=new_event("single", value="12.50"))
        answer, status, _ = ingestion.ingest(request, _return_http_data_only=False)
        # This version declares an empty answer, and drops the body that came with it.
        check_equal("answer and status", (answer, status), (None, 202))
        # Its own type for events has the old names, so it cannot read an event back by the current ones.
        check_equal("the event as it arrived", arrived(sandbox, "single"), [expected_payload("single", "12.50")])

    with checks.operation("ingest_batch"):
        good, bad = new_event("good", value="1"), new_event("bad", value="many")
        request = IngestBatchEventRequest(events=[good, bad])
        answer, status, _ = ingestion.ingest_batch(request, _return_http_data_only=False)
        check_equal("status", status, 207)
        check_type("answer", answer, IngestBatchEventResponse)
        check_equal("number of errors", len(answer.errors), 1)
        error = answer.errors[0]
        check_type("error", error, IngestError)
        check_contains("message", error.message, "attributes[0].value")
        check_type("refused event", error.event_payload, Event)
        check_equal("refused event", as_values(error.event_payload), as_values(bad))
        check_equal("the good event as it arrived", arrived(sandbox, "good"), [expected_payload("good", "1")])

        request = IngestBatchEventRequest(events=[new_event("whole-1", value="1"), new_event("whole-2", value="2")])
        answer, status, _ = ingestion.ingest_batch(request, _return_http_data_only=False)
        check_equal("status and errors", (status, answer.errors), (202, []))
        for event_id, value in [("whole-1", "1"), ("whole-2", "2")]:
            check_equal(f"{event_id} as it arrived", arrived(sandbox, event_id), [expected_payload(event_id, value)])


def new_account(account_id):
    return CreateAccountRequest(id=account_id, name="Some account")


def check_account(account, account_id, name, aliases):
    check_type("account", account, Account)
    check_equal("account", (account.id, account.name, account.status), (account_id, name, "ACTIVE"))
    for alias in account.aliases:
        check_type("alias", alias, AccountAliases)
    check_equal("aliases", [alias.alias for alias in account.aliases], aliases)
    check_equal("their status", {alias.status for alias in account.aliases} - {"ACTIVE"}, set())


def new_event(event_id, value):
    return Event(
        event_name="rides",
        id=event_id,
        event_timestamp=EVENT_TIME,
        account_id="prod",
        event_attributes=[
            EventAttribute(attribute_name="distance", attribute_value=value, attribute_value_unit="Kilometers")
        ],
        dimensions=Dimensions(city="Lisbon"),
    )


def as_values(event):
    """The client's types compare equal only with the same optional fields set, so compare what they hold."""
    attributes = [
        (attribute.attribute_name, attribute.attribute_value, attribute.attribute_value_unit)
        for attribute in event.event_attributes
    ]
    city = event.dimensions["city"]
    return (event.event_name, event.id, event.event_timestamp, event.account_id, attributes, city)


def arrived(sandbox, event_id):
    """What the sandbox made of the events with this id."""
    payloads = [event["eventPayload"] for event in sandbox.request("GET", f"/events/{event_id}")["events"]]
    for payload in payloads:
        # Text of the same moment may be written in more than one way, and Python 3.9 does not read a Z.
        payload["timestamp"] = datetime.fromisoformat(payload["timestamp"].replace("Z", "+00:00"))
    return payloads


def expected_payload(event_id, value):
    """An event of `new_event` by its current names."""
    return {
        "schemaName": "rides",
        "id": event_id,
        "timestamp": EVENT_TIME,
        "accountId": "prod",
        "attributes": [{"name": "distance", "value": value, "unit": "Kilometers"}],
        "dimensions": {"city": "Lisbon"},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
