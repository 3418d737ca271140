"""Many frames in little time: a raw socket at the near end of a wire that is given hundreds of frames by each system call."""
import ctypes
import time

BATCH = 512


class Piece(ctypes.Structure):      # struct iovec
    _fields_ = [("base", ctypes.c_char_p), ("octets", ctypes.c_size_t)]


class Message(ctypes.Structure):    # struct mmsghdr
    _fields_ = [("name", ctypes.c_void_p), ("name_octets", ctypes.c_uint32), ("pieces", ctypes.POINTER(Piece)),
                ("n_pieces", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_octets", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("sent", ctypes.c_uint32)]


def came(wire):
    """Frames that the far interface has received since it was made."""
    return int(wire.inside(wire.spaces[1], "cat", f"/sys/class/net/{wire.far}/statistics/rx_packets"))


def flood(wire, frames, most, seconds=3.0):
    """Sends the frames again and again, `most` of them or as long as it may take. Returns how many came in at the far end: the
    others found no room on the wire."""
    pieces = [Piece(frame, len(frame)) for frame in frames]
    messages = (Message * len(frames))()
    for message, piece in zip(messages, pieces):
        message.pieces, message.n_pieces = ctypes.pointer(piece), 1
    libc = ctypes.CDLL(None, use_errno=True)
    size, before, sent, end = ctypes.sizeof(Message), came(wire), 0, time.monotonic() + seconds
    with wire.socket(0) as s:
        while sent < most and time.monotonic() < end:
            at = sent % len(frames)
            n = min(BATCH, len(frames) - at, most - sent)
            done = libc.sendmmsg(s.fileno(), ctypes.byref(messages, at * size), n, 0)
            if done <= 0:       # no room for now (ENOBUFS)
                time.sleep(0.001)
            sent += max(done, 0)
    # What waits in the wire's queue arrives yet.
    last = -1
    while (now := came(wire)) != last:
        last = now
        time.sleep(0.05)
    return last - before
