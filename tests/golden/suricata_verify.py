#!/usr/bin/env python3
"""Suricata's own test suite: the same rules find the same in the same captures. usage: suricata_verify.py SLUICE

Each case of ../shared/data/reference/suricata-verify-expected.tsv that has a rule on payload is run, and says how often its rule alerts
and where. Where Sluice says otherwise the case is in DIFFERS, with what it says and why; one that comes to agree again fails, too.
Skipped without ../shared/data.
"""
import json
import os
import sys
import tempfile
from collections import Counter
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from alerts import us  # noqa: E402
from suricata_cases import DATA, cases, cases_table, frames_of  # noqa: E402


# (test, sid): how often Sluice alerts in stream mode, and why it differs.
URGENT = "Suricata was told to take urgent octets out of line; here they are in line, as every receiver has them (RFC 6093)"
DIFFERS = {
    ("tests/decode-nsh-type1", 1): (0, "NSH (EtherType 0x894f) is no header that is looked through"),
    ("tests/smb1-03-midstream", 1): (0, "the first packet seen is the server's: Suricata recognises SMB in it and turns the connection round"),
    ("tests/tcp-urgp-01-oob", 1000001): (0, URGENT),
    ("tests/tcp-urgp-03-inline", 1000001): (0, URGENT),
    ("tests/tcp-urgp-04-2byte-XY", 1000001): (0, URGENT),
}

# Rules whose content no single packet has: (test, sid). A scan packet by packet must miss them.
ACROSS = {("tests/tcp-fastopen-07", 7), ("tests/tcp-fastopen-07", 8), ("tests/tcp-async-01", 1), ("tests/tcp-rst-unacked-stream-03-gap", 1)}


def settings(case, mode):
    args = " ".join(case.args)
    return {"input.backend": "pcap", "input.device": f'"{os.path.join(DATA, case.file)}"', "input.lateness": "all", "match.mode": mode,
            "match.cache": "off", "match.checksums": "ignore" if "-k none" in args else "auto",
            "match.midstream": "yes" if "midstream=true" in args else "no"}


class Found(Run):
    """The alerts of a case's rules in its capture."""

    def __init__(self, sluice, folder, case, mode):
        rules, eve = os.path.join(folder, "case.rules"), os.path.join(folder, "alerts.json")
        with open(rules, "w") as f:
            f.write("\n".join(case.rules) + "\n")
        if os.path.exists(eve):
            os.unlink(eve)
        super().__init__(sluice, folder, {**settings(case, mode), "match.rules": f'"{rules}"'}, {"all": ("proto", "tumbling 10s")},
                         more={"sink alerts": {"type": "eve", "path": "alerts.json"}})
        self.alerts = []
        if os.path.exists(eve):
            with open(eve) as f:
                self.alerts = [json.loads(line) for line in f]

    def count(self, sid):
        return sum(a["alert"]["signature_id"] == sid for a in self.alerts)


def holds(alert, want, case):
    """Whether an alert is as a case says."""
    for name, value in want.items():
        if name in ("alert.signature_id", "stream"):     # the latter tells Suricata's way of finding it
            continue
        if name == "pcap_cnt":
            if us(alert) != frames_of(os.path.join(DATA, case.file))[value - 1]:
                return False
        elif name in ("src_ip", "dest_ip"):
            if ip_address(alert[name]) != ip_address(value):
                return False
        elif alert[name] != value:
            return False
    return True


def check(case, run, tap):
    for want in case.wants:
        got = [a for a in run.alerts if a["alert"]["signature_id"] == want.sid and holds(a, want.match, case)]
        name = f"{case.test}: sid {want.sid}"
        expected, reason = want.count, ""
        if (case.test, want.sid) in DIFFERS:
            expected, reason = DIFFERS[case.test, want.sid]
            if expected == want.count:
                tap.line(False, f"{name}: is listed as a difference and is none")
                continue
        # Sluice may alert in other packets of the same flow than Suricata would: those count against it.
        n = run.count(want.sid)
        fact = f"{name} alerts {expected} times" + (f" (Suricata: {want.count}): {reason}" if reason else "")
        tap.line(run.status == 0 and n == expected and (len(got) == n or bool(reason)), fact,
                 [f"{n} alerts, {len(got)} of them as {want.match}, wanted {expected}"]
                 + [f"{a['timestamp']} {a['src_ip']}:{a.get('src_port')} -> {a['dest_ip']}" for a in run.alerts if a["alert"]["signature_id"] == want.sid]
                 + run.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    table = cases_table(tap)
    across, tested = set(), Counter()
    with tempfile.TemporaryDirectory(prefix="sluice-verify-") as folder:
        for case in cases(table):
            run = Found(sys.argv[1], folder, case, "stream")
            check(case, run, tap)
            tested.update((case.test, want.sid) for want in case.wants)
            for test, sid in sorted(ACROSS):
                if test == case.test:
                    block = Found(sys.argv[1], folder, case, "block")
                    tap.line(run.count(sid) > 0 and block.count(sid) == 0 and block.status == 0,
                             f"{test}: sid {sid} is found in the stream and in no packet",
                             [f"stream {run.count(sid)}, block {block.count(sid)}"] + block.why())
                    across.add((test, sid))
    tap.line(across == ACROSS, "every rule whose content no packet has was looked for", [str(ACROSS - across)])
    tap.line(set(DIFFERS) <= set(tested), "every difference listed is of a case", [str(set(DIFFERS) - set(tested))])
    tap.line(sum(tested.values()) >= 60, f"{sum(tested.values())} expectations", [str(len(tested))])
    tap.end()


if __name__ == "__main__":
    main()
