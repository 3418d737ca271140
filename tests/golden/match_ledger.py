#!/usr/bin/env python3
"""What matching counts: that it adds up over any capture and at any moment, has the same shape always, and is told to people.

usage: match_ledger.py SLUICE

SLUICE_LEDGER_EVERY=N takes every N-th capture of ../shared/data only; without that folder the project's own are taken alone.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import ROOT, Run, Tap  # noqa: E402

from frames import ETH_IP4, checksum, ethernet, ip4, udp, write_pcap  # noqa: E402
from live import Live  # noqa: E402
from made import captures  # noqa: E402

T0 = 1700000000000000
OFFICE = os.path.join(HERE, "captures", "office.pcap")
SHARED = os.path.join(ROOT, "..", "shared", "data")
LINKS = ("EN10MB", "RAW", "IPV4", "IPV6", "LINUX_SLL", "LINUX_SLL2", "NULL")
A, B = "10.0.0.1", "10.0.0.2"
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
GROUP = 30      # captures of one run
STREAMS = {"flows": ("src_ip dest_ip src_port dest_port proto tos in_port mpls", "tumbling 10ms")}
HS = "1:/GET|POST/\n2:/\\x16\\x03.*\\x00/s\n3:/needle/\n4:/end$/\n5:/[0-9]{4}-[0-9]{2}/\n"
RULES = """alert tcp any any -> any any (msg:"two"; content:"HTTP/1"; content:"Host"; distance:0; sid:10;)
alert tcp any any -> any 80 (msg:"bit"; flow:to_server,established; content:"GET"; flowbits:set,got; sid:11;)
alert tcp any 80 -> any any (msg:"answer"; flow:to_client; flowbits:isset,got; content:"200"; sid:12;)
alert udp any any -> any any (msg:"any"; content:"|00 01|"; offset:2; depth:8; xbits:set,seen,track ip_src,expire 60; sid:13;)
alert tcp any any -> any any (msg:"pcre"; content:"needle"; pcre:"/needle\\s+(\\w+) \\1/"; sid:14;)
alert icmp any any -> any any (msg:"ping"; itype:8; sid:15;)
"""


def tcp(sport, dport, seq, flags, payload=b"", src=A, dst=B, ack=1, wrong=False):
    """A frame with a checksum that is right, or `wrong`."""
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack, 5 << 4, flags, 0xFFFF, 0, 0)
    pseudo = ip_address(src).packed + ip_address(dst).packed + struct.pack("!BBH", 0, 6, 20 + len(payload))
    sum_ = checksum(pseudo + head + payload + bytes(len(payload) % 2)) ^ (0x5555 if wrong else 0)
    return ethernet(ETH_IP4, ip4(src, dst, 6, head[:16] + struct.pack("!H", sum_) + head[18:] + payload))


class Bench:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        self.hs, self.rules = self.file("rules.hs", HS), self.file("test.rules", RULES)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def capture(self, name, frames):
        """1 ms from frame to frame."""
        path = os.path.join(self.folder, name)
        write_pcap(path, [(T0 + i * 1000, f, len(f)) for i, f in enumerate(frames)])
        return path

    def match(self, only_hs=False, **more):
        """The section [match]."""
        rules = f'"{self.hs}"' if only_hs else f'"{self.hs}" "{self.rules}"'
        return {"match": {"rules": rules, "cache": "off", **more}}

    def run(self, paths, workers=1, match=None, **sets):
        devices = " ".join(f'"{p}"' for p in paths)
        return Run(self.sluice, self.folder, {"input.backend": "pcap", "input.device": devices, "input.workers": workers,
                                              "input.lateness": "all", **{k.replace("_", ".", 1): v for k, v in sets.items()}},
                   STREAMS, more=match)


def faults(m, ended):
    """What of summary["match"] does not add up."""
    c, s, f, k, w, e = (m[name] for name in ("connections", "streams", "fragments", "checksums", "flows", "engine"))
    octets, pieces = dict(c["octets"]), dict(f["octets"])
    came, put = octets.pop("in"), pieces.pop("in")
    facts = {
        "connections: opened = open + closed": c["opened"] == c["open"] + sum(c["closed"].values()),
        "connections: picked up ones were opened": c["picked_up"] <= c["opened"],
        "connections: octets in = the sum of what became of them": came == sum(octets.values()),
        "connections: nothing is skipped without a gap": all(c["gaps"][why] or not n for why, n in c["skipped"].items()),
        "streams: opened = live + compressed + closed": s["opened"] == s["live"] + s["compressed"] + s["closed"],
        "streams: within their budget": s["octets_compressed"] <= s["octets"] <= s["budget"],
        "streams: scanned, once, what was delivered": s["scanned"] <= octets["delivered"],
        "fragments: seen = taken + refused": f["seen"] == f["taken"] + sum(f["refused"].values()),
        "fragments: begun = complete + given up + held": f["begun"] == f["complete"] + sum(f["given_up"].values()) + f["held"],
        "fragments: octets in = out + given up + held": put == sum(pieces.values()),
        "checksums: what was refused was found": all(n <= k["found"][what] for what, n in k["refused"].items()),
        "flows: opened = open + gone": w["opened"] == w["open"] + w["expired"] + w["displaced"] + w["evicted"],
        "flows: within their room": w["open"] <= w["max"] and w["bits"] <= w["bits_max"],
        "engine: limits are met where it verifies": e["limited"] <= e["verified"],
        "events: uncounted ones came late": m["uncounted"] <= m["late_events"] <= m["events"],
    }
    if ended:
        facts["at the end nothing is open or held"] = not any(
            (c["open"], octets["held"], c["held_memory"], s["live"], s["compressed"], f["held"], pieces["held"]))
    return [fact for fact, true in facts.items() if not true]


def shape(value):
    """Names, and which have names below them."""
    return {name: shape(below) for name, below in value.items()} if isinstance(value, dict) else None


def own(bench):
    """The project's captures, and some whose packets do what counters are there for."""
    paths = [OFFICE]
    for capture in captures():
        path = os.path.join(bench.folder, f"made-{capture.name}.pcap")
        write_pcap(path, capture.frames, capture.link)
        paths.append(path)
    return paths + [bench.capture("ragged.pcap", ragged())]


