"""The questions about the vendor behind a station: where it is, who the station is there, whom to trust."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
import probatio

from . import const as c

SECTION: Final = "forwarding"

_LONGEST_URL: Final = 512
_LONGEST_IDENTITY: Final = 48
_LONGEST_ROOT: Final = 64 * 1024
_WORDS: Final = (c.CONF_VENDOR_URL, c.CONF_VENDOR_IDENTITY, c.CONF_VENDOR_USER, c.CONF_VENDOR_ROOT)
_VENDOR: Final = {
    probatio.Optional(c.CONF_VENDOR_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
    probatio.Optional(c.CONF_VENDOR_IDENTITY): TextSelector(),
    probatio.Optional(c.CONF_VENDOR_USER): TextSelector(),
    probatio.Optional(c.CONF_VENDOR_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
    ),
    probatio.Optional(c.CONF_VENDOR_ROOT): TextSelector(TextSelectorConfig(multiline=True)),
}
FORWARDING: Final = {probatio.Optional(SECTION): section(probatio.Schema(_VENDOR), {"collapsed": True})}


def read_vendor(answers: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return whom a station's calls are forwarded to, and what is wrong with it; nobody without an address.

    A password left empty is the one of before, for the same address only: it is nobody else's business.
    """
    told = {key: answers.get(key, "").strip() for key in _WORDS}
    data = {key: word for key, word in told.items() if word}
    if c.CONF_VENDOR_URL not in data:
        return {}, {}
    password = answers.get(c.CONF_VENDOR_PASSWORD)
    if not password and data[c.CONF_VENDOR_URL] == before.get(c.CONF_VENDOR_URL):
        password = before.get(c.CONF_VENDOR_PASSWORD)
    if password:
        data[c.CONF_VENDOR_PASSWORD] = password
    return data, _errors(told)


def _errors(told: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not is_vendor_url(told[c.CONF_VENDOR_URL]):
        errors[c.CONF_VENDOR_URL] = "vendor_url_invalid"
    identity = told[c.CONF_VENDOR_IDENTITY]
    if len(identity) > _LONGEST_IDENTITY or not identity.isprintable() or set(identity) & set(":/"):
        errors[c.CONF_VENDOR_IDENTITY] = "vendor_identity_invalid"
    if ":" in told[c.CONF_VENDOR_USER] or not told[c.CONF_VENDOR_USER].isprintable():
        errors[c.CONF_VENDOR_USER] = "vendor_user_invalid"
    if told[c.CONF_VENDOR_ROOT] and not is_root(told[c.CONF_VENDOR_ROOT]):
        errors[c.CONF_VENDOR_ROOT] = "vendor_root_invalid"
    return errors


def is_vendor_url(word: str) -> bool:
    """Return whether a text is the address of a backend, and nothing but that."""
    try:
        parts = urlsplit(word)
        sound = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = word.isascii() and word.isprintable() and " " not in word and len(word) <= _LONGEST_URL
    return sound and plain and "@" not in parts.netloc and not set(word) & set("?#")


def is_root(word: str) -> bool:
    """Return whether a text is certificates, and no key among them."""
    if len(word) > _LONGEST_ROOT or not word.isascii() or "PRIVATE KEY" in word:
        return False
    try:
        return bool(x509.load_pem_x509_certificates(word.encode()))
    except ValueError:
        return False
