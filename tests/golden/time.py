#!/usr/bin/env python3
"""Event time end to end: documented examples of lateness, captures whose clocks differ or jump by years, broken time stamps, bounds on
memory. What must come out is the model's (windows_model.py).

usage: time.py SLUICE
"""
import json
import os
import resource
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import windows_model as model  # noqa: E402
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402

MS, SECOND, MINUTE, DAY = 1000, 1000000, 60000000, 86400000000
YEAR = 365 * DAY
NOON = 1700049600 * SECOND       # of a day in November 2023, UTC
WINDOWS = {"tumbles": ("tumbling", 10 * SECOND), "slides": ("sliding", 10 * SECOND, SECOND), "sessions": ("session", 5 * SECOND),
           "flows": ("flow", 30 * SECOND, 5 * SECOND)}


def packet(at, port=1):
    frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(port, 53, b"x" * 20)))
    return model.Packet(at, {"src_ip": "10.0.0.1", "src_port": port}, 48, len(frame)), (at, frame, len(frame))


def text(records):
    return sorted(json.dumps(r, sort_keys=True) for r in records)


def seconds(us):
    return f"{us // MS}ms"


class Case:
    """Captures of packets at these times, and streams over them by the source's port."""

    def __init__(self, sluice, folder, captures, windows, lateness="1s", emit=False, **sets):
        self.packets, paths = [], []
        for i, times in enumerate(captures):
            made = [packet(*(t if isinstance(t, tuple) else (t,))) for t in times]
            self.packets += [p for p, _ in made]
            paths.append(os.path.join(folder, f"{i}.pcap"))
            write_pcap(paths[-1], [f for _, f in made])
        self.windows, self.emit = windows, emit
        conf = {"input.backend": "pcap", "input.device": " ".join(f'"{p}"' for p in paths), "input.lateness": lateness,
                "input.late": "emit" if emit else "drop", "flow.rows": "1K", **{k.replace("__", "."): v for k, v in sets.items()}}
        keys = {n: ("src_port", " ".join([w[0]] + [seconds(us) for us in w[1:]])) for n, w in windows.items()}
        self.runs = [Run(sluice, folder, {**conf, "input.workers": workers}, keys) for workers in (1, 3)]
        # Of the last run; those before are in `notes`.
        self.notes, self.got = [], None
        for run in self.runs:
            lines = text(json.loads(line) for line in run.lines())
            if run.status != 0 or (self.got is not None and lines != self.got):
                self.notes += ["runs differ"] + run.why()
            self.got = lines
        self.summary = run.summary()

    def want(self, lateness, ahead=None):
        judged = list(model.late(self.packets, lateness, ahead))
        counted = [p for p, floor in judged if floor is None]
        records = [r for n, w in self.windows.items() for r in model.records(counted, model.Stream(n, ("src_port",), w))]
        if self.emit:
            records += [r for n, w in self.windows.items() for r in model.corrections(judged, model.Stream(n, ("src_port",), w))]
        return records

    def differs(self, want):
        want = text(want)
        return self.notes + ([] if want == self.got else
                             [f"missing: {r}" for r in sorted(set(want) - set(self.got))[:5]]
                             + [f"surplus: {r}" for r in sorted(set(self.got) - set(want))[:5]] + [f"{len(want)}, {len(self.got)} found"])


def documented(sluice, folder, tap):
    """Flink's example: windows of 5 minutes from 12:00, a minute of tolerance: [12:00, 12:05) takes elements until the watermark
    passes 12:06. Here the tolerance is the watermark's: it holds until the newest time passes 12:06."""
    last = NOON + 5 * MINUTE - MS                       # 12:04:59.999
    for newest, fact in ((NOON + 6 * MINUTE - 2 * MS, "before 12:06 is in its window"), (NOON + 6 * MINUTE - MS, "just before 12:06, too"),
                         (NOON + 6 * MINUTE, "at 12:06 is late")):
        case = Case(sluice, folder, [[NOON, newest, last]], {"five": ("tumbling", 5 * MINUTE)}, "1m", emit=True)
        got = sorted((r["window_start_us"], r["packets"], r.get("late", False)) for r in map(json.loads, case.got))
        late = newest - MINUTE > last
        want = [(NOON, 1, False), (NOON, 1, True), (NOON + 5 * MINUTE, 1, False)] if late else [(NOON, 2, False), (NOON + 5 * MINUTE, 1, False)]
        tap.line(got == want and not case.notes, f"of [12:00, 12:05), what comes {fact}", [str(got)] + case.notes)
    # A late element brings a further firing of its window; ones of the same step come together.
    case = Case(sluice, folder, [[NOON, NOON + 10 * MINUTE, NOON + 1, NOON + 2, NOON + 17 * MINUTE, NOON + 3]], {"five": ("tumbling", 5 * MINUTE)}, "0",
                emit=True)
    got = [r["packets"] for r in map(json.loads, case.got) if r.get("late")]
    tap.line(sorted(got) == [1, 2] and not case.differs(case.want(0)), "late ones of a step are one correction of their window", [str(case.got)])


def clocks(sluice, folder, tap):
    one = [NOON + i * 300 * MS for i in range(100)]
    other = [t + 3600 * SECOND for t in one]
    for files, fact in (((one, other), "ahead"), ((other, one), "behind")):
        for emit in (False, True):
            case = Case(sluice, folder, files, WINDOWS, emit=emit)
            late = case.summary["ledger"]["late"]
            notes = case.differs(case.want(SECOND)) + ([] if late == (100 if fact == "behind" else 0) else [f"{late} late"])
            tap.line(not notes, f"a second capture whose clock is an hour {fact}{', with corrections' if emit else ''}", notes)


