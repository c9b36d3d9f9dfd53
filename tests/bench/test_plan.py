"""The planner as a command: a problem file in, a schedule file out."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

from bench.homes import home
from bench.replay import live
from tests.core.plan.asked import made_up

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [11, 12])
def test_a_problem_file_becomes_a_schedule_file_without_home_assistant(seed: int, tmp_path: Path) -> None:
    problem, out = tmp_path / "problem.json", tmp_path / "out.json"
    problem.write_text(json.dumps(home(seed)))
    script = (
        "import sys; sys.modules['homeassistant'] = None; "
        f"sys.argv = ['plan', {str(problem)!r}, {str(out)!r}]; import bench.plan; sys.exit(bench.plan.main())"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("plan_ms=")
    schedule = [1000 * power for power in json.loads(out.read_text())["power_kw"]]
    assert live(made_up(seed), schedule).broken == []
