"""The running commentary: what the integration shows beside what the simulated home does."""

from typing import Final

import aiohttp

from demo.client import Refused
from demo.face import Face, NotThere, States
from demo.stage import SIMULATED, Stage

NOTHING: Final = "-"


async def line(stage: Stage) -> str:
    """Return one line about this moment."""
    try:
        face, states = await stage.face(), await stage.client.states()
    except aiohttp.ClientError, Refused, TimeoutError:
        return f"{_time(stage)}  Home Assistant does not answer"
    head = f"{_time(stage)}  {_site(face, states)}"
    told = [f"{_station(face, states, one['id'])}{_home(stage, one['id'])}" for one in stage.ready.stations]
    return "\n".join(f"{head}  {one}" for one in told or ["no station is admitted"])


def greeting(stage: Stage) -> str:
    """Return where to look and how to get in."""
    ready = stage.ready
    rows = [
        ("Home Assistant", ready.url),
        ("login", stage.login),
        ("stations dial", f"{ready.ocpp_url}/<id>"),
        *((f"station {one['id']}", f"password {one['password']}") for one in ready.stations),
        ("folder", str(stage.folder)),
    ]
    return "\n".join(["", *(f"  {name:<16} {value}" for name, value in rows), ""])


def _time(stage: Stage) -> str:
    return f"{stage.clock.now().astimezone():%H:%M:%S}"


def _site(face: Face, states: States) -> str:
    price = face.number(states, "price")
    return f"price {NOTHING if price is None else f'{price:.2f}'}"


def _station(face: Face, states: States, name: str) -> str:
    def watts(key: str) -> str:
        value = face.number(states, key, name)
        return NOTHING if value is None else f"{value:.0f} W"

    try:
        activity, reason = (face.text(states, key, name) for key in ("activity", "reason"))
    except NotThere:
        return f"{name}: not shown yet"
    if activity is None:
        return f"{name}: offline"
    return f"{name}: {activity} because {reason}, {watts('power')} (asked {watts('setpoint')})"


def _home(stage: Stage, name: str) -> str:
    if stage.home is None or name != SIMULATED:
        return ""
    seen = stage.home.snapshot()
    return (
        f"  |  car {seen.power_w:.0f} W, {seen.soc_pct:.1f} %, house {seen.house_w:.0f} W, grid {seen.grid_w:.0f} W, "
        f"light {seen.light}"
    )
