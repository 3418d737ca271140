"""Rules for the tests of streams, each with a judge of its own: where in a stream it matches, said with Python's re and not with Hyperscan.

A rule is met by terms, expressions whose every match counts by where it ends. A judge tells for a stream at which octets events are, and
whether one comes with the stream's end.
"""
import functools
import os
import re

END = "end"


def ends_of(expression, data):
    """All offsets at which some match of the expression ends."""
    return [e for e in range(1, len(data) + 1) if expression.fullmatch(data, 0, e)]


def compiled(text):
    return re.compile(b"(?s:.*)(?:" + text + b")", re.S)


class Rule:
    """`wanted` terms must all be met, `unwanted` never; an event is where a wanted one ends. `at_end`: what the stream must end with."""

    def __init__(self, sid, text, *wanted, unwanted=(), at_end=None, once=False, lo=0, hi=None, dirs=(0, 1), established=False, port=None,
                 quiet=False, until=None, protos=("tcp", "udp")):
        self.sid, self.text = sid, text
        self.wanted = [compiled(w) for w in wanted]
        self.unwanted = [compiled(u) for u in unwanted]
        self.at_end = at_end and re.compile(b"(?s:.*)(?:" + at_end + b")", re.S)
        self.until = until and compiled(until)
        self.once, self.lo, self.hi = once, lo, hi
        self.dirs, self.established, self.port, self.quiet, self.protos = dirs, established, port, quiet, protos
        self.judge = functools.lru_cache(None)(self.judge_stream)

    def judge_stream(self, data):
        """Offsets of events, in order; END among them if the stream's end brings one."""
        if self.quiet:
            return []
        found = [[e for e in ends_of(w, data) if e >= self.lo and (self.hi is None or e <= self.hi)] for w in self.wanted]
        out = []
        if self.unwanted:
            if all(found) and not any(ends_of(u, data) for u in self.unwanted):
                out.append(END)
        elif found and all(found):
            begin = max(f[0] for f in found)
            out = sorted({e for f in found for e in f if e >= begin})
        if self.until:
            over = min(ends_of(self.until, data), default=len(data) + 1)
            out = [e for e in out if e < over]
        out = out[:1] if self.once else out
        if self.at_end and self.at_end.fullmatch(data) and END not in out:
            out.append(END)
        return out

    def suits(self, proto, side, port, is_open):
        return proto in self.protos and side in self.dirs and (self.port is None or port == self.port) and (is_open or not self.established)


class PacketRule:
    """One that looks at packets in every mode: `holds` of the payload and the TCP flags."""

    def __init__(self, sid, text, holds, protos=("tcp",)):
        self.sid, self.text, self.holds, self.protos = sid, text, holds, protos


def hs(sid, body, *wanted, **more):
    return Rule(sid, f"{sid}:{body}", *wanted, **more)


def rule(sid, options, *wanted, head="alert tcp any any -> any any", **more):
    more.setdefault("protos", ("tcp",))
    return Rule(sid, f"{head} (msg:\"{sid}\"; {options} sid:{sid}; rev:1;)", *wanted, **more)


def packet(sid, options, holds, head="alert tcp any any -> any any", **more):
    return PacketRule(sid, f"{head} ({options} sid:{sid};)", holds, **more)


PATTERNS = [
    hs(1, "/needle/", rb"needle"),
    hs(2, "/[0-9]{3}-[a-f]+/", rb"[0-9]{3}-[a-f]+"),
    hs(3, "/HayStack/i", rb"(?i:haystack)"),
    hs(4, "/^GET /", rb"\AGET "),
    hs(5, "/bye$/", at_end=rb"bye\n?"),
    hs(6, "/^whole$/", at_end=rb"\Awhole\n?"),
    hs(7, "/al(pha|ice)|bet[ao]/", rb"al(pha|ice)|bet[ao]"),
    hs(8, "/start.*stop/s", rb"start.*stop"),
    hs(9, "/one.{1,9}two/", rb"one[^\n]{1,9}two"),
    hs(10, "/^line/m", rb"(?:\A|(?<=\n))line"),
    hs(11, "/tail$/m", rb"tail\n", at_end=rb"tail"),
    hs(12, r"/\bword\b/", rb"(?<!\w)word\W", at_end=rb"(?<!\w)word"),
    hs(13, "/red/Q", quiet=True),
    hs(14, "/blue/Q", quiet=True),
    hs(15, "/13 & 14/C", rb"red", rb"blue"),
    hs(16, "/13 & !14/C", rb"red", until=rb"blue"),
    hs(17, "/1 & (7 | 8)/C", rb"needle", rb"al(pha|ice)|bet[ao]|start.*stop"),
    hs(20, "/x[^y]{4}y/", rb"x[^y]{4}y"),
    hs(21, "/zed/{min_offset=20}", rb"zed", lo=20),
    hs(22, "/zed/{max_offset=20}", rb"zed", hi=20),
    hs(23, "/(ab){3,}/", rb"(ab){3,}"),
    hs(24, "/once/H", rb"once", once=True),
    hs(25, r"/\x00\xff[\x80-\x8f]/", rb"\x00\xff[\x80-\x8f]"),
    hs(26, r"/stop\z/", at_end=rb"stop"),
]

