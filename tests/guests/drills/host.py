# SPDX-License-Identifier: LGPL-2.1-or-later
"""doorward host on a booted host: each check failing and passing, fixed and undone without residue, while people log in
by ssh. What is true is asked of the files, of sshd -T and of ssh from outside."""
import json
import threading
import time

import inventory
import logins
from cycle import DONE, SOME
from guest import run

# What somebody did to the host, and the checks that have to see it. sshd reads its settings when it is told to.
WORSE = """
sed -i 's#^games:.*#games:x:5:60:games:/usr/games:/bin/bash#' /etc/passwd
echo 'ann::20000:0:99999:7:::' >>/etc/shadow
echo 'ann:x:1777:1777::/home/ann:/bin/sh' >>/etc/passwd; echo 'ann:x:1777:' >>/etc/group
mkdir -m 0777 /home/ann; chown 1777 /home/ann; mkdir -m 0700 /home/ann/.ssh; touch /home/ann/.ssh/authorized_keys
chown -R 1777 /home/ann; chmod 0777 /home/ann; chmod 0666 /home/ann/.ssh/authorized_keys; touch /home/ann/.rhosts
chmod 0646 /etc/group; chmod 0644 /etc/ssh/ssh_host_rsa_key
echo 'twin:x:0:0::/:/usr/sbin/nologin' >>/etc/passwd
sed -i '1i PermitRootLogin yes\\nPermitEmptyPasswords yes\\nMaxAuthTries 50\\nX11Forwarding yes\\nIgnoreRhosts no' \\
    /etc/ssh/sshd_config
kill -HUP $(cat /run/sshd.pid)
"""
BETTER = """
sed -i '/^twin:/d; /^ann:/d' /etc/passwd; sed -i '/^ann:/d' /etc/shadow /etc/group; rm -rf /home/ann
sed -i 's#^games:.*#games:x:5:60:games:/usr/games:/usr/sbin/nologin#' /etc/passwd
chmod 0644 /etc/group; chmod 0600 /etc/ssh/ssh_host_rsa_key
sed -i 1,5d /etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid)
"""
FIXED = {"empty-passwords", "service-shells", "account-files", "homes", "authorized-keys", "sshd-files", "sshd-root",
         "sshd-empty-passwords", "sshd-limits", "sshd-forwarding", "sshd-leftovers"}
LEFT = {"root-twins", "rhosts", "sshd-allow"}
REFUSED = "Connection refused"      # ssh's words for ECONNREFUSED
PATIENCE = 10       # seconds, for a machine that is busy
SSHD = ["sshd-root", "sshd-empty-passwords", "sshd-limits", "sshd-forwarding", "sshd-leftovers"]


def look(guest, *words):
    ran = guest.doorward("host", "--json", *words)
    return ran.code, {c["id"]: c for c in json.loads(ran.out)["checks"]}


def stated(guest):
    """What sshd says of itself."""
    lines = guest.inside("/usr/sbin/sshd", "-T").out.splitlines()
    return {x.split(" ", 1)[0]: x.partition(" ")[2] for x in lines}


class People(threading.Thread):
    """Log in all the time. While sshd reads its settings its socket is closed for some milliseconds: who is refused at first
    tries again at once, and it is counted how often that was, and for how long."""

    def __init__(self, guest):
        super().__init__()
        self.guest, self.on, self.good, self.bad, self.refused = guest, True, 0, [], []

    def login(self):
        words = self.guest.ssh_words("root", "true")
        ran = run(words, "ssh", 120)
        since = begun = time.monotonic()
        if REFUSED not in ran.err:
            return ran
        while REFUSED in ran.err and begun < since + PATIENCE:
            begun = time.monotonic()
            ran = run(words, "ssh again", 120)
        self.refused.append(begun - since)
        return ran

    def run(self):
        while self.on:
            ran = self.login()
            if ran.code == 0:
                self.good += 1
            else:
                self.bad.append(ran.text())

    def done(self):
        self.on = False
        self.join()
        return self.good, self.bad


def meanwhile(tests, word, people):
    """What became of all of them: none was shut out. What OpenSSH itself refuses at a reload is told."""
    for p in people:
        p.on = False
    ends = [p.done() for p in people]
    good, bad = sum(g for g, _ in ends), sum((b for _, b in ends), [])
    refused = sum((p.refused for p in people), [])
    tests.say(f"{word}: of {good + len(bad)} logins meanwhile {len(refused)} were refused at first, the longest for "
              f"{max(refused, default=0) * 1000:.0f} ms")
    tests.check(good >= len(people) and not bad, f"{word}: of {good + len(bad)} logins meanwhile none was refused for good",
                "".join(bad[:3]))


