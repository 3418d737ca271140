#!/usr/bin/env python3
"""Windows of every kind over random captures, record for record as the model has them (windows_model.py).

usage: windows.py SLUICE [--captures N] [--seed S]

SLUICE_CAPTURES is N where it is not given, else 120.

Each case, a capture or its parts as several, is run through several streams of different kinds at once, and alerts on them: by one worker, and twice
by up to eight, in bursts of any size; some with corrections of late packets, some with a bound on how far ahead a time may be. The last line says
how many of them were compared.
"""
import argparse
import json
import operator
import os
import random
import sys
import tempfile
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import windows_model as model  # noqa: E402
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ETH_IP6, ethernet, ip4, ip6, tcp, udp, write_pcap  # noqa: E402

MS, SECOND, DAY = 1000, 1000000, 86400000000
T0 = 1700000000 * SECOND
TUPLE = ("src_ip", "dest_ip", "src_port", "dest_port", "proto")
BIFLOW_KEYS = (TUPLE, TUPLE, ("dest_port", "src_port", "dest_ip", "src_ip"), ("src_ip", "dest_ip"), ("proto", "dest_ip", "src_ip"))
KEYS = (TUPLE, TUPLE, ("src_ip",), ("src_ip", "dest_port"), ("proto",), ("rule",), ("src_ip", "rule"))

# Their panes are at least 10 ms, however they are mixed.
WINDOWS = [("tumbling", s * MS) for s in (50, 250, 1000, 10000, 3600000)] \
    + [("sliding", s * MS, e * MS) for s, e in ((100, 50), (300, 100), (1000, 250), (10000, 1000), (60000, 2000), (5000, 5000))] \
    + [("session", g * MS) for g in (50, 100, 333, 1000, 1500, 7000, 60000)] \
    + [("flow", a * MS, i * MS) for a, i in ((1000, 100), (2000, 1500), (1500, 60), (5000, 2000), (10000, 15000), (60000, 10000))]
SIGNS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
COUNTS = [("count", n) for n in (2, 3, 5, 16)]
FRAGMENT_LIFE = 30 * SECOND
PATTERNS = {101: b"needle", 102: b"straw"}


