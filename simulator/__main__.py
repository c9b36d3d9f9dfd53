"""The simulated home as a program: `python -m simulator --help`."""

import argparse
import asyncio
import contextlib
from datetime import datetime
import json
import logging
import os
import sys
import threading

from simulator.clock import RealClock
from simulator.commands import UnknownCommand, obey, status
from simulator.home import HomeSettings, SimulatedHome
from simulator.linky import LinkySettings
from simulator.modbus_maps import MAPS
from simulator.ocpp_station import StationSettings
from simulator.p1 import P1Kind
from simulator.quirks import KINDS, Quirks, UnknownQuirk, described, with_habits
from simulator.station import EvseSettings
from simulator.vehicle import ISO_20, PLAIN, VehicleSettings
from simulator.world import WorldSettings


def _add_meters(parser: argparse.ArgumentParser) -> None:
    """Say where the house's meter can be read."""
    parser.add_argument("--tic-port", type=int, help="serve the Linky's line on this port of 127.0.0.1")
    parser.add_argument("--p1-port", type=int, help="serve a P1 port there, in the Linky's place")
    parser.add_argument("--p1-kind", type=P1Kind, choices=list(P1Kind), default=P1Kind.V50)
    parser.add_argument("--modbus-port", type=int, help="serve a Modbus TCP meter there, in the Linky's place")
    parser.add_argument("--modbus-kind", choices=sorted(MAPS), default="siemens_pac2200")
    parser.add_argument("--modbus-serial", action="store_true", help="RTU there instead, and on a pseudo terminal")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="A home with a car, a V2G station and a Linky. Commands on standard input: plug, unplug, instant, "
        "link down, link up, reboot, status, house W, fault [off], meter [off], swipe [ID], breaker, drive KWH, "
        "drop, half-open, csr, lock-failure [off], tamper, security TYPE.",
        epilog="habits: " + "; ".join(f"{name}: {words}" for name, words in described().items()),
    )
    parser.add_argument("--ocpp-url", default="ws://127.0.0.1:9000", help="the station's id is appended to it")
    parser.add_argument("--station", default="SIM-001", metavar="ID")
    parser.add_argument("--password", default="simulated-secret-1")
    parser.add_argument("--protocol", choices=("ocpp2.1", "ocpp2.0.1"), help="offer only this one")
    parser.add_argument("--ca-file", metavar="PEM", help="trust the controllers this authority vouches for")
    parser.add_argument("--client-cert", metavar="PEM", help="the station's own certificate, for security profile 3")
    parser.add_argument("--client-key", metavar="PEM", help="its key, if it is in another file")
    parser.add_argument("--server-hostname", metavar="NAME", help="whose certificate is expected, if not the host's")
    parser.add_argument("--like", choices=sorted(KINDS), help="behave like this kind of station")
    parser.add_argument("--quirk", action="append", default=[], metavar="NAME[=VALUE]", help="add a habit; see below")
    _add_meters(parser)
    parser.add_argument("--vehicle-kwh", type=float, default=52.0)
    parser.add_argument("--soc", type=float, default=55.0, help="per cent")
    parser.add_argument("--departure", type=datetime.fromisoformat, metavar="ISO", help="what the car says, with zone")
    parser.add_argument("--phases", type=int, choices=(1, 3), default=1)
    parser.add_argument("--subscribed-kva", type=int, default=9)
    parser.add_argument("--sun-peak-w", type=float, default=0.0)
    parser.add_argument("--plain-car", action="store_true", help="a car without ISO 15118")
    parser.add_argument("--vocabulary", choices=("mobilize", "flex"), default="mobilize", help="of the light")
    parser.add_argument("--update-interval", type=int, default=10, metavar="SECONDS")
    parser.add_argument("--plug-in", action="store_true", help="begin with the cable in the car")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--json-status", action="store_true", help="status lines as JSON")
    parser.add_argument("--status-every", type=float, default=5.0, metavar="SECONDS", help="0 for none")
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        with_habits(Quirks(), chosen.quirk)
    except UnknownQuirk as error:
        parser.error(f"no such habit: {error}")
    return chosen


