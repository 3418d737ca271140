#!/usr/bin/env python3
"""Every accepted rule of published sets fires on traffic made from it, and not when one octet of a content is another.

usage: rules_fire.py SLUICE RULE_SAMPLES SET

A rule is sent on connections of its own: its payload in one segment; for rules about streams also cut in several and out of order; and
spoiled by one octet. Bits that a rule wants set are set by a rule made for it. SET is a folder of ../shared/data/rules; skipped without.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import ROOT, Run, Tap  # noqa: E402

from frames import ETH_IP4, ETH_IP6, ethernet, vlan, write_pcap  # noqa: E402
from streams_tcp import ACK, PSH, SYN, Flow, ip_packet, merge, udp_segment, with_checksum  # noqa: E402

RULES = os.path.join(ROOT, "..", "shared", "data", "rules")
# SLUICE_RULES_EVERY=N: one rule in N.
EVERY = int(os.environ.get("SLUICE_RULES_EVERY", "1"))
T0 = 1700000000000000
SETTER = 900000000
SEGMENT = 1400
# Rules that nothing is made for here, at most so many in a hundred of those with a content.
LEFT_OUT_MAX = 3


def tagged(number):
    """Two VLAN tags that say which connection it is."""
    tags = 1 + number // 4000, 1 + number % 4000

    def wrap(packet):
        kind = ETH_IP6 if packet[0] >> 4 == 6 else ETH_IP4
        return ethernet(0x88A8, vlan(tags[0], 0x8100, vlan(tags[1], kind, packet)))

    return tags, wrap


def with_ttl(packet, ttl):
    """The packet with another TTL; the header's checksum is made right."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([ttl]) + packet[8:]
    total = struct.unpack("!H", packet[10:12])[0] + ((packet[8] - ttl) << 8)
    total = (total & 0xFFFF) + (total >> 16)
    return packet[:8] + bytes([ttl]) + packet[9:10] + struct.pack("!H", total & 0xFFFF) + packet[12:]


