"""TCP conversations for tests: their frames, and a model of what each side's stream is and which frame brought which octet of it.

The model is the contract's: octets count in order, the first copy of each stays, what comes behind a gap is a stream of its own. It
knows nothing of how the program does it.
"""
import struct
from ipaddress import ip_address

from frames import ETH_IP4, ETH_IP6, checksum, ethernet

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP = 6, 17
M32 = 0xFFFFFFFF


def is_v6(addr):
    return ":" in addr


def with_checksum(src, dst, proto, segment, at, spoil=0):
    """A TCP or UDP segment whose checksum, at octet `at`, is right, or off by `spoil`."""
    src, dst = ip_address(src).packed, ip_address(dst).packed
    pseudo = src + dst + (struct.pack("!IHBB", len(segment), 0, 0, proto) if len(src) == 16 else struct.pack("!BBH", 0, proto, len(segment)))
    total = pseudo + segment
    right = checksum(total + bytes(len(total) % 2))
    return segment[:at] + struct.pack("!H", right + spoil & 0xFFFF) + segment[at + 2:]


def tcp_segment(src, dst, sport, dport, seq, ack, flags, payload, spoil=0, options=b"", urgent=0):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & M32, ack & M32, 5 + len(options) // 4 << 4, flags, 0xFFFF, 0, urgent)
    return with_checksum(src, dst, TCP, head + options + payload, 16, spoil)


def udp_segment(src, dst, sport, dport, payload):
    return with_checksum(src, dst, UDP, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload, 6)


def ip_packet(src, dst, proto, payload, ident=0, offset=0, more=False):
    """IPv4 or IPv6 as the addresses are; a fragment of the datagram where `more` or `offset` say so."""
    if is_v6(src):
        following = proto
        if more or offset:
            payload = struct.pack("!BBHI", proto, 0, offset | more, ident) + payload
            following = 44
        return struct.pack("!IHBB16s16s", 6 << 28, len(payload), following, 64, ip_address(src).packed, ip_address(dst).packed) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident & 0xFFFF, (0x2000 if more else 0) | offset // 8, 64, proto, 0,
                       ip_address(src).packed, ip_address(dst).packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def plain(packet):
    return ethernet(ETH_IP6 if packet[0] >> 4 == 6 else ETH_IP4, packet)


class Piece:
    """A stretch of a direction's stream without a gap."""

    def __init__(self):
        self.data, self.brought, self.end = bytearray(), [], None


class Side:
    def __init__(self, isn):
        self.isn, self.next, self.fin = isn, 0, None
        self.waiting = {}
        self.pieces = [Piece()]

    def take(self, at, data, frame):
        for i, octet in enumerate(data):
            if at + i >= self.next:
                self.waiting.setdefault(at + i, octet)
        self.advance(frame)

    def advance(self, frame):
        piece = self.pieces[-1]
        while self.next in self.waiting:
            piece.data.append(self.waiting.pop(self.next))
            piece.brought.append(frame)
            self.next += 1
        if self.fin is not None and self.next == self.fin and piece.end is None:
            piece.end = frame

    def give_up(self, frame):
        """The hole ahead is not filled any more."""
        if self.waiting:
            self.next = min(self.waiting)
        self.pieces.append(Piece())
        self.advance(frame)


