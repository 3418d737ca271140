#!/usr/bin/env python3
"""Hostile traffic, matched the same whichever way it is taken. usage: streams_any.py SLUICE [--no-dpdk]

Few hosts and ports and any flags, sequence numbers and times, so that connections begin anew, leave holes, fall silent and are late all
the time. Nobody says what is to be found: backends, workers and bursts must agree about it, for each lateness.
"""
import json
import os
import random
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402
from golden import ways  # noqa: E402

T0 = 1700000000000000
FRAMES = int(os.environ.get("SLUICE_STREAMS_ANY", "5000"))
EVE = {"sink alerts": {"type": "eve", "path": "alerts.json"}}
STREAMS = {"flows": ("src_ip dest_ip src_port dest_port proto", "tumbling 1s"), "rules": ("rule", "tumbling 10s")}
COUNTS = ("events", "alerts", "alerts_suppressed", "uncounted", "late_events", "alerts_dropped")
WORDS = (b"alpha", b"beta", b"gamma", b"GET /", b"\r\n\r\n", b"mark", b"x", b"--------")
LIMIT = "threshold:type limit, track by_src, count 2, seconds 30; "
RULES = r"""
alert tcp any any -> any any (msg:"a word"; content:"alpha"; sid:1;)
alert tcp any any -> any any (msg:"two"; content:"alpha"; content:"beta"; distance:0; sid:2;)
alert tcp any any -> any any (msg:"not there"; content:"gamma"; content:!"alpha"; sid:3;)
alert tcp any any -> any any (msg:"the end"; pcre:"/beta$/"; sid:4;)
alert tcp any any -> any any (content:"mark"; flowbits:set,marked; noalert; sid:5;)
alert tcp any any -> any any (msg:"marked"; flow:established; flowbits:isset,marked; content:"gamma"; sid:6;)
alert tcp any any -> any any (msg:"a few"; content:"x"; LIMIT sid:7;)
alert udp any any -> any any (msg:"asked"; content:"alpha"; flowbits:isset,asked; sid:8;)
alert udp any any -> any any (content:"beta"; flowbits:set,asked; noalert; sid:9;)
alert ip any any -> any any (msg:"short"; dsize:1<>12; content:"x"; sid:10;)
alert tcp any any -> any any (msg:"from the client"; flow:to_server; content:"GET /"; sid:11;)
alert tcp any any -> any any (msg:"sent"; stream_size:client,>,200; content:"beta"; sid:12;)
""".replace("LIMIT ", LIMIT)
PATTERNS = "101:/be+ta/\n102:/^.{0,40}gamma/s\n103:/x$/\n"


def segment(sport, dport, seq, ack, flags, payload):
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, flags, 0xFFFF, 0, 0) + payload


class Side:
    def __init__(self, dice):
        self.isn = dice.randrange(1 << 32)
        self.at = 1


class Talk:
    """Two ends and what one may send next; hardly ever as it should be."""

    def __init__(self, dice, ends):
        self.dice, self.ends = dice, ends
        self.begin()

    def begin(self):
        self.sides = (Side(self.dice), Side(self.dice))

    def send(self):
        dice = self.dice
        way = dice.randrange(4) == 0
        mine, other = self.sides[way], self.sides[not way]
        kind = dice.choices(("data", "ahead", "again", "ack", "syn", "synack", "fin", "rst", "wild"), (40, 12, 6, 10, 6, 3, 4, 2, 2))[0]
        flags, at, data, ack = 0x10, mine.at, b"", other.isn + other.at
        if kind in ("data", "ahead", "again", "fin", "wild"):
            data = b"".join(dice.choices(WORDS, k=dice.randrange(1, 4)))
            cut = dice.randrange(len(data))
            data = data[cut:] if dice.randrange(2) else data[:cut + 1]
        if kind == "syn":
            self.begin()
            mine, other = self.sides[way], self.sides[not way]
            flags, at, ack = 2, 0, 0
        elif kind == "synack":
            flags, at = 0x12, 0
        elif kind == "ahead":
            at += dice.choice((1, 5, 40, 2000))
        elif kind == "again":
            at = max(1, at - dice.choice((1, 4, 9)))
        elif kind == "ack":
            ack += dice.choice((0, 0, 1, 5, 40, 100))
        elif kind == "fin":
            flags = 0x11
        elif kind == "rst":
            flags = dice.choice((4, 0x14))
        elif kind == "wild":
            flags, at = dice.randrange(256), dice.randrange(1 << 32)
        if kind in ("data", "fin"):
            mine.at += len(data)
        elif kind == "ahead" and dice.randrange(3) == 0:
            mine.at = at + len(data)
        a, b, sport, dport = self.ends if not way else (self.ends[1], self.ends[0], self.ends[3], self.ends[2])
        return a, b, 6, segment(sport, dport, mine.isn + at, ack, flags, data)


def packets(dice, talk):
    """One packet, or the fragments of one."""
    if dice.randrange(12) == 0:
        a, b, sport, dport = talk.ends
        a, b, proto, l4 = a, b, 17, udp(sport, dport, b"".join(dice.choices(WORDS, k=3)))
    else:
        a, b, proto, l4 = talk.send()
    if len(l4) < 32 or dice.randrange(12) != 0:
        return [ethernet(ETH_IP4, ip4(a, b, proto, l4), 60)]
    ident, cut = dice.randrange(1 << 16), 24
    out = [ethernet(ETH_IP4, ip4(a, b, proto, l4[:cut], ident=ident, more=True)),
           ethernet(ETH_IP4, ip4(a, b, proto, l4[cut:], ident=ident, offset=cut))]
    if dice.randrange(3) == 0:
        out.reverse()
    return out if dice.randrange(8) else out[:1]


