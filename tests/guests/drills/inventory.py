# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a change of the host could leave behind: every file, unit state and filter rule, as lines that can be compared."""
import difflib
import hashlib
import os
import re
import stat

WHERE = ("boot", "etc", "home", "opt", "root", "srv", "usr", "var/lib/dpkg", "var/lib/systemd", "var/spool")
# Written by the system itself, by each boot or each login: never by a person who closes a door.
NOISE = re.compile(r"""^/(
    etc/(mtab|adjtime|ld\.so\.cache|\.pwd\.lock|resolv\.conf|cups/subscriptions\.conf.*|network/run.*)
  | var/lib/systemd/(random-seed|catalog.*|timers.*|timesync.*|rfkill.*|coredump.*|backlight.*|pstore.*|deb-systemd-.*/.*\.pid)
  | var/spool/(exim4|postfix|cups|lpd|rsyslog|rwho|cron/at(jobs|spool)|mail)(/.*)?
  | var/lib/dpkg/lock.*
  | etc/sv/[^/]*/(log/)?supervise(/.*)?
  | usr/lib/rc/cache(/.*)?
  | (root|home/pat)/\.(cache|bash_history|lesshst|config/pulse)(/.*)?
  | srv/jail/dev.*
  | usr/local/sbin/(swapd|goned)       # replaced by their own units at each start
  | .*/__pycache__(/.*)?
)$""", re.X)
HASHES = {}
TIME = re.compile(r"(?<= [0-9a-f]{64}) -?\d+")      # of a file, behind its hash


def digest(path, st):
    """Once per content: by the times that no program can set, a file that was not touched need not be read again."""
    key = (st.st_dev, st.st_ino, st.st_size, st.st_ctime_ns)
    if key not in HASHES:
        h = hashlib.sha256()
        with open(path, "rb") as f:
            for part in iter(lambda: f.read(1 << 20), b""):
                h.update(part)
        HASHES[key] = h.hexdigest()
    return HASHES[key]


def attributes(path):
    try:
        return "".join(f" {n}={os.getxattr(path, n, follow_symlinks=False).hex()}"
                       for n in sorted(os.listxattr(path, follow_symlinks=False)))
    except OSError:
        return ""


def describe(path, name):
    st = os.lstat(path)
    head = f"{name} {stat.filemode(st.st_mode)} {st.st_uid}:{st.st_gid}"
    more = attributes(path)
    if stat.S_ISLNK(st.st_mode):
        return f"{head} -> {os.readlink(path)}{more}"
    if stat.S_ISREG(st.st_mode):
        return f"{head} {st.st_size} {digest(path, st)} {st.st_mtime_ns}{more}"
    return head + more      # times of a directory change with each temporary file in it


def files(guest, where=WHERE):
    """{path: line} of every file below those directories."""
    found = {}
    for top in where:
        start = guest.path(top)
        stack = [start] if os.path.isdir(start) and not os.path.islink(start) else []
        while stack:
            directory = stack.pop()
            for entry in os.scandir(directory):
                name = entry.path[len(guest.root):]
                if NOISE.match(name):
                    continue
                try:
                    found[name] = describe(entry.path, name)
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
    return found


# Come and go with logins, boots and timers; what the guests' people configured is none of these.
PASSING = re.compile(r"^(session-.*|user@.*|user-.*|user-runtime-dir@.*|run-.*|systemd-(tmpfiles|update|hostnamed|timedated"
                     r"|ask|fsck|localed|random|machine|boot|journal|user|networkd-wait).*|apt-.*|dpkg-.*|e2scrub.*|"
                     r"fstrim.*|logrotate.*|man-db.*|phpsession.*|exim4-base.*|ssh@.*|each@.*|.*\.(device|mount|scope|slice|swap)|"
                     r"emergency.*|rescue.*|first-boot.*|initrd.*)$")


def units(guest):
    """The states of the guest's services as its own manager tells them: lines."""
    s = guest.shell
    if os.path.isdir(f"/proc/{guest.pid}/root/run/systemd/system"):
        listed = s("systemctl list-unit-files --no-legend --plain --no-pager | awk '{print $1, $2}'").out
        found = [f"unit-file {x}" for x in listed.splitlines() if not PASSING.match(x.split()[0])]
        listed = s("systemctl list-units --all --no-legend --plain --no-pager").out
        for line in listed.splitlines():
            w = line.split()
            if len(w) > 3 and not PASSING.match(w[0]) and w[1] == "loaded" and w[2] != "inactive":
                found.append(f"unit {w[0]} {w[2]}")
        return sorted(found)
    if os.path.isdir(f"/proc/{guest.pid}/root/run/openrc"):
        return sorted(s("rc-update show -v; rc-status -a -C | sed 's/started *[0-9:]* .*/started ]/; s/([0-9]*)//'").out.splitlines())
    if os.path.isdir(guest.path("/etc/service")):
        listed = s("sv status /etc/service/*").out
        return sorted(re.sub(r"\(pid \d+\)|\d+s", "", x).strip() for x in listed.splitlines())
    return []


def rules(guest):
    from guest import run
    own = ["nsenter", "-t", str(guest.pid), "-n"]
    return [x for c in (["nft", "list", "ruleset"], ["iptables-save"], ["ip6tables-save"])
            for x in run(own + c).out.splitlines() if not x.startswith("#")]


def traces(guest):
    """What is called after the program, where nothing of it should be while no trial runs."""
    found = []
    for top in ("run", "tmp", "var/tmp"):
        for directory, names, more in os.walk(f"/proc/{guest.pid}/root/{top}"):
            found += [os.path.join(directory, n).partition("/root")[2] for n in names + more if "doorward" in n]
    return sorted(x for x in found if x != "/opt/doorward-test")


class Inventory:
    def __init__(self, guest):
        self.files, self.units, self.rules = files(guest), units(guest), rules(guest)

    def difference(self, other, besides=(), times=True):
        """Lines of what differs, "- " here alone, "+ " there alone. besides: units that may run or not. times: files that
        were written again must bear their old time."""
        lines = []
        for name in sorted(set(self.files) | set(other.files)):
            mine, theirs = (i.files.get(name, "") if times else TIME.sub("", i.files.get(name, "")) for i in (self, other))
            if mine != theirs:
                lines += [f"- {self.files[name]}"] if name in self.files else []
                lines += [f"+ {other.files[name]}"] if name in other.files else []
        for mine, theirs in ((self.units, other.units), (self.rules, other.rules)):
            lines += [x for x in difflib.unified_diff(mine, theirs, n=0, lineterm="")
                      if not x.startswith(("---", "+++", "@@")) and not set(x[1:].split()) & set(besides)]
        return lines
