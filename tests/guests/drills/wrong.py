# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that go wrong while a door is closed, or afterwards: rolled back or reported, never called closed."""
import os
import pty
import select
import subprocess
import threading
import time

import inventory
import trials
from crash import SHIM, State
from cycle import DONE, FAILED, SOME
from guest import BASE, ENV, PROGRAM, Ran

# Name: port, more of its section. Their programs are files/door under another name.
UNITS = {
    "drill-refuses": (8360, "", "[Unit]\nRefuseManualStop=yes\n"),
    "drill-hangs": (8361, "ExecStop=/bin/sleep 100\nTimeoutStopSec=3\n", ""),
    "drill-phoenix": (8362, "", ""),
    "drill-always": (8365, "Restart=always\nRestartSec=100ms\n", ""),
    "drill-served": (8366, "", ""),
}
# Calls a door all the time, and goes on when it is not answered.
CLIENT = "#!/bin/bash\nwhile :; do exec 3<>/dev/tcp/127.0.0.1/8366 && exec 3>&-; sleep 0.3; done\n"
# Lives as long as the program behind that door does, and never calls it.
DEPENDANT = "while pgrep -f sbin/[d]rill-served >/dev/null; do sleep 0.3; done; exit 1"


def prepare(guest):
    """What goes wrong must have been there before the first look."""
    for name, (port, more, head) in UNITS.items():
        guest.shell(f"cp /usr/local/lib/dwt/door /usr/local/sbin/{name}")
        guest.write(f"/etc/systemd/system/{name}.service",
                    f"{head}[Service]\nExecStart=/usr/local/sbin/{name} tcp 0.0.0.0 {port}\n{more}"
                    "[Install]\nWantedBy=multi-user.target\n")
    guest.shell("cp /usr/local/lib/dwt/door /usr/local/sbin/drill-immortal")
    guest.write("/usr/local/sbin/drill-keeper", "#!/bin/sh\nwhile :; do /usr/local/sbin/drill-immortal tcp 0.0.0.0 8363; "
                "sleep 0.3; done\n", 0o755)
    guest.write("/usr/local/sbin/drill-watchdog", "#!/bin/sh\nwhile sleep 0.4; do systemctl start drill-phoenix.service; "
                "done\n", 0o755)
    guest.write("/etc/systemd/system/drill-cronned.service",
                "[Service]\nExecStart=/usr/local/sbin/drill-cronned tcp 0.0.0.0 8364\n[Install]\nWantedBy=multi-user.target\n")
    # one that takes its calls: of those that nobody takes the kernel lets no more in than the backlog has room for
    guest.write("/usr/local/sbin/drill-served", "#!/usr/bin/python3\nimport socket, sys\n"
                "s = socket.create_server((sys.argv[2], int(sys.argv[3])))\nwhile True:\n    s.accept()[0].close()\n", 0o755)
    guest.write("/usr/local/sbin/drill-client", CLIENT, 0o755)
    guest.write("/etc/systemd/system/drill-dependant.service",
                f"[Unit]\nAfter=drill-served.service\n[Service]\nExecStart=/bin/bash -c '{DEPENDANT}'\nRestart=always\nRestartSec=2\n")
    guest.shell("systemctl daemon-reload; systemctl enable --now " + " ".join(f"{n}.service" for n in UNITS))


def unchanged(guest, state, what, ran):
    left = state.differs(guest)
    return guest.tests.check(not left, f"{what}: everything is as before ({len(left)} lines)",
                             "\n".join(left) + "\n" + ran.text()[-1500:])


def fails(guest, word, what, codes=(FAILED,), said=(), state=None):
    """The close must not succeed, must say so, and must leave nothing."""
    state = state or State(guest)
    ran = guest.doorward("close", word, "--yes")
    guest.tests.check(ran.code in codes, f"{what}: ends with {' or '.join(map(str, codes))}", ran.text()[-2500:])
    for text in said:
        guest.tests.check(text in ran.out + ran.err, f"{what}: names {text}", ran.text()[-2500:])
    unchanged(guest, state, what, ran)
    return ran


