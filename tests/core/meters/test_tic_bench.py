"""The bench that prints what our own decoder hears."""

import json
from pathlib import Path
import subprocess
import sys

from tests.core.meters.wire import EOT, STX, frame, house, old_house, standard

ROOT = Path(__file__).parents[3]


def test_the_bench_prints_a_line_for_each_frame() -> None:
    hurt = frame(*house()).replace(b"SINSTS\t01234", b"SINSTS\t01235")
    wire = b"\xff" + hurt + frame(*old_house()) + STX + standard("PREF", "09") + EOT + STX + standard("NTARF", "02")
    run = subprocess.run(
        [sys.executable, "-m", "bench.tic"], input=wire, capture_output=True, cwd=ROOT, check=True, timeout=60
    )
    first, second, third, fourth = map(json.loads, run.stdout.splitlines())
    assert first.keys() == {"mode", "complete", "values", "at", "refused"}
    assert (first["mode"], first["complete"]) == ("standard", True)
    assert first["refused"] == [{"label": "SINSTS", "reason": "checksum"}]
    assert "SINSTS" not in first["values"]
    assert (first["values"]["EAST"], first["values"]["NGTF"], first["values"]["DATE"]) == (12_345_678, "TEMPO", None)
    assert first["at"]["DATE"] == "2025-11-22T18:05:00+01:00"
    assert (second["mode"], second["complete"], second["values"]["PAPP"]) == ("historic", True, 950)
    assert (third["complete"], third["values"]) == (False, {"PREF": 9})
    assert (fourth["complete"], fourth["values"]) == (False, {"NTARF": 2})
