# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmarks share: a load that stands while it is measured, and the measuring of one program."""
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIB = 1024.0


class Failure(Exception):
    """Something could not be run."""


class Load:
    """A running load; doors is what it opened: (pid, netns inode, protocol, family, port)."""

    def __init__(self, program, processes, descriptors, listeners, namespaces):
        self.doors = []
        self.measure = os.path.join(os.path.dirname(program), "measure")
        command = [program, "--doors", "--processes", str(processes), "--descriptors", str(descriptors),
                   "--listeners", str(listeners), "--namespaces", str(namespaces)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            word = line.split()
            if word[0] == "ready":
                return
            self.doors.append((int(word[1]), int(word[2]), word[3], word[4], int(word[5])))
        raise Failure(f"{command[0]} did not come up")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def namespaces(self):
        """The path of each network namespace of the load, and of the host's own."""
        own = os.stat("/proc/self/ns/net").st_ino
        of = {own: "self"}
        for pid, netns, *_ in self.doors:
            of.setdefault(netns, pid)
        return [f"/proc/{pid}/ns/net" for pid in of.values()]


class Run:
    """One run of a program: seconds from fork to exit, processor seconds, peak memory in MiB."""

    def __init__(self, wall, processor, memory):
        self.wall, self.processor, self.memory = wall, processor, memory


def execute(measure, command, netns, good):
    """One run, by a small program of ours: forking this interpreter would be measured, too."""
    answer = subprocess.run([measure, netns or "-", *command], stdout=subprocess.PIPE, check=True, text=True).stdout
    code, wall, processor, peak = answer.split()
    if int(code) not in good:
        raise Failure(f"{' '.join(command)}: exit status {code}")
    return Run(float(wall), float(processor), int(peak) / MIB)


def prepare(command, good):
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if code not in good:
        raise Failure(f"{' '.join(command)}: exit status {code}")


class Contestant:
    def __init__(self, name, command, good=(0,), before=None, after=None, once=False, all_netns=False):
        self.name, self.command, self.good = name, command, good
        self.before, self.after, self.once, self.all_netns = before, after, once, all_netns
        self.runs = []

    def run(self, load):
        if self.before:
            prepare(self.before, self.good)
        try:
            if not self.all_netns:
                self.runs.append(execute(load.measure, self.command, None, self.good))
                return
            parts = [execute(load.measure, self.command, path, self.good) for path in load.namespaces()]
            self.runs.append(Run(sum(p.wall for p in parts), sum(p.processor for p in parts),
                                 max(p.memory for p in parts)))
        finally:
            if self.after:
                prepare(self.after, self.good)

    def best(self):
        return min(r.wall for r in self.runs)

    def median(self):
        return sorted(r.wall for r in self.runs)[len(self.runs) // 2]

    def processor(self):
        return min(r.processor for r in self.runs)

    def memory(self):
        return max(r.memory for r in self.runs)


def rounds(contestants, n, load):
    """Each in turn, forwards and backwards: a disturbance hits neighbours alike."""
    for i in range(n):
        for c in contestants if i % 2 == 0 else reversed(contestants):
            if i == 0 or not c.once:
                c.run(load)


def audit(doorward, *more):
    """What an audit says, as an object."""
    p = subprocess.run([doorward, "audit", "--json", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if p.returncode not in (0, 1, 3):
        raise Failure(f"{doorward} audit --json: exit status {p.returncode}")
    return json.loads(p.stdout)


def seen(load, document):
    """How many doors of the load are told with their own holder, and nobody else's process."""
    told = {}
    for door in document["doors"]:
        key = (door["protocol"], door["family"], door["port"])
        for owner in door["owners"]:
            told.setdefault((owner["pid"],) + key, 0)
            told[(owner["pid"],) + key] += 1
    return sum(1 for pid, _, protocol, family, port in load.doors if (pid, protocol, family, port) in told)


def all_seen(load, document, what):
    """How many doors of the load are told with their own holder: all of them, or what is measured is another work."""
    n = seen(load, document)
    if n != len(load.doors):
        raise Failure(f"{what} tells {n} of {len(load.doors)} doors with their own process")
    return n


def find_programs(build):
    doorward = os.path.join(build, "doorward")
    load = os.path.join(build, "tests", "bench", "load")
    for program in (doorward, load, os.path.join(os.path.dirname(load), "measure")):
        if not os.access(program, os.X_OK):
            raise Failure(f"{program} is not there: build first (make)")
    return doorward, load


def main(work):
    if os.geteuid() != 0:
        sys.exit("the benchmarks make network namespaces: run them as root")
    try:
        work()
    except (Failure, OSError, subprocess.SubprocessError) as e:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {e}")


def have(program):
    return shutil.which(program) is not None