def immutable(guest, path, word):
    state = State(guest)
    if subprocess.run(["chattr", "+i", guest.path(path)], check=False, stderr=subprocess.DEVNULL).returncode:
        guest.tests.say("no immutable files here: left out")
        return
    try:
        fails(guest, word, "immutable file", said=(path,), state=state)
    finally:
        subprocess.run(["chattr", "-i", guest.path(path)], check=True)


def read_only(guest, word):
    state = State(guest)
    made = guest.shell("mount --bind /etc /etc && mount -o remount,bind,ro /etc")
    guest.tests.check(made.code == 0, "/etc could be made read-only", made.text())
    try:
        fails(guest, word, "read-only /etc", said=("/etc/",), state=state)
    finally:
        guest.shell("umount /etc")


def full(guest, word):
    """No room for the journal: nothing may be done that could not be written down."""
    state = State(guest)
    made = guest.shell("mkdir -p /var/lib/doorward && mount -t tmpfs -o size=16k,mode=0700 tmpfs /var/lib/doorward")
    guest.tests.check(made.code == 0, "the journal's disk could be made small", made.text())
    try:
        fails(guest, word, "no room for the journal", state=state)
    finally:
        guest.shell("umount /var/lib/doorward")


def fills_up(guest, word):
    """The journal's disk gets full somewhere in the midst of it: done, or as before and said; with room, all can go on."""
    t = guest.tests
    state = State(guest)
    for size in ("48k", "96k", "144k", "192k"):
        made = guest.shell(f"mkdir -p /var/lib/doorward && mount -t tmpfs -o size={size},mode=0700 tmpfs /var/lib/doorward")
        t.check(made.code == 0, f"a disk of {size} for the journal", made.text())
        try:
            ran = guest.doorward("close", word, "--yes")
            t.check(ran.code in (DONE, FAILED), f"a disk of {size} that fills up: 0 or 4", ran.text()[-2000:])
            if ran.code == FAILED:
                t.check("No space left" in ran.err or "full" in ran.err, f"a disk of {size} that fills up: says so",
                        ran.text()[-2000:])
                unchanged(guest, state, f"a disk of {size} that fills up", ran)
            guest.shell("mount -o remount,size=64m /var/lib/doorward")
            ran = guest.doorward("undo")
            t.check(ran.code == DONE, f"a disk of {size}, with room again: undo", ran.text()[-2000:])
            unchanged(guest, state, f"a disk of {size}, undone", ran)
        finally:
            guest.shell("umount /var/lib/doorward")


def cron_watchdog(guest, port="8364"):
    """A line of cron's starts the unit again each minute: found by the close or by the next verify, with that line."""
    t = guest.tests
    unit, line = "drill-cronned.service", "/etc/cron.d/drill-cronned"
    guest.shell(f"cp /usr/local/lib/dwt/door /usr/local/sbin/drill-cronned; systemctl daemon-reload; systemctl enable --now {unit}")
    guest.write(line, f"* * * * * root systemctl start {unit}\n")
    try:
        t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 60), "cron's watchdog: the door is there")
        ran = guest.doorward("close", f"{port}/tcp", "--yes")
        t.check(ran.code in (DONE, SOME, FAILED), "cron's watchdog: close", ran.text()[-2000:])
        t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 180), "cron's watchdog: it comes back")
        if ran.code == DONE:
            ran = guest.doorward("verify")
            t.check(ran.code == SOME, "cron's watchdog: verify ends with 1", ran.text()[-2000:])
        t.check(unit in ran.out + ran.err and line in ran.out + ran.err, "cron's watchdog: told who starts it again",
                ran.text()[-2500:])
        guest.doorward("undo")
    finally:
        guest.shell(f"rm -f {line}; systemctl disable --now {unit}")