def settings_from(chosen: argparse.Namespace) -> HomeSettings:
    """Turn the command line into a home."""
    protocols = (chosen.protocol,) if chosen.protocol else ("ocpp2.1", "ocpp2.0.1")
    return HomeSettings(
        station=StationSettings(
            id=chosen.station,
            password=chosen.password,
            protocols=protocols,
            update_interval_s=chosen.update_interval,
            ca_file=chosen.ca_file,
            client_cert_file=chosen.client_cert,
            client_key_file=chosen.client_key,
            server_hostname=chosen.server_hostname,
        ),
        quirks=with_habits(KINDS.get(chosen.like, Quirks()), chosen.quirk),
        evse=EvseSettings(phases=chosen.phases, vocabulary=chosen.vocabulary),
        vehicle=VehicleSettings(
            capacity_kwh=chosen.vehicle_kwh,
            soc_pct=chosen.soc,
            departure=chosen.departure,
            speaks=PLAIN if chosen.plain_car else ISO_20,
        ),
        world=WorldSettings(phases=chosen.phases, sun_peak_w=chosen.sun_peak_w),
        linky=LinkySettings(phases=chosen.phases, subscribed_kva=chosen.subscribed_kva),
        ocpp_url=chosen.ocpp_url,
        tic_port=chosen.tic_port,
        p1_port=chosen.p1_port,
        p1_kind=chosen.p1_kind,
        modbus_port=chosen.modbus_port,
        modbus_kind=chosen.modbus_kind,
        modbus_serial=chosen.modbus_serial,
        plugged=chosen.plug_in,
    )


def describe(home: SimulatedHome) -> str:
    """Put the state into one line for people."""
    seen = home.snapshot()
    warning = "  LINKY OPEN" if seen.cut else ""
    wanted = "-" if seen.setpoint_w is None else f"{seen.setpoint_w:.0f} W"
    return (
        f"{seen.at:%H:%M:%S}  {'online ' + seen.protocol if seen.online else 'offline':18}  {seen.state or '-':12}  "
        f"{seen.power_w:7.0f} W (asked {wanted}, {seen.layer or 'no profile'})  SoC {seen.soc_pct:5.1f} %  "
        f"house {seen.house_w:5.0f} W  grid {seen.grid_w:6.0f} W  light {seen.light}{warning}"
    )


def read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Bring standard input into the loop, from a thread that dies with the program.

    Unbuffered: a thread that sleeps inside `sys.stdin` holds a lock the interpreter wants when it ends.
    """
    rest = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(0, 4_096):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace"))


async def serve_commands(home: SimulatedHome) -> None:
    """Answer each line of standard input with a line of JSON."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    threading.Thread(target=read_lines, args=(loop, lines), daemon=True).start()
    while True:
        line = (await lines.get()).strip()
        if not line:
            continue
        try:
            answer = {"command": line, "ok": True, **obey(home, line)}
        except UnknownCommand as error:
            answer = {"command": line, "ok": False, "error": str(error)}
        print(json.dumps(answer), flush=True)


async def tell_status(home: SimulatedHome, every_s: float, as_json: bool) -> None:
    """Print the state again and again."""
    while every_s > 0:
        print(json.dumps({"status": status(home)}) if as_json else describe(home), flush=True)
        await asyncio.sleep(every_s)


async def until_gone(home: SimulatedHome) -> None:
    """Wait until the station has left for good, as some do when they are reset."""
    while not home.station.gone:  # noqa: ASYNC110 (nobody sets an event where no loop may run)
        await asyncio.sleep(0.5)


async def main(chosen: argparse.Namespace) -> None:
    """Run the home until it is cancelled."""
    home = SimulatedHome(settings_from(chosen), RealClock(chosen.speed))
    await home.start()
    if home.tic_wire is not None:
        print(f"Linky on socket://127.0.0.1:{home.tic_wire.port}", file=sys.stderr, flush=True)
    if home.p1_wire is not None:
        print(f"P1 on socket://127.0.0.1:{home.p1_wire.port}", file=sys.stderr, flush=True)
    if (meter := home.modbus_meter) is not None:
        print(f"Modbus on 127.0.0.1:{meter.port} {meter.path or ''}", file=sys.stderr, flush=True)
    try:
        async with asyncio.TaskGroup() as group:
            lives = (serve_commands(home), tell_status(home, chosen.status_every, chosen.json_status))
            tasks = [group.create_task(life) for life in lives]
            await until_gone(home)
            for task in tasks:
                task.cancel()
    finally:
        await home.stop()


if __name__ == "__main__":
    options = parse()
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.WARNING, stream=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options))
