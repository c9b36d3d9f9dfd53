"""The letter box for stations' diaries over real sockets: what it takes, what it refuses, what it never tells."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
import hashlib
import os
from pathlib import Path
import re
import time
from typing import Any

import aiohttp
import pytest

from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.shell.station_door import Admission, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer
from custom_components.mobilize_flex.shell.uploads import (
    TICKETS,
    Ticket,
    Upload,
    UploadFault,
    UploadLimits,
    Uploads,
    remove_logs,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

DIARY = b"2026-11-22 charging\n" * 5000
SMALL = UploadLimits(file_octets=300_000, folder_octets=700_000, files=3, upload_s=3.0, read_s=0.5)
PART = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nhello\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="../../../etc/passwd"\r\n\r\n%b\r\n--b--\r\n'


class Box:
    """A letter box at a stations' door."""

    def __init__(self, uploads: Uploads, server: StationServer) -> None:
        self.uploads = uploads
        self.server = server
        self.late_s = 0.0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def send(self, path: str, body: Any = DIARY, method: str = "PUT", **more: Any) -> int:
        async with aiohttp.ClientSession() as session, session.request(method, self.url(path), data=body, **more) as r:
            assert await r.read() == b"" or r.status == 426
            return r.status

    async def say(self, *pieces: bytes, close: bool = False) -> bytes:
        """Send octets as they are and return the first of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if close:
                return b""
            async with asyncio.timeout(5):
                return await reader.readline()
        finally:
            writer.close()

    @property
    def files(self) -> list[Path]:
        folder = self.uploads.folder
        return sorted(folder.iterdir()) if folder.is_dir() else []


type Open = Callable[..., Awaitable[Box]]


@pytest.fixture
async def open_box(tmp_path: Path) -> AsyncIterator[Open]:
    opened: list[StationServer] = []

    async def open_box(limits: UploadLimits = SMALL) -> Box:
        box: Box

        def clock() -> Moment:
            return Moment(datetime.now(UTC), time.monotonic() + box.late_s)

        async def nobody(visitor: Visitor) -> Admission:
            return Admission(Verdict.UNKNOWN)

        uploads = Uploads(tmp_path / "logs", clock, limits)
        server = StationServer(
            "127.0.0.1", 0, admit=nobody, on_fact=lambda _: None, clock=clock, schemas={}, uploads=uploads
        )
        box = Box(uploads, server)
        await server.start()
        opened.append(server)
        return box

    yield open_box
    for server in opened:
        await server.stop()


@pytest.fixture
async def box(open_box: Open) -> Box:
    return await open_box()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(250):
        await asyncio.sleep(0.02)
        if condition():
            return
    pytest.fail("it never came to be")


def arrived(ticket: Ticket) -> Upload:
    outcome = ticket.outcome.result()
    assert isinstance(outcome, Upload)
    return outcome


def header(path: str, length: int | None = None, method: str = "PUT", **fields: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [] if length is None else [f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_body_is_stored_as_it_is(box: Box, method: str) -> None:
    ticket = box.uploads.expect()
    assert re.fullmatch("/upload/[A-Za-z0-9]{32}", ticket.path)
    assert await box.send(ticket.path, DIARY, method) == 200
    upload = arrived(ticket)
    assert (upload.stored.size, upload.sha256) == (len(DIARY), hashlib.sha256(DIARY).hexdigest())
    assert upload.stored.path.read_bytes() == DIARY
    assert box.uploads.find(ticket.id) == upload.stored
    assert [file.name for file in box.files] == [f"{ticket.id}.log"]
    assert re.fullmatch(r"station-log-\d{8}-\d{6}\.log", upload.stored.file_name)


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_the_file_of_a_form_is_stored_under_a_name_of_ours(box: Box, method: str) -> None:
    ticket = box.uploads.expect()
    body = PART + FILE % DIARY
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert await box.send(ticket.path, body, method, headers=headers) == 200
    assert arrived(ticket).stored.path.read_bytes() == DIARY
    assert [file.name for file in box.files] == [f"{ticket.id}.log"]


@pytest.mark.parametrize(
    ("head", "suffix"), [(b"PK\x03\x04", ".zip"), (b"\x1f\x8b\x08", ".gz"), (b"BZh9", ".bz2"), (b"log", ".log")]
)
async def test_a_file_is_called_by_what_is_in_it(box: Box, head: bytes, suffix: str) -> None:
    ticket = box.uploads.expect()
    assert await box.send(ticket.path, head + DIARY) == 200
    stored = box.uploads.find(ticket.id)
    assert stored is not None
    assert stored.file_name.endswith(suffix)


async def test_a_station_that_asks_before_it_sends_is_told_to_go_on(box: Box) -> None:
    ticket = box.uploads.expect()
    reader, writer = await asyncio.open_connection("127.0.0.1", box.server.port)
    writer.write(header(ticket.path, 5, Expect="100-continue"))
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 100")
    await reader.readline()
    writer.write(b"hello")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200")
    writer.close()
    assert arrived(ticket).stored.size == 5


async def test_chunks_without_a_length_are_taken(box: Box) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(DIARY), 7000):
            yield DIARY[start : start + 7000]

    ticket = box.uploads.expect()
    assert await box.send(ticket.path, pieces()) == 200
    assert arrived(ticket).sha256 == hashlib.sha256(DIARY).hexdigest()


async def test_an_address_works_once(box: Box) -> None:
    ticket = box.uploads.expect()
    assert await box.send(ticket.path) == 200
    assert await box.send(ticket.path, b"other") == 404
    assert arrived(ticket).stored.path.read_bytes() == DIARY


async def test_a_broken_upload_leaves_nothing_and_may_be_repeated(box: Box) -> None:
    ticket = box.uploads.expect()
    await box.say(header(ticket.path, 50_000), b"x" * 20_000, close=True)
    await until(lambda: not ticket.busy and not box.files)
    assert not ticket.outcome.done()
    assert await box.send(ticket.path) == 200
    assert len(box.files) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"--b--\r\n"], id="a form without a file"),
        pytest.param([PART + b"--b--\r\n"], id="a form with words only"),
        pytest.param([b"no form at all"], id="no form"),
    ],
)
async def test_what_is_no_file_is_refused_and_may_be_repeated(box: Box, pieces: list[bytes]) -> None:
    ticket = box.uploads.expect()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert await box.send(ticket.path, b"".join(pieces), headers=headers) == 400
    assert not ticket.outcome.done()
    assert box.files == []
    assert await box.send(ticket.path) == 200


async def test_no_body_at_all_is_refused(box: Box) -> None:
    assert (await box.say(header(box.uploads.expect().path))).startswith(b"HTTP/1.1 400")


async def test_a_diary_without_entries_is_one_too(box: Box) -> None:
    ticket = box.uploads.expect()
    assert (await box.say(header(ticket.path, 0))).startswith(b"HTTP/1.1 200")
    assert arrived(ticket).stored.size == 0


async def test_a_form_without_a_boundary_is_refused(box: Box) -> None:
    ticket = box.uploads.expect()
    assert await box.send(ticket.path, DIARY, headers={"Content-Type": "multipart/form-data"}) == 400


@pytest.mark.parametrize("announced", [True, False])
async def test_too_much_is_refused_for_good(box: Box, announced: bool) -> None:
    ticket = box.uploads.expect()
    if announced:
        assert (await box.say(header(ticket.path, 10**12))).startswith(b"HTTP/1.1 413")
    else:
        chunk = b"%x\r\n%b\r\n" % (100_000, b"x" * 100_000)
        answer = await box.say(header(ticket.path, Transfer_Encoding="chunked"), chunk, chunk, chunk, b"1\r\nx\r\n")
        assert answer.startswith(b"HTTP/1.1 413")
    assert ticket.outcome.result() is UploadFault.TOO_LARGE
    assert box.files == []
    assert await box.send(ticket.path) == 404


async def test_a_compressed_flood_is_measured_when_it_is_unpacked(box: Box) -> None:
    import zlib  # noqa: PLC0415

    ticket = box.uploads.expect()
    bomb = zlib.compress(b"\0" * 50_000_000)
    answer = await box.say(header(ticket.path, len(bomb), Content_Encoding="deflate"), bomb)
    assert answer.startswith(b"HTTP/1.1 413")
    assert box.files == []


async def test_a_station_that_stops_in_the_middle_is_not_waited_for(box: Box) -> None:
    ticket = box.uploads.expect()
    begun = time.monotonic()
    assert (await box.say(header(ticket.path, 100), b"slow")).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - begun < 2.0
    assert box.files == []
    assert not ticket.outcome.done()


async def test_a_station_that_drips_is_not_waited_for_either(open_box: Open) -> None:
    box = await open_box(UploadLimits(upload_s=0.6, read_s=0.5))
    ticket = box.uploads.expect()
    reader, writer = await asyncio.open_connection("127.0.0.1", box.server.port)
    writer.write(header(ticket.path, 1000))
    for _ in range(8):
        writer.write(b"x")
        await asyncio.sleep(0.1)
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()
    assert box.files == []


async def test_two_at_once_do_not_mix(box: Box) -> None:
    ticket = box.uploads.expect()
    _, writer = await asyncio.open_connection("127.0.0.1", box.server.port)
    writer.write(header(ticket.path, 100) + b"first")
    await until(lambda: ticket.busy)
    assert await box.send(ticket.path) == 503
    writer.write(b"x" * 95)
    async with asyncio.timeout(5):
        await asyncio.shield(ticket.outcome)
    writer.close()
    assert arrived(ticket).stored.size == 100


@pytest.mark.parametrize(
    "path",
    [
        "/upload/" + "A" * 32,
        "/upload/",
        "/upload/..%2f..%2fsecret",
        "/upload/../../etc/passwd",
        "/upload/{token}/x",
        "/upload/{token}?x=1",
        "/upload//{token}",
        "/upload/{token}%00",
    ],
)
async def test_who_knows_no_address_gets_nothing(box: Box, path: str) -> None:
    ticket = box.uploads.expect()
    token = ticket.path.rpartition("/")[2]
    answer = await box.say(header(path.format(token=token), len(DIARY)) + DIARY)
    assert answer.startswith(b"HTTP/1.1 404")
    assert box.files == []
    assert not ticket.outcome.done()


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"])
async def test_nothing_is_served_but_the_slot(box: Box, method: str) -> None:
    ticket = box.uploads.expect()
    assert (await box.say(header(ticket.path, method=method))).startswith(b"HTTP/1.1 426")
    assert await box.send(ticket.path) == 200
    assert (await box.say(header(ticket.path, method=method))).startswith(b"HTTP/1.1 426")


async def test_an_address_is_worthless_after_an_hour(box: Box) -> None:
    ticket = box.uploads.expect()
    box.late_s = 3601.0
    assert await box.send(ticket.path) == 404


async def test_a_forgotten_address_is_worthless(box: Box) -> None:
    ticket = box.uploads.expect()
    box.uploads.forget(ticket)
    assert await box.send(ticket.path) == 404


async def test_numbers_grow_and_fit_in_31_bits(box: Box) -> None:
    numbers = [box.uploads.expect().number for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert 0 < numbers[-1] < 2**31


async def test_the_oldest_address_goes_when_there_are_too_many(box: Box) -> None:
    tickets = [box.uploads.expect() for _ in range(TICKETS + 1)]
    assert tickets[0].outcome.result() is UploadFault.REPLACED
    assert not tickets[1].outcome.done()
    assert await box.send(tickets[0].path) == 404


async def test_the_folder_keeps_the_newest_few(box: Box) -> None:
    tickets = []
    for _ in range(5):
        tickets.append(box.uploads.expect())
        assert await box.send(tickets[-1].path) == 200
        await asyncio.sleep(0.01)
    assert {file.stem for file in box.files} == {t.id for t in tickets[-3:]}


async def test_the_folder_stays_under_its_size(box: Box) -> None:
    tickets = []
    for _ in range(3):
        tickets.append(box.uploads.expect())
        assert await box.send(tickets[-1].path, b"x" * 280_000) == 200
        await asyncio.sleep(0.01)
    assert {file.stem for file in box.files} == {t.id for t in tickets[-2:]}


async def test_what_a_power_cut_left_is_swept_away(box: Box) -> None:
    box.uploads.folder.mkdir()
    old = box.uploads.folder / f"{'0' * 32}.part"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert await box.send(box.uploads.expect().path) == 200
    assert old not in box.files


async def test_a_disk_that_takes_nothing_is_said_so_and_tried_again(box: Box) -> None:
    box.uploads.folder.write_bytes(b"a file where the folder should be")
    ticket = box.uploads.expect()
    assert await box.send(ticket.path) == 507
    box.uploads.folder.unlink()
    assert await box.send(ticket.path) == 200


@pytest.mark.parametrize("log_id", ["", "..", "../x", "A" * 32, "0" * 31, "0" * 32 + "/", "0" * 32])
async def test_only_ids_of_ours_are_looked_for(box: Box, log_id: str) -> None:
    assert await box.send(box.uploads.expect().path) == 200
    assert box.uploads.find(log_id) is None


async def test_the_whole_box_can_be_removed(box: Box) -> None:
    assert await box.send(box.uploads.expect().path) == 200
    remove_logs(box.uploads.folder)
    assert not box.uploads.folder.exists()
    remove_logs(box.uploads.folder)


async def test_who_tries_addresses_waits_longer_each_time(box: Box) -> None:
    waits = []
    for _ in range(4):
        begun = time.monotonic()
        assert await box.send("/upload/" + "B" * 32, b"") == 404
        waits.append(time.monotonic() - begun)
    assert waits[3] > 0.7