def hangs(guest):
    """Its ExecStop= never ends: systemd kills it after TimeoutStopSec=, and it is closed; or it is rolled back."""
    state = State(guest)
    ran = guest.doorward("close", "8361/tcp", "--yes")
    shut = not guest.open_door("tcp", "8361")
    guest.tests.check(ran.code == (DONE if shut else FAILED), "a unit that hangs: the exit status is the truth",
                      ran.text()[-2500:])
    if ran.code == DONE:
        guest.doorward("undo")
    unchanged(guest, state, "a unit that hangs, undone", ran)


def restarts_always(guest, port="8365"):
    """systemd itself starts it again within a second of its end, but not when it was told to stop it."""
    t = guest.tests
    state = State(guest)
    ran = guest.doorward("close", f"{port}/tcp", "--yes")
    t.check(ran.code == DONE, "Restart=always: closed", ran.text()[-2500:])
    time.sleep(1.5)
    t.check(not guest.open_door("tcp", port), "Restart=always: it stays shut")
    ran = guest.doorward("undo")
    t.check(ran.code == DONE, "Restart=always: undo", ran.text()[-1500:])
    unchanged(guest, state, "Restart=always, undone", ran)


def one_at_a_time(guest, other, port="8366"):
    """One after the other: that which a program of this host needs is opened again, the next is closed all the same. A unit that
    fails without it, though it asks nothing at the door; and a client that goes on, of which nobody knows but that it is refused."""
    unit = "drill-dependant.service"
    lives = f"for i in $(seq 120); do systemctl is-active {unit} && exit; sleep 0.5; done; exit 1"
    # here alone: at a boot it fails until what it needs is there, which is no difference between two looks
    apart(guest, other, port, unit, f"systemctl start {unit}; {lives}", f"systemctl stop {unit}; systemctl reset-failed {unit}",
          lambda said: f"{unit} was active and is not any more" in said and "refused" not in said)
    if not loads_programs(guest):
        guest.tests.say("no BPF in this guest: who is refused cannot be seen, left out")
        return
    apart(guest, other, port, "a client", "pgrep -x drill-client || { setsid drill-client >/dev/null 2>&1 </dev/null & }",
          "pkill -x drill-client",
          lambda said: f"a program of this host, was refused at port {port}: it uses the door" in said and "any more" not in said)


def loads_programs(guest):
    """bpf(2): may root in there make a map? 321: its number on x86-64."""
    return guest.inside("python3", "-c", "import ctypes, struct, sys\n"
                        "b = ctypes.create_string_buffer(struct.pack('5I', 2, 4, 4, 1, 0) + bytes(100))\n"
                        "sys.exit(ctypes.CDLL(None).syscall(321, 0, b, 72) < 0)").code == 0


def apart(guest, other, port, who, start, end, named):
    t, what = guest.tests, f"one at a time, {who}"
    state = State(guest)
    t.check(guest.shell(start).code == 0, f"{what}: it runs")
    ran = guest.doorward("close", "--yes", "--one-at-a-time", "--pause", "8s", f"{port}/tcp", f"{other}/tcp")
    t.check(ran.code == FAILED, f"{what}: ends with 4", ran.text()[-1500:])
    t.check(named(" ".join((ran.out + ran.err).split())), f"{what}: told that, and nothing else", ran.text()[-1500:])
    t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 60), f"{what}: the door that is needed is back")
    t.check(not guest.open_door("tcp", other), f"{what}: the other one is closed", ran.text()[-1500:])
    t.check(guest.shell(start).code == 0, f"{what}: it runs again")
    ran = guest.doorward("undo")
    t.check(ran.code == DONE, f"{what}: undo", ran.text()[-2000:])
    guest.shell(end)
    unchanged(guest, state, f"{what}, undone", ran)


