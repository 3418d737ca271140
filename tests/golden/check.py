#!/usr/bin/env python3
"""What `sluice check` and `sluice run` say about rule files and variables. usage: check.py SLUICE"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap, expect, lacks  # noqa: E402

OFFICE = os.path.join(HERE, "captures", "office.pcap")
GOOD = 'alert tcp any any -> any 80 (msg:"m"; content:"abc"; sid:1;)\n'


class Bench:
    """A configuration beside its rule files."""

    def __init__(self, sluice, folder):
        self.sluice, self.folder, self.conf = sluice, folder, os.path.join(folder, "t.conf")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def command(self, name, match="", vars_="", sets=()):
        """Exit status and what went to standard output and standard error."""
        self.file("t.conf", f"[input]\nbackend = pcap\ndevice = {OFFICE}\n[match]\ncache = off\n{match}\n[vars]\n{vars_}\n"
                            "[sink a]\ntype = null\n")
        args = [a for s in sets for a in ("--set", s)]
        run = subprocess.run([self.sluice, name, *args, self.conf], capture_output=True, text=True, timeout=120)
        return run.returncode, run.stdout, run.stderr

    def check(self, *args, **more):
        return self.command("check", *args, **more)


def both(tap, b):
    rules = b.file("a.rules", "# c\n" + GOOD + 'alert tcp any any -> any 80 (content:"a"; http_uri; sid:2;)\nwhat is this\n')
    hs = b.file("a.hs", "3:/a/\njunk\n7:/b/q\n")
    code, out, err = b.check("rules = a.hs a.rules")
    lines = err.splitlines()
    tap.line(not (notes := expect((code, len(lines)), (0, 4)) + lacks(
        err, f"{hs}:2: warning: rule refused: ", f"{hs}:3: warning: rule 7 refused: ", f"{rules}:3: warning: rule sid 2 refused: ",
        f"{rules}:4: warning: rule refused: ") + lacks(out, "[match]\n", f"rules = {hs} {rules}\n", "mode = stream\n")),
        "files of both syntaxes are read whole; what is refused is a warning", notes)
    code, out, err = b.check("rules = a.hs a.rules\non_unsupported = error")
    tap.line(not (notes := expect((code, out, len(err.splitlines())), (2, "", 5)) + lacks(
        err, f"{hs}:2: error: rule refused: ", f"{rules}:3: error: rule sid 2 refused: ",
        f"{b.conf}: match.on_unsupported: error: 4 rules are refused (accepted: none")),
        "with on_unsupported = error it is an error, and nothing is printed", notes)
    code, out, err = b.check("rules = b.rules a.hs none.hs")
    tap.line(not (notes := expect((code, out), (2, "")) + lacks(err, "b.rules: No such file", "none.hs: No such file")),
             "every file that is not there is named", notes)
    code, out, err = b.check("rules = a.rules\non_unsupported = error\nmode = block", sets=("match.on_unsupported=skip",))
    tap.line(code == 0 and "mode = block\n" in out, "--set makes it a warning again", [str(code), err])


def many(tap, b):
    path = b.file("many.rules", "".join(f'alert tcp any any -> any any (urilen:{n}; sid:{n};)\n' for n in range(1, 14))
                  + 'alert tcp any any -> any any (content:"a; sid:99;)\n' + GOOD.replace("sid:1", "sid:77"))
    hs = b.file("one.hs", "junk\n")
    code, _, err = b.check("rules = many.rules one.hs")
    lines = err.splitlines()
    tap.line(not (notes := expect((code, len(lines)), (0, 12)) + expect(lines[9].split(" refused")[0], f"{path}:10: warning: rule sid 10")
                  + expect(lines[10], f"{path}: warning: 4 more rules refused; sluice rules {path} lists them: 3 keyword urilen, 1 syntax")
                  + lacks(lines[11], f"{hs}:1: warning: ")),
             "of each file ten refused rules are shown, then how many more of which kind", notes)


def strict_run(tap, b):
    b.file("late.rules", GOOD + 'alert tcp any any -> any any (pcre:"/(a/"; sid:5;)\n')
    code, _, err = b.check("rules = late.rules\non_unsupported = error")
    tap.line(code == 0, "what only compiling shows is not check's to tell", [str(code), err])
    for mode in ("stream", "block"):
        code, _, err = b.command("run", f"rules = late.rules\nmode = {mode}\non_unsupported = error")
        tap.line(not (notes := expect(code, 2) + lacks(err, "late.rules:2: rule sid 5 refused: ", "match.on_unsupported: error: 1 rule is refused")),
                 f"a run is refused with a rule that does not compile, mode = {mode}", notes)
        code, _, err = b.command("run", f"rules = late.rules\nmode = {mode}")
        tap.line(not (notes := expect(code, 0) + lacks(err, "late.rules:2: rule sid 5 refused: ", "of 1 rule ")),
                 f"it is left out with on_unsupported = skip, mode = {mode}", notes)
    b.file("bad.rules", "junk\n" + GOOD)
    code, _, err = b.command("run", "rules = bad.rules\non_unsupported = error")
    tap.line(not (notes := expect(code, 2) + lacks(err, "bad.rules:1: rule refused: ", "match.on_unsupported: error: 1 rule is refused")),
             "a run is refused with a rule that cannot be read", notes)
    with open(b.file("large.rules", ""), "r+") as f:
        f.truncate((256 << 20) + 1)
    code, _, err = b.command("run", "rules = large.rules")
    tap.line(not (notes := expect(code, 2) + lacks(err, "large.rules: larger than")), "and with a file that cannot be", notes)


def said_at_start(tap, b):
    rules = b.file("start.rules", "".join(f'alert tcp any any -> any any (urilen:{n}; sid:{n};)\n' for n in range(1, 14))
                   + 'alert tcp any any -> any any (content:"a"; http_uri; sid:20;)\n'
                   + 'alert tcp any any -> any 99999 (content:"a"; sid:99;)\n' + GOOD.replace("sid:1", "sid:77"))
    code, _, err = b.command("run", "rules = start.rules")
    tap.line(not (notes := expect((code, err.count("warning")), (0, 2)) + lacks(
        err, f"{rules}:15: rule sid 99 refused: '99999' is no port",
        "14 rules ask for what cannot be had and are left out: 13 keyword urilen, 1 content modifier http_uri;")),
        "a run shows what has to be mended, and of what cannot be had how much of it there is", notes)
    tap.line(not (notes := lacks(err, "1 rule in force, 15 refused; compiled in ", ", kept nowhere\n", " of rules, ", "match.stream_memory = 256M\n")),
             "and how many rules are in force, and what they take", notes)


def cache_that_cannot_be(tap, b):
    b.file("three.rules", "".join(GOOD.replace("any 80", f"any {port}").replace("sid:1", f"sid:{port}") for port in (25, 80, 443)))
    code, _, err = b.command("run", "rules = three.rules", sets=("match.cache=/dev/null",))
    tap.line(not (notes := expect((code, err.count("warning")), (0, 1)) + lacks(
        err, "match.cache: compiled rules are not kept: /dev/null: Not a directory", "3 rules in force", ", kept nowhere\n")),
        "a cache that cannot be used is said once, and does not hold a run up", notes)


def headers(tap, b):
    """Rules without anything to find look at each packet, whatever the mode."""
    b.file("headers.rules", 'alert tcp any any -> any 22 (msg:"ssh"; sid:1;)\n')
    got = []
    for mode in ("stream", "block"):
        _, _, err = b.command("run", f"rules = headers.rules\nmode = {mode}")
        got += [line for line in err.splitlines() if line.startswith("match:")]
    # tshark -r office.pcap -Y "tcp.dstport == 22" | wc -l
    tap.line(not (notes := expect(got, ["match: 298 events of 1 rule (version 1)"] * 2)), "a rule about headers alone counts each packet, in either mode", notes)


def variables(tap, b):
    path = b.file("v.rules", "alert tcp $OFFICE any -> any $Doors (sid:1;)\nalert tcp $HOME_NET any -> any any (sid:2;)\n")
    code, out, err = b.check("rules = v.rules")
    tap.line(not (notes := expect((code, len(err.splitlines())), (0, 1)) + lacks(err, f"{path}:1: warning: rule sid 1 refused: variable $OFFICE is not defined")),
             "a variable that nobody defines refuses the rule", notes)
    code, out, err = b.check("rules = v.rules", "OFFICE = [10.0.0.0/8,!10.1.1.1]\nDoors = \"[80,443]\"\nUNUSED = nonsense")
    tap.line(not (notes := expect((code, err), (0, "")) + lacks(out, "[vars]\n", "\nOFFICE = [10.0.0.0/8,!10.1.1.1]\nDoors = [80,443]\nUNUSED = nonsense\n")),
             "[vars] defines variables, whatever those mean that no rule uses", notes)
    code, out, err = b.check("rules = v.rules\non_unsupported = error", "OFFICE = any\nDoors = 80", sets=("vars.OFFICE=ten", "vars.HOME_NET=10.0.0.0/33"))
    tap.line(not (notes := expect((code, len(err.splitlines())), (2, 3)) + lacks(
        err, f"{path}:1: error: rule sid 1 refused: variable $OFFICE: 'ten'", f"{path}:2: error: rule sid 2 refused: variable $HOME_NET: '10.0.0.0/33'")),
             "a value that is no address is told where a rule uses it", notes)
    code, out, err = b.check("rules = v.rules", "OFFICE = any", sets=("vars.Doors=80",))
    tap.line(not (notes := expect((code, err), (0, "")) + lacks(out, "\nDoors = 80\n")), "--set defines one, too", notes)
    code, out, err = b.check("", "HOME-NET = any\nHOME_NET = any\nhome_net = any")
    tap.line(not (notes := expect(code, 2) + lacks(err, "t.conf:10: vars.home_net: any: repeated, it stands in line 9 already")),
             "names that differ in case only are one", notes)


def not_taken(tap, b):
    """What reaches no sink is allowed, and seldom meant."""
    streams = "[stream s]\nkey = src_ip\nwindow = tumbling 1s\n[stream t]\nkey = dest_ip\nwindow = tumbling 1s\n[alert a]\nstream = t\nwhen = packets > 5\n"
    alone = ("stream.t: no sink takes its records (cure: ", "alert.a: no sink takes its records, which go where those of stream.t go")
    for name in ("check", "run"):
        code, _, err = b.command(name, vars_=streams, sets=("sink.a.streams=s",))
        tap.line(not (notes := expect((code, err.count("warning: ")), (0, 2)) + lacks(err, *(f"warning: {a}" for a in alone))),
                 f"sluice {name} warns of a stream and an alert that no sink takes", notes)
        code, _, err = b.command(name, vars_=streams)
        tap.line(not (notes := expect((code, "warning: " in err), (0, False))), f"sluice {name} does not where one takes all", notes)


# What a configuration asks for, the part of the program behind it as --version names it, and how a run without is refused.
PARTS = (
    ("input.backend=dpdk", "DPDK input", "input.backend: dpdk: not part of this build (cure: install DPDK "),
    ("input.backend=xdp", "XDP input", "input.backend: xdp: not part of this build (cure: install clang, "),
    ("state.path=t.state", "checkpoints", "state.path: keeping a state is not part of this build (cure: install SQLite "),
)


def not_built(tap, b):
    """A configuration may be meant for another machine: check lets it pass, and tells what this build lacks."""
    version = dict(line.split(": ", 1) for line in subprocess.run([b.sluice, "--version"], capture_output=True, text=True, timeout=60).stdout.splitlines() if ": " in line)
    for key, part, text in PARTS:
        code, out, err = b.check(sets=(key,))
        if version[part].startswith("yes"):
            tap.line((code, err) == (0, ""), f"{key}: this build has it, and check has nothing to say", [str(code), err])
            continue
        tap.line(not (notes := expect((code, len(err.splitlines()), bool(out)), (0, 1, True)) + lacks(err, f"{b.conf}: warning: {text}", "; sluice run refuses it\n")),
                 f"{key}: this build lacks it, which check says and lets pass", notes)
        code, _, err = b.command("run", sets=(key,))
        tap.line(not (notes := expect(code, 1) + lacks(err, f"error: {text}")), f"{key}: a run is refused with the same words", notes)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-check-") as folder:
        b = Bench(sys.argv[1], folder)
        for part in (both, many, strict_run, said_at_start, cache_that_cannot_be, headers, variables, not_taken,
                     not_built):
            part(tap, b)
    tap.end()


if __name__ == "__main__":
    main()
