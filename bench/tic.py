"""The Linky's frames as the integration reads them, one JSON line each.

python -m bench.tic < bytes
"""

import json
import sys
from typing import Any

from bench.core import room

tic = room("meters.tic")


def line(frame: Any) -> str:
    """Return a frame as a line: values by label, their times, and what was refused and why."""
    return json.dumps(
        {
            "mode": str(frame.mode),
            "complete": frame.complete,
            "values": dict(frame.values),
            "at": {label: at.isoformat() for label, at in frame.at.items()},
            "refused": [{"label": one.label, "reason": str(one.reason)} for one in frame.refused],
        }
    )


def main() -> None:
    decoder = tic.TicDecoder()
    while data := sys.stdin.buffer.read1(65536):
        for frame in decoder.receive(data):
            print(line(frame), flush=True)
    for frame in decoder.close():
        print(line(frame), flush=True)


if __name__ == "__main__":
    main()
