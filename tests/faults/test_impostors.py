"""Somebody without its password comes under the name of a station: it is turned away, counted, told once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.mobilize_flex.shell import waiting_room
from tests.certification.lab import ID, PLACE, SECRET, Lab, Station, stamp

TRIES = 8
OTHER = "LAB-2"
WRONG_PASSWORD, UNKNOWN = 401, 404


@dataclass(frozen=True, slots=True)
class Claim:
    """What an impostor says, and how he is turned away."""

    status: int
    path: str = ID
    user: str = ID
    password: str = SECRET


GUESSES = [f"guess-{number:026}" for number in range(TRIES - 2)]
SPELLINGS = ("lab-1", "LAB%252D1", "LAB-1%20", "%20LAB-1", "LAB-1%00", "LAB%E2%80%901", "LAB-1%0A", "LAB-1;x")
CASES: dict[str, list[Claim]] = {
    "no password": [Claim(WRONG_PASSWORD, password="", path=path) for path in (ID, "LAB%2D1") * (TRIES // 2)],
    "a wrong password": [Claim(WRONG_PASSWORD, password=word) for word in [*GUESSES, SECRET.upper(), SECRET + " "]],
    "the name and password of another": [Claim(WRONG_PASSWORD, user=OTHER)] * TRIES,
    "another spelling of the name": [Claim(UNKNOWN, path=spelling) for spelling in SPELLINGS],
    "many names at once": [Claim(UNKNOWN, path=f"LAB-{number}") for number in range(100, 100 + TRIES)],
}


def test_row_21_has_its_forty_tries() -> None:
    assert sum(len(claims) for claims in CASES.values()) == 40


class Home:
    """A home whose own station charges while impostors come."""

    def __init__(self, lab: Lab, hass: HomeAssistant) -> None:
        self.lab, self.hass = lab, hass
        self.own: Station
        self._number = 0

    async def begin(self) -> None:
        await self.lab.open(others=[OTHER])
        self.own = await self.lab.charging(meterValue=self._meter())

    async def tries(self, claim: Claim) -> None:
        """Let somebody try, and hold that he is turned away."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await self.lab.dial(path=claim.path, user=claim.user, password=claim.password)
        assert refusal.value.status == claim.status

    async def goes_on(self) -> None:
        """Hold that the own station did not notice."""
        self._number += 1
        await self.own.event("Updated", "MeterValuePeriodic", self._number, evse=PLACE, meterValue=self._meter())
        assert not self.own.socket.closed
        assert self.lab.state.online
        assert list(self.lab.coordinator.server.connected) == [ID]  # type: ignore[union-attr]
        assert list(self.lab.coordinator.state.sessions) == [f"{ID}/tx-1"]
        assert self.lab.session().energy_in.wh == pytest.approx(10.0 * self._number)

    @property
    def problems(self) -> list[ir.IssueEntry]:
        found = ir.async_get(self.hass).issues.values()
        return [issue for issue in found if issue.translation_key == "wrong_password"]

    @property
    def counted(self) -> Callable[[str], int]:
        assert self.lab.coordinator.server is not None
        return self.lab.coordinator.server.turned_away.__getitem__

    def _meter(self) -> list[dict[str, Any]]:
        return [{"timestamp": stamp(), "sampledValue": [{"value": 5000.0 + 10.0 * self._number}]}]


@pytest.fixture
async def home(lab: Lab, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(waiting_room, "LONGEST_WAIT_S", 0.2)  # that he is made to wait has its own test
    laboratory = Home(lab, hass)
    await laboratory.begin()
    return laboratory


@pytest.mark.parametrize("case", CASES)
async def test_row_21_an_impostor_never_disturbs_the_session(home: Home, case: str) -> None:
    claims = CASES[case]
    for claim in claims[: TRIES // 2]:
        await home.tries(claim)
        await home.goes_on()
    await asyncio.gather(*(home.tries(claim) for claim in claims[TRIES // 2 :]))
    await home.goes_on()
    home.lab.coordinator.gate.look_at_clock()  # as each minute
    wrong = sum(claim.status == WRONG_PASSWORD for claim in claims)
    assert (home.counted("wrong_secret"), home.counted("unknown")) == (wrong, TRIES - wrong)
    if wrong:
        (problem,) = home.problems
        assert problem.translation_placeholders is not None
        assert problem.translation_placeholders["count"] == str(wrong)
        assert home.lab.coordinator.gate.details()["wrong_passwords"][0]["count"] == wrong
    else:
        assert home.problems == []
    flows = home.hass.config_entries.flow.async_progress_by_handler("mobilize_flex")
    assert len(flows) <= 1


async def test_all_cases_together_are_one_repair(home: Home) -> None:
    for claims in CASES.values():
        await home.tries(claims[0])
    assert len(home.problems) == 1
    await home.goes_on()
