# SPDX-License-Identifier: LGPL-2.1-or-later
"""Closing 30 doors of a booted guest: doorward, and the same work by systemctl and sed in a shell loop."""
import statistics

from cycle import DONE

UNITS = [(f"bench{n}.service", 8800 + n) for n in range(1, 21)]
LINES = [8830 + n for n in range(1, 11)]
ROUNDS = 3


def prepare(guest):
    for name, port in UNITS:
        guest.write(f"/etc/systemd/system/{name}", f"[Service]\nExecStart=/bin/nc.openbsd -k -l 0.0.0.0 {port}\n"
                    "[Install]\nWantedBy=multi-user.target\n")
    guest.write("/etc/inetd.conf", guest.read("/etc/inetd.conf") + b"".join(
        b"0.0.0.0:%d stream tcp nowait nobody /bin/cat cat\n" % p for p in LINES))
    guest.shell("systemctl daemon-reload; systemctl enable --now " + " ".join(n for n, _ in UNITS) + "; systemctl reload inetd "
                "|| systemctl restart inetd")


PORTS = {str(p) for _, p in UNITS} | {str(p) for p in LINES}
LOOP = "for u in {units}; do systemctl -q disable --now $u; done; " \
    "for p in {lines}; do sed -i \"s/^0.0.0.0:$p /#&/\" /etc/inetd.conf; systemctl kill -s HUP --kill-who=main inetd; done"
ONCE = "systemctl -q disable --now {units}; sed -i -E 's/^0.0.0.0:({either}) /#&/' /etc/inetd.conf; " \
    "systemctl kill -s HUP --kill-who=main inetd"
BACK = "systemctl -q enable --now {units}; sed -i -E 's/^#(0.0.0.0:({either}) )/\\1/' /etc/inetd.conf; " \
    "systemctl kill -s HUP --kill-who=main inetd"
LOOP, ONCE, BACK = (t.format(units=" ".join(n for n, _ in UNITS), lines=" ".join(map(str, LINES)),
                             either="|".join(map(str, LINES))) for t in (LOOP, ONCE, BACK))


def measured(guest, times, name, ran, shut):
    """Only what really did it counts."""
    times.setdefault(name, []).append(ran.seconds)
    guest.tests.check(ran.code == DONE, f"{name}: ends with 0", ran.text()[-2000:])
    good = guest.await_doors(lambda d: ({k[2] for k in d} & PORTS) == (set() if shut else PORTS), 15)
    guest.tests.check(good, f"{name}: all {len(PORTS)} doors are {'shut' if shut else 'open'}",
                      str(sorted({k[2] for k in guest.doors()} & PORTS)))


def bench(guest):
    times = {}
    guest.await_doors(lambda d: PORTS <= {k[2] for k in d}, 30)
    words = [f"{p}/tcp" for p in sorted(PORTS)]
    for _ in range(ROUNDS):
        times.setdefault("audit", []).append(guest.doorward("audit", "--json").seconds)
        measured(guest, times, "close", guest.doorward("close", "--yes", *words), True)
        measured(guest, times, "undo", guest.doorward("undo"), False)
        measured(guest, times, "shell loop", guest.shell(LOOP), True)
        measured(guest, times, "shell, back", guest.shell(BACK), False)
        measured(guest, times, "shell, all at once", guest.shell(ONCE), True)
        guest.shell(BACK)
        guest.await_doors(lambda d: PORTS <= {k[2] for k in d}, 15)
    close = statistics.median(times["close"])
    print(f"{len(PORTS)} doors: {len(UNITS)} units, {len(LINES)} lines of inetd; median of {ROUNDS}, and how many times the close")
    for name, seconds in times.items():
        print(f"  {name:20} {statistics.median(seconds) * 1000:8.0f} ms {statistics.median(seconds) / close:6.2f} x")
