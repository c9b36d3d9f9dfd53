"""What a station is to know by heart."""

from datetime import UTC, datetime, timedelta

from custom_components.mobilize_flex.core.access.local_list import digest, entries, next_expiry
from custom_components.mobilize_flex.core.model.access import AccessList, Badge, BadgeStatus, ListEntry
from custom_components.mobilize_flex.core.model.config import StationConfig
from custom_components.mobilize_flex.core.model.station import Version

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=2)
LIST = AccessList(
    badges=(
        Badge(token="04B1", kind="ISO14443", status=BadgeStatus.BLOCKED, group="FAMILY"),
        Badge(token="04A1", kind="ISO15693", group="FAMILY"),
        Badge(token="1234", valid_until=SOON),
        Badge(token="04C1", kind="ISO14443", valid_until=NOW),
        Badge(token="A" * 40, kind="ISO14443"),
        Badge(token="WVWZZZ", kind="VIN"),
    )
)
CLOSED = StationConfig(identity="ST1", name="Garage", open_access=False)


def test_a_station_knows_every_badge_with_its_verdict_and_those_that_may_charge_first() -> None:
    assert entries(LIST, CLOSED, Version.V201, NOW) == (
        ListEntry(token="04A1", kind="ISO15693", status="Accepted", group="FAMILY"),
        ListEntry(token="1234", kind="ISO14443", status="Accepted", until=SOON),
        ListEntry(token="04B1", kind="ISO14443", status="Blocked", group="FAMILY"),
        ListEntry(token="04C1", kind="ISO14443", status="Expired"),
    )


def test_a_newer_version_has_words_for_every_badge() -> None:
    told = entries(LIST, CLOSED, Version.V21, NOW)
    assert {e.token for e in told} == {b.token for b in LIST.badges}


def test_a_list_changes_its_name_with_time_alone() -> None:
    moments = (NOW, NOW + timedelta(hours=1), SOON)
    first, later, after = (digest(entries(LIST, CLOSED, Version.V201, at)) for at in moments)
    assert first == later != after
    assert next_expiry(LIST, NOW) == SOON
    assert next_expiry(LIST, SOON) is None
