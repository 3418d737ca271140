"""Windows of every kind from a list of packets: small, slow, and by the words of the contract. What the program must agree with."""
import functools
import ipaddress
import operator
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction

SECOND = 1000000
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
SUMS = ("packets", "bytes", "frame_bytes", "matches", "rev_packets", "rev_bytes", "rev_frame_bytes")
FLAGS = ("tcp_flags", "rev_tcp_flags")
CONNECTION = {"src_ip", "dest_ip", "src_port", "dest_port"}


@dataclass
class Packet:
    time_us: int
    fields: dict            # every key field that it has, by name
    bytes: int
    frame_bytes: int
    tcp_flags: int = 0
    rules: tuple = ()       # that match in it, by sid
    whole: dict = None      # the fields before a key left something out


@dataclass
class Stream:
    name: str
    key: tuple              # of names of fields, of which addresses may be networks: "src_ip/24/64"
    window: tuple           # ("sliding", 10000000, 1000000), in microseconds; ("count", 5)
    biflow: bool = False
    top: int = 0
    order_by: str = "bytes"
    where: str = ""
    holds: object = None    # what `where` says, of a record's fields
    distinct: str = ""      # a field whose values are counted, as in the key


def seconds(time_us):
    """The first whole second that is not before."""
    return -(-time_us // SECOND) * SECOND


def late(packets, lateness_us, ahead_us=None):
    """In order of arrival: (packet, None) of those on time, (packet, floor) of those behind, (packet, "future") of those too far ahead."""
    newest = None
    for p in packets:
        if newest is None:
            yield p, None
        elif ahead_us is not None and p.time_us > newest + ahead_us:
            yield p, "future"
            continue
        elif lateness_us is not None and p.time_us < newest - lateness_us:
            yield p, newest - lateness_us
        else:
            yield p, None
        newest = p.time_us if newest is None else max(newest, p.time_us)


def slot(window):
    """What a stream puts into one batch of corrections, by the time that the watermark had when a packet came."""
    kind, *sizes = window
    return {"tumbling": sizes[0], "sliding": sizes[-1]}.get(kind) or seconds(sizes[-1])


def corrections(judged, stream):
    """Records of late packets alone; `judged` is what late() gives. Counts have none."""
    if stream.window[0] == "count":
        return []
    batches = defaultdict(list)
    for p, floor in judged:
        if isinstance(floor, int):
            batches[floor // slot(stream.window)].append(p)
    return [{**r, "late": True} for held in batches.values() for r in records(held, stream)]


def network(address, prefixes):
    """The network of an address, and how long its prefix is; one prefix is of IPv4 alone."""
    address = ipaddress.ip_address(address)
    whole = address.max_prefixlen
    length = (prefixes + (whole,))[0 if address.version == 4 else 1]
    return str(ipaddress.ip_network((address, length), strict=False).network_address), length


def cut(p, key):
    """The packet with the addresses that the key leaves of it."""
    fields, whole = dict(p.fields), p.fields
    for name, *prefixes in (k.split("/") for k in key):
        if prefixes:
            fields[name], fields[name + "_prefix"] = network(fields[name], tuple(map(int, prefixes)))
    return replace(p, fields=fields, whole=whole)


def values(packets, field):
    """How many values of the field the packets have; an address may be a network."""
    name, *prefixes = field.split("/")
    found = {p.whole[name] for p in packets if name in p.whole}
    return len({network(a, tuple(map(int, prefixes))) for a in found} if prefixes else found)


def takes(stream, fields):
    """Whether the condition holds; for a conversation, in either direction."""
    if stream.holds is None or stream.holds(fields):
        return True
    turned = {re.sub("^(src|dest)_", lambda m: {"src": "dest_", "dest": "src_"}[m[1]], k): v for k, v in fields.items()}
    return stream.biflow and stream.holds(turned)


def sender(p, key):
    """Its address, and its port where that is in the key."""
    return ipaddress.ip_address(p.fields["src_ip"]), p.fields["src_port"] if "src_port" in key else 0


def receiver(p, key):
    return ipaddress.ip_address(p.fields["dest_ip"]), p.fields["dest_port"] if "dest_port" in key else 0


def fields_of(p, key):
    names = [n for k in key for n in ((k, ) if "/" not in k else (k.split("/")[0], k.split("/")[0] + "_prefix"))]
    return {n: p.fields[n] for n in names if n in p.fields}


def by_key(packets, stream):
    """A stream's packets, or events where `rule` is in the key: lists of those of one key, or of both directions of one."""
    groups = defaultdict(list)
    for p in (cut(p, stream.key) for p in packets):
        for rule in p.rules if "rule" in stream.key else (None,):
            fields = fields_of(p, stream.key)
            if not takes(stream, fields if rule is None else {**fields, "rule": rule}):
                continue
            if stream.biflow:
                fields = {k: v for k, v in fields.items() if k not in CONNECTION}
                fields["ends"] = tuple(sorted((sender(p, stream.key), receiver(p, stream.key))))
            if rule is not None:
                fields["rule"] = rule
            groups[tuple(fields.items())].append(p)
    return [(fields.get("rule"), own) for fields, own in ((dict(k), v) for k, v in groups.items())]


def tumbling(packets, size):
    """(start, end, reason, packets) of each window of one key; so do all that follow."""
    return sliding(packets, size, size)


def sliding(packets, size, every):
    windows = defaultdict(list)
    for p in packets:
        start = p.time_us // every * every
        while start > p.time_us - size:
            windows[start].append(p)
            start -= every
    return [(start, start + size, None, held) for start, held in windows.items()]


def session(packets, gap):
    runs = []
    for p in sorted(packets, key=lambda p: p.time_us):
        if runs and p.time_us - runs[-1][-1].time_us <= gap:
            runs[-1].append(p)
        else:
            runs.append([p])
    return [(run[0].time_us, run[-1].time_us + gap, "idle", run) for run in runs]


def flow(packets, active, idle, stream):
    def ended(run):
        if not CONNECTION <= set(stream.key):
            return False
        if any(p.tcp_flags & RST for p in run):
            return True
        closed = {sender(p, stream.key) for p in run if p.tcp_flags & FIN}
        parties = {sender(p, stream.key) for p in run} | {receiver(p, stream.key) for p in run}
        return closed == parties if stream.biflow else bool(closed)

    def active_at(run):
        return seconds(run[0].time_us + active)

    runs = []
    for p in sorted(packets, key=lambda p: p.time_us):
        run = runs[-1] if runs else None
        begins = run is None \
            or p.time_us - run[-1].time_us > idle \
            or p.time_us >= active_at(run) \
            or (ended(run) and p.time_us // SECOND > run[-1].time_us // SECOND)
        if begins:
            runs.append([p])
        else:
            run.append(p)
    for run in runs:
        last = run[-1].time_us
        reason = "end" if ended(run) else "active" if active_at(run) <= last + idle else "idle"
        yield run[0].time_us, last + 1, reason, run


def count(packets, n):
    """In order of arrival."""
    for at in range(0, len(packets), n):
        run = packets[at:at + n]
        times = [p.time_us for p in run]
        yield min(times), max(times) + 1, None, run


def windows(packets, stream):
    kind, *sizes = stream.window
    if kind == "flow":
        return flow(packets, *sizes, stream)
    return {"tumbling": tumbling, "sliding": sliding, "session": session, "count": count}[kind](packets, *sizes)


def source(held, key):
    """Who began: alone sent a SYN without ACK, else was first, at the same time is lower."""
    opened = {sender(p, key) for p in held if p.tcp_flags & (SYN | ACK) == SYN}
    if len(opened) == 1:
        return opened.pop()
    first = min(p.time_us for p in held)
    return min(sender(p, key) for p in held if p.time_us == first)


def flags_of(packets):
    return functools.reduce(operator.or_, (p.tcp_flags for p in packets), 0)


def counters(forth, back):
    """Of a record's packets by direction; None: it has one only."""
    both = forth + (back or [])
    out = {"packets": len(forth), "bytes": sum(p.bytes for p in forth), "frame_bytes": sum(p.frame_bytes for p in forth),
           "first_us": min(p.time_us for p in both), "last_us": max(p.time_us for p in both), "tcp_flags": flags_of(forth)}
    if back is not None:
        out.update({"rev_packets": len(back), "rev_bytes": sum(p.bytes for p in back),
                    "rev_frame_bytes": sum(p.frame_bytes for p in back), "rev_tcp_flags": flags_of(back)})
    return out


def order(record, key):
    """Numerically in the key's order, IPv4 before IPv6."""
    names = [k.split("/")[0] for k in key]
    addresses = [ipaddress.ip_address(record[k]) if k in ("src_ip", "dest_ip") else record[k] for k in names]
    return [(a.version, int(a)) if hasattr(a, "version") else (0, a) for a in addresses]


def largest(rows, stream):
    """Of one window's records, largest first, and of all others one."""
    def size(record):
        return record[stream.order_by] + record.get("rev_" + stream.order_by, 0)

    rows = sorted(rows, key=lambda r: (-size(r), order(r, stream.key)))
    kept, left = rows[:stream.top], rows[stream.top:]
    if left:
        rest = {k: left[0][k] for k in ("type", "stream", "window_start_us", "window_end_us")}
        rest["rest"] = "top"
        for name in SUMS:
            if name in left[0]:
                rest[name] = sum(r[name] for r in left)
        for name in FLAGS:
            if name in left[0]:
                rest[name] = functools.reduce(operator.or_, (r[name] for r in left))
        rest["first_us"], rest["last_us"] = min(r["first_us"] for r in left), max(r["last_us"] for r in left)
        kept.append(rest)
    return kept


def records(packets, stream):
    """The records of one stream, of packets that are not late; by window, then by rank where there is one."""
    out = all_records(packets, stream)
    if not stream.top:
        return out
    by_window = defaultdict(list)
    for r in out:
        by_window[r["window_start_us"]].append(r)
    return [r for start in sorted(by_window) for r in largest(by_window[start], stream)]


def all_records(packets, stream):
    out = []
    for rule, own in by_key(packets, stream):
        for start, end, reason, held in windows(own, stream):
            forth, back = held, None
            if stream.biflow:
                began = source(held, stream.key)
                forth = [p for p in held if sender(p, stream.key) == began]
                back = [p for p in held if sender(p, stream.key) != began]
            record = {"type": "window", "stream": stream.name, "window_start_us": start, "window_end_us": end,
                      **fields_of(forth[0], stream.key), **counters(forth, back),
                      "matches": len(held) if rule is not None else sum(len(p.rules) for p in held)}
            if rule is not None:
                record["rule"] = rule
            if reason is not None:
                record["reason"] = reason
            if stream.distinct:
                record["distinct_" + stream.distinct.split("/")[0]] = values(held, stream.distinct)
            if stream.window[0] == "count" and len(held) < stream.window[1]:
                record["partial"] = True
            out.append(record)
    return out


@dataclass
class When:
    """[alert]: field sign factor * mean(windows) + number; windows 0: only the number."""
    field: str
    sign: str
    number: int
    factor: Fraction = Fraction(0)
    windows: int = 0

    def holds(self, value, mean=0):
        return {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}[self.sign](value, self.factor * mean + self.number)


def number(fraction):
    """As records have it: rounded down to three decimals."""
    thousandths = int(Fraction(fraction) * 1000)
    return thousandths // 1000 if thousandths % 1000 == 0 else thousandths / 1000


ENDS = ("src_ip", "src_port", "dest_ip", "dest_port")


def way_of(record):
    """(source, destination)"""
    return tuple((record.get(end + "_ip"), record.get(end + "_port")) for end in ("src", "dest"))


def asked(record, field, way):
    """What a record says of the field in this direction: as its own, or turned around."""
    if field == "matches" or way_of(record) == way:
        return record[field]
    return record[field[4:] if field.startswith("rev_") else "rev_" + field]


def crossings(own, when, last):
    """(window, direction, value, mean) in which a key begins to meet the condition. `own`: {window: record}. Where there are two directions a
    key is known in that of the first record that it is known from, until it is forgotten."""
    seen = sorted(own)

    def value(n, way):
        return asked(own[n], when.field, way) if n in own else 0

    if when.windows == 0:
        way, without = None, when.holds(0)
        held = without
        for n in sorted({m for w in seen for m in (w, w + 1) if m <= last}):
            if way is None and n not in own:
                continue
            now = way or way_of(own[n])
            before, held = held, when.holds(value(n, now))
            if held and not before:
                yield n, now, value(n, now), None
            way = now if held != without else None
        return
    k = when.windows
    runs = []
    for n in seen:
        if runs and n - runs[-1][-1] <= k:
            runs[-1].append(n)
        else:
            runs.append([n])
    for run in runs:
        held, way = False, way_of(own[run[0]])
        for n in range(run[0] + k, min(run[-1] + k, last) + 1):
            mean = Fraction(sum(value(n - i, way) for i in range(1, k + 1)), k)
            before, held = held, when.holds(value(n, way), mean)
            if held and not before:
                yield n, way, value(n, way), mean


def alerts(windows, name, stream, when, newest_us):
    """What [alert name] gives for the records of its stream. `newest_us`: of the last packet that was counted in any stream."""
    by_fields, window = defaultdict(dict), stream.window
    step = {"tumbling": window[1], "sliding": window[-1]}.get(window[0])
    for r in windows:
        if "rest" in r:
            continue
        names = [n for k in stream.key for n in (k.split("/")[0], k.split("/")[0] + "_prefix") if n in r]
        ends = frozenset(way_of(r)) if stream.biflow else way_of(r)
        fields = (ends, tuple((n, r[n]) for n in names if n not in ENDS))
        by_fields[fields][r["window_start_us"] // step if step else len(by_fields[fields])] = r
    last = max([n for own in by_fields.values() for n in own] + [(newest_us - window[1]) // step], default=0) if step else None
    for (_, fields), own in by_fields.items():
        if step is None:
            # A part may be much, but it is never known to be little.
            found = [(r["window_start_us"], r["window_end_us"], way_of(r), r[when.field], None, r.get("partial", False)) for r in own.values()
                     if when.holds(r[when.field]) and not (r.get("partial") and "<" in when.sign)]
        else:
            found = [(n * step, n * step + window[1], way, value, mean, False) for n, way, value, mean in crossings(own, when, last)]
        for start, end, way, value, mean, partial in found:
            ends = {k: v for k, v in zip(ENDS, way[0] + way[1]) if v is not None}
            alert = {"type": "alert", "alert": name, "stream": stream.name, "window_start_us": start, "window_end_us": end, **ends, **dict(fields),
                     "field": when.field, "value": value, "threshold": number(when.factor * (mean or 0) + when.number)}
            if mean is not None:
                alert["mean"] = number(mean)
            yield {**alert, "partial": True} if partial else alert
