"""The folder where a home keeps its root, its server's keys, and which certificates its stations hold.

Everything here blocks: call it from a worker. Files are written whole or not at all, for the eyes of this user only.
"""

from collections.abc import Callable, Mapping, Sequence
import contextlib
from dataclasses import asdict, dataclass
from datetime import datetime
import json
import os
from pathlib import Path
import shutil
import ssl
import threading
from typing import Final

from .certificates import (
    RENEW_BEFORE,
    Authority,
    Issued,
    Shown,
    issue_certificate,
    names_in,
    new_authority,
    new_server_key,
    private_pem,
    read_authority,
    root_fingerprint,
    server_certificate,
    sign_request,
)

_ROOT: Final = "root.pem"
_ROOT_KEY: Final = "root.key"
_SERVER: Final = {"server-ec.pem": True, "server-rsa.pem": False}
_STATIONS: Final = "stations.json"
_KEPT_A_STATION: Final = 8

FORWARD_SECRET: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
WITH_RSA_EXCHANGE: Final = f"{FORWARD_SECRET}:AES128-GCM-SHA256:AES256-GCM-SHA384"


@dataclass(frozen=True, slots=True)
class Held:
    """Hold how a certificate of a station is recognised, and until when it is good (ISO 8601)."""

    fingerprint: str
    serial: str
    expires: str

    def expires_before(self, at: datetime) -> bool:
        """Tell whether it ends before an instant."""
        return datetime.fromisoformat(self.expires) < at


@dataclass(frozen=True, slots=True)
class Root:
    """Hold what anybody may know of a root."""

    pem: str
    fingerprint: str
    serial: str
    valid_until: datetime


class CertificateStore:
    """Keep the certificates of one home; what is missing is made when it is first needed."""

    def __init__(self, folder: Path, site: str, clock: Callable[[], datetime]) -> None:
        """Know the folder; nothing is read yet."""
        self._folder = folder
        self._site = site
        self._clock = clock
        self._lock = threading.RLock()
        self._authority: Authority | None = None
        self._held: dict[str, tuple[Held, ...]] | None = None

    # the root

    def root(self) -> Root:
        """Return the root certificate.

        Raises:
            OSError: the folder cannot be read or written.
            ValueError: what lies in it is broken.
        """
        authority = self.authority()
        root = authority.certificate
        return Root(authority.pem, root_fingerprint(authority), f"{root.serial_number:x}", root.not_valid_after_utc)

    def authority(self) -> Authority:
        """Return the root with its key; errors as for ``root``."""
        with self._lock:
            if self._authority is None:
                self._authority = self._read_authority() or self._make_authority()
            return self._authority

    def _read_authority(self) -> Authority | None:
        root = self._folder / _ROOT
        if not root.exists():
            return None
        # A missing key is an error: another root would lock every station out that trusts this one.
        return read_authority(root.read_bytes(), (self._folder / _ROOT_KEY).read_bytes())

    def _make_authority(self) -> Authority:
        authority = new_authority(self._site, self._clock())
        self._write(_ROOT_KEY, private_pem(authority.key))
        self._write(_ROOT, authority.pem)
        return authority

    # the server

    def context(self, names: Sequence[str], *, rsa_exchange: bool) -> ssl.SSLContext:
        """Return what the door needs for TLS 1.2 and later; clients may show a certificate, ours only."""
        self.renew_server(names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(WITH_RSA_EXCHANGE if rsa_exchange else FORWARD_SECRET)
        # No resumption: a certificate is looked at each time, and thousands of strangers leave nothing behind.
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
        context.num_tickets = 0
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=self.authority().pem)
        self.load_server(context)
        return context

    def load_server(self, context: ssl.SSLContext) -> None:
        """Give a context, new or living, both certificates of the server; connections there are go on."""
        for name in _SERVER:
            context.load_cert_chain(self._folder / name)

    def renew_server(self, names: Sequence[str]) -> bool:
        """Make the server's certificates anew where they end soon or name other names; tell whether any was."""
        stale = [name for name in _SERVER if self._is_stale(self._folder / name, names)]
        for name in stale:
            key = new_server_key(elliptic=_SERVER[name])
            self._write(name, server_certificate(self.authority(), key, names, self._clock()) + private_pem(key))
        return bool(stale)

    def _is_stale(self, file: Path, names: Sequence[str]) -> bool:
        try:
            named, ends = names_in(file.read_bytes())
        except FileNotFoundError, ValueError:
            return True
        return named != tuple(names) or ends < self._clock() + RENEW_BEFORE

    # the stations

    def sign(self, identity: str, request: str, serial: str | None) -> Issued:
        """Sign the request of a station; its older certificates stay good until it shows this one.

        Raises:
            BadRequest: it cannot be signed.
        """
        names = (identity,) if serial is None else (identity, serial)
        issued = sign_request(self.authority(), request, names, self._clock())
        self._keep(identity, issued)
        return issued

    def issue(self, identity: str) -> tuple[Issued, str]:
        """Make key and certificate for a station that takes files; the key is returned and not kept."""
        issued, key = issue_certificate(self.authority(), identity, self._clock())
        self._keep(identity, issued)
        return issued, key

    def accepts(self, identity: str, shown: Shown) -> bool:
        """Tell whether a certificate is one we gave exactly this station; from now on no older one is."""
        with self._lock:
            held = self._stations().get(identity, ())
            place = next((n for n, one in enumerate(held) if one.fingerprint == shown.fingerprint), None)
            if place is None or held[place].expires_before(self._clock()):
                return False
            if place > 0:
                with contextlib.suppress(OSError):  # a full disk locks no station out
                    self._put(identity, held[place:])
            return True

    def newest(self, identity: str) -> str | None:
        """Return the fingerprint of the newest certificate a station was given."""
        with self._lock:
            held = self._stations().get(identity, ())
        return held[-1].fingerprint if held else None

    def forget(self, identity: str) -> None:
        """Revoke every certificate of a station."""
        with self._lock:
            if identity in self._stations():
                self._put(identity, ())

    def ending(self, identities: Sequence[str]) -> list[str]:
        """Return the stations whose newest certificate ends within thirty days."""
        soon = self._clock() + RENEW_BEFORE
        with self._lock:
            held = self._stations()
        return [name for name in identities if held.get(name) and held[name][-1].expires_before(soon)]

    def _keep(self, identity: str, issued: Issued) -> None:
        one = Held(issued.fingerprint, issued.serial, issued.expires.isoformat())
        with self._lock:
            self._put(identity, (*self._stations().get(identity, ()), one)[-_KEPT_A_STATION:])

    def _stations(self) -> Mapping[str, tuple[Held, ...]]:
        if self._held is None:
            file = self._folder / _STATIONS
            rows = json.loads(file.read_text()) if file.exists() else {}
            self._held = {name: tuple(Held(**one) for one in held) for name, held in rows.items()}
        return self._held

    def _put(self, identity: str, held: tuple[Held, ...]) -> None:
        stations = {**self._stations(), identity: held}
        rows = {name: [asdict(one) for one in ones] for name, ones in stations.items() if ones}
        self._write(_STATIONS, json.dumps(rows, indent=1))
        self._held = stations

    # files

    def _write(self, name: str, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{name}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)


def remove_certificates(folder: Path) -> None:
    """Delete the certificates of a home that was removed."""
    shutil.rmtree(folder, ignore_errors=True)
