#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""scenarios.py NAME: the drill of one guest, started by ../drill; scenarios.py --names [NAME...]: which guests have one, those
or all, each with the twins that its longest proofs are shared out among."""
import os
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import bench  # noqa: E402
import crash  # noqa: E402
import cycle  # noqa: E402
import fence  # noqa: E402
import host  # noqa: E402
import hostmore  # noqa: E402
import inventory  # noqa: E402
import lesser  # noqa: E402
import review  # noqa: E402
import small  # noqa: E402
import trials  # noqa: E402
import wrong  # noqa: E402
from guest import Failure, Guest, Knocking, Tests  # noqa: E402

# Of a cycle, by hand, beside the truth:
#   close     exit status of closing all: 1 where something whose verdict is close stays, by the reason given
#   stays     what stays though its verdict is close; goes: what goes though it is not; named: closed by a second command
#   by_hand   what was started by hand is closed too: an undo cannot bring it back
CYCLES = {
    "classic": {
        "close": cycle.SOME,
        # 4789: the kernel's: no process, no setting; the unit that made it only made it once.
        "stays": ["4789/udp"],
        "named": ["8130/tcp", "8131/tcp", "8132/tcp", "8191/tcp"],
        # 8114: on loopback, the second address of 8110's socket unit; the policy says nothing of it, nobody is connected.
        "goes": ["8114/tcp", "8130/tcp", "8131/tcp", "8132/tcp", "8191/tcp"],
        "by_hand": True,
    },
    "sysv": {"named": ["8212/udp", "8213/tcp"], "goes": ["8212/udp", "8213/tcp"], "by_hand": True},
    "openrc": {"named": ["31337/tcp"], "goes": ["31337/tcp"], "by_hand": True},
    "runit": {"named": ["31337/tcp", "8503/tcp"], "goes": ["31337/tcp", "8503/tcp"], "by_hand": True},
}

# Killed at each point. In mixed one of each kind of starter that an undo brings back in the same boot: service, SysV script,
# xinetd block, timer, socket unit, a script by its interpreter.
CRASHED = {
    "mixed": ["8888/tcp", "69/udp", "8330/udp", "8317/tcp", "9090/tcp", "8301/tcp"],
    "sysv": ["111/tcp", "23/tcp", "8201/tcp", "79/tcp"],
}
# At some points, one of each kind of call among them. classic: a line of inetd, one of rc.local, a process by hand (pidfd);
# what the latter two end no undo brings back, so they are started again before each.
SOME_POINTS = {
    "classic": {"doors": ["13/tcp", "8102/tcp", "8398/tcp"], "wanted": 9, "without": ["8102", "8398"], "again": small.started_again},
    "openrc": {"doors": ["8402/tcp"], "wanted": 8},
    "runit": {"doors": ["8500/tcp"], "wanted": 8},
}
# Hundreds of points and dozens of lock-outs, most of which is waiting: twins of the guest, NAME-1 and on, do them side by side.
TWINS = {"mixed": 4, "sysv": 2}


def shares(name):
    """Of a twin."""
    recipe, _, number = name.partition("-")
    share, of = int(number), TWINS[recipe]
    table = [("crash", lambda g: crash.crash(g, CRASHED[recipe], share, of))]
    if recipe == "mixed":
        table.append(("fence", lambda g: fence.lockouts(g, share, of)))
    return table


def steps(name):
    """(word for DW_DRILL_ONLY, function) in their order."""
    table = {
        "classic": [
            ("person", lambda g: small.changes_mind(g, "telnet", "tcp", "23")),
            ("line", lambda g: small.one_line(g, "13/tcp", ["13/tcp"])),
            ("line", lambda g: small.one_line(g, "7/udp", ["7/udp"])),
            ("line", lambda g: small.one_line(g, "8140/tcp", ["8140/tcp"])),    # a unit of a user's own systemd
            ("refused", small.refused),
            ("confine", lesser.inetd),
            ("edit", lambda g: small.edited_between(
                g, "/etc/inetd.conf", "13/tcp", lambda b: b.replace(b"# lab:", b"# pat was here\n# lab:") + b"# and here\n",
                b"# pat was here", ["13/tcp"])),
            ("crash", lambda g: crash.crash(g, **SOME_POINTS["classic"])),
            ("hand", lambda g: small.by_hand(g, "/usr/local/sbin/handd", "8398")),
            ("cycle", lambda g: cycle.cycle(g, CYCLES["classic"])),
        ],
        "sysv": [
            ("line", lambda g: small.one_line(g, "13/tcp", ["13/tcp"])),
            ("line", lambda g: small.one_line(g, "79/tcp", ["79/tcp"])),
            ("confine", lesser.xinetd),
            ("confine", lesser.script),
            ("host", host.all_of_it),
            ("host", hostmore.all_of_it),
            ("trial", lambda g: trials.without_boot(g, "8201/tcp", "tcp", "8201")),
            ("fence", fence.early),
            ("lockout", fence.without_systemd),
            ("cycle", lambda g: cycle.cycle(g, CYCLES["sysv"])),
            # behind the cycle, which begins with what people did by hand in the first boot
            ("trial", lambda g: trials.over_boots(g, "8201/tcp", "tcp", "8201")),
        ],
        "openrc": [
            ("line", lambda g: small.one_line(g, "13/tcp", ["13/tcp"])),
            ("refused", lambda g: small.refused(g, last=True)),
            ("crash", lambda g: crash.crash(g, **SOME_POINTS["openrc"])),
            ("fence", fence.early),
            ("lockout", fence.without_systemd),
            ("cycle", lambda g: cycle.cycle(g, CYCLES["openrc"])),
            ("trial", lambda g: trials.until_boot(g, "8402/tcp", "tcp", "8402")),
            ("atboot", lambda g: wrong.at_boot(g, "13/tcp", "tcp", "13", wrong.line_again, wrong.by_console, "13/tcp")),
        ],
        "runit": [
            ("line", lambda g: small.one_line(g, "8500/tcp", ["8500/tcp"])),
            ("refused", lambda g: small.refused(g, last=True)),
            ("crash", lambda g: crash.crash(g, **SOME_POINTS["runit"])),
            ("cycle", lambda g: cycle.cycle(g, CYCLES["runit"])),
            ("trial", lambda g: trials.until_boot(g, "8500/tcp", "tcp", "8500")),
        ],
        "mixed": [
            ("neighbour", lambda g: small.neighbour(g, "139/tcp", "445/tcp")),
            ("neighbour", lambda g: small.narrowed(g, "139", "445")),
            ("program", lambda g: small.unusable(g, "8888/tcp", "tcp", "8888", "/usr/bin/tinyproxy")),
            ("host", host.all_of_it),
            ("host", hostmore.all_of_it),
            ("wrong", lambda g: wrong.immutable(g, "/etc/xinetd.d/labnull", "9/tcp")),
            ("wrong", lambda g: wrong.read_only(g, "8888/tcp")),
            ("wrong", lambda g: wrong.full(g, "8888/tcp")),
            ("wrong", lambda g: wrong.fills_up(g, "8888/tcp")),
            ("wrong", lambda g: wrong.fails(g, "8360/tcp", "a unit that refuses", said=("drill-refuses.service",))),
            ("wrong", wrong.hangs),
            ("wrong", wrong.restarts_always),
            ("apart", lambda g: wrong.one_at_a_time(g, "8888")),
            ("wrong", lambda g: wrong.comes_back(
                g, "8363/tcp", "8363", "/usr/local/sbin/drill-keeper",
                "pkill -f sbin/[d]rill-keeper; pkill -f sbin/[d]rill-immortal", "drill-keeper", "kept alive by a loop")),
            ("wrong", lambda g: wrong.comes_back(
                g, "8362/tcp", "8362", "/usr/local/sbin/drill-watchdog",
                "pkill -f sbin/[d]rill-watchdog; systemctl start drill-phoenix", "drill-phoenix",
                "a unit that a watchdog starts")),
            ("wrong", wrong.cron_watchdog),
            ("stale", lambda g: wrong.stale(g, "8888/tcp", "8888", "systemctl disable tinyproxy.service",
                                            "systemctl enable tinyproxy.service")),
            ("two", lambda g: wrong.two_at_once(g, "8888/tcp", "8301/tcp")),
            ("review", review.all_of_it),
            ("upgrade", lambda g: wrong.upgraded(g, "8888/tcp", "tinyproxy.service", "tinyproxy")),
            ("atboot", lambda g: wrong.at_boot(g, "8888/tcp", "tcp", "8888", wrong.unit_again, wrong.by_journal, "failed\n")),
            ("trial", lambda g: trials.without_boot(g, "8888/tcp", "tcp", "8888")),
            ("trial", lambda g: trials.over_boots(g, "8888/tcp", "tcp", "8888")),
            ("fence", fence.all_of_it),
        ],
    }
    only = set(filter(None, os.environ.get("DW_DRILL_ONLY", "").split(",")))
    return [(w, f) for w, f in (shares(name) if "-" in name else table[name]) if not only or w in only]


PREPARE = {"mixed": wrong.prepare}
NAMES = ["mixed", "classic", "sysv", "openrc", "runit"]      # the longest first


def names(some):
    """Of those with something to do: the guests, each with its twins behind it."""
    alone = os.environ.get("DW_TEST_FAKE") or os.environ.get("DW_DRILL_BENCH")
    found = []
    for name in some:
        recipe, _, number = name.partition("-")
        if recipe not in NAMES or number and int(number) not in range(1, TWINS.get(recipe, 0) + 1):
            sys.exit(f"{name} has no drill; these have: {' '.join(NAMES)}")
        found.append(name)
        if not alone and not number:
            found += [f"{name}-{k}" for k in range(1, TWINS.get(name, 0) + 1)]
    return [n for n in dict.fromkeys(found) if alone or steps(n)]


def idle(guest):
    """The harness alone: three boots without the program must leave nothing, and ssh must answer."""
    first = inventory.Inventory(guest)
    before = guest.doors()
    expect = cycle.Expect(guest.truth())
    for row in expect.rows:
        guest.tests.check(not expect.was_open(row, False) or expect.present(row, before), f"before: there is {row.title()}")
    guest.reboot("--no-settle")
    guest.reboot()
    cycle.whole(guest)
    residue = first.difference(inventory.Inventory(guest), expect.passing())
    guest.tests.check(not residue, f"no residue ({len(residue)} lines)", "\n".join(residue))


def drill(name):
    tests = Tests()
    guest = Guest(name, tests)
    chosen, prepare = steps(name), PREPARE.get(name)
    if os.environ.get("DW_TEST_FAKE"):
        chosen = [("idle", idle)]
    elif os.environ.get("DW_DRILL_BENCH"):
        chosen, prepare = [("bench", bench.bench)], bench.prepare
    try:
        cycle.start(guest, prepare)
        Knocking(guest, 1 if name in NAMES else 3)
        for word, step in chosen:
            try:
                step(guest)
            except (OSError, KeyError, ValueError, IndexError) as e:
                tests.check(False, f"{word}: {e!r}", traceback.format_exc())
            tests.say(f"{word} done")
        guest.knocking.finish()
    except Failure as e:
        tests.check(False, str(e))
    print(f"{tests.passed} passed, {tests.failed} failed", flush=True)
    return tests.failed == 0


if __name__ == "__main__":
    if sys.argv[1] == "--names":
        print("\n".join(names(sys.argv[2:] or NAMES)))
    else:
        sys.exit(0 if drill(sys.argv[1]) else 1)