def comes_back(guest, word, port, start, end, who, what):
    """It is started again within a second by something that is not its starter."""
    t = guest.tests
    state = State(guest)
    guest.shell(f"setsid {start} >/dev/null 2>&1 </dev/null &")
    t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 60), f"{what}: there")
    ran = guest.doorward("close", word, "--yes")
    t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 120), f"{what}: it comes back", ran.text()[-2500:])
    t.check(ran.code in (DONE, SOME, FAILED), f"{what}: close", ran.text()[-2500:])
    if ran.code == DONE:
        # the machine is slow: nothing had started it when the close looked for the last time, so the next verify tells
        ran = guest.doorward("verify")
        t.check(ran.code == SOME, f"{what}: verify ends with 1", ran.text()[-2500:])
    t.check(who in ran.out + ran.err, f"{what}: told who starts it again", ran.text()[-2500:])
    if ran.code != FAILED:
        guest.doorward("undo")
    guest.shell(end)
    unchanged(guest, state, what, ran)


def typed(guest, words, between):
    """A person at a terminal: the question comes, something happens to the host, then they say yes."""
    theirs, ours = pty.openpty()
    begun = time.monotonic()
    env = [f"{k}={v}" for k, v in ENV.items()]
    with subprocess.Popen(["nsenter", "-t", str(guest.pid), "-a", "--", "env", "-i", *env, PROGRAM, *words], stdin=ours,
                          stdout=ours, stderr=ours, start_new_session=True) as p:
        os.close(ours)
        text, asked = b"", False
        while time.monotonic() - begun < 300:
            if select.select([theirs], [], [], 0.5)[0]:
                try:
                    part = os.read(theirs, 65536)
                except OSError:
                    break
                text += part
            elif p.poll() is not None:
                break
            elif text.rstrip().endswith((b"?", b"]", b"]:", b"?:", b":")) and not asked:
                between()
                os.write(theirs, b"yes\n" if b"yes" in text[-80:] else b"y\n")
                asked = True
        if p.poll() is None:
            p.kill()
        code = p.wait()
    os.close(theirs)
    if not asked:
        text += b"\n(it never asked)\n"
    return guest.keep_evidence(Ran(code, text.decode("utf-8", "replace"), "", time.monotonic() - begun,
                                   "doorward " + " ".join(words)))


def stale(guest, word, port, change, back):
    t = guest.tests
    state = State(guest)
    ran = typed(guest, ["close", word], lambda: guest.shell(change))
    t.check(ran.code == FAILED, "stale plan: ends with 4", ran.text()[-2500:])
    t.check(guest.open_door("tcp", port) or "stop" in change, "stale plan: nothing was done")
    guest.shell(back)
    unchanged(guest, state, "stale plan, the other's change taken back", ran)
    ran = typed(guest, ["close", word], lambda: None)
    t.check(ran.code == DONE and not guest.open_door("tcp", port), "asked, answered yes: closed", ran.text()[-2500:])
    guest.doorward("undo")
    unchanged(guest, state, "asked, closed, undone", ran)


def two_at_once(guest, word, other):
    t = guest.tests
    state = State(guest)
    first = []
    count, go = "/var/tmp/drill-count", "/var/tmp/drill-go"
    slow = {"LD_PRELOAD": SHIM, "PAUSE_AT": "4", "PAUSE_UNTIL": go, "KILL_COUNT": count}
    thread = threading.Thread(target=lambda: first.append(guest.doorward("close", word, "--yes", env=slow)))
    thread.start()
    end = time.monotonic() + 120
    while guest.shell(f"grep -q '^4 ' {count}").code and time.monotonic() < end:
        time.sleep(0.2)
    ran = guest.doorward("close", other, "--yes")
    guest.shell(f"touch {go}")
    t.check(ran.code == FAILED, "two at once: the second ends with 4", ran.text()[-2000:])
    t.check("doorward" in ran.err and "pid" in ran.err.lower() or "process" in ran.err.lower(),
            "two at once: told who the other is", ran.text()[-2000:])
    thread.join()
    guest.shell(f"rm -f {count} {go}")
    t.check(first[0].code == DONE, "two at once: the first is done", first[0].text()[-2000:])
    guest.doorward("undo")
    unchanged(guest, state, "two at once, undone", ran)


