"""What tests of state run: one configuration with whatever a checkpoint may hold, undisturbed and not."""
import copy
import glob
import json
import os
import random
import subprocess

from state_capture import FRAMES, capture

RULES = """
alert udp any any -> any any (msg:"every one"; content:"needle"; sid:1;)
alert tcp any any -> any any (msg:"across segments"; content:"needle"; sid:3;)
alert tcp any any -> any any (msg:"far apart"; content:"begin"; content:"finish"; distance:0; sid:4;)
alert tcp any any -> any any (msg:"marked"; content:"begin"; flowbits:set,begun; flowbits:noalert; sid:5;)
alert tcp any any -> any any (msg:"answered"; content:"answer"; flowbits:isset,begun; sid:6;)
alert udp any any -> any any (msg:"one in five"; content:"straw"; threshold:type threshold, track by_src, count 5, seconds 60; sid:2;)
"""
STREAMS = {
    "ten": ("src_ip dest_ip src_port dest_port proto", "tumbling 10s"),
    "slide": ("src_ip", "sliding 8s 2s"),
    "session": ("src_ip dest_ip", "session 1500ms"),
    "flow": ("src_ip dest_ip src_port dest_port proto", "flow 20s 3s"),
    "rule": ("rule src_ip", "tumbling 4s"),
    "talks": ("src_ip dest_ip src_port dest_port proto", "flow 30s 4s\nbiflow = yes"),
    "both": ("src_ip dest_ip", "sliding 6s 3s\nbiflow = yes"),
    "top": ("src_ip", "tumbling 20s\ntop = 3"),
    "hosts": ("dest_ip", "tumbling 5s\ndistinct = src_ip"),
    "ports": ("proto", "sliding 12s 3s\ndistinct = src_port"),
    "peers": ("src_ip", "session 2s\ndistinct = dest_ip"),
    "values": ("rule", "tumbling 30s\ndistinct = src_port"),
    "five": ("src_ip dest_ip src_port dest_port proto", "count 5"),
    "twos": ("src_ip dest_ip src_port dest_port proto vlan", "count 2\nwhere = proto = udp and dest_port = 53"),
}
ALERTS = {
    "much": ("slide", "packets > 12"),
    "more": ("slide", "packets > 1.4 * mean(3)"),
    "less": ("ten", "packets < 1"),
    "fewer": ("top", "bytes < 0.8 * mean(2)"),
    "fires": ("rule", "matches >= 2"),
    "heavy": ("five", "bytes > 220"),
    "answers": ("both", "rev_bytes > 1.2 * mean(2)"),
    "replies": ("talks", "rev_packets >= 3"),
    "turns": ("both", "rev_packets > 3"),
}


class Bench:
    """Captures, rules and a configuration in a folder, and what an undisturbed run makes of them."""

    def __init__(self, sluice, folder, rng, captures=None, sets=(), frames=FRAMES):
        self.sluice, self.rng, self.sets, self.frames = sluice, rng, list(sets), frames
        self.captures = captures or [os.path.join(folder, "state.pcap")]
        if not captures:
            capture(self.captures[0], self.rng, frames)
        self.rules = os.path.join(folder, "state.rules")
        with open(self.rules, "w") as f:
            f.write(RULES)
        self.settle(folder)
        self.run("state.path=")
        self.expected = self.lines()
        self.late = [x for x in self.expected["records.jsonl"] if '"late":true' in x]
        self.quiet = [n for n in ALERTS if not any(f'"alert":"{n}"' in x for x in self.expected["records.jsonl"])]

    @property
    def capture(self):
        return self.captures[0]

    def settle(self, folder):
        self.folder = folder
        self.summary = os.path.join(folder, "summary.json")
        self.state = os.path.join(folder, "state")
        self.outputs = {name: os.path.join(folder, name) for name in ("records.jsonl", "eve.json")}
        self.conf = os.path.join(folder, "state.conf")
        with open(self.conf, "w") as f:
            f.write(f"[input]\nbackend = pcap\ndevice = {' '.join(self.captures)}\nlateness = 1s\nlate = emit\n"
                    f"[match]\nrules = {self.rules}\nchecksums = ignore\ncache = off\n[flow]\nrows = 4K\n"
                    + "".join(f"[stream {n}]\nkey = {k}\nwindow = {w}\n" for n, (k, w) in STREAMS.items())
                    + "".join(f"[alert {n}]\nstream = {s}\nwhen = {w}\n" for n, (s, w) in ALERTS.items())
                    + "[sink out]\ntype = json\npath = records.jsonl\n[sink eve]\ntype = eve\npath = eve.json\n"
                    "[state]\npath = state\ncheckpoint = 100ms\n")
        self.clear()

    def twin(self, folder):
        """The same in another folder, where it does not get into the way."""
        other = copy.copy(self)
        os.mkdir(folder)
        other.rng = random.Random(self.rng.random())
        other.settle(folder)
        return other

    def clear(self):
        for path in glob.glob(os.path.join(self.folder, "*.json*")) + glob.glob(os.path.join(self.state, "*")):
            os.unlink(path)

    def argv(self, *sets, more=()):
        return [self.sluice, "run", self.conf, "--summary", self.summary, *(a for s in (*self.sets, *sets) for a in ("--set", s)), *more]

    def run(self, *sets, more=()):
        return subprocess.run(self.argv(*sets, more=more), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def start(self, *sets, more=()):
        return subprocess.Popen(self.argv(*sets, more=more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def lines(self):
        """The sorted lines of each output, of files that rotation has finished, too."""
        out = {}
        for name, path in self.outputs.items():
            out[name] = []
            for part in glob.glob(path + "*"):
                with open(part) as f:
                    out[name] += f.read().splitlines()
            out[name].sort()
        return out

    def ledger(self):
        try:
            with open(self.summary) as f:
                return json.load(f)
        except (OSError, ValueError):
            return {}

    def differences(self, expected=None):
        """What is not as in an undisturbed run."""
        notes, now = [], self.lines()
        for name, lines in (expected or self.expected).items():
            if now[name] == lines:
                continue
            notes += [f"{name}: {len(now[name])} lines, {len(lines)} expected"] if len(now[name]) != len(lines) else []
            extra, missing = sorted(set(now[name]) - set(lines)), sorted(set(lines) - set(now[name]))
            notes += [f"{name}: unexpected: {x}" for x in extra[:3]] + [f"{name}: missing: {x}" for x in missing[:3]]
        led = self.ledger().get("ledger", {})
        if led.get("received") != self.frames or not led.get("balanced"):
            notes.append(f"ledger: {led}")
        return notes
