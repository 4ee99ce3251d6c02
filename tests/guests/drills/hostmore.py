# SPDX-License-Identifier: LGPL-2.1-or-later
"""doorward host on a booted host, the checks that cost an edit each: made to fail, seen, put right by host fix or by hand,
seen again; what a fix did is taken back without residue. Nothing here opens a door."""
import json

import inventory
from cycle import DONE, SOME

# check: what makes it fail, what somebody does about it (None: host fix does it)
CASES = {
    "duplicate-accounts": ("printf 'dup:x:4242:4242::/:/usr/sbin/nologin\\n%.0s' 1 2 >>/etc/passwd", "sed -i /^dup:/d /etc/passwd"),
    "duplicate-groups": ("printf 'dup:x:4242:\\n%.0s' 1 2 >>/etc/group", "sed -i /^dup:/d /etc/group"),
    "unshadowed-passwords": (r"echo 'hash:$6$salt$hash:4243:4243::/:/usr/sbin/nologin' >>/etc/passwd", "sed -i /^hash:/d /etc/passwd"),
    "expired-accounts": ("echo 'gone:!:18000:0:99999:7::18000:' >>/etc/shadow", "sed -i /^gone:/d /etc/shadow"),
    "unused-accounts": ("echo 'ben:x:4244:4244::/nonexistent:/bin/sh' >>/etc/passwd; echo 'ben:$6$x$y:18000:0:99999:7:::' >>/etc/shadow;"
                        " python3 -c \"f=open('/var/log/lastlog','r+b' if __import__('os').path.exists('/var/log/lastlog') else 'w+b');"
                        " f.write(b'\\1\\1\\1\\1' + bytes(288))\"",
                        "sed -i /^ben:/d /etc/passwd /etc/shadow"),
    # by telnet, which is open on sysv; on mixed nothing takes passwords as they are
    "two-accounts": ("echo 'boss:x:4245:27::/nonexistent:/usr/sbin/nologin' >>/etc/passwd; echo 'boss:$6$x$y:19000:0:99999:7:::' >>/etc/shadow",
                     "sed -i /^boss:/d /etc/passwd /etc/shadow"),
    "root-twins": ("echo 'root2:x:0:0::/:/usr/sbin/nologin' >>/etc/passwd", "sed -i /^root2:/d /etc/passwd"),
    "rhosts": ("echo 10.9.0.9 >/etc/hosts.equiv", "rm /etc/hosts.equiv"),
    # by default a 64-bit checksum is offered
    "sshd-algorithms": ("sed -i '1i Ciphers aes256-ctr,aes128-cbc' /etc/ssh/sshd_config",
                        "sed -i 's/^Ciphers aes256-ctr,aes128-cbc$/MACs hmac-sha2-256/' /etc/ssh/sshd_config"),
    "sshd-allow": ("true", "sed -i '1i AllowUsers *' /etc/ssh/sshd_config; again"),
    "sudo-files": ("[ -e /etc/sudoers ] || touch /etc/sudoers /root/sudoers; mkdir -p /etc/sudoers.d; echo '# lab' >/etc/sudoers.d/lab;"
                   " chmod 0666 /etc/sudoers.d/lab", None),
    "set-uid-files": ("cp /bin/true /usr/local/sbin/lain; chmod 4755 /usr/local/sbin/lain", "rm /usr/local/sbin/lain"),
    "world-writable": ("mkdir /srv/open; touch /srv/file; chmod 0777 /srv/open; chmod 0666 /srv/file", None),
    "service-paths": ("chmod 0757 /usr/sbin", None),
    "server-software": ("true", None),
    "unneeded-packages": ("true", None),
    "logs-rotated": ("head -c 68000000 /dev/urandom >/var/log/left.log", "rm /var/log/left.log; cd /usr/sbin; [ -e logrotate ] || { cp -p /bin/true logrotate; touch /root/rotates; };"
                     " [ -e /etc/cron.daily/logrotate ] || { cp -p /bin/true /etc/cron.daily/logrotate; touch /root/daily; }"),
    "logs-read": ("true", "cp -p /bin/true /usr/sbin/logcheck; echo '2 * * * * root /usr/sbin/logcheck' >/etc/cron.d/logcheck"),
    "logs-kept": ("journald volatile", "journald persistent"),
    "logs-forwarded": ("true", "shipper"),
    "root-mail": ("[ ! -e /etc/aliases ] || cp -p /etc/aliases /root/aliases; echo 'root: /dev/null' >/etc/aliases",
                  "echo 'root: pat' >/etc/aliases; [ -e /usr/sbin/sendmail ] || { cp -p /bin/true /usr/sbin/sendmail; touch /root/mails; }"),
    "reboot-needed": ("touch /run/reboot-required", "rm /run/reboot-required"),
    "release-supported": ("sed -i 's/^VERSION_ID=.*/VERSION_ID=\"7\"/' /usr/lib/os-release", "cp -p /root/os-release /usr/lib/os-release"),
    "package-lists": ("list 'Mon, 02 Jan 2023 10:00:00 UTC' 0.1; find /var/lib/apt -exec touch -h -d '2023-01-02' {} +",
                      "list \"$(date -u '+%a, %d %b %Y %H:%M:%S UTC')\" 99:1"),
    "automatic-updates": ("mkdir -p /etc/apt/apt.conf.d; cp -p /bin/true /usr/bin/unattended-upgrade;"
                          " echo 'Unattended-Upgrade::Origins-Pattern { \"x\"; };' >/etc/apt/apt.conf.d/50lab;"
                          " printf 'APT::Periodic::Update-Package-Lists \"1\";\\nAPT::Periodic::Unattended-Upgrade \"0\";\\n'"
                          " >/etc/apt/apt.conf.d/20auto-upgrades", None),
    "replaced-libraries": ("cp /bin/sleep /usr/local/sbin/waits; setsid /usr/local/sbin/waits 900 </dev/null >/dev/null 2>&1 &"
                           " sleep 0.3; rm /usr/local/sbin/waits", "pkill -x waits; sleep 0.2"),
    "kernel-network": ("echo 1 >/proc/sys/net/ipv4/conf/eth0/accept_redirects; mkdir -p /etc/sysctl.d;"
                       " echo net.ipv4.tcp_syncookies=0 >/etc/sysctl.d/50-lab.conf", None),
    "kernel-martians": ("echo 0 >/proc/sys/net/ipv4/conf/all/log_martians", None),
    "kernel-forwarding": ("echo net.ipv4.ip_forward=1 >/etc/sysctl.d/51-lab.conf", "rm /etc/sysctl.d/51-lab.conf"),
}
# Of one guest alone: sysv has telnet open; mixed has journald and no daemon of syslog (settings of inetutils-syslogd are not read).
ONLY = {"two-accounts": "sysv", "logs-kept": "mixed", "logs-forwarded": "mixed"}
# What comes of a check that is well, where that is not "ok" alone: with systemd it is seen that the guest is a container.
WELL = {"reboot-needed": ("ok", "not-applicable")}
# What is seen with the lists that put package-lists right: a newer version of a package that is there.
WAITS = "security-updates"
# What is seen with the doors: telnet of sysv, all others of which are accepted.
PLAIN = "plaintext-services"
# What each case is made of, told before it; a package that nothing needs, and one that no server has.
BEFORE = """
units=/etc/systemd/system/multi-user.target.wants
journald() { [ ! -d /run/systemd/system ] || { mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\\nStorage=%s\\n' $1 >/etc/systemd/journald.conf.d/zz-lab.conf; }; }
shipper() { [ ! -d /run/systemd/system ] || { printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/filebeat.service
ln -s /etc/systemd/system/filebeat.service $units/filebeat.service; }; }
list() { mkdir -p /var/lib/apt/lists/partial; cd /var/lib/apt/lists
printf 'Label: Debian-Security\\nSuite: stable-security\\nDate: %s\\n' "$1" >lab_dists_x-security_InRelease
printf 'Package: bash\\nVersion: %s\\nArchitecture: amd64\\n\\n' "$2" >lab_dists_x-security_main_binary-amd64_Packages
touch partial .; }
"""
# sshd reads its settings anew. Where its socket is systemd's it ends by SIGHUP.
AGAIN = """
again() { if systemctl -q is-active ssh 2>/dev/null; then systemctl restart ssh; else kill -HUP $(cat /run/sshd.pid); fi; sleep 0.5; }
"""
PREPARE = """
mkdir -p /root/lab/DEBIAN; cp -p /usr/lib/os-release /root/os-release; cp -a /var/lib/apt /root/apt; cp -a /var/lib/dpkg /root/dpkg
for p in lab-left nmap; do
printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab <lab@localhost>\\nDescription: lab\\n' $p >/root/lab/DEBIAN/control
dpkg-deb -b /root/lab /root/$p.deb >/dev/null && dpkg -i /root/$p.deb >/dev/null 2>&1; done
apt-mark auto lab-left >/dev/null
for c in /proc/sys/net/ipv4/conf/*/accept_redirects; do echo $c $(cat $c); done >/root/redirects
printf 'role web-server\naccept server-software of tcpdump because "what the guest is tried with"\n' >/root/role.policy
for s in echo daytime finger rpcbind; do printf 'accept plaintext-services of %s because "telnet is looked at"\n' $s; done >>/root/role.policy
"""
# telnet of xinetd, closed ("yes") or open again, as its port is: xinetd reads its files when it gets round to it.
TELNET = """
telnet() { sed -i "s/disable = .*/disable = $1/" /etc/xinetd.d/telnet; pkill -HUP -x xinetd
for i in $(seq 300); do if grep -qi ':0017 [0:]* 0A' /proc/net/tcp /proc/net/tcp6; then disabled=no; else disabled=yes; fi
[ $disabled != $1 ] || return 0; sleep 0.1; done; return 1; }
"""
# A package that was removed does not come back with an undo; all else is taken back by hand.
AFTER = AGAIN + """
rm -rf /var/lib/apt /var/lib/dpkg; mv /root/apt /var/lib/apt; mv /root/dpkg /var/lib/dpkg
rm -rf /srv/open /srv/file /usr/bin/unattended-upgrade /etc/apt/apt.conf.d/50lab /etc/apt/apt.conf.d/20auto-upgrades
[ ! -e /root/rotates ] || rm /usr/sbin/logrotate; [ ! -e /root/daily ] || rm /etc/cron.daily/logrotate
[ ! -e /root/mails ] || rm /usr/sbin/sendmail
if [ -e /root/aliases ]; then mv /root/aliases /etc/aliases; else rm /etc/aliases; fi
rm -f /etc/sudoers.d/lab; [ ! -e /root/sudoers ] || { rm /etc/sudoers /root/sudoers; rmdir /etc/sudoers.d; }
rm -f /etc/systemd/journald.conf.d/zz-lab.conf /etc/systemd/system/filebeat.service /etc/systemd/system/*.wants/filebeat.service
[ ! -d /etc/systemd/journald.conf.d ] || rmdir --ignore-fail-on-non-empty /etc/systemd/journald.conf.d; rm -f /root/mails
rm -rf /root/rotates /root/daily /usr/sbin/logcheck /etc/cron.d/logcheck /etc/sysctl.d/50-lab.conf /root/lab /root/*.deb /root/os-release /root/role.policy; chmod 0755 /usr/sbin
sed -i '/^AllowUsers \\*$/d; /^MACs hmac-sha2-256$/d' /etc/ssh/sshd_config; again
while read f v; do echo $v >$f; done </root/redirects; rm /root/redirects; true
"""
FIXED = sorted(c for c, (_, better) in CASES.items() if better is None)
SETTINGS = r"""for f in $(find /proc/sys/net/ipv4 /proc/sys/net/ipv6 -path '*conf*' \( -name 'accept_*' -o -name rp_filter -o
-name log_martians -o -name send_redirects \)) /proc/sys/net/ipv4/tcp_syncookies; do echo $f $(cat $f); done"""