def ragged():
    """Connections with holes, repeats, other octets the second time, and ends of every kind."""
    frames = []
    for i in range(400):
        port, text = 2000 + i, b"GET /needle HTTP/1.1\r\nHost: needle abc abc\r\n\r\nend"
        frames.append(tcp(port, 80, 99, SYN))
        pieces = [(100 + at, text[at:at + 7]) for at in range(0, len(text), 7)]
        if i % 5 == 1:
            pieces.reverse()
        if i % 5 == 2:
            del pieces[2]
        if i % 5 == 3:
            pieces.insert(2, (100, b"PUT"))
        if i % 5 == 4:
            pieces += [(100, text), (90000, b"stray")]
        frames += [tcp(port, 80, seq, ACK, piece) for seq, piece in pieces]
        end = 100 + len(text)
        if i % 2:
            frames += [tcp(80, port, 1 + 4 * k, ACK, b"200 ", src=B, dst=A, ack=end) for k in range(8)]
        frames += [[tcp(port, 80, end, FIN | ACK)], [tcp(port, 80, end, RST, b"reason")], []][i % 3]
        if i % 7 == 0:
            frames.append(tcp(port, 80, 123456789, SYN))
    for i in range(40):
        whole = udp(3000 + i, 53, bytes(range(64)) * 4)
        parts = [(0, True), (88, True), (176, False)]
        for offset, more in parts if i % 4 else parts[:2]:
            piece = whole[offset:offset + 88] if more else whole[offset:]
            frames.append(ethernet(ETH_IP4, ip4(A, B, 17, piece, ident=i, offset=offset, more=more)))
        if i % 4 == 3:
            frames.append(ethernet(ETH_IP4, ip4(A, B, 17, b"X" * 80, ident=1000 + i, offset=0, more=True)))
            frames.append(ethernet(ETH_IP4, ip4(A, B, 17, b"Y" * 80, ident=1000 + i, offset=0, more=True)))
    return frames


def others():
    """Captures of ../shared/data that can be read, or none."""
    try:
        with open(os.path.join(SHARED, "MANIFEST.tsv"), errors="replace") as f:
            names = f.readline().rstrip("\n").split("\t")
            rows = [dict(zip(names, line.rstrip("\n").split("\t"))) for line in f]
    except OSError:
        return []
    found = sorted(row["file"] for row in rows if row["file"].startswith(("pcaps/", "malformed/")) and row["linktype"] in LINKS)
    return [os.path.join(SHARED, name) for name in found][::int(os.environ.get("SLUICE_LEDGER_EVERY", "1"))]


