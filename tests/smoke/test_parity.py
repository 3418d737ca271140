#!/usr/bin/env python3
"""The same answers by another way: every Ethernet capture of the golden set and of ../shared/data, sent over a wire and
received through XDP, gives the records and the ledger of the capture file. Needs root; prints TAP.

usage: test_parity.py observe|redirect|kernel SLUICE

SLUICE_SMOKE_EVERY=N takes every N-th capture of ../shared/data only. Times are normalised: frames keep their order, all fall
into one window. What no wire can carry is left out on both sides and listed.
"""
import ipaddress
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict

from bundle import Bundle
from captures import Sendable, read, shared
from program import ALL, OFFICE, TIMES, TUPLE, WINDOW, why_no_mode
from wire import Live

from frames import write_pcap    # beside the golden tests: program.py knows where
from harness import ROOT, Tap
from made import captures as made_captures

MODES = ("observe", "redirect", "kernel")
DATA = os.path.join(ROOT, "..", "shared", "data")
RULES = os.path.join(ROOT, "conf", "rules", "example.hs")

# What an XDP program that takes frames in pieces still attaches to, and AF_XDP sockets without that (Linux 6.6).
MTU, MTU_ONE_PIECE = 65535, 3498
LONGEST = 65535     # octets that observe mode copies
PAIRS = 64          # captures at a time
TRIES = 4           # of a batch, while the machine is too busy to take every frame

STREAMS = {"all": (ALL, "no"), "coarse": ("in_port proto vlan", "no"), "both": (f"{TUPLE} in_port", "yes")}
# A capture file has no in_port: there each capture has a window of its own instead, and all are over before a first fragment
# is forgotten.
SLICE_US = 100000
START_US = 1700000000 * 1000000
TUNNELS = "gre vxlan geneve gtpu ipip"


class Batch:
    """Captures that are sent one after the other, each over a pair of its own."""

    def __init__(self, title, captures, tunnels):
        self.title, self.captures, self.tunnels = title, captures, tunnels
        self.n = sum(len(c.frames) for c in captures)

    def write(self, path):
        frames = []
        for slot, capture in enumerate(self.captures):
            if len(capture.frames) > SLICE_US:
                raise ValueError(f"{capture.name}: more than {SLICE_US} frames")
            start = START_US + slot * SLICE_US
            frames += [(start + i, octets, len(octets)) for i, octets in enumerate(capture.frames)]
        write_pcap(path, frames)


def batches(captures):
    """Neighbours are often variants of one capture, with the same fragments: they go into different batches."""
    by_tunnels = defaultdict(list)
    for capture in captures:
        if capture.frames:
            by_tunnels[TUNNELS if capture.tunnels is None else capture.tunnels].append(capture)
    for tunnels, group in by_tunnels.items():
        n = (len(group) + PAIRS - 1) // PAIRS
        for i in range(n):
            title = f"batch {i + 1} of {n}" if n > 1 else f"tunnels looked into: {tunnels or 'none'}"
            yield Batch(title, group[i::n], tunnels)


def lower_first(record):
    """A record of both directions as if the lower end had begun."""
    ends = [(ipaddress.ip_address(record[f"{end}_ip"]), record[f"{end}_port"]) for end in ("src", "dest")]
    if [(a.version, int(a), port) for a, port in ends] != sorted((a.version, int(a), port) for a, port in ends):
        for name in ("ip", "port"):
            record[f"src_{name}"], record[f"dest_{name}"] = record[f"dest_{name}"], record[f"src_{name}"]
        for name in ("packets", "bytes", "frame_bytes", "tcp_flags"):
            record[name], record[f"rev_{name}"] = record[f"rev_{name}"], record[name]
    return record


