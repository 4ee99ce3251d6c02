#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""doors.py LETTER [PROTOCOL,ADDRESS,PORT[,INTERFACE]]...: opens doors and answers each caller with the letter and the port,
"H22;", from the address that was called. Says "ready", ends with its standard input."""
import os
import selectors
import socket
import struct
import sys

IP_PKTINFO = 8      # linux/in.h


def opened(protocol, address, port, interface):
    """An IPv6 address in brackets is for IPv6 alone; `::` without them takes IPv4, too."""
    alone = address.startswith("[")
    address = address.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(alone))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    if interface:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    s.bind((address, int(port)))
    if protocol == "tcp":
        s.listen(4096)
    return s


def answer_stream(s, answer):
    try:
        c = s.accept()[0]
    except OSError:
        return
    with c:
        try:
            c.send(answer)
        except OSError:
            pass


def answer_datagram(s, answer):
    try:
        _, control, _, sender = s.recvmsg(100, 256)
    except OSError:
        return
    out = []
    for level, kind, value in control:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            out.append((level, kind, struct.pack("=i4s4s", 0, value[8:12], bytes(4))))
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            out.append((level, kind, value[:16] + bytes(4)))
    try:
        s.sendmsg([answer], out, 0, sender)
    except OSError:
        pass


def main():
    letter, words = sys.argv[1], sys.argv[2:]
    waiting = selectors.DefaultSelector()
    for one in words:
        protocol, address, port, interface = (one.split(",") + [""])[:4]
        waiting.register(opened(protocol, address, port, interface), selectors.EVENT_READ,
                         (answer_stream if protocol == "tcp" else answer_datagram, f"{letter}{port};".encode()))
    waiting.register(0, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                if not os.read(0, 100):
                    return
            else:
                key.data[0](key.fileobj, key.data[1])


main()
