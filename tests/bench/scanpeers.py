# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who scans: doorward and its peers, each as one command, with what it found and what it took."""
import math
import os

import bench
from scanlab import FAR_MAC, NEAR_ADDRESS, host

PORTS = 65535


class Run:
    """found: (protocol, address, port)."""

    def __init__(self, taken, found, truth, times=1.0):
        self.wall, self.processor, self.memory = taken.wall * times, taken.processor * times, taken.memory
        self.found, self.truth = found, truth


class Score:
    """All runs of one contestant."""

    def __init__(self):
        self.runs = []

    def add(self, run):
        if run is not None:
            self.runs.append(run)

    def best(self):
        return min((r.wall for r in self.runs), default=float("nan"))

    def median(self):
        walls = sorted(r.wall for r in self.runs)
        return walls[len(walls) // 2] if walls else float("nan")

    def within(self, share):
        """The time that this share of the runs stayed within."""
        walls = sorted(r.wall for r in self.runs)
        return walls[max(math.ceil(share * len(walls)) - 1, 0)] if walls else float("nan")

    def processor(self):
        return min((r.processor for r in self.runs), default=float("nan"))

    def memory(self):
        return max((r.memory for r in self.runs), default=float("nan"))

    @staticmethod
    def share(part, of):
        return 100.0 * part / of if of else 100.0

    def recall(self):
        return self.share(sum(len(r.found & r.truth) for r in self.runs), sum(len(r.truth) for r in self.runs))

    def worst_recall(self):
        return min((self.share(len(r.found & r.truth), len(r.truth)) for r in self.runs), default=float("nan"))

    def wrong(self):
        return sum(len(r.found - r.truth) for r in self.runs)

    def precision(self):
        found = sum(len(r.found) for r in self.runs)
        return self.share(found - self.wrong(), found)


class Contestant:
    """command(file, hosts) -> words; read(file) -> found; share: of the ports that are asked."""

    def __init__(self, name, command, read, once=False, hosts=None, words=""):
        self.name, self.command, self.read, self.once, self.words = name, command, read, once, words
        self.hosts = hosts

    def run(self, lab, o, hosts):
        out = os.path.join(o.directory, "found")
        if os.path.exists(out):
            os.unlink(out)
        asked = min(hosts, self.hosts or hosts)
        truth = {t for t in lab.truth if t[1] in {host(i) for i in range(asked)}}
        taken = bench.execute(o.measure, self.command(o, out, asked), f"/run/netns/{lab.near}", (0, 1, 2, 3))
        return Run(taken, self.read(out), truth, hosts / asked)


def words_of(path, split):
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as f:
        return {one for line in f if (one := split(line.split())) is not None}


def read_list(path):
    """ADDRESS:PORT/PROTOCOL"""
    def split(words):
        where, protocol = words[0].split("/")
        address, port = where.rsplit(":", 1)
        return protocol, address.strip("[]"), int(port)
    return words_of(path, split)


def targets(hosts):
    return f"{host(0)}-{host(hosts - 1)}" if hosts > 1 else host(0)


def doorward_command(o, out, hosts, *more):
    return [o.doorward, "scan", "--state", os.path.join(o.directory, "state"), "--max-load", "lab", "--no-identify",
            "--quiet", "--sender", o.sender, "--state-file", os.path.join(o.directory, "resume"), "--output-list", out,
            *more, *([targets(hosts)] if hosts else [])]


def ours(name="doorward", *more):
    return Contestant(name, lambda o, out, hosts: doorward_command(o, out, hosts, "--ports", f"1-{o.last}", *more),
                      read_list)


def masscan(rate, once):
    def command(_, out, hosts):
        return ["masscan", "--range", targets(hosts), "-p1-65535", "--rate", str(rate), "-e", "near0", "--router-mac",
                FAR_MAC.replace(":", "-"), "--source-ip", NEAR_ADDRESS, "--wait", "2", "-oL", out]

    def split(words):
        return (words[1], words[3], int(words[2])) if words and words[0] == "open" else None
    return Contestant(f"masscan --rate {rate}", command, lambda path: words_of(path, split), once,
                      words="2 s of waiting for answers")


def nmap(timing, once, hosts=None):
    def command(_, out, n):
        return ["nmap", "-n", "-Pn", "-sS", timing, "-p1-65535", "-oG", out, targets_nmap(n)]

    words = "" if hosts is None else f"{hosts} hosts asked, time times the rest"
    return Contestant(f"nmap {timing}", command, read_grepable, once, hosts, words)


def targets_nmap(hosts):
    if hosts > 256:
        raise bench.Failure("nmap is asked of one /24")
    return f"10.9.1.0-{hosts - 1}"


def read_grepable(path):
    found = set()
    if not os.path.exists(path):
        return found
    with open(path, encoding="utf-8") as f:
        for one in f:
            if "Ports: " not in one:
                continue
            address = one.split()[1]
            for port in one.split("Ports: ")[1].split("\t")[0].split(", "):
                number, state, protocol = port.split("/")[:3]
                if state == "open":
                    found.add((protocol, address, int(number)))
    return found


class Zmap:
    """zmap 2 asks one port of many addresses a run; so some runs, of ports that are open somewhere, stand for all."""

    once, name = True, "zmap"
    words = "3 of 65,535 runs, one port each; time times the rest"

    def run(self, lab, o, hosts):
        ports = sorted({p for _, _, p in lab.truth})[::max(len({p for _, _, p in lab.truth}) // 3, 1)][:3]
        found, walls, processor, peak = set(), 0.0, 0.0, 0.0
        for port in ports:
            out = os.path.join(o.directory, "zmap")
            command = zmap_one(out, hosts, port)
            taken = bench.execute(o.measure, command, f"/run/netns/{lab.near}", (0, 1))
            with open(out, encoding="utf-8") as f:
                found |= {("tcp", line.strip(), port) for line in f if line.strip() and line[0].isdigit()}
            walls, processor, peak = walls + taken.wall, processor + taken.processor, max(peak, taken.memory)
        truth = {t for t in lab.truth if t[2] in ports}
        return Run(bench.Run(walls, processor, peak), found, truth, PORTS / len(ports))


def zmap_one(out, hosts, port):
    nets = [host(0)] if hosts == 1 else [f"{host(0)}/{32 - (hosts - 1).bit_length()}"]
    return ["zmap", "-i", "near0", "-p", str(port), "-G", FAR_MAC, "-S", NEAR_ADDRESS, "-c", "1", "-r", "100000",
            "-b", "/dev/null", "-o", out, "-q", *nets]


def everybody(o, hosts):
    """doorward first. Who takes minutes is run once; nmap on many hosts is asked of some."""
    peers = [p for p in o.peers.split(",") if bench.have(p)]
    many = hosts > 16
    all_of = [ours()]
    if "masscan" in peers:
        all_of += [masscan(100000, many), masscan(1000000, many)]
    if "zmap" in peers:
        all_of.append(Zmap())
    if "nmap" in peers:
        all_of += [nmap("-T4", many, 8 if many else None), nmap("-T5", many, 8 if many else None)]
    return all_of
