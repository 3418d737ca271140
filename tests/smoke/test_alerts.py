#!/usr/bin/env python3
"""Alerts of live traffic over a veth pair: they come while the program runs, name the interface, and a flood of them costs alerts,
counted, and never packets. Needs root; prints TAP.

usage: test_alerts.py SLUICE
"""
import json
import os
import sys
import tempfile
from collections import Counter

from program import HOSTS, OFFICE, RULES, Program, frame, why_no_mode
from wire import Wire, until

from frames import read_pcap    # beside the golden tests: program.py knows where
from harness import Run, Tap


def eve_sink(path):
    """Settings of an eve sink, for a program that has none in its configuration."""
    return ["--set", "sink.alerts.type=eve", "--set", f"sink.alerts.path={path}"]


def read(path):
    """The alerts that are whole lines so far."""
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f.read().split("\n")[:-1]]


def alike(alert):
    """What an alert says but for the time and the interface."""
    return json.dumps({k: v for k, v in alert.items() if k not in ("timestamp", "in_iface")}, sort_keys=True)


def office(sluice, folder, tap):
    path = os.path.join(folder, "file.json")
    Run(sluice, folder, {"input.backend": "pcap", "input.device": f'"{OFFICE}"', "input.lateness": "all"}, {"hosts": (HOSTS, "tumbling 10s")},
        RULES, more={"sink alerts": {"type": "eve", "path": path}})
    want, path = read(path), os.path.join(folder, "alerts.json")
    with Wire() as wire:
        live = Program(sluice, folder, wire, key=HOSTS, rules=RULES, more=eve_sink(path))
        attached = live.attached()
        wire.send([f[1] for f in read_pcap(OFFICE)], calm=1)
        # Not at the end alone: alerts are for those who watch.
        soon = attached and until(lambda: len(read(path)) == len(want), 20)
        status = live.finish()
    got = read(path)
    tap.line(soon and status == 0 and len(want) > 50, "alerts are in the file while the program runs",
             [f"{len(want)} wanted, {len(got)} found"] + live.why())
    tap.line(Counter(map(alike, got)) == Counter(map(alike, want)) and {a["in_iface"] for a in got} == {wire.far}
             and not any("in_iface" in a for a in want), "they are those of the capture, and name the interface",
             [str(a) for a in got[:3]] + live.why())


def flood(sluice, folder, tap):
    path, rules = os.path.join(folder, "flood.json"), os.path.join(folder, "flood.hs")
    with open(rules, "w") as f:
        f.writelines(f"{i}:/[\\x00-\\xff]/s\n" for i in range(400))
    # Nobody reads: the exporter cannot get rid of a single alert.
    os.mkfifo(path)
    keep = os.open(path, os.O_RDWR)
    with Wire() as wire:
        live = Program(sluice, folder, wire, key=HOSTS, rules=rules, more=eve_sink(path))
        attached = live.attached()
        sent = wire.send([frame(i, 100) for i in range(200)], repeat=10, calm=1)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        pid = os.fork()
        if pid == 0:
            os.set_blocking(reader, True)
            os.close(keep)
            while os.read(reader, 1 << 20):
                pass
            os._exit(0)
        status = live.finish()
    os.close(keep)
    os.close(reader)
    os.waitpid(pid, 0)
    s = live.summary()
    m, led = s.get("match", {}), s.get("ledger", {})
    good = attached and status == 0 and led.get("counted") == sent and m["events"] == 400 * sent
    good = good and m["alerts_dropped"] > 0 and m["events"] == m["alerts"] + m["alerts_dropped"]
    tap.line(good, "alerts that nobody takes are dropped and counted, packets are not", [f"{sent} sent", str(m), str(led)] + live.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap, reason = Tap(), why_no_mode(sys.argv[1], "observe")
    if reason:
        tap.skip("alerts of live traffic", reason)
        tap.end()
    with tempfile.TemporaryDirectory(prefix="sluice-alerts-") as folder:
        for part in (office, flood):
            part(sys.argv[1], folder, tap)
    tap.end()


if __name__ == "__main__":
    main()
