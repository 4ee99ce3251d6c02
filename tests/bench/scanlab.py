# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network to scan: two namespaces with a veth pair, targets with listeners at its far end, and what makes it worse.

All targets are addresses of the far namespace, so each host x port is a socket of its own that the kernel answers for.
Loss, doubling and limits are nft rules of the far end at its device (no netem needed): what live frames send passes
no rule of the near end. Run as a program this file is what stands at the far end: `hold` listens, `forge` forges.
"""
import ctypes
import fcntl
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time

NEAR_ADDRESS, FAR_ADDRESS = "10.9.0.1", "10.9.0.2"
NEAR_MAC, FAR_MAC = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
NEAR6, FAR6 = "fd09::1", "fd09::2"


def host(i):
    return f"10.9.{1 + i // 256}.{i % 256}"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Lab:
    """The namespaces; `near` and `far` are their names. All goes away with them."""

    def __init__(self, hosts):
        self.near, self.far = f"dwscan-{os.getpid()}-near", f"dwscan-{os.getpid()}-far"
        self.hosts, self.holder, self.truth = hosts, None, set()

    def __enter__(self):
        ip("netns", "add", self.near)
        ip("netns", "add", self.far)
        try:
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def connect(self):
        n, f = ("-n", self.near), ("-n", self.far)
        ip(*n, "link", "add", "near0", "address", NEAR_MAC, "type", "veth", "peer", "name", "far0",
           "address", FAR_MAC, "netns", self.far)
        self.python("gro", "far0")
        ip(*n, "addr", "add", f"{NEAR_ADDRESS}/16", "dev", "near0")
        ip(*f, "addr", "add", f"{FAR_ADDRESS}/16", "dev", "far0")
        ip(*n, "addr", "add", f"{NEAR6}/64", "dev", "near0", "nodad")
        ip(*f, "addr", "add", f"{FAR6}/64", "dev", "far0", "nodad")
        for where, device in ((n, "near0"), (f, "far0")):
            ip(*where, "link", "set", "lo", "up")
            ip(*where, "link", "set", device, "up")
        ip(*n, "route", "add", "default", "via", FAR_ADDRESS)
        # the far kernel answers ARP for what it has a local route to
        for third in range(1 + (self.hosts + 255) // 256):
            ip(*f, "route", "add", "local", f"10.9.{third + 1}.0/24", "dev", "lo")
        self.hold([])

    def __exit__(self, *_):
        if self.holder:
            self.holder.stdin.close()
            self.holder.wait()
        for netns in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", netns], check=False)

    def python(self, *words):
        subprocess.run(self.command(*words), check=True)

    def command(self, *words):
        return ["ip", "netns", "exec", self.far, sys.executable, os.path.realpath(__file__), *words]

    def hold(self, sockets):
        """Listen there and nowhere else: [protocol, address, port]."""
        if self.holder is None:
            self.holder = subprocess.Popen(self.command("hold"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           text=True)
        self.holder.stdin.write(json.dumps(sockets) + "\n")
        self.holder.stdin.flush()
        if self.holder.stdout.readline() != "ready\n":
            raise OSError("the listeners did not come up")
        self.truth = {(p, a, n) for p, a, n in sockets}

    def listen(self, seed, hosts, each, protocol="tcp", last=65535):
        """At random ports, as many on each host."""
        dice = random.Random(seed)
        self.hold([(protocol, host(i), port) for i in range(hosts)
                   for port in dice.sample(range(1, last + 1), each)])

    def rules(self, text):
        """What the far end's device does to packets; nothing else than that. {in} and {out} begin a chain there."""
        text = text.replace("{in}", 'type filter hook ingress device "far0" priority 0\n')
        text = text.replace("{out}", 'type filter hook egress device "far0" priority 0\n')
        subprocess.run(["ip", "netns", "exec", self.far, "nft", "-f", "-"], input="flush ruleset\n" + text, text=True,
                       check=True)

    def loss(self, percent, more=""):
        drop = f"numgen random mod 1000 < {round(percent * 10)} drop" if percent else ""
        arp = "meta protocol arp accept"
        self.rules(f"table netdev lossy {{\nchain in {{ {{in}}{arp}\n{drop}\n}}\n"
                   f"chain out {{ {{out}}{arp}\n{drop}\n}}\n}}\n{more}")

    def far_sysctl(self, name, value):
        subprocess.run(["ip", "netns", "exec", self.far, "sysctl", "-qw", f"{name}={value}"], check=True)

    def forge(self, protocol, hosts, rate):
        return subprocess.Popen(self.command("forge", protocol, str(hosts), str(rate)), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)


