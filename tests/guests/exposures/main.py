#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Started by ../exposure. For each filter: load it, ask doorward, call every door from every network, compare."""
import json
import os
import random
import sys
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import chance  # noqa: E402
import changes  # noqa: E402
import compare  # noqa: E402
import foreign  # noqa: E402
import lab as labs  # noqa: E402
from guest import Failure, Guest, Tests, run  # noqa: E402
from lab import DOORS, INSIDE, PUBLISHED, SOURCES, Lab  # noqa: E402

FULL = bool(os.environ.get("DW_EXPOSURE_FULL"))
SEED = int(os.environ.get("DW_EXPOSURE_SEED", "1"))
ONLY = os.environ.get("DW_EXPOSURE_ONLY", "")
LOUD = bool(os.environ.get("DW_EXPOSURE_LOUD"))
WAIT, LONG, LAST = 1.0, 4.0, 20.0   # seconds for an answer; for one that the audit promises; before that is called a failure
QUICK_FOREIGN, QUICK_CHANCE, QUICK_POLICIES, MANY, MANY_STYLES = 12, 5, 5, 40, 8
PUBLISHED_DOORS = [("tcp", p) for p in PUBLISHED] + [("udp", 8053)]
# What a filter that has the word in it leaves behind, and "nft flush ruleset" does not take away.
RESET = {
    "firewall": "systemctl stop firewalld; rm -rf /etc/firewalld/zones/* /etc/firewalld/ipsets/* /etc/firewalld/policies/*; "
                "sed -i s/^DefaultZone=.*/DefaultZone=public/ /etc/firewalld/firewalld.conf",
    "ip rule": "\n".join(f"ip {v} rule show pref 0 | grep -q . || ip {v} rule add pref 0 lookup local\n"
                         f"for n in 5 6 100; do ip {v} rule del pref $n 2>/dev/null || :; done" for v in ("-4", "-6")),
    "ufw": "ufw --force disable; sed -i s/^IPV6=.*/IPV6=yes/ /etc/default/ufw",
    "legacy": "for p in iptables-legacy-restore ip6tables-legacy-restore; do "
              "printf '*%b\\nCOMMIT\\n' nat mangle raw 'filter\\n:INPUT ACCEPT\\n:FORWARD ACCEPT\\n:OUTPUT ACCEPT' | $p; done",
}


def chosen(name):
    return not ONLY or any(word in name for word in ONLY.split(","))


