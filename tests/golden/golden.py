#!/usr/bin/env python3
"""Golden tests: captures whose records and ledger are known, through every backend and any number of workers.

usage: golden.py made|office SLUICE [--no-dpdk] [--update]

made    captures made here frame by frame; what must come out is derived from what was put in (made.py)
office  the recorded capture; what must come out is kept under expected/ (--update writes it anew)
"""
import json
import os
import sys
import tempfile
import zlib
from collections import defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import DPDK, Run, Tap  # noqa: E402

from frames import read_pcap, write_pcap  # noqa: E402
from made import captures  # noqa: E402

ALL = "src_ip dest_ip src_port dest_port proto vlan vlan_inner mpls vni tos icmp_type icmp_code"
TUPLE = "src_ip dest_ip src_port dest_port proto"
WINDOW_US = 10000000


def conversation(frame):
    """A number that is the same for all frames between two hosts, by the outermost IP addresses."""
    at, kind = 14, int.from_bytes(frame[12:14], "big")
    while kind in (0x8100, 0x88A8, 0x9100):
        at, kind = at + 4, int.from_bytes(frame[at + 2:at + 4], "big")
    if kind == 0x0800:
        return zlib.crc32(b"".join(sorted((frame[at + 12:at + 16], frame[at + 16:at + 20]))))
    if kind == 0x86DD:
        return zlib.crc32(b"".join(sorted((frame[at + 8:at + 24], frame[at + 24:at + 40]))))
    return 0


def ways(path, folder, dpdk, ethernet=True, snapped=False):
    """(name, settings) for each way to process a capture."""
    for workers in (1, 2, 4):
        yield f"pcap, {workers} workers", {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers}
    if not dpdk or not ethernet or snapped:
        return
    for workers in (1, 2, 4):
        yield f"dpdk, {workers} workers, software", {
            **DPDK, "input.backend": "dpdk", "input.device": f'"net_pcap0,rx_pcap={path}"', "input.workers": workers,
            "input.dispatch": "software"}
    halves = [[], []]
    for frame in read_pcap(path):
        halves[conversation(frame[1]) % 2].append(frame)
    queues = ""
    for i, half in enumerate(halves):
        name = os.path.join(folder, f"queue{i}.pcap")
        write_pcap(name, half)
        queues += f",rx_pcap={name}"
    yield "dpdk, 2 workers, a queue each", {
        **DPDK, "input.backend": "dpdk", "input.device": f'"net_pcap0{queues}"', "input.workers": 2, "input.dispatch": "rss"}


def difference(want, got, limit=8):
    """What to say about two sorted lists of lines."""
    missing = sorted(set(want) - set(got))
    surplus = sorted(set(got) - set(want))
    return ([f"missing: {line}" for line in missing[:limit]] + [f"surplus: {line}" for line in surplus[:limit]]
            + [f"{len(want)} expected, {len(got)} found, {len(missing)} missing, {len(surplus)} surplus"])


def expected_records(capture):
    """One record a key and window, as a sorted list of JSON with sorted names; and the ledger."""
    rows, drops = {}, defaultdict(int)
    counted = 0
    for (time_us, _, wire), want in zip(capture.frames, capture.expect):
        if isinstance(want, str):
            drops[want] += 1
            continue
        counted += 1
        start = time_us - time_us % WINDOW_US
        fields = {k: v for k, v in want.items() if k not in ("bytes", "tcp_flags", "matches")}
        row = rows.setdefault((start, json.dumps(fields, sort_keys=True)), {
            "type": "window", "stream": "all", "window_start_us": start, "window_end_us": start + WINDOW_US, **fields,
            "packets": 0, "bytes": 0, "frame_bytes": 0, "first_us": time_us, "last_us": time_us, "tcp_flags": 0, "matches": 0})
        row["packets"] += 1
        row["bytes"] += want["bytes"]
        row["frame_bytes"] += wire
        row["first_us"] = min(row["first_us"], time_us)
        row["last_us"] = max(row["last_us"], time_us)
        row["tcp_flags"] |= want["tcp_flags"]
        row["matches"] += want.get("matches", 0)
    records = sorted(json.dumps(r, sort_keys=True) for r in rows.values())
    summary = {
        "received": len(capture.frames), "counted": counted, "windows": len({k[0] for k in rows}), "records": len(records),
        "packets": counted, "bytes": sum(r["bytes"] for r in rows.values()), "events": sum(r["matches"] for r in rows.values()),
        "drops": dict(sorted(drops.items()))}
    return records, summary


