#!/usr/bin/env python3
"""Small servers for real clients: HTTP (files that follow from their name, uploads that are answered with their digest, a page
that fails), DNS over UDP and TCP, and one that repeats each line, with the greeting of an SSH server.

usage: servers.py ADDRESS ADDRESS6
"""
import hashlib
import http.server
import socket
import socketserver
import struct
import sys
import threading

HTTP, DNS, LINES = 8080, 53, 2222
GREETING = b"SSH-2.0-lines\r\n"


def content(name, octets):
    """Text that no example pattern occurs in."""
    block = hashlib.sha256(name.encode()).hexdigest().encode() * 64
    return (block * (octets // len(block) + 1))[:octets]


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, octets):
        self.send_response(status)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(octets)

    def do_GET(self):
        parts = self.path.split("/")
        if self.path == "/broken":
            self.answer(503, b"not today\n")
        elif len(parts) == 3 and parts[1] == "content" and parts[2].isdigit():
            self.answer(200, content(parts[2], int(parts[2])))
        else:
            self.answer(404, b"no such page\n")

    do_HEAD = do_GET

    def do_POST(self):
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, hashlib.sha256(octets).hexdigest().encode())

    def log_message(self, *_):
        pass


class Web(http.server.ThreadingHTTPServer):
    request_queue_size = 64

    def server_bind(self):      # without asking for the host's name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "lines.example", self.server_address[1]


class Web6(Web):
    address_family = socket.AF_INET6


def resolve(query):
    """What a name server answers: one address of each kind for NAME.example, else that there is no such name."""
    number, flags = struct.unpack("!HH", query[:4])
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    kind, = struct.unpack("!H", query[at + 1:at + 3])
    question = query[12:at + 5]
    data = {1: socket.inet_aton("10.8.1.1"), 28: socket.inet_pton(socket.AF_INET6, "fd08:1::1"), 16: b"\xff" + b"t" * 255}.get(kind)
    known = labels[-1:] == [b"example"]
    record = struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(data)) + data if known and data else b""
    head = struct.pack("!HHHHHH", number, 0x8580 | (flags & 0x0100) | (0 if known else 3), 1, bool(record), 0, 0)
    return head + question + record


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        sock.sendto(resolve(query), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while len(head := self.rfile.read(2)) == 2:
            answer = resolve(self.rfile.read(struct.unpack("!H", head)[0]))
            self.wfile.write(struct.pack("!H", len(answer)) + answer)


class Lines(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.wfile.write(GREETING)
        for line in self.rfile:
            self.wfile.write(line)


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True


def main():
    address, address6 = sys.argv[1:]
    servers = [Web((address, HTTP), Pages), Web6((address6, HTTP), Pages), Udp((address, DNS), Datagram), Tcp((address, DNS), Stream),
               Tcp((address, LINES), Lines)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
