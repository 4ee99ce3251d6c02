#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of its own for the examples of the pages: sandbox.py DOORWARD < commands > results, both JSON.

Run as the first process of new mount, network, process, host name and IPC namespaces (unshare). What examples could change lies on
tmpfs: /etc, /run, /var/lib, /var/log, /usr/local, /opt. The doors that the pages tell of are scripts that listen. The kernel's settings
that are not the network namespace's are read-only, and the packet filter is that of the network namespace.
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

LISTENER = """#!/usr/bin/python3
import select, socket, sys
held = []
for word in sys.argv[1:]:
    address, _, port = word.rpartition(":")
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    s.listen()
    held.append(s)
print("up", flush=True)
while True:  # whoever asks who is there is sent away at once
    for s in select.select(held, [], [])[0]:
        s.accept()[0].close()
"""
DOORS = {"odd": ["0.0.0.0:8152"], "telnetd": ["0.0.0.0:23"], "cupsd": ["127.0.0.1:631", "::1:631"], "sshd": ["0.0.0.0:22"], "nginx": ["0.0.0.0:80"],
         "one": ["127.0.0.1:7101"], "two": ["127.0.0.1:7102"], "three": ["127.0.0.1:7103"],
         "trial": ["127.0.0.1:7104"]}
ETC = ("passwd", "group", "services", "protocols", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "os-release",
       "debian_version", "terminfo", "login.defs", "localtime")
LIMIT = 120  # seconds: what takes longer hangs


def sh(*words, must=True):
    subprocess.run(words, check=must, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None if must else subprocess.DEVNULL)


def hide(work):
    """What no example needs and a walk over all files would take long for."""
    for above, kept in (("/", {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "dev", "proc", "sys", "run", "tmp", "var", "opt"}),
                        ("/usr", {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "local", "share"}),
                        ("/usr/share", {"terminfo", "zoneinfo", "locale"}), ("/var", {"lib", "log", "run", "tmp", "lock", "spool", "mail"})):
        for name in os.listdir(above):
            place = os.path.join(above, name)
            if name not in kept and os.path.isdir(place) and not os.path.islink(place) and not work.startswith(place + "/"):
                sh("mount", "-t", "tmpfs", "tmpfs", place)


