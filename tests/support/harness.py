"""Runs the program for tests written in Python, and prints TAP."""
import json
import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

# Without huge pages, and without files that two runs at a time would share.
DPDK = {"dpdk.args": "--no-huge --no-shconf", "dpdk.mbufs": "8192"}


class Run:
    """One run of `sluice run`: its exit status, what it said, its records and its summary. `more`: further sections."""

    def __init__(self, sluice, folder, sets, streams, rules=None, timeout=120, more=None):
        conf = os.path.join(folder, "test.conf")
        self.records_path = os.path.join(folder, "records.jsonl")
        self.summary_path = os.path.join(folder, "summary.json")
        for path in (self.records_path, self.summary_path):
            if os.path.exists(path):
                os.unlink(path)
        with open(conf, "w") as f:
            sections = {"input": {}, "dpdk": {}, "flow": {"rows": "65536"}}
            for name, value in sets.items():
                section, key = name.split(".")
                sections.setdefault(section, {})[key] = value
            if rules:
                sections.setdefault("match", {}).update({"rules": f'"{rules}"', "cache": "off"})
            for name, (key, window) in streams.items():
                sections[f"stream {name}"] = {"key": key, "window": window}
            sections["sink out"] = {"type": "json", "path": "records.jsonl"}
            sections.update(more or {})
            for name, keys in sections.items():
                f.write(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
        argv = [sluice, "run", conf, "--summary", self.summary_path]
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout)
            self.status, self.said = done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired as e:
            self.status, self.said = "timeout", (e.stderr or b"").decode(errors="replace")

    def lines(self):
        """The records as sorted lines."""
        if not os.path.exists(self.records_path):
            return []
        with open(self.records_path) as f:
            return sorted(f.read().splitlines())

    def summary(self):
        """The summary without what may differ between runs: backend, workers, time."""
        try:
            with open(self.summary_path) as f:
                s = json.load(f)
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in s.items() if k not in ("backend", "workers", "elapsed_s")}

    def why(self):
        return [f"exit status {self.status}"] + self.said.splitlines()[-20:]


def expect(got, want):
    """What to say where it is not what is wanted."""
    return [] if got == want else [f"got  {got}", f"want {want}"]


def lacks(text, *parts):
    """What to say of the parts that the text does not have."""
    return [f"no '{p}' in: {text}" for p in parts if p not in text]


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def line(self, ok, fact, notes=()):
        self.n += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.n} - {fact}")
        for note in notes if not ok else ():
            print(f"# {note}")
        sys.stdout.flush()

    def skip(self, fact, reason):
        self.n += 1
        print(f"ok {self.n} - {fact} # SKIP {reason}")
        sys.stdout.flush()

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)
