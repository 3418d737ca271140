"""The conversations that the tests of streams are made of: what may happen to a payload on its way, each many times over."""
from frames import ETH_BRIDGED, ETH_IP4, ETH_IP6, ethernet, geneve, gre, gtpu, ip4, mpls, pppoe, udp, vlan, vxlan
from streams_rules import some_text
from streams_tcp import ACK, FIN, PSH, RST, SYN, Flow, ip_packet, plain, udp_segment

TEXTS = [b"GET start 123-ab one..two Needle red x1234y blue\nline\ntail\nword stop bye", b"alpha once needle HAYSTACK alpha \x00\xff\x85 zedalpha ababab zed bye",
         b"redneedle betazed word-word one1two start;stop line\nline stap"]
SHORT = b"needle red one two stop"
WHOLE = b"whole"


class Ends:
    """Addresses and ports that nobody had before; every other flow is IPv6, every third goes to port 8080."""

    def __init__(self):
        self.n = 0

    def next(self, v6=None):
        self.n += 1
        n = self.n
        v6 = n % 2 == 1 if v6 is None else v6
        port = 8080 if n % 3 == 0 else 80
        if v6:
            return f"fd00::{n >> 8:x}:{n & 255:x}", f"fd01::{n % 7 + 1:x}", 1024 + n % 60000, port
        return f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"172.16.0.{n % 7 + 1}", 1024 + n % 60000, port


def isns(dice, text):
    """Sequence numbers, every other time so that they wrap within the text."""
    return tuple((1 << 32) - dice.randrange(1, len(text) + 2) if dice.randrange(2) else dice.randrange(1 << 32) for _ in "ab")


def cuts(flow, text, *places):
    for a, b in zip((0,) + places, places + (len(text),)):
        flow.send(0, a, text[a:b])


def split(ends, dice):
    """In two at every octet; a short one in three, at every pair; octet by octet."""
    for text in TEXTS:
        for at in range(1, len(text)):
            flow = Flow(f"split at {at}", ends.next(), isns(dice, text)).open()
            cuts(flow, text, at)
            yield flow.finish()
    for a in range(1, len(SHORT)):
        for b in range(a + 1, len(SHORT)):
            flow = Flow(f"split at {a} and {b}", ends.next(), isns(dice, SHORT)).open()
            cuts(flow, SHORT, a, b)
            yield flow.finish()
    for text in TEXTS + [SHORT, WHOLE]:
        flow = Flow("not split", ends.next(), isns(dice, text)).open()
        cuts(flow, text)
        yield flow.finish()
        flow = Flow("octet by octet", ends.next(), isns(dice, text)).open()
        cuts(flow, text, *range(1, len(text)))
        yield flow.finish()


def scrambled(ends, dice, n):
    """Cut anywhere, out of order, sent again, overlapping, sometimes with other octets: the first copy wins. Both directions."""
    for i in range(n):
        texts = some_text(dice), some_text(dice)
        flow = Flow(f"scrambled {i}", ends.next(), isns(dice, texts[0])).open()
        plan = []
        for side, text in enumerate(texts):
            at, parts = 0, []
            while at < len(text):
                end = min(len(text), at + dice.choice((1, 1, 2, 3, 5, 8, 30)))
                parts.append((side, at, text[at:end]))
                at = end
            for _ in range(dice.randrange(4)):
                a = dice.randrange(len(text))
                b = dice.randrange(a, len(text)) + 1
                octets = text[a:b] if dice.randrange(2) else bytes(dice.choice(b"QJV") for _ in range(b - a))
                parts.insert(dice.randrange(len(parts) + 1), (side, a, octets))
            for k in range(len(parts)):
                other = max(0, min(len(parts) - 1, k + dice.randrange(-3, 4)))
                parts[k], parts[other] = parts[other], parts[k]
            plan += parts
        # The directions take turns as they like; acknowledgements say what has come in order.
        lists = [[p for p in plan if p[0] == s] for s in (0, 1)]
        while lists[0] or lists[1]:
            side, at, octets = lists[dice.randrange(2)].pop(0) if lists[0] and lists[1] else (lists[0] or lists[1]).pop(0)
            me = flow.sides[side]
            # One octet directly behind what is acknowledged may be a keep-alive's garbage: it is the same one here.
            if len(octets) == 1 and at == me.next - 1:
                octets = bytes([flow.sides[side].pieces[-1].data[-1]])
            flow.send(side, at, octets)
        yield flow.finish(dice.randrange(2))


