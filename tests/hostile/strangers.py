"""What people without a password do at the stations' door; each is one coroutine that takes the port."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
import contextlib
import os

ID = "LAB-1"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="

type Stranger = Callable[[int], Awaitable[None]]


def upgrade(path: str = f"/{ID}", *lines: str, protocol: str | None = "ocpp2.0.1") -> bytes:
    """Return a handshake, right except for what is asked otherwise."""
    head = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
    head += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]
    head += [] if protocol is None else [f"Sec-WebSocket-Protocol: {protocol}"]
    return "\r\n".join([*head, *lines, "", ""]).encode("utf-8", "surrogateescape")


def basic(user: str, password: str) -> str:
    """Return a claim to be somebody."""
    return f"Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


async def say(port: int, *words: bytes, pause_s: float = 0.0, hear_s: float = 0.3) -> bytes:
    """Connect, say something, return what came back in a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    with contextlib.suppress(OSError, TimeoutError):
        for word in words:
            writer.write(word)
            await writer.drain()
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(hear_s):
            while chunk := await reader.read(65536):
                heard += chunk
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return heard


def turned_away(*words: bytes) -> Stranger:
    """Return a stranger who must not be let in."""

    async def come(port: int) -> None:
        heard = await say(port, *words, hear_s=3.0)
        assert b" 101 " not in heard.split(b"\r\n")[0], heard[:200]

    return come


async def hold_many(port: int) -> None:
    """Open as many connections as one may, and say nothing on them."""
    links = []
    for _ in range(200):
        with contextlib.suppress(OSError):
            links.append(await asyncio.open_connection("127.0.0.1", port))
    await asyncio.sleep(1.0)
    for _, writer in links:
        writer.close()


async def drip(port: int) -> None:
    """Say a handshake one letter at a time on twenty lines."""

    async def one() -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for letter in upgrade()[:60]:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(0.05)
            writer.close()

    await asyncio.gather(*(one() for _ in range(20)))


async def guess(port: int) -> None:
    """Try passwords from one address, many at a time."""

    async def one(number: int) -> None:
        heard = await say(port, upgrade(f"/{ID}", basic(ID, f"guess-number-{number:06}")), hear_s=8.0)
        assert not heard.startswith(b"HTTP/1.1 101"), heard[:100]

    await asyncio.gather(*(one(number) for number in range(40)))


async def many_names(port: int) -> None:
    """Come under three hundred names."""
    for number in range(300):
        heard = await say(port, upgrade(f"/STRANGER-{number}"), hear_s=1.0)
        assert b" 404 " in heard.split(b"\r\n")[0], heard[:100]


CROWDS = {
    "who say nothing": b"",
    "who begin and do not end": upgrade()[:40],
    "who guess": upgrade(f"/{ID}", basic(ID, "one-of-many-guesses")),
    "nobody knows": upgrade("/NOBODY"),
}
"""What each of a crowd says."""

STRANGERS: dict[str, Stranger] = {
    "no password": turned_away(upgrade()),
    "an empty password": turned_away(upgrade(f"/{ID}", basic(ID, ""))),
    "a wrong password": turned_away(upgrade(f"/{ID}", basic(ID, "x" * 32))),
    "another's name in the claim": turned_away(upgrade(f"/{ID}", basic("LAB-2", "the-password-of-the-laboratory"))),
    "a claim that is no base64": turned_away(upgrade(f"/{ID}", "Authorization: Basic ****")),
    "a claim that is no UTF-8": turned_away(
        upgrade(f"/{ID}", f"Authorization: Basic {b64encode(b'LAB-1:' + bytes([255, 254])).decode()}")
    ),
    "a bearer claim": turned_away(upgrade(f"/{ID}", "Authorization: Bearer abc")),
    "a huge claim": turned_away(upgrade(f"/{ID}", basic(ID, "p" * 6000))),
    "two claims": turned_away(upgrade(f"/{ID}", basic(ID, "a" * 32), basic(ID, "b" * 32))),
    "the name in small letters": turned_away(
        upgrade(f"/{ID.lower()}", basic(ID.lower(), "the-password-of-the-laboratory"))
    ),
    "the name encoded twice": turned_away(upgrade("/LAB%252D1", basic(ID, "x" * 32))),
    "the name with a space": turned_away(upgrade("/LAB-1%20", basic(ID, "x" * 32))),
    "the name with a zero byte": turned_away(upgrade("/LAB-1%00", basic(ID, "x" * 32))),
    "a look-alike of the name": turned_away(upgrade("/LAB%E2%80%901", basic(ID, "x" * 32))),
    "an empty name": turned_away(upgrade("/")),
    "a path to a file": turned_away(upgrade("/..%2f..%2fetc%2fpasswd")),
    "a path up the tree": turned_away(upgrade("/../../../../etc/passwd")),
    "a template for a name": turned_away(upgrade("/%7B%7B%20states%20%7D%7D")),
    "a format for a name": turned_away(upgrade("/%25s%25n%25x")),
    "a name of ten thousand letters": turned_away(upgrade("/" + "A" * 7000)),
    "no language": turned_away(upgrade(protocol=None)),
    "another language": turned_away(upgrade(protocol="ocpp1.6")),
    "a key that is none": turned_away(upgrade().replace(KEY.encode(), b"short")),
    "another version of the handshake": turned_away(upgrade().replace(b"Version: 13", b"Version: 99")),
    "a page request": turned_away(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a POST with a body": turned_away(b"POST /LAB-1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
    "a body without end": turned_away(
        b"POST /LAB-1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 500
    ),
    "two lengths": turned_away(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "a thousand headers": turned_away(upgrade(f"/{ID}", *(f"X-{n}: {n}" for n in range(1000)))),
    "a header of a megabyte": turned_away(upgrade(f"/{ID}", "X-Long: " + "x" * 1_000_000)),
    "another protocol altogether": turned_away(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500)),
    "noise": turned_away(os.urandom(4096)),
    "ten requests in one breath": turned_away(upgrade() * 10),
    "silence on many lines": hold_many,
    "letters one by one": drip,
    "forty guesses at once": guess,
    "three hundred names": many_names,
}
