"""The yardstick: the same planning problem as an exact mixed-integer programme (scipy, HiGHS).

Only for measuring; the integration never uses it. Shares no code with the planner.

    python -m bench.milp PROBLEM.json [OUT.json] [--gap 1e-6] [--limit 60]
"""

import argparse
import json
from pathlib import Path
import time
from typing import Any

import numpy as np
from scipy import optimize, sparse

EDGE_KW = 1e-4
OVER_EDGE_KW = 1e-6


def spread(value: Any, n: int) -> list[float]:
    """Return one figure per slot."""
    return list(value) if isinstance(value, list) else [value] * n


class Model:
    """Rows and columns as they are named."""

    def __init__(self) -> None:
        """Start empty."""
        self.cost: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def var(self, low: float, high: float, cost: float = 0.0, *, whole: bool = False) -> int:
        """Add a variable."""
        self.cost.append(cost)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def row(self, terms: list[tuple[int, float]], low: float = -np.inf, high: float = np.inf) -> None:
        """Add a constraint low <= sum <= high."""
        merged: dict[int, float] = {}
        for name, factor in terms:
            merged[name] = merged.get(name, 0.0) + factor
        self.rows.append((merged, low, high))

    def solve(self, gap: float, limit: float) -> Any:
        """Solve."""
        data, rows, cols = [], [], []
        for r, (terms, _, _) in enumerate(self.rows):
            for c, f in terms.items():
                rows.append(r)
                cols.append(c)
                data.append(f)
        a = sparse.csr_array((data, (rows, cols)), shape=(len(self.rows), len(self.cost)))
        return optimize.milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=optimize.Bounds(np.array(self.low), np.array(self.high)),
            constraints=optimize.LinearConstraint(a, [r[1] for r in self.rows], [r[2] for r in self.rows]),
            options={"mip_rel_gap": gap, "time_limit": limit},
        )