def cases(guest):
    return {i: c for i, c in CASES.items() if ONLY.get(i, guest.recipe) == guest.recipe}


def look(guest):
    ran = guest.doorward("host", "--json", "--policy", "/root/role.policy")
    return ran.code, {c["id"]: c for c in json.loads(ran.out)["checks"]}


def telnet(guest, off):
    """Its door, which is open on sysv alone."""
    if guest.recipe == "sysv":
        ran = guest.shell(f"{TELNET}telnet {off}")
        guest.tests.check(ran.code == 0, f"host: telnet's disable is {off}", ran.text())


def wanted(check):
    """What the policy does not put up with."""
    return [e["object"] for e in check["evidence"] if not e["accepted"]]


def told(check):
    return f'{check["result"]}: {check["text"]} {[e["object"] for e in check["evidence"]][:8]}'


def each_is_seen(guest):
    t = guest.tests
    ran = guest.shell(BEFORE + "\n".join(worse for worse, _ in CASES.values()))
    t.check(ran.code == 0, "host: what makes it worse could be done", ran.text())
    code, now = look(guest)
    t.check(code == SOME, "host: it fails with 1")
    for i in cases(guest):
        # a guest with a network of its own behind it has somebody to forward for
        may_pass = i == "kernel-forwarding" and "has somebody to forward for: lab0" in now[i]["text"]
        t.check(now[i]["result"] == ("ok" if may_pass else "fails"), f"host: {i} sees it", told(now[i]))
    if guest.recipe == "sysv":
        t.check(now[PLAIN]["result"] == "fails" and wanted(now[PLAIN]) == ["telnet"], f"host: {PLAIN} sees telnet", told(now[PLAIN]))
    for i in FIXED:
        good = now[i]["changes"] or i in ("server-software", "unneeded-packages")
        t.check(good, f"host: {i} would put it right", str(now[i].get("held")))


