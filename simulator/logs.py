"""The station's logs, and how they get to the controller."""

import base64
from collections import deque
from functools import partial
import http.client
import ssl
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from simulator.payload import Payload, iso, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

PATIENCE_S = 10.0
WORDS = {400: "BadMessage", 401: "PermissionDenied", 403: "PermissionDenied", 405: "NotSupportedOperation"}


class Logs:
    """Two small logs, and one upload at a time, in a thread of its own."""

    def __init__(self, station: OcppStation) -> None:
        """Begin to write."""
        self.status = "Idle"
        self.security: deque[str] = deque(maxlen=500)
        self._station = station
        self._request: Payload | None = None
        self._outcomes: deque[tuple[Payload, str]] = deque()

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {"GetLog": self.get_log}

    @property
    def now(self) -> Payload:
        """Tell where an upload stands, as LogStatusNotification does."""
        return without_nothing(
            status=self.status, requestId=None if self._request is None else self._request["requestId"]
        )

    def get_log(self, asked: Payload) -> Payload:
        """Begin an upload, in place of one that goes on."""
        if self._station.quirks.refuses_logs or asked["logType"] not in ("DiagnosticsLog", "SecurityLog"):
            return status("Rejected")
        ongoing = self._request is not None
        if ongoing:
            self._tell("AcceptedCanceled")
        self._request = asked
        name = f"{asked['logType']}-{asked['requestId']}.txt"
        self._station.later(0.0, partial(self._begin, asked, name, asked.get("retries", 0)))
        return {"status": "AcceptedCanceled" if ongoing else "Accepted", "filename": name}

    def tick(self) -> None:
        """Notice what became of an upload."""
        while self._outcomes:
            asked, word = self._outcomes.popleft()
            if self._request is asked:
                self._tell(word)
                self._request, self.status = None, "Idle"

    def text(self, kind: str) -> str:
        """Write a log."""
        if kind == "SecurityLog":
            return "".join(f"{line}\n" for line in self.security)
        told = [*self._station.received, *self._station.sent]
        lines = sorted(f"{iso(one.at)} {one.action} {one.error or 'answered'}\n" for one in told)
        return "".join(lines[-200:])

    # -- inside ---------------------------------------------------------------------------------

    def _begin(self, asked: Payload, name: str, retries: int) -> None:
        if self._request is not asked:
            return
        self._tell("Uploading")
        content = self.text(asked["logType"]).encode()
        threading.Thread(target=self._upload, args=(asked, name, content, retries), daemon=True).start()

    def _upload(self, asked: Payload, name: str, content: bytes, retries: int) -> None:
        method = "POST" if self._station.quirks.uploads_by_post else "PUT"
        pause = threading.Event()
        word = "UploadFailure"
        for attempt in range(retries + 1):
            word = upload(asked["log"]["remoteLocation"], method, name, content, self._station.keyring.context)
            if word == "Uploaded" or attempt == retries or self._request is not asked:
                break
            pause.wait(asked.get("retryInterval", 1))
        self._outcomes.append((asked, word))

    def _tell(self, word: str) -> None:
        self.status = word
        self._station.conversation.call("LogStatusNotification", self.now)


def upload(url: str, method: str, name: str, content: bytes, context: Any) -> str:
    """Send a file over HTTP; tell the status word."""
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or place.hostname is None:
        return "NotSupportedOperation"
    path = (place.path or "/") + (name if place.path.endswith("/") else "")
    headers = {"Content-Type": "text/plain", "Content-Disposition": f'attachment; filename="{name}"', **_login(place)}
    try:
        line = _line(place, context)
        line.request(method, f"{path}?{place.query}" if place.query else path, content, headers)
        code = line.getresponse().status
        line.close()
    except OSError, http.client.HTTPException:
        return "UploadFailure"
    return "Uploaded" if code < 300 else WORDS.get(code, "UploadFailure")


def _line(place: SplitResult, context: Any) -> http.client.HTTPConnection:
    if place.scheme == "http":
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    secured: ssl.SSLContext = context(shows_itself=False)
    return http.client.HTTPSConnection(place.hostname or "", place.port, timeout=PATIENCE_S, context=secured)


def _login(place: SplitResult) -> dict[str, str]:
    if place.username is None:
        return {}
    secret = f"{unquote(place.username)}:{unquote(place.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
