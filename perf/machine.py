"""What a benchmark's figures depend on: the machine, the compiler, the libraries, the revision."""
import json
import os
import platform
import re
import subprocess


def said(*command, cwd=None):
    """What a command prints, or "" where there is no such command or it fails."""
    try:
        run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def processors():
    """Those that this process may run on, in order."""
    return sorted(os.sched_getaffinity(0))


def quietest_processor():
    """The one of ours that devices interrupt least: what is measured is not to be what a disk does to whoever is there."""
    with open("/proc/interrupts") as f:
        numbers = [int(name[3:]) for name in f.readline().split()]
        counts = dict.fromkeys(numbers, 0)
        for line in f:
            kind, *words = line.split()
            if kind.rstrip(":").isdigit():     # a device's; the processor's own have names
                for number, count in zip(numbers, words):
                    counts[number] += int(count)
    # The last one where they are alike: the first has everything else to do.
    return min(reversed(processors()), key=lambda number: counts.get(number, 0))


def processor_model():
    with open("/proc/cpuinfo") as f:
        m = re.search(r"^model name\s*:\s*(.+)$", f.read(), re.M)
    return m[1] if m else platform.machine()


def flags(build, source):
    """The compiler's flags that matter for speed, of one source of the library."""
    with open(os.path.join(build, "compile_commands.json")) as f:
        commands = [c["command"] for c in json.load(f) if c["file"].endswith(source)]
    words = commands[0].split() if commands else []
    return " ".join(w for w in words if re.match(r"-(O|m|f|std=|g$)", w))


def facts(root, build):
    """Name and value of each, in the order in which they are shown."""
    compiler = said("cc", "--version").split("\n")[0]
    revision = said("git", "-c", "safe.directory=*", "describe", "--always", "--dirty", "--abbrev=12", cwd=root)
    return {
        "processor": processor_model(),
        "processors": len(processors()),
        "kernel": platform.release(),
        "load": " ".join(f"{v:.1f}" for v in os.getloadavg()),
        "compiler": compiler,
        "flags": flags(build, "lib/pipeline/worker.c"),
        "dpdk": said("pkg-config", "--modversion", "libdpdk"),
        "hyperscan": said("pkg-config", "--modversion", "libhs"),
        "revision": revision,
    }
