# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scans of networks that make it hard, and of UDP: what is found, what is told wrong, and how it is labelled."""
import json
import os
import signal
import subprocess
import threading
import time

import bench
from scanlab import FAR6, FAR_ADDRESS, host
from scanpeers import doorward_command, masscan, nmap, read_list

PIT, GONE = host(1), host(2)  # of the rows that have one
LIMIT = 240  # seconds, of a peer

DOUBLED = "table netdev doubled {\nchain out { {out}\nmeta protocol ip dup to \"far0\"\n}\n}\n"
SYN_LIMIT = ("table netdev limited {\nchain in { {in}tcp flags syn limit rate over 50000/second burst 500 packets drop"
             "\n}\n}\n")
RST_LIMIT = "table netdev limited {\nchain out { {out}tcp flags & rst == rst limit rate over 20000/second drop\n}\n}\n"
TARPIT = ("table ip pit {\nchain in { type nat hook prerouting priority dstnat\n"
          f"ip daddr {PIT} tcp dport 1-65535 redirect to :9999\n}}\n}}\n")


def refuse(lab):
    """ICMP for each port of one host that is not open, as often as Linux sends it: once a second."""
    ports = ",".join(str(p) for _, a, p in sorted(lab.truth) if a == host(0))
    return ("table ip refuse {\nchain in { type filter hook input priority 0\n"
            f"ip daddr {host(0)} tcp dport != {{ {ports} }} tcp flags syn reject\n}}\n}}\n")


def vanish(lab, hosts, done):
    """When a third of the probes has come, one host is gone."""
    while not done.wait(0.01):
        if received(lab) - lab.before > hosts * 65535 / 3:
            lab.rules(f"table netdev gone {{\nchain in {{ {{in}}ip daddr {GONE} drop\n}}\n"
                      f"chain out {{ {{out}}ip saddr {GONE} drop\n}}\n}}\n")
            return


def received(lab):
    text = subprocess.run(["ip", "-n", lab.far, "-j", "-s", "link", "show", "far0"], stdout=subprocess.PIPE,
                          check=True).stdout
    return json.loads(text)[0]["stats64"]["rx"]["packets"]


class Row:
    def __init__(self, name, rules="", loss=0, hosts=4, protocol="tcp", forge=0, apart=(), gone=False, ports="-",
                 peers=True, more=()):
        self.name, self.rules, self.loss, self.hosts, self.protocol = name, rules, loss, hosts, protocol
        self.forge, self.apart, self.gone, self.ports, self.peers, self.more = forge, apart, gone, ports, peers, more


ROWS = [
    Row("clean"),
    Row("1 % lost each way", loss=1),
    Row("10 % lost each way", loss=10),
    Row("answers come twice", DOUBLED),
    Row("forged SYN-ACKs, 20,000/s", forge=20000),
    Row("SYNs limited to 50,000/s", SYN_LIMIT, hosts=1),
    Row("resets limited to 20,000/s", RST_LIMIT, hosts=1),
    Row("refused by ICMP, 1/s", "refuse", hosts=1),
    Row("one of 4 is a tarpit", TARPIT, apart=(PIT,)),
    Row("one of 4 goes midway", gone=True, apart=(GONE,)),
    Row("UDP, ICMP not limited", protocol="udp", hosts=1, ports="1-5000", peers=False),
    Row("UDP, forged replies, 1,000/s", protocol="udp", hosts=1, ports="1-5000", forge=1000, peers=False,
        more=("--udp-time", "5s")),
    Row("UDP, forged replies, 20,000/s", protocol="udp", hosts=1, ports="1-5000", forge=20000, peers=False,
        more=("--udp-time", "5s")),
]


