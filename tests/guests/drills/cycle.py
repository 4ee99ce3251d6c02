# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole way of one guest: close all that its policy does not keep, boot, verify, undo, boot: as if nothing had been."""
import json
import os

import inventory
from expect import Expect

DONE, SOME, USAGE, BLIND, FAILED = range(5)


def start(guest, prepare=None):
    guest.boot("--fresh")
    guest.install()
    if prepare:
        prepare(guest)
    guest.tests.say("up")


def close_all(guest, plan):
    t = guest.tests
    audit = guest.doorward("audit", "--json")
    t.check(audit.code in (DONE, SOME), "audit before", audit.text()[-1500:])
    told = guest.doorward("plan")
    t.check(told.code in (DONE, SOME), "plan", told.text()[-1500:])
    again = guest.doorward("plan", "--json")
    t.check(guest.doorward("plan", "--json").out == again.out, "the same host gives the same plan")
    dry = guest.doorward("close", "--yes", "--dry-run")
    t.check(dry.code in (DONE, SOME), "close --dry-run", dry.text()[-1500:])
    t.check(guest.doors().keys() == plan["before"].keys(), "a dry run closes nothing")
    ran = guest.doorward("close", "--yes")
    t.check(ran.code == plan.get("close", DONE), f"close ends with {plan.get('close', DONE)}", ran.text()[-3000:])
    if plan.get("named"):
        ran = guest.doorward("close", "--yes", *plan["named"])
        t.check(ran.code == DONE, f"close {' '.join(plan['named'])}", ran.text()[-2000:])
    t.say(f"closed in {ran.seconds:.1f} s")


def verify(guest, when):
    ran = guest.doorward("verify")
    guest.tests.check(ran.code == DONE, f"{when}: verify", ran.text()[-2500:])
    as_json = guest.doorward("verify", "--json")
    try:
        json.loads(as_json.out)
        good = as_json.code == ran.code
    except ValueError:
        good = False
    guest.tests.check(good, f"{when}: verify --json says the same", as_json.text()[-1500:])


def undo_all(guest, by_hand):
    """Newest first, until there is none. 1: something by hand cannot come back."""
    t = guest.tests
    for _ in range(20):
        ran = guest.doorward("undo")
        if ran.code == DONE and "nothing is to be undone" in ran.out + ran.err:
            return
        t.check(ran.code in ((DONE, SOME) if by_hand else (DONE,)), "undo", ran.text()[-2500:])
        if ran.code not in (DONE, SOME):
            return
    t.check(False, "undo ends", "20 undos, and still something to undo")


def cycle(guest, plan):
    """plan: stays, goes, named, close, by_hand: tables by hand, see scenarios.py"""
    t = guest.tests
    expect = Expect(guest.truth(), plan.get("stays", ()), plan.get("goes", ()))
    first = inventory.Inventory(guest)
    before = plan["before"] = guest.doors()
    for row in expect.rows:
        t.check(not expect.was_open(row, False) or expect.present(row, before), f"before: there is {row.title()}")
    close_all(guest, plan)
    # what is started again a little later is no closed door
    expect.closed(t, guest.doors(), before, False, "closed")
    verify(guest, "closed")
    guest.reboot("--no-settle")
    t.say("second boot")
    verify(guest, "second boot")
    expect.closed(t, guest.doors(), None, True, "second boot")
    undo_all(guest, plan.get("by_hand"))
    guest.await_doors(lambda d: all(expect.present(r, d) for r in expect.comes_back()), 60)
    expect.undone(t, guest.doors(), "undone")
    guest.reboot()
    t.say("third boot")
    whole(guest)
    last = inventory.Inventory(guest)
    residue = first.difference(last, expect.passing())
    t.check(not residue, f"no residue ({len(residue)} lines)", "\n".join(residue))
    left = inventory.traces(guest)
    t.check(not left, "nothing of the program is left in /run and /tmp", "\n".join(left))


def whole(guest):
    """The truth of a booted guest, by the harness's own judge."""
    log = os.path.join(guest.evidence, "check.log")
    try:
        guest.harness("check", "--rebooted")
        good = True
    except Exception as e:      # noqa: BLE001  a failed check is a failed test
        good, text = False, str(e)
    guest.tests.check(good, "third boot: the doors are those of the beginning", "" if good else text)
    if os.path.exists(log):
        os.rename(log, os.path.join(guest.evidence, "check-last.log"))
