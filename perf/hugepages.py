"""Huge pages for the time of a benchmark: reserved at the start, as many as before at the end."""
import re

PATH = "/proc/sys/vm/nr_hugepages"


def meminfo(name):
    with open("/proc/meminfo") as f:
        m = re.search(rf"^{name}:\s*(\d+)", f.read(), re.M)
    return int(m[1]) if m else 0


def read():
    with open(PATH) as f:
        return int(f.read())


def write(pages):
    with open(PATH, "w") as f:
        f.write(f"{pages}\n")


class Hugepages:
    """with Hugepages(octets) as pages: `pages.missing` is None, or why there are not as many free."""

    def __init__(self, octets):
        self.octets = octets
        self.before = None      # what to give back to
        self.missing = None
        self.free_octets = 0

    def __enter__(self):
        size = meminfo("Hugepagesize") * 1024
        if size == 0:
            self.missing = "this kernel has no huge pages"
            return self
        need = -(-self.octets // size)
        if meminfo("HugePages_Free") < need:
            try:
                before = read()
                self.before = before
                write(before + need - meminfo("HugePages_Free"))
            except OSError as e:
                self.missing = f"{need} huge pages of {size >> 10} KiB are needed: {PATH}: {e.strerror} (run as root)"
        free = meminfo("HugePages_Free")
        self.free_octets = free * size
        if self.missing is None and free < need:
            self.missing = f"{need} huge pages of {size >> 10} KiB are needed, only {free} could be had: memory is short or in pieces"
        return self

    def __exit__(self, *_):
        if self.before is not None:
            try:
                write(self.before)
            except OSError:
                pass    # nothing was reserved either
