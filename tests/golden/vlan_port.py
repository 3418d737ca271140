#!/usr/bin/env python3
"""A VLAN subinterface in user space, for kernels built without 802.1Q.

usage: vlan_port.py INTERFACE VID NAME

Makes a TAP interface NAME whose frames travel tagged with VID over INTERFACE, until it is ended.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, ETH_P_8021Q = 0x0003, 0x8100
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, TP_STATUS_VLAN_VALID = 263, 8, 4, 0x10


def arrived_tag(auxiliary):
    """The VID that the kernel took off the frame, or None."""
    for level, kind, data in auxiliary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return tci & 0xFFF
    return None


def deliver(tap, frame):
    try:
        os.write(tap, frame)
    except OSError:
        pass    # the interface is down: the frame is lost, as on any other


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    interface, vid, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    wire.bind((interface, ETH_P_ALL))
    tag = struct.pack("!HH", ETH_P_8021Q, vid)
    while True:
        ready, _, _ = select.select([tap, wire], [], [])
        if tap in ready:
            frame = os.read(tap, 65536)
            wire.send(frame[:12] + tag + frame[12:])
        if wire in ready:
            frame, auxiliary, _, sender = wire.recvmsg(65536, 256)
            if sender[2] == PACKET_OUTGOING:
                continue
            if arrived_tag(auxiliary) == vid:
                deliver(tap, frame)
            elif frame[12:16] == tag:
                deliver(tap, frame[:12] + frame[16:])


if __name__ == "__main__":
    main()