def duration(us):
    for unit, name in ((3600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s"), (MS, "ms")):
        if us % unit == 0:
            return f"{us // unit}{name}"
    return f"{us}us"


def times(rng, n, gaps):
    """Event times in order of arrival: bursts, steps to just at and beyond the gaps, jumps of years, disorder."""
    jumps, disorder = rng.random() < 0.3, rng.choice((0, 0, 0.05, 0.4))
    now, out = T0 + rng.randrange(3 * SECOND), []
    for _ in range(n):
        kind = rng.random()
        if kind < 0.4:
            now += rng.randrange(3)
        elif kind < 0.7:
            now += rng.randrange(400 * MS)
        elif kind < 0.85:
            now += rng.choice(gaps) + rng.choice((-1, 0, 1))
        elif kind < 0.93:
            now = now // SECOND * SECOND + SECOND + rng.choice((-1, 0, 1))
        elif kind < 0.98 or not jumps:
            now += rng.randrange(20 * SECOND)
        else:
            now += rng.choice((1, 1, -1)) * rng.randrange(900) * DAY
            now = max(now, 10 * DAY)
        back = rng.choice((1, 100 * MS, SECOND, 5 * SECOND)) if rng.random() < disorder else 0
        out.append(now - rng.randrange(back + 1))
    return out


def fragments(ident, packet, proto, segment, first_us):
    """The later fragments of a datagram, each as (packet, frame) of its time."""
    at = 24
    while at < len(segment):
        piece, more = segment[at:at + 16], at + 16 < len(segment)

        def late(time_us, at=at, piece=piece, more=more):
            fields = dict(packet.fields)
            if time_us - first_us > FRAGMENT_LIFE:
                fields["src_port"] = fields["dest_port"] = 0
            frame = ethernet(ETH_IP4, ip4(fields["src_ip"], fields["dest_ip"], proto, piece, ident=ident, offset=at, more=more), 60)
            return model.Packet(time_us, fields, 20 + len(piece), len(frame)), frame
        yield late
        at += 16


def capture(rng):
    """Packets as the model wants them, and as frames."""
    gaps = [s for w in WINDOWS for s in w[1:]]
    hosts, ports, replies = rng.randrange(1, 5), rng.randrange(1, 4), rng.choice((0, 0.5))
    cut = rng.choice((0, 0, 0.2))
    packets, frames, waiting = [], [], []
    for at in times(rng, rng.randrange(1, 300), gaps):
        if waiting and rng.random() < 0.5:
            packet, frame = waiting.pop(rng.randrange(len(waiting)))(at)
            packets.append(packet)
            frames.append((at, frame, len(frame)))
            continue
        v6 = rng.random() < 0.3
        src, dst = (("2001:db8::{:x}" if v6 else "10.0.0.{}").format(rng.choice((1, 9, 10)) + rng.randrange(hosts)) for _ in range(2))
        sport, dport = 1000 + rng.randrange(ports), 80 + rng.randrange(2)
        if rng.random() < replies:
            src, dst, sport, dport = dst, src, dport, sport
        if rng.random() < 0.1:
            sport = dport
        whole = v6 or rng.random() >= cut
        found = tuple(sid for sid in PATTERNS if rng.random() < 0.2) if whole else ()
        text = b" ".join([bytes(rng.randrange(20) if whole else rng.randrange(30, 60))] + [PATTERNS[sid] for sid in found])
        flags = rng.choice((0x10, 0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x14))
        if rng.random() < 0.7:
            proto, segment = 6, tcp(sport, dport, flags, text)
        else:
            proto, flags, segment = 17, 0, udp(sport, dport, text)
        ident, head = len(packets) + 1, segment if whole else segment[:24]
        frame = ethernet(ETH_IP6, ip6(src, dst, proto, head)) if v6 \
            else ethernet(ETH_IP4, ip4(src, dst, proto, head, ident=ident, more=not whole), 60)
        frames.append((at, frame, len(frame)))
        packets.append(model.Packet(at, dict(zip(TUPLE, (src, dst, sport, dport, proto))), (40 if v6 else 20) + len(head),
                                    len(frame), flags, found))
        if not whole:
            waiting += fragments(ident, packets[-1], proto, segment, at)
    return packets, frames


def networks(rng, key):
    """The key, perhaps with networks in the place of addresses; the same for both ends where there are both."""
    prefix = rng.choice(("", "", "/31", "/24/64", "/32/124", "/29/128", "/30/125"))
    return tuple(k + prefix if k in ("src_ip", "dest_ip") else k for k in key)


def comparison(rng, key):
    """A comparison of a field of the key, as text and as a function of a record's fields."""
    name, *prefixes = rng.choice(key).split("/")
    if name in ("src_ip", "dest_ip"):
        return address_comparison(rng, name, tuple(map(int, prefixes)))
    near = {"src_port": 1001, "dest_port": 80, "proto": 12, "rule": 101}[name]
    value, other = sorted(near + rng.randrange(-6, 7) for _ in range(2))
    if rng.random() < 0.3:
        negated = rng.random() < 0.5
        return f"{name} {'not ' if negated else ''}in 0, {value}..{other}", lambda f: (f[name] == 0 or value <= f[name] <= other) != negated
    sign = rng.choice(list(SIGNS))
    return f"{name} {sign} {value}", lambda f: SIGNS[sign](f[name], value)


def address_comparison(rng, name, prefixes):
    """A network for = and !=, an address for the others; addresses of the other family are unequal, and not to be compared."""
    value = rng.choice(("10.0.0.{}", "2001:db8::{:x}")).format(rng.randrange(16))
    sign = rng.choice(list(SIGNS))
    if sign in ("=", "!="):
        longest = model.network(value, prefixes)[1] if prefixes else model.ipaddress.ip_address(value).max_prefixlen
        net = model.ipaddress.ip_network((value, longest - rng.randrange(8)), strict=False)
        return f"{name} {sign} {net}", lambda f: (model.ipaddress.ip_address(f[name]) in net) == (sign == "=")
    value = model.ipaddress.ip_address(value)

    def holds(f):
        mine = model.ipaddress.ip_address(f[name])
        return mine.version == value.version and SIGNS[sign](mine, value)
    return f"{name} {sign} {value}", holds


BINDS = ("or", "and", "not")    # the last one most


def condition(rng, key, depth=3, within="or"):
    """Text and function, as comparison(); in parentheses where it must be, as a part of `within`, and sometimes where it need not."""
    kind = rng.choice(("and", "or", "not", "", "")) if depth else ""
    if not kind:
        return comparison(rng, key)
    (a, left), (b, right) = (condition(rng, key, depth - 1, kind) for _ in range(2))
    if kind == "not":
        out, holds = f"not {a}", lambda f: not left(f)
    else:
        out, holds = f"{a} {kind} {b}", (lambda f: left(f) and right(f)) if kind == "and" else (lambda f: left(f) or right(f))
    loose = BINDS.index(kind) < BINDS.index(within)
    return f"({out})" if loose or rng.random() < 0.2 else out, holds


def counted_field(rng, key, biflow):
    """A field that packets of one key may have several values of, or none."""
    taken = {k.split("/")[0]: "/" in k for k in key}
    free = [f for f in TUPLE if taken.get(f, True)]
    if biflow or not free or rng.random() < 0.6:
        return ""
    field = rng.choice(free)
    return field + (rng.choice(("/31/126", "/30")) if field not in taken and field.endswith("_ip") and rng.random() < 0.4 else "")


def streams(rng):
    out = []
    for i in range(rng.randrange(1, 6)):
        biflow, counts = rng.random() < 0.5, rng.random() < 0.2
        key, window = rng.choice(BIFLOW_KEYS if biflow else KEYS), rng.choice(WINDOWS)
        if counts:
            biflow, key, window = False, rng.choice((TUPLE, TUPLE[::-1])), rng.choice(COUNTS)
        while "rule" in key and window[0] == "flow":
            window = rng.choice(WINDOWS)
        top = rng.choice((1, 2, 3, 7, 20)) if window[0] in ("tumbling", "sliding") and rng.random() < 0.5 else 0
        key = key if counts else networks(rng, key)
        where, holds = condition(rng, key) if rng.random() < 0.4 else ("", None)
        out.append(model.Stream(f"s{i}", key, window, biflow, top, rng.choice(("bytes", "packets", "matches")), where, holds,
                                "" if counts else counted_field(rng, key, biflow)))
    return out


def section(stream):
    """As the configuration has it."""
    kind, *sizes = stream.window
    return {"key": " ".join(stream.key), "window": " ".join([kind] + [str(n) if kind == "count" else duration(n) for n in sizes]),
            "biflow": "yes" if stream.biflow else "no", "top": stream.top, "order_by": stream.order_by, "where": stream.where,
            "distinct": stream.distinct}


def watches(rng, chosen):
    """{name: (stream, condition)}."""
    chosen, out = {s.name: s for s in chosen}, {}
    for i in range(rng.choice((0, 1, 2, 4)) if chosen else 0):
        stream = rng.choice(list(chosen))
        field, sign = rng.choice(("packets", "packets", "bytes", "frame_bytes", "matches")), rng.choice((">", ">", ">=", "<", "<="))
        if chosen[stream].biflow and field != "matches" and rng.random() < 0.5:
            field = "rev_" + field
        number = rng.choice((1, 2, 3)) * (150 if "bytes" in field else 1)
        when = model.When(field, sign, number)
        if chosen[stream].window[0] in ("tumbling", "sliding") and rng.random() < 0.7:
            when = model.When(field, sign, rng.choice((0, number)), Fraction(rng.choice((500, 1000, 1500, 2125, 4000)), 1000), rng.randrange(1, 5))
        out[f"a{i}"] = (stream, when)
    return out


def crossing(when):
    right = [f"{float(when.factor):g} * mean({when.windows})"] if when.windows else []
    return f"{when.field} {when.sign} " + " + ".join(right + ([str(when.number)] if when.number or not right else []))


def text(records):
    return sorted(json.dumps(r, sort_keys=True) for r in records)


def difference(want, got, limit=4):
    missing, surplus = sorted(set(want) - set(got)), sorted(set(got) - set(want))
    return [f"missing: {line}" for line in missing[:limit]] + [f"surplus: {line}" for line in surplus[:limit]] \
        + [f"{len(want)} expected, {len(got)} found"]


def by_rank(run, stream, counted):
    """Whether the stream's records stand in the file as they rank."""
    with open(run.records_path) as f:
        got = [r for r in map(json.loads, f) if r["type"] == "window" and r["stream"] == stream.name and not r.get("late")]
    return got == model.records(counted, stream)


def written(rng, folder, frames):
    """Paths of captures that hold the frames, in order: one, or several."""
    ends = sorted(rng.randrange(len(frames) + 1) for _ in range(rng.choice((0, 0, 1, 3)))) + [len(frames)]
    paths = [os.path.join(folder, f"random{i}.pcap") for i in range(len(ends))]
    for path, start, end in zip(paths, [0] + ends, ends):
        write_pcap(path, frames[start:end])
    return " ".join(f'"{path}"' for path in paths)


def check(sluice, folder, tap, seed):
    """One capture; returns what was compared with the model: runs of the program, and their streams."""
    rng = random.Random(seed)
    packets, frames = capture(rng)
    chosen = streams(rng)
    watched = watches(random.Random(seed), chosen)
    lateness, emit = rng.choice((0, 300 * MS, SECOND, None)), rng.random() < 0.6
    ahead = rng.choice((None, None, None, 20 * SECOND, 3600 * SECOND))
    device, rules = written(rng, folder, frames), os.path.join(folder, "random.hs")
    with open(rules, "w") as f:
        f.writelines(f"{sid}:/{word.decode()}/\n" for sid, word in PATTERNS.items())
    judged = list(model.late(packets, lateness, ahead))
    counted = [p for p, floor in judged if floor is None]
    future = sum(floor == "future" for _, floor in judged)
    windows = {s.name: model.records(counted, s) for s in chosen}
    newest = max(p.time_us for p in counted)
    by_name = {s.name: s for s in chosen}
    alerts = [a for name, (stream, when) in watched.items() for a in model.alerts(windows[stream], name, by_name[stream], when, newest)]
    records = [r for own in windows.values() for r in own]
    corrections = [r for stream in chosen for r in model.corrections(judged, stream)] if emit else []
    want = text(records + corrections + alerts)
    notes, runs = [], 0
    for workers in (1, rng.randrange(2, 9), rng.randrange(2, 9)):
        # A burst has what is due when the reader looks, 64 packets at most.
        sets = {"input.backend": "pcap", "input.device": device, "input.workers": workers, "match.mode": "block",
                "input.pace": rng.choice(("max", "max", 20000, 200000, 1000000)),
                "match.checksums": "ignore", "input.lateness": "all" if lateness is None else duration(lateness) if lateness else "0",
                "input.late": "emit" if emit else "drop", "input.max_ahead": duration(ahead) if ahead else rng.choice(("off", "auto")),
                "flow.rows": "1K", "flow.panes": rng.choice((2, 4, 16)), "flow.spares": rng.choice((1, 4)), "flow.memory": "64M"}
        run = Run(sluice, folder, sets, {}, rules,
                  more={**{f"stream {s.name}": section(s) for s in chosen},
                        **{f"alert {name}": {"stream": stream, "when": crossing(when)} for name, (stream, when) in watched.items()}})
        runs += 1
        got = text(json.loads(line) for line in run.lines())
        if run.status != 0 or got != want:
            notes += [f"{workers} workers: {chosen}, {watched}, lateness {lateness}, max_ahead {ahead}"] + difference(want, got) + (run.why() if run.status else [])
            break
        notes += [f"{workers} workers: {s.name} is not by rank" for s in chosen if s.top and not by_rank(run, s, counted)]
        told, ledger, drops = (run.summary()[name] for name in ("streams", "ledger", "drops"))
        fired = sum(a["fired"] for a in run.summary().get("alerts", {}).values())
        if [sum(s.get(what, 0) for s in told.values()) for what in ("records", "late_records")] != [len(records), len(corrections)] \
                or ledger["counted"] != len(counted) or [drops["late"], drops["future"]] != [ledger["late"] - future, future] \
                or fired != len(alerts) or run.summary().get("late") != ({"uncorrected": 0} if emit else None):
            notes.append(f"{workers} workers: {run.summary()}")
    kinds = ", ".join(sorted({s.window[0] + "".join(f"+{n}" for n in ("biflow", "top", "where", "distinct") if getattr(s, n)) for s in chosen}))
    tap.line(not notes, f"seed {seed}: {len(packets)} packets, {len(records)} records ({kinds}), {len(corrections)} corrections, {len(alerts)} alerts", notes)
    return runs, runs * len(chosen)


def many(rng):
    """Packets from thousands of addresses, in waves: some windows have few of them, some have more than are counted one by one."""
    packets, frames = [], []
    for i in range(12000):
        at = T0 + i * 1500
        width = (30, 900, 1024, 1025, 4000)[at // (2 * SECOND) % 5]
        n = rng.randrange(width) if width > 1100 else i % width
        src, proto = (f"10.1.{n >> 8}.{n & 255}", 17) if n % 3 else (f"2001:db8::{n:x}", 17)
        segment = udp(1000, 80 + i % 2)
        fields = dict(zip(TUPLE, (src, "10.2.0.1" if n % 3 else "2001:db8:1::1", 1000, 80 + i % 2, proto)))
        frame = ethernet(ETH_IP4, ip4(src, fields["dest_ip"], proto, segment), 60) if n % 3 else ethernet(ETH_IP6, ip6(src, fields["dest_ip"], proto, segment))
        frames.append((at, frame, len(frame)))
        packets.append(model.Packet(at, fields, (20 if n % 3 else 40) + len(segment), len(frame)))
    return packets, frames


def near(want, got):
    """Whether records are equal but for what is estimated: beyond 1,024 values, and within five times the error told."""
    if len(want) != len(got):
        return False
    for w, g in zip(want, got):
        number, error = w["distinct_src_ip"], g.pop("distinct_error", None)
        if (error is None) != (number <= 1024) or abs(g["distinct_src_ip"] - number) > (5 * error * number if error else 0):
            return False
        if {**w, "distinct_src_ip": 0} != {**g, "distinct_src_ip": 0}:
            return False
    return True


def check_estimates(sluice, folder, tap, seed):
    packets, frames = many(random.Random(seed))
    path, first = os.path.join(folder, "many.pcap"), None
    write_pcap(path, frames)
    chosen = [model.Stream(w[0] + str(i), key, w, distinct="src_ip")
              for i, (key, w) in enumerate((k, w) for k in (("proto",), ("dest_port",)) for w in (
                  ("tumbling", 2 * SECOND), ("tumbling", 20 * SECOND), ("sliding", 2 * SECOND, 500 * MS), ("sliding", 6 * SECOND, SECOND),
                  ("session", 50 * MS), ("flow", 3 * SECOND, SECOND)))]
    want = sorted((r for s in chosen for r in model.records(packets, s)), key=lambda r: (r["stream"], r["window_start_us"], r.get("dest_port", 0)))
    for workers, spares in ((1, 4), (1, 1), (2, 4), (4, 2)):
        sets = {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers, "flow.rows": "64K" if spares > 1 else "1K",
                "flow.spares": spares, "flow.memory": "256M"}
        run = Run(sluice, folder, sets, {}, more={f"stream {s.name}": section(s) for s in chosen})
        lines = run.lines()
        got = sorted(map(json.loads, lines), key=lambda r: (r["stream"], r["window_start_us"], r.get("dest_port", 0)))
        estimated = sum("distinct_error" in r for r in got)
        tap.line(run.status == 0 and 0 < estimated < len(got) and near(want, got),
                 f"{workers} workers, {spares} spares: {len(got)} records, {estimated} with estimates, as near as they say", run.why())
        first = first or lines
        tap.line(lines == first, f"{workers} workers, {spares} spares: the same estimates")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("sluice")
    args.add_argument("--captures", type=int, default=int(os.environ.get("SLUICE_CAPTURES", "120")))
    args.add_argument("--seed", type=int, default=1)
    args = args.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        compared = [check(args.sluice, folder, tap, seed) for seed in range(args.seed, args.seed + args.captures)]
        check_estimates(args.sluice, folder, tap, args.seed)
    print(f"# {sum(runs for runs, _ in compared)} runs over {len(compared)} captures, windows of {sum(n for _, n in compared)} streams compared")
    tap.end()


if __name__ == "__main__":
    main()
