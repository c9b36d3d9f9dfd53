"""The way of a station to a safer connection: one step up at a time, and back to where it was if a step fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError

from .configuration import listening
from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.station import Version
from .gate import host_name
from .shell.certificate_store import Root
from .shell.station_connection import StationConnection

BACK_S: Final = 300.0
SIGNED_S: Final = 60.0
ANSWER_S: Final = 30.0
DIAL_S: Final = 30
"""How long a station may wait for each answer of ours, on its new connection."""
LAST_SLOT: Final = 9
_COMM: Final = "OCPPCommCtrlr"
_PRIORITY: Final = "NetworkConfigurationPriority"
_INTERFACES: Final = {Version.V21: ("Any", "Wired0", "Wireless0"), Version.V201: ("Wired0", "Wireless0")}
_DONE: Final = frozenset({"Accepted", "RebootRequired", "Scheduled"})


class UpgradeError(HomeAssistantError):
    """A station could not be made safer; the key names the step, the words what it answered."""

    def __init__(self, key: str, **words: str) -> None:
        """Take the sentence's key and words."""
        super().__init__(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)
        self.key = key
        self.words = words


async def async_upgrade(site: FlexCoordinator, identity: str) -> int:
    """Bring a station up by one security profile; return the one it has now.

    Raises:
        UpgradeError: a step failed; the station goes on as before, as far as it can be told to.
        HomeAssistantError: it is offline, or does not answer.
    """
    return await Upgrade(site, identity).async_run()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Hold which station of which site is on its way."""

    site: FlexCoordinator
    identity: str

    async def async_run(self) -> int:
        """Take every step; errors as for ``async_upgrade``."""
        line = self._line()
        if line is None:
            raise _failed("upgrade_offline", self.name)
        if not listening(self.site.entry).encrypts:
            raise _failed("upgrade_no_encryption", self.name)
        wanted = line.profile + 1
        if wanted > 3:
            raise _failed("upgrade_not_needed", self.name)
        if wanted == 2:
            await self._async_bring_root()
        else:
            await self._async_certify()
        before = await self._async_priority()
        slot = self._free_slot(before)
        await self._async_fill(slot, wanted, line)
        await self._async_prefer([slot, *(number for number in before if number != slot)])
        try:
            await self._async_restart()
            await self._async_await(wanted, line)
        except HomeAssistantError:
            await self._async_undo(before)
            raise
        return wanted

    # step by step

    async def _async_bring_root(self) -> None:
        """Have our root trusted; one that is there already need not be taken again."""
        root = await self.site.gate.async_root()
        told = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
        answer = await self._async_status("InstallCertificate", told)
        if answer != "Accepted" and not await self._async_holds(root):
            raise _failed("upgrade_root_refused", self.name, answer=answer)

    async def _async_holds(self, root: Root) -> bool:
        asked = {"certificateType": ["CSMSRootCertificate"]}
        answer = await self.site.async_call_station(self.identity, "GetInstalledCertificateIds", asked, ANSWER_S)
        rows = answer.get("response", {}).get("certificateHashDataChain") or []
        numbers = [str(row["certificateHashData"]["serialNumber"]) for row in rows]
        return any(number.lower().lstrip("0") == root.serial for number in numbers)

    async def _async_certify(self) -> None:
        """Have the station ask for its own certificate, and wait until it got one."""
        gate, had = self.site.gate, await self.site.gate.async_newest(self.identity)
        answer = await self._async_status("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        if answer != "Accepted":
            raise _failed("upgrade_sign_refused", self.name, answer=answer)

        async def has_another() -> bool:
            return await gate.async_newest(self.identity) != had

        if not await self._async_until(has_another, SIGNED_S):
            raise _failed("upgrade_no_certificate", self.name)

    async def _async_priority(self) -> list[int]:
        """Return the numbers of the configurations the station tries, in order."""
        asked = {"getVariableData": [{"component": {"name": _COMM}, "variable": {"name": _PRIORITY}}]}
        rows = (await self._async_answer("GetVariables", asked)).get("getVariableResult") or [{}]
        words = str(rows[0].get("attributeValue", "")).split(",")
        numbers = [int(word) for word in words if word.strip().isdecimal()]
        if not numbers:
            raise _failed("upgrade_priority_unknown", self.name)
        return numbers

    def _free_slot(self, used: list[int]) -> int:
        """Return the number of a configuration that is not in use: one the station names, if it names any."""
        rows = self.site.state.stations[self.identity].inventory
        named = next((r.values for r in rows if (r.variable.component, r.variable.variable) == (_COMM, _PRIORITY)), ())
        offered = [int(word) for word in named if word.isdecimal()] or list(range(1, LAST_SLOT + 1))
        free = [number for number in offered if number not in used] or used[1:]
        if not free:
            raise _failed("upgrade_no_slot", self.name)
        return free[0]

    async def _async_fill(self, slot: int, profile: int, line: StationConnection) -> None:
        """Write where to dial from now on."""
        profile_words: dict[str, Any] = {
            "ocppTransport": "JSON",
            "ocppCsmsUrl": self._url(line),
            "messageTimeout": DIAL_S,
            "securityProfile": profile,
            "ocppVersion": "OCPP21" if line.link.version is Version.V21 else "OCPP20",
        }
        answer = ""
        for interface in _INTERFACES[line.link.version]:
            data = profile_words | {"ocppInterface": interface}
            answer = await self._async_status("SetNetworkProfile", {"configurationSlot": slot, "connectionData": data})
            if answer == "Accepted":
                return
        raise _failed("upgrade_slot_refused", self.name, answer=answer)

    def _url(self, line: StationConnection) -> str:
        """Return where the station finds us: by name, or by the address it dials where names need mDNS."""
        name = host_name(self.site.hass, self.site.entry)
        if name.endswith(".local") and line.local_address is not None:
            name = line.local_address
        port = listening(self.site.entry).secure_port
        return f"wss://[{name}]:{port}" if _is_v6(name) else f"wss://{name}:{port}"

    async def _async_prefer(self, numbers: list[int]) -> None:
        row = {"component": {"name": _COMM}, "variable": {"name": _PRIORITY}}
        row |= {"attributeValue": ",".join(str(number) for number in numbers)}  # type: ignore[dict-item]
        rows = (await self._async_answer("SetVariables", {"setVariableData": [row]})).get("setVariableResult") or [{}]
        answer = str(rows[0].get("attributeStatus", "Rejected"))
        if answer not in _DONE:
            raise _failed("upgrade_priority_refused", self.name, answer=answer)

    async def _async_restart(self) -> None:
        answer = await self._async_status("Reset", {"type": "OnIdle"})
        if answer not in _DONE:
            raise _failed("upgrade_reset_refused", self.name, answer=answer)

    async def _async_await(self, wanted: int, before: StationConnection) -> None:
        """Wait until the station came back as safe as it shall be."""

        async def is_back() -> bool:
            line = self._line()
            return line is not None and line.profile >= wanted

        if not await self._async_until(is_back, BACK_S):
            raise self._not_back(before)

    async def _async_undo(self, before: list[int]) -> None:
        """Have the station dial as before; one that cannot hear it falls back by itself, for the old way is second."""
        if self._line() is None:
            return
        try:
            await self._async_prefer(before)
        except HomeAssistantError:
            return

    # what they share

    async def _async_until(self, happened: Callable[[], Awaitable[bool]], limit_s: float) -> bool:
        """Look again whenever something changed at the site; tell whether it happened in time."""
        news, runtime = asyncio.Event(), self.site.runtime
        forget = runtime.listen(lambda before, after: news.set()) if runtime is not None else None
        try:
            async with asyncio.timeout(limit_s):
                while not await happened():
                    await news.wait()
                    news.clear()
        except TimeoutError:
            return await happened()
        finally:
            if forget is not None:
                forget()
        return True

    def _line(self) -> StationConnection | None:
        server = self.site.server
        return None if server is None else server.connected.get(self.identity)

    async def _async_answer(self, action: str, payload: dict[str, Any]) -> Mapping[str, Any]:
        return await self.site.async_ask(self.identity, action, payload)

    async def _async_status(self, action: str, payload: dict[str, Any]) -> str:
        """Return the one word of an answer; a station that does not know the question says no."""
        answer = await self.site.async_call_station(self.identity, action, payload, ANSWER_S)
        if "error" in answer:
            return str(answer["error"]["code"])
        return str(answer["response"].get("status", "Rejected"))

    def _not_back(self, before: StationConnection) -> UpgradeError:
        line = self._line()
        if line is None:
            return _failed("upgrade_not_back", self.name)
        if line is before:
            return _failed("upgrade_not_restarted", self.name)
        return _failed("upgrade_back_as_before", self.name)

    @property
    def name(self) -> str:
        """Return what the owner calls the station."""
        return self.site.state.stations[self.identity].config.name


def _failed(key: str, station: str, **words: str) -> UpgradeError:
    return UpgradeError(key, station=station, **words)


def _is_v6(name: str) -> bool:
    try:
        return ip_address(name).version == 6
    except ValueError:
        return False
