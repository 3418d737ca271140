#!/usr/bin/env python3
"""Observe mode over a veth pair: the frames sent are the records found, an interface may go and come,
and what cannot be is refused with the cure. Needs root; prints TAP.

usage: test_observe.py SLUICE
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from program import ALL, HOSTS, OFFICE, RULES, Program, difference, expected, frame, normal, why_no_mode
from wire import Wire, until

from frames import read_pcap    # beside the golden tests: program.py knows where
from harness import Tap

RIGHTS = "+bpf,+net_admin"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap

    def observe(self, wire, **how):
        return Program(self.sluice, self.folder, wire, **how)

    # ---- the same records as from the capture file ----

    def same_records(self, fact, path, key, rules=None, **sets):
        """The frames of a capture, sent, give the records of the capture. Where a machine is too busy for them they are sent
        again, more slowly."""
        frames = [f[1] for f in read_pcap(path)]
        for calm in (0, 1, 3, 9):
            with Wire() as wire:
                live = self.observe(wire, key=key, rules=rules, **sets)
                attached = live.attached()
                sent = wire.send(frames, calm=calm) if attached else 0
                status = live.finish()
            ledger = live.ledger()
            if not ledger.get("missed") and not ledger.get("shed") and sent == len(frames):
                break
        want = expected(self.sluice, self.folder, [path], key, rules)
        notes = difference(want, normal(live.lines()))
        if not ledger.get("balanced") or ledger["received"] != len(frames) or ledger["missed"] or sent != len(frames):
            notes.append(f"{sent} of {len(frames)} frames sent")
        self.tap.line(bool(not notes and status == 0 and want), fact, notes + live.why())

    def records(self):
        self.same_records("the recorded capture gives its records, matches included", OFFICE, ALL, rules=RULES)
        self.same_records("with two workers behind a receiver too", OFFICE, ALL, rules=RULES, workers=2)
        if os.cpu_count() > 1:
            self.same_records("with two workers that share the processors too", OFFICE, HOSTS, workers=2, dispatch="rss")
        else:
            self.tap.skip("with two workers that share the processors too", "one processor only")
        self.same_records("with a snap length that holds the headers all is counted whole", OFFICE, HOSTS, snaplen=192)

    # ---- interfaces of other kinds ----

    def shapes(self):
        """Several interfaces, one of them without native XDP; frames in several buffers."""
        say = ("import socket, sys\n"
               "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
               "for i in range(10): s.sendto(bytes(int(sys.argv[1])), ('127.0.0.1', 9))\n")
        with Wire(mtu=9000) as wire:
            wire.inside(wire.spaces[1], "ip", "link", "set", "lo", "up")
            live = self.observe(wire, key="in_port dest_port proto", device=f"{wire.far} lo", snaplen=9216)
            attached = live.attached() and live.hears("lo: generic XDP")
            sent = [frame(0, octets) for octets in range(1000, 9000, 100)]
            wire.send(sent)
            for octets in ("100", "40000"):
                wire.inside(wire.spaces[1], sys.executable, "-c", say, octets)
            status = live.finish()
        rows = {(r["in_port"], r["dest_port"]): r for r in map(json.loads, live.lines()) if r["proto"] == 17}
        far, lo = rows.get((0, 2000), {}), rows.get((1, 9), {})
        self.tap.line(attached and status == 0 and lo.get("packets") == 20 and lo["bytes"] == 10 * (128 + 40028),
                      "an interface without native XDP is observed beside another, and the log says how", live.why())
        self.tap.line(far.get("packets") == len(sent) and far["frame_bytes"] == sum(map(len, sent)),
                      "frames of several buffers are counted whole", [str(far)] + live.why())

    # ---- interfaces that go and come ----

    def away(self):
        with Wire() as wire:
            live = self.observe(wire)
            live.attached()
            wire.send([frame(1)], 100)
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "down")
            down = live.hears(f"{wire.far} is down")
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "up")
            up = live.hears(f"{wire.far} is up again")
            until(lambda: "LOWER_UP" in wire.inside(wire.spaces[0], "ip", "link", "show", wire.near), 5)
            wire.send([frame(1)], 100)
            self.tap.line(down and up, "an interface that goes down and up is told of", live.why())
            wire.unplug()
            gone = live.hears(f"{wire.far} went away")
            time.sleep(1.5)
            wire.plug()
            back = until(wire.program, 10) and live.hears(f"{wire.far} is there again")
            wire.send([frame(2)], 100)
            told = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
            status = live.finish()
            once = live.said().count("went away") == 1 and live.said().count("is there again") == 1
            left = wire.program()
        ledger = live.ledger()
        self.tap.line(bool(gone and back and once and status == 0 and ledger.get("received") == 300 and ledger["balanced"]
                           and "rx-vlan-hw-parse" not in told),
                      "an interface that goes away is taken up again when it returns, and both are said once", live.why())
        self.tap.line(left is None, "and nothing is left attached at the end", [f"program {left}"])

    # ---- what cannot be ----

    def refused(self, fact, wire, texts, before=(), expect=1, **sets):
        live = self.observe(wire, before=before, **sets)
        try:
            status = live.process.wait(20)
        except subprocess.TimeoutExpired:
            status = f"still running: {live.end(signal.SIGKILL)}"
        missing = [f"not said: {t}" for t in texts if t not in live.said()]
        self.tap.line(status == expect and not missing, fact, missing + [f"exit status {status}"] + live.why())

    def errors(self):
        with Wire() as wire:
            self.refused("an interface that is not there is named", wire, ["nosuch0", "no such interface"], device="nosuch0")
            self.refused("an interface named twice is refused", wire, ["named twice"], device=f"{wire.far} {wire.far}")
            self.refused("kernel mode with rules is refused", wire, ["input.xdp_mode: kernel", "match.rules"], expect=2, xdp_mode="kernel", rules=RULES)
            self.refused("more workers than processors are refused with dispatch = rss", wire,
                         ["input.dispatch = software"], workers=64, dispatch="rss")
            os.chmod(self.folder, 0o777)
            self.refused("without privileges the cure is said", wire, ["cap_bpf", "cap_net_admin", "setcap"], before=NOBODY)
            self.tap.line(wire.program() is None and wire.arrives(frame(1)), "after all of these nothing is attached")
            live = self.observe(wire)
            attached = live.attached()
            program = wire.program()
            second = os.path.join(self.folder, "second")
            os.makedirs(second, exist_ok=True)
            other = Program(self.sluice, second, wire)
            status = other.process.wait(20)
            said = other.said()
            self.tap.line(attached and status == 1 and f"XDP program {program} (observe)" in said and "cure:" in said
                          and wire.program() == program,
                          "an interface that has a program is refused: the program and the cure are named", [said])
            wire.send([frame(1)], 10)
            status = live.finish()
            self.tap.line(status == 0 and live.ledger().get("received") == 10, "and the first run goes on", live.why())

    def rights(self):
        with Wire() as wire:
            live = self.observe(wire, before=NOBODY + ["--inh-caps", RIGHTS, "--ambient-caps", RIGHTS])
            attached = live.attached()
            wire.send([frame(1)], 10)
            status = live.finish()
            self.tap.line(attached and status == 0 and live.ledger().get("received") == 10,
                          "CAP_BPF and CAP_NET_ADMIN are enough", live.why())
            live = self.observe(wire)
            live.attached()

            def effective():
                if live.process.poll() is not None:
                    return None
                with open(f"/proc/{live.process.pid}/status") as f:
                    return int(re.search(r"CapEff:\s*(\w+)", f.read())[1], 16)
            until(lambda: effective() == 1 << 12 | 1 << 39, 2)
            held = effective()
            live.end(signal.SIGTERM)
            fact = "after opening, root too keeps only what is needed"
            if "libcap-ng" in subprocess.run([self.sluice, "--version"], capture_output=True, text=True).stdout:
                self.tap.skip(fact, "built without libcap-ng")
            else:
                self.tap.line(held == 1 << 12 | 1 << 39, fact, [f"CapEff {held}"])

    def choice(self):
        with Wire() as wire:
            live = self.observe(wire, backend="auto")
            attached = live.attached()
            wire.send([frame(1)], 10)
            status = live.finish()
            dpdk = "dpdk passed over" in live.said() or "DPDK input: no" in subprocess.run(
                [self.sluice, "--version"], capture_output=True, text=True).stdout
            self.tap.line(attached and status == 0 and live.summary().get("backend") == "xdp" and dpdk,
                          "auto takes an interface by xdp and says why not by dpdk", live.why())

            def inputs():
                text = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
                return text[text.find("\nxdp"):text.find("\npcap")]
            before = inputs()
            live = self.observe(wire)
            live.attached()
            during = inputs()
            live.end(signal.SIGTERM)
            self.tap.line(re.search(rf"{wire.far} .*driver veth", before) and "taken: XDP program" in during
                          and "taken" not in before, "sluice inputs tells of the interface and who has it", [before, during])
            self.tap.line("rx-vlan-hw-parse is on" in before and "rx-vlan-hw-parse" not in during and inputs() == before,
                          "VLAN stripping is off during a run and on again afterwards", [before, during, inputs()])


def main():
    if why := why_no_mode(sys.argv[1], "observe"):
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        for part in sys.argv[2:] or ["records", "shapes", "away", "errors", "rights", "choice"]:
            getattr(suite, part)()
    tap.end()


if __name__ == "__main__":
    main()
