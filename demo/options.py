"""What one may ask of the demo on its command line."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Final

PROTOCOLS: Final = ("ocpp2.1", "ocpp2.0.1")
METERS: Final = ("linky", "p1", "modbus")
# What the station dialogue takes: OCPP 2.0.1 part 2 (identifierString, less the colon of HTTP Basic), 16 to 40 signs.
IDENTITY: Final = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")
PASSWORD: Final = re.compile(r"[!-~]{16,40}")


@dataclass(frozen=True, slots=True)
class OutsideStation:
    """A station somebody else will play; ``protocol`` is the one it will speak, if that is known."""

    id: str
    password: str
    protocol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run of the demo."""

    port: int | None = None
    ocpp_port: int | None = None
    folder: Path | None = None
    simulator: bool = True
    as_json: bool = False
    stations: tuple[OutsideStation, ...] = ()
    vehicle_kwh: float = 52.0
    soc_pct: float = 62.0
    duration_s: float | None = None
    tls: bool = False
    client_certs: bool = False
    bench: bool = False
    language: str = "en"
    meter: str = "linky"


def read(arguments: list[str] | None = None) -> Options:
    """Read a command line; what is wrong with it is said, and ends the program."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.client_certs and not chosen.tls:
        parser.error("--client-certs needs --tls")
    return Options(
        port=chosen.port,
        ocpp_port=chosen.ocpp_port,
        folder=chosen.config_dir,
        simulator=chosen.simulator,
        as_json=chosen.as_json,
        stations=tuple(chosen.station),
        vehicle_kwh=chosen.vehicle_kwh,
        soc_pct=chosen.soc,
        duration_s=chosen.duration,
        tls=chosen.tls,
        client_certs=chosen.client_certs,
        bench=chosen.bench,
        language=chosen.language,
        meter=chosen.meter,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Start a real Home Assistant with the integration, a simulated V2G station with a car, and a "
        "simulated Linky. All of it listens on 127.0.0.1 only; Ctrl-C stops all of it.",
    )
    add = parser.add_argument
    add("--port", type=_port, help="of Home Assistant (default: 8123, or a free one)")
    add("--ocpp-port", type=_port, help="stations dial (default: 9000, or a free one)")
    add("--config-dir", type=Path, metavar="DIR", help="keep Home Assistant's folder here (default: a temporary one)")
    add("--no-simulator", dest="simulator", action="store_false", help="no station, no car, no Linky")
    add("--json", dest="as_json", action="store_true", help="once ready, one line of JSON; all else to standard error")
    add(
        "--station",
        type=_station,
        action="append",
        default=[],
        metavar=f"ID:PASSWORD[:{'|'.join(PROTOCOLS)}]",
        help="admit a station somebody else plays (repeatable)",
    )
    add("--tls", action="store_true", help="stations dial wss, with the integration's own root certificate")
    add("--client-certs", action="store_true", help="with --tls: stations show a certificate instead of a password")
    add("--bench", action="store_true", help="for load tools: no limit to how fast a station may talk")
    add("--vehicle-kwh", type=_between(5, 250), default=52.0, metavar="KWH", help="size of the car's battery")
    add("--soc", type=_between(0, 100), default=62.0, metavar="PERCENT", help="of the simulated car at the start")
    add("--duration", type=_between(0, 1e9), metavar="SECONDS", help="stop by itself, counted from when all is ready")
    add("--meter", choices=METERS, default="linky", help="at the simulated house's door")
    add("--language", choices=("en", "fr"), default="en", help="of Home Assistant")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port number")
    return int(text)


def _between(low: float, high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return number


def _station(text: str) -> OutsideStation:
    """Read a station; a password may hold colons, the protocol behind the last one is recognised by its name."""
    identity, _, rest = text.partition(":")
    password, colon, last = rest.rpartition(":")
    protocol = last if colon and last in PROTOCOLS else None
    if protocol is None:
        password = rest
    if not IDENTITY.fullmatch(identity):
        raise argparse.ArgumentTypeError(f"{identity!r} is no OCPP identity (1 to 48 of A-Z a-z 0-9 * - _ = + | @ .)")
    if not PASSWORD.fullmatch(password):
        raise argparse.ArgumentTypeError(f"the password of {identity} needs 16 to 40 visible ASCII signs")
    return OutsideStation(identity, password, protocol)
