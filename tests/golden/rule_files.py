#!/usr/bin/env python3
"""What `sluice rules` says about rule files. usage: rule_files.py SLUICE"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap, expect, lacks  # noqa: E402

RULES = os.path.join(HERE, "..", "..", "..", "shared", "data", "rules")
GOLDEN = os.path.join(HERE, "rules")
MIXED = r"""# a comment
alert tcp any any -> any 80 (msg:"one"; content:"abc"; sid:1;)
alert tcp any any -> any 80 (content:"abc"; http_uri; sid:2;)
alert tcp any any -> any 25 (pcre:"/(a/"; sid:3;)
alert udp $SENSORS any -> any 53 (content:"x"; \
  sid:4;)
alert tcp any any -> any any (content:!"abc"; sid:5;)
"""


class Rules:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *args):
        run = subprocess.run([self.sluice, "rules", *args], capture_output=True, text=True, errors="replace", timeout=600)
        return run.returncode, run.stdout, run.stderr

    def json(self, *args):
        code, out, err = self.run("--json", *args)
        return json.loads(out) if code == 0 and out.count("\n") == 1 else {"exit": code, "out": out, "err": err}


def check(tap, fact, notes):
    tap.line(not notes, fact, notes)


def check_mixed(tap, r):
    path = r.file("a.rules", MIXED)
    code, out, err = r.run(path)
    check(tap, "refused rules come with line, sid and reason",
              lacks(out, "2 accepted        3 refused", f"{path}:3: sid 2: ", f"{path}:4: sid 3: pcre: ",
                    f"{path}:5: sid 4: ", "SENSORS") + expect((code, err), (0, "")))
    for mode, group in (("stream", "pcre: syntax"), ("block", "compile")):
        check(tap, f"reasons are counted by group, --mode {mode}", expect(r.json("--mode", mode, path), {
            "accepted": 2, "refused": 3, "reasons": {group: 1, "content modifier http_uri": 1, "undefined variable": 1}}))
    streams = r.file("s.rules", 'alert tcp any any -> any any (pcre:"/a(?=b)/"; sid:1;)\n')
    check(tap, "what cannot be told from a stream is refused in stream mode, which is the usual one", expect(
        [r.json(*mode, streams)["reasons"] for mode in ((), ("--mode", "stream"), ("--mode", "block"))],
        [{"pcre: lookaround": 1}, {"pcre: lookaround": 1}, {}]))
    check(tap, "--var says what a variable stands for", expect(r.json("--var", "SENSORS=[10.0.0.0/8,!10.1.1.1]", path)["accepted"], 3))
    hs = r.file("b.hs", "11:/a/\n12:/(/\n13:/b/i\n")
    got = r.json("--mode", "block", hs, path)
    check(tap, "both syntaxes in one go", expect((got["accepted"], got["refused"], got["reasons"].get("compile")), (4, 4, 2)))
    _, out, _ = r.run(path, hs)
    check(tap, "files are told apart", [] if re.search(r"^total +4 accepted +4 refused$", out, re.M) else [out])
    twice = r.file("c.hs", "1:/a/\n14:/a/\n")
    _, out, _ = r.run(twice, path)
    check(tap, "of a rule and a pattern with its sid the rule counts", lacks(
        out, f"{twice}:1: 1: id 1 is the sid of the rule in {path}:2, which counts (a pattern has gid 1)\n"))


def check_reasons(tap, r):
    path = r.file("n.rules", MIXED + "".join(f'alert tcp any any -> any any (urilen:{n}; sid:{100 + n};)\n' for n in range(3)))
    code, out, _ = r.run(path)
    table = out.partition("\nrefused, by reason\n")[2].splitlines()
    check(tap, "behind the list stands how many were refused for which reason, the most frequent first", expect(
        [code, table], [0, ["       3  keyword urilen", "       1  content modifier http_uri", "       1  pcre: syntax", "       1  undefined variable"]]))
    long = r.file("l.rules", "junk\n" * 20000)
    done = subprocess.run(["sh", "-c", '"$0" rules "$1" | head -1; exit 0', r.sluice, long], capture_output=True, text=True, timeout=60)
    check(tap, "who has read enough hears no complaint", expect(done.stderr, "") + lacks(done.stdout, "20000 refused"))
    with open("/dev/full", "w") as full:
        done = subprocess.run([r.sluice, "rules", long], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    check(tap, "what cannot be written is a fault", expect(done.returncode, 1) + lacks(done.stderr, "standard output"))


def check_explain(tap, r):
    path = r.file("e.rules", MIXED)
    code, out, _ = r.run("--explain", "--mode", "block", path)
    check(tap, "--explain shows groups, sizes and rules without a gate",
              lacks(out, "1 of them without a gate", "octets of databases", "to_server", "80", "rules without a gate",
                    f"{path}:7: sid 5") + expect(code, 0))
    code, out, _ = r.run("--explain", path)
    check(tap, "--explain shows what streams are scanned for",
              lacks(out, "packets: 0 rules", "streams: 2 rules", "to_server", "81:65535", "octets a stream") + expect(code, 0))
    code, out, err = r.run("--explain", "--json", path)
    check(tap, "--json is one line: not with --explain", lacks(err, "--json", "usage:") + expect((code, out), (2, "")))


def check_bad(tap, r):
    code, out, err = r.run(os.path.join(r.folder, "none.rules"), os.path.join(r.folder, "none.hs"))
    check(tap, "every file that is not there is named", lacks(err, "none.rules", "none.hs") + expect((code, out), (2, "")))
    code, _, err = r.run("--var", "HOME_NET", r.file("v.rules", MIXED))
    check(tap, "a variable without a value is bad usage", lacks(err, "HOME_NET", "NAME=VALUE") + expect(code, 2))
    code, _, err = r.run("--mode", "packets", r.file("v.rules", MIXED))
    check(tap, "a mode that there is not is bad usage", lacks(err, "packets", "stream", "block") + expect(code, 2))
    code, _, err = r.run()
    check(tap, "no file is bad usage", lacks(err, "no file", "usage:") + expect(code, 2))
    got = r.json(r.file("z.rules", bytes(range(256)) * 50))
    check(tap, "any octets may be in a file", expect(got.get("accepted"), 0))
    got = r.json(r.file("empty.rules", ""))
    check(tap, "an empty file is no error", expect(got, {"accepted": 0, "refused": 0, "reasons": {}}))


def numbers(name, word):
    """What stands ahead of a word in a report."""
    with open(os.path.join(GOLDEN, name + ".txt"), encoding="utf-8") as f:
        return [int(n) for n in re.findall(rf"^ *(\d+)  {word}$", f.read(), re.M)]


def check_set(tap, r, name):
    folder = os.path.join(RULES, name)
    what = f"{name}: as many are accepted and refused as its report says"
    if not os.path.isdir(folder):
        tap.skip(what, f"{folder} is not there")
        return
    files = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".rules"))
    accepted, refused = (numbers(name, word)[0] for word in ("accepted", "refused"))
    got = r.json("--mode", "block", *files)
    check(tap, what + ", --mode block", expect([got.get("accepted"), got.get("refused")], [accepted, refused]))
    # Those without a plan go as well.
    without = numbers(name + "-streams", "without")[0]
    got = r.json(*files)
    check(tap, what + ", --mode stream", expect([got.get("accepted"), got.get("refused")], [accepted - without, refused + without]))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        r = Rules(sys.argv[1], folder)
        check_mixed(tap, r)
        check_reasons(tap, r)
        check_explain(tap, r)
        check_bad(tap, r)
        check_set(tap, r, "snort-community-2017")
    tap.end()


if __name__ == "__main__":
    main()
