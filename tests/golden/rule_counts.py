#!/usr/bin/env python3
"""Streams with `rule` in their key: what was put in comes out, by any way and for any number of workers, and across reloads.

usage: rule_counts.py SLUICE [--no-dpdk]
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ETH_IP6, ethernet, ip4, ip6, tcp, udp, write_pcap  # noqa: E402
from golden import difference, ways  # noqa: E402
from live import replace_file, run_reloading  # noqa: E402

T0 = 1700000000000000
STREAMS = {"rules": ("rule", 1), "sources": ("src_ip dest_port rule", 4), "hosts": ("dest_ip", 2)}
PATTERNS = {1: rb"abc", 2: rb"bcd", 300: rb"a", 4000000000: rb"^[cd]"}
TEXTS = (b"abc", b"abcd", b"bcd", b"dcba", b"none", b"")


def expected(packets):
    """The records of STREAMS, sorted, with sorted names. `packets`: (time, frame's length, its fields, text) that are not late."""
    rows = {}
    for at, wire, fields, text in packets:
        events = [sid for sid, pattern in PATTERNS.items() if re.search(pattern, text)]
        for name, (key, seconds) in STREAMS.items():
            start = at - at % (seconds * 1000000)
            for sid in events if "rule" in key else [None]:
                key_fields = {k: v for k, v in {**fields, "rule": sid}.items() if k in key.split()}
                row = rows.setdefault((name, start, json.dumps(key_fields)), {
                    "type": "window", "stream": name, "window_start_us": start, "window_end_us": start + seconds * 1000000,
                    **key_fields, "packets": 0, "bytes": 0, "frame_bytes": 0, "first_us": at, "last_us": at, "tcp_flags": 0,
                    "matches": 0})
                row["packets"] += 1
                row["bytes"] += fields["bytes"]
                row["frame_bytes"] += wire
                row["first_us"], row["last_us"] = min(row["first_us"], at), max(row["last_us"], at)
                row["tcp_flags"] |= fields["tcp_flags"]
                row["matches"] += 1 if sid is not None else len(events)
    return sorted(json.dumps(r, sort_keys=True) for r in rows.values())


def made(dice):
    """Packets of both families, some of them late by a second and more, with a second in which nothing matches."""
    frames, packets, now = [], [], T0
    newest = 0
    for i in range(6000):
        now += dice.choice((0, 500, 1000, 3000))
        at = now - dice.choice((0,) * 20 + (400000, 2500000))
        a, b, port, text = dice.randrange(9), dice.randrange(3), dice.randrange(40, 43), dice.choice(TEXTS)
        if now // 1000000 == T0 // 1000000 + 3:
            text = b"none"
        flags = dice.choice((0x18, 0x10)) if i % 2 else 0
        l4 = tcp(1000 + i % 60000, port, flags, text) if flags else udp(1000, port, text)
        proto = 6 if flags else 17
        v6 = i % 3 == 0
        src, dst = (f"fd00::{a + 1:x}", f"fd00::f{b}") if v6 else (f"10.0.0.{a}", f"10.9.0.{b}")
        ip = ip6(src, dst, proto, l4) if v6 else ip4(src, dst, proto, l4)
        frame = ethernet(ETH_IP6 if v6 else ETH_IP4, ip)
        frames.append((at, frame, len(frame)))
        fields = {"src_ip": src, "dest_ip": dst, "dest_port": port, "bytes": len(ip), "tcp_flags": flags}
        packets.append((at, len(frame), fields, text, newest - at > 1000000))
        newest = max(newest, at)
    return frames, packets


def all_ways(sluice, dpdk, tap, folder):
    path, rules = os.path.join(folder, "made.pcap"), os.path.join(folder, "made.hs")
    frames, packets = made(random.Random(7))
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.writelines(f"{sid}:/{pattern.decode()}/\n" for sid, pattern in PATTERNS.items())
    streams = {name: (key, f"tumbling {seconds}s") for name, (key, seconds) in STREAMS.items()}
    want = {"all": expected(p[:4] for p in packets), "1s": expected(p[:4] for p in packets if not p[4])}
    for way, sets in ways(path, folder, dpdk):
        # A device without a clock for all its queues tells late packets apart by queue.
        for lateness in ("all",) if "queue each" in way else ("all", "1s"):
            run = Run(sluice, folder, {**sets, "input.lateness": lateness}, streams, rules)
            got = sorted(json.dumps(json.loads(line), sort_keys=True) for line in run.lines())
            notes = [] if got == want[lateness] else difference(want[lateness], got)
            s = run.summary()
            for name in STREAMS:
                mine = [json.loads(line) for line in got if f'"stream": "{name}"' in line]
                sums = {"windows": len({r["window_start_us"] for r in mine}), "records": len(mine),
                        "packets": sum(r["packets"] for r in mine), "bytes": sum(r["bytes"] for r in mine)}
                notes += [] if s and {k: s["streams"][name][k] for k in sums} == sums else [f"{name}: {sums}, summary: {s.get('streams')}"]
            notes += [] if s and (s["ledger"]["late"] > 100) == (lateness == "1s") else [f"ledger: {s.get('ledger')}"]
            tap.line(not notes and run.status == 0, f"events by rule and key, lateness {lateness}, {way}", notes + run.why())


def crowd(sluice, tap, folder):
    """More pairs of rule and key than a pane has room for: panes go over early, and all are there."""
    path, rules = os.path.join(folder, "crowd.pcap"), os.path.join(folder, "crowd.hs")
    frames = []
    for i in range(40000):
        frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(i, 53, b"abcde")))
        frames.append((T0 + i, frame, len(frame)))
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.writelines(f"{i}:/{'abcde'[i]}/\n" for i in range(5))
    run = Run(sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"'}, {"all": ("src_port rule", "tumbling 1m")}, rules)
    keys = Counter((r.get("src_port"), r.get("rule"), r["packets"], r.get("rest")) for r in map(json.loads, run.lines()))
    want = Counter((i, sid, 1, None) for i in range(40000) for sid in range(5))
    tap.line(keys == want and run.status == 0, "a crowd of keys and rules is all there", [f"{len(keys)} records"] + run.why())


def reloaded(sluice, tap, folder):
    """Rules change their places from reload to reload: those that keep their id are counted as one."""
    path, rules, out, conf = (os.path.join(folder, f"reloaded.{end}") for end in ("pcap", "hs", "jsonl", "conf"))
    frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 53, b"common needle")))
    write_pcap(path, [(T0 + i * 100, frame, len(frame)) for i in range(10000)])

    def write_rules(number):
        lines = [f"{100 + number}:/needle|{number}/\n", "1:/common/\n"]
        replace_file(rules, "".join(lines if number % 2 else lines[::-1]))

    write_rules(0)
    with open(conf, "w") as f:
        f.write(f'[input]\nbackend = pcap\ndevice = "{path}"\nworkers = 2\npace = 5000\n[match]\nrules = "{rules}"\ncache = off\n'
                f'[stream all]\nkey = rule\nwindow = tumbling 1m\n[sink a]\npath = "{out}"\n')
    status, said = run_reloading(sluice, conf, write_rules, 4)
    with open(out) as f:
        records = [json.loads(line) for line in f]
    counts = {r["rule"]: r["packets"] for r in records}
    good = counts.pop(1, 0) == 10000 and sum(counts.values()) == 10000 and len(counts) > 1
    tap.line(good and len(records) == len(counts) + 1 and status == 0,
             "a rule that keeps its id is one across reloads", [str(records), said])


def refused(sluice, tap, folder):
    conf = os.path.join(folder, "refused.conf")
    with open(conf, "w") as f:
        f.write("[stream s]\nkey = rule src_ip\nwindow = tumbling 1s\n[input]\ndevice = a\n")
    rules = os.path.join(HERE, "office.hs")
    for fact, sets, words in (
            ("without rules", [], "there are no rules that could match"),
            ("in kernel mode", ["input.backend=xdp", "input.xdp_mode=kernel", f"match.rules={rules}"], "nothing can be matched")):
        done = subprocess.run([sluice, "check", conf] + [x for s in sets for x in ("--set", s)], capture_output=True, text=True, timeout=60)
        tap.line(done.returncode == 2 and "refused.conf:2: stream.s.key: rule src_ip: rule: " in done.stderr and words in done.stderr,
                 f"rule as a key is refused {fact}", [str(done.returncode), done.stderr])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sluice, tap = sys.argv[1], Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-rules-") as folder:
        all_ways(sluice, "--no-dpdk" not in sys.argv, tap, folder)
        for part in (crowd, reloaded, refused):
            part(sluice, tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
