# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest "wall" with doors, and those who call them, each network in a network namespace of its own:

    office  10.9.0.2 .7 .130, fd09::2 ::7                         --- lan0 10.9.0.10/24, fd09::10/64
    world   192.0.2.2 .77, 198.51.100.77, 203.0.113.9,            --- wan0 192.0.2.1/24, 2001:db8:1::1/64, default route
            2001:db8:1::2, 2001:db8:77::77
    box     172.17.0.5, with listeners (a container)              --- docker0 172.17.0.1/16 (a bridge)
    scan    10.9.9.1, fd09:0:0:9::1 (the harness's side)          --- eth0 10.9.9.2/24, 10.9.9.3, fd09:0:0:9::2/64
    self    the guest itself
"""
import ipaddress
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "drills"))
from guest import Failure, run  # noqa: E402

INSIDE = "dwt-wall"
SOURCES = {
    "office": ["10.9.0.2", "10.9.0.7", "10.9.0.130", "fd09::2", "fd09::7"],
    "world": ["192.0.2.2", "192.0.2.77", "198.51.100.77", "203.0.113.9", "2001:db8:1::2", "2001:db8:77::77"],
    "box": ["172.17.0.5"],
    "scan": ["10.9.9.1", "fd09:0:0:9::1"],
    "self": ["10.9.0.10", "fd09::10"],
}
NAMESPACES = {"office": f"{INSIDE}-office", "world": f"{INSIDE}-world", "box": f"{INSIDE}-box", "scan": "dwt-scan",
              "self": INSIDE}
OWN = {"lan0": ["10.9.0.10", "fd09::10"], "wan0": ["192.0.2.1", "2001:db8:1::1"], "docker0": ["172.17.0.1"],
       "eth0": ["10.9.9.2", "10.9.9.3", "fd09:0:0:9::2"]}
# The guest's end of each wire, and the other one.
WIRES = {"office": ("lan0", "eth0"), "world": ("wan0", "eth0"), "box": ("docker0", "eth0"), "scan": ("eth0", "dwt9")}
BOX = "172.17.0.5"
# protocol, address ("::" takes IPv4 as well, "[::]" does not), port, interface that it is bound to
DOORS = [
    ("tcp", "::", 22, ""), ("tcp", "::", 80, ""), ("tcp", "::", 443, ""), ("tcp", "::", 5432, ""),
    ("udp", "::", 53, ""), ("udp", "::", 123, ""),
    ("tcp", "0.0.0.0", 21, ""), ("tcp", "0.0.0.0", 3306, ""), ("tcp", "0.0.0.0", 8443, ""),
    ("udp", "0.0.0.0", 161, ""), ("udp", "0.0.0.0", 500, ""),
    ("tcp", "[::]", 2323, ""), ("udp", "[::]", 5060, ""),
    ("tcp", "10.9.0.10", 631, ""), ("udp", "10.9.0.10", 69, ""), ("tcp", "192.0.2.1", 8888, ""),
    ("tcp", "[fd09::10]", 632, ""),
    ("tcp", "0.0.0.0", 7000, "lan0"), ("udp", "::", 7001, "wan0"),
    ("tcp", "127.0.0.1", 6379, ""),
]
# What a rule may lead a port to.
BOX_DOORS = [("tcp", "0.0.0.0", 80, ""), ("tcp", "0.0.0.0", 5000, ""), ("udp", "0.0.0.0", 53, "")]
PUBLISHED = [8080, 8081]       # ports that nothing listens on: rules lead them elsewhere


def ip(*words):
    ran = run(["ip", *words])
    if ran.code:
        raise Failure(ran.text())


def link(peer, name, addresses, routes):
    """A wire from the guest's `name` to eth0 of the peer; addresses beyond the wire's networks lie on lo there."""
    netns = NAMESPACES[peer]
    ip("netns", "add", netns)
    ip("-n", netns, "link", "set", "lo", "up")
    ip("-n", INSIDE, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", netns)
    for address in addresses:
        ip("-n", INSIDE, "addr", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
    ip("-n", INSIDE, "link", "set", name, "up")
    nets = [ipaddress.ip_interface(a).network for a in addresses]
    for source in SOURCES[peer]:
        on = next((n for n in nets if ipaddress.ip_address(source) in n), None)
        bits = on.prefixlen if on else ipaddress.ip_address(source).max_prefixlen
        ip("-n", netns, "addr", "add", f"{source}/{bits}", "dev", "eth0" if on else "lo", *(["nodad"] if ":" in source else []))
    ip("-n", netns, "link", "set", "eth0", "up")
    for route in routes:
        ip("-n", netns, "route", "replace", "default", "via", route)


def wire():
    unwire()
    link("office", "lan0", ["10.9.0.10/24", "fd09::10/64"], ["10.9.0.10", "fd09::10"])
    link("world", "wan0", ["192.0.2.1/24", "2001:db8:1::1/64"], ["192.0.2.1", "2001:db8:1::1"])
    ip("-n", INSIDE, "link", "add", "docker0", "type", "bridge")
    ip("-n", INSIDE, "addr", "add", "172.17.0.1/16", "dev", "docker0")
    ip("-n", INSIDE, "link", "set", "docker0", "up")
    link("box", "vethbox", [], [])
    ip("-n", NAMESPACES["box"], "addr", "replace", f"{BOX}/16", "dev", "eth0")
    ip("-n", NAMESPACES["box"], "addr", "del", f"{BOX}/32", "dev", "lo")
    ip("-n", NAMESPACES["box"], "route", "replace", "default", "via", "172.17.0.1")
    ip("-n", INSIDE, "link", "set", "vethbox", "master", "docker0")
    for netns in (INSIDE, NAMESPACES["world"]):
        run(["ip", "netns", "exec", netns, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
    # the way back of all that is not on a wire
    ip("-n", INSIDE, "route", "replace", "default", "via", "192.0.2.2")
    ip("-n", INSIDE, "-6", "route", "replace", "default", "via", "2001:db8:1::2")
    for address in (a for some in OWN.values() for a in some if a not in OWN["eth0"]):      # they go with the wire
        ip("-n", "dwt-scan", "route", "replace", address, "via", "fd09:0:0:9::2" if ":" in address else "10.9.9.2")


def unwire():
    for peer in ("office", "world", "box"):
        run(["ip", "netns", "del", NAMESPACES[peer]])
    run(["ip", "-n", INSIDE, "link", "del", "docker0"])


class Lab:
    def __init__(self, guest):
        self.guest = guest
        self.running = []
        self.callers = {}
        self.port = 10000

    def open(self):
        wire()
        with open(os.path.join(HERE, "doors.py"), "rb") as f:
            self.guest.write("/usr/local/lib/dwt/doors.py", f.read())
        inside = ["nsenter", "-t", str(self.guest.pid), "-a", "--", "env", "-i", "PATH=/usr/bin:/bin"]
        self.start([*inside, "python3", "/usr/local/lib/dwt/doors.py", "H"] + [",".join(map(str, d)) for d in DOORS])
        self.start(["ip", "netns", "exec", NAMESPACES["box"], "python3", os.path.join(HERE, "doors.py"), "B"] +
                   [",".join(map(str, d)) for d in BOX_DOORS])
        for who, netns in NAMESPACES.items():
            words = ["ip", "netns", "exec", netns, "python3", os.path.join(HERE, "caller.py")]
            # pylint: disable-next=consider-using-with
            self.callers[who] = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, words):
        # pylint: disable-next=consider-using-with
        p = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(p)
        if p.stdout.readline() != "ready\n":
            raise Failure("the doors could not be opened")

    def close(self):
        for p in [*self.running, *self.callers.values()]:
            p.stdin.close()
            p.wait(60)
        unwire()

    def next_port(self):
        """None is used twice within minutes: connection tracking would remember it."""
        self.port = self.port + 1 if self.port < 60000 else 10000
        return self.port

    def call(self, calls, wait):
        """{call: what was heard, or None}; a call is (who, protocol, from, to, port[, port of the sender])."""
        asked = {}
        for call in calls:
            asked.setdefault(call[0], []).append(call)
        for who, some in asked.items():
            lines = [[c[1], c[2], c[5] if len(c) > 5 else self.next_port(), c[3], c[4]] for c in some]
            self.callers[who].stdin.write(json.dumps({"wait": wait, "calls": lines}) + "\n")
            self.callers[who].stdin.flush()
        heard = {}
        for who, some in asked.items():
            heard.update(zip(some, json.loads(self.callers[who].stdout.readline())))
        return heard
