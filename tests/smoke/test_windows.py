#!/usr/bin/env python3
"""Windows of every kind over live traffic: they leave by the clock when nothing comes any more, and the end of the run says of what was
open that it was forced. Needs root; prints TAP.

usage: test_windows.py SLUICE
"""
import sys
import tempfile
from collections import defaultdict

from program import TUPLE, Program, frame, why_no_mode
from wire import Wire, until

from harness import Tap     # program.py knows where

# Of a second and more, or of less: panes are as wide as the narrowest asks for.
STREAMS = {"slides": "sliding 2s 500ms", "short": "session 300ms", "flows": "flow 10s 1s", "long": "session 1h"}
GONE = ("slides", "short", "flows")


def live(sluice, folder, tap, mode):
    more = [a for name, window in STREAMS.items() for a in ("--set", f"stream.{name}.key={TUPLE}", "--set", f"stream.{name}.window={window}")]
    with Wire() as wire:
        run = Program(sluice, folder, wire, mode=mode, more=more)
        attached = run.attached()
        sent = wire.send([frame(i) for i in range(100)], repeat=2, calm=1)

        def packets(state=lambda r: True):
            sums = defaultdict(int)
            for r in run.records():
                sums[r["stream"]] += r["packets"] if state(r) else 0
            return sums

        # A packet is in four windows that slide.
        soon = attached and until(lambda: [packets()[s] for s in GONE] == [4 * sent, sent, sent], 30)
        tap.line(soon and not packets()["long"], f"{mode}: what is due leaves while nothing comes", [f"{sent} sent", str(dict(packets()))] + run.why())
        reasons = {r["reason"] for r in run.records() if r["stream"] in ("short", "flows")}
        tap.line(reasons == {"idle"} and not any("reason" in r for r in run.records() if r["stream"] == "slides"),
                 f"{mode}: sessions and flows ended idle", [str(reasons)])
        status = run.finish()
    forced = packets(lambda r: r.get("reason") == "forced" and r.get("partial") is True)
    tap.line(status == 0 and packets()["long"] == sent and dict(forced) == {**{s: 0 for s in forced}, "long": sent},
             f"{mode}: what the end finds open is forced and partial", [str(dict(packets())), str(dict(forced))] + run.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    for mode in ("observe", "kernel"):
        reason = why_no_mode(sys.argv[1], mode)
        if reason:
            tap.skip(f"{mode}: live windows", reason)
            continue
        with tempfile.TemporaryDirectory(prefix="sluice-windows-") as folder:
            live(sys.argv[1], folder, tap, mode)
    tap.end()


if __name__ == "__main__":
    main()
