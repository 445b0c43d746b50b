#!/usr/bin/env python3
"""Starts all test servers and keeps them until its input ends or it gets SIGTERM or SIGINT.

    mkfifo /tmp/hold; spec/support/serve.py < /tmp/hold > /tmp/env & exec 9> /tmp/hold
    . /tmp/env                  # OCI_TEST_REGISTRY and the rest
    exec 9>&-                   # ends them

With `--forever` it does not look at its input (`serve.py --forever > /tmp/env &`, then kill it).
"""
import shlex
import signal
import sys
import threading

import servers


def wait_for_end(forever):
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_args: ended.set())
    if not forever:
        threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    ended.wait()


def main():
    with servers.Servers() as group:
        group.start_all()
        for name, value in sorted(group.environment.items()):
            print("export %s=%s" % (name, shlex.quote(value)))
        sys.stdout.flush()
        wait_for_end("--forever" in sys.argv[1:])


if __name__ == "__main__":
    main()
