"""The words by which another process plays with the simulated home."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from simulator.home import SimulatedHome


class UnknownCommand(ValueError):
    """A word the home does not know, or cannot follow now."""


def status(home: SimulatedHome) -> dict[str, Any]:
    """Tell all there is to watch, fit for JSON."""
    return {name: _plain(value) for name, value in asdict(home.snapshot()).items()}


def obey(home: SimulatedHome, line: str) -> dict[str, Any]:
    """Do what a line says, and tell the state afterwards."""
    words = line.split()
    command, arguments = " ".join(words[:1]), words[1:]
    if command == "link" and arguments:
        command, arguments = f"link {arguments[0]}", arguments[1:]
    task = _COMMANDS.get(command)
    if task is None:
        raise UnknownCommand(line.strip())
    try:
        task(home, arguments)
    except (IndexError, ValueError) as error:
        raise UnknownCommand(f"{line.strip()}: {error}") from error
    return status(home)


def _house(home: SimulatedHome, arguments: list[str]) -> None:
    home.world.house_override_w = float(arguments[0]) if arguments else None


def _fault(home: SimulatedHome, arguments: list[str]) -> None:
    home.fault(arguments != ["off"])


def _meter(home: SimulatedHome, arguments: list[str]) -> None:
    if home.tic_wire is not None:
        home.tic_wire.silent = arguments == ["off"]


def _drive(home: SimulatedHome, arguments: list[str]) -> None:
    if home.evse.plugged:
        raise ValueError("the cable is in")
    home.vehicle.drive(float(arguments[0]) * 1_000)


def _token(home: SimulatedHome, arguments: list[str]) -> None:
    home.present_token(arguments[0] if arguments else home.settings.station.token)


def _lock(home: SimulatedHome, arguments: list[str]) -> None:
    home.lock_failure(arguments != ["off"])


def _security(home: SimulatedHome, arguments: list[str]) -> None:
    home.security_event(arguments[0])


_COMMANDS: dict[str, Callable[[SimulatedHome, list[str]], None]] = {
    "plug": lambda home, _: home.plug_in(),
    "unplug": lambda home, _: home.unplug(),
    "instant": lambda home, _: home.press_instant_charge(),
    "link down": lambda home, _: home.kill_link(),
    "link up": lambda home, _: home.restore_link(),
    "reboot": lambda home, _: home.reboot(),
    "breaker": lambda home, _: home.close_breaker(),
    "house": _house,
    "fault": _fault,
    "meter": _meter,
    "token": _token,
    "swipe": _token,
    "drop": lambda home, _: home.drop_link(),
    "half-open": lambda home, _: home.half_open(),
    "csr": lambda home, _: home.ask_for_certificate(),
    "lock-failure": _lock,
    "tamper": lambda home, _: home.security_event("TamperDetectionActivated"),
    "security": _security,
    "drive": _drive,
    "status": lambda home, _: None,
}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return value.isoformat() if isinstance(value, datetime) else value
