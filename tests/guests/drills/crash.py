# SPDX-License-Identifier: LGPL-2.1-or-later
"""Killed at every point at which it changes anything: always one of the two clean states."""
import os

import inventory
from cycle import DONE, SOME

SHIM = "/usr/lib/doorward-drill/killat.so"
COUNTS = "/var/tmp/drill-count"
KILLED = (-9, 137)       # nsenter ends as its program did


def shimmed(guest, words, **numbers):
    env = {"LD_PRELOAD": SHIM, "KILL_COUNT": COUNTS, **{k.upper(): str(v) for k, v in numbers.items()}}
    ran = guest.doorward(*words, env=env)
    with open(guest.path(COUNTS), encoding="ascii") as f:
        calls = f.read().splitlines()
    os.unlink(guest.path(COUNTS))
    return ran, calls


class State:
    def __init__(self, guest, times=True):
        self.times = times
        self.inventory, self.doors = inventory.Inventory(guest), set(guest.doors())

    def differs(self, guest):
        """Lines of what is otherwise now; a door may take a moment to open."""
        guest.await_doors(lambda d: set(d) == self.doors, 5)
        lines = self.inventory.difference(inventory.Inventory(guest), times=self.times)
        return lines + [f"door {d}" for d in sorted(self.doors ^ set(guest.doors()))]


def spread(total, wanted):
    """So many of 1..total, the first and the last among them."""
    if wanted >= total:
        return list(range(1, total + 1))
    return sorted({1 + round(i * (total - 1) / (wanted - 1)) for i in range(wanted)})


def sample(calls, wanted):
    """So many numbers of calls: one of each kind of call, for each is left behind in another way, then evenly spread."""
    kinds = {}
    for n, call in enumerate(calls, 1):
        kinds.setdefault(call.split()[-1], []).append(n)
    chosen = {v[len(v) // 2] for v in sorted(kinds.values(), key=len)[:wanted]}
    rest = [n for n in range(1, len(calls) + 1) if n not in chosen]
    more = min(wanted - len(chosen), len(rest))
    if more > 0:
        chosen.update(rest[i - 1] for i in (spread(len(rest), more) if more > 1 else [len(rest)]))
    return sorted(chosen)


def crash(guest, doors, points):
    t = guest.tests
    full = bool(os.environ.get("DW_DRILL_FULL"))
    before = State(guest)
    ran, calls = shimmed(guest, ["close", "--yes", *doors])
    if not t.check(ran.code == DONE, f"crash: close of {len(doors)} doors", ran.text()[-2500:]):
        return
    after = State(guest, times=False)     # a file that was edited bears the time of the edit
    t.check(not (after.doors & {d for d in before.doors if f"{d[2]}/{d[0]}" in doors}), "crash: they are closed")
    ran, back = shimmed(guest, ["undo"])
    left = before.differs(guest)
    t.check(ran.code == DONE and not left, "crash: undo", "\n".join(left) + "\n" + ran.text()[-1500:])
    t.say(f"{len(calls)} points in a close, {len(back)} in an undo")
    for i, n in enumerate(sample(calls, len(calls) if full else points)):
        killed_close(guest, doors, n, calls[n - 1], before, after, again=i % 2)
    for n in sample(back, len(back) if full else max(points // 3, 2)):
        killed_undo(guest, doors, n, back[n - 1], before)


def killed_close(guest, doors, n, call, before, after, again):
    t, what = guest.tests, f"killed before call {call} of a close"
    ran, seen = shimmed(guest, ["close", "--yes", *doors], kill_at=n)
    # a run may have a call less: it was done before it could be killed
    t.check(ran.code in KILLED or len(seen) < n, f"{what}: killed", ran.text()[-1000:])
    if not again:
        ran = guest.doorward("undo")
        t.check(ran.code in (DONE, SOME), f"{what}: undo afterwards", ran.text()[-1500:])
        if not t.check(not (left := before.differs(guest)), f"{what}, undone: as before", "\n".join(left) + "\n" + ran.text()[-1500:]):
            repair(guest, before)
        return
    ran = guest.doorward("close", "--yes", *doors)
    # closed already: the kill came behind the last step
    t.check(ran.code == DONE or not after.differs(guest), f"{what}: close again", ran.text()[-1500:])
    t.check(not (left := after.differs(guest)), f"{what}, closed again: closed", "\n".join(left) + "\n" + ran.text()[-1500:])
    repair(guest, before)
    t.check(not (left := before.differs(guest)), f"{what}, closed again and undone: as before", "\n".join(left))


def killed_undo(guest, doors, n, call, before):
    t, what = guest.tests, f"killed before call {call} of an undo"
    ran = guest.doorward("close", "--yes", *doors)
    t.check(ran.code == DONE, f"{what}: close", ran.text()[-1500:])
    ran, seen = shimmed(guest, ["undo"], kill_at=n)
    t.check(ran.code in KILLED or len(seen) < n, f"{what}: killed", ran.text()[-1000:])
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), f"{what}: undo again", ran.text()[-1500:])
    if not t.check(not (left := before.differs(guest)), f"{what}: as before", "\n".join(left) + "\n" + ran.text()[-1500:]):
        repair(guest, before)


def repair(guest, before):
    """Back to the beginning, for the next round: all runs that are in force."""
    for _ in range(4):
        if not before.differs(guest):
            return
        guest.doorward("undo")
