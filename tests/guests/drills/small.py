# SPDX-License-Identifier: LGPL-2.1-or-later
"""Single doors: one line of inetd, names, what must be refused, and a person who changes their mind."""
import os
import time

import inventory
from cycle import DONE, SOME, USAGE
from guest import run


def closes(guest, words, gone, before, what, code=DONE):
    """Closes these words; the places that are gone are exactly those."""
    t = guest.tests
    ran = guest.doorward("close", "--yes", *words)
    t.check(ran.code == code, f"{what}: close ends with {code}", ran.text()[-2500:])
    missing = {f"{k[2]}/{k[0]}" for k in set(before) - set(guest.doors())}
    t.check(missing == set(gone), f"{what}: closed is {sorted(gone)} and nothing else", str(sorted(missing)))
    return ran


def undoes(guest, before, state, what, by_hand=False, words=()):
    t = guest.tests
    ran = guest.doorward("undo", *words)
    t.check(ran.code in ((DONE, SOME) if by_hand else (DONE,)), f"{what}: undo", ran.text()[-2500:])
    if not by_hand:
        back = guest.await_doors(lambda d: set(d) == set(before), 60)
        t.check(back, f"{what}: the doors are those of before", str(sorted(set(before) ^ set(guest.doors()))))
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"{what}: nothing differs from before ({len(left)} lines)", "\n".join(left))
    return ran


def one_line(guest, word, gone):
    """One line (inetd) or block (xinetd): the others of the same daemon stay; there and back."""
    state, before = inventory.Inventory(guest), guest.doors()
    closes(guest, [word], gone, before, f"one line {word}")
    guest.tests.check(guest.doorward("verify").code == DONE, f"one line {word}: verify")
    undoes(guest, before, state, f"one line {word}")


def refused(guest, last=False):
    """What must not happen to a person who came by ssh. last: there is no other way in, telnet say."""
    t = guest.tests
    state, before = inventory.Inventory(guest), guest.doors()
    for words, what in (("22/tcp", "one's own way in"), ("ssh", "ssh by its name")):
        ran = guest.keep_evidence(guest.ssh("root", f"/usr/bin/doorward close {words} --yes"))
        t.check(ran.code == SOME, f"{what} is refused with 1", ran.text()[-2000:])
        t.check("even-my-session" in ran.out + ran.err, f"{what}: told how to do it all the same", ran.text()[-2000:])
    if last:
        ran = guest.doorward("close", "--yes", "22/tcp")
        t.check(ran.code == SOME, "the last way in is refused with 1 also without ssh", ran.text()[-2000:])
    ran = guest.doorward("close", "--yes", "no-such-door-99999")
    t.check(ran.code == USAGE, "a word that names no door: 2", ran.text()[-1000:])
    ran = guest.doorward("undo", "999")
    t.check(ran.code == USAGE, "undo of no run: 2", ran.text()[-1000:])
    t.check(set(guest.doors()) == set(before), "refused: every door is still there",
            str(sorted(set(before) ^ set(guest.doors()))))
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, "refused: nothing changed", "\n".join(left))


def neighbour(guest, word, kept):
    """A door whose levers would also close one that is to stay."""
    t = guest.tests
    state, before = inventory.Inventory(guest), guest.doors()
    ran = guest.doorward("close", "--yes", word)
    t.check(ran.code == SOME, f"{word} is refused for the sake of {kept}", ran.text()[-2000:])
    t.check(set(guest.doors()) == set(before), f"{word} refused: every door is still there")
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"{word} refused: nothing changed", "\n".join(left))


CALL = """import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
except OSError as e:
    sys.exit(repr(e))
"""


def narrowed(guest, port, kept):
    """
    A door whose service has another that is to stay: asked for, it alone is shut for all others. A container may not
    keep a unit from a port, nor may Debian 12's systemd (docs/restrict.md), so the packet filter does it.
    """
    t = guest.tests
    state, before = inventory.Inventory(guest), guest.doors()

    def reached(which, inside=False):
        where = ["nsenter", "-t", str(guest.pid), "-n"] if inside else ["ip", "netns", "exec", guest.scan]
        ran = run([*where, "python3", "-c", CALL, guest.address, which], f"call {which}", 300)
        last.append(ran.text())
        return ran.code == 0

    def is_reached(which, what, inside=False):
        """A machine that is busy may need more than one call."""
        end = time.monotonic() + 60
        while not (good := reached(which, inside)) and time.monotonic() < end:
            time.sleep(0.5)
        t.check(good, f"--restrict {port}: {what}", last[-1])

    last = []
    for which in (port, kept):
        is_reached(which, f"{which} is reached before")
    ran = guest.doorward("plan", f"{port}/tcp")
    t.check("--restrict" in ran.out, f"{port} refused: another way is named", ran.text()[-1500:])
    ran = guest.doorward("close", "--yes", "--restrict", f"{port}/tcp")
    t.check(ran.code == DONE and "narrowed" in ran.out, f"--restrict {port}", ran.text()[-2500:])
    t.check(not reached(port), f"--restrict {port}: nobody else reaches it")
    is_reached(port, "this host does", inside=True)
    is_reached(kept, f"{kept} is reached")
    t.check(set(guest.doors()) == set(before), f"--restrict {port}: the service goes on")
    t.check(guest.doorward("verify").code == DONE, f"--restrict {port}: verify")
    guest.shell("nft flush chain inet doorward narrowed")
    t.check(guest.doorward("verify").code == SOME, f"--restrict {port}: verify sees that the rules are gone")
    ran = guest.doorward("undo", "--force")
    t.check(ran.code == DONE, f"--restrict {port}: undo", ran.text()[-2000:])
    is_reached(port, "undone, it is reached")
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"--restrict {port}: nothing differs from before ({len(left)} lines)", "\n".join(left))


