"""What the lint tests share: the project's files, C source without comments and strings, and TAP."""
import os
import re
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def files():
    """Every file of the project, relative to its root: what git tracks or would track, else what is there."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard"],
                         capture_output=True) if os.path.exists(os.path.join(ROOT, ".git")) else None
    if git is not None and git.returncode == 0:
        names = os.fsdecode(git.stdout).split("\0")
    else:
        names = []
        for folder, below, here in os.walk(ROOT):
            below[:] = [d for d in below if d not in (".git", "__pycache__", "out") and not d.startswith("build")]
            names += [os.path.relpath(os.path.join(folder, n), ROOT) for n in here if not n.endswith(".pyc")]
    return sorted({n for n in names if n and os.path.isfile(os.path.join(ROOT, n))})


def read(name):
    """The file's text, or None where it holds none."""
    with open(os.path.join(ROOT, name), "rb") as f:
        data = f.read()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def is_c(name):
    return name.endswith((".c", ".h"))


TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code(text):
    """C text with comments and literals blanked; lines stay where they are."""
    def blank(m):
        t = m.group()
        return "\n" * t.count("\n") if t[0] == "/" else t[0] + t[0]
    return TOKEN.sub(blank, text)


def lines_with(pattern, text):
    """Numbers of the lines that match."""
    return [n for n, line in enumerate(text.split("\n"), 1) if re.search(pattern, line)]


class Tap:
    """Prints a test a line; what is wrong follows as comments."""

    def __init__(self):
        self.n = self.failed = 0

    def check(self, fact, faults):
        self.n += 1
        faults = list(faults)
        print(f"{'not ok' if faults else 'ok'} {self.n} - {fact}")
        for fault in faults:
            print(f"# {fault}")
        self.failed += bool(faults)
        sys.stdout.flush()

    def skip(self, fact, reason):
        self.n += 1
        print(f"ok {self.n} - {fact} # SKIP {reason}")

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)
