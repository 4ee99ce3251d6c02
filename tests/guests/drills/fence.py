# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fence over real ssh sessions: refused when it would cut them; forced, it comes back by itself, whoever dies. What is
true is asked of nft(8) in the guest and of ssh from outside. DW_DRILL_FENCE=N: so many lock-outs (50), which are shared out
among twins of a guest."""
import collections
import os
import random
import signal
import subprocess
import time

from cycle import DONE
from guest import run

FAILED = 4
CUTTING, NOBODY = "/etc/doorward/cutting", "default close\nkeep ssh from 10.200.0.0/16 because \"the drill\"\n"
WITHIN = 10     # seconds of a trial that nobody confirms
PATIENCE = 120  # seconds that only a failure takes
LOCKOUTS = 50
GUARD = ("find /etc -name '*doorward-trial*'; [ ! -d /run/systemd/system ] || "
         "systemctl list-units --all --no-legend 'doorward-*'; pgrep -af '[d]oorward undo'")


def rules(guest):
    return guest.inside("nft", "-s", "list", "ruleset").out


def login(guest, limit=3):
    words = [w.replace("ConnectTimeout=30", f"ConnectTimeout={limit}") for w in guest.ssh_words("root", "true")]
    return run(words, "ssh", limit + 60).code == 0


def await_login(guest, seconds):
    """Seconds until somebody may log in again; None: nobody may."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if login(guest, 2):
            return time.monotonic() - begun
        time.sleep(0.3)
    return None


def over_ssh(guest, command):
    return guest.keep_evidence(guest.ssh("root", command))


def forced(within=WITHIN):
    return f"/usr/bin/doorward fence apply --yes --policy {CUTTING} --even-my-session --confirm-within {within}s"


def is_loaded(guest):
    return guest.shell("nft list tables | grep -q 'inet doorward'").code == 0


def becomes(wanted, ask):
    """What was answered when it was as wanted, or at last."""
    end = time.monotonic() + PATIENCE
    while (now := ask()) != wanted and time.monotonic() < end:
        time.sleep(0.3)
    return now


def back(guest, before, what, tried):
    """True: somebody may log in again."""
    t = guest.tests
    took = await_login(guest, WITHIN + PATIENCE)
    t.check(took is not None, f"{what}: somebody may log in again", rules(guest))
    if took is None:    # the drill goes on: the guest is not lost for the others
        guest.inside("nft", "delete", "table", "inet", "doorward")
    tried.longest = max(tried.longest, took or 0)
    now = becomes(before, lambda: rules(guest))
    t.check(now == before, f"{what}: the ruleset is byte for byte as before", now)
    ran = guest.doorward("undo")
    t.check(ran.code in (0, 1), f"{what}: nothing is left to be undone", ran.text()[-1500:])
    # the service that put it back is itself a unit, and goes when it has ended
    left = becomes("", lambda: guest.shell(GUARD).out.strip())
    t.check(not left, f"{what}: no trace of the guard", left)
    return took is not None


def is_cut(guest, what):
    """Nobody may log in, as long as the rules stand: where the machine is slow their time may be over by now."""
    cut = not login(guest)
    guest.tests.check(cut or not is_loaded(guest), f"{what}: nobody may log in", rules(guest))
    return cut


def refused(guest):
    t = guest.tests
    before = rules(guest)
    ran = over_ssh(guest, f"/usr/bin/doorward fence apply --yes --policy {CUTTING}")
    t.check(ran.code == FAILED, "a fence that would cut the session is refused with 4", ran.text()[-2500:])
    t.check("your own way in" in ran.err, "it says so", ran.text()[-2500:])
    t.check(rules(guest) == before, "refused: the ruleset is as before")
    ran = over_ssh(guest, f"/usr/bin/doorward fence rehearse --policy {CUTTING}")
    t.check("YOUR OWN WAY IN WOULD BE CUT" in ran.out, "rehearse says so too", ran.text()[-2500:])
    wide = [line for line in ran.out.splitlines() if len(line) > 80]
    t.check(not wide, "rehearse: within 80 columns", "\n".join(wide))


