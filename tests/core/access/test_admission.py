"""Who is let in."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.access.admission import Verdict, verdict
from custom_components.mobilize_flex.core.model.access import AccessList, Badge, BadgeStatus
from custom_components.mobilize_flex.core.model.commands import CertificateStatus, TokenStatus
from custom_components.mobilize_flex.core.model.config import StationConfig
from custom_components.mobilize_flex.core.model.station import Contract, Token

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CARD = "ISO14443"
LIST = AccessList(
    badges=(
        Badge(token="04a1B2", kind=CARD, driver="Camille", group="FAMILY"),
        Badge(token="04B1", kind=CARD, status=BadgeStatus.BLOCKED),
        Badge(token="04C1", kind=CARD, valid_until=NOW),
        Badge(token="04D1", kind=CARD, valid_until=NOW + timedelta(hours=2)),
        Badge(token="04E1", kind=CARD, stations=("ELSEWHERE",)),
        Badge(token="1234", v2g=False),
        Badge(token="FRABC123", kind="eMAID"),
        Badge(token="FRXYZ999", kind="eMAID", status=BadgeStatus.BLOCKED),
    )
)
OK, BLOCKED, EXPIRED, UNKNOWN = TokenStatus.ACCEPTED, TokenStatus.BLOCKED, TokenStatus.EXPIRED, TokenStatus.UNKNOWN


def ask(token: str, kind: str = CARD, *, opened: bool = False, contract: Contract | None = None) -> Verdict:
    station = StationConfig(identity="ST1", name="Garage", open_access=opened)
    return verdict(LIST, station, Token(value=token, kind=kind, contract=contract), NOW)


@pytest.mark.parametrize(
    ("token", "kind", "restricted", "opened"),
    [
        ("04a1B2", CARD, OK, OK),
        ("04A1b2", CARD, OK, OK),  # the spelling does not matter
        ("04A1B2", "ISO15693", UNKNOWN, OK),  # the same number of another kind is another badge
        ("04B1", CARD, BLOCKED, BLOCKED),
        ("04C1", CARD, EXPIRED, EXPIRED),
        ("04D1", CARD, OK, OK),
        ("04E1", CARD, TokenStatus.ELSEWHERE, OK),
        ("1234", "KeyCode", OK, OK),  # of any kind
        ("04FF", CARD, UNKNOWN, OK),
        ("04FF", "ISO15693", UNKNOWN, OK),
        ("", CARD, TokenStatus.INVALID, OK),
        ("  ", CARD, TokenStatus.INVALID, OK),
        ("04\x07", CARD, TokenStatus.INVALID, OK),
        ("", "NoAuthorization", OK, OK),  # C02.FR.02
        ("home-assistant", "Central", OK, OK),  # a start ordered from here
        ("home-assistant", CARD, UNKNOWN, OK),
    ],
)
def test_a_badge_and_its_verdict(token: str, kind: str, restricted: TokenStatus, opened: TokenStatus) -> None:
    assert ask(token, kind).status is restricted
    assert ask(token, kind, opened=True).status is opened


def test_the_group_goes_with_every_verdict_on_its_member() -> None:
    assert ask("04A1B2").group == "FAMILY"
    assert ask("1234", "KeyCode").group is None
    assert ask("04FF", opened=True).group is None


@pytest.mark.parametrize(
    ("token", "until"), [("04A1B2", NOW + DAY), ("04D1", NOW + timedelta(hours=2)), ("04C1", None), ("04FF", None)]
)
def test_a_verdict_holds_for_a_day_and_never_beyond_the_badge(token: str, until: datetime | None) -> None:
    assert ask(token).until == until


def test_a_badge_expires_with_time_alone() -> None:
    station = StationConfig(identity="ST1", name="Garage", open_access=False)
    card = Token(value="04D1", kind=CARD)
    end = NOW + timedelta(hours=2)
    before, after = (verdict(LIST, station, card, at).status for at in (end - timedelta(seconds=1), end))
    assert (before, after) == (OK, EXPIRED)


def test_a_badge_may_be_for_charging_only() -> None:
    assert ask("1234", "KeyCode").charge_only
    assert not ask("04A1B2").charge_only
    assert not ask("04FF", opened=True).charge_only


C = CertificateStatus


@pytest.mark.parametrize(
    ("token", "contract", "restricted", "opened", "certificate"),
    [
        # the station checked the chain: the owner's list vouches for the contract, or not (C_50, C_51)
        ("FRABC123", Contract.CHECKED, OK, OK, C.ACCEPTED),
        ("FRXYZ999", Contract.CHECKED, BLOCKED, BLOCKED, C.CANCELLED),
        ("FRNOBODY", Contract.CHECKED, UNKNOWN, OK, C.NOT_AVAILABLE),
        # it left the chain to us, and we have no root: a mere claim (C_52)
        ("FRABC123", Contract.UNCHECKED, TokenStatus.INVALID, OK, C.CHAIN_ERROR),
        ("FRXYZ999", Contract.UNCHECKED, BLOCKED, BLOCKED, C.CHAIN_ERROR),
        ("FRNOBODY", Contract.UNCHECKED, UNKNOWN, OK, C.CHAIN_ERROR),
        # no certificate at all
        ("FRABC123", None, OK, OK, None),
    ],
)
def test_a_contract_is_vouched_for_by_the_owner_alone(
    token: str,
    contract: Contract | None,
    restricted: TokenStatus,
    opened: TokenStatus,
    certificate: CertificateStatus | None,
) -> None:
    closed = ask(token, "eMAID", contract=contract)
    assert (closed.status, closed.certificate) == (restricted, certificate)
    wide = ask(token, "eMAID", opened=True, contract=contract)
    assert (wide.status, wide.certificate) == (opened, certificate)


def test_a_list_holds_one_badge_of_each_number() -> None:
    known = LIST.having(Badge(token="04A1B2", driver="Alex"))
    assert len(known.badges) == len(LIST.badges)
    assert [b.driver for b in known.badges if b.key == "04a1b2"] == ["Alex"]
    assert known.revision == LIST.revision + 1
    assert known.without("04a1b2").find("04A1B2") is None
