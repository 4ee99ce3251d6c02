# SPDX-License-Identifier: LGPL-2.1-or-later
"""A password goes only where a key lets in: real people log in from outside, by key and by password, before, while and
after sshd's settings change; and where nobody would get in any more, nothing is changed, or all is put back."""
import os

import inventory
from cycle import DONE, SOME
from guest import BASE, run

WORD = "Correct-Horse-7"
OURS = "/etc/ssh/sshd_config.d/00-doorward.conf"
X = "/etc/ssh/sshd_config.d/x.conf"
# Where systemd holds sshd's socket SIGHUP ends it, and the next login starts it: more often than its limit of starts allows.
AGAIN = """[ ! -e /run/sshd.pid ] || kill -HUP $(cat /run/sshd.pid)
[ ! -d /run/systemd/system ] || systemctl reset-failed ssh.service
sleep 0.5"""
PREPARE = f"""
cp -p /etc/shadow /root/shadow.kept; echo 'pat:{WORD}' | chpasswd
"""
BACK = f"""
cat /root/shadow.kept >/etc/shadow; touch -r /root/shadow.kept /etc/shadow; rm -f /root/shadow.kept {X}; {AGAIN}
"""
# An sshd that takes no keys once a password is refused, and nobody can foresee it: it has other settings each time it
# starts. Its own -t and -T say nothing of that.
TWISTED = f"""
mkdir -p /opt/lab && mv /usr/sbin/sshd /opt/lab/sshd && cat >/usr/sbin/sshd <<'SH'
#!/bin/bash
case "$*" in
*-[tT]*) ;;
*)  if grep -qi '^PasswordAuthentication no' {OURS} 2>/dev/null
    then echo 'PubkeyAuthentication no' >/etc/ssh/sshd_config.d/zz-lab.conf
    else rm -f /etc/ssh/sshd_config.d/zz-lab.conf
    fi;;
esac
exec -a /usr/sbin/sshd /opt/lab/sshd "$@"
SH
chmod 755 /usr/sbin/sshd
"""
OPTION = """
mkdir -p /opt/lab && mv /usr/sbin/sshd /opt/lab/sshd && cat >/usr/sbin/sshd <<'SH'
#!/bin/bash
case "$*" in
*-[tT]*) ;;
*)  set -- "$@" -o PubkeyAuthentication=no;;
esac
exec -a /usr/sbin/sshd /opt/lab/sshd "$@"
SH
chmod 755 /usr/sbin/sshd
"""
STRAIGHT = f"mv /opt/lab/sshd /usr/sbin/sshd; rmdir /opt/lab; {AGAIN}"


def by_password(guest, user):
    """A real client, which is told the password by a program as ssh-askpass would."""
    helper = os.path.join(BASE, "run", f"{guest.name}.askpass")
    with open(helper, "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\necho '{WORD}'\n")
    os.chmod(helper, 0o700)
    words = guest.ssh_words(user, "true")
    at = words.index("BatchMode=yes")
    words[at:at + 1] = ["BatchMode=no", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
    env = {**os.environ, "SSH_ASKPASS": helper, "SSH_ASKPASS_REQUIRE": "force"}
    return run(words, f"ssh {user} by password", 120, env=env)


def shut_out(guest, settings, why):
    """Each of these left nobody in; now the password stays, and it is said why."""
    t = guest.tests
    guest.write(X, settings)
    guest.shell(AGAIN)
    ran = guest.doorward("host", "fix", "--yes", "sshd-passwords")
    name = settings.split("\n", maxsplit=1)[0]
    t.check(ran.code == SOME and why in ran.out, f"logins: {name}: the password stays", ran.text()[-1500:])
    t.check(guest.shell(f"test -e {OURS}").code != 0, f"logins: {name}: nothing is changed")
    t.check(by_password(guest, "pat").code == 0, f"logins: {name}: pat gets in by it")
    guest.shell(f"rm {X}; {AGAIN}")


def goes(guest, people, meanwhile):
    """With a key for everybody the password goes, and comes back."""
    t = guest.tests
    state = inventory.Inventory(guest)
    someone = people(guest)
    someone.start()
    ran = guest.doorward("host", "fix", "--yes", "sshd-passwords")
    t.check(ran.code == DONE, "logins: with keys the password goes", ran.text()[-1500:])
    refused = by_password(guest, "pat")
    t.check(refused.code == 255 and "ermission denied" in refused.err, "logins: it is no way in now", refused.text())
    t.check(guest.ssh("pat", "true").code == 0, "logins: the key is one")
    ran = guest.doorward("undo")
    t.check(ran.code == DONE, "logins: undo", ran.text()[-1500:])
    meanwhile(t, "logins", [someone])
    t.check(by_password(guest, "pat").code == 0, "logins: pat gets in by the password again")
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"logins: nothing differs from before ({len(left)} lines)", "\n".join(left))


