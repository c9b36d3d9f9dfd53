"""Where the station's variables get their values from."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.catalogue import build
from simulator.device_model import DeviceModel, Source
from simulator.light import Light
from simulator.payload import iso

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

CAR_PROTOCOL = "urn:iso:std:iso:15118:-20:AC,1,0"


def build_inventory(station: OcppStation) -> DeviceModel:
    """Build the device model of a station, less what its habits leave out."""
    model = build(_live(station), {**_factory(station), **_smart_charging(station)})
    lacking = {"HeartbeatInterval"} if station.quirks.no_heartbeat_variable else set()
    parts = {"SmartChargingCtrlr"} if station.quirks.no_smart_charging_component else set()
    model.hidden = {one.key for one in model.variables.values() if one.name in lacking or one.component in parts}
    return model


def _factory(station: OcppStation) -> dict[str, str]:
    own, evse = station.settings, station.evse.settings
    return {
        "model": own.model,
        "vendor": own.vendor,
        "serial": own.serial,
        "identity": own.id,
        "password": own.password,
        "phases": str(evse.phases),
        "max_charge_w": str(station.evse.settings.rated_w),
        "max_discharge_w": str(evse.max_discharge_w),
        "renegotiation": _word(not station.quirks.no_renegotiation),
        "authorization": _word(own.authorization),
        "start_point": own.start_point,
        "update_interval_s": str(own.update_interval_s),
        "screen": _word(not station.quirks.no_screen),
        "setpoint_component": station.quirks.setpoint_component,
        "setpoint_variable": station.quirks.setpoint_variable,
    }


def _smart_charging(station: OcppStation) -> dict[str, str]:
    able = station.profiles.ability
    return {
        "units": ",".join(sorted(able.units)),
        "max_stack_level": str(able.max_stack_level),
        "max_periods": str(able.max_periods),
        "max_external_id": str(able.max_external_id),
        "extra_purposes": "PriorityCharging" if able.priority else "",
        "dynamic": _word(able.dynamic),
        "offline_limit": _word(able.offline_limit),
        "limit_at_soc": _word(able.limit_at_soc),
    }


def _live(station: OcppStation) -> dict[str, Source]:
    evse, vehicle = station.evse, station.evse.vehicle
    departure = vehicle.settings.departure

    def car(text: Callable[[], str]) -> Source:
        return lambda: text() if evse.plugged and vehicle.speaks_iso else ""

    def colour() -> str:
        light: Light = station.light
        return light.colour.title()

    def transaction_id() -> str:
        running = station.session.transaction
        return "" if running is None else running.id

    return {
        "station_availability": lambda: "Faulted" if evse.faulted else _operative(station),
        "availability": lambda: station.availability,
        "problem": lambda: _word(evse.faulted),
        "light_active": lambda: _word(station.light.colour != "off"),
        "light_colour": colour,
        "now": lambda: iso(station.clock.now()),
        "power": lambda: f"{max(0.0, evse.power_w):.0f}",
        "discharge_power": lambda: f"{max(0.0, -evse.power_w):.0f}",
        "transaction": transaction_id,
        "firmware": lambda: station.firmware.version,
        "security_profile": lambda: str(station.network.security_profile),
        "lock_problem": lambda: _word(evse.lock_stuck),
        "list_entries": lambda: str(len(station.access.entries)),
        "messages": lambda: str(len(station.screen.messages)),
        "car_here": lambda: _word(evse.plugged),
        "car_id": car(lambda: vehicle.settings.evccid),
        "car_protocol": car(lambda: CAR_PROTOCOL),
        "car_soc": car(lambda: f"{vehicle.soc_pct:.0f}" if vehicle.settings.tells_soc else ""),
        "car_departure": car(lambda: "" if departure is None else iso(departure)),
    }


def _operative(station: OcppStation) -> str:
    return "Available" if station.availability_of.station_operative else "Unavailable"


def _word(yes: bool) -> str:
    return "true" if yes else "false"
