"""The stations' passwords: made, sealed for keeping, compared.

Passwords of ours have 190 bits, so guessing fails at any cost per guess; scrypt is here for those an owner chose. Its
parameters (N = 2^12, r = 8, p = 1: 4 MiB, some 20 ms) are cheap enough for a small computer with many stations.
Everything here but ``recognised`` blocks: call it from a worker.
"""

import base64
import binascii
from collections import OrderedDict
import hashlib
import hmac
import secrets
import string
import threading
from typing import Final

SECRET_LENGTH: Final = 32
_ALPHABET: Final = string.ascii_letters + string.digits
_LOG_N: Final = 12
_R: Final = 8
_P: Final = 1
_COST_LIMIT: Final = 2**17  # what a tampered seal may ask for
_REMEMBERED: Final = 64

_pepper: Final = secrets.token_bytes(32)
_seen: Final[OrderedDict[str, bytes]] = OrderedDict()  # seal -> digest of the password that opened it last
_lock: Final = threading.Lock()


def new_secret() -> str:
    """Return a new password."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))


def seal(secret: str) -> str:
    """Return what may be kept of a password; nobody can read it back."""
    salt = secrets.token_bytes(16)
    key = _derive(secret, salt, _LOG_N, _R, _P)
    return "$".join(("scrypt", str(_LOG_N), str(_R), str(_P), _encode(salt), _encode(key)))


def recognised(secret: str, sealed: str) -> bool:
    """Tell whether a password is the one that opened a seal last; cheap, needs no worker."""
    with _lock:
        known = _seen.get(sealed)
    return known is not None and hmac.compare_digest(known, _digest(secret))


def matches(secret: str, sealed: str) -> bool:
    """Tell whether a password opens a seal."""
    if recognised(secret, sealed):
        return True
    if not _opens(secret, sealed):
        return False
    with _lock:
        _seen[sealed] = _digest(secret)
        _seen.move_to_end(sealed)
        if len(_seen) > _REMEMBERED:
            _seen.popitem(last=False)
    return True


def _digest(secret: str) -> bytes:
    return hmac.digest(_pepper, secret.encode("utf-8", "surrogatepass"), "sha256")


def _opens(secret: str, sealed: str) -> bool:
    try:
        kind, log_n, r, p, salt, key = sealed.split("$")
        cost = int(log_n), int(r), int(p)
        if kind != "scrypt" or (1 << cost[0]) * cost[1] * cost[2] > _COST_LIMIT * _R:
            return False
        return hmac.compare_digest(_derive(secret, _decode(salt), *cost), _decode(key))
    except ValueError, OverflowError, MemoryError, binascii.Error:
        return False  # a seal nobody can read opens to nobody


def _derive(secret: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    octets = secret.encode("utf-8", "surrogatepass")
    memory = 256 * r * (1 << log_n)
    return hashlib.scrypt(octets, salt=salt, n=1 << log_n, r=r, p=p, maxmem=memory, dklen=32)


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _decode(word: str) -> bytes:
    return base64.b64decode(word, validate=True)