# --- at the far end -------------------------------------------------------------------------------


def gro(device):
    """GRO makes a veth device take frames through NAPI: without (and without an XDP program) XDP frames are lost."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    value = ctypes.create_string_buffer(struct.pack("II", 0x2C, 1))  # ETHTOOL_SGRO
    request = struct.pack("16sP", device.encode(), ctypes.addressof(value)) + bytes(16)
    fcntl.ioctl(s, 0x8946, request)  # SIOCETHTOOL


def open_one(protocol, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    if protocol == "tcp":
        s.listen(64)
    else:
        s.setblocking(False)
    return s


def hold():
    held, poll, datagrams = [], select.epoll(), {}
    poll.register(0)
    while True:
        for fd, _ in poll.poll():
            if fd != 0:
                answer(datagrams[fd])
                continue
            line = sys.stdin.readline()
            if not line:
                return
            for s in datagrams.values():
                poll.unregister(s)
            for s in held:
                s.close()
            held = [open_one(*one) for one in json.loads(line)]
            datagrams = {s.fileno(): s for s in held if s.type == socket.SOCK_DGRAM}
            for s in datagrams.values():
                poll.register(s, select.EPOLLIN)
            print("ready", flush=True)


def answer(s):
    try:
        said, sender = s.recvfrom(2048)
        # the first bytes come back: an identification that a question holds is in them
        s.sendto(said[:2] + b"\x80\x00 here", sender)
    except BlockingIOError:
        pass
    except OSError:
        pass


def checksum(words):
    total = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def asked_from():
    """The source port of the first UDP probe that comes: what a forger might have learnt elsewhere."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    s.bind(("far0", 0))
    while True:
        frame = s.recv(2048)
        if len(frame) >= 38 and frame[23] == socket.IPPROTO_UDP and frame[26:30] == socket.inet_aton(NEAR_ADDRESS):
            return struct.unpack("!H", frame[34:36])[0]


def forged(dice, protocol, target, port, near_ports):
    """A SYN-ACK or datagram as from the target, to one of these ports, all other numbers guessed."""
    source, near = socket.inet_aton(target), socket.inet_aton(NEAR_ADDRESS)
    ports = struct.pack("!HH", port, dice.randrange(*near_ports))
    if protocol == "tcp":
        body = ports + struct.pack("!IIHHHH", dice.getrandbits(32), dice.getrandbits(32), 0x6012, 64240, 0, 0)
        body += bytes.fromhex("020405b4")
    else:
        body = ports + struct.pack("!HH", 12, 0) + b"ok\x80\x00"
    number = socket.IPPROTO_TCP if protocol == "tcp" else socket.IPPROTO_UDP
    total = checksum(source + near + struct.pack("!HH", number, len(body)) + body)
    at = 16 if protocol == "tcp" else 6
    body = body[:at] + struct.pack("!H", total) + body[at + 2:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, number, 0) + source + near
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    macs = bytes.fromhex((NEAR_MAC + FAR_MAC).replace(":", ""))
    return macs + b"\x08\x00" + head + body


def forge(protocol, hosts, rate):
    """Until standard input ends: so many forged answers a second; then says how many they were. Where datagrams are asked
    for he knows from which source ports (32 in a row), but not from which of them when."""
    dice, sent, near, ports = random.Random(1), 0, (1024, 65536), 65536
    print("ready", flush=True)
    if protocol == "udp":
        port, ports = asked_from(), 5001
        near = (max(port - 31, 1), min(port + 32, 65536))
    frames = [forged(dice, protocol, host(dice.randrange(hosts)), dice.randrange(1, ports), near)
              for _ in range(30000 if protocol == "tcp" else 6000)]
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("far0", 0))
    begun = time.monotonic()
    while not select.select([0], [], [], 0.002)[0]:
        due = min(int((time.monotonic() - begun) * rate), sent + 2000)
        while sent < due:
            try:
                s.send(frames[sent % len(frames)])
            except OSError:
                break
            sent += 1
    print(sent, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "gro":
        gro(sys.argv[2])
    elif sys.argv[1] == "hold":
        hold()
    elif sys.argv[1] == "forge":
        forge(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
