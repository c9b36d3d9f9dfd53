"""What a station that does have a password, but means no good, may send; each is one coroutine that takes its line."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
import json
import random
from typing import Any
import zlib

import aiohttp

from tests.certification.lab import stamp

type Line = aiohttp.ClientWebSocketResponse
type Insider = Callable[[Line], Awaitable[None]]

TEMPLATE = "{{ states('sensor.x') }} %s%n ../../etc/passwd <script> http://127.0.0.1:1/x"


def texts(*frames: str) -> Insider:
    """Return a station that sends these texts."""

    async def come(line: Line) -> None:
        with contextlib.suppress(OSError, aiohttp.ClientError):
            for frame in frames:
                await line.send_str(frame)
            await hear(line)

    return come


def calls(action: str, *payloads: Any) -> Insider:
    """Return a station that asks these things."""
    return texts(*(json.dumps([2, f"evil-{n}", action, payload]) for n, payload in enumerate(payloads)))


async def hear(line: Line, seconds: float = 0.5) -> list[Any]:
    """Return what is said for a moment."""
    heard: list[Any] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for message in line:
                if message.type is aiohttp.WSMsgType.TEXT:
                    heard.append(json.loads(message.data))  # noqa: PERF401 - what came before the time is up counts
    return heard


def event(n: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a transaction event that is right except for what is changed."""
    return {
        "eventType": "Updated",
        "timestamp": stamp(),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": n,
        "transactionInfo": {"transactionId": "evil"},
        "evse": {"id": 1, "connectorId": 1},
    } | changes


def measured(*values: Any, **traits: Any) -> dict[str, Any]:
    """Return an event with samples."""
    return event(meterValue=[{"timestamp": stamp(), "sampledValue": [{"value": v} | traits for v in values]}])


