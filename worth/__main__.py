"""What V2G would be worth, as a program: `python -m worth --help`."""

import json
import sys

from worth import options
from worth.compare import Comparison, as_json, compare
from worth.home import Way
from worth.market import NoPrices
from worth.page import page


def main() -> int:
    """Compare the three ways; write the page and the figures; return the exit code."""
    chosen = options.read()
    try:
        done = compare(chosen.home, chosen.jobs)
    except (NoPrices, OSError, UnicodeError, json.JSONDecodeError) as failure:
        sys.stderr.write(f"worth: {failure}\n")
        return 1
    if chosen.as_json is not None:
        chosen.as_json.write_text(json.dumps(as_json(done), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if chosen.out is not None:
        chosen.out.write_text(page(done, sys.argv[1:]), encoding="utf-8")
    sys.stdout.write(_summary(done))
    return 0 if not any(sum(one.promises.broken.values()) for one in done.outcomes.values()) else 2


def _summary(done: Comparison) -> str:
    """Return the main figures as lines of text."""
    lines = []
    for way, one in done.outcomes.items():
        total = one.diary.total
        lines.append(
            f"{way.value:6} net {one.net:9.2f} EUR  in {total.car_in_kwh:8.1f} kWh  out {total.car_out_kwh:7.1f} kWh  "
            f"V2G {total.v2g_h:6.0f} h  cycles {one.cycles:6.1f}  promises broken {sum(one.promises.broken.values())}"
        )
    against = [f"{done.saving(Way.V2G, way):.2f} EUR against {way.value}" for way in (Way.PLAIN, Way.SMART)]
    return "\n".join([*lines, f"V2G saves {' and '.join(against)}", ""])


if __name__ == "__main__":
    sys.exit(main())
