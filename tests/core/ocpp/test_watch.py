"""Asking to be told of changes."""

from datetime import UTC, datetime

from custom_components.mobilize_flex.core.model.commands import Variable, WatchVariables
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.orders import common_calls
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.shell.schemas import load_schemas

LIGHT = Variable("ChargingStatusIndicator", "Color", evse=1, connector=1)


def test_any_change_of_a_light_is_asked_for_in_words_of_both_versions() -> None:
    command = WatchVariables(id=1, station="ST1", variables=(LIGHT, LIGHT, LIGHT), per_message=2)
    requests = common_calls(command, Moment(datetime(2026, 11, 22, tzinfo=UTC), 1.0))
    contract = Contract(load_schemas())
    assert [len(r.payload["setMonitoringData"]) for r in requests] == [2, 1]  # type: ignore[arg-type]
    for request in requests:
        for version in Version:
            contract.check(version, request.action, "req", request.payload)
