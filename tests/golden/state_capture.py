"""A capture for tests of state: whatever could be under way when a run is stopped."""
import gzip
import os
import struct

from frames import ETH_IP4, ETH_IP6, ethernet, fragment6, ip4, ip6, tcp, udp, write_pcap

MS, SECOND = 1000, 1000000
T0 = 1700000000 * SECOND
FRAMES = 9000


class Talk:
    """A TCP connection: what rules look for lies across its segments, some of which come out of order or twice."""

    def __init__(self, rng, a, b):
        words = [b"hay " * rng.randrange(1, 9), b"needle", b"begin", b"finish", b"answer", b"straw"]
        text = b"".join(rng.choice(words) for _ in range(rng.randrange(4, 30)))
        self.ends, self.segments, at = (a, b, rng.randrange(10000, 60000)), [], 0
        self.segments.append((0, 999, 2, b""))
        self.segments.append((1, 4999, 0x12, b""))
        while at < len(text):
            n = rng.randrange(1, 12)
            self.segments.append((0, 1000 + at, 0x10, text[at:at + n]))
            if rng.random() < 0.2:
                self.segments.append((1, 5000, 0x10, b""))
            at += n
        self.segments.append((1, 5000, 0x18, b"an answer"))
        self.segments += [(0, 1000 + len(text), 0x11, b""), (1, 5009, 0x11, b"")]
        for i in range(2, len(self.segments) - 3):
            if rng.random() < 0.15:
                self.segments[i], self.segments[i + 1] = self.segments[i + 1], self.segments[i]
            elif rng.random() < 0.05:
                self.segments.insert(i + 2, self.segments[i])
        self.segments.reverse()

    def next(self):
        way, seq, flags, payload = self.segments.pop()
        a, b, port = self.ends
        body = struct.pack("!HHIIBBHHH", *((port, 80) if way == 0 else (80, port)), seq, 0, 5 << 4, flags, 0xFFFF, 0, 0) + payload
        ends = (f"10.2.0.{a}", f"10.3.0.{b}")
        return ETH_IP4, ip4(*(ends if way == 0 else ends[::-1]), 6, body)


def fragments(rng, a, ident):
    """A datagram in two pieces, and the piece that comes first."""
    whole = udp(3000 + a, 53, b"a nee" + b"dle in two pieces")
    six = rng.random() < 0.5
    if six:
        out = [(ETH_IP6, ip6(f"fd00::{a}", "fd01::9", 44, fragment6(17, ident, at, more, part)))
               for at, more, part in ((0, True, whole[:16]), (16, False, whole[16:]))]
    else:
        out = [(ETH_IP4, ip4(f"10.0.0.{a}", "10.1.0.9", 17, part, ident=ident, offset=at, more=more))
               for at, more, part in ((0, True, whole[:16]), (16, False, whole[16:]))]
    return out if rng.random() < 0.3 else out[::-1]


def frames_of(rng, number=FRAMES):
    """Some hundred conversations over four minutes, out of order by up to half a second, some frames late."""
    frames, now, talks, pieces = [], T0, [], []
    for n in range(number):
        if len(talks) < 30:
            talks.append(Talk(rng, rng.randrange(1, 40), rng.randrange(1, 8)))
        if rng.random() < 0.02:
            pieces += fragments(rng, rng.randrange(1, 40), n)
        now += rng.randrange(54 * MS)
        when = now - (rng.randrange(500 * MS) if rng.random() < 0.2 else 3 * SECOND if rng.random() < 0.01 else 0)
        a, b = rng.randrange(1, 40), rng.randrange(1, 8)
        payload = rng.choice((b"", b"a needle", b"straw", b"hay", b"a needle and straw"))
        proto, body = (17, udp(1000 + a, 53, payload)) if rng.random() < 0.6 else (6, tcp(2000 + a, 80, rng.choice((2, 16, 16, 16, 17)), payload))
        packet = (ETH_IP4, ip4(f"10.0.0.{a}", f"10.1.0.{b}", proto, body)) if rng.random() < 0.8 \
            else (ETH_IP6, ip6(f"fd00::{a}", f"fd01::{b}", proto, body))
        kind = rng.random()
        if kind < 0.4:
            when, talk = now, rng.choice(talks)
            packet = talk.next()
            talks = [t for t in talks if t.segments]
        elif kind < 0.5 and pieces:
            when, packet = now, pieces.pop()
        frame = ethernet(*packet)
        frames.append((when, frame, len(frame)))
    return frames


def capture(path, rng, number=FRAMES):
    write_pcap(path, frames_of(rng, number))


def captures(folder, rng):
    """The same as several files of clocks that differ, one of them packed: what one brings is late by another's."""
    frames, paths = frames_of(rng), []
    for i, shift in enumerate((0, -700 * MS, -20 * SECOND, 3600 * SECOND, 3599 * SECOND)):
        part = frames[i * len(frames) // 5:(i + 1) * len(frames) // 5]
        paths.append(os.path.join(folder, f"part{i}.pcap"))
        write_pcap(paths[-1], [(when + shift, frame, n) for when, frame, n in part])
        if i == 1:
            with open(paths[-1], "rb") as f, gzip.open(paths[-1] + ".gz", "wb") as z:
                z.write(f.read())
            paths[-1] += ".gz"
    return paths