def statuses(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    """Return status reports for pairs of EVSE and connector."""
    return [
        {"timestamp": stamp(), "connectorStatus": "Occupied", "evseId": evse, "connectorId": connector}
        for evse, connector in pairs
    ]


def row(number: int) -> dict[str, Any]:
    """Return one variable of a made-up inventory."""
    return {
        "component": {"name": f"C{number}", "evse": {"id": number}},
        "variable": {"name": TEMPLATE},
        "variableAttribute": [{"value": "v" * 1000}],
    }


async def flood(line: Line) -> None:
    """Send a thousand heartbeats without listening."""
    with contextlib.suppress(OSError, aiohttp.ClientError):
        for n in range(1000):
            await line.send_str(json.dumps([2, f"flood-{n}", "Heartbeat", {}]))
    await hear(line)


async def deaf(line: Line) -> None:
    """Ask a lot and never read an answer."""
    with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(3):
            for n in range(5000):
                await line.send_str(json.dumps([2, f"deaf-{n}", "Heartbeat", {}]))


async def pings(line: Line) -> None:
    """Ping ten thousand times."""
    with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(3):
            for _ in range(10_000):
                await line.ping(b"x" * 100)


async def bomb(line: Line) -> None:
    """Send fifty megabytes of nothing, deflated to some fifty kilobytes."""

    def pack() -> bytes:
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(b" " * 50_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)

    packed = await asyncio.to_thread(pack)
    transport = line._writer.transport
    length = len(packed)
    with contextlib.suppress(OSError):
        transport.write(bytes([0xC1, 0x80 | 127]) + length.to_bytes(8) + b"\0\0\0\0" + packed)
        await asyncio.sleep(1.0)


def raw(*octets: bytes) -> Insider:
    """Return a station that writes these octets below the level of messages."""

    async def come(line: Line) -> None:
        with contextlib.suppress(OSError):
            line._writer.transport.write(b"".join(octets))
            await asyncio.sleep(0.5)

    return come


async def half(line: Line) -> None:
    """Send half a frame and wait."""
    line._writer.transport.write(bytes([0x81, 0x80 | 126]) + (60_000).to_bytes(2) + b"\0\0\0\0" + b"[2,")
    await asyncio.sleep(1.0)


def mutations(seed: int) -> Insider:
    """Return a station that sends a right message again and again with something in it changed."""

    def changed(n: int, dice: random.Random) -> str:
        letters = list(json.dumps([2, f"m-{n}", "TransactionEvent", measured(1.0, 2.0)]))
        for _ in range(dice.randint(1, 6)):
            letters[dice.randrange(len(letters))] = chr(
                dice.choice([0x30, 0x22, 0x7B, 0x5D, 0x2C, 0x41, 0x2D, 0x1F600])
            )
        return "".join(letters)

    async def come(line: Line) -> None:
        dice = random.Random(seed)
        with contextlib.suppress(OSError, aiohttp.ClientError):
            for n in range(150):
                await line.send_str(changed(n, dice))
                await asyncio.sleep(0.005)
        await hear(line)

    return come


async def transactions(line: Line) -> None:
    """Begin five hundred transactions and end none."""
    with contextlib.suppress(OSError, aiohttp.ClientError):
        for n in range(500):
            started = event(0, eventType="Started", transactionInfo={"transactionId": f"evil-{n}"})
            await line.send_str(json.dumps([2, f"t-{n}", "TransactionEvent", started]))
    await hear(line, 2.0)


INSIDERS: dict[str, Insider] = {
    "no JSON": texts("hello", "", "{", "[", "nul", "\x00"),
    "other JSON": texts(
        "{}", "[]", "1", '"x"', "null", "[2]", '[2,"x"]', '[2,"x","Heartbeat"]', '[2,"x","Heartbeat",{},1]'
    ),
    "other kinds of message": texts(
        '[0,"a",{}]', '[1,"a",{}]', '[7,"a",{}]', '[99,"a",{}]', '[-1,"a"]', '[2.5,"a","Heartbeat",{}]'
    ),
    "numbers that are none": texts(
        '[2,"n1","Heartbeat",{"a":NaN}]', '[2,"n2","Heartbeat",{"a":1e999}]', '[2,"n3","Heartbeat",{"a":-Infinity}]'
    ),
    "a lone surrogate": texts('[2,"s","Heartbeat",{"a":"\\ud800"}]', '[2,"\\ud800","Heartbeat",{}]'),
    "keys twice": texts('[2,"k","Heartbeat",{"a":1,"a":2}]'),
    "a payload that is no object": texts(
        '[2,"p1","Heartbeat",[]]', '[2,"p2","Heartbeat",null]', '[2,"p3","Heartbeat","x"]'
    ),
    "an id of a thousand letters": texts(json.dumps([2, "i" * 1000, "Heartbeat", {}])),
    "an id that is a number, a list, nothing": texts(
        '[2,1,"Heartbeat",{}]', '[2,[],"Heartbeat",{}]', '[2,null,"Heartbeat",{}]'
    ),
    "actions nobody knows": texts(
        *(
            json.dumps([2, f"a{n}", name, {}])
            for n, name in enumerate(["", "x" * 500, "__init__", "heartbeat", TEMPLATE, "Reset"])
        )
    ),
    "thirty-three levels": texts('[2,"d","DataTransfer",{"vendorId":"x","data":' + "[" * 40 + "]" * 40 + "}]"),
    "a hundred thousand levels": texts('[2,"d","DataTransfer",{"vendorId":"x","data":' + "[" * 100_000),
    "three hundred kilobytes": texts(json.dumps([2, "big", "DataTransfer", {"vendorId": "x", "data": "y" * 300_000}])),
    "half a frame": half,
    "octets": raw(bytes([0x82, 0x84, 0, 0, 0, 0, 1, 2, 3, 4])),
    "a reserved kind of frame": raw(bytes([0x83, 0x80, 0, 0, 0, 0])),
    "an unmasked frame": raw(bytes([0x81, 0x02, 0x5B, 0x5D])),
    "text that is no UTF-8": raw(bytes([0x81, 0x84, 0, 0, 0, 0, 0xC3, 0x28, 0xFF, 0xFE])),
    "a frame that says it has an exabyte": raw(bytes([0x81, 0xFF]) + (2**60).to_bytes(8) + b"\0\0\0\0"),
    "a continuation of nothing": raw(bytes([0x80, 0x81, 0, 0, 0, 0, 65])),
    "a close code that is none": raw(bytes([0x88, 0x82, 0, 0, 0, 0, 0, 5])),
    "fifty megabytes deflated": bomb,
    "a flood": flood,
    "a flood that listens to nothing": deaf,
    "ten thousand pings": pings,
    "changed letters": mutations(7),
    "other letters changed": mutations(20_260),
    "still other letters changed": mutations(4_711),
    "EVSEs without end": calls("StatusNotification", *statuses(*((n, n) for n in range(1, 300)))),
    "EVSEs far out": calls(
        "StatusNotification", *statuses((2**31, 1), (-1, 1), (1, 2**63), (0, 0), (1.5, 1), ("1", "1"), (10**30, 1))
    ),
    "power beyond reason": calls(
        "TransactionEvent",
        measured(1e308, -1e308, 10**400, "NaN", "1e999", True, None, [], {}, measurand="Power.Active.Import"),
    ),
    "a multiplier beyond reason": calls(
        "TransactionEvent",
        measured(9.0, measurand="Power.Active.Import", unitOfMeasure={"unit": "W", "multiplier": 300}),
    ),
    "counters beyond reason": calls(
        "TransactionEvent", measured(1e300, measurand="Energy.Active.Import.Register"), measured(-5e9), measured(0)
    ),
    "a charge of a thousand per cent": calls(
        "TransactionEvent",
        measured(1000, measurand="SoC"),
        measured(-40, measurand="SoC"),
        measured("full", measurand="SoC"),
    ),
    "units nobody knows": calls(
        "TransactionEvent",
        measured(5, measurand="Power.Active.Import", unitOfMeasure={"unit": "furlong"}),
        measured(5, measurand=TEMPLATE),
    ),
    "ten thousand samples": calls("TransactionEvent", measured(*range(10_000))),
    "times beyond reason": calls(
        "TransactionEvent",
        *(
            event(timestamp=at)
            for at in [
                "9999-12-31T23:59:59Z",
                "0001-01-01T00:00:00Z",
                "yesterday",
                "",
                "2026-13-45T99:99:99Z",
                "2026-11-22T10:00:00+99:99",
                5,
                None,
            ]
        ),
    ),
    "sequence numbers beyond reason": calls(
        "TransactionEvent", *(event(n) for n in [-1, 2**31, 2**63, 10**30, 1.5, "1", None])
    ),
    "transactions without end": transactions,
    "ids that are programs": calls(
        "TransactionEvent",
        event(transactionInfo={"transactionId": TEMPLATE}),
        event(idToken={"idToken": TEMPLATE, "type": TEMPLATE}),
        event(transactionInfo={"transactionId": ""}),
    ),
    "another maker each time": calls(
        "BootNotification",
        *(
            {
                "reason": "PowerUp",
                "chargingStation": {
                    "vendorName": f"V{n} {TEMPLATE}",
                    "model": TEMPLATE,
                    "serialNumber": TEMPLATE,
                    "firmwareVersion": TEMPLATE,
                },
            }
            for n in range(60)
        ),
    ),
    "an inventory without end": calls(
        "NotifyReport",
        *(
            {
                "requestId": n,
                "generatedAt": stamp(),
                "seqNo": 0,
                "tbc": True,
                "reportData": [row(n * 100 + k) for k in range(100)],
            }
            for n in range(20)
        ),
    ),
    "events without end": calls(
        "NotifyEvent",
        *(
            {
                "generatedAt": stamp(),
                "seqNo": n,
                "eventData": [
                    {
                        "eventId": k,
                        "timestamp": stamp(),
                        "trigger": "Alerting",
                        "actualValue": TEMPLATE,
                        "eventNotificationType": "HardWiredNotification",
                        "component": {"name": f"C{n}-{k}"},
                        "variable": {"name": "Problem"},
                    }
                    for k in range(100)
                ],
            }
            for n in range(20)
        ),
    ),
    "security events without end": calls(
        "SecurityEventNotification",
        *({"type": TEMPLATE if n % 2 else f"Type{n}", "timestamp": stamp(), "techInfo": TEMPLATE} for n in range(80)),
    ),
    "cards without end": calls(
        "Authorize", *({"idToken": {"idToken": f"{n}{TEMPLATE}"[:36], "type": "ISO14443"}} for n in range(80))
    ),
    "needs beyond reason": calls(
        "NotifyEVChargingNeeds",
        {
            "evseId": 1,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_BPT",
                "departureTime": "9999-12-31T23:59:59Z",
                "v2xChargingParameters": {"maxDischargePower": 1e300, "maxChargePower": -1e300, "targetSoC": 5000},
            },
        },
    ),
    "limits beyond reason": calls(
        "NotifyChargingLimit",
        {"evseId": 10**9, "chargingLimit": {"chargingLimitSource": TEMPLATE}},
        {
            "chargingLimit": {"chargingLimitSource": "EMS"},
            "chargingSchedule": [
                {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1e300}]}
            ],
        },
    ),
    "profiles nobody asked for": calls(
        "ReportChargingProfiles",
        *(
            {"requestId": n, "chargingLimitSource": "CSO", "evseId": n, "chargingProfile": [], "tbc": True}
            for n in range(50)
        ),
    ),
    "a request to sign nonsense": calls(
        "SignCertificate",
        *(
            {"csr": csr}
            for csr in ["x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "A" * 5500]
        ),
    ),
    "addresses to call": calls(
        "DataTransfer",
        {"vendorId": "http://127.0.0.1:1/", "data": "http://127.0.0.1:1/"},
        {"vendorId": TEMPLATE, "messageId": TEMPLATE},
    ),
    "answers to nothing": texts(
        '[3,"never-asked",{}]',
        '[4,"never-asked","InternalError","",{}]',
        '[5,"never-asked","x","",{}]',
        '[3,"x"]',
        "[3]",
        "[4]",
        '[4,"x"]',
        '[3,"x",[]]',
    ),
    "messages without an answer": texts(
        '[6,"s","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"x","data":[]}]', '[6,"s","Heartbeat",{}]'
    ),
}
