"""BPF programs, maps and links: which ones a process holds, and which of them the kernel still has."""
import ctypes
import os
import re

SYS_BPF = {"x86_64": 321, "aarch64": 280}
GET_FD_BY_ID = {"prog": 13, "map": 14, "link": 30}     # of enum bpf_cmd
NAMED = re.compile(r"^(prog|map|link)_id:\s*(\d+)$", re.M)


def held(pid):
    """{(kind, id)} of what the process has descriptors of. The ids are given out once, never again, so that whatever else
    is in the kernel does not matter."""
    found = set()
    folder = f"/proc/{pid}/fdinfo"
    try:
        for name in os.listdir(folder):
            with open(os.path.join(folder, name)) as f:
                found |= {(kind, int(number)) for kind, number in NAMED.findall(f.read())}
    except (FileNotFoundError, ProcessLookupError):
        pass    # it, or the descriptor, has gone
    return found


def exists(kind, number):
    attr = (ctypes.c_uint32 * 32)(number)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(SYS_BPF.get(os.uname().machine, 280), GET_FD_BY_ID[kind], ctypes.byref(attr), ctypes.sizeof(attr))
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def left(objects):
    """Those that are still there, for people."""
    return [f"{kind} {number}" for kind, number in sorted(objects) if exists(kind, number)]