def endings(ends, dice):
    """FIN and RST, in order and not, believed and not."""
    for text in TEXTS + [WHOLE]:
        flow = Flow("reset", ends.next()).open()
        flow.say(0, text)
        flow.reset(dice.randrange(2))
        yield flow
        flow = Flow("the FIN overtakes", ends.next()).open()
        flow.send(0, 10, text[10:], FIN | PSH | ACK)
        flow.send(0, 0, text[:10])
        yield flow
        flow = Flow("a FIN with the data", ends.next()).open()
        flow.send(0, 0, text[:3])
        flow.send(0, 3, text[3:], FIN | PSH | ACK)
        yield flow
        flow = Flow("no end", ends.next()).open()
        flow.say(0, text)
        yield flow
        flow = Flow("a reset that is not in sequence", ends.next()).open()
        flow.say(0, text[:5])
        flow.put(0, flow.segment(0, 100, flags=RST))
        flow.put(1, flow.segment(1, 7777, flags=RST | ACK))
        flow.say(0, text[5:])
        yield flow.finish()
        for a in range(1, len(text), 7):
            flow = Flow(f"ports that come again, behind {a}", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:a])
            flow.finish()
            later = flow.again((flow.sides[0].isn + 100000, flow.sides[1].isn + 7000000)).open()
            later.say(0, text[a:])
            yield flow
            yield later.finish()


def beginnings(ends, dice):
    """Connections whose start was not seen, of which one side is seen, or whose SYN has data."""
    for text in TEXTS + [WHOLE]:
        flow = Flow("midstream", ends.next(), isns(dice, text))
        cuts(flow, text, 3, 7)
        yield flow.finish()
        flow = Flow("only the client, with its SYN", ends.next(), isns(dice, text))
        flow.put(0, flow.segment(0, -1, flags=SYN))
        cuts(flow, text, 2, 9)
        flow.send(0, len(text), b"", FIN | ACK)
        yield flow
        flow = Flow("only the server, with its SYN", ends.next(), isns(dice, text))
        flow.put(1, flow.segment(1, -1, flags=SYN | ACK))
        flow.send(1, 4, text[4:])
        flow.send(1, 0, text[:4])
        flow.send(1, len(text), b"", FIN | ACK)
        yield flow
        for k in (1, 6, len(text)):
            flow = Flow(f"{k} octets with the SYN", ends.next(), isns(dice, text))
            syn = flow.put(0, flow.segment(0, -1, text[:k], SYN))
            flow.packets.append((syn, 0, SYN, text[:k]))
            taken = flow.put(1, flow.segment(1, -1, flags=SYN | ACK, ack=k))
            flow.sides[0].take(0, text[:k], taken)
            flow.open_at = flow.put(0, flow.segment(0, k))
            if text[k:]:
                flow.say(0, text[k:])
            yield flow.finish()
            flow = Flow(f"{k} octets with the SYN, not taken", ends.next(), isns(dice, text))
            syn = flow.put(0, flow.segment(0, -1, text[:k], SYN))
            flow.packets.append((syn, 0, SYN, text[:k]))
            flow.put(1, flow.segment(1, -1, flags=SYN | ACK))
            flow.open_at = flow.put(0, flow.segment(0, 0))
            flow.say(0, text)
            yield flow.finish()


