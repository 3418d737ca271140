#!/usr/bin/env python3
"""Rules that change while TCP streams live across the change. usage: reload_streams.py SLUICE

Two sets take turns under a replay. What both have is found wherever it is, as if nothing had changed; each packet is scanned for what is
in one of the two, never for both and never for neither; every frame is accounted for.
"""
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

from alerts import us  # noqa: E402
from frames import write_pcap  # noqa: E402
from live import Live, balanced, replace_file  # noqa: E402
from streams_tcp import Flow, merge  # noqa: E402

T0 = 1700000000000000
# SLUICE_RELOADS: fewer, where compiling takes long.
RELOADS = int(os.environ.get("SLUICE_RELOADS", "100"))
FLOWS, WORDS, AT_ONCE = 700, (3, 350), 40
PACE_MIN = 500      # packets a second
PARTS_MAX = 8       # sets that what a stream was scanned for may be behind (lib/match/stream/stream_pool.h)
COMMON = """alert tcp any any -> any any (msg:"a word"; content:"common"; sid:101;)
alert tcp any any -> any any (msg:"first and last"; content:"begin"; content:"finish"; sid:102;)
alert tcp any any -> any any (msg:"from the start"; pcre:"/^begin/"; sid:103;)
"""
SETS = ("alert tcp any any -> any any (content:\"nobody\"; sid:110;)\n" + COMMON + 'alert tcp any any -> any any (content:"alpha"; sid:2;)\n',
        COMMON + "alert tcp any any -> any any (msg:\"another\"; content:\"nowhere\"; sid:111;)\n"
        'alert tcp any any -> any any (content:"beta"; sid:3;)\nalert tcp any any -> any any (pcre:"/no(where|thing)/"; sid:112;)\n')
PATTERNS = ("1:/com+on/\n2002:/alpha/\n", "9:/nowhere/\n1:/com+on/\n")


def conversation(number, dice):
    """Words that are cut anywhere; some packets hold all of them whole."""
    flow = Flow(f"connection {number}", (f"10.0.{number >> 8}.{number & 255}", "10.9.0.1", 1024 + number, 80),
                (dice.randrange(1 << 32), dice.randrange(1 << 32))).open()
    text = b"begin " + b"common alpha beta. " * dice.randrange(*WORDS)
    text += b"finish"
    at = 0
    while at < len(text):
        end = min(len(text), at + dice.choice((3, 5, 11, 19, 19, 40, 60, 90)))
        flow.send(0, at, text[at:end])
        if dice.randrange(20) == 0:
            flow.send(0, at, text[at:end])
        at = end
    return flow.finish()


class Bench:
    def __init__(self, sluice, folder):
        dice = random.Random(11)
        self.sluice, self.folder = sluice, folder
        self.rules, self.patterns, self.eve, self.records, self.capture = (
            os.path.join(folder, name) for name in ("set.rules", "set.hs", "eve.json", "records.jsonl", "streams.pcap"))
        self.flows = [conversation(i, dice) for i in range(FLOWS)]
        frames, times = merge(self.flows, dice, T0, AT_ONCE)
        write_pcap(self.capture, frames)
        self.order = [t for t, _, _ in frames]
        self.expect(times)

    def expect(self, times):
        """By time of the packet: who sent it, and what of all words ends in it or is whole in it."""
        self.ends, self.whole, self.span, self.source = defaultdict(set), defaultdict(set), {}, {}
        for flow in self.flows:
            at, piece = times[id(flow.frames)], flow.sides[0].pieces[0]
            data, source = bytes(piece.data), flow.ends[0]
            for t in at:
                self.source[t] = source
            for word in (b"common", b"alpha", b"beta"):
                for m in re.finditer(word, data):
                    time = at[piece.brought[m.end() - 1]]
                    self.ends[word].add(time)
                    if piece.brought[m.start()] == piece.brought[m.end() - 1]:
                        self.whole[word].add(time)
            self.ends[b"^begin"].add(at[piece.brought[4]])
            self.span[source] = at[piece.brought[4]], at[piece.brought[len(data) - 1]]

    def live(self, workers, pace):
        for path in (self.eve, self.records):
            if os.path.exists(path):
                os.unlink(path)
        self.put(0)
        return Live(self.sluice, self.folder, {
            "input.backend": "pcap", "input.device": f'"{self.capture}"', "input.workers": workers, "input.pace": pace, "input.lateness": "10ms",
            "match.rules": f'"{self.patterns}" "{self.rules}"', "match.cache": "off", "stream.all.key": "src_ip", "stream.all.window": "tumbling 1s",
            "sink.out.path": f'"{self.records}"', "sink.alerts.type": "eve", "sink.alerts.path": f'"{self.eve}"'})

    def put(self, i):
        replace_file(self.rules, SETS[i % 2])
        replace_file(self.patterns, PATTERNS[i % 2])

    def found(self):
        """{sid: times}, and what is told twice or of a wrong source."""
        out, wrong = defaultdict(set), []
        with open(self.eve) as f:
            for a in map(json.loads, f):
                sid, time = a["alert"]["signature_id"], us(a)
                if time in out[sid] or str(ip_address(a["src_ip"])) != self.source.get(time):
                    wrong.append(f"sid {sid} at {time} of {a['src_ip']}")
                out[sid].add(time)
        return out, wrong


