# SPDX-License-Identifier: LGPL-2.1-or-later
"""doorward confine where no unit is: another user in a line of inetd, a block of xinetd, the options of an init script.
Who serves is asked of the process that a client talks to; after the undo each file is what it was, byte for byte."""
import time

import inventory
from cycle import DONE, SOME

# Two services of the house: one does its work as anybody, of the other its profile says so and is wrong.
PROFILE = """- name: housed
  programs: [housed]
  needs: []
  unprivileged: [nobody]
  sources: [the house]
- name: needy
  programs: [needy]
  needs: []
  unprivileged: [nobody]
  sources: [it is wrong]
"""
HOUSED = "#!/bin/sh\necho 220 as $(id -un)\ncat\n"
NEEDY = "#!/bin/sh\n[ \"$(id -u)\" = 0 ] && echo 220 hello && cat\n"
NOT_DONE = 4


def talk(guest, port):
    """What a client is told: as whom it is served."""
    return guest.inside("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port} && timeout 20 head -1 <&3").out.removeprefix("220 as ")


def says(talk_to, want):
    """What it says, once it is that: a server that was told to read its file anew does so when it has its turn."""
    end = time.monotonic() + 120
    while not (said := talk_to()).startswith(want) and time.monotonic() < end:
        time.sleep(0.3)
    return said


def takes_away(guest, name, file, talk_to, user, word="try"):
    t = guest.tests
    before, first = guest.read(file), inventory.Inventory(guest)
    said = says(talk_to, "root")
    t.check(said.startswith("root"), f"confine {name}: it is root before", said)
    ran = guest.doorward("confine", "suggest", name)
    t.check(ran.code == SOME and f"+++ {file}" in ran.out and guest.read(file) == before,
            f"confine suggest {name}: tells the line, changes nothing", ran.text())
    ran = guest.doorward("confine", word, name, "--yes")
    t.check(ran.code == DONE, f"confine {word} {name}", ran.text())
    said = says(talk_to, user)
    t.check(said.startswith(user), f"confine {name}: it serves as {user}", said)
    ran = guest.doorward("confine", "suggest", name)
    t.check(ran.code == DONE and "does not run as root" in ran.err, f"confine {name}: no more to take away", ran.text())
    ran = guest.doorward("undo")
    t.check(ran.code == DONE and guest.read(file) == before, f"confine {name}: undone byte for byte", ran.text())
    said = says(talk_to, "root")
    t.check(said.startswith("root"), f"confine {name}: it is root again", said)
    residue = first.difference(inventory.Inventory(guest))
    t.check(not residue, f"confine {name}: no residue ({len(residue)} lines)", "\n".join(residue))


def puts_back(guest, name, file):
    """A profile that is wrong: the client is told nothing any more, so all is put back."""
    t = guest.tests
    before = guest.read(file)
    ran = guest.doorward("confine", "apply", name, "--yes")
    t.check(ran.code == NOT_DONE and "not answer any more" in ran.err, f"confine {name}: what serves no more is put back", ran.text())
    t.check(guest.read(file) == before, f"confine {name}: put back byte for byte", "")


def leaves(guest, name, why):
    ran = guest.doorward("confine", "apply", name, "--yes")
    guest.tests.check(ran.code == DONE and why in ran.err, f"confine {name}: stays as it is", ran.text())


def house(guest):
    guest.write("/usr/local/sbin/housed", HOUSED.encode(), 0o755)
    guest.write("/usr/local/sbin/needy", NEEDY.encode(), 0o755)
    guest.shell("mkdir -p /etc/doorward/knowledge.d")
    guest.write("/etc/doorward/knowledge.d/house.yaml", PROFILE.encode())


CLEAN = "rm -rf /usr/local/sbin/housed /usr/local/sbin/needy /etc/doorward/knowledge.d"


def gone(guest, script):
    guest.shell(script)
    guest.await_doors(lambda d: not {"8297", "8299"} & {k[2] for k in d}, 60)


def inetd(guest):
    file, hup = "/etc/inetd.conf", "pkill -HUP -x inetd"
    before = guest.read(file)
    house(guest)
    guest.write(file, before.replace(b"nowait nobody /usr/sbin/in.fingerd", b"nowait\troot  /usr/sbin/in.fingerd") +
                b"8297 stream tcp nowait  root\t/usr/local/sbin/housed housed -x\n"
                b"8299 stream tcp nowait root /usr/local/sbin/needy needy\n")
    guest.shell(hup)
    guest.await_doors(lambda d: {"8297", "8299"} <= {k[2] for k in d}, 60)
    takes_away(guest, "8297", file, lambda: talk(guest, 8297), "nobody")
    puts_back(guest, "8299", file)
    leaves(guest, "telnet", "become who logs in")
    leaves(guest, "daytime", "by itself")
    leaves(guest, "7777", "No account is known")
    ran = guest.doorward("confine", "suggest", "finger")
    guest.tests.check(ran.code == SOME and "+finger stream tcp6 nowait\tnobody  /usr/sbin/in.fingerd" in ran.out,
                      "confine suggest finger: nobody", ran.text())
    guest.write(file, before)
    gone(guest, f"{CLEAN}; {hup}")


def xinetd(guest):
    file, hup = "/etc/xinetd.d/house", "pkill -HUP -x xinetd"
    block = ("service {0}\n{{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = {1}\n"
             "\twait = no\n\tuser\t= root\n\tserver = /usr/local/sbin/{0}\n}}\n")
    house(guest)
    guest.write(file, ("# of the house\n" + block.format("housed", 8297) + block.format("needy", 8299)).encode())
    guest.shell(hup)
    guest.await_doors(lambda d: {"8297", "8299"} <= {k[2] for k in d}, 60)
    takes_away(guest, "housed", file, lambda: talk(guest, 8297), "nobody", "apply")
    puts_back(guest, "needy", file)
    leaves(guest, "telnet", "become who logs in")
    gone(guest, f"{CLEAN}; rm -f {file}; {hup}")


def script(guest):
    """snmpd's init script reads its options from /etc/default; the script's own name a user, these do not."""
    file = "/etc/default/snmpd"
    guest.write(file, b"# of the house\nSNMPDOPTS='-LSwd -Lf /dev/null -I -smux,mteTrigger,mteTriggerConf'\n")
    guest.shell("/etc/init.d/snmpd restart; sleep 1")
    takes_away(guest, "snmpd", file, lambda: guest.shell("ps -o user:16=,pid= -C snmpd").out.strip(), "Debian-snmp")
    guest.shell(f"rm -f {file}; /etc/init.d/snmpd restart; sleep 1")