def hands_put_right(guest):
    t = guest.tests
    guest.shell(BEFORE + AGAIN + "\n".join(better for _, better in CASES.values() if better))
    _, now = look(guest)
    for i, (_, better) in cases(guest).items():
        if better:
            t.check(now[i]["result"] in WELL.get(i, ("ok",)), f"host: {i} is well again", told(now[i]))
    t.check(now[WAITS]["result"] == "fails", f"host: {WAITS} sees it", told(now[WAITS]))
    guest.shell(BEFORE + "list \"$(date -u '+%a, %d %b %Y %H:%M:%S UTC')\" 0.1")
    _, now = look(guest)
    t.check(now[WAITS]["result"] == "ok", f"host: {WAITS} is well again", told(now[WAITS]))


def fix_puts_right(guest):
    t = guest.tests
    packages = ("server-software", "unneeded-packages")
    state, settings = inventory.Inventory(guest), guest.shell(SETTINGS).out
    ran = guest.doorward("host", "fix", "--yes", "--policy", "/root/role.policy", *[i for i in FIXED if i not in packages])
    t.check(ran.code == DONE, "host fix: done", ran.text()[-2500:])
    _, now = look(guest)
    for i in FIXED:
        if i not in packages:
            t.check(now[i]["result"] == "ok", f"host fix: {i} is well", told(now[i]))
    ran = guest.doorward("undo")
    t.check(ran.code == DONE, "host undo", ran.text()[-1500:])
    left = state.difference(inventory.Inventory(guest))
    t.check(not left, f"host undo: nothing differs from before ({len(left)} lines)", "\n".join(left))
    t.check(guest.shell(SETTINGS).out == settings, "host undo: the kernel has its settings back")