class Maker:
    def __init__(self, dice):
        self.dice, self.n, self.flows, self.tags, self.setters = dice, 0, [], {}, {}

    def setter(self, rule):
        """What a packet must hold so that the rule's bits are set."""
        proto = {6: "tcp-pkt", 17: "udp", 1: "icmp"}.get(rule["proto"], "ip")
        key = proto, tuple(map(tuple, rule["bits"]))
        return self.setters.setdefault(key, b"[setter %d]" % len(self.setters))

    def setter_rules(self):
        for i, (proto, bits) in enumerate(self.setters):
            text = " ".join(f"flowbits:set,{name};" if track == "flow" else f"xbits:set,{name},track {track},expire 3600;" for track, name in bits)
            yield f'alert {proto} any any -> any any (content:"[setter {i}]"; {text} noalert; sid:{SETTER + i};)\n'

    def flow(self, rule, variant):
        client, server = (rule["dst"], rule["src"]) if rule["to_client"] else (rule["src"], rule["dst"])
        ports = (rule["dport"], rule["sport"]) if rule["to_client"] else (rule["sport"], rule["dport"])
        tags, wrap = tagged(self.n)
        self.n += 1
        self.tags[tags] = rule["gid"], rule["sid"], variant
        flow = Flow(f"{rule['sid']} {variant}", (client, server, *ports), (self.dice.randrange(1 << 32), self.dice.randrange(1 << 32)),
                    lambda p: wrap(with_ttl(p, rule["ttl"])))
        self.flows.append(flow)
        return flow

    def tcp(self, rule, payload, variant):
        flow, side = self.flow(rule, variant), 1 if rule["to_client"] else 0
        odd = rule["asks_flags"] and (rule["flags"] & (SYN | ACK)) != ACK
        if odd:
            # By itself, as the first packet of all.
            flow.put(side, flow.segment(side, -1 if rule["flags"] & SYN else 0, payload, rule["flags"]))
            return
        flow.open()
        if rule["sized"]:
            for s, octets in ((0, rule["client"]), (1, rule["server"])):
                octets -= len(payload) if s == side else 0
                while octets > 0:
                    part = min(octets, SEGMENT)
                    flow.say(s, bytes(part))
                    octets -= part
        if rule["bits"]:
            # Far from the stream, which it leaves as it is.
            flow.put(side, flow.segment(side, 1 << 30, self.setter(rule)))
        flags = rule["flags"] if rule["asks_flags"] else PSH | ACK
        at = flow.sides[side].next
        if rule["packet"]:
            flow.send(side, at, payload, flags)
            return
        marks = sorted({0, len(payload), *range(0, len(payload), SEGMENT)})
        if variant == "cut" or variant == "spoiled":
            marks = sorted({*marks, *(self.dice.randrange(len(payload)) for _ in range(4))})
        parts = list(zip(marks, marks[1:]))
        if variant == "cut":
            self.dice.shuffle(parts)
        for a, b in parts:
            flow.send(side, at + a, payload[a:b])
        flow.finish(side)

    def datagram(self, rule, payload, variant):
        flow, side = self.flow(rule, variant), 1 if rule["to_client"] else 0

        def send(s, octets):
            src, dst, sport, dport = flow.ip_ends(s)
            if rule["proto"] == 17:
                body = udp_segment(src, dst, sport, dport, octets)
            elif rule["proto"] == 1:
                body = struct.pack("!BBHI", *rule["icmp"], 0, 0) + octets
            elif rule["proto"] == 58:
                body = with_checksum(src, dst, 58, struct.pack("!BBHI", *rule["icmp"], 0, 0) + octets, 2)
            elif rule["proto"] == 132:
                body = struct.pack("!HHII", sport, dport, 1, 0) + octets
            else:
                body = octets
            flow.frames.append(flow.wrap(ip_packet(src, dst, rule["proto"], body)))

        if rule["established"] or rule["to_client"]:
            send(0, b"\1")
            if rule["established"] and side == 0:
                send(1, b"\1")
        if rule["bits"]:
            send(side, self.setter(rule))
        send(side, payload)

    def add(self, rule, payload, variant):
        (self.tcp if rule["proto"] == 6 else self.datagram)(rule, payload, variant)


def why_not(rule):
    """Why nothing is made for a rule; None: it is."""
    if "payload" not in rule:
        return "no payload was found"
    if rule["proto"] == 6 and len(rule["payload"]) // 2 > 60000 and rule["packet"]:
        return "a packet of more than 60,000 octets"
    if rule["not_established"] and rule["proto"] == 6 and not rule["asks_flags"]:
        return "data ahead of a handshake"
    return None


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sluice, samples, name = sys.argv[1:]
    tap, folder = Tap(), os.path.join(RULES, name)
    if not os.path.isdir(folder):
        tap.skip(f"rules of {name}", f"{folder} is not there")
        tap.end()
    with tempfile.TemporaryDirectory(prefix="sluice-fire-") as temp:
        fire(tap, sluice, samples, name, rule_files(folder, temp), temp)
    tap.end()


def rule_files(folder, temp):
    """The set's files, or copies with one rule in SLUICE_RULES_EVERY."""
    files = sorted(f for f in os.listdir(folder) if f.endswith(".rules"))
    if EVERY == 1:
        return [os.path.join(folder, f) for f in files]
    copies, n = [], 0
    for name in files:
        copies.append(os.path.join(temp, name))
        with open(os.path.join(folder, name), "rb") as old, open(copies[-1], "wb") as new:
            for line in old:
                n += line.startswith(b"alert")
                if line.startswith(b"alert") and n % EVERY == 0:
                    new.write(line)
    return copies


