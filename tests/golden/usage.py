#!/usr/bin/env python3
"""What the commands say of themselves, and to who calls them in a wrong way. usage: usage.py SLUICE"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

COMMANDS = ("run", "check", "inputs", "detach", "rules", "stats", "top", "reload", "checkpoint", "stop")
# Arguments, and how what is said begins.
WRONG = (
    ((), "usage: sluice COMMAND"),
    (("runn",), "sluice: runn: unknown command, did you mean run? (accepted: run, check, "),
    (("-x",), "sluice: -x: unknown command (accepted: "),
    (("run",), "sluice run: no configuration given\n\nusage: "),
    (("run", "a", "b"), "sluice run: more than one configuration given\n\nusage: "),
    (("run", "--bad"), "sluice run: unrecognized option '--bad'\nusage: "),
    (("run", "a", "--set"), "sluice run: option '--set' requires an argument\nusage: "),
    (("run", "a", "--duration", "5"), "sluice run: --duration: 5: not a duration (500ms, 10s, 5m, 1h)\n"),
    (("run", "a", *("--set", "input.workers=1") * 257), "sluice run: more than 256 --set\n"),
    (("check",), "sluice check: no configuration given\n\nusage: "),
    (("check", "a", "b"), "sluice check: more than one configuration given\n\nusage: "),
    (("check", "--bad"), "sluice check: unrecognized option '--bad'\nusage: "),
    (("check", "a", *("--set", "input.workers=1") * 257), "sluice check: more than 256 --set\n"),
    (("inputs", "a"), 'sluice inputs: unexpected argument "a"\n\nusage: '),
    (("detach",), "sluice detach: no interface is named\n\nusage: "),
    (("rules",), "sluice rules: no file is named\n\nusage: "),
    (("rules", "--mode", "fast", "a"), "sluice rules: "),
    (("stats", "a"), 'sluice stats: unexpected argument "a"\n\nusage: '),
    (("stop", "--json"), "sluice stop: unrecognized option '--json'\nusage: "),
    (("top", "a"), 'sluice top: unexpected argument "a"\n\nusage: '),
)


def call(sluice, *args):
    run = subprocess.run([sluice, *args], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout, run.stderr


def helps(tap, sluice):
    code, overall, err = call(sluice, "--help")
    notes = [] if (code, err) == (0, "") else [str(code), err]
    listed = [line.split()[0] for line in overall.splitlines() if line.startswith("  ") and not line.startswith("  -")]
    notes += [] if tuple(listed) == COMMANDS else [f"listed: {listed}"]
    tap.line(not notes, "--help names each command", notes)
    for args in [()] + [(c,) for c in COMMANDS]:
        for option in ("--help", "-h"):
            code, out, err = call(sluice, *args, option)
            name = " ".join(("sluice", *args))
            notes = [] if (code, err) == (0, "") else [str(code), err]
            notes += [f"{len(line)} columns: {line}" for line in out.splitlines() if len(line) > 80]
            notes += [] if out.startswith(f"usage: {name} ") or out.startswith(f"usage: {name}\n") else [out[:80]]
            notes += [f"no '{want}' in it" for want in ("--help", "\nexit status: 0 ") if want not in out]
            tap.line(not notes, f"{name} {option} is told on standard output, in 80 columns", notes)
    code, out, err = call(sluice, "--version")
    tap.line((code, err) == (0, "") and out.startswith("sluice "), "--version names the program", [str(code), out, err])


def wrong(tap, sluice):
    for args, want in WRONG:
        code, out, err = call(sluice, *args)
        fine = (code, out) == (2, "") and err.startswith(want)
        tap.line(fine, f"bad usage is refused with a reason: sluice {' '.join(args[:4])}", [str(code), out, err, f"want {want!r}"])


def levels(tap, sluice):
    for level, want in (("warn", ""), ("", ""), ("loud", "sluice: warning: SLUICE_LOG: loud: no such level (accepted: error, warn, info, debug)\n")):
        run = subprocess.run([sluice, "--version"], capture_output=True, text=True, timeout=60, env={**os.environ, "SLUICE_LOG": level})
        tap.line((run.returncode, run.stderr) == (0, want), f"SLUICE_LOG={level} is " + ("warned of" if want else "fine"), [run.stderr])


def main():
    tap = Tap()
    helps(tap, sys.argv[1])
    wrong(tap, sys.argv[1])
    levels(tap, sys.argv[1])
    tap.end()


if __name__ == "__main__":
    main()