def jumps(sluice, folder, tap):
    """There and back again, by years, within what libpcap can say (1970 to 2106)."""
    times, now = [], NOON
    for years in (0, 30, -40, 50, 0, -10, 40, -60, 70):
        now += years * YEAR
        times += [(now + i * 700 * MS, 1 + i % 3) for i in range(12)]
    bounds = {"flow__memory": "16M", "flow__panes": "2", "flow__spares": "1"}
    for lateness, emit in (("1s", False), ("1s", True), ("all", False)):
        case = Case(sluice, folder, [times], WINDOWS, lateness, emit, **bounds)
        notes = case.differs(case.want(None if lateness == "all" else SECOND))
        notes += [f"{n}: {s}" for n, s in case.summary["streams"].items() if s["rest"] or s["early"] or s.get("resources")]
        tap.line(not notes, f"years forward and back, lateness {lateness}{', with corrections' if emit else ''}: every window, none for the gaps", notes)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    tap.line(most < 256 << 10, "the gaps cost no memory", [f"{most} KiB"])


def broken(sluice, folder, tap):
    """One packet in twenty says 2090, and the first of them comes early."""
    sane = [NOON + i * 150 * MS for i in range(400)]
    times = [t + 66 * YEAR if i % 20 == 3 else t for i, t in enumerate(sane)]
    case = Case(sluice, folder, [times], WINDOWS, input__max_ahead="1h")
    good = [t for i, t in enumerate(sane) if i % 20 != 3]
    drops = case.summary["drops"]
    notes = case.differs(case.want(SECOND, 3600 * SECOND)) + ([] if [drops["late"], drops["future"]] == [0, 20] else [str(drops)])
    want = text(r for n, w in WINDOWS.items() for r in model.records([packet(t)[0] for t in good], model.Stream(n, ("src_port",), w)))
    tap.line(not notes and case.got == want, "broken time stamps change no window but for their packets", notes)
    case = Case(sluice, folder, [times], WINDOWS)
    tap.line(case.summary["ledger"]["late"] > 300 and not case.differs(case.want(SECOND)), "without a bound a capture's time is believed", case.notes)
    case = Case(sluice, folder, [times], WINDOWS, "all", input__max_ahead="1h")
    tap.line(case.summary["drops"]["future"] == 20 and not case.differs(case.want(None, 3600 * SECOND)), "with lateness all, too", case.notes)


def bounded(sluice, folder, tap):
    """More keys than a stream may have rows of: sums hold, others are not touched."""
    # Keys come faster than there is room for those of a second, or only for those that are open.
    for window, overflow, apart in (("tumbling", "rest", 1), ("session", "rest", 1), ("session", "rest", 2500), ("session", "evict", 1)):
        starts = NOON, NOON + 60000 * apart + 3 * SECOND
        times = [(start + i * apart, 1 + i) for start in starts for i in range(60000)]
        more = {"stream bounded": {"key": "src_port", "window": f"{window} 10s", "memory": "1M", "overflow": overflow},
                "stream free": {"key": "src_port", "window": "tumbling 10s"}}
        path = os.path.join(folder, "many.pcap")
        write_pcap(path, [packet(*t)[1] for t in times])
        run = Run(sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"', "flow.rows": "64K"}, {}, more=more)
        told = run.summary()["streams"]
        mine = [r for r in map(json.loads, run.lines()) if r["stream"] == "bounded"]
        rest = sum(r["packets"] for r in mine if r.get("rest") == "full")
        notes = [] if sum(r["packets"] for r in mine) == len(times) == told["bounded"]["packets"] else ["packets are missing"]
        notes += [] if rest == told["bounded"]["rest"] else [f"{rest} in rest records"]
        notes += [] if told["free"]["records"] >= 60000 and told["free"]["rest"] == 0 else [str(told["free"])]
        evicted = told["bounded"].get("resources", 0)
        notes += [] if ((rest > 0 and evicted <= 1) if overflow == "rest" else evicted > 1000) else [str(told["bounded"])]
        tap.line(not notes and run.status == 0, f"{window}, {apart} us apart, overflow = {overflow}: the stream's own bound, counted", notes + run.why())


def sizing(sluice, folder, tap):
    path = os.path.join(folder, "one.pcap")
    write_pcap(path, [packet(NOON)[1]])
    sets = {"input.backend": "pcap", "input.device": f'"{path}"', "flow.rows": "1M", "input.workers": 2, "flow.memory": "1G"}
    run = Run(sluice, folder, sets, {"all": ("src_port", "session 10s")})
    line = next((x for x in run.said.splitlines() if "memory: " in x), "")
    want = ("2 workers x 8 tables x 1.0 M flows", "windows 512M for about ", "stream all 512M for 3.4 M open")
    tap.line(all(w in line for w in want), "the start says how much memory for how many", [line])
    run = Run(sluice, folder, sets, {"all": ("src_ip dest_ip src_port dest_port proto", "count 5")})
    tap.line("; count 2 workers x 1 table x 1.0 M windows, 274M" in run.said, "and for windows of count", run.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for part in (jumps, documented, clocks, broken, bounded, sizing):
            part(sys.argv[1], folder, tap)
    tap.end()


main()
