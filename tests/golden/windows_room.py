#!/usr/bin/env python3
"""Windows for which memory has no room: what leaves them early, or finds no row, is in some record all the same.

usage: windows_room.py SLUICE [--captures N] [--seed S]

SLUICE_ROOM_CAPTURES is N where it is not given, else 3.

Connections hold segments back behind holes that nothing fills, so that what matches in them is told when they are closed: at the time of its packet,
whose window may have left by then. Each capture is read with room for all, where records must be the model's (windows_model.py), and with hardly
any, where their sums must be.
"""
import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import replace

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import windows_model as model  # noqa: E402
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ETH_IP6, ethernet, ip4, ip6, tcp, udp, write_pcap  # noqa: E402
from windows import MS, PATTERNS, SECOND, T0, TUPLE, difference, section, text  # noqa: E402

# Segments lie so far apart that none is held in one piece with another.
APART = 1664
ISN = 1000
ENDS = ("src_ip", "dest_ip")
# Of the first, memory holds a part; of the others, a part of the rows.
STREAMS = [(TUPLE, ("tumbling", 50 * MS)), (("src_ip", "src_port"), ("tumbling", 50 * MS)), (TUPLE, ("sliding", 100 * MS, 50 * MS)),
           (TUPLE, ("sliding", 50 * MS, 50 * MS)), (("src_port", "rule"), ("tumbling", 50 * MS)), (TUPLE, ("tumbling", SECOND)),
           (TUPLE, ("sliding", 4 * SECOND, SECOND)), (("src_ip",), ("tumbling", 10 * SECOND)), (TUPLE, ("session", 100 * MS)),
           (("src_port",), ("session", SECOND)), (TUPLE, ("flow", SECOND, 200 * MS)), (("rule", "src_port"), ("session", 100 * MS))]
COUNTERS = ("packets", "bytes", "frame_bytes", "matches")


def words(rng, often):
    """A payload, and the rules that match in it."""
    found = tuple(sid for sid in PATTERNS if rng.random() < often)
    return b" ".join([bytes(rng.randrange(20))] + [PATTERNS[sid] for sid in found]), found


def capture(rng, number):
    """Packets as the model wants them, and as frames, in order of arrival."""
    made, now = [], T0
    for n in range(number):
        now += rng.randrange(15 * MS)
        v6, sport, dport = rng.random() < 0.2, 1024 + n, rng.choice((80, 53))
        ends = tuple(("2001:db8::{:x}" if v6 else "10.0.0.{}").format(host) for host in (rng.randrange(1, 4), 9))

        def add(at, ends, ports, proto, flags, segment, rules):
            frame = ethernet(ETH_IP6, ip6(*ends, proto, segment)) if v6 else ethernet(ETH_IP4, ip4(*ends, proto, segment), 60)
            made.append((model.Packet(at, dict(zip(TUPLE, ends + ports + (proto,))), (40 if v6 else 20) + len(segment), len(frame), flags, rules), frame))

        if rng.random() < 0.2:
            payload, rules = words(rng, 0.3)
            add(now, ends, (sport, dport), 17, 0, udp(sport, dport, payload), rules)
            if rng.random() < 0.5:
                add(now + rng.randrange(80 * MS), ends[::-1], (dport, sport), 17, 0, udp(dport, sport), ())
            continue
        add(now, ends, (sport, dport), 6, 2, tcp(sport, dport, 2, seq=ISN), ())
        for k in range(1, rng.choice((2, 2, 3, 4))):
            payload, rules = words(rng, 0.8)
            at = now + rng.choice((1, 40 * MS, 2 * SECOND)) * k
            add(at, ends, (sport, dport), 6, 0x10, tcp(sport, dport, 0x10, payload, seq=ISN + APART * k), rules)
    made.sort(key=lambda m: m[0].time_us)
    return [packet for packet, _ in made], [(packet.time_us, frame, len(frame)) for packet, frame in made]