def fire(tap, sluice, samples, name, files, temp):
    made = subprocess.run([samples, *files], capture_output=True, text=True, timeout=600)
    rules = [json.loads(line) for line in made.stdout.splitlines()]
    maker, left_out, n = Maker(random.Random(7)), Counter(), Counter()
    known = {}
    for rule in rules:
        if not rule["plan"]:
            n["refused in stream mode"] += 1
            continue
        if not rule["content"]:
            n["without a content"] += 1
            continue
        n["with a content"] += 1
        reason = why_not(rule)
        if reason:
            left_out[reason] += 1
            continue
        known[rule["gid"], rule["sid"]] = rule
        payload = bytes.fromhex(rule["payload"])
        maker.add(rule, payload, "whole")
        if rule["proto"] == 6 and not rule["packet"]:
            maker.add(rule, payload, "cut")
        if "spoiled" in rule:
            maker.add(rule, bytes.fromhex(rule["spoiled"]), "spoiled")
    path, setters = os.path.join(temp, "fire.pcap"), os.path.join(temp, "setters.rules")
    frames, _ = merge(maker.flows, random.Random(8), T0, at_once=8)
    write_pcap(path, frames)
    with open(setters, "w") as f:
        f.writelines(maker.setter_rules())
    run = Fire(sluice, temp, path, [*files, setters])
    check(tap, name, run, maker, known, made, n, left_out)


class Fire(Run):
    def __init__(self, sluice, folder, path, files):
        listed = " ".join(f'"{f}"' for f in files)
        super().__init__(
            sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"', "input.lateness": "all", "match.rules": listed, "match.cache": "off"},
            {"fired": ("rule vlan vlan_inner", "tumbling 1h")}, timeout=600, more={"sink alerts": {"type": "eve", "path": "alerts.json"}})
        self.folder = folder

    def fired(self):
        """{(tags, gid, sid): matches}"""
        out = Counter()
        for r in map(json.loads, self.lines()):
            if "rule" in r and "vlan" in r:
                out[(r["vlan"], r["vlan_inner"]), r.get("gid", 1), r["rule"]] += r["matches"]
        return out

    def alerts(self):
        out = set()
        with open(os.path.join(self.folder, "alerts.json")) as f:
            for a in map(json.loads, f):
                out.add((tuple(a["vlan"]), a["alert"]["gid"], a["alert"]["signature_id"]))
        return out


def check(tap, name, run, maker, known, made, n, left_out):
    s = run.summary()
    tap.line(run.status == 0 and made.returncode == 0 and s["ledger"]["balanced"], f"{name}: it runs", [made.stderr] + run.why())
    fired, alerts = run.fired(), run.alerts()
    # Hyperscan itself may refuse some more; those match nothing.
    accepted = s["match"]["rules"] - len(maker.setters)
    wrong = {"whole": [], "cut": [], "spoiled": [], "alert": []}
    right = Counter()
    for tags, (gid, sid, variant) in maker.tags.items():
        rule = known[gid, sid]
        has = fired[tags, gid, sid] > 0
        if has == (variant == "spoiled"):
            wrong[variant].append(f"sid {sid} {'fires' if has else 'does not fire'}: {variant}, flow {tags}")
            continue
        right[variant] += 1
        if has and not rule["threshold"] and not rule["noalert"] and (tags, gid, sid) not in alerts:
            wrong["alert"].append(f"sid {sid} counts and gives no alert: {variant}, flow {tags}")
    for variant, least, fact in (("whole", 300, "fire on their payload"), ("cut", 50, "fire on it cut and out of order"),
                                 ("spoiled", 300, "do not fire where one octet is another")):
        tap.line(not wrong[variant] and right[variant] > (least if EVERY == 1 else 0), f"{name}: {right[variant]} rules {fact}",
                 [f"{len(wrong[variant])} are wrong"] + wrong[variant][:12] + run.why())
    tap.line(not wrong["alert"], f"{name}: no match is without an alert", wrong["alert"][:12] + run.why())
    said = n["with a content"] + n["without a content"]
    tap.line(accepted == said, f"{name}: {accepted} rules are accepted", [f"{said} have a plan"] + run.why())
    out = sum(left_out.values())
    tap.line(out * 100 <= LEFT_OUT_MAX * n["with a content"], f"{name}: of {n['with a content']} rules with a content {out} are left out here",
             [f"{k}: {v}" for k, v in left_out.items()])
    print(f"# {dict(n)}, {dict(right)}, {dict(left_out)}, {len(maker.setters)} setters, {s['match']['rules']} rules")


if __name__ == "__main__":
    main()
