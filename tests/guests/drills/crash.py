# SPDX-License-Identifier: LGPL-2.1-or-later
"""Killed at every point at which it changes anything: always one of the two clean states. The points are shared out among
twins of a guest, each of which has a share. DW_DRILL_POINTS=N: in all, so many points of a close, and a third of that of an
undo and of what the first close of a host does besides."""
import os
import time

import inventory
from cycle import DONE, SOME

STATE = "/var/lib/doorward"
SHIM = "/usr/lib/doorward-drill/killat.so"
COUNTS = "/var/tmp/drill-count"
KILLED = (-9, 137)       # nsenter ends as its program did
PATIENCE = 20            # seconds that only a failure takes
ENOUGH = 6               # checks that failed: the points behind them would tell the same, each slowly


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
        """Lines of what is otherwise now; a door may take a while to open, a unit to start or stop: until nothing is."""
        end = time.monotonic() + PATIENCE
        while True:
            guest.await_doors(lambda d: set(d) == self.doors, PATIENCE)
            lines = self.inventory.difference(inventory.Inventory(guest), times=self.times)
            lines += [f"door {d}" for d in sorted(self.doors ^ set(guest.doors()))]
            if not lines or time.monotonic() > end:
                return lines
            time.sleep(0.5)


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


def points(calls, wanted, share, of):
    """[(number of a call, is it closed again or undone then)]: the share (1 to of) of all calls, or of so many. Two by two, for
    of two neighbours one is closed again, which takes longer."""
    chosen = sample(calls, wanted) if wanted else range(1, len(calls) + 1)
    return [(n, i % 2) for i, n in enumerate(chosen) if i // 2 % of == share - 1]


def besides(first, calls):
    """What the first close of a host does before it goes on as every other: it makes the journal."""
    kinds = [[call.split()[-1] for call in some] for some in (first, calls)]
    same = 0
    while same < min(len(first), len(calls)) and kinds[0][-1 - same] == kinds[1][-1 - same]:
        same += 1
    return first[:len(first) - same]


def crash(guest, doors, share=1, of=1):
    t = guest.tests
    before = State(guest)
    ran, first = shimmed(guest, ["close", "--yes", *doors])
    if not t.check(ran.code == DONE, f"crash: close of {len(doors)} doors", ran.text()[-2500:]):
        return
    after = State(guest, times=False)     # a file that was edited bears the time of the edit
    t.check(not (after.doors & {d for d in before.doors if f"{d[2]}/{d[0]}" in doors}), "crash: they are closed")
    ran, back = shimmed(guest, ["undo"])
    left = before.differs(guest)
    t.check(ran.code == DONE and not left, "crash: undo", "\n".join(left) + "\n" + ran.text()[-1500:])
    ran, calls = shimmed(guest, ["close", "--yes", *doors])
    t.check(ran.code == DONE and not repair(guest, before), "crash: close and undo once more", ran.text()[-1500:])
    new = besides(first, calls)
    wanted = int(os.environ.get("DW_DRILL_POINTS", "0"))
    fewer = wanted and max(wanted // 3, 2)
    kills = [lambda n=n, again=again: killed_close(guest, doors, n, new[n - 1], before, after, again, first=True)
             for n, again in points(new, fewer, share, of)]
    kills += [lambda n=n, again=again: killed_close(guest, doors, n, calls[n - 1], before, after, again)
              for n, again in points(calls, wanted, share, of)]
    kills += [lambda n=n: killed_undo(guest, doors, n, back[n - 1], before) for n, _ in points(back, fewer, share, of)]
    killed, failed = 0, t.failed
    for i, kill in enumerate(kills):
        if t.failed - failed >= ENOUGH:
            t.check(False, f"crash: given up, {len(kills) - i} points of this share are left out")
            break
        killed += kill()
    t.check(len(kills) - killed <= 1 + len(kills) // 10, f"crash: {killed} of {len(kills)} runs were killed")
    # added up by ../drill, over the twins
    t.say(f"killed at {killed} of {len(new) + len(calls) + len(back)} points ({len(calls)} in a close, {len(back)} in an undo, "
          f"{len(new)} in the first close of a host alone)")


def is_killed(t, ran, seen, n, what):
    """A run may have a call less: it was done before it could be killed."""
    t.check(ran.code in KILLED or len(seen) < n, f"{what}: killed", ran.text()[-1000:])
    return ran.code in KILLED


def killed_close(guest, doors, n, call, before, after, again, first=False):
    """True: it was killed."""
    t, what = guest.tests, f"killed before call {call} of a close" + (", the first of the host" if first else "")
    if first:
        guest.shell(f"rm -rf {STATE}")
    ran, seen = shimmed(guest, ["close", "--yes", *doors], kill_at=n)
    killed = is_killed(t, ran, seen, n, what)
    if again:
        ran = guest.doorward("close", "--yes", *doors)
        left = after.differs(guest)
        # closed already: the kill came behind the last step
        t.check(ran.code == DONE or not left, f"{what}: close again", ran.text()[-1500:])
        t.check(not left, f"{what}, closed again: closed", "\n".join(left) + "\n" + ran.text()[-1500:])
        left = repair(guest, before)
        t.check(not left, f"{what}, closed again and undone: as before", "\n".join(left))
        return killed
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), f"{what}: undo afterwards", ran.text()[-1500:])
    if not t.check(not (left := before.differs(guest)), f"{what}, undone: as before", "\n".join(left) + "\n" + ran.text()[-1500:]):
        repair(guest, before)
    return killed


def killed_undo(guest, doors, n, call, before):
    """True: it was killed."""
    t, what = guest.tests, f"killed before call {call} of an undo"
    ran = guest.doorward("close", "--yes", *doors)
    t.check(ran.code == DONE, f"{what}: close", ran.text()[-1500:])
    ran, seen = shimmed(guest, ["undo"], kill_at=n)
    killed = is_killed(t, ran, seen, n, what)
    ran = guest.doorward("undo")
    t.check(ran.code in (DONE, SOME), f"{what}: undo again", ran.text()[-1500:])
    if not t.check(not (left := before.differs(guest)), f"{what}: as before", "\n".join(left) + "\n" + ran.text()[-1500:]):
        repair(guest, before)
    return killed


def repair(guest, before):
    """Back to the beginning: undoes all runs that are in force. Lines of what differs all the same."""
    left = []
    for _ in range(4):
        guest.doorward("undo")
        left = before.differs(guest)
        if not left:
            break
    return left