class Flow:
    """A connection. Direction 0 is the client's. Frames are numbered as they are sent; `wrap` puts an IP packet into a frame."""

    def __init__(self, name, ends, isn=(1000, 5000), wrap=plain):
        self.name, self.ends, self.wrap = name, ends, wrap     # ends: (client, server, client port, server port)
        self.sides = [Side(isn[0]), Side(isn[1])]
        self.frames = []
        self.packets = []   # (frame, direction, TCP flags, payload) of each segment that somebody takes
        self.open_at = 0    # frames ahead of it belong to no established connection

    def __repr__(self):
        return self.name

    def ip_ends(self, side):
        client, server, cport, sport = self.ends
        return (client, server, cport, sport) if side == 0 else (server, client, sport, cport)

    def segment(self, side, at, data=b"", flags=ACK, ack=None, **more):
        """A segment whose first octet is number `at` of the side's stream (-1: the SYN)."""
        src, dst, sport, dport = self.ip_ends(side)
        other = self.sides[1 - side]
        ack = (other.next + (other.fin is not None and other.next == other.fin) if ack is None else ack) + other.isn + 1
        return tcp_segment(src, dst, sport, dport, self.sides[side].isn + 1 + at, ack if flags & ACK else 0, flags, data, **more)

    def put(self, side, segment, pieces=None):
        """Appends frames: the segment in one, or cut into IP fragments (offset, end), in that order. Returns the number of the last."""
        src, dst = self.ip_ends(side)[:2]
        if pieces is None:
            self.frames.append(self.wrap(ip_packet(src, dst, TCP, segment)))
        for at, end, octets in pieces or ():
            octets = segment[at:end] if octets is None else octets
            self.frames.append(self.wrap(ip_packet(src, dst, TCP, octets, ident=7 + len(self.packets), offset=at, more=end < len(segment))))
        return len(self.frames) - 1

    def send(self, side, at, data, flags=PSH | ACK, pieces=None, **more):
        """Data that the other side takes. Returns the frame's number."""
        segment = self.segment(side, at, data, flags, **more)
        frame = self.put(side, segment, pieces)
        self.packets.append((frame, side, flags, bytes(data)))
        me = self.sides[side]
        if flags & FIN and me.fin is None:
            me.fin = at + len(data)
        me.take(at, data, frame)
        return frame

    def say(self, side, data):
        """All of `data` behind what was sent."""
        return self.send(side, self.sides[side].next, data)

    def open(self):
        self.put(0, self.segment(0, -1, flags=SYN))
        self.put(1, self.segment(1, -1, flags=SYN | ACK))
        self.open_at = self.put(0, self.segment(0, 0))
        return self

    def finish(self, side=0):
        """FIN of both, this side's first, and the last ACK."""
        for s in (side, 1 - side):
            self.send(s, self.sides[s].next, b"", FIN | ACK)
        self.put(side, self.segment(side, self.sides[side].next + 1))
        return self

    def reset(self, side=0):
        """An RST that counts: it ends both directions, holes are given up."""
        frame = self.put(side, self.segment(side, self.sides[side].next, flags=RST | ACK))
        self.end_both(frame)
        return frame

    def end_both(self, frame):
        for s in self.sides:
            while s.waiting:
                s.give_up(frame)
            if s.pieces[-1].end is None:
                s.pieces[-1].end = frame
        return frame

    def drain(self):
        """The input ends here: what waits comes out, with the connection's last time, and nothing has ended."""
        for s in self.sides:
            while s.waiting:
                s.give_up(len(self.frames) - 1)

    def again(self, isn):
        """A new connection between the same ends: another flow with this one's frames ahead."""
        return Later(self, isn)


class Later(Flow):
    """A connection that begins on ports of one before: its frames are numbered on."""

    def __init__(self, before, isn):
        super().__init__(before.name, before.ends, isn, before.wrap)
        self.frames, self.before = before.frames, before


def merge(flows, dice, start_us, at_once=40):
    """(frames with their times, times of each flow's frames): flows take turns in random order, each keeps its own."""
    out, times, active, now = [], {id(f.frames): [] for f in flows}, [], start_us
    waiting = list(reversed(flows))
    while active or waiting:
        while waiting and len(active) < at_once:
            flow = waiting.pop()
            if flow.frames:
                active.append([flow.frames, 0])
        turn = dice.randrange(len(active))
        frames, i = active[turn]
        now += dice.randrange(20, 200)
        out.append((now, frames[i], len(frames[i])))
        times[id(frames)].append(now)
        active[turn][1] += 1
        if i + 1 == len(frames):
            active[turn] = active[-1]
            active.pop()
    return out, times
