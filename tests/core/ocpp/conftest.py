"""What tests of the stations' language share: the printed rules, a moment, a link."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.shell.schemas import load_schemas

type NewLink = Callable[[Version], Link]


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(load_schemas())


@pytest.fixture
def now() -> Moment:
    return Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)


@pytest.fixture
def new_link(contract: Contract) -> NewLink:
    return lambda version: Link("S1", 7, version, contract, "p-")