def packages_go(guest):
    t = guest.tests
    ran = guest.doorward("host", "fix", "--yes", "--policy", "/root/role.policy", "unneeded-packages")
    t.check("--remove-package" in ran.out and guest.shell("dpkg -s lab-left").code == 0, "host fix: no package goes unasked",
            ran.text()[-1500:])
    ran = guest.doorward("host", "fix", "--yes", "--remove-package", "--policy", "/root/role.policy", "server-software",
                         "unneeded-packages")
    t.check(ran.code in (DONE, SOME), "host fix: packages are removed", ran.text()[-1500:])
    telnet(guest, "yes")
    _, now = look(guest)
    t.check(now["unneeded-packages"]["result"] == "ok", "host fix: unneeded-packages is well", told(now["unneeded-packages"]))
    if guest.recipe == "sysv":
        t.check(now[PLAIN]["result"] != "unknown" and not wanted(now[PLAIN]), f"host: {PLAIN} sees telnet closed", told(now[PLAIN]))
    telnet(guest, "no")
    for i, name in (("server-software", "nmap"), ("unneeded-packages", "lab-left")):
        gone = name not in [e["object"] for e in now[i]["evidence"]]
        t.check(gone and guest.shell(f"dpkg-query -W -f '${{db:Status-Status}}' {name}").out != "installed",
                f"host fix: {name} is gone", told(now[i]))


def all_of_it(guest):
    state = inventory.Inventory(guest)
    guest.shell(PREPARE)
    each_is_seen(guest)
    hands_put_right(guest)
    fix_puts_right(guest)
    packages_go(guest)
    guest.shell(AFTER)
    left = state.difference(inventory.Inventory(guest), times=False)
    guest.tests.check(not left, "host: the guest is as it was", "\n".join(left))
