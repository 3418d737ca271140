#!/usr/bin/env python3
"""Who may include what: the layers of lib/, and the libraries that only certain places may know."""
import os
import re

from project import ROOT, Tap, files, is_c, read

# A folder of lib/ may include itself and these.
LAYERS = {
    "base": [],
    "packet": ["base"],
    "match": ["base", "packet"],
    "flow": ["base", "packet"],
    "export": ["base", "packet/flow_key.h", "packet/flow_key_hash.h", "flow"],
    "state": ["base", "flow", "export"],
    "pipeline": ["base", "packet", "match", "flow"],
    "conf": ["base"],
}

# Headers of lib/ that the XDP programs share.
SHARED = r"packet/(flow_key|tunnel|verdict|tcp_flags|parse_(cursor|ether|ip|limits|protocols|steps|tunnel|walk))\.h"

# Headers of other projects, and where they may be included; whatever is not named here and is not
# libc's or the kernel's has no place in the project.
LIBRARIES = [
    (r"rte_\w+\.h|generic/rte_\w+\.h", r"app/input/dpdk[^/]*|perf/.*|tests/dpdk/.*"),
    (r"(bpf|xdp)/.*", r"app/input/xdp[^/]*|ebpf/.*|tests/ebpf/.*|perf/[^/]*xdp[^/]*"),
    (r"hs/.*|hs(_\w+)?\.h", r"lib/match/.*|app/match[^/]*|tests/.*|perf/.*"),
    (r"pcre2\.h", r"lib/match/verify/.*|tests/unit/match/.*|tests/support/.*"),
    (r"pcap(/.*)?(\.h)?", r"lib/packet/.*|app/input/.*|tests/.*|perf/.*"),
    (r"zlib\.h", r"lib/.*|app/.*|tests/.*"),
    (r"ini_\w+\.h|collection\.h|ref_array\.h|simplebuffer\.h", r"lib/conf/.*|tests/unit/conf/.*"),
    (r"criterion/.*", r"tests/unit/.*"),
    (r"(fixbuf|glib\.h).*|librdkafka/.*|sqlite3\.h|zstd\.h", r"lib/(export|state)/.*|tests/unit/.*"),
    (r"microhttpd\.h|cap-ng\.h|numa\.h", r"app/.*"),
]

LIBC = re.compile(
    r"(arpa|linux|net|netinet|sys|asm)/[\w/]+\.h|"
    r"(assert|cpuid|ctype|dirent|endian|errno|fcntl|float|fnmatch|getopt|glob|ifaddrs|[a-z]mmintrin|inttypes|limits|locale|math|"
    r"netdb|poll|pthread|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stdckdint|stddef|stdint|"
    r"stdio|stdio_ext|stdlib|string|strings|syscall|termios|threads|time|ucontext|unistd|wchar|x86intrin)\.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def includes(text):
    """(line, header, quoted) of each include."""
    for m in INCLUDE.finditer(text):
        yield text.count("\n", 0, m.start(0) + len(m.group(0)) - len(m.group(0).lstrip())) + 1, m[1] or m[2], m[1] is not None


def quoted_faults(name, line, header):
    """A header of the project: may this file see it?"""
    where = f"{name}:{line}: includes \"{header}\""
    parts = name.split("/")
    if ".." in header.split("/"):
        return [f"{where}: a path upwards"]
    own = os.path.exists(os.path.join(ROOT, os.path.dirname(name), header))
    at = [p for p in ("lib", ".", "tests/support", os.path.join(*parts[:3])) if os.path.exists(os.path.join(ROOT, p, header))]
    made = [p for p in ("lib", ".", "app") if os.path.exists(os.path.join(ROOT, p, header + ".in"))]     # by meson
    if not own and not at and not made:
        return [f"{where}: no such header"]
    layer = parts[1] if parts[0] == "lib" else parts[2] if parts[:2] == ["tests", "unit"] and len(parts) > 3 else None
    if layer is None:
        if parts[0] == "ebpf" and not own and not header.startswith("ebpf/") and not re.fullmatch(SHARED, header):
            return [f"{where}: ebpf/ has its own headers, and of lib/ what is compiled for the kernel too"]
        return []
    if layer not in LAYERS:
        return [f"{name}: lib/{layer} is not in the table of layers"]
    if own and "/" not in header or header.startswith(layer + "/"):
        return []
    if any(header == a or header.startswith(a + "/") for a in LAYERS[layer]):
        return []
    if parts[0] == "tests" and any(os.path.exists(os.path.join(ROOT, p, header))
                                   for p in ("tests/support", f"tests/unit/{layer}")):
        return []
    # A test may lay out and parse the packets that it feeds to its layer.
    if parts[0] == "tests" and header.startswith("packet/"):
        return []
    return [f"{where}: {layer} may include {', '.join(LAYERS[layer]) or 'libc'} only"]


def angle_faults(name, line, header):
    """A header of somebody else: may this file see it?"""
    where = f"{name}:{line}: includes <{header}>"
    for pattern, places in LIBRARIES:
        if re.fullmatch(pattern, header):
            return [] if re.fullmatch(places, name) else [f"{where}: allowed in {places} only"]
    return [] if LIBC.fullmatch(header) else [f"{where}: neither libc's nor a library's that the project uses"]


def faults(name, text):
    out = []
    for line, header, quoted in includes(text):
        out += quoted_faults(name, line, header) if quoted else angle_faults(name, line, header)
    return out


def own_header_first(name, text):
    header = os.path.basename(name)[:-2] + ".h"
    first = next(includes(text), None)
    if name.startswith("lib/") and name.endswith(".c") and os.path.exists(os.path.join(ROOT, name[:-2] + ".h")):
        if first is None or first[1] not in (header, name[4:-2] + ".h"):
            yield f"{name}: the first include is not \"{header}\""


def umbrella(name, text):
    """A header that does nothing but include others."""
    body = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    rest = [l for l in body.split("\n") if l.strip() and not re.match(r"\s*#\s*(include|pragma once)", l)]
    if name.endswith(".h") and not rest and INCLUDE.search(text):
        yield f"{name}: holds nothing but includes"


def main():
    tap = Tap()
    sources = {n: read(n) or "" for n in files() if is_c(n)}
    tap.check("the check sees a layer that reaches upwards",
              [] if faults("lib/base/err.c", '#include "packet/packet.h"\n') else ["it did not"])
    tap.check("the check sees DPDK in lib/", [] if faults("lib/packet/parse.c", "#include <rte_mbuf.h>\n") else ["it did not"])
    tap.check("the check sees libbpf in lib/", [] if faults("lib/packet/parse.c", "#include <bpf/libbpf.h>\n") else ["it did not"])
    tap.check("the check sees what the kernel cannot have",
              [] if faults("ebpf/x.bpf.c", '#include "packet/parse.h"\n') else ["it did not"])
    tap.check("the check lets a layer include what lies below",
              faults("lib/flow/x.c", '#include "base/err.h"\n#include <stdint.h>\n'))
    for top in ("lib", "app", "ebpf", "perf", "tests"):
        mine = {n: t for n, t in sources.items() if n.startswith(top + "/")}
        if mine:
            tap.check(f"{top}: includes keep to the layers", [f for n, t in mine.items() for f in faults(n, t)])
    tap.check("a source includes its own header first", [f for n, t in sources.items() for f in own_header_first(n, t)])
    tap.check("no header is an umbrella", [f for n, t in sources.items() for f in umbrella(n, t)])
    tap.end()


if __name__ == "__main__":
    main()
