"""The ways by which the station reaches its controller."""

import base64
from dataclasses import dataclass, field
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from simulator.payload import Payload, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

SLOTS = (1, 2, 3)
ATTEMPTS = 3
PRIORITY = ("OCPPCommCtrlr", None, None, None, "NetworkConfigurationPriority", None)


@dataclass(frozen=True, slots=True)
class Way:
    """One address of the controller, and how safe the way there is (OCPP's security profile 1 to 3)."""

    url: str
    security_profile: int
    identity: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """All there is to know for one attempt to connect."""

    url: str
    protocols: tuple[str, ...]
    context: ssl.SSLContext | None
    server_hostname: str | None
    headers: dict[str, str] = field(default_factory=dict)
    origin: str | None = None
    compression: str | None = "deflate"


class Network:
    """The slots of the station's network configuration, and the one in use."""

    def __init__(self, station: OcppStation) -> None:
        """Know nobody yet."""
        self._station = station
        self._ways: dict[int, Way] = {}
        self._order = [1]
        self._failures = 0

    @property
    def way(self) -> Way | None:
        """Tell the way in use."""
        return self._ways.get(self._order[0])

    @property
    def security_profile(self) -> int:
        """Tell how safe the way in use is."""
        return 1 if self.way is None else self.way.security_profile

    def set_factory(self, url: str) -> None:
        """Take the address the station was given when it was put up."""
        secure = 3 if self._station.keyring.has_own else 2
        self._ways[1] = Way(url, secure if url.startswith("wss:") else 1)

    def set_way(self, asked: Payload) -> Payload:
        """Fill a slot, unless it would make the way less safe."""
        wanted = asked["connectionData"]
        if self._station.quirks.fails_network_profiles:
            return status("Failed")
        if asked["configurationSlot"] not in SLOTS or wanted["ocppTransport"] != "JSON":
            return status("Rejected", "InvalidNetworkConf")
        if wanted["securityProfile"] < self.security_profile:
            return status("Rejected", "NoSecurityDowngrade")
        scheme, profile = urlsplit(wanted["ocppCsmsUrl"]).scheme, wanted["securityProfile"]
        if scheme != ("ws" if profile == 1 else "wss") or profile not in SLOTS:
            return status("Rejected", "InvalidConfSlot")
        self._ways[asked["configurationSlot"]] = Way(
            wanted["ocppCsmsUrl"], profile, wanted.get("identity"), wanted.get("basicAuthPassword")
        )
        return status("Accepted")

    def may_follow(self, text: str) -> bool:
        """Tell whether the slots named are all filled, and their certificates there."""
        names = [int(name) for name in text.split(",") if name.strip().isdigit()]
        return bool(names) and all(self._is_usable(name) for name in names)

    def restarted(self) -> None:
        """Begin with the first of the slots the controller wants used."""
        names = self._station.model.variables[PRIORITY].actual.split(",")
        self._order = [int(name) for name in names]
        self._failures = 0
        if self.way is not None and self.way.password is not None:
            self._station.password = self.way.password

    def failed(self) -> None:
        """Go on to the next slot after a few failures."""
        self._failures += 1
        if self._failures >= ATTEMPTS and len(self._order) > 1:
            self._order = [*self._order[1:], self._order[0]]
            self._failures = 0

    def succeeded(self) -> None:
        """Forget ways that are less safe than the one that works: there is no way back."""
        self._failures = 0
        safe = {number: way for number, way in self._ways.items() if way.security_profile >= self.security_profile}
        if safe != self._ways:
            self._ways = safe
            self._order = [number for number in self._order if number in safe]
            self._station.model.variables[PRIORITY].value = ",".join(str(number) for number in self._order)

    def dial(self) -> Dial | None:
        """Tell how to connect now; raise OSError when a certificate is not there (yet)."""
        way, quirks, own = self.way, self._station.quirks, self._station.settings
        if way is None:
            return None
        secured = way.url.startswith("wss:")
        shows_itself = way.security_profile == 3
        identity = way.identity or own.id
        parts = [way.url.rstrip("/"), quirks.path_prefix.strip("/"), quote(identity, safe="")]
        return Dial(
            url="/".join(part for part in parts if part),
            protocols=(quirks.offers_only,) if quirks.offers_only else own.protocols,
            context=self._station.keyring.context(shows_itself=shows_itself) if secured else None,
            server_hostname=own.server_hostname if secured else None,
            headers={} if shows_itself else self._login(identity),
            origin=f"http://{urlsplit(way.url).netloc}" if quirks.sends_origin else None,
            compression=None if quirks.no_compression else "deflate",
        )

    def _login(self, identity: str) -> dict[str, str]:
        quirks, password = self._station.quirks, self._station.password
        if quirks.no_authorization_header or not password:
            return {}
        user = quirks.basic_user or identity
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"authorization" if quirks.lower_case_headers else "Authorization": f"Basic {secret}"}

    def _is_usable(self, number: int) -> bool:
        way, keyring = self._ways.get(number), self._station.keyring
        if number == 1 and not self._ways:
            return True
        if way is None or (way.security_profile > 1 and not keyring.roots):
            return False
        return way.security_profile < 3 or keyring.has_own
