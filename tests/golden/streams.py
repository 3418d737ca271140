#!/usr/bin/env python3
"""Matching across segments, end to end: thousands of connections, each match in the packet that it belongs to.

usage: streams.py SLUICE [--no-dpdk]

What must be found is said by a model (streams_tcp.py) and judges (streams_rules.py) that share nothing with the program.
"""
import json
import os
import random
import sys
import tempfile
from collections import Counter
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from alerts import us  # noqa: E402
from frames import write_pcap  # noqa: E402
from golden import ways  # noqa: E402
from streams_cases import Datagrams, all_flows  # noqa: E402
from streams_rules import END, PACKET_RULES, PATTERNS, STREAM_RULES, write_rules  # noqa: E402
from streams_tcp import Later, merge  # noqa: E402

T0 = 1700000000000000
SCRAMBLES = int(os.environ.get("SLUICE_STREAMS", "1500"))
KEY = "src_ip dest_ip src_port dest_port proto"
EVE = {"sink alerts": {"type": "eve", "path": "alerts.json"}}


def ends_text(ends):
    src, dst, sport, dport = ends
    return str(ip_address(src)), sport, str(ip_address(dst)), dport


def packet_events(proto, payload, flags):
    """Rules that a packet matches by itself."""
    return [r.sid for r in PACKET_RULES if proto in r.protos and r.holds(payload, flags)]


def stream_events(flow):
    """(side, sid, frame) of a connection in stream mode."""
    for side in (0, 1):
        port = flow.ip_ends(side)[3]
        for piece in flow.sides[side].pieces:
            for rule in PATTERNS + STREAM_RULES:
                for at in rule.judge(bytes(piece.data)):
                    frame = piece.end if at == END else piece.brought[at - 1]
                    if frame is not None and rule.suits("tcp", side, port, frame >= flow.open_at):
                        yield side, rule.sid, frame


def block_events(flow):
    """The same packet by packet."""
    for frame, side, _, payload in flow.packets:
        port = flow.ip_ends(side)[3]
        for rule in PATTERNS + STREAM_RULES:
            if rule.suits("tcp", side, port, frame >= flow.open_at) and rule.judge(payload):
                yield side, rule.sid, frame


def expected(flows, times, mode):
    """{(source, destination, sid, time)} with ports."""
    out = set()
    for flow in flows:
        at = times[id(flow.frames)]
        if isinstance(flow, Datagrams):
            for frame, payload in flow.packets:
                sids = [r.sid for r in PATTERNS + STREAM_RULES if r.suits("udp", 0, flow.ends[3], True) and r.judge(payload)]
                out |= {(*ends_text(flow.ends), sid, at[frame]) for sid in sids + packet_events("udp", payload, 0)}
            continue
        for side, sid, frame in (stream_events if mode == "stream" else block_events)(flow):
            out.add((*ends_text(flow.ip_ends(side)), sid, at[frame]))
        for frame, side, flags, payload in flow.packets:
            out |= {(*ends_text(flow.ip_ends(side)), sid, at[frame]) for sid in packet_events("tcp", payload, flags)}
    return out


class Streams(Run):
    def __init__(self, sluice, folder, rules, sets):
        self.path = os.path.join(folder, "alerts.json")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.may_be_over = sets.get("input.lateness", "all") != "all"
        base = {"input.lateness": "all", "match.rules": rules, "match.cache": os.path.join(folder, "cache")}
        super().__init__(sluice, folder, {**base, **sets}, {"flows": (KEY, "tumbling 1s")}, more=EVE)
        self.text = ""
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.text = f.read()

    def events(self):
        """(source, destination, sid, time) of the alerts; each once, or it is told twice."""
        out = Counter()
        for a in map(json.loads, self.text.splitlines()):
            out[str(ip_address(a["src_ip"])), a["src_port"], str(ip_address(a["dest_ip"])), a["dest_port"], a["alert"]["signature_id"], us(a)] += 1
        return out

    def accounts(self):
        """What the counters say that is not so."""
        s = self.summary()
        if self.status != 0 or not s:
            return ["no summary"]
        m, led, n = s["match"], s["ledger"], len(self.text.splitlines())
        windows = sum(json.loads(line)["matches"] for line in self.lines())
        notes = [] if m["events"] == m["alerts"] == n and not m["alerts_dropped"] else [f"{n} alerts, {m}"]
        notes += [] if windows + m["uncounted"] == n else [f"{windows} matches in windows, {n} events"]
        # What connections still held at the end may be of windows that had left before.
        notes += [] if m["uncounted"] == 0 or self.may_be_over and m["uncounted"] <= m["late_events"] else [f"{m['uncounted']} are in no window"]
        notes += [] if led["balanced"] and led["received"] == led["counted"] else [str(led)]
        return notes


