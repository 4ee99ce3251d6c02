# SPDX-License-Identifier: LGPL-2.1-or-later
"""Killed at every point at which it changes anything: always one of the two clean states. The points are shared out among
twins of a guest, each of which has a share; of starters that they have not, some of the points. DW_DRILL_POINTS=N: in all, so
many points of a close, and a third of that of an undo and of what the first close of a host does besides."""
import os
import time

import inventory
from cycle import DONE, SOME

STATE = "/var/lib/doorward"
SHIM = "/usr/lib/doorward-drill/killat.so"
COUNTS = "/var/tmp/drill-count"
KILLED = (-9, 137)       # nsenter ends as its program did
PATIENCE = 20            # seconds that only a failure takes
TRIES = 3                # runs until one has the call before which it is to be killed
ENOUGH = 6               # checks that failed: the points behind them would tell the same, each slowly


def shimmed(guest, words, **numbers):
    env = {"LD_PRELOAD": SHIM, "KILL_COUNT": COUNTS, **{k.upper(): str(v) for k, v in numbers.items()}}
    ran = guest.doorward(*words, env=env)
    with open(guest.path(COUNTS), encoding="ascii") as f:
        calls = f.read().splitlines()
    os.unlink(guest.path(COUNTS))
    return ran, calls


class State:
    """without: ports of processes that no undo brings back, which may be there or not."""

    def __init__(self, guest, times=True, without=()):
        self.times, self.without = times, set(without)
        self.inventory, self.doors = inventory.Inventory(guest), self.those(guest.doors())

    def those(self, doors):
        return {d for d in doors if d[2] not in self.without}

    def differs(self, guest):
        """Lines of what is otherwise now; a door may take a while to open, a unit to start or stop: until nothing is."""
        end = time.monotonic() + PATIENCE
        while True:
            guest.await_doors(lambda d: self.those(d) == self.doors, PATIENCE)
            lines = self.inventory.difference(inventory.Inventory(guest), times=self.times)
            lines += [f"door {d}" for d in sorted(self.doors ^ self.those(guest.doors()))]
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


def nothing(_guest):
    pass


def crash(guest, doors, share=1, of=1, wanted=0, without=(), again=nothing):
    """wanted: so many points of a close (0: DW_DRILL_POINTS, else all). again(guest): starts the processes that hold the
    ports of `without` once more, where they have been ended; one that is gone cannot be closed again, so all is undone then."""
    t = guest.tests
    again(guest)
    before = State(guest, without=without)
    ran, first = shimmed(guest, ["close", "--yes", *doors])
    if not t.check(ran.code == DONE, f"crash: close of {len(doors)} doors", ran.text()[-2500:]):
        return
    after = State(guest, times=False, without=without)     # a file that was edited bears the time of the edit
    left = [d for d in guest.doors() if f"{d[2]}/{d[0]}" in doors]
    t.check(not left, "crash: they are closed", str(left))
    ran, back = shimmed(guest, ["undo"])
    left = before.differs(guest)
    t.check(ran.code in ((DONE, SOME) if without else (DONE,)) and not left, "crash: undo",
            "\n".join(left) + "\n" + ran.text()[-1500:])
    again(guest)
    ran, calls = shimmed(guest, ["close", "--yes", *doors])
    t.check(ran.code == DONE and not repair(guest, before), "crash: close and undo once more", ran.text()[-1500:])
    new = besides(first, calls)
    wanted = int(os.environ.get("DW_DRILL_POINTS", "0")) or wanted
    fewer = wanted and max(wanted // 3, 2)

    def chosen(which, of_which):
        kills = [lambda n=n, then=then: killed_close(guest, doors, n, new[n - 1], before, after, then and not without, again, True)
                 for n, then in points(new, fewer, which, of_which)]
        kills += [lambda n=n, then=then: killed_close(guest, doors, n, calls[n - 1], before, after, then and not without, again)
                  for n, then in points(calls, wanted, which, of_which)]
        return kills + [lambda n=n: killed_undo(guest, doors, n, back[n - 1], before, again)
                        for n, _ in points(back, fewer, which, of_which)]
    kills, killed, failed = chosen(share, of), 0, t.failed
    for i, kill in enumerate(kills):
        if t.failed - failed >= ENOUGH:
            t.check(False, f"crash: given up, {len(kills) - i} points of this share are left out")
            break
        killed += kill()
    again(guest)
    t.check(kills and len(kills) - killed <= 1 + len(kills) // 20, f"crash: {killed} of {len(kills)} runs were killed")
    # added up and held against the whole by ../drill, over the twins
    t.say(f"killed at {killed} of {len(chosen(1, 1))} points, share {share} of {of} ({len(calls)} calls in a close, "
          f"{len(back)} in an undo, {len(new)} in the first close of a host alone)")


def is_killed(guest, words, n, what, ready):
    """Was it? A run may have a call less and come to its end before: then another is begun. One that goes on behind the call
    is a failure, one that never had it counts as no point at all. ready(i): before the i-th."""
    for i in range(TRIES):
        ready(i)
        ran, seen = shimmed(guest, words, kill_at=n)
        if ran.code in KILLED or len(seen) >= n:
            return guest.tests.check(ran.code in KILLED, f"{what}: killed", ran.text()[-1000:])
    guest.tests.say(f"{what}: there was no such call in {TRIES} runs")
    return False


def killed_close(guest, doors, n, call, before, after, then, again, first=False):
    """True: it was killed. then: afterwards it is closed again, else undone."""
    t, what = guest.tests, f"killed before call {call} of a close" + (", the first of the host" if first else "")

    def ready(i):
        if i:
            repair(guest, before)
        if first:
            guest.shell(f"rm -rf {STATE}")
        again(guest)
    killed = is_killed(guest, ["close", "--yes", *doors], n, what, ready)
    if then:
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


def killed_undo(guest, doors, n, call, before, again):
    """True: it was killed."""
    t, what = guest.tests, f"killed before call {call} of an undo"

    def ready(_):
        again(guest)
        ran = guest.doorward("close", "--yes", *doors)
        t.check(ran.code == DONE, f"{what}: close", ran.text()[-1500:])
    killed = is_killed(guest, ["undo"], n, what, ready)
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
