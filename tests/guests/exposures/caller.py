#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls doors from the network namespace that it is started in. Each line of standard input is JSON,
{"wait": SECONDS, "calls": [[PROTOCOL, FROM, PORT, TO, PORT], ...]}; each is answered by a list, in that order: what was
heard ("H22"), or null: nothing."""
import errno
import json
import resource
import selectors
import socket
import sys
import time


def begin(call):
    """The socket; None: it cannot be had."""
    protocol, source, source_port, target, port = call
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if protocol == "tcp":       # an end without TIME_WAIT: the port may be used again
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    try:
        s.bind((source, source_port))
        if s.connect_ex((target, port)) not in (0, errno.EINPROGRESS):
            raise OSError
        if protocol == "udp":
            s.send(b"?")
    except OSError:
        s.close()
        return None
    return s


def hear(s):
    """The answer; "": it is over without one; None: not yet."""
    try:
        return s.recv(10).decode("latin-1").partition(";")[0]
    except BlockingIOError:
        return None
    except OSError:
        return ""


def call_all(calls, wait):
    answers = [None] * len(calls)
    waiting = selectors.DefaultSelector()
    for i, call in enumerate(calls):
        s = begin(call)
        if s:
            waiting.register(s, selectors.EVENT_READ, i)
    end = time.monotonic() + wait
    while waiting.get_map() and time.monotonic() < end:
        for key, _ in waiting.select(max(0, end - time.monotonic())):
            heard = hear(key.fileobj)
            if heard is not None:
                answers[key.data] = heard or None
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    for key in list(waiting.get_map().values()):
        key.fileobj.close()
    waiting.close()
    return answers


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(call_all(asked["calls"], asked["wait"])), flush=True)


main()