# Turn by turn: much room and little, the ways to match, one worker and several.
WAYS = [
    ("stream", 1, {}),
    ("stream, a megabyte", 3, {"stream_memory": "1M"}),
    ("stream, checksums count", 2, {"checksums": "check", "midstream": "no"}),
    ("block", 2, {"mode": "block"}),
    ("block, patterns alone", 1, {"mode": "block", "only_hs": True}),
]


def adds_up(bench, tap, seen):
    for way, workers, more in WAYS:
        for path in own(bench):
            run = bench.run([path], workers, bench.match(**more))
            check(run, tap, f"{os.path.basename(path)}, {way}", seen)


def check(run, tap, what, seen, accepted=(0,)):
    s = run.summary()
    notes = faults(s["match"], True) if s else ["no summary"]
    events, matches = s.get("match", {}).get("events"), sum(json.loads(line)["matches"] for line in run.lines())
    # What a connection held until its end is counted where the packet is that brought it.
    notes += [f"no packet: {line}" for line in run.lines() if json.loads(line)["packets"] == 0]
    if s and events != matches + s["match"]["uncounted"]:
        notes.append(f"{events} events, {matches} in windows, {s['match']['uncounted']} uncounted")
    if s:
        seen.append(s["match"])
    tap.line(not notes and run.status in accepted, f"adds up: {what}", notes + run.why())


def others_add_up(bench, tap, seen):
    paths = others()
    if not paths:
        tap.skip("captures of others add up", "there is no ../shared/data")
    groups = [paths[i:i + GROUP] for i in range(0, len(paths), GROUP)]
    for i, group in enumerate(groups):
        way, workers, more = WAYS[i % len(WAYS)]
        run = bench.run(group, workers, bench.match(**more))
        if run.status == 0:
            check(run, tap, f"captures of others, {i + 1} of {len(groups)}, {way}", seen)
        else:   # a file in it is cut or corrupt, which ends a run
            for path in group:
                check(bench.run([path], workers, bench.match(**more)), tap, f"{os.path.relpath(path, SHARED)}, {way}", seen, (0, 1))


# What depends on how much memory each worker has, or on when it looks around.
MEMORY = ("flows max", "flows bits_max", "streams budget", "streams octets", "streams octets_compressed", "streams compressions", "streams expansions")


def counters(value, path=""):
    """(names, number) of each counter."""
    for name, below in value.items():
        if isinstance(below, dict):
            yield from counters(below, f"{path}{name} ")
        else:
            yield path + name, below


def whoever_counts(bench, tap):
    first = None
    for workers in (1, 2, 4):
        found = {k: v for k, v in counters(bench.run(own(bench), workers, bench.match()).summary()["match"]) if k not in MEMORY}
        first = first or found
        tap.line(found == first, f"the same is counted by {workers} workers",
                 [f"{k}: {first[k]} by one, {v}" for k, v in found.items() if v != first[k]])


def constant(bench, tap, seen):
    empty = bench.run([bench.capture("empty.pcap", [])], match=bench.match()).summary()["match"]
    no_rule = bench.run([OFFICE], match={"match": {"rules": f'"{bench.file("none.rules", "")}"', "cache": "off"}}).summary()["match"]
    shapes = {json.dumps(shape(m)) for m in seen + [empty, no_rule]}
    tap.line(len(shapes) == 1, "with rule files its shape is constant, whatever they hold and whatever came", sorted(shapes)[:3])
    without = bench.run([OFFICE]).summary()["match"]
    tap.line(all(isinstance(v, int) for v in without.values()) and all(v == 0 for v in without.values()), "without rules it is plain zeros", [str(without)])
    explained(tap, empty)
    # The captures above must have been worth it: each of these was met somewhere.
    for path in ("connections closed drained", "connections closed reused", "connections gaps acked", "connections octets different",
                 "connections octets repeated", "connections octets of_rst", "connections conflicts", "connections picked_up",
                 "streams compressions", "streams restarts", "fragments complete", "fragments given_up end",
                 "fragments conflicts", "checksums refused bad", "flows opened", "engine scans", "engine verified", "late_events"):
        n = sum(dig(m, path.split()) for m in seen)
        tap.line(n > 0, f"counted somewhere: {path}")


def dig(value, path):
    for name in path:
        value = value[name]
    return value