def upgraded(guest, word, unit, package):
    """An upgrade of the package switches the unit on again, as its maintainer script does: verify says who."""
    t = guest.tests
    state = State(guest)
    guest.doorward("close", word, "--yes")
    link = f"/etc/systemd/system/multi-user.target.wants/{unit}"
    log = "/var/log/dpkg.log"
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    guest.shell(f"printf '{now} startup archives unpack\\n{now} upgrade {package}:amd64 1.0 1.1\\n"
                f"{now} status installed {package}:amd64 1.1\\n' >>{log}; "
                f"systemctl unmask {unit}; ln -s /lib/systemd/system/{unit} {link}; "
                f"systemctl daemon-reload; systemctl start {unit}")
    ran = guest.doorward("verify")
    t.check(ran.code == SOME, "switched on by an upgrade: verify ends with 1", ran.text()[-2500:])
    t.check(unit in ran.out, "switched on by an upgrade: names the unit", ran.text()[-2500:])
    t.check(package in ran.out and "dpkg" in ran.out, "switched on by an upgrade: says who", ran.text()[-2500:])
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), "switched on by an upgrade: undo", ran.text()[-2000:])
    unchanged(guest, state, "switched on by an upgrade, undone", ran)


UNIT = "doorward-verify.service"


def by_journal(guest):
    """What systemd keeps of the unit of this boot, once it has failed."""
    told = f"""for i in $(seq 240); do systemctl -q is-failed {UNIT} && break; sleep 0.5; done
               systemctl is-failed {UNIT}; journalctl -b -o cat -u {UNIT}"""
    return guest.shell(told).out


def by_console(guest):
    """Without systemd a script of the boot speaks to the console alone."""
    with open(os.path.join(BASE, "run", f"{guest.name}.log"), encoding="utf-8", errors="replace") as f:
        return f.read()


def at_boot(guest, word, protocol, port, again, told, failed):
    """After each boot it is verified: a door that somebody opened for the boot is told where that init's words go."""
    t = guest.tests
    if not guest.rebooted:
        guest.reboot()
    state, before = inventory.Inventory(guest), set(guest.doors())
    restore = again(guest)
    ran = guest.doorward("close", "--yes", word)
    t.check(ran.code == DONE and not guest.open_door(protocol, port), f"verify --at-boot: {word} is closed", ran.text()[-2000:])
    ran = guest.doorward("verify", "--at-boot")
    t.check(ran.code == DONE, "verify --at-boot", ran.text()[-2000:])
    ran = guest.shell(f"systemctl start {UNIT}" if told is by_journal else "/etc/init.d/doorward-verify start")
    t.check(ran.code == 0 and f"{word} " not in ran.out, "verify --at-boot: well while the door is closed", ran.text()[-2000:])
    restore()
    guest.reboot("--no-settle")
    t.check(guest.open_door(protocol, port), f"verify --at-boot: {word} came back with the boot")
    said, end = told(guest), time.monotonic() + 120
    while failed not in said and time.monotonic() < end:
        time.sleep(0.5)
        said = told(guest)
    t.check(failed in said, "verify --at-boot: it failed, and says so", said[-2000:])
    t.check(any(word in line for line in said.splitlines() if "again" in line or "open" in line),
            f"verify --at-boot: it names {word}", said[-2000:])
    for what in ("verify --at-boot", "the close"):
        ran = guest.doorward("undo")
        t.check(ran.code in (DONE, SOME), f"{what}: undo", ran.text()[-2000:])
    # of a script that was started OpenRC keeps a mark until the next boot, also when there is no such script any more
    trials.clean(guest, state, trials.dynamic(guest, before), "verify --at-boot, undone", ("/run/openrc/started/doorward-verify",))


def unit_again(guest):
    """As a maintainer script would."""
    return lambda: guest.shell("systemctl unmask tinyproxy.service; ln -sf /lib/systemd/system/tinyproxy.service "
                               "/etc/systemd/system/multi-user.target.wants/tinyproxy.service; systemctl daemon-reload")


def line_again(guest, path="/etc/inetd.conf"):
    """Somebody puts the old file back."""
    guest.shell(f"cp -p {path} {path}.old")
    return lambda: guest.shell(f"mv {path}.old {path}")
