"""Windows of every kind from a list of packets: small, slow, and by the words of the contract. What the program must agree with."""
from collections import defaultdict
from dataclasses import dataclass

SECOND = 1000000
FIN, RST = 0x01, 0x04
CONNECTION = {"src_ip", "dest_ip", "src_port", "dest_port"}


@dataclass
class Packet:
    time_us: int
    fields: dict            # every key field that it has, by name
    bytes: int
    frame_bytes: int
    tcp_flags: int = 0
    rules: tuple = ()       # that match in it, by sid


def seconds(time_us):
    """The first whole second that is not before."""
    return -(-time_us // SECOND) * SECOND


def not_late(packets, lateness_us):
    """In order of arrival. None: nothing is late."""
    newest = None
    for p in packets:
        if newest is None or lateness_us is None or p.time_us >= newest - lateness_us:
            yield p
        newest = p.time_us if newest is None else max(newest, p.time_us)


def by_key(packets, key):
    """A stream's packets, or events where `rule` is in the key: {fields: [packet, ...]}."""
    groups = defaultdict(list)
    for p in packets:
        for rule in p.rules if "rule" in key else (None,):
            fields = {k: p.fields[k] for k in key if k in p.fields}
            if rule is not None:
                fields["rule"] = rule
            groups[tuple(fields.items())].append(p)
    return groups


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


def flow(packets, active, idle, connection):
    def ended(run):
        return connection and any(p.tcp_flags & (FIN | RST) for p in run)

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


def windows(packets, key, window):
    """`window`: ("sliding", 10000000, 1000000), in microseconds."""
    kind, *sizes = window
    if kind == "flow":
        return flow(packets, *sizes, CONNECTION <= set(key))
    return {"tumbling": tumbling, "sliding": sliding, "session": session}[kind](packets, *sizes)


def records(packets, stream, key, window):
    """The records of one stream, of packets that are not late."""
    out = []
    for fields, own in by_key(packets, key).items():
        for start, end, reason, held in windows(own, key, window):
            flags = 0
            for p in held:
                flags |= p.tcp_flags
            record = {"type": "window", "stream": stream, "window_start_us": start, "window_end_us": end, **dict(fields),
                      "packets": len(held), "bytes": sum(p.bytes for p in held), "frame_bytes": sum(p.frame_bytes for p in held),
                      "first_us": min(p.time_us for p in held), "last_us": max(p.time_us for p in held), "tcp_flags": flags,
                      "matches": len(held) if "rule" in key else sum(len(p.rules) for p in held)}
            if reason is not None:
                record["reason"] = reason
            out.append(record)
    return out