def streams(rng):
    out = []
    for i, (key, window) in enumerate(rng.sample(STREAMS, 5)):
        biflow = set(ENDS) <= set(key) and rng.random() < 0.4
        top = rng.choice((0, 1, 3, 20)) if window[0] in ("tumbling", "sliding") else 0
        out.append(model.Stream(f"s{i}", key, window, biflow, top, rng.choice(COUNTERS[:2] + ("matches",))))
    return out


def sums(records, by_window):
    """What records count of both directions, in all or by the start of the window."""
    out = Counter()
    for r in records:
        for name in COUNTERS:
            out[r["window_start_us"] if by_window else None, name] += r[name] + r.get("rev_" + name, 0)
    return +out


def misplaced(r):
    """Whether a record says of itself what cannot be."""
    return not r["window_start_us"] <= r["first_us"] <= r["last_us"] < r["window_end_us"] \
        or r["packets"] + r.get("rev_packets", 0) + r["matches"] == 0 or (r["packets"] == 0 and r["bytes"] + r["frame_bytes"] > 0)


def packets_of(stream, packets):
    """As the stream's records count them: with the rule in the key, what is told behind its packet has none of its octets and flags."""
    if "rule" not in stream.key:
        return packets
    return [replace(p, bytes=0, frame_bytes=0, tcp_flags=0) if p.fields["proto"] == 6 else p for p in packets]


def lost(stream, packets, got):
    """What the sums of a stream's records do not say."""
    packets = packets_of(stream, packets)
    notes = [f"{stream.name}: {r}" for r in got if misplaced(r)][:3]
    kind, *sizes = stream.window
    want = sums(model.records(packets, stream), kind == "tumbling")
    have = sums(got, kind == "tumbling")
    if kind == "sliding" and sizes[0] != sizes[1]:
        # What comes late is in fewer windows, but in one.
        once = sums(model.all_records(packets, model.Stream("", TUPLE, ("tumbling", sizes[1]))), False)
        wrong = [k for k in want if not once[k] <= have[k] <= want[k]]
    else:
        wrong = [k for k in want | have if want[k] != have[k]]
    return notes + [f"{stream}: {start} {name}: {have[start, name]} of {want[start, name]}" for start, name in wrong[:4]]


def rests(records):
    """Records of matches alone: by memory, by rank, and of a key."""
    return Counter(r.get("rest", "key") for r in records if r["packets"] + r.get("rev_packets", 0) == 0)


def check(sluice, folder, tap, seed):
    """One capture; returns the records of matches alone that it had."""
    rng, path, rules = random.Random(seed), os.path.join(folder, "room.pcap"), os.path.join(folder, "room.hs")
    packets, frames = capture(rng, 4000)
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.writelines(f"{sid}:/{word.decode()}/\n" for sid, word in PATTERNS.items())
    chosen, events = streams(rng), sum(len(p.rules) for p in packets)
    base = {"input.backend": "pcap", "input.device": f'"{path}"', "input.lateness": "all", "match.mode": "stream", "match.checksums": "ignore",
            "match.stream_memory": "1G", "flow.rows": "4K", "flow.spares": 4}
    alone, early, notes = Counter(), 0, []
    want = text(r for s in chosen for r in model.records(packets_of(s, packets), s))
    for workers, memory in ((1, 0), (rng.randrange(2, 5), 0), (1, 1), (rng.randrange(2, 5), 1)):
        sets = {"input.workers": workers, "flow.memory": "64M" if memory else "1G", "flow.panes": rng.choice((2, 16))}
        more = {f"stream {s.name}": {**section(s), **({"memory": "1M", "overflow": rng.choice(("rest", "auto"))} if memory else {})} for s in chosen}
        run = Run(sluice, folder, {**base, **sets}, {}, rules, more=more)
        got, summary = [json.loads(line) for line in run.lines()], run.summary()
        match = summary.get("match", {})
        if run.status != 0 or match["events"] != events or match["uncounted"] or not summary["ledger"]["balanced"]:
            notes += [f"{workers} workers, memory {memory}: {events} events, {summary}"] + run.why()
            break
        if not memory:
            notes += difference(want, text(got)) if text(got) != want else []
            continue
        early += sum(s["early"] for s in summary["streams"].values())
        alone += rests(got)
        notes += [note for s in chosen for note in lost(s, packets, [r for r in got if r["stream"] == s.name])]
    tap.line(not notes, f"seed {seed}: {len(packets)} packets, {events} events, {early} windows early, "
             f"matches alone: {dict(sorted(alone.items()))}", [str(chosen)] + notes)
    return alone