def fails_and_passes(guest):
    t = guest.tests
    code, before = look(guest)
    seen = {i for i in FIXED | LEFT if before[i]["result"] == "fails"}
    t.check(not seen - {"sshd-forwarding", "sshd-allow"}, "host: nothing of it fails before", str(sorted(seen)))
    # lists of apt that are compressed, and what a container does not show of the machine around it, are unknown indeed
    blind = [i for i in before if before[i]["result"] == "unknown" and before[i]["category"] in ("accounts", "login")]
    t.check(not blind, "host: root sees all", str(blind))
    guest.shell(WORSE)
    time.sleep(0.5)
    code, after = look(guest)
    t.check(code == SOME, "host: it fails with 1")
    for i in sorted(FIXED | LEFT):
        t.check(after[i]["result"] == "fails", f"host: {i} sees it", str(after[i]))
    for i in sorted(FIXED):
        t.check(after[i]["changes"], f"host: {i} would put it right")


def own_session(guest):
    """Over ssh, what could shut out that very session is left."""
    t = guest.tests
    config = guest.read("/etc/ssh/sshd_config")
    ran = guest.keep_evidence(guest.ssh("root", "/usr/bin/doorward host fix sshd-passwords --yes"))
    t.check(ran.code == SOME and "even-my-session" in ran.out, "host: one's own way in is left", ran.text())
    t.check(guest.read("/etc/ssh/sshd_config") == config, "host: and nothing is changed")


def put_right(guest):
    t = guest.tests
    state = inventory.Inventory(guest)
    people = [People(guest) for _ in range(4)]      # one login takes a guest seconds
    for p in people:
        p.start()
    time.sleep(1)
    ran = guest.doorward("host", "fix", "--yes", *sorted(FIXED))
    said = stated(guest)
    t.check(ran.code == DONE, "host fix: done", ran.text()[-2500:])
    code, now = look(guest)
    for i in sorted(FIXED):
        t.check(now[i]["result"] == "ok", f"host fix: {i} is well", str(now[i]))
    want = {"permitrootlogin": ("without-password", "prohibit-password"), "permitemptypasswords": ("no",),
            "x11forwarding": ("no",), "maxauthtries": ("6",), "ignorerhosts": ("yes",)}
    for key, values in want.items():
        t.check(said.get(key) in values, f"host fix: sshd says {key}", str(said.get(key)))
    t.check(guest.shell("grep ^games: /etc/passwd").out.strip().endswith("/nologin"), "host fix: the shell is gone")
    ran = guest.doorward("verify")
    t.check(ran.code == DONE, "host fix: verify", ran.text()[-1500:])
    t.check(guest.shell("ls /etc/passwd.lock /etc/shadow.lock").code != 0, "host fix: no lock is left")
    ran = guest.doorward("undo")
    t.check(ran.code == DONE, "host undo", ran.text()[-2500:])
    meanwhile(t, "host", people)
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"host undo: nothing differs from before ({len(left)} lines)", "\n".join(left))
    t.check(stated(guest).get("permitrootlogin") == "yes", "host undo: sshd has its settings back")


def refused(guest):
    """Settings that sshd would not start with never become its own, and nothing of the run stays."""
    t = guest.tests
    guest.shell("echo 'NoSuchKeyword yes' >>/etc/ssh/sshd_config")
    config, group = guest.read("/etc/ssh/sshd_config"), guest.shell("stat -c %a /etc/group").out
    ran = guest.doorward("host", "fix", "--yes", "account-files", *SSHD)
    t.check(ran.code == 4, "host fix: what sshd refuses fails with 4", ran.text()[-1500:])
    t.check("would not start" in ran.err, "host fix: and says why", ran.err[-600:])
    t.check(guest.read("/etc/ssh/sshd_config") == config, "host fix: sshd's file is as it was")
    t.check(guest.shell("stat -c %a /etc/group").out == group, "host fix: and so is what was done before it")
    t.check(guest.ssh("root", "true").code == 0, "host fix: people log in")
    guest.shell("sed -i '$d' /etc/ssh/sshd_config")


def all_of_it(guest):
    state = inventory.Inventory(guest)
    fails_and_passes(guest)
    own_session(guest)
    refused(guest)
    put_right(guest)
    guest.shell(BETTER)
    time.sleep(0.5)
    logins.all_of_it(guest, People, meanwhile)
    # an sshd whose socket is systemd's ends by SIGHUP, and is there again with the next login
    guest.tests.check(guest.ssh("root", "true").code == 0, "host: people log in at the end")
    time.sleep(1)
    left = state.difference(inventory.Inventory(guest), times=False)
    guest.tests.check(not left, "host: the guest is as it was", "\n".join(left))
