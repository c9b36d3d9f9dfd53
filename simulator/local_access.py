"""The badges a station knows by itself: the controller's list, its own memory, and what it knows of a customer."""

from typing import TYPE_CHECKING, Any

from simulator.payload import Payload, iso, moment, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

ENTRIES = 200
A_PART = 512

type Badge = tuple[str, str]


class LocalAccess:
    """The list and the cache; both outlive a reboot."""

    def __init__(self, station: OcppStation) -> None:
        """Know nobody."""
        self.version = 0
        self.entries: dict[Badge, Payload] = {}
        self.cache: dict[Badge, Payload] = {}
        self.seen: set[Badge] = set()
        self._station = station

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {
            "SendLocalList": self.send_local_list,
            "GetLocalListVersion": self.get_local_list_version,
            "ClearCache": self.clear_cache,
            "CustomerInformation": self.customer_information,
        }

    # -- what the session asks ------------------------------------------------------------------

    def verdict(self, token: Payload) -> Payload | None:
        """Tell what list or cache say about a badge; the list comes first."""
        found = self.entries.get(_badge(token)) if self._has_list else None
        if found is None and self._has_cache:
            found = self.cache.get(_badge(token))
        expiry = None if found is None else moment(found.get("cacheExpiryDateTime"))
        return None if expiry is not None and expiry < self._station.clock.now() else found

    def remember(self, token: Payload, verdict: Payload) -> None:
        """Keep what the controller said about a badge."""
        self.seen.add(_badge(token))
        if self._has_cache:
            self.cache[_badge(token)] = verdict

    # -- answers --------------------------------------------------------------------------------

    def send_local_list(self, asked: Payload) -> Payload:
        """Take the whole list, or what changed in it."""
        items, version = asked.get("localAuthorizationList", []), asked["versionNumber"]
        badges = [_badge(item["idToken"]) for item in items]
        whole = asked["updateType"] == "Full"
        if not self._has_list or version <= 0 or len(set(badges)) < len(badges):
            return status("Failed")
        if whole and any("idTokenInfo" not in item for item in items):
            return status("Failed", "InvalidValue")
        if not whole and version <= self.version:
            return status("VersionMismatch")
        entries = {} if whole else dict(self.entries)
        for badge, item in zip(badges, items, strict=True):
            if "idTokenInfo" in item:
                entries[badge] = item["idTokenInfo"]
            else:
                entries.pop(badge, None)
        if len(entries) > ENTRIES:
            return status("Failed", "TooManyElements")
        self.entries, self.version = entries, version
        return status("Accepted")

    def get_local_list_version(self, _: Payload) -> Payload:
        """Tell the number of the list; 0 when there is none."""
        return {"versionNumber": self.version if self._has_list else 0}

    def clear_cache(self, _: Payload) -> Payload:
        """Forget what the controller said about badges."""
        if not self._has_cache:
            return status("Rejected", "NotEnabled")
        self.cache.clear()
        return status("Accepted")

    def customer_information(self, asked: Payload) -> Payload:
        """Tell, forget, or both, what is known of somebody."""
        named = [name for name in ("idToken", "customerIdentifier", "customerCertificate") if name in asked]
        if self._station.quirks.refuses_customers:
            return status("Rejected")
        if len(named) != 1:
            return status("Invalid")
        badges = self._badges(asked)
        words = "\n".join(self._known(badge) for badge in badges) if asked["report"] else ""
        if asked["clear"]:
            for badge in badges:
                self.entries.pop(badge, None)
                self.cache.pop(badge, None)
                self.seen.discard(badge)
        self._tell(asked["requestId"], words)
        return status("Accepted")

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _has_list(self) -> bool:
        return self._station.model.flag("LocalAuthListCtrlr", "Enabled")

    @property
    def _has_cache(self) -> bool:
        return self._station.model.flag("AuthCacheCtrlr", "Enabled")

    def _badges(self, asked: Payload) -> list[Badge]:
        if "idToken" not in asked:
            return []
        badge = _badge(asked["idToken"])
        return [badge] if badge in self.seen or badge in self.entries or badge in self.cache else []

    def _known(self, badge: Badge) -> str:
        places = [
            name
            for name, place in (("list", self.entries), ("cache", self.cache), ("sessions", self.seen))
            if badge in place
        ]
        return f"{badge[1]} {badge[0]}: {', '.join(places)}"

    def _tell(self, request_id: int, words: str) -> None:
        parts = [words[n : n + A_PART] for n in range(0, len(words), A_PART)] or [""]
        for number, part in enumerate(parts):
            note = without_nothing(
                requestId=request_id,
                data=part,
                seqNo=number,
                generatedAt=iso(self._station.clock.now()),
                tbc=True if number + 1 < len(parts) else None,
            )
            self._station.conversation.call("NotifyCustomerInformation", note)


def _badge(token: Payload) -> Badge:
    return token["idToken"].lower(), token["type"]