def run_json(o, lab, command):
    """Standard output as an object, what was found, seconds."""
    begun = time.monotonic()
    p = subprocess.run(["ip", "netns", "exec", lab.near, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       check=False)
    seconds = time.monotonic() - begun
    if p.returncode not in (0, 3):
        raise bench.Failure(f"{' '.join(command)}: exit status {p.returncode}")
    return json.loads(p.stdout), read_list(os.path.join(o.directory, "found")), seconds


def labels(document):
    words = []
    for h in document["hosts"]:
        said = [w for w in ("tarpit", "proxy") if h[w]] + ([h["up"]] if h["up"] != "yes" else [])
        if said:
            words.append(f"{h['address']} {' '.join(said)}")
    return ", ".join(words) or "none"


def tell(name, who, found, truth, apart, seconds, words=""):
    counted = {t for t in truth if t[1] not in apart and t[1] != FAR_ADDRESS}
    found = {t for t in found if t[1] not in apart}
    right = len(found & counted)
    recall = 100 * right / len(counted) if counted else 100
    precision = 100 * right / len(found) if found else 100
    print(f"  {name:34}{who:24}{f'{right} of {len(counted)}':>14}{recall:9.2f}{len(found) - right:7}{precision:9.2f}"
          f"{seconds:9.2f}  {words}", flush=True)


def one(o, lab, row):
    udp = row.protocol == "udp"
    done = threading.Event()
    forger = lab.forge(row.protocol, row.hosts, row.forge) if row.forge else None
    if forger:
        forger.stdout.readline()
    watcher = threading.Thread(target=vanish, args=(lab, row.hosts, done)) if row.gone else None
    lab.before = received(lab)
    if watcher:
        watcher.start()
    try:
        more = ("--json", *row.more, "--udp" if udp else "--ports", row.ports)
        return run_json(o, lab, doorward_command(o, os.path.join(o.directory, "found"), row.hosts, *more))
    finally:
        done.set()
        if watcher:
            watcher.join()
        if forger:
            forger.communicate()


def prepare(o, lab, row):
    lab.rules("")
    each = 1000 if row.hosts == 1 else 250
    if row.protocol == "udp":
        lab.hold([("udp", host(0), port) for port in range(7, 5000, 100)])
    elif row.rules == "refuse":
        lab.listen(o.seed, row.hosts, 20)
    else:
        lab.listen(o.seed, row.hosts, each)
    if row.rules == TARPIT:
        lab.hold(sorted(t for t in lab.truth if t[1] != PIT) + [("tcp", FAR_ADDRESS, 9999)])
    unlimited = row.protocol == "udp" and not row.forge
    lab.far_sysctl("net.ipv4.icmp_ratelimit", 0 if unlimited else 1000)
    lab.far_sysctl("net.ipv4.icmp_msgs_per_sec", 10**6 if unlimited else 1000)
    lab.far_sysctl("net.ipv4.icmp_msgs_burst", 10**6 if unlimited else 50)
    lab.loss(row.loss, refuse(lab) if row.rules == "refuse" else row.rules)


def peer(o, lab, row, contestant):
    program = contestant.name.split()[0]
    if program not in o.peers.split(",") or not bench.have(program):
        return
    measure = o.measure
    try:
        o.measure = os.path.join(o.directory, "limited")
        with open(o.measure, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nn=$1\nshift\nexec '{measure}' \"$n\" timeout {LIMIT} \"$@\"\n")
        os.chmod(o.measure, 0o700)
        run = contestant.run(lab, o, row.hosts)
        tell("", contestant.name, run.found, lab.truth, row.apart, run.wall)
    except bench.Failure:
        print(f"  {'':34}{contestant.name:24}not done in {LIMIT} s", flush=True)
    finally:
        o.measure = measure


def hard(o, lab, _):
    print(f"hard networks: hosts x 65,535 TCP ports (UDP: 5,000), 1,000 open ports; seed {o.seed}")
    print(f"  {'':34}{'':24}{'found':>14}{'recall %':>9}{'wrong':>7}{'prec. %':>9}{'seconds':>9}  labels")
    for row in ROWS:
        if o.row and o.row not in row.name:
            continue
        prepare(o, lab, row)
        document, found, seconds = one(o, lab, row)
        tell(row.name, "doorward", found, lab.truth, row.apart, seconds, labels(document))
        if row.peers and not row.gone and not row.forge:
            peer(o, lab, row, masscan(100000, True))
            peer(o, lab, row, nmap("-T4", True))
    print(flush=True)


# --- UDP ------------------------------------------------------------------------------------------


def udp_run(o, lab, target, name, assisted=False, spares=None):
    child = None
    if o.row and o.row not in name:
        return
    if assisted:
        child = subprocess.Popen(["ip", "netns", "exec", lab.far, o.doorward, "scan-assist", "--quiet", "--for", "10m"],
                                 stdout=subprocess.DEVNULL)
        time.sleep(1)
    command = doorward_command(o, os.path.join(o.directory, "found"), 0, "--json", "--udp", "-", "--udp-time",
                               f"{o.seconds}s", *(["--source-range", spares] if spares else []), target)
    document, found, seconds = run_json(o, lab, command)
    if child:
        child.send_signal(signal.SIGINT)
        child.wait()
    udp = document["hosts"][0]["udp"]
    truth = {t for t in lab.truth if t[1] == target}
    rate = udp["closed"] / seconds
    whole = seconds if udp["unproven"] == 0 else 65535 / max(rate, 1e-3)
    print(f"  {name:34}{f'{len(found & truth)} of {len(truth)}':>12}{len(found - truth):7}{udp['closed']:9}"
          f"{udp['unproven']:10}{seconds:10.1f}{whole / 3600:12.3f}", flush=True)


def udp_nmap(o, lab, target, six):
    """Of 40 closed ports: its time grows with them, for it waits for each message as we do."""
    options = ["-6"] if six else []
    command = ["nmap", *options, "-n", "-Pn", "-sU", "-T4", "-p", "20001-20040", target]
    taken = bench.execute(o.measure, command, f"/run/netns/{lab.near}", (0,))
    print(f"  {'nmap -sU -T4, 40 ports' + (', IPv6' if six else ''):34}{'':12}{'':7}{'':9}{'':10}{taken.wall:10.1f}"
          f"{taken.wall / 40 * 65535 / 3600:12.3f}", flush=True)


def udp(o, lab, _):
    print(f"UDP: 65,535 ports of a Linux host, 20 that reply, --udp-time {o.seconds}s; hours: of all, where it did not "
          "end by the rate")
    print(f"  {'':34}{'found':>12}{'wrong':>7}{'closed':>9}{'unproven':>10}{'seconds':>10}{'hours':>12}")
    lab.rules("")
    lab.hold([("udp", a, port) for a in (host(0), FAR6) for port in range(1000, 20001, 1000)])
    udp_run(o, lab, host(0), "doorward")
    udp_run(o, lab, FAR6, "doorward, IPv6")
    for n in (100, 400, 800):
        last = f"10.9.{200 + (n - 1) // 256}.{(n - 1) % 256}"
        udp_run(o, lab, host(0), f"doorward, {n} spare addresses", spares=f"10.9.200.0-{last}")
    udp_run(o, lab, FAR6, "doorward, IPv6, 400 spare addresses", spares="fd09::1000-fd09::118f")
    udp_run(o, lab, host(0), "doorward, scan-assist there", True)
    udp_run(o, lab, FAR6, "doorward, IPv6, scan-assist there", True)
    if bench.have("nmap") and "nmap" in o.peers.split(","):
        udp_nmap(o, lab, host(0), False)
        udp_nmap(o, lab, FAR6, True)
    print(flush=True)