class Home:
    """One problem as a model."""

    def __init__(self, problem: dict[str, Any]) -> None:
        """Build everything."""
        self.p, self.m = problem, Model()
        p, ev = problem, problem["ev"]
        self.n = n = len(p["import_price"])
        self.h = [x / 60 for x in spread(p["slot_minutes"], n)]
        self.cap = ev["capacity_kwh"]
        self.away = [False] * n
        self.ends = {d["slot"]: d for d in p["departures"]}
        self.backs = {}
        for d in p["departures"]:
            back = d.get("return_slot")
            for k in range(d["slot"], n if back is None else back):
                self.away[k] = True
            if back is not None:
                self.backs[back] = d
        self.power: list[list[tuple[int, float]]] = [[] for _ in range(n)]
        self.on: dict[str, list[list[int]]] = {"charge": [[] for _ in range(n)], "discharge": [[] for _ in range(n)]}
        self.moves: list[list[tuple[int, float]]] = [[] for _ in range(n)]
        for k in range(n):
            if not self.away[k]:
                self._bands(k, "charge")
                self._bands(k, "discharge")
        self._battery()
        for k in range(n):
            self._grid(k)
        self._rhythm()

    def _top(self, k: int, kind: str) -> float:
        ev, p = self.p["ev"], self.p
        top = ev[kind]["max_kw"]
        limit = ev.get(f"{kind}_limit_kw")
        if limit is not None:
            top = min(top, spread(limit, self.n)[k])
        if kind == "discharge" and not p.get("ev_export_allowed", True):
            top = min(top, max(0.0, p["house_load_kw"][k] - p["pv_kw"][k]))
        return float(top)

    def _bands(self, k: int, kind: str) -> None:
        spec, top = self.p["ev"][kind], self._top(k, kind)
        sign = 1 if kind == "charge" else -1
        steps = spec["efficiency"]
        for i, step in enumerate(steps):
            low = max(spec["min_kw"], 0.0 if i == 0 else step["from_kw"] + OVER_EDGE_KW)
            high = top if i + 1 == len(steps) else min(top, steps[i + 1]["from_kw"] - EDGE_KW)
            if step["from_kw"] <= high < low and spec["min_kw"] <= high:
                low = high  # the edge itself, where a limit ends on it
            if high < low or high <= 0:
                continue
            factor = step["eff"] if sign > 0 else 1 / step["eff"]
            per_kw = factor * self.h[k]
            on = self.m.var(0, 1, whole=True)
            w = self.m.var(0, high, self.p["degradation_eur_per_kwh"] * per_kw)
            self.m.row([(w, 1), (on, -high)], high=0)
            self.m.row([(w, 1), (on, -low)], low=0)
            self.power[k].append((w, sign))
            self.moves[k].append((w, sign * per_kw))
            self.on[kind][k].append(on)

    def _ceiling(self, boundary: int) -> float:
        ev = self.p["ev"]
        near = any(0 <= d["slot"] - boundary < ev["final_approach_slots"] for d in self.p["departures"])
        pct = max(ev["overshoot_pct"], ev["soc_max_pct"]) if near else ev["overshoot_pct"]
        return float(pct / 100 * self.cap)

    def _battery(self) -> None:
        p, m, ev, pen, cap = self.p, self.m, self.p["ev"], self.p["penalties"], self.cap
        floor = ev["soc_min_pct"] / 100 * cap
        gone = bool(p["departures"]) and p["departures"][-1].get("return_slot") is None
        worth = p["terminal_value_eur_per_kwh"]
        e = m.var(ev["soc_start_pct"] / 100 * cap, ev["soc_start_pct"] / 100 * cap)
        for k in range(self.n):
            if any(self.on[x][k] for x in self.on):
                m.row([(x, 1) for kind in self.on for x in self.on[kind][k]], high=1)
            nxt = m.var(0, cap)
            flow = [(w, -f) for w, f in self.moves[k]]
            b = k + 1
            if self.away[k] and b in self.backs:
                trip = self.backs[b]["trip_kwh"]
                missing = m.var(0, trip, 2 * pen["target_eur_per_kwh"])
                empty = m.var(0, 1, whole=True)
                m.row([(missing, 1), (empty, -trip)], high=0)
                m.row([(nxt, 1), (empty, cap)], high=cap)
                m.row([(nxt, 1), (e, -1), (missing, -1)], low=-trip, high=-trip)
            else:
                m.row([(nxt, 1), (e, -1), *flow], low=0, high=0)
            if not self.away[k]:
                ceiling = self._ceiling(b)
                for on in self.on["discharge"][k]:
                    m.row([(nxt, 1), (on, -floor)], low=0)
                for on in self.on["charge"][k]:
                    m.row([(nxt, 1), (on, cap - ceiling)], high=cap)
                low = m.var(0, np.inf, pen["soc_min_eur_per_kwh_h"] * self.h[k])
                m.row([(low, 1), (nxt, 1)], low=floor)
                over = m.var(0, np.inf, pen["soc_max_eur_per_kwh_h"] * self.h[k])
                m.row([(over, 1), (nxt, -1)], low=-ceiling)
            if b in self.ends:
                d = self.ends[b]
                short = m.var(0, np.inf, pen["target_eur_per_kwh"])
                m.row([(short, 1), (nxt, 1)], low=d["target_soc_pct"] / 100 * cap)
                much = m.var(0, np.inf, pen["departure_excess_eur_per_kwh"])
                m.row([(much, 1), (nxt, -1)], low=-ev["soc_max_pct"] / 100 * cap)
                if gone and d is p["departures"][-1]:
                    m.cost[nxt] -= worth
            e = nxt
        if not gone:
            m.cost[e] -= worth

    def _grid(self, k: int) -> None:
        p, m, h = self.p, self.m, self.h[k]
        lim_in = spread(p["grid"]["import_limit_kw"], self.n)[k]
        lim_out = spread(p["grid"]["export_limit_kw"], self.n)[k]
        pi, pe, fine = p["import_price"][k], p["export_price"][k], p["penalties"]["grid_excess_eur_per_kwh"]
        load, sun = p["house_load_kw"][k], p["pv_kw"][k]
        big = load + sun + lim_in + lim_out + 50
        take = m.var(0, lim_in, pi * h)
        take_over = m.var(0, big, (pi + fine) * h)
        feed = m.var(0, lim_out, -pe * h)
        feed_over = m.var(0, big, (fine - pe) * h)
        terms = [(take, 1), (take_over, 1), (feed, -1), (feed_over, -1), *((w, -s) for w, s in self.power[k])]
        if p.get("pv_curtailable"):
            terms.append((m.var(0, sun), -1))
        m.row(terms, low=load - sun, high=load - sun)
        if pe > pi - 1e-9:
            way = m.var(0, 1, whole=True)
            m.row([(take, 1), (take_over, 1), (way, -2 * big)], high=0)
            m.row([(feed, 1), (feed_over, 1), (way, 2 * big)], high=2 * big)
        for on in self.on["charge"][k]:
            m.row([(take_over, 1), (on, big)], high=big)
        for on in self.on["discharge"][k]:
            m.row([(feed_over, 1), (on, big)], high=big)

    def _rhythm(self) -> None:
        p, m = self.p, self.m
        run, idle, price = p.get("min_run_slots", 1), p.get("min_idle_slots", 1), p.get("start_cost_eur", 0.0)
        now, age = p.get("initial_mode", "idle"), p.get("initial_mode_slots", 10**6)
        for k in range(self.n):
            if self.away[k]:
                continue
            until = next((j for j in range(k, self.n) if self.away[j]), self.n)
            fresh = k == 0 or self.away[k - 1]
            for kind, ons in self.on.items():
                began = m.var(0, 1, price)
                was = [] if fresh else [(x, -1.0) for x in ons[k - 1]]
                if not (k == 0 and now == kind):
                    m.row([(began, -1), *((x, 1.0) for x in ons[k]), *was], high=0)
                    for j in range(k + 1, min(k + run, until)):
                        m.row([(began, -1), *((x, 1.0) for x in ons[j])], low=0)
                if k == 0 and now == kind:
                    for j in range(min(run - age, until)):
                        m.row([(x, 1.0) for x in ons[j]], low=1)
            self._pauses(k, until, idle, now, age, fresh=fresh)

    def _pauses(self, k: int, until: int, idle: int, now: str, age: int, *, fresh: bool) -> None:
        m = self.m
        here = [(x, 1.0) for kind in self.on for x in self.on[kind][k]]
        if fresh and not (k == 0 and now != "idle"):
            if k == 0:
                for j in range(min(idle - age, until)):
                    m.row([(x, 1.0) for kind in self.on for x in self.on[kind][j]], high=0)
            return
        before = [] if k == 0 else [(x, 1.0) for kind in self.on for x in self.on[kind][k - 1]]
        constant = 1.0 if k == 0 else 0.0
        for j in range(k + 1, min(k + idle, until)):
            later = [(x, 1.0) for kind in self.on for x in self.on[kind][j]]
            m.row([*before, *((x, -f) for x, f in here), *later], high=1 - constant)

    def schedule(self, x: Any) -> list[float]:
        """Return the signed power per slot."""
        return [float(sum(s * x[w] for w, s in self.power[k])) for k in range(self.n)]


def solve(problem: dict[str, Any], gap: float = 1e-6, limit: float = 60) -> tuple[list[float] | None, float, bool]:
    """Return schedule, seconds and whether the optimum was proved."""
    start = time.process_time()
    home = Home(problem)
    answer = home.m.solve(gap, limit)
    took = time.process_time() - start
    return (None if answer.x is None else home.schedule(answer.x)), took, answer.status == 0


def main() -> None:
    """Solve one problem."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("problem", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--gap", type=float, default=1e-6)
    parser.add_argument("--limit", type=float, default=60)
    asked = parser.parse_args()
    power, took, proved = solve(json.loads(asked.problem.read_text(encoding="utf-8")), asked.gap, asked.limit)
    if asked.out and power is not None:
        asked.out.write_text(json.dumps({"power_kw": power}), encoding="utf-8")
    print(f"plan_ms={1000 * took:.1f} proved={proved}")


if __name__ == "__main__":
    main()
