#!/usr/bin/env python3
"""Windows of every kind over live traffic: they leave by the clock when nothing comes any more, comes by one of two interfaces alone,
or the interface is down; the summary and `sluice stats` say how long after they were due, and the end of the run says of what was
open that it was forced. By XDP in each mode, and by DPDK. Needs root; prints TAP.

usage: test_windows.py SLUICE
"""
import json
import subprocess
import sys
from collections import defaultdict
from functools import partial

from program import TUPLE, Program, beside, frame, why_no_mode
from wire import Wire, ip, until

from harness import Tap     # program.py knows where

# Of a second and more, or of less: panes are as wide as the narrowest asks for.
STREAMS = {"tumbles": "tumbling 500ms", "slides": "sliding 2s 500ms", "short": "session 300ms", "flows": "flow 10s 1s", "long": "session 1h"}
# What is due soon, and in how many of its windows a packet is.
GONE = {"tumbles": 1, "slides": 4, "short": 1, "flows": 1}
# Windows are due, then the lateness (1 s) and a pane pass. What a busy machine adds to that is nobody's fault.
MOST_US = 20 * 1000000


def live(sluice, mode, folder):
    """As beside() wants it."""
    facts = []

    def line(*fact):
        facts.append(fact)

    more = [a for name, window in STREAMS.items() for a in ("--set", f"stream.{name}.key={TUPLE}", "--set", f"stream.{name}.window={window}")]
    socket = f"{folder}/socket"
    with Wire() as wire:
        run = Program(sluice, folder, wire, mode=mode, more=more + ["--set", f"control.socket={socket}"])
        attached = run.attached()
        sent = wire.send([frame(i) for i in range(100)], repeat=2, calm=1)

        def packets(state=lambda r: True):
            sums = defaultdict(int)
            for r in run.records():
                sums[r["stream"]] += r["packets"] if state(r) else 0
            return sums

        soon = attached and until(lambda: all(packets()[s] == n * sent for s, n in GONE.items()), 30)
        line(soon and not packets()["long"], f"{mode}: what is due leaves while nothing comes", [f"{sent} sent", str(dict(packets()))] + run.why())
        reasons = {r["reason"] for r in run.records() if r["stream"] in ("short", "flows")}
        line(reasons == {"idle"} and not any("reason" in r for r in run.records() if r["stream"] == "slides"),
             f"{mode}: sessions and flows ended idle", [str(reasons)])
        # Of what comes just ahead of the interface's end, too. Far goes with near, by its carrier.
        last = wire.send([frame(i) for i in range(100)])
        ip("-n", wire.spaces[0], "link", "set", wire.near, "down")
        down = soon and until(lambda: packets()["flows"] > sent and all(packets()[s] == n * packets()["flows"] for s, n in GONE.items()), 30)
        line(down and packets()["flows"] <= sent + last, f"{mode}: or while the interface is down", [f"{last} more sent", str(dict(packets()))] + run.why())
        sent = packets()["flows"]
        asked = subprocess.run([sluice, "stats", "--json", "--socket", socket], capture_output=True, text=True)
        told = json.loads(asked.stdout or "{}").get("streams", {})
        status = run.finish()
    delays = {name: s["emit_delay_us"] for name, s in run.summary().get("streams", {}).items()}
    line(bool(told) and all(told[s]["emit_delay_us"] == delays[s] for s in GONE), f"{mode}: stats tells the same", [str(told), str(delays), asked.stderr])
    held = all(0 < delays[s]["p99"] <= delays[s]["max"] < MOST_US for s in GONE) if delays else False
    told = {s.split(":")[0].removeprefix("stream ") for s in run.said().splitlines() if "99 of 100 within" in s}
    line(held and delays["long"] == {"max": 0, "p99": 0} and told == set(GONE), f"{mode}: how long after they were due they left",
             [str(delays), str(told)])
    forced = packets(lambda r: r.get("reason") == "forced" and r.get("partial") is True)
    line(status == 0 and packets()["long"] == sent and dict(forced) == {**{s: 0 for s in forced}, "long": sent},
             f"{mode}: what the end finds open is forced and partial", [str(dict(packets())), str(dict(forced))] + run.why())
    return facts


def two(sluice, mode, workers, folder):
    """Two interfaces of which one, and then the other, has nothing to say. As live()."""
    with Wire() as wire:
        ip("link", "add", "near2", "netns", wire.spaces[0], "type", "veth", "peer", "name", "far2", "netns", wire.spaces[1])
        for space, name in zip(wire.spaces, ("near2", "far2")):
            ip("-n", space, "link", "set", name, "up")
        run = Program(sluice, folder, wire, mode=mode, device=f"{wire.far} far2", key="in_port", window="tumbling 1s", workers=workers)
        attached = run.attached() and (mode == "dpdk" or until(lambda: "prog/xdp" in ip("-n", wire.spaces[1], "-d", "link", "show", "far2"), 10))

        def counted(port):
            return sum(r["packets"] for r in run.records() if r["in_port"] == port)

        fine, notes = attached, []
        for port, name in ((0, wire.near), (1, "near2"), (0, wire.near)):
            with wire.socket(0, name) as s:
                before = counted(port)
                for i in range(50):
                    s.send(frame(i))
            fine = fine and until(lambda: counted(port) == before + 50, 30)
            notes.append(f"port {port}: {counted(port)}")
        status = run.finish()
    return [(fine and status == 0 and run.ledger()["late"] == 0, f"{mode}, workers {workers}: an interface without traffic holds nothing up", notes + run.why())]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap, sluice, cases = Tap(), sys.argv[1], []
    for mode in ("observe", "redirect", "kernel", "dpdk"):
        reason = why_no_mode(sluice, mode)
        if reason:
            tap.skip(f"{mode}: live windows", reason)
            continue
        cases += [partial(live, sluice, mode)] + [partial(two, sluice, mode, workers) for workers in ((1,) if mode == "kernel" else (1, 3))]
    beside(tap, 4, cases)
    tap.end()


if __name__ == "__main__":
    main()