def lockout(guest, what, tried):
    """Forced, and left alone. tried.apply: how long the command takes here, as what kills it has to know."""
    t = guest.tests
    before, begun = rules(guest), time.monotonic()
    ran = over_ssh(guest, forced())
    tried.apply = time.monotonic() - begun
    t.check(ran.code == DONE, f"{what}: loaded", ran.text()[-2500:])
    tried.cut += is_cut(guest, what)
    return back(guest, before, what, tried)


def killed(guest, what, tried):
    """SIGKILL at any moment of it: before the timer is there nothing is loaded, behind it the timer is there."""
    before = rules(guest)
    with subprocess.Popen(guest.ssh_words("root", forced()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as session:
        time.sleep(random.uniform(0.1, 1.1) * tried.apply)
        guest.shell("pkill -KILL -x doorward")
        session.send_signal(signal.SIGKILL)
    tried.cut += is_loaded(guest)
    return back(guest, before, what, tried)


def killed_loaded(guest, what, tried):
    """SIGKILL once the rules stand: nobody is left who could confirm, and nobody may log in."""
    before = rules(guest)
    with subprocess.Popen(guest.ssh_words("root", forced()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as session:
        stood = becomes(True, lambda: is_loaded(guest))
        guest.shell("pkill -KILL -f '^/usr/bin/doorward fence apply'")
        session.send_signal(signal.SIGKILL)
    guest.tests.check(stood, f"{what}: the rules stood when it was killed")
    tried.cut += is_cut(guest, what)
    return back(guest, before, what, tried)


def dropped(guest, what, tried):
    """The connection is gone in the middle of the trial; what it ran too."""
    before = rules(guest)
    with subprocess.Popen(guest.ssh_words("root", f"{forced()}; touch /run/fence-runs; sleep 100"), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as session:
        end = time.monotonic() + 60
        while time.monotonic() < end and guest.shell("test -e /run/fence-runs").code:
            time.sleep(0.2)
        session.send_signal(signal.SIGKILL)
    guest.shell("rm -f /run/fence-runs; pkill -KILL -f '^sleep 100$'")
    tried.cut += is_cut(guest, what)
    return back(guest, before, what, tried)


def booted(guest, what, tried):
    """Off and on in the middle of a trial that had an hour left."""
    t = guest.tests
    guest.reboot("--no-settle")
    before = rules(guest)
    ran = over_ssh(guest, forced(3600))
    tried.cut += t.check(ran.code == DONE and not login(guest), f"{what}: loaded, and nobody may log in", ran.text()[-2500:])
    guest.reboot("--no-settle")
    good = back(guest, before, what, tried)
    failed = guest.shell("[ ! -d /run/systemd/system ] || systemctl --failed --no-legend").out
    t.check("doorward" not in failed, f"{what}: the guard did not fail", failed)
    return good


class Tried:
    """Lock-outs: how many of each kind, in how many the way in was really cut, who came back, and behind how many seconds."""

    def __init__(self):
        self.kinds, self.cut, self.back, self.apply, self.longest = collections.Counter(), 0, 0, 4.0, 0

    def one(self, guest, kind):
        self.kinds[kind.__name__] += 1
        self.back += kind(guest, f"{kind.__name__} {self.kinds[kind.__name__]}", self)

    def judge(self, tests, wanted):
        """All were tried, and nobody could get in in most of those where the rules must have stood."""
        total = sum(self.kinds.values())
        tests.check(total == wanted, f"lock-outs: {total} of {wanted} were tried")
        must = total - self.kinds["killed"]
        tests.check(2 * self.cut >= must, f"lock-outs: the way in was cut in {self.cut}, and must have been in {must}")

    def words(self):
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.kinds.items())
        total = sum(self.kinds.values())
        # added up by ../drill, over the twins
        return (f"{total} lock-outs tried ({kinds}), the way in was cut in {self.cut}, {total - self.back} stayed locked out; "
                f"the longest lasted {self.longest:.0f} s")


def verified(guest, loaded):
    """verify sees what became of the table, and of what loads it at boot; and that nothing did."""
    t = guest.tests

    def says(code, what, *words):
        ran = guest.doorward("verify")
        t.check(ran.code == code, f"verify, {what}: ends with {code}", ran.text()[-2500:])
        for word in words:
            t.check(word in " ".join(ran.out.split()), f"verify, {what}: says {word}", ran.text()[-2500:])
    says(DONE, "the fence stands", "the packet filter as it was loaded")
    guest.inside("nft", "insert", "rule", "inet", "doorward", "input", "tcp", "dport", "23", "accept")
    says(1, "a rule was put in", "1 line is new", "tcp dport 23 accept")
    guest.inside("nft", "delete", "table", "inet", "doorward")
    says(1, "the table was taken away", "is gone from the packet filter", "Changed by", "nft -f /etc/doorward/fence.nft")
    guest.shell("nft -f /etc/doorward/fence.nft")
    t.check(rules(guest) == loaded, "verify's own advice loads the same rules", rules(guest))
    says(DONE, "loaded again")
    guest.shell("systemctl disable doorward-fence.service")
    says(1, "no boot loads it", "doorward-fence.service")
    guest.shell("systemctl enable doorward-fence.service")
    says(DONE, "a boot loads it again")


def flushed(guest, before, when):
    """nftables.service flushes all rules whenever it is started, stopped or reloaded: ours come back, in a moment."""
    t = guest.tests
    for act in ("reload", "restart"):
        ran = guest.inside("systemctl", act, "nftables")
        end = time.monotonic() + PATIENCE
        while "table inet doorward" not in rules(guest) and time.monotonic() < end:
            time.sleep(0.1)
        t.check(ran.code == 0 and "table inet doorward" in rules(guest), f"{when}: there behind a {act} of nftables",
                ran.text() + rules(guest))
        t.check(rules(guest).count("\n") == before.count("\n"), f"{when}, {act}: the same rules", rules(guest))


def kept(guest):
    """Confirmed over a new connection, and over no other; there after a boot; undone without a trace."""
    t = guest.tests
    before = rules(guest)
    ran = over_ssh(guest, "/usr/bin/doorward fence apply --yes --confirm-within 300s && /usr/bin/doorward fence confirm")
    t.check(ran.code == FAILED and "was there before" in ran.err, "confirm over the same connection is refused",
            ran.text()[-2500:])
    loaded = rules(guest)
    t.check("table inet doorward" in loaded, "it is loaded", loaded)
    t.check(not os.path.exists(guest.path("/etc/doorward/fence.nft")), "nothing lasts before it is confirmed")
    ran = over_ssh(guest, "/usr/bin/doorward fence confirm")
    t.check(ran.code == DONE, "confirm over a new connection", ran.text()[-2500:])
    t.check(rules(guest) == loaded, "confirmed: the same rules")
    active = guest.inside("systemctl", "is-active", "doorward-fence").out.strip()
    t.check(active == "active", "confirmed: the unit is active without a boot", active)
    verified(guest, loaded)
    flushed(guest, loaded, "confirmed")
    guest.reboot("--no-settle")
    t.check("table inet doorward" in rules(guest), "confirmed: there after a boot", rules(guest))
    t.check(await_login(guest, PATIENCE) is not None, "confirmed: somebody may log in after the boot")
    t.check(guest.doorward("verify").code == DONE, "verify after the boot: it stands")
    flushed(guest, rules(guest), "after a boot")
    ran = guest.doorward("verify")
    t.check(ran.code == DONE, "verify after nftables was started again and reloaded: it stands", ran.text()[-2000:])
    ran = over_ssh(guest, "/usr/bin/doorward fence revert")
    t.check(ran.code == DONE, "revert", ran.text()[-2500:])
    t.check(rules(guest) == before, "reverted: the ruleset is byte for byte as before", rules(guest))
    t.check(not os.path.exists(guest.path("/etc/doorward/fence.nft")), "reverted: no file")
    left = guest.shell("find /etc -name '*doorward-fence*'").out
    t.check(not left, "reverted: no unit", left)


def narrowed(guest, port="8301"):
    """A door that no setting narrows: the filter does, at once and after a boot; undone without a trace."""
    t = guest.tests
    before = rules(guest)
    guest.write("/etc/doorward/narrow", f"default report\nkeep {port}/tcp from 10.200.0.0/16 because \"the drill\"\n")

    def reaches(seconds=0):
        end = time.monotonic() + seconds
        while not once():
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def once():
        return run(["ip", "netns", "exec", guest.scan, "python3", "-c",
                    f"import socket; socket.create_connection(('{guest.address}', {port}), 3)"], "connect", 300).code == 0
    t.check(reaches(PATIENCE), "narrowed: reached before")
    ran = guest.doorward("close", "--yes", "--policy", "/etc/doorward/narrow")
    t.check(ran.code in (DONE, 1, 3), "narrowed: closed", ran.text()[-2500:])
    t.check("chain narrowed" in rules(guest) and not reaches(), "narrowed: not reached any more", ran.text()[-2500:])
    guest.reboot("--no-settle")
    t.check("chain narrowed" in rules(guest) and not reaches(), "narrowed: nor after a boot", rules(guest))
    ran = guest.doorward("undo")
    t.check(ran.code == DONE and reaches(PATIENCE), "narrowed: undone", ran.text()[-2500:])
    t.check(rules(guest) == before, "narrowed, undone: the ruleset is byte for byte as before", rules(guest))
    left = guest.shell("find /etc -name '*doorward-fence*' -o -name fence.nft").out
    t.check(not left, "narrowed, undone: no file", left)


PROBED = "/etc/default/rpcbind"     # its script sources it: what the first listener of the boot finds
UP = "/etc/network/if-up.d/drill"    # what ifupdown finds when the first interface is up
HOOK = "/etc/network/if-pre-up.d/doorward-fence"


def hooked(guest):
    """The interface comes up whatever becomes of the rules, and rules that stand are not loaded again."""
    t = guest.tests
    loaded = rules(guest)
    guest.inside("nft", "insert", "rule", "inet", "doorward", "input", "tcp", "dport", "23", "accept")
    t.check(guest.shell(HOOK).code == 0 and "dport 23 accept" in rules(guest), "hook: what stands is left alone", rules(guest))
    guest.inside("nft", "delete", "table", "inet", "doorward")
    t.check(guest.shell(HOOK).code == 0 and rules(guest) == loaded, "hook: loads what does not stand", rules(guest))
    guest.inside("nft", "delete", "table", "inet", "doorward")
    guest.shell("mv /etc/doorward/fence.nft /root/; echo nonsense >/etc/doorward/fence.nft")
    t.check(guest.shell(HOOK).code == 0, "hook: rules that cannot be loaded keep no interface down")
    guest.shell(f"mv /root/fence.nft /etc/doorward/; {HOOK}")
    t.check(rules(guest) == loaded, "hook: the rules are back", rules(guest))


def early(guest):
    """Without systemd: after a confirm and a boot the table stands before the first listener; and back without a trace."""
    t = guest.tests
    before, depend = rules(guest), guest.shell("cat /etc/init.d/.depend.boot").out
    guest.shell(f"cp -a {PROBED} /root/probed; echo 'nft list tables >/run/fence-probe 2>&1' >>{PROBED}")
    guest.write(UP, "#!/bin/sh\n[ -e /run/fence-up ] || nft list tables >/run/fence-up 2>&1\n")
    guest.shell(f"chmod 755 {UP}")
    guest.write("/etc/doorward/early", "default report\nkeep ssh because \"the drill\"\nkeep smtp because \"the drill\"\n")
    knocking, guest.knocking = guest.knocking, None
    knocking.rest()
    try:
        ran = over_ssh(guest, "/usr/bin/doorward fence apply --yes --policy /etc/doorward/early --confirm-within 300s")
        t.check(ran.code == DONE, "early: loaded", ran.text()[-2500:])
        loaded = rules(guest)
        ran = over_ssh(guest, "/usr/bin/doorward fence confirm")
        t.check(ran.code == DONE, "early: confirmed", ran.text()[-2500:])
        guest.reboot("--no-settle")
        probe = guest.shell("cat /run/fence-probe").out
        t.check("inet doorward" in probe, "early: the first listener of the boot comes behind the table", probe)
        probe = guest.shell("cat /run/fence-up").out
        t.check("inet doorward" in probe, "early: the first interface is up behind the table", probe)
        t.check(rules(guest) == loaded, "early: the same rules after the boot", rules(guest))
        hooked(guest)
        t.check(await_login(guest, PATIENCE) is not None, "early: somebody may log in")
        ran = guest.doorward("fence", "revert")
        t.check(ran.code == DONE, "early: revert", ran.text()[-2500:])
        t.check(rules(guest) == before, "early: the rules are as before", rules(guest))
        t.check(guest.shell("cat /etc/init.d/.depend.boot").out == depend, "early: .depend.boot is as before")
        left = guest.shell("find /etc -name '*doorward-fence*' -o -name fence.nft").out
        t.check(not left, "early: no file is left", left)
        guest.shell(f"cp -a /root/probed {PROBED}; rm /root/probed {UP}")
        guest.reboot()
        guest.harness("live")
        guest.rebooted = False
    finally:
        guest.knocking = knocking
        knocking.go_on()


def without_systemd(guest):
    """Each way once, where a process waits for the time to be over, and a script for the boot."""
    guest.write(CUTTING, NOBODY)
    tried, knocking = Tried(), guest.knocking
    guest.knocking = None
    knocking.rest()
    try:
        for kind in (lockout, dropped, killed_loaded, booted):
            tried.one(guest, kind)
        guest.shell(f"rm {CUTTING}")
        guest.reboot()
        guest.harness("live")
    finally:
        guest.knocking = knocking
        knocking.go_on()
    tried.judge(guest.tests, 4)
    guest.tests.say(tried.words())


def lockouts(guest, share=1, of=1):
    """Half of them killed, half of those once the rules stand; a tenth (one at least) booted, the rest left alone or
    dropped; of all of them the share."""
    guest.write(CUTTING, NOBODY)
    n, tried = int(os.environ.get("DW_DRILL_FENCE", str(LOCKOUTS))), Tried()
    boots, left = max(1, n // 10), max(1, n // 5)
    kinds = [lockout] * left + [dropped] * left + [booted] * boots
    kills = max(4, n - len(kinds))
    kinds += [killed] * (kills // 2) + [killed_loaded] * (kills - kills // 2)
    knocking, guest.knocking = guest.knocking, None       # a reboot would let it go on
    knocking.rest()
    try:
        for kind in kinds[share - 1::of]:
            tried.one(guest, kind)
    finally:
        guest.knocking = knocking
        knocking.go_on()
    tried.judge(guest.tests, len(kinds[share - 1::of]))
    guest.tests.say(tried.words())


def all_of_it(guest):
    guest.write(CUTTING, NOBODY)
    knocking = guest.knocking
    knocking.rest()
    guest.knocking = None
    try:
        refused(guest)
        kept(guest)
        narrowed(guest)
    finally:
        guest.knocking = knocking
        knocking.go_on()
