#!/usr/bin/env python3
"""Redirect mode over a veth pair, where an interface is more than its frames: busy polling and the interrupts that are put off
for it, offloads of an interface that returns, receive queues that come, frames that nobody takes at the end. Whether a driver
can busy poll is the kernel's to say: what is expected follows its count of frames received so. Needs root; prints TAP.

usage: test_busy.py SLUICE
"""
import array
import fcntl
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

from program import ALL, HOSTS, OFFICE, TUPLE, Program, difference, expected, frame, normal, why_no_mode
from wire import Wire, until

from frames import read_pcap, write_pcap    # beside the golden tests: program.py knows where
from harness import Tap

SIOCETHTOOL, ETHTOOL_SCHANNELS = 0x8946, 0x3D
DEFERRAL = ("napi_defer_hard_irqs", "gro_flush_timeout")
CHOSEN = ["2", "200000"]
RIGHTS = "-all,+bpf,+net_admin,+net_raw"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", RIGHTS, "--ambient-caps", RIGHTS,
          "--bounding-set", RIGHTS]


def deferral(wire):
    return [wire.inside(wire.spaces[1], "cat", f"/sys/class/net/{wire.far}/{name}").strip() for name in DEFERRAL]


def defer(wire, values):
    for name, value in zip(DEFERRAL, values):
        wire.inside(wire.spaces[1], "sh", "-c", f"echo {value} > /sys/class/net/{wire.far}/{name}")


def busy_polled(wire):
    """Frames that programs at the far end received by busy polling, as the kernel counts them."""
    names, values = [line.split() for line in wire.inside(wire.spaces[1], "cat", "/proc/net/netstat").splitlines()
                     if line.startswith("TcpExt:")]
    return int(dict(zip(names, values))["BusyPollRxPackets"])


