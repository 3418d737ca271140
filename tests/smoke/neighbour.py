#!/usr/bin/env python3
"""Attaches an XDP program that passes every frame, as somebody else would: by libxdp, to stay when this has ended. With
LIBXDP_SKIP_DISPATCHER=1 in the environment without a dispatcher.

usage: neighbour.py INTERFACE
"""
import ctypes
import socket
import sys

NATIVE = 1


class Options(ctypes.Structure):
    """struct xdp_program_opts of libxdp 1.3."""
    _fields_ = [("sz", ctypes.c_size_t), ("obj", ctypes.c_void_p), ("opts", ctypes.c_void_p), ("prog_name", ctypes.c_char_p),
                ("find_filename", ctypes.c_char_p), ("open_filename", ctypes.c_char_p), ("pin_path", ctypes.c_char_p),
                ("id", ctypes.c_uint32), ("fd", ctypes.c_int)]


def main():
    xdp = ctypes.CDLL("libxdp.so.1")
    xdp.xdp_program__create.restype = ctypes.c_void_p
    xdp.libxdp_get_error.argtypes = [ctypes.c_void_p]
    xdp.libxdp_get_error.restype = ctypes.c_long
    # It comes with libxdp, which tries with it what the kernel can.
    options = Options(prog_name=b"xdp_pass", find_filename=b"xdp-dispatcher.o", sz=ctypes.sizeof(Options))
    program = xdp.xdp_program__create(ctypes.byref(options))
    fault = xdp.libxdp_get_error(program)
    if not fault:
        fault = xdp.xdp_program__attach(ctypes.c_void_p(program), socket.if_nametoindex(sys.argv[1]), NATIVE, 0)
    if fault:
        sys.exit(f"the neighbour cannot be attached: {fault}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
