#!/usr/bin/env python3
"""Kernel mode over a veth pair: what cannot be is refused, narrow windows add up, windows close by the clock, an interface may go and
come, and a killed run leaves nothing. Needs root; prints TAP.

usage: test_kernel.py SLUICE [PART]...
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

from flood import came, flood
from kernel_objects import held, left
from program import RULES, Program, frame, why_no_mode
from wire import Wire, ip, until

from frames import ETH_IP4, ethernet, ip4, udp    # beside the golden tests: program.py knows where
from harness import Tap

KEY = "src_ip src_port in_port"
RIGHTS = "+bpf,+net_admin"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
MS = 1000


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap

    def program(self, wire, **how):
        return Program(self.sluice, self.folder, wire, "kernel", **{"key": KEY, **how})

    # ---- what cannot be ----

    def refused(self, fact, texts, expect=1, **how):
        with Wire() as wire:
            live = self.program(wire, **how)
            status = live.wait()
            faults = [f"not said: {text}" for text in texts if text not in live.said()]
            if wire.program() is not None or not wire.arrives(frame(1)):
                faults.append("something is left at the interface")
        self.tap.line(status == expect and not faults, fact, faults + [f"exit status {status}"] + live.why())

    def errors(self):
        self.refused("rules are refused, and what to do is said", ["input.xdp_mode: kernel", "match.rules", "observe"], expect=2, rules=RULES)
        self.refused("a filter that the kernel cannot run is refused", ["input.filter"], filter="ip protochain 6")
        self.refused("an interface that is not there is named", ["nosuch0", "no such interface"], device="nosuch0")
        self.refused("without privileges the cure is said", ["cap_bpf", "cap_net_admin", "setcap"], before=NOBODY)
        with Wire() as wire:
            live = self.program(wire, workers=4)
            attached = live.attached()
            wire.send([frame(1)], 10)
            status = live.finish()
            self.tap.line(attached and status == 0 and "input.workers: 4" in live.said() and live.ledger().get("counted") == 10
                          and live.summary().get("workers") == 1, "several workers are said to be one, and no fault", live.why())

    def rights(self):
        with Wire() as wire:
            live = self.program(wire, before=NOBODY + ["--inh-caps", RIGHTS, "--ambient-caps", RIGHTS], filter="udp")
            attached = live.attached()
            # The other takes the parser's long way.
            wire.send([frame(1), ethernet(ETH_IP4, ip4("10.8.0.3", "10.8.0.2", 17, udp(1, 2), options=bytes(4)))], 10)
            status = live.finish()
            if not attached and "without CAP_PERFMON" in live.said():
                self.tap.skip("CAP_BPF and CAP_NET_ADMIN are enough", "this kernel wants CAP_PERFMON too, which was said")
            else:
                self.tap.line(attached and status == 0 and live.ledger().get("counted") == 20,
                              "CAP_BPF and CAP_NET_ADMIN are enough", live.why())

    # ---- windows ----

    def sums(self, width_us, live, status, sent):
        """What is wrong with the records of a run with such windows."""
        faults, keys, records = live.balances(), set(), live.records()
        for r in records:
            key = (r["window_start_us"], r.get("src_port"), r.get("rest"))
            if key in keys:
                faults.append(f"twice: {r}")
            keys.add(key)
            if r["window_start_us"] % width_us or r["window_end_us"] - r["window_start_us"] != width_us \
                    or not r["window_start_us"] <= r["first_us"] <= r["last_us"] < r["window_end_us"]:
                faults.append(f"not in its window: {r}")
        ledger = live.ledger()
        if status != 0 or not records or not sent or ledger.get("received", 0) + ledger.get("missed", 0) != sent:
            faults.append(f"exit status {status}, {sent} came, {len(records)} records")
        stream = live.summary().get("streams", {}).get("all", {})
        windows = len({r["window_start_us"] for r in records})
        if (stream.get("windows"), stream.get("records"), stream.get("packets")) != (windows, len(records), ledger.get("counted")):
            faults.append(f"{windows} windows found, the summary says {stream}")
        return faults, windows

    def narrow(self):
        for width in (10, 100):
            fact = f"two seconds of traffic in windows of {width} ms: each window adds up, and all of them"
            with Wire() as wire:
                live = self.program(wire, window=f"tumbling {width}ms")
                if not live.attached():
                    self.tap.line(False, fact, live.why())
                    continue
                frames, before, end = [frame(i) for i in range(100)], came(wire), time.monotonic() + 2
                while time.monotonic() < end:
                    flood(wire, frames, 1000, 0.5)
                sent = came(wire) - before
                status = live.finish()
            faults, windows = self.sums(width * MS, live, status, sent)
            # The senders pause at each look at the counter, so not every narrow window has a frame.
            # A machine so busy that the reader was held up sheds what falls into the others.
            if windows < 5 and not live.ledger().get("shed"):
                faults.append(f"{windows} windows only")
            self.tap.line(not faults, fact, faults[:8] + live.why())

    def by_the_clock(self):
        with Wire() as wire:
            live = self.program(wire, window="tumbling 500ms")
            attached = live.attached()
            wire.send([frame(1)], 7)
            # Nothing more comes.
            closed = until(lambda: sum(r["packets"] for r in live.records()) == 7, 10)
            going = live.process.poll() is None
            status = live.finish()
            self.tap.line(attached and closed and going and status == 0 and live.ledger().get("counted") == 7,
                          "without traffic windows close by the clock", live.why())

    def idle(self):
        with Wire() as wire:
            live = self.program(wire)
            attached = live.attached()
            time.sleep(1.2)
            status = live.end(signal.SIGINT)
            ledger = live.ledger()
            self.tap.line(attached and status == 0 and ledger.get("balanced") and ledger["received"] == ledger["missed"] == 0
                          and not live.records(), "a run that sees nothing balances and has no records", live.why())

    # ---- interfaces ----

    def away(self):
        with Wire() as wire:
            live = self.program(wire)
            live.attached()
            wire.send([frame(1)], 100)
            live.begun()
            wire.unplug()
            gone = live.hears(f"{wire.far} went away")
            wire.plug()
            back = until(wire.program, 10) and live.hears(f"{wire.far} is there again")
            wire.send([frame(2)], 50)
            status = live.finish()
            remains = wire.program()
        ports = {r["src_port"]: r["packets"] for r in live.records()}
        self.tap.line(bool(gone and back and status == 0 and not live.balances() and ports == {1001: 100, 1002: 50}),
                      "an interface that goes away and returns is counted on", [str(ports)] + live.why())
        self.tap.line(remains is None, "and nothing is left attached at the end", [f"program {remains}"])

    def second(self, wire):
        """Another pair between the same namespaces; its names."""
        near, far = "near2", "far2"
        ip("link", "add", near, "netns", wire.spaces[0], "type", "veth", "peer", "name", far, "netns", wire.spaces[1])
        ip("-n", wire.spaces[0], "link", "set", near, "up")
        ip("-n", wire.spaces[1], "link", "set", far, "up")
        until(lambda: "LOWER_UP" in ip("-n", wire.spaces[0], "link", "show", near), 5)
        return near, far

    def filtered(self):
        """Two interfaces, a filter, and a kill."""
        tcp = ethernet(ETH_IP4, ip4("10.8.0.1", "10.8.0.2", 6, bytes(20)))
        with Wire() as wire:
            near, far = self.second(wire)
            live = self.program(wire, device=f"{wire.far} {far}", filter="udp port 2000")
            attached = live.attached() and until(lambda: "prog/xdp" in ip("-n", wire.spaces[1], "-d", "link", "show", far), 10)
            wire.send([frame(1), tcp], 30)
            with wire.socket(0, near) as s:
                for _ in range(20):
                    s.send(frame(1))
                    s.send(ethernet(0x0806, bytes(46)))
            status = live.finish()
            ports, ledger = {r["in_port"]: r["packets"] for r in live.records()}, live.ledger()
            self.tap.line(attached and status == 0 and ports == {0: 30, 1: 20} and ledger["filtered"] == 30
                          and ledger["non_ip"] == 20 and ledger["missed"] == 0 and not live.balances(),
                          "two interfaces behind a filter are counted each for itself", [str(ports)] + live.why())
            live = self.program(wire, device=f"{wire.far} {far}", filter="udp port 2000", window="tumbling 10ms")
            attached = live.attached()
            flood(wire, [frame(i) for i in range(100)], 2000)
            live.tell(signal.SIGSTOP)
            objects = held(live.process.pid)
            killed = live.end(signal.SIGKILL) == -signal.SIGKILL
            # The kernel (6.18) never frees an array of programs that somebody looks at while it is being cleared.
            time.sleep(1)
            gone = until(lambda: wire.program() is None and not left(objects), 10)
            kinds = {kind for kind, _ in objects}
            self.tap.line(attached and killed and gone and kinds == {"prog", "map", "link"} and wire.arrives(frame(1)),
                          f"killed with {len(objects)} programs, maps and links it leaves none of them",
                          left(objects) + [str(kinds)] + live.why())


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if why := why_no_mode(sys.argv[1], "kernel"):
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-kernel-") as folder:
        os.chmod(folder, 0o777)
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        for part in sys.argv[2:] or ["errors", "rights", "narrow", "by_the_clock", "idle", "away", "filtered"]:
            getattr(suite, part)()
    tap.end()


if __name__ == "__main__":
    main()