def changes(found, bench, last):
    """Times at which the sets took turns, as the packets tell that hold both words whole."""
    both = sorted(t for t in bench.whole[b"alpha"] & bench.whole[b"beta"] if t <= last)
    state, out = None, []
    for t in both:
        now = t in found[2]
        if now != state:
            out.append(t)
        state = now
    return out


def compare(name, want, got, notes):
    if want != got:
        notes.append(f"{name}: {len(want)} expected, {len(want - got)} missing, {len(got - want)} surplus, e.g. {sorted(want ^ got)[:4]}")


def reload_all_along(bench, live, limit):
    notes, done = [], 0
    while done < limit:
        bench.put(done + 1)
        ok, said = live.ask("reload")
        if ok is None or "the run is ending" in said:
            break
        if not ok:
            notes.append(f"reload {done + 1}: {said}")
            break
        done += 1
        # Two that no packet came between are not to be told from the records: they are to be rare.
        time.sleep(0.01)
        s = live.stats()
        if s is not None and (not balanced(s) or s["match"]["version"] != done + 1):
            notes.append(f"after reload {done}: {s['ledger']} {s['match']['version']}")
    return notes, done


def check(bench, tap, workers, limit, pace):
    least = limit if limit <= RELOADS else min(5, RELOADS // 2)
    while True:
        live = bench.live(workers, pace)
        notes, done = reload_all_along(bench, live, limit)
        if limit <= RELOADS:
            live.command("stop")
        status = live.wait()
        # The packets were through too soon: compiling takes longer where a machine has other work.
        if done >= least or notes or pace < PACE_MIN:
            break
        live.end()
        pace //= 3
    s = live.summary()
    got = s["ledger"]["received"]
    last = bench.order[got - 1]
    found, wrong = bench.found()
    what = f"{workers} worker{'s' if workers > 1 else ''}, {done} reloads in {got} packets"
    ok = status == 0 and balanced(s) and s["ledger"]["counted"] == got and done >= least
    with open(bench.records) as f:
        records = [json.loads(line) for line in f]
    matches, packets = sum(r["matches"] for r in records), sum(r["packets"] for r in records)
    alerts = sum(len(t) for t in found.values())
    if not (alerts == s["match"]["events"] == matches and packets == got):
        notes.append(f"{alerts} alerts, {s['match']['events']} events, {matches} matches and {packets} packets in windows")
    tap.line(ok and not notes and not wrong, f"{what}: received is accounted for, each match is told once",
             notes + wrong[:5] + [f"{s['ledger']} exit status {status}"] + live.why())

    notes = []
    until = {word: {t for t in times if t <= last} for word, times in bench.ends.items()}
    compare("pattern 1", until[b"common"], found[1], notes)
    compare("sid 101", until[b"common"], found[101], notes)
    compare("sid 103", until[b"^begin"], found[103], notes)
    tap.line(not notes and len(found[101]) > 1000, f"{what}: what both sets have is found in each of {len(found[101])} packets, cut or not", notes + live.why())

    turns = changes(found, bench, last)
    must, may = set(), set()
    for source, (begin, finish) in bench.span.items():
        if finish <= last:
            may.add(finish)
            if sum(begin <= t <= finish for t in turns) < PARTS_MAX // 2:
                must.add(finish)
    notes = [] if must <= found[102] <= may else [f"{len(must - found[102])} of {len(must)} missing, {len(found[102] - may)} surplus"]
    tap.line(not notes and must, f"{what}: {len(must)} rules met by the first and the last word of a stream", notes + live.why())

    both = {t for t in bench.whole[b"alpha"] & bench.whole[b"beta"] if t <= last}
    neither, twice = both - found[2] - found[3], both & found[2] & found[3]
    stray = (found[2] - bench.ends[b"alpha"]) | (found[3] - bench.ends[b"beta"])
    others = {sid: len(t) for sid, t in found.items() if sid not in (1, 2, 3, 101, 102, 103, 2002)}
    notes = [] if not (neither or twice or stray or others) else [f"neither {len(neither)}, both {len(twice)}, stray {len(stray)}, others {others}"]
    few = both & found[2], both & found[3]
    tap.line(not notes and all(few) and len(turns) > 3, f"{what}: new rules begin, removed ones end: {len(few[0])} and {len(few[1])} packets, one set each",
             notes + live.why())
    live.end()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-reload-") as folder:
        bench = Bench(sys.argv[1], folder)
        for workers in (1, 2):
            check(bench, tap, workers, RELOADS, 15000)
        # To the end of the capture, however many that are.
        check(bench, tap, 3, 100000, 40000)
    tap.end()


if __name__ == "__main__":
    main()