def filled():
    """Windows that take all memory, and close; then, what was held back in a window that had none is told."""
    made = []

    def add(at, host, port, proto, flags, segment, rules=()):
        ends = (f"10.0.0.{host}", "10.0.0.9")
        frame = ethernet(ETH_IP4, ip4(*ends, proto, segment), 60)
        made.append((model.Packet(at, dict(zip(TUPLE, ends + (port, 80, proto))), 20 + len(segment), len(frame), flags, rules), frame))

    for window, flows in enumerate((5000, 3000, 1500, 300, 100)):
        for n in range(flows):
            add(T0 + window * 250 * MS + n, 1, 1024 + n, 17, 0, udp(1024 + n, 80))
    for n in range(200):
        add(T0 + 2600 * MS + n, 2, 1024 + n, 6, 2, tcp(1024 + n, 80, 2, seq=ISN))
        add(T0 + 2700 * MS + n, 2, 1024 + n, 6, 0x10, tcp(1024 + n, 80, 0x10, PATTERNS[101], seq=ISN + APART), (101,))
    for n in range(6000):
        add(T0 + 3 * SECOND + n * 700, 3, 1024, 17, 0, udp(1024, 80))
    made.sort(key=lambda m: m[0].time_us)
    return [packet for packet, _ in made], [(packet.time_us, frame, len(frame)) for packet, frame in made]


def check_filled(sluice, folder, tap):
    path, rules = os.path.join(folder, "filled.pcap"), os.path.join(folder, "filled.hs")
    packets, frames = filled()
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.write(f"101:/{PATTERNS[101].decode()}/\n")
    chosen = [model.Stream(f"s{i}", TUPLE, window, biflow, top, "matches") for i, (window, biflow, top) in enumerate(
        (w, b, n) for w in (("tumbling", 250 * MS), ("sliding", 250 * MS, 250 * MS)) for b in (False, True) for n in (0, 3))]
    # Slow enough for the exporter to be where the reader is, as in a live run.
    sets = {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": 1, "input.lateness": "5s", "input.pace": 20000,
            "match.mode": "stream", "match.checksums": "ignore", "flow.memory": "64M", "flow.rows": "4K", "flow.panes": 2}
    run = Run(sluice, folder, sets, {}, rules, more={f"stream {s.name}": {**section(s), "memory": "1M"} for s in chosen})
    got, match = [json.loads(line) for line in run.lines()], run.summary().get("match", {})
    notes = run.why() if run.status != 0 else [] if [match["events"], match["uncounted"]] == [200, 0] else [str(match)]
    notes += [note for s in chosen for note in lost(s, packets, [r for r in got if r["stream"] == s.name])]
    tap.line(not notes, f"memory that came free: matches alone: {dict(sorted(rests(got).items()))}", notes)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("sluice")
    args.add_argument("--captures", type=int, default=int(os.environ.get("SLUICE_ROOM_CAPTURES", "3")))
    args.add_argument("--seed", type=int, default=1)
    args = args.parse_args()
    tap, alone = Tap(), Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seed, args.seed + args.captures):
            alone += check(args.sluice, folder, tap, seed)
        check_filled(args.sluice, folder, tap)
    tap.line(alone["full"] > 0, f"there were {alone['full']} rests of matches alone")
    tap.end()


main()
