# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trials: put back by themselves, also when the person is cut off or the host boots; kept when confirmed."""
import signal
import subprocess
import time

import inventory
from cycle import DONE
from small import undoes


def clean(guest, state, before, what, besides=()):
    """As before, and no trace of the guard but these."""
    t = guest.tests
    t.check(guest.await_doors(lambda d: set(d) == before, 180), f"{what}: the doors are back",
            str(sorted(before ^ set(guest.doors()))))
    # the service that put it back is itself a unit, and goes when it has ended
    end = time.monotonic() + 120
    left = state.difference(inventory.Inventory(guest))
    while left and time.monotonic() < end:
        time.sleep(0.5)
        left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"{what}: nothing differs from before ({len(left)} lines)", "\n".join(left))
    left = [x for x in inventory.traces(guest) if x not in besides]
    t.check(not left, f"{what}: no trace of the guard", "\n".join(left))


def by_itself(guest, word, protocol, port):
    t = guest.tests
    state, before = inventory.Inventory(guest), set(guest.doors())
    begun = time.monotonic()
    ran = guest.doorward("close", word, "--yes", "--for", "10s")
    shut = not guest.open_door(protocol, port)
    t.check(ran.code == DONE and (shut or time.monotonic() - begun > 10), "trial: closed", ran.text()[-2000:])
    t.check("confirm" in ran.out + ran.err, "trial: told how to keep it", ran.text()[-2000:])
    clean(guest, state, before, "trial, time over")


def cut_off(guest, word, protocol, port):
    """The session that started it is killed, once the trial runs (cut off in its midst, a close is put back at once)."""
    t = guest.tests
    state, before = inventory.Inventory(guest), set(guest.doors())
    guest.shell("rm -f /run/trial-runs")
    begun = time.monotonic()
    with subprocess.Popen(guest.ssh_words("root", f"/usr/bin/doorward close {word} --yes --for 30s; "
                                                  "touch /run/trial-runs; sleep 100"),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as session:
        runs = False
        while not runs and time.monotonic() - begun < 60:
            time.sleep(0.2)
            runs = guest.shell("test -e /run/trial-runs").code == 0
        t.check(runs and not guest.open_door(protocol, port), "trial over ssh: closed")
        session.send_signal(signal.SIGKILL)
    # and what is left of it in there: the shell that waits
    guest.shell("pkill -KILL -f '^sleep 100$'; rm -f /run/trial-runs")
    shut = not guest.open_door(protocol, port)
    if time.monotonic() - begun < 30:
        t.check(shut, "trial over ssh: still closed when the session is gone")
    clean(guest, state, before, "trial, session killed")


def confirmed(guest, word, protocol, port):
    t = guest.tests
    state, before = inventory.Inventory(guest), set(guest.doors())
    ran = guest.doorward("close", word, "--yes", "--for", "40s")    # a slow machine needs some of them to confirm it
    over = time.monotonic() + 41
    t.check(ran.code == DONE, "trial to be confirmed: closed", ran.text()[-2000:])
    ran = guest.doorward("confirm")
    t.check(ran.code == DONE, "confirm", ran.text()[-2000:])
    time.sleep(max(0, over - time.monotonic()))
    t.check(not guest.open_door(protocol, port), "confirmed: still closed when its time is over")
    t.check(not inventory.traces(guest), "confirmed: no trace of the guard", "\n".join(inventory.traces(guest)))
    undoes(guest, before, state, "confirmed, then undone")


def until_boot(guest, word, protocol, port):
    """--until-confirmed: the next boot puts it back. What people did by hand is gone after a boot, so compare with one."""
    t = guest.tests
    if not guest.rebooted:
        guest.reboot()
    state, before = inventory.Inventory(guest), set(guest.doors())
    ran = guest.doorward("close", word, "--yes", "--until-confirmed")
    t.check(ran.code == DONE and not guest.open_door(protocol, port), "until confirmed: closed", ran.text()[-2000:])
    guest.reboot()
    clean(guest, state, dynamic(guest, before), "until confirmed, not confirmed: after the boot")
    ran = guest.doorward("close", word, "--yes", "--until-confirmed")
    ran = guest.doorward("confirm")
    t.check(ran.code == DONE, "until confirmed: confirm", ran.text()[-2000:])
    guest.reboot("--no-settle")
    t.check(not guest.open_door(protocol, port), "until confirmed, confirmed: closed after the boot")
    for _ in range(20):     # what starts slowly at boot is not open yet, and verify says so
        ran = guest.doorward("verify")
        if ran.code == DONE:
            break
        time.sleep(0.5)
    t.check(ran.code == DONE, "until confirmed, confirmed: verify after the boot", ran.text()[-1500:])
    undoes(guest, dynamic(guest, before), state, "until confirmed, confirmed, then undone")


def power_off(guest, word, protocol, port):
    """--for with an hour left, and the host is switched off: how long it was off nobody can tell, so it is put back."""
    t = guest.tests
    state, before = inventory.Inventory(guest), set(guest.doors())
    ran = guest.doorward("close", word, "--yes", "--for", "1h")
    t.check(ran.code == DONE and not guest.open_door(protocol, port), "power off in a trial: closed", ran.text()[-2000:])
    guest.reboot()
    clean(guest, state, dynamic(guest, before), "power off in a trial: after the boot")


def dynamic(guest, before):
    """Ports that the kernel chooses differ from boot to boot: those of now stand for them."""
    named = {d for d in before if not chosen(d)}
    return named | {d for d in guest.doors() if chosen(d)}


def chosen(door):
    return door[0] in ("tcp", "udp") and (int(door[2]) >= 32768 or (600 <= int(door[2]) < 1024 and door[2] not in
                                                                    ("631", "993", "953", "995", "873")))


def without_boot(guest, word, protocol, port):
    by_itself(guest, word, protocol, port)
    cut_off(guest, word, protocol, port)
    confirmed(guest, word, protocol, port)


def over_boots(guest, word, protocol, port):
    until_boot(guest, word, protocol, port)
    power_off(guest, word, protocol, port)
