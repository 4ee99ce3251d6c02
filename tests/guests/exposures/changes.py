# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fence beside rules of others: it is loaded, kept, taken back, and each time all that others made is as it was; what
ufw and firewalld are given by `preview` is taken by them, and lets in no more than our own rules would."""
import re

import compare

POLICY = 'default close\nkeep ssh from 10.9.0.0/24 fd09::/64 because "the drill"\nkeep http from any because "the drill"\n'
BEFORE = "/etc/doorward/policy"
# The first word that a filter's name has, and what preview must say then.
SAID = {"ufw": "ufw is enabled", "firewalld": "inet firewalld", "legacy": "iptables-legacy", "": "other tables stand here"}


def without_numbers(text):
    """As iptables-save has it: without times and counters."""
    return re.sub(r"\[\d+:\d+\]", "[0:0]", re.sub(r"^#.*\n", "", text, flags=re.M))


def rules(guest):
    return without_numbers(guest.shell("nft -s list ruleset; iptables-legacy-save; ip6tables-legacy-save").out)


def of_others(text):
    """Without our table."""
    return re.sub(r"^table inet doorward \{\n.*?^\}\n", "", text, flags=re.M | re.S)


class Life:
    def __init__(self, exposure, scene):
        self.t, self.guest, self.scene = exposure.tests, exposure.guest, scene
        self.before = rules(self.guest)

    def fence(self, *words, good=(0,)):
        ran = self.guest.doorward("fence", *words)
        self.t.check(ran.code in good, f"{self.scene.name}: fence {words[0]} ends with {good}", ran.text()[-1500:])
        return ran

    def loaded(self, what, there=True):
        now = rules(self.guest)
        self.t.check(("table inet doorward" in now) == there, f"{self.scene.name}, {what}: our table", now[-500:])
        self.t.check(of_others(now) == of_others(self.before), f"{self.scene.name}, {what}: what others made is as it was",
                     difference(self.before, now))

    def as_before(self, what):
        now = rules(self.guest)
        self.t.check(now == self.before, f"{self.scene.name}, {what}: the ruleset is byte for byte as before",
                     difference(self.before, now))

    def conflicts_are_said(self):
        said = self.fence("preview", "--style", "nft", good=(0, 1)).err
        words = next(text for word, text in SAID.items() if word in self.scene.name)
        self.t.check(re.search(f"conflict: .*{words}", said), f"{self.scene.name}: the conflict is said: {words}", said)

    def go(self):
        self.conflicts_are_said()
        self.fence("apply", "--yes", "--confirm-within", "600s")
        self.loaded("on trial")
        self.fence("revert")
        self.as_before("reverted")
        self.fence("apply", "--yes", "--confirm-within", "600s")
        self.fence("confirm")
        self.loaded("kept")
        self.others_begin_anew()
        self.fence("off")
        self.guest.doorward("undo")
        self.loaded("off, undone")
        self.guest.doorward("undo")
        self.as_before("undone")

    def others_begin_anew(self):
        """Their own commands leave ours, and ours left what they need for that."""
        if "ufw" in self.scene.name:
            self.guest.shell("ufw reload")
            self.loaded("ufw reload")
        if "firewalld" in self.scene.name:
            self.guest.shell("firewall-cmd --reload")
            now = rules(self.guest)
            self.t.check("table inet doorward" in now, f"{self.scene.name}: our table is there after a reload of firewalld")
            self.before = of_others(now)


def difference(before, now):
    old, new = before.splitlines(), now.splitlines()
    return "\n".join([f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old])


def lives(exposure, scene):
    """Beside the rules of others: loaded, kept, taken back."""
    exposure.guest.write(BEFORE, POLICY)
    if exposure.load(scene):
        Life(exposure, scene).go()
    exposure.guest.shell(f"rm -f {BEFORE}; doorward fence off --yes; rm -rf /var/lib/doorward")


# --- what others are given ---

def reached_by(exposure, scene, policy):
    """{(protocol, port, source)} of what was heard."""
    doors = exposure.try_one(scene, policy)
    if doors is None:
        return None
    calls, reached = exposure.ask(doors)
    return {(d["protocol"], d["port"], source) for d, _, heard in zip(doors, calls, reached)
            for source, letter in heard.items() if source != "self" and compare.answered(letter, d)}


def styles(exposure, make, number):
    """The same policy by our own table, by ufw, by firewalld and by iptables, each loaded by its own tool."""
    ours = None
    for style in ("nft", "iptables", "ufw", "firewalld"):
        scene, policy = make(number, style)
        reached = reached_by(exposure, scene, policy)
        if reached is None:
            continue
        if style == "nft":
            ours = reached
            continue
        more = sorted(map(str, reached - (ours or set())))
        exposure.tests.check(not more, f"{scene.name}: lets in no more than our own table ({len(more)} more)",
                             "\n".join(more) + "\n" + exposure.guest.shell("cat /run/fence.out /run/fence.said").out)
        less = sorted(map(str, (ours or set()) - reached))
        exposure.tests.check(not less, f"{scene.name}: lets in no less than our own table ({len(less)} less)",
                             "\n".join(less) + "\n" + exposure.guest.shell("cat /run/fence.out /run/fence.said").out)
