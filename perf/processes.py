"""Programs that a benchmark runs: none outlives it, whatever ends it."""
import contextlib
import signal
import subprocess


class Failed(Exception):
    """A program failed, or what it computed was wrong."""


@contextlib.contextmanager
def started(command, **options):
    """A program that is told to stop, and then made to, at the end of the block."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, errors="replace", **options)
    try:
        yield child
    finally:
        for stop in (lambda: child.send_signal(signal.SIGINT), child.terminate, child.kill):
            if child.poll() is not None:
                break
            stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(10)
        if child.stdout:
            child.stdout.close()


def output(command, what, timeout=600):
    """What it printed to its standard output. Failed with the end of what it said when it fails."""
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{what}: did not end within {timeout} s") from None
    if child.returncode != 0:
        said = (err or out).strip().split("\n")[-3:]
        raise Failed(f"{what}: exit status {child.returncode}: {' / '.join(said)}")
    return out


def stop_on_signals():
    """SIGINT, SIGTERM and SIGHUP end the program through every `finally`, and only the first counts."""
    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number, _):
        for s in caught:
            signal.signal(s, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for s in caught:
        signal.signal(s, leave)