def names_of(flows):
    out = {}
    for flow in flows:
        out[ends_text(flow.ends)] = flow
        a, b, c, d = ends_text(flow.ends)
        out[c, d, a, b] = flow
    return out


def compare(want, got, flows, times, limit=6):
    """What to say, flow by flow."""
    if want == got:
        return []
    names, notes = names_of(flows), []
    for what, some in (("missing", want - got), ("surplus", got - want)):
        notes.append(f"{len(some)} {what}, by rule {sorted(Counter(e[4] for e in some).items())}")
        for e in sorted(some, key=str)[:limit]:
            flow = names.get(e[:4])
            at = times[id(flow.frames)] if flow else []
            where = at.index(e[5]) if e[5] in at else None
            notes.append(f"{what}: sid {e[4]} in frame {where} of {len(at)} of '{flow}' {e[:4]}")
    return notes


def by_kind(flows, want, got, times, tap, mode, run):
    """A line for each kind of flow."""
    names = {}
    for kind, some in flows.items():
        for ends in names_of(some):
            names[ends] = kind
    for kind, some in flows.items():
        w = {e for e in want if names[e[:4]] == kind}
        g = {e for e in got if names.get(e[:4]) == kind}
        notes = compare(w, g, some, times)
        tap.line(not notes and len(w) >= len(some) // 2, f"{mode}: {len(some)} connections {kind}: {len(w)} matches, each where it belongs", notes + run.why())
    stray = {e for e in got if e[:4] not in names}
    tap.line(not stray, f"{mode}: no match in what was never sent", [str(e) for e in list(stray)[:8]])


def check_same(sluice, folder, rules, mode, others, text, tap):
    for way, sets in others:
        run = Streams(sluice, folder, rules, {**sets, "match.mode": mode})
        notes = run.accounts() + ([] if run.text == text else difference(text, run.text))
        tap.line(not notes, f"{mode}, {way}: the same alerts, octet by octet", notes + run.why())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sluice, dpdk, tap = sys.argv[1], "--no-dpdk" not in sys.argv, Tap()
    dice = random.Random(46)
    flows = all_flows(dice, SCRAMBLES)
    every = [f for some in flows.values() for f in some]
    heads = [f for f in every if not isinstance(f, Later)]      # those of later connections are among them
    dice.shuffle(heads)
    frames, times = merge(heads, dice, T0)
    with tempfile.TemporaryDirectory(prefix="sluice-streams-") as folder:
        path, rules = os.path.join(folder, "streams.pcap"), write_rules(folder)
        write_pcap(path, frames)
        for mode in ("stream", "block"):
            want = expected(every, times, mode)
            run = Streams(sluice, folder, rules, {"input.backend": "pcap", "input.device": f'"{path}"', "match.mode": mode})
            events = run.events()
            by_kind(flows, want, events, times, tap, mode, run)
            twice = [e for e, n in events.items() if n > 1]
            notes = run.accounts() + [f"twice: {e}" for e in twice[:5]]
            tap.line(not notes, f"{mode}: {len(events)} alerts are the events, and the matches of the windows", notes + run.why())
            first = run
            base = {"input.backend": "pcap", "input.device": f'"{path}"'}
            others = list(ways(path, folder, dpdk))[1:] if mode == "stream" else []
            others.append(("replayed slowly", {**base, "input.pace": len(frames) // 3, "input.workers": 2}))
            check_same(sluice, folder, rules, mode, others, run.text, tap)
            # What is held at the end comes behind all else where windows close as time goes by.
            others = [(f"windows that close, {n} workers", {**base, "input.lateness": "1s", "input.workers": n}) for n in (1, 2, 4)]
            run = Streams(sluice, folder, rules, {**others[0][1], "match.mode": mode})
            tap.line(sorted(run.text.splitlines()) == sorted(first.text.splitlines()), f"{mode}: the lateness changes the order alone", run.why())
            check_same(sluice, folder, rules, mode, others, run.text, tap)
    tap.end()


def difference(want, got):
    a, b = want.splitlines(), got.splitlines()
    if sorted(a) == sorted(b):
        return ["the same in another order"]
    a, b = set(a), set(b)
    return [f"{len(a - b)} missing, {len(b - a)} surplus"] + sorted(a - b)[:3] + sorted(b - a)[:3]


if __name__ == "__main__":
    main()