def explained(tap, m):
    """Each name in the README's section, with what it is."""
    with open(os.path.join(ROOT, "README.md")) as f:
        section = f.read().partition("### The ledger")[2].partition("\n## ")[0]
    names = {name for path, _ in counters(m) for name in path.split()}
    missing = sorted(name for name in names if f"`{name}`" not in section)
    tap.line(len(names) > 80 and not missing, "the README says of each counter what it is", missing)


def at_any_moment(bench, tap):
    sets = {"input.backend": "pcap", "input.device": f'"{OFFICE}"', "input.workers": "2", "input.pace": "3000",
            "stream.all.key": "src_ip", "stream.all.window": "tumbling 1s", "sink.out.type": "null",
            **{f"match.{k}": v for k, v in bench.match()["match"].items()}}
    live = Live(bench.sluice, bench.folder, sets)
    notes, looks, most = [], 0, 0
    text = live.command("stats").stdout
    top = subprocess.Popen([bench.sluice, "top", "--socket", live.socket], stdout=subprocess.PIPE, text=True)
    screens = ""
    while "now: " not in screens and (line := top.stdout.readline()):
        screens += line
    while (s := live.stats()) is not None and looks < 500:
        notes += faults(s["match"], False)
        looks, most = looks + 1, max(most, s["match"]["streams"]["live"])
        if looks == 100:
            text = live.command("stats").stdout or text     # it may be ending
    live.command("stop")
    live.wait()
    tap.line(not notes and looks > 20 and most > 0, "it adds up at any moment of a run", notes[:5] + [f"{looks} looks, {most} streams"] + live.why())
    tap.line("\n  connections  open " in text and "\n  streams      live " in text and " octets, scans over budget 0" in text,
             "stats tells people of connections and streams", [text])
    tap.line("match events/s" in screens and "  connections " in screens, "and so does top, with the rate of events", [screens])
    top.stdout.read()
    top.wait(timeout=60)
    live.end()


def warnings(bench, tap):
    good = [tcp(9, 80, 1, SYN)] + [tcp(9, 80, 2 + 6 * i, ACK, b"needle") for i in range(50)]
    decoy = good + [tcp(9, 80, 2, ACK, b"noodle")]
    wrong = good + [tcp(9, 80, 302 + 6 * i, ACK, b"needle", wrong=True) for i in range(50)]
    # Streams that cannot be compressed, as all of these patterns have begun somewhere.
    letters = bytes(97 + i * i * 7 % 26 for i in range(400))
    many = [frame for i in range(1000) for frame in (tcp(1000 + i, 80, 99, SYN), tcp(1000 + i, 80, 100, ACK, letters))]
    wide = bench.file("wide.hs", "".join(f"{i}:/{'abcdefghijklmnopqrst'[i]}.{{300}}{i}/s\n" for i in range(20)))
    lines = {"conflicting overlaps: 1 packets": "decoy", "match.checksums = ignore": "wrong", "(match.stream_memory)": "many"}
    for name, frames, more in (("good", good, {}), ("decoy", decoy, {}), ("wrong", wrong, {}), ("many", many, {"stream_memory": "1M", "rules": f'"{wide}"'})):
        run = bench.run([bench.capture(name + ".pcap", frames)], match=bench.match(**more))
        said = [line for line in run.said.splitlines() if "warning: match:" in line]
        want = [line for line, who in lines.items() if who == name]
        over, notes = run.summary()["match"]["streams"]["over_budget"], said + faults(run.summary()["match"], True)
        tap.line(run.status == 0 and notes == said and len(said) == len(want) and all(w in s for w, s in zip(want, said))
                 and (over["scans"] > 0 and over["octets"] > 0) == (name == "many"),
                 f"{name}: " + (f'one warning, "{want[0]}"' if want else "no warning"), notes + run.why())
    run = bench.run([os.path.join(bench.folder, "wrong.pcap")], match=bench.match(checksums="ignore"))
    tap.line(run.status == 0 and "warning: match:" not in run.said and not any(run.summary()["match"]["checksums"]["found"].values()),
             "checksums that are not looked at are no reason to warn", run.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap, seen = Tap(), []
    with tempfile.TemporaryDirectory(prefix="sluice-ledger-") as folder:
        bench = Bench(sys.argv[1], folder)
        adds_up(bench, tap, seen)
        others_add_up(bench, tap, seen)
        constant(bench, tap, seen)
        whoever_counts(bench, tap)
        at_any_moment(bench, tap)
        warnings(bench, tap)
    tap.end()


if __name__ == "__main__":
    main()