class Answer:
    """Exit status, records and summary of a run. `port_of` says by which port a record's frames came in. `apart`: no two packets
    of a conversation have the same time, so that it can be told who began."""

    def __init__(self, status, folder, said, port_of, apart):
        self.status, self.said, self.apart = status, said, apart
        self.records, self.summary = Counter(), {}
        self.matches = 0
        try:
            with open(os.path.join(folder, "records.jsonl")) as f:
                for line in f:
                    self.add(json.loads(line), port_of)
            with open(os.path.join(folder, "summary.json")) as f:
                self.summary = json.load(f)
        except (OSError, ValueError) as e:
            self.said += f"\n{e}"

    def add(self, record, port_of):
        record["in_port"] = port_of(record)
        if "rev_packets" in record and not self.apart:
            record = lower_first(record)
        self.matches += record["matches"] if record["stream"] == "all" else 0
        self.records[json.dumps({k: v for k, v in record.items() if k not in TIMES}, sort_keys=True)] += 1

    def counts(self):
        """What must be equal of the summary."""
        s = self.summary
        if not s:
            return {}
        return {
            "ledger": {k: v for k, v in s["ledger"].items() if k != "missed"},
            "drops": {k: v for k, v in s["drops"].items() if v},
            "streams": {name: {k: v for k, v in stream.items() if k not in ("windows", "emit_delay_us")} for name, stream in s["streams"].items()},
            "events": s.get("match", {}).get("events", 0),
        }

    def lost(self):
        """Frames that the machine was too busy for. One that is not counted so is no excuse."""
        ledger = self.summary.get("ledger", {})
        return ledger.get("missed", 0) + ledger.get("shed", 0)


def configuration(folder, input_, tunnels, rules, window, cache):
    """Writes it, without what an earlier run left; returns its path."""
    for name in ("records.jsonl", "summary.json"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    path = os.path.join(folder, "test.conf")
    with open(path, "w") as f:
        f.write("[input]\n" + "".join(f"{k} = {v}\n" for k, v in input_.items()) + f"tunnels = {tunnels}\n")
        f.write("[flow]\nrows = 64K\n")
        if rules:
            f.write(f"[match]\nrules = \"{RULES}\"\ncache = \"{cache}\"\n")
        for name, (key, biflow) in STREAMS.items():
            f.write(f"[stream {name}]\nkey = {key}\nwindow = {window}\nbiflow = {biflow}\n")
        f.write("[sink out]\ntype = json\npath = records.jsonl\n")
    return path


class Suite:
    def __init__(self, sluice, mode, folder, tap):
        self.sluice, self.mode, self.tap = sluice, mode, tap
        self.rules = mode != "kernel"
        self.apart = mode != "redirect"     # there the clock is read once a burst
        self.folders = {}
        for name in ("file", "live", "cache"):
            self.folders[name] = os.path.join(folder, name)
            os.mkdir(self.folders[name])
        self.captures = self.frames = self.matches = self.again = 0

    def argv(self, name, *conf):
        path = configuration(self.folders[name], *conf, self.folders["cache"])
        return [self.sluice, "run", path, "--summary", os.path.join(self.folders[name], "summary.json")]

    def by_file(self, batch):
        folder = self.folders["file"]
        capture = os.path.join(folder, "batch.pcap")
        batch.write(capture)
        argv = self.argv("file", {"backend": "pcap", "device": f'"{capture}"', "lateness": "all"}, batch.tunnels, self.rules,
                         f"tumbling {SLICE_US // 1000}ms")
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120)
        return Answer(done.returncode, folder, done.stdout + done.stderr,
                      lambda record: (record["window_start_us"] - START_US) // SLICE_US, self.apart)

    def by_wire(self, bundle, batch, pace):
        """(answer, frames that went on the wire)."""
        argv = self.argv("live", {"backend": "xdp", "xdp_mode": self.mode, "device": " ".join(bundle.names()), "workers": 1,
                                  "snaplen": LONGEST, "lateness": "1m"}, batch.tunnels, self.rules, WINDOW)
        live = Live(bundle, argv, os.path.join(self.folders["live"], "said"))
        dropped, sent = bundle.dropped(), 0
        try:
            if live.attached(60):
                for pair, capture in enumerate(batch.captures):
                    bundle.send_by(pair, capture.frames, pace)
                sent = batch.n - (bundle.dropped() - dropped)
                # The signal ends reading at once: what is still in rings would be missed.
                time.sleep(20 * pace + 0.2)
        finally:
            status = live.end(signal.SIGTERM)
        return Answer(status, self.folders["live"], live.said(), lambda record: record["in_port"], self.apart), sent

    def compare(self, bundle, batch):
        want = self.by_file(batch)
        for i in range(TRIES):
            got, sent = self.by_wire(bundle, batch, 0.002 * 4 ** i)
            lost = batch.n - sent + got.lost()
            if lost == 0 or got.status != 0:
                break
            self.again += 1
            print(f"# {batch.title}: {lost} frames lost by a busy machine: sent again, slower")
        notes = self.difference(batch, want.records, got.records) if got.summary else ["the run left no summary"]
        for name in ("ledger", "drops", "streams", "events"):
            if got.summary and want.counts().get(name) != got.counts().get(name):
                notes.append(f"{name}: {want.counts().get(name)} expected, {got.counts().get(name)} found")
        if lost:
            notes.append(f"{sent} of {batch.n} frames sent, {got.lost()} of them lost")
        if any('"rest"' in record for record in got.records):
            notes.append("there are records of what had no room")
        if not bundle.bare():
            notes.append("a program was left attached")
        good = not notes and want.status == 0 and got.status == 0 and want.records and want.counts()
        self.tap.line(good, f"{batch.title}: {len(batch.captures)} captures, {batch.n} frames", notes + [
            f"exit status: file {want.status}, wire {got.status}", *(want.said.splitlines()[-6:] if want.status else []), *got.said.splitlines()[-12:]])
        if good:
            self.captures += len(batch.captures)
            self.frames += batch.n
            self.matches += got.matches

    @staticmethod
    def difference(batch, want, got):
        """By capture, the first records that differ."""
        by_port = defaultdict(list)
        for what, records in (("missing", want - got), ("surplus", got - want)):
            for record in sorted(records):
                by_port[json.loads(record)["in_port"]].append(f"{what}: {record}")
        notes = []
        for port, lines in sorted(by_port.items())[:10]:
            name = batch.captures[port].name if 0 <= port < len(batch.captures) else f"port {port}"
            notes += [f"{name}: {len(lines)} records differ"] + (lines[:3] + lines[-2:] if len(lines) > 5 else lines)
        return notes + ([f"{len(by_port)} captures differ"] if by_port else [])

    def run(self, captures, mtu):
        todo = list(batches(captures))
        with Bundle(max(len(b.captures) for b in todo), mtu) as bundle:
            for batch in todo:
                self.compare(bundle, batch)
        self.total(captures)

    def total(self, captures):
        left = Counter()
        for c in captures:
            left.update(c.left)
            for why, n in c.left.items():
                print(f"# left out: {c.name}: {n} frame{'s' * (n > 1)} {why}")
            if not c.frames:
                print(f"# {c.name}: nothing to send")
        sendable = sum(len(c.frames) for c in captures)
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(left.items())) or "none"
        if self.again:
            print(f"# {self.again} times a batch was sent again")
        good = self.frames == sendable > 0 and (self.matches > 0 or not self.rules)
        self.tap.line(good, f"{self.captures} captures, {self.frames} frames, {self.matches} matches compared; left out: {reasons}",
                      [f"{sendable} frames could be sent"])