def repeats(ends, dice):
    """Keep-alives, segments sent again, the whole handshake twice."""
    for text in TEXTS:
        for at in range(1, len(text), 5):
            flow = Flow(f"keep-alives behind {at}", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            for octet in (b"", b"\0", text[at - 1:at]):
                frame = flow.put(0, flow.segment(0, at - 1, octet, ACK))
                if octet:
                    flow.packets.append((frame, 0, ACK, octet))
                flow.put(1, flow.segment(1, 0))
            flow.say(0, text[at:])
            yield flow.finish()
            flow = Flow(f"sent again from {at}", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            flow.send(0, 0, text[:at])
            flow.put(0, flow.segment(0, -1, flags=SYN))
            flow.say(0, text[at:])
            flow.send(0, at, text[at:])
            flow.send(0, 0, text)
            yield flow.finish()


def decoys(ends, dice):
    """What the receiver drops is not in the stream: a wrong checksum, a sequence number of nowhere."""
    for text in TEXTS:
        for at in range(1, len(text), 3):
            flow = Flow(f"a decoy with a bad checksum at {at}", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            flow.put(0, flow.segment(0, at, b"Q" * 8, spoil=1 + dice.randrange(0xFFFD)))
            flow.put(0, flow.segment(0, at, flags=RST, spoil=77))
            flow.say(0, text[at:])
            yield flow.finish()
            flow = Flow(f"decoys of nowhere at {at}", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            for far in (1 << 30, -(1 << 28)):
                flow.packets.append((flow.put(0, flow.segment(0, at + far, b"Q" * 8)), 0, ACK, b"Q" * 8))
            flow.put(0, flow.segment(0, 1 << 29, flags=RST | ACK))
            flow.put(0, flow.segment(0, 1 << 28, flags=SYN))
            flow.say(0, text[at:])
            yield flow.finish()


PATIENCE = 8    # acknowledgements of a hole until it is given up


def gaps(ends, dice):
    """Octets that never come: what is found does not reach across, and begins anew behind them."""
    for text in TEXTS:
        for at in range(1, len(text) - 4, 3):
            flow = Flow(f"a gap at {at}, acknowledged", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            flow.send(0, at + 3, text[at + 3:])
            for i in range(PATIENCE):
                frame = flow.put(1, flow.segment(1, 0, ack=len(text)))
            flow.sides[0].give_up(frame)
            yield flow.finish()
            flow = Flow(f"a gap at {at}, and a reset", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            flow.send(0, at + 1, text[at + 1:])
            flow.end_both(flow.put(0, flow.segment(0, len(text), flags=RST | ACK)))
            yield flow
            flow = Flow(f"a gap at {at}, and nothing more", ends.next(), isns(dice, text)).open()
            flow.say(0, text[:at])
            flow.send(0, at + 2, text[at + 2:])
            flow.drain()
            yield flow
    text = TEXTS[0]
    for at in range(1, len(text)):
        flow = Flow(f"a gap of nothing at {at}: the late segment comes in time", ends.next(), isns(dice, text)).open()
        flow.send(0, at, text[at:])
        for i in range(PATIENCE - 1):
            flow.put(1, flow.segment(1, 0, ack=len(text)))
        flow.send(0, 0, text[:at])
        yield flow.finish()


def fragments(ends, dice):
    """TCP segments in IP fragments: cut, turned round, overlapping; what they bring comes with the last of them."""
    for text in TEXTS:
        for turn in range(24):
            flow = Flow(f"fragments {turn}", ends.next(), isns(dice, text)).open()
            half = dice.randrange(20, len(text) - 10)
            for at, octets in ((0, text[:half]), (half, text[half:])):
                segment = flow.segment(0, at, octets, PSH | ACK)
                marks = sorted({0, len(segment)} | {8 * dice.randrange(1, (len(segment) + 7) // 8) for _ in range(3)})
                pieces = [(a, b, None) for a, b in zip(marks, marks[1:])]
                if turn % 3 == 1:
                    pieces.reverse()
                elif turn % 3 == 2:
                    dice.shuffle(pieces)
                if turn % 4 == 3 and len(pieces) > 2:
                    # One again with other octets, ahead of the last: the first copy stays.
                    a, b, _ = pieces[0]
                    pieces.insert(1, (a, b, bytes(dice.choice(b"QJV") for _ in range(b - a))))
                flow.send(0, at, octets, pieces=pieces)
            yield flow.finish()


def tunnel_ends(n):
    return f"192.0.2.{n % 250 + 1}", "198.51.100.1"


def wraps(n):
    """(name, how an IP packet becomes a frame)"""
    a, b = tunnel_ends(n)

    def kind(packet):
        return ETH_IP6 if packet[0] >> 4 == 6 else ETH_IP4

    def in_udp(port, payload):
        return ethernet(ETH_IP4, ip4(a, b, 17, udp(5000, port, payload)))

    return [
        ("VLAN", lambda p: ethernet(0x8100, vlan(100, kind(p), p))),
        ("QinQ", lambda p: ethernet(0x88A8, vlan(200, 0x8100, vlan(100, kind(p), p)))),
        ("MPLS", lambda p: ethernet(0x8847, mpls(16, 1, p))),
        ("PPPoE", lambda p: ethernet(0x8864, pppoe(0x57 if kind(p) == ETH_IP6 else 0x21, p))),
        ("GRE", lambda p: ethernet(ETH_IP4, ip4(a, b, 47, gre(kind(p), p)))),
        ("GRE, Ethernet", lambda p: ethernet(ETH_IP4, ip4(a, b, 47, gre(ETH_BRIDGED, plain(p))))),
        ("VXLAN", lambda p: in_udp(4789, vxlan(77, plain(p)))),
        ("Geneve", lambda p: in_udp(6081, geneve(78, ETH_BRIDGED, plain(p)))),
        ("GTP-U", lambda p: in_udp(2152, gtpu(79, p))),
        ("IP in IP", lambda p: ethernet(ETH_IP4, ip4(a, b, 41 if kind(p) == ETH_IP6 else 4, p))),
        ("VLAN and VXLAN", lambda p: ethernet(0x8100, vlan(5, ETH_IP4, ip4(a, b, 17, udp(5000, 4789, vxlan(80, plain(p))))))),
    ]


def carried(ends, dice):
    for n in range(8):
        for name, wrap in wraps(n):
            text = TEXTS[n % len(TEXTS)]
            a = dice.randrange(1, len(text) - 2)
            b = dice.randrange(a + 1, len(text))
            flow = Flow(f"in {name}", ends.next(), isns(dice, text), wrap).open()
            parts = [(0, a), (a, b), (b, len(text))]
            dice.shuffle(parts)
            for begin, end in parts:
                flow.send(0, begin, text[begin:end])
            flow.say(1, SHORT)
            yield flow.finish()


class Datagrams:
    """UDP: each datagram by itself, whole or in fragments."""

    def __init__(self, name, ends):
        self.name, self.ends, self.frames, self.packets = name, ends, [], []

    def __repr__(self):
        return self.name

    def send(self, payload, marks=(), turned=False):
        src, dst, sport, dport = self.ends
        segment = udp_segment(src, dst, sport, dport, payload)
        marks = [0, *marks, len(segment)]
        pieces = list(zip(marks, marks[1:]))
        if turned:
            pieces.reverse()
        for a, b in pieces:
            whole = len(pieces) == 1
            self.frames.append(plain(ip_packet(src, dst, 17, segment[a:b], ident=100 + len(self.packets), offset=a, more=not whole and b < len(segment))))
        self.packets.append((len(self.frames) - 1, payload))


def datagrams(ends, dice):
    for i, text in enumerate(TEXTS * 6):
        flow = Datagrams("datagrams", ends.next())
        flow.send(text)
        flow.send(text[:len(text) // 2])
        flow.send(text[len(text) // 2:])
        flow.send(text, marks=(8 * dice.randrange(1, 4), 8 * dice.randrange(4, 8)), turned=i % 2 == 1)
        yield flow


def all_flows(dice, scrambles):
    """A list for each kind."""
    ends = Ends()
    kinds = (split, lambda e, d: scrambled(e, d, scrambles), endings, beginnings, repeats, decoys, gaps, fragments, carried, datagrams)
    names = ("cut", "scrambled", "ended", "begun", "sent again", "with decoys", "with gaps", "in fragments", "carried", "as datagrams")
    return {name: list(kind(ends, dice)) for name, kind in zip(names, kinds)}