STREAM_RULES = [
    rule(101, 'content:"needle";', rb"needle"),
    rule(102, 'content:"start"; content:"stop";', rb"start", rb"stop"),
    rule(103, 'content:"one"; content:"two"; distance:1; within:8;', rb"one.{1,6}two"),
    rule(104, 'content:"alpha"; content:!"stop";', rb"alpha", unwanted=(rb"stop",)),
    rule(105, 'content:"start"; pcre:"/st[oa]p/R";', rb"start.*st[oa]p"),
    rule(106, 'content:"red"; content:!"needle"; distance:0; within:6;'),
    rule(107, 'pcre:"/^get [a-z]+/i";', rb"\A(?i:get [a-z]+)"),
    rule(108, 'flow:to_server,established; content:"needle";', rb"needle", dirs=(0,), established=True),
    rule(109, 'flow:to_client; content:"needle";', rb"needle", dirs=(1,)),
    rule(110, 'content:"needle"; isdataat:5,relative;', rb"needle.{5}"),
    rule(111, 'content:"bye"; isdataat:!6,relative;', at_end=rb"bye.{0,5}"),
    rule(112, 'content:"|00 ff|"; content:"Zed"; nocase; distance:0;', rb"\x00\xff.*(?i:zed)"),
    rule(113, 'content:"needle";', rb"needle", head="alert tcp any any -> any 8080", port=8080),
    rule(114, 'content:"haystack"; nocase;', rb"(?i:haystack)", head="alert ip any any -> any any", protos=("tcp", "udp")),
    rule(115, 'content:"alpha"; content:"alpha"; distance:0; content:"alpha"; distance:0;', rb"alpha.*alpha.*alpha"),
    rule(116, 'content:"red"; content:"blue"; content:"line";', rb"red", rb"blue", rb"line"),
    rule(117, 'pcre:"/w[aeiou]rd/"; content:!"needle"; content:!"once";', rb"w[aeiou]rd", unwanted=(rb"needle", rb"once")),
    rule(118, 'content:"stop";', rb"stop", head="alert tcp-stream any any -> any any"),
    rule(119, 'content:"red"; content:!"|0a|"; within:12;'),
]


def judge_106(data):
    """It is decided at the first octet that differs."""
    out = []
    for e in ends_of(compiled(rb"red"), data):
        same = next((k for k in range(6) if data[e + k:e + k + 1] != b"needle"[k:k + 1]), None)
        if same is not None:
            out.append(e + same + 1 if e + same < len(data) else END)
    return out


def judge_119(data):
    """Twelve octets, or all there are, are looked at."""
    out = []
    for e in ends_of(compiled(rb"red"), data):
        if b"\n" not in data[e:e + 12]:
            out.append(e + 12 if e + 12 <= len(data) else END)
    return out


STREAM_RULES[5].judge = functools.lru_cache(None)(judge_106)
STREAM_RULES[-1].judge = functools.lru_cache(None)(judge_119)

PACKET_RULES = [
    packet(201, 'content:"needle";', lambda p, f: b"needle" in p, head="alert tcp-pkt any any -> any any"),
    packet(202, 'content:"GET "; startswith;', lambda p, f: p.startswith(b"GET ")),
    packet(203, 'content:"bye"; endswith;', lambda p, f: p.endswith(b"bye")),
    packet(209, 'content:"bye"; isdataat:!1,relative;', lambda p, f: p.endswith(b"bye")),
    packet(204, 'content:"needle"; dsize:6;', lambda p, f: p == b"needle"),
    packet(205, 'flags:S; content:"needle";', lambda p, f: f == 2 and b"needle" in p),
    packet(206, 'content:"alpha"; depth:10;', lambda p, f: b"alpha" in p[:10]),
    packet(207, 'content:"needle";', lambda p, f: b"needle" in p, head="alert udp any any -> any any", protos=("udp",)),
    packet(208, 'content:"start"; content:"stop"; distance:0; within:20; content:!"needle";',
           lambda p, f: re.search(rb"start.{0,16}stop", p, re.S) is not None and b"needle" not in p, head="alert udp any any -> any any",
           protos=("udp",)),
]

WORDS = [b"needle", b"start", b"stop", b"alpha", b"alice", b"beta", b"one", b"two", b"line", b"tail", b"word", b"red", b"blue", b"123-abcf", b"x1234y",
         b"ababab", b"once", b"bye", b"GET ", b"zed", b"Zed", b"haySTACK", b"\x00\xff\x85", b" ", b"\n", b"..", b"-", b"nee", b"dle"]


def some_text(dice, low=3, high=9):
    return b"".join(dice.choice(WORDS) + dice.choice((b"", b" ", b"")) for _ in range(dice.randrange(low, high)))


def write_rules(folder):
    """The two files, as match.rules wants them."""
    paths = os.path.join(folder, "streams.hs"), os.path.join(folder, "streams.rules")
    with open(paths[0], "w") as f:
        f.writelines(r.text + "\n" for r in PATTERNS)
    with open(paths[1], "w") as f:
        f.writelines(r.text + "\n" for r in STREAM_RULES + PACKET_RULES)
    return " ".join(f'"{p}"' for p in paths)