class Exposure:
    def __init__(self, tests, guest):
        self.tests, self.guest, self.lab = tests, guest, Lab(guest)
        self.settings = []
        self.script = ""
        self.asked = self.unknown = 0

    # --- a filter ---

    def reset(self):
        for name, value in self.settings:
            self.guest.shell(f"echo {value} >/proc/sys/net/{name}")
        self.settings = []
        self.guest.shell("\n".join([*(text for word, text in RESET.items() if word in self.script), "nft flush ruleset"]))

    def load(self, scene):
        self.reset()
        self.script = scene.script
        self.guest.write("/root/load", scene.script)
        ran = self.guest.keep_evidence(self.guest.shell("sh -e /root/load"))
        if not self.tests.check(ran.code == 0, f"{scene.name}: is loaded", ran.text()[-1500:]):
            return False
        for setting in scene.settings:
            name, _, value = setting.partition("=")
            self.settings.append((name, self.guest.shell(f"cat /proc/sys/net/{name}").out.strip()))
            self.guest.shell(f"echo {value} >/proc/sys/net/{name}")
        return True

    def audit(self, scene, policy):
        ran = self.guest.doorward("audit", "--json", *(["--policy", "/run/policy"] if policy else []))
        try:
            doors = json.loads(ran.out)["doors"]
        except ValueError:
            doors = []
        self.tests.check(ran.code in (0, 1, 3) and doors, f"{scene.name}: an audit", ran.text()[-1500:])
        return [d for d in doors if self.is_looked_at(d)]

    def is_looked_at(self, door):
        if door["netns"] != "host" or door["port"] is None:
            return False
        key = (door["protocol"], door["port"])
        return key in PUBLISHED_DOORS or any(key == (d[0], d[2]) for d in DOORS)

    # --- the calls ---

    def targets(self, door):
        """(address, interface that has it)"""
        address = door["address"]
        own = [(a, i) for i, some in self.own.items() for a in some]
        if address == "0.0.0.0":
            return [(a, i) for a, i in own if ":" not in a]
        if address == "::":
            return [(a, i) for a, i in own if ":" in a or door["family"] == "dual"]
        return [(a, i) for a, i in own if a == address] or [(address, "lo")]

    def calls(self, door):
        """{call: the source that it stands for}"""
        calls = {}
        for address, interface in self.targets(door):
            for who, sources in SOURCES.items():
                for source in sources:
                    if (":" in source) != (":" in address):
                        continue
                    to = address
                    if address.startswith("fe80:"):     # the link's own: with the interface that leads there
                        if labs.WIRES.get(who, [None])[0] != interface:
                            continue
                        to = f"{address}%{labs.WIRES[who][1]}"
                    if who == "self":
                        source = address
                    calls[(who, door["protocol"], source, to, door["port"])] = source if who != "self" else "self"
        return calls

    def ask(self, doors):
        """The calls of each door, and what was heard of each source."""
        calls = [self.calls(d) for d in doors]
        heard = self.lab.call(list({c for some in calls for c in some}), WAIT)
        reached = []
        for some in calls:
            of = {}
            for call, source in some.items():
                of[source] = of.get(source) or heard[call]
            reached.append(of)
        return calls, reached

    def again(self, scene, promised):
        """What the audit says gets through did not: more time, and the ports that the rules like. {key: letter}"""
        heard = {}
        for port, wait in [(None, LONG), *((p, WAIT) for p in scene.crafted), (None, LAST)]:
            calls = {}
            for key, some in promised.items():
                for c in some if key not in heard else ():
                    calls.setdefault(c if port is None else c + (port,), []).append(key)
            for call, letter in (self.lab.call(list(calls), wait) if calls else {}).items():
                heard.update((key, letter) for key in calls[call] if letter)
        return heard

    # --- the comparison ---

    def may_be_unknown(self, scene, door, source):
        return scene.doubt == foreign.ALL or door["port"] in scene.doubt or source == "self"

    @staticmethod
    def led_by_another(doors, door, source):
        """Another rule leads the same port to the same end, and its door says that this source gets there."""
        return door["kind"] == "forwarded" and any(
            d is not door and d["kind"] == "forwarded" and d["target"] == door["target"] and
            (d["protocol"], d["port"]) == (door["protocol"], door["port"]) and
            (compare.said_of_host(d) if source == "self" else compare.said(d, source)) for d in doors)

    def compare(self, scene, doors):
        calls, reached = self.ask(doors)
        wrong, promised = [], {}

        def note(i, source, text):
            door, f = doors[i], doors[i]["exposure"]
            wrong.append(f"{door['kind']} {door['address']}:{door['port']}/{door['protocol']} from {source}: {text} "
                         f"({f['filtered']}; {f['filter']['why']}; {f['filter']['rule']})")
        for i, heard in enumerate(reached):
            for source, letter in heard.items():
                says = compare.said_of_host(doors[i]) if source == "self" else compare.said(doors[i], source)
                real = compare.answered(letter, doors[i])
                self.asked += 1
                self.unknown += says is None
                if says is None and not self.may_be_unknown(scene, doors[i], source):
                    note(i, source, f"unknown, though nothing is in doubt; heard: {letter}")
                elif says and not real:
                    promised[i, source] = [c for c, s in calls[i].items() if s == source]
                elif says is False and real and not self.led_by_another(doors, doors[i], source):
                    note(i, source, f"said to stay out, heard: {letter}")
        heard = self.again(scene, promised)
        for i, source in promised:
            if not compare.answered(heard.get((i, source)), doors[i]):
                note(i, source, "said to get through, not heard")
        return wrong

    def try_one(self, scene, policy=None):
        if not chosen(scene.name):
            return None
        if policy:
            self.guest.shell(f"cat >/run/policy <<'END'\n{policy}END")
        if not self.load(scene):
            return None
        before = changes.rules(self.guest)
        doors = self.audit(scene, policy)
        self.tests.check(changes.rules(self.guest) == before, f"{scene.name}: the host's rules are as they were")
        there = {(d["protocol"], d["port"]) for d in doors}
        missing = [d for d in DOORS if (d[0], d[2]) not in there]
        self.tests.check(not missing, f"{scene.name}: every door is told", str(missing))
        unfiltered = [(d["protocol"], d["port"]) for d in doors if not d["exposure"]["filter"]]
        self.tests.check(not unfiltered, f"{scene.name}: of every door who may", str(unfiltered)[:500])
        asked, unknown = self.asked, self.unknown
        doors = [d for d in doors if d["exposure"]["filter"]]
        wrong = self.compare(scene, doors)
        guessed = [d["port"] for d in doors if scene.doubt != foreign.ALL and d["port"] in scene.doubt and
                   d["exposure"]["filtered"] != "unknown" and d["exposure"]["filter"]["complete"]]
        self.tests.check(not guessed, f"{scene.name}: what is in doubt is not guessed", str(guessed))
        evidence = "\n".join(wrong)
        self.tests.check(not wrong, f"{scene.name}: {len(wrong)} differences", evidence)
        if wrong:
            with open(os.path.join(self.guest.evidence, f"{scene.name.replace(' ', '-')}.txt"), "w", encoding="utf-8") as f:
                f.write(f"{policy or ''}\n{scene.script}\n{evidence}\n{json.dumps(doors, indent=1)}\n")
        if LOUD:
            self.tests.say(f"{scene.name}: {len(doors)} doors, {self.asked - asked} answers, {self.unknown - unknown} unknown, "
                           f"{len(wrong)} differ")
        return doors

    def own_addresses(self):
        self.own = {}
        for link in json.loads(run(["ip", "-j", "-n", INSIDE, "addr"]).out):
            if link["ifname"] not in ("lo", "vethbox"):
                self.own[link["ifname"]] = [a["local"] for a in link["addr_info"]]

    def all_of_it(self):
        self.lab.open()
        try:
            self.own_addresses()
            for scene in foreign.SCENES[:None if FULL or ONLY else QUICK_FOREIGN]:
                self.try_one(scene)
            for i in range(MANY if FULL or ONLY else QUICK_CHANCE):
                self.try_one(chance.ruleset(i, random.Random(f"{SEED} rules {i}")))
            for i in range(MANY if FULL or ONLY else QUICK_POLICIES):
                self.try_one(*chance.fence(i, random.Random(f"{SEED} policy {i}")))
            for i in range(MANY_STYLES if FULL or ONLY else 1):
                changes.styles(self, lambda n, style: chance.styled(n, random.Random(f"{SEED} style {n}"), style), i)
            for scene in foreign.SCENES:
                if scene.name in (foreign.LIVES if FULL or ONLY else foreign.LIVES[:1]) and chosen("life " + scene.name):
                    changes.lives(self, scene)
        finally:
            self.lab.close()


def main():
    tests = Tests()
    guest = Guest("wall", tests)
    try:
        guest.boot(*([] if os.environ.get("DW_EXPOSURE_AGAIN") else ["--fresh"]))
        guest.install()
        exposure = Exposure(tests, guest)
        exposure.all_of_it()
        tests.say(f"{exposure.asked} answers looked at, {exposure.unknown} of them unknown")
    except Failure as e:
        tests.check(False, str(e), traceback.format_exc())
    print(f"{tests.passed} passed, {tests.failed} failed", flush=True)
    return 1 if tests.failed or not tests.passed else 0


if __name__ == "__main__":
    sys.exit(main())
