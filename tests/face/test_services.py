"""What the actions do and answer, and what they refuse in words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
import json
from types import MappingProxyType
from typing import Any

import aiohttp
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import yaml

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.shell.credentials import seal
from tests.test_docs import examples

from .homes import HOUSE
from .house import STATION, become, coordinator, linky, move_in, plan, station, with_evse

SECRET = "a station's own password, 32 long"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


async def tell(hass: HomeAssistant, name: str, /, **fields: Any) -> None:
    """Call an action that does not answer."""
    await hass.services.async_call(DOMAIN, name, fields, blocking=True)


def device_of(hass: HomeAssistant, part: str) -> str:
    """Return the id of a device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, part), "01HOME")
    assert device is not None
    return device.id


# what is asked of an action


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("instant_charge", {}, "no_session"),
        ("instant_charge", {"station": "nobody"}, "station_unknown"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant, action: str, fields: Mapping[str, Any], key: str
) -> None:
    await move_in(hass, station())
    with pytest.raises(ServiceValidationError) as refused:
        await tell(hass, action, **fields)
    assert refused.value.translation_key == key
    text = str(refused.value)
    assert text != key
    assert "{" not in text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("set_programme", {"number": 1, "departure": "late", "weekdays": ["mon"]}),
        ("set_programme", {"number": 1, "departure": "07:30", "weekdays": ["someday"]}),
        ("set_programme", {"number": 1, "departure": "07:30", "weekdays": ["mon"], "target_soc": 120}),
        ("instant_charge", {"station": STATION, "device_id": "x"}),
        ("call_station", {"action": "Reset", "timeout": 0}),
    ],
)
async def test_what_does_not_fit_never_reaches_the_site(
    hass: HomeAssistant, action: str, fields: Mapping[str, Any]
) -> None:
    await move_in(hass, station())
    with pytest.raises(probatio.Invalid):
        await tell(hass, action, **fields)


# plan


async def test_the_plan_is_told_slot_by_slot_in_local_time(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    home = await move_in(hass, station())
    flex = coordinator(home)
    start = dt_util.parse_datetime("2026-12-01T22:00:00+00:00")
    assert start is not None
    made = plan(7000.0, -3000.0, start=start, departure=start + timedelta(hours=8))
    await become(hass, home, with_evse(flex.state, plan=made))
    told = await ask(hass, "get_plan")
    slots = told.pop("slots")
    assert told == {
        "station": STATION, "currency": hass.config.currency, "made_at": "2026-12-01T23:00:00+01:00",
        "departure": "2026-12-02T07:00:00+01:00", "target_soc_pct": 80.0, "reachable_soc_pct": 80.0,
        "target_met_at": None, "limited_by": None, "cost": 1.23, "v2g_hours_lost": 0.0, "recommendation": None,
    }  # fmt: skip
    assert [s["power_w"] for s in slots] == [7000.0, -3000.0]
    assert slots[1] == {
        "start": "2026-12-01T23:30:00+01:00", "end": "2026-12-02T00:00:00+01:00", "power_w": -3000.0,
        "soc_end_pct": 51.0, "import_per_kwh": 0.2, "export_per_kwh": 0.1, "certainty": "assumed",
        "stored_value_per_kwh": 0.15,
        "reason": "high_price", "values": {"price": 0.2},
    }  # fmt: skip
    json.dumps(slots)


async def test_without_a_plan_there_are_no_slots(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    told = await ask(hass, "get_plan", device_id=device_of(hass, f"station/{STATION}"))
    assert (told["station"], told["slots"], told["departure"]) == (STATION, [], None)


# which station


async def test_of_two_stations_one_has_to_be_named(hass: HomeAssistant) -> None:
    await move_in(hass, station(), station("FLEX-2"))
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "get_plan")
    assert refused.value.translation_key == "station_unclear"
    assert (await ask(hass, "get_plan", station="FLEX-2"))["station"] == "FLEX-2"
    assert (await ask(hass, "get_plan", device_id=device_of(hass, "station/FLEX-2")))["station"] == "FLEX-2"


async def test_a_meter_is_not_a_station(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), linky())
    await coordinator(home).sources.async_stop()
    with pytest.raises(ServiceValidationError) as refused:
        await tell(hass, "instant_charge", device_id=device_of(hass, "meter/01METER"))
    assert refused.value.translation_key == "device_no_station"