def channels(wire, end, rx, tx):
    """ethtool -L."""
    ask = array.array("I", [ETHTOOL_SCHANNELS, 0, 0, 0, 0, rx, tx, 0, 0])
    name = (wire.near, wire.far)[end].encode()
    with wire.socket(end) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", name, ask.buffer_info()[0]))


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap
        self.office = [f[1] for f in read_pcap(OFFICE)]

    def redirect(self, wire, **how):
        return Program(self.sluice, self.folder, wire, "redirect", **{"lateness": "10s", **how})

    def inputs(self, wire):
        text = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
        return text[text.find("\nxdp"):text.find("\npcap")]

    def account(self, live, status, sent):
        """What is wrong with a run's books; empty: nothing."""
        ledger, faults = live.ledger(), live.balances()
        if status != 0:
            faults.append(f"exit status {status}")
        if ledger and ledger["received"] + ledger["missed"] != sent:
            faults.append(f"{sent} frames sent, {ledger['received']} received, {ledger['missed']} missed")
        return faults

    def decided(self, live, times=1):
        """Waits for what the first frames of an interface show."""
        said = ("busy polling, its interrupts", "busy polling with interrupts", "no busy polling: its driver")
        return until(lambda: sum(live.said().count(text) for text in said) == times, 10)

    def poll_kind(self, wire, live, during, before):
        """What is wrong with what was said and set, given what the kernel counted."""
        counted, said, faults = busy_polled(wire), live.said(), []
        if counted and ("its interrupts are put off" not in said or during != CHOSEN):
            faults.append(f"{counted} frames busy polled, but during the run {DEFERRAL} were {during}")
        if not counted and ("by interrupts, as with input.xdp_poll = wakeup" not in said or during != before):
            faults.append(f"no frames busy polled, but during the run {DEFERRAL} were {during}, {before} before")
        return faults

    def busy(self):
        for queues, sets in ((1, {}), (2, {}), (2, {"workers": 2, "dispatch": "software"})):
            fact = f"busy: the records of the capture, {queues} queue{'s' * (queues > 1)}, {sets.get('workers', 1)} worker{'s' * (len(sets) > 0)}; " \
                   "what the driver cannot is said"
            for calm in (1, 3, 9):      # slower where a machine is too busy for all frames
                live, notes = self.busy_once(queues, calm, sets)
                if not live.ledger().get("missed") and not live.ledger().get("shed"):
                    break
            notes += difference(expected(self.sluice, self.folder, [OFFICE], HOSTS), normal(live.lines()))
            self.tap.line(not notes, fact, notes + live.why())

    def busy_once(self, queues, calm, sets):
        """The run, and what is wrong but for its records."""
        with Wire(queues) as wire:
            before = ["0", "70000"]
            defer(wire, before)
            live = self.redirect(wire, key=HOSTS, xdp_poll="busy", **sets)
            notes = [] if live.attached() else ["not attached"]
            sent = wire.send(self.office[:50])
            notes += [] if self.decided(live) else ["nothing said of busy polling"]
            sent += wire.send(self.office[50:], calm=calm)
            during = deferral(wire)
            status = live.finish()
            notes += self.poll_kind(wire, live, during, before)
            after = deferral(wire)
        if after != before:
            notes.append(f"{DEFERRAL} were {before} before and {after} after")
        return live, notes + self.account(live, status, sent)

    def chosen(self):
        fact = "busy: what somebody has chosen for the interrupts stays"
        with Wire() as wire:
            before = ["5", "50000"]
            defer(wire, before)
            live = self.redirect(wire, xdp_poll="busy")
            attached = live.attached()
            sent = wire.send(self.office[:100])
            told, during = self.decided(live), deferral(wire)
            status = live.finish()
            after = deferral(wire)
        notes = self.account(live, status, sent)
        self.tap.line(attached and told and not notes and before == during == after, fact, [f"{during} {after}"] + notes + live.why())

    def wakeup(self):
        fact = "wakeup: no busy polling, and the log says how frames come"
        with Wire() as wire:
            before = deferral(wire)
            live = self.redirect(wire)
            live.attached()
            sent = wire.send(self.office[:100])
            time.sleep(1.2)
            during, counted = deferral(wire), busy_polled(wire)
            status = live.finish()
        notes = self.account(live, status, sent)
        good = not notes and before == during and counted == 0 and "native XDP, AF_XDP sockets on 1 receive queue" in live.said() \
            and "by interrupts; memory" in live.said() and "copied by the kernel" in live.said() and "busy polling" not in live.said()
        self.tap.line(good, fact, [f"{during} {counted}"] + notes + live.why())

    def rights(self):
        fact = "busy: three capabilities are enough, and what needs a file of root's is said"
        os.chmod(self.folder, 0o777)
        with Wire() as wire:
            before = deferral(wire)
            live = self.redirect(wire, before=NOBODY, xdp_poll="busy")
            notes = [] if live.attached() else ["not attached"]
            sent = wire.send(self.office[:100])
            notes += [] if self.decided(live) else ["nothing said of busy polling"]
            sent += wire.send(self.office[100:200])
            status = live.finish()
            if busy_polled(wire) and "Permission denied (cure: " not in live.said():
                notes.append("nothing said of files that cannot be written")
            if deferral(wire) != before:
                notes.append(f"{DEFERRAL} were {before} before and {deferral(wire)} after")
        notes += self.account(live, status, sent)
        self.tap.line(not notes, fact, notes + live.why())

    def returns(self):
        """Other frames each time, all of them in memory at once and more in all than there is memory, so that records tell
        whether each was read where it lies."""
        fact = "an interface that returns: its offloads are off and come on again, its frames are what was sent, busy polling goes on"
        parts = [self.office[at:at + 1400] for at in (0, 1400, 2800)]
        path = os.path.join(self.folder, "returns.pcap")
        write_pcap(path, [(1700000000000000, f, len(f)) for part in parts for f in part * 5])
        notes, sent = [], 0
        with Wire() as wire:
            live = self.redirect(wire, key=TUPLE, xdp_poll="busy")
            notes += [] if live.attached() else ["not attached"]
            for i, part in enumerate(parts):
                if i > 0:
                    wire.unplug()
                    time.sleep(0.3)
                    wire.plug()
                    notes += [] if until(lambda: live.said().count("is there again") == i, 5) else [f"not back, {i}"]
                sent += wire.send(part, calm=True)
                notes += [] if self.decided(live, i + 1) else [f"nothing said of busy polling, {i}"]
                for _ in range(4):
                    live.tell(signal.SIGSTOP)
                    sent += wire.send(part)
                    live.tell(signal.SIGCONT)
                    time.sleep(0.1)
                if "rx-vlan-hw-parse is on" in self.inputs(wire):
                    notes.append(f"VLAN stripping is on, {i}")
            during = deferral(wire)
            status = live.finish()
            notes += self.poll_kind(wire, live, during, ["0", "0"])
            if "rx-vlan-hw-parse is on" not in self.inputs(wire):
                notes.append("VLAN stripping is off after the run")
            if deferral(wire) != ["0", "0"]:
                notes.append(f"{DEFERRAL} are {deferral(wire)} after the run")
        notes += difference(expected(self.sluice, self.folder, [path], TUPLE), normal(live.lines()))
        notes += self.account(live, status, sent)
        if live.said().count("went away") != 2 or live.ledger().get("missed"):
            notes.append("it went away twice")
        self.tap.line(not notes, fact, notes + live.why())

    def flooded(self):
        fact = "an interface that goes in the middle of a flood and returns: the books balance, with a receiver too"
        notes = []
        with Wire(2) as wire:
            live = self.redirect(wire, workers=2, dispatch="software")
            notes += [] if live.attached() and live.begun() else ["not attached"]
            for i in range(3):
                flood = subprocess.Popen([sys.executable, "-c", FLOOD.format(space=wire.spaces[0], name=wire.near)])
                time.sleep(0.3)
                wire.unplug()
                flood.wait(10)
                wire.plug(2)
                notes += [] if until(lambda: live.said().count("is there again") == i + 1, 5) else [f"not back, {i}"]
            before = wire.send(self.office[:500], calm=True)
            status = live.finish()
        notes += live.balances()
        if status != 0 or live.ledger().get("received", 0) < before:
            notes.append(f"exit status {status}, {before} frames sent after the last return")
        self.tap.line(not notes, fact, notes + live.why())

    def queues(self):
        fact = "receive queues that come while running: their frames are missed, and that is said once"
        notes = []
        with Wire(2) as wire:
            channels(wire, 0, 2, 1)
            channels(wire, 1, 1, 2)
            live = self.redirect(wire)
            notes += [] if live.attached() else ["not attached"]
            sent = wire.send([frame(i) for i in range(100)])
            channels(wire, 1, 2, 2)
            channels(wire, 0, 2, 2)
            said = live.hears("2 receive queues, and sockets on 1")
            sent += wire.send([frame(i) for i in range(100)], 4, calm=True)
            time.sleep(1.2)
            status = live.finish()
        notes += self.account(live, status, sent)
        if not said or live.said().count("and sockets on 1") != 1 or not live.ledger().get("missed"):
            notes.append("that is said once")
        self.tap.line(not notes, fact, notes + live.why())

    def fewer(self):
        fact = "an interface that returns with fewer receive queues, then with more: those that there are work, and the rest is said"
        notes = []
        with Wire(2) as wire:
            live = self.redirect(wire)
            notes += [] if live.attached() and live.begun() else ["not attached"]
            sent = wire.send(self.office[:200], calm=True)
            for i, queues in enumerate((1, 3)):
                time.sleep(0.3)
                wire.unplug()
                wire.plug(queues)
                notes += [] if until(lambda: live.said().count("is there again") == i + 1, 5) else [f"not back, {i}"]
                sent += wire.send([frame(k) for k in range(100)], 2, calm=True)
            status = live.finish()
        notes += self.account(live, status, sent)
        said = live.said()
        if "1 receive queues instead of 2" not in said or "3 receive queues, and sockets on 2" not in said:
            notes.append("the numbers of queues were not said")
        self.tap.line(not notes, fact, notes + live.why())

    def end(self):
        fact = "what still lies in the sockets at the end of a run is missed, and counted"
        notes = []
        for _ in range(4):
            with Wire() as wire:
                live = self.redirect(wire, key=ALL)
                notes += [] if live.attached() else ["not attached"]
                live.tell(signal.SIGSTOP)
                sent = wire.send([frame(i) for i in range(100)], 50)
                live.tell(signal.SIGINT)
                notes += self.account(live, live.end(signal.SIGCONT), sent)
        self.tap.line(not notes, fact, notes + live.why())

    def long(self):
        """Of a kernel before 6.6 a frame in several pieces cannot be had."""
        fact = "an MTU whose frames a socket cannot take is refused, with the kernel that could and the MTU that can be"
        with Wire(mtu=9000) as wire:
            live = self.redirect(wire)
            if live.attached():
                live.end()
                return self.tap.skip(fact, "sockets of this kernel take such frames (Linux 6.6)")
            status = live.end()
        said = live.said()
        good = status == 1 and "MTU 9000" in said and "Linux 6.6" in said and f"ip link set dev {wire.far} mtu 3822" in said
        self.tap.line(good, fact, live.why())

    def told(self):
        fact = "sluice inputs tells whether the kernel can busy poll"
        with Wire() as wire:
            text = self.inputs(wire)
            nobody = subprocess.run(wire.at_far(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", self.sluice, "inputs"]),
                                    capture_output=True, text=True).stdout
        self.tap.line("busy polling   able" in text and "no privilege to busy poll" in nobody, fact, [text, nobody])


# Until the interface is gone.
FLOOD = """
import ctypes, socket
with open("/run/netns/{space}") as there:
    ctypes.CDLL(None).setns(there.fileno(), 0x40000000)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
try:
    s.bind(("{name}", 0))
    while True:
        s.send(bytes(12) + bytes([8, 0]) + bytes(46))
except OSError:
    pass
"""


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if reason := why_no_mode(sys.argv[1], "redirect"):
        print(f"1..0 # SKIP {reason}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-busy-") as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        parts = ["wakeup", "busy", "chosen", "rights", "returns", "flooded", "queues", "fewer", "end", "long", "told"]
        for part in sys.argv[2:] or parts:
            getattr(suite, part)()
    tap.end()


if __name__ == "__main__":
    main()