def make_host(work):
    sh("mount", "--make-rprivate", "/")
    sh("mount", "-t", "proc", "proc", "/proc")
    etc = os.path.join(work, "etc")
    os.mkdir(etc)
    for name in ETC:
        old = os.path.join("/etc", name)
        if os.path.isdir(old):
            shutil.copytree(old, os.path.join(etc, name), symlinks=True)
        elif os.path.exists(old):
            shutil.copy(old, os.path.join(etc, name))
    with open(os.path.join(etc, "hosts"), "w", encoding="ascii") as f:
        f.write("127.0.0.1 localhost\n192.0.2.7 web.example\n")
    os.mkdir(os.path.join(etc, "doorward"))
    sh("mount", "--bind", etc, "/etc")
    # network namespaces that have names are other hosts
    with open("/proc/self/mounts", encoding="utf-8") as f:
        below = [line.split()[1] for line in f if line.split()[1].startswith("/run/")]
    for place in reversed(below):
        sh("umount", "--lazy", place, must=False)
    for place in ("/run", "/var/lib", "/var/log", "/usr/local", "/opt"):
        sh("mount", "-t", "tmpfs", "tmpfs", place)
    hide(work)
    sh("hostname", "examples", must=False)
    sh("ip", "link", "set", "lo", "up")
    sh("ip", "address", "add", "198.51.100.7/32", "dev", "lo")
    sh("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
    sh("ip", "address", "add", "192.0.2.7/24", "dev", "d0")
    sh("ip", "link", "set", "d0", "up")
    sh("ip", "link", "set", "d1", "up")
    for place in ("/opt/sbin", "/usr/local/sbin"):
        os.makedirs(place)
    with open("/usr/local/sbin/page-me", "w", encoding="ascii") as f:
        f.write("#!/bin/sh\necho \"$1 $DOORWARD_PORT\" >>/run/paged\n")
    os.chmod("/usr/local/sbin/page-me", 0o755)


def listen(name, doors):
    path = "/opt/sbin/" + name
    with open(path, "w", encoding="ascii") as f:
        f.write(LISTENER)
    os.chmod(path, 0o755)
    p = subprocess.Popen([path, *doors], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    return p if p.stdout.readline() == "up\n" else None


def revive(held):
    """What an example closed is open for the next one."""
    for name, doors in DOORS.items():
        if name not in held or held[name].poll() is not None:
            held[name] = listen(name, doors)


def run(words, **more):
    r = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=LIMIT, **more)
    return r.returncode, r.stdout.decode(errors="replace"), r.stderr.decode(errors="replace")


def watched(words, number):
    """A watch, until it told of a door that opens: by its output, its file or the program that it runs."""
    out = open("/run/watched", "wb")  # noqa: SIM115
    p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    port, end, held, seen = 7200 + 50 * number, time.monotonic() + LIMIT, [], ""
    tried = 0
    while p.poll() is None and time.monotonic() < end:
        # a door that opened before the watch was ready is no news: one more, now and then
        if tried % 20 == 10 and len(held) < 40:
            held.append(listen(f"news{port + len(held)}", [f"127.0.0.1:{port + len(held)}"]))
        seen = "".join(open(n, encoding="utf-8", errors="replace").read()
                       for n in ("/run/watched", "/var/log/doorward.news", "/run/paged") if os.path.exists(n))
        if any(str(port + i) in seen for i in range(len(held))):
            break
        tried += 1
        time.sleep(0.1)
    told = any(str(port + i) in seen for i in range(len(held)))
    if p.poll() is None:
        p.send_signal(signal.SIGINT)
    status = p.wait(LIMIT)
    for h in held:
        h.kill()
    with open("/run/watched", encoding="utf-8", errors="replace") as f:
        return status, f.read(), "" if told else "no door that opened was told: " + seen[-300:]


def on_terminal(words):
    """A full screen: shown, then left by its key."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(words[0], words)
    text, end, asked = b"", time.monotonic() + LIMIT, 0.0
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if ready:
            try:
                part = os.read(fd, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        if b"doorward" in text and time.monotonic() - asked > 1:
            os.write(fd, b"q")
            asked = time.monotonic()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode(errors="replace"), ""


def seed(program):
    """Three runs and a trial that the examples can name, a baseline or five, two scans, a policy."""
    done = []
    for name in ("one", "two", "three"):
        done.append(run([program, "close", "--yes", f"{DOORS[name][0]}/tcp"]))
    for name in ("before-upgrade", "incident", "x3", "x4", "x5"):
        done.append(run([program, "baseline", "save", name]))
    done.append(run([program, "scan", "127.0.0.1", "--ports", "22,23,80"]))
    return done


def files(program):
    """What the examples take for granted where they stand."""
    before = run([program, "audit", "--json"])[1]
    more = listen("tuesday", ["127.0.0.1:7199"])
    after = run([program, "audit", "--json"])[1]
    more.kill()
    for name in ("web1.json", "web2.json", "monday.json", "tuesday.json", "audits/2026-11-26/web1.json", "audits/2026-11-27/web1.json",
                 "audits/2026-11-27/web2.json"):
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        host = re.search(r"web\d", name)
        audit = after if "11-27" in name or "web2" in name or "tuesday" in name else before
        with open(name, "w", encoding="utf-8") as f:
            f.write(audit.replace('"examples"', f'"{host.group(0)}"') if host else audit)
    with open("scan.json", "w", encoding="utf-8") as f:
        f.write(run([program, "scan", "127.0.0.1", "--ports", "22,23", "--json"])[1])
    with open("hosts", "w", encoding="ascii") as f:
        f.write("192.0.2.7\n")
    with open("policy.new", "w", encoding="ascii") as f:
        f.write("keep ssh\ndefault ask\n")


def policy(words):
    """There is one where an example needs it, and none where one writes it, or where the verdicts are advice."""
    name = "/etc/doorward/policy"
    if words[:1] in (["fence"], ["check-policy"]):
        with open(name, "w", encoding="ascii") as f:
            f.write("keep ssh from 192.0.2.0/24\nkeep http from any\ndefault close\n")
    elif os.path.exists(name):
        os.remove(name)


def main():
    program, work = sys.argv[1:3]
    os.chdir(work)
    try:
        make_host(work)
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"no mounts and devices of our own: {why}", file=sys.stderr)
        return 77
    held = {}
    try:  # the process that one of the examples names
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as f:
            f.write("611")
    except OSError:
        pass
    revive(held)
    # what is not of a namespace: no example may write it
    for place in ("/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs"):
        sh("mount", "--bind", place, place)
        sh("mount", "-o", "remount,bind,ro", place)
    files(program)
    results = {"seed": seed(program), "examples": []}
    for i, (words, how) in enumerate(json.load(sys.stdin)):
        begun = time.monotonic()
        revive(held)
        policy(words)
        if words[:2] == ["baseline", "save"]:
            run([program, "baseline", "remove", *words[2:]])
        if how == "watch":
            r = watched([program, *words], i)
        elif how == "screen":
            r = on_terminal([program, *words])
        elif how == "standard input":
            with open("web1.json", encoding="utf-8") as f:
                p = subprocess.run([program, *words], stdin=f, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=LIMIT)
            r = p.returncode, p.stdout, p.stderr
        else:
            r = run([program, *words])
        results["examples"].append((*r, round(time.monotonic() - begun, 2)))
    json.dump(results, sys.stdout)
    for h in held.values():
        h.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