def traffic(dice, n, silent):
    """`silent`: connections are over by silence, too."""
    hosts = [f"10.0.0.{i}" for i in range(1, 7)]
    talks = []
    for i in range(24):
        a, b = dice.sample(hosts, 2)
        talks.append(Talk(dice, (a, b, 1000 + i % 9, dice.choice((80, 443, 7)))))
    now, out = T0, []
    while len(out) < n:
        now += dice.choices((0, 7, 900, 40000, 400000, 12000000, 70000000, 700000000), (20, 30, 30, 15, 8, silent, silent / 3, silent / 10))[0]
        for frame in packets(dice, dice.choice(talks)):
            back = dice.choices((0, 30000, 700000, 2500000, 40000000), (40, 3, 3, 2, 0.3))[0]
            out.append((now - back, frame, len(frame)))
    return out


def taken(sluice, folder, rules, sets):
    path = os.path.join(folder, "alerts.json")
    if os.path.exists(path):
        os.unlink(path)
    run = Run(sluice, folder, {"match.rules": rules, "match.cache": os.path.join(folder, "cache"), "match.checksums": "ignore", **sets},
              STREAMS, more=EVE)
    alerts = open(path).read().splitlines() if os.path.exists(path) else []
    return run, alerts


def accounts(run, alerts):
    s = run.summary()
    if run.status != 0 or not s:
        return ["no summary"] + run.why()
    m, led = s["match"], s["ledger"]
    records = [json.loads(line) for line in run.lines()]
    notes = [] if led["balanced"] else [str(led)]
    notes += [] if len(alerts) == m["alerts"] else [f"{len(alerts)} alerts, {m}"]
    for stream in STREAMS:
        n = sum(r["matches"] for r in records if r["stream"] == stream)
        # Events of late packets are in no window.
        if (n + m["uncounted"] != m["events"]) if led["late"] == 0 else n + m["uncounted"] > m["events"]:
            notes.append(f"{stream}: {n} matches in windows, {m}")
    return notes


def differs(name, want, got, limit=4):
    if want == got:
        return []
    a, b = set(want), set(got)
    return [f"{name}: {len(a - b)} missing, {len(b - a)} surplus"] + [f"missing: {x}" for x in sorted(a - b)[:limit]] \
        + [f"surplus: {x}" for x in sorted(b - a)[:limit]]


def others(path, folder, dpdk, n):
    yield from list(ways(path, folder, dpdk))[1:]
    for workers in (1, 2):
        yield f"pcap, {workers} workers, slowly", {
            "input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers, "input.pace": n}


def check(sluice, folder, rules, path, dpdk, mode, lateness, tap):
    base = {"match.mode": mode, "input.lateness": lateness}
    run, alerts = taken(sluice, folder, rules, {**base, "input.backend": "pcap", "input.device": f'"{path}"', "input.workers": 1})
    lines, match, ledger = run.lines(), run.summary().get("match", {}), run.summary().get("ledger")
    counts = {k: match.get(k) for k in COUNTS}
    notes = accounts(run, alerts)
    tap.line(not notes and len(alerts) > FRAMES / 20, f"{mode}, lateness {lateness}: {counts['events']} events, {counts['uncounted']} of "
             f"{counts['late_events']} without a packet are in no window, all accounted for", notes + run.why())
    for way, sets in others(path, folder, dpdk, FRAMES):
        # A queue each: what is late, and over, is each one's own.
        if "queue" in way and lateness != "all":
            continue
        again, more = taken(sluice, folder, rules, {**base, **sets})
        s = again.summary()
        now = {k: s.get("match", {}).get(k) for k in COUNTS}
        notes = accounts(again, more) + differs("alerts", sorted(alerts), sorted(more)) + differs("records", lines, again.lines())
        notes += [] if now == counts else [f"{counts} became {now}"]
        notes += [] if s.get("ledger") == ledger else [f"{ledger} became {s.get('ledger')}"]
        tap.line(not notes, f"{mode}, lateness {lateness}, {way}: the same alerts, records and counts", notes)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sluice, dpdk, tap = sys.argv[1], "--no-dpdk" not in sys.argv, Tap()
    seed = int(os.environ.get("SLUICE_STREAMS_SEED", "17"))
    with tempfile.TemporaryDirectory(prefix="sluice-any-") as folder:
        path = os.path.join(folder, "any.pcap")
        names = [os.path.join(folder, n) for n in ("any.rules", "any.hs")]
        rules = " ".join(f'"{n}"' for n in names)
        for silent in (0, 1):
            # When the end by silence is noticed is no one's promise, and a threshold goes by the order.
            texts = (RULES.replace(LIMIT, "") if silent else RULES, PATTERNS)
            for name, text in zip(names, texts):
                with open(name, "w") as f:
                    f.write(text)
            write_pcap(path, traffic(random.Random(seed + silent), FRAMES, silent))
            for mode, lateness in (("stream", "all"), ("stream", "0s"), ("stream", "1s"), ("stream", "5m"), ("block", "all"), ("block", "1s")):
                check(sluice, folder, rules, path, dpdk, mode, lateness, tap)
    tap.end()


if __name__ == "__main__":
    main()