async def test_instant_charge_and_back_by_device(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    session = Session(
        key=f"{STATION}/t1", station=STATION, evse=1, transaction="t1", started_at=dt_util.utcnow(), phase=Phase.V2G
    )
    state = replace(flex.state, sessions=MappingProxyType({session.key: session}))
    await become(hass, home, with_evse(state, phase=Phase.V2G, session=session.key))
    await tell(hass, "instant_charge", device_id=[device_of(hass, f"station/{STATION}")])
    assert flex.state.stations[STATION].evses[1].phase is Phase.INSTANT
    await tell(hass, "resume_v2g", station=STATION)
    assert flex.state.stations[STATION].evses[1].phase is not Phase.INSTANT


# the master key


type Prepared = Callable[[str], list[Any] | None]


class Caller:
    """Be a station on the wire, as little as will do."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, answers: Mapping[str, Prepared]):
        self._socket = socket
        self._answers = answers
        self.asked: list[str] = []

    async def serve(self) -> None:
        """Answer what is asked; what nobody prepared is not supported."""
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame[0] != 2:
                continue
            self.asked.append(frame[2])
            prepared = self._answers.get(frame[2], lambda key: [4, key, "NotSupported", "no such thing", {}])
            answer = prepared(frame[1])
            if answer is not None:
                await self._socket.send_json(answer)


@asynccontextmanager
async def connected(port: int, password: str = SECRET, **answers: Prepared) -> AsyncIterator[Caller]:
    """Dial in as the station."""
    auth = aiohttp.encode_basic_auth(STATION, password)
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"ws://127.0.0.1:{port}/{STATION}", protocols=("ocpp2.1",), headers={"Authorization": auth}
        ) as socket,
    ):
        caller = Caller(socket, answers)
        serving = asyncio.create_task(caller.serve())
        yield caller
        await socket.close()
        await serving


async def with_door(hass: HomeAssistant) -> int:
    """Set up a home whose station has a password; return the port."""
    part = station()
    part["data"] = {**part["data"], "sealed_secret": seal(SECRET)}
    home = await move_in(hass, part)
    server = coordinator(home).server
    assert server is not None
    return server.port


async def test_any_call_reaches_the_station_and_its_answer_comes_back(hass: HomeAssistant) -> None:
    port = await with_door(hass)
    async with connected(port, ClearCache=lambda key: [3, key, {"status": "Accepted"}]) as caller:
        told = await ask(hass, "call_station", action="ClearCache")
        assert told == {"response": {"status": "Accepted"}}
        assert "ClearCache" in caller.asked


async def test_an_error_of_the_station_is_its_answer(hass: HomeAssistant) -> None:
    port = await with_door(hass)
    async with connected(port):
        told = await ask(hass, "call_station", action="ClearCache", station=STATION, payload={})
        assert told == {"error": {"code": "NotSupported", "description": "no such thing", "details": ""}}


@pytest.mark.parametrize(
    ("action", "payload", "key"),
    [
        ("ClearCache", {}, "call_timeout"),
        ("Reset", {"type": "Sideways"}, "call_invalid"),
        ("Dance", {}, "call_invalid"),
    ],
)
async def test_what_cannot_be_asked_or_gets_no_answer_is_said(
    hass: HomeAssistant, action: str, payload: dict[str, Any], key: str
) -> None:
    port = await with_door(hass)
    async with connected(port, ClearCache=lambda _: None):
        with pytest.raises(HomeAssistantError) as failed:
            await ask(hass, "call_station", action=action, payload=payload, timeout=1)
        assert failed.value.translation_key == key


PASSWORD_WRITE = {
    "setVariableData": [
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "basicAuthPassword"}, "attributeValue": "x" * 20}
    ]
}
NETWORK = {"ocppVersion": "OCPP20", "ocppTransport": "JSON", "messageTimeout": 30, "ocppInterface": "Wired0"}
DOWNWARDS = {
    "configurationSlot": 1,
    "connectionData": NETWORK | {"ocppCsmsUrl": "ws://127.0.0.1:1/", "securityProfile": 0},
}


@pytest.mark.parametrize(
    ("action", "payload", "key"),
    [("SetVariables", PASSWORD_WRITE, "password_elsewhere"), ("SetNetworkProfile", DOWNWARDS, "profile_lower")],
)
async def test_the_master_key_locks_no_station_out(
    hass: HomeAssistant, action: str, payload: dict[str, Any], key: str
) -> None:
    port = await with_door(hass)
    async with connected(port) as caller:
        with pytest.raises(ServiceValidationError) as failed:
            await ask(hass, "call_station", action=action, payload=payload)
        assert failed.value.translation_key == key
        assert action not in caller.asked


async def test_a_station_that_is_not_there_cannot_be_asked(hass: HomeAssistant) -> None:
    await with_door(hass)
    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, "call_station", action="ClearCache")
    assert failed.value.translation_key == "station_offline"


async def test_the_master_key_is_for_administrators(hass: HomeAssistant, hass_read_only_user: MockUser) -> None:
    await with_door(hass)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, "call_station", {"action": "ClearCache"}, blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )  # fmt: skip


# the words


async def test_every_action_has_its_form_its_words_and_its_icon(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    forms = yaml.safe_load((HOUSE / "services.yaml").read_text())
    icons = json.loads((HOUSE / "icons.json").read_text())["services"]
    schemas = {name: service.schema for name, service in hass.services.async_services_for_domain(DOMAIN).items()}
    assert forms.keys() == icons.keys() == schemas.keys()
    for language in ("en", "fr"):
        texts = json.loads((HOUSE / "translations" / f"{language}.json").read_text())["services"]
        assert texts.keys() == forms.keys()
        for name, form in forms.items():
            schema = schemas[name]
            assert schema is not None
            fields = {str(key) for key in schema.schema} - {"entity_id"}  # comes by target only
            assert set(form["fields"]) == fields == set(texts[name]["fields"]), name


async def test_every_call_the_documents_show_is_accepted(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    for name, service in hass.services.async_services_for_domain(DOMAIN).items():
        for call in examples(name):
            assert service.schema is not None
            service.schema(call.get("data") or {})