def golden(longest):
    """The project's own captures; octets that only the wire had are not there to be sent."""
    yield Sendable("office.pcap", read(OFFICE), longest)
    for capture in made_captures():
        if capture.link == 1:
            yield Sendable(capture.name, ((1, octets) for _, octets, _ in capture.frames), longest, capture.tunnels,
                           len(capture.frames))


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    mode, sluice = sys.argv[1], os.path.realpath(sys.argv[2])
    reason = why_no_mode(sluice, mode)
    if reason:
        print(f"1..0 # SKIP {reason}")
        return
    tap = Tap()
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    mtu = MTU if mode != "redirect" or release >= (6, 6) else MTU_ONE_PIECE
    longest = min(LONGEST, mtu + 14)
    captures = list(golden(longest))
    if os.path.exists(os.path.join(DATA, "MANIFEST.tsv")):
        captures += shared(DATA, longest, int(os.environ.get("SLUICE_SMOKE_EVERY", "1")))
        unlike = [f"{c.name}: {c.read} frames read, {c.said} are in it" for c in captures if c.said not in (None, c.read)]
        tap.line(not unlike, "the captures are read to their end", unlike)
    else:
        tap.skip("captures of others", "there is no ../shared/data")
    with tempfile.TemporaryDirectory(prefix="sluice-parity-") as folder:
        Suite(sluice, mode, folder, tap).run(captures, mtu)
    tap.end()


if __name__ == "__main__":
    main()