def edited_between(guest, path, word, edit, mark, gone):
    """Somebody edits the file between close and undo: the line comes back, the edit survives."""
    t = guest.tests
    whole, st = guest.read(path), os.stat(guest.path(path))
    before = guest.doors()
    closes(guest, [word], gone, before, f"edited {path}")
    guest.write(path, edit(guest.read(path)))
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), f"edited {path}: undo", ran.text()[-2500:])
    t.check(guest.read(path) == edit(whole), f"edited {path}: the line is back, the edit is kept",
            guest.read(path).decode("utf-8", "replace")[-900:])
    t.check(mark in guest.read(path), f"edited {path}: the edit survives")
    t.check(guest.await_doors(lambda d: set(before) <= set(d), 60), f"edited {path}: the doors are back")
    guest.write(path, whole)
    os.utime(guest.path(path), ns=(st.st_atime_ns, st.st_mtime_ns))
    os.chmod(guest.path(path), st.st_mode & 0o7777)


def by_hand(guest, program, port):
    """A process that somebody started by hand is ended; that it cannot come back is told."""
    t, place, protocol = guest.tests, f"{port}/tcp", "tcp"
    guest.ssh("pat", f"setsid {program} tcp 0.0.0.0 {port} >/dev/null 2>&1 </dev/null &")
    t.check(guest.await_doors(lambda d: any(k[2] == port for k in d), 60), f"{place}: there")
    told = guest.doorward("plan", place)
    ran = guest.doorward("close", "--yes", place)
    t.check(ran.code == DONE and not guest.open_door(protocol, port), f"{place}: closed", ran.text()[-2000:])
    said = " ".join(told.out.split())
    t.check("No command brings an ended process back; it was started as: " in said and f"{program} tcp 0.0.0.0 {port}" in said,
            f"{place}: the plan tells that it does not come back, and how it was started", told.text())
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), f"{place}: undo ends with 0 or 1", ran.text()[-2000:])
    said = " ".join((ran.out + ran.err).split())
    t.check("nothing brings it back; it was started as: " in said and f"{program} tcp 0.0.0.0 {port}" in said, f"{place}: the undo tells that it does not come back", ran.text())
    t.check(not guest.open_door(protocol, port), f"{place}: nor does it")


def started_again(guest, program="/usr/local/sbin/handd", port="8398"):
    """In classic, where they do not run: what a line of rc.local starts, and what pat did by hand."""
    def both(doors):
        return {"8102", port} <= {k[2] for k in doors}

    # a process that is about to end holds its door for a moment: then it is looked once more
    for _ in range(4):
        if not guest.open_door("tcp", "8102"):
            guest.shell("systemctl restart rc-local.service")
        if not guest.open_door("tcp", port):
            guest.ssh("pat", f"setsid {program} tcp 0.0.0.0 {port} >/dev/null 2>&1 </dev/null &")
        if guest.await_doors(both, 20):
            break
    guest.tests.check(guest.await_doors(both, 60), "8102 and 8398 are there again")


def unusable(guest, word, protocol, port, program, user="pat"):
    """--disable-program, of one with set-UID besides: mode 0, which dpkg would keep; and back."""
    t, what = guest.tests, f"--disable-program {word}"
    guest.shell(f"chmod 4755 {program}")
    state, before = inventory.Inventory(guest), guest.doors()
    ran = guest.doorward("close", "--yes", "--disable-program", word)
    t.check(ran.code == DONE and not guest.open_door(protocol, port), f"{what}: closed", ran.text()[-2500:])
    mode = os.stat(guest.path(program)).st_mode & 0o7777
    t.check(mode == 0, f"{what}: {program} has mode 0", oct(mode))
    ran = guest.shell(program)
    t.check(ran.code == 126, f"{what}: root cannot run it", ran.text())
    ran = guest.inside("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "cat", program)
    t.check(ran.code == 1 and not ran.out, f"{what}: {user} cannot read it", ran.text()[-1000:])
    ran = guest.inside("dpkg-statoverride", "--list", program)
    t.check(ran.code == 0 and ran.out.split()[2:] == ["0", program], f"{what}: dpkg knows", ran.text())
    t.check(guest.doorward("verify").code == DONE, f"{what}: verify")
    undoes(guest, before, state, what)
    mode = os.stat(guest.path(program)).st_mode & 0o7777
    t.check(mode == 0o4755, f"{what}: undone, it has its mode again", oct(mode))
    guest.shell(f"chmod 0755 {program}")


def changes_mind(guest, word, protocol, port):
    """Who has never seen the program: the list, close, back. The screens are kept."""
    t = guest.tests
    state, before = inventory.Inventory(guest), guest.doors()
    screens = [guest.doorward(), guest.doorward("close", word, "--yes")]
    t.check(screens[-1].code == DONE and not guest.open_door(protocol, port), f"{word} is closed", screens[-1].text())
    t.check("doorward undo" in screens[-1].out + screens[-1].err, f"{word}: told how to go back", screens[-1].text())
    screens.append(undoes(guest, before, state, f"changed mind about {word}"))
    with open(f"{guest.evidence}/screens.txt", "w", encoding="utf-8") as f:
        f.writelines(s.text() + "\n" for s in screens)