def put_back(guest):
    """What only shows when sshd has read it: keys are taken before, and not afterwards."""
    t = guest.tests
    guest.shell(TWISTED)
    ran = guest.doorward("host", "fix", "--yes", "sshd-passwords")
    t.check(ran.code == 4 and "does not get in any more" in ran.err, "logins: who is shut out has it put back with 4",
            ran.text()[-1500:])
    t.check(guest.shell(f"grep -i ^Password {OURS}").code != 0, "logins: sshd's settings are as they were")
    t.check(guest.ssh("pat", "true").code == 0, "logins: the key lets in again")
    t.check(by_password(guest, "pat").code == 0, "logins: and so does the password")
    guest.shell(STRAIGHT)


def not_taken(guest):
    """The list is well, and the sshd that runs takes none of it (an option of its command line): nothing is begun."""
    t = guest.tests
    guest.shell(f"{OPTION}{AGAIN}")
    ran = guest.doorward("host", "fix", "--yes", "sshd-passwords")
    t.check(ran.code == 4 and "takes none of the keys" in ran.err, "logins: a key that sshd does not take is none",
            ran.text()[-1500:])
    t.check(guest.shell(f"test -e {OURS}").code != 0, "logins: and nothing is begun")
    t.check(by_password(guest, "pat").code == 0, "logins: pat gets in by the password")
    # what was added to its command line stays with a listener that reads its settings anew: this one is started
    guest.shell("mv /opt/lab/sshd /usr/sbin/sshd; rmdir /opt/lab; [ ! -e /run/sshd.pid ] || "
                "{ kill $(cat /run/sshd.pid); sleep 0.5; /usr/sbin/sshd; }; sleep 0.5")


def not_read_yet(guest):
    """What somebody changed and sshd has not read would come true with our reload: nothing is begun."""
    t = guest.tests
    if guest.shell("test -e /run/sshd.pid && kill -0 $(cat /run/sshd.pid)").code != 0:
        return      # where each connection starts one, it is true already
    for settings, why in (("PubkeyAuthentication no\n", "root gets in now, and would not"),
                          ("Port 2299\n", "settings that it has not read yet")):
        guest.write(X, settings)
        ran = guest.doorward("host", "fix", "--yes", "sshd-forwarding")
        name = settings.strip()
        t.check(ran.code == 4 and why in ran.err, f"logins: {name}, not read yet: nothing is begun", ran.text()[-1500:])
        t.check(guest.ssh("root", "true").code == 0, f"logins: {name}, not read yet: root gets in")
        t.check(guest.shell(f"test -e {OURS}").code != 0, f"logins: {name}, not read yet: nothing is changed")
        guest.shell(f"rm {X}")


def all_of_it(guest, people, meanwhile):
    t = guest.tests
    if guest.knocking:
        guest.knocking.rest()       # sshd is told, by us, to refuse keys; and whoever comes twice is let in
    guest.shell(PREPARE)
    t.check(by_password(guest, "pat").code == 0 and guest.ssh("pat", "true").code == 0, "logins: pat gets in by both")
    goes(guest, people, meanwhile)
    not_read_yet(guest)
    shut_out(guest, "PubkeyAuthentication no\n", "PubkeyAuthentication is no")
    shut_out(guest, "AuthenticationMethods password\n", "AuthenticationMethods asks for more")
    put_back(guest)
    not_taken(guest)
    guest.shell(BACK)
    if guest.knocking:
        guest.knocking.go_on()