def found_summary(run):
    s = run.summary()
    if not s:
        return {}
    led, stream = s["ledger"], s["streams"]["all"]
    if not led["balanced"] or led["received"] != sum(led[k] for k in ("counted", "non_ip", "malformed", "filtered", "late", "shed")):
        return {"unbalanced": led}
    return {
        "received": led["received"], "counted": led["counted"], "windows": stream["windows"], "records": stream["records"],
        "packets": stream["packets"], "bytes": stream["bytes"], "events": s["match"]["events"],
        "drops": {k: v for k, v in sorted(s["drops"].items()) if v}}


def test_made(sluice, dpdk, tap, folder):
    for capture in captures():
        path = os.path.join(folder, capture.name + ".pcap")
        write_pcap(path, capture.frames, capture.link)
        want, want_summary = expected_records(capture)
        rules = None
        if capture.rules:
            rules = os.path.join(folder, capture.name + ".hs")
            with open(rules, "w") as f:
                f.write(capture.rules)
        for way, sets in ways(path, folder, dpdk, capture.link == 1, capture.snapped):
            # Frames say what they hold, one by one.
            sets = {**sets, "input.lateness": "all", "input.tunnels": capture.tunnels, "match.mode": "block"}
            run = Run(sluice, folder, sets, {"all": (ALL, "tumbling 10s")}, rules)
            got = sorted(json.dumps(json.loads(line), sort_keys=True) for line in run.lines())
            summary = found_summary(run)
            notes = [] if want == got else difference(want, got)
            notes += [] if want_summary == summary else [f"expected {want_summary}", f"found {summary}"]
            tap.line(not notes and run.status == 0, f"{capture.name} ({capture.about}): {way}", notes + run.why())


# What is asked of the recorded capture: name, streams, further settings, rules, whether queues may see it apart
# (what is late depends on the order of arrival, and that only one queue keeps).
OFFICE = [
    ("flows", {"flows": (TUPLE, "tumbling 10s")}, {"input.lateness": "all"}, None, True),
    ("streams", {"hosts": ("src_ip dest_ip", "tumbling 1m"), "seconds": ("proto tos", "tumbling 1s"),
                 "tags": ("vlan vlan_inner mpls vni", "tumbling 5s"), "pings": ("icmp_type icmp_code proto", "tumbling 20s")},
     {"input.lateness": "all", "match.mode": "block"}, "office.hs", True),
    ("carriers", {"hosts": ("src_ip dest_ip proto dest_port", "tumbling 1m")}, {"input.lateness": "1s", "input.tunnels": ""}, None, False),
    ("filtered", {"web": ("src_ip dest_ip", "tumbling 30s")}, {"input.lateness": "0s", "input.filter": '"tcp port 80"', "match.mode": "block"}, "office.hs", False),
]


MATCHED = ("rules", "events", "alerts", "alerts_suppressed", "alerts_dropped", "version", "reloads", "reloads_failed")


def office_summary(run):
    """Without what was counted on the way to match events: that has tests of its own."""
    s = run.summary()
    return {**s, "match": {name: s["match"][name] for name in MATCHED}} if s else s


def test_office(sluice, dpdk, tap, folder, update):
    path = os.path.join(HERE, "captures", "office.pcap")
    for name, streams, more, rules, apart in OFFICE:
        store = os.path.join(HERE, "expected", f"office-{name}.jsonl")
        rules = rules and os.path.join(HERE, rules)
        if update:
            run = Run(sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"', **more}, streams, rules)
            if run.status != 0:
                sys.exit("\n".join(run.why()))
            with open(store, "w") as f:
                f.write("\n".join(run.lines() + [json.dumps(office_summary(run))]) + "\n")
        with open(store) as f:
            *want, ledger = f.read().splitlines()
        for way, sets in ways(path, folder, dpdk):
            if not apart and "queue" in way:
                continue
            run = Run(sluice, folder, {**sets, **more}, streams, rules)
            got, summary = run.lines(), office_summary(run)
            notes = [] if want == got else difference(want, got)
            notes += [] if json.loads(ledger) == summary else [f"expected {ledger}", f"found    {json.dumps(summary)}"]
            tap.line(not notes and run.status == 0, f"office, {name}: {way}", notes + run.why())


def main():
    options = {"--no-dpdk", "--update"}
    args = [a for a in sys.argv[1:] if a not in options]
    if len(args) != 2 or args[0] not in ("made", "office"):
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-golden-") as folder:
        if args[0] == "made":
            test_made(args[1], "--no-dpdk" not in sys.argv, tap, folder)
        else:
            test_office(args[1], "--no-dpdk" not in sys.argv, tap, folder, "--update" in sys.argv)
    tap.end()


if __name__ == "__main__":
    main()
