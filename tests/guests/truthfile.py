# SPDX-License-Identifier: LGPL-2.1-or-later
"""The truth of a guest: truth/NAME.tsv, and what observe says beside it."""

COLUMNS = ("protocol family address port netns kind process user starter id source package flags verdict advice "
           "note").split()
PREFIXES = ("LATENT", "OFF", "BYHAND", "STOPPED")
STARTERS = ("systemd-service systemd-socket sysv inetd xinetd openrc runit cron at container rc-local inittab dbus "
            "user-session manual kernel windows-service").split()
PROTOCOLS = "tcp udp udplite sctp dccp raw packet vsock bluetooth".split()
FAMILIES = "ipv4 ipv6 dual packet vsock bluetooth".split()
VERDICTS = "keep restrict close ask investigate unknown".split()
KINDS = "listener datagram raw sniffer forwarded redirected sleeping".split()


def same(cell, value):
    """A cell without alternatives: ? is any one character."""
    return len(cell) == len(value) and all(c in ("?", v) for c, v in zip(cell, value))


class Row:
    """One line of the truth; cells as attributes. a|b is either, * is anything, - is nothing, ? any one character."""

    def __init__(self, cells, line):
        self.line = line
        for name, cell in zip(COLUMNS, cells):
            setattr(self, name, cell)
        self.address, _, self.interface = self.address.partition("%")
        mark = self.note.partition(":")[0]
        self.mark = mark if mark in PREFIXES and ":" in self.note else ""
        self.flags = {} if self.flags == "-" else dict(f.partition("=")[::2] for f in self.flags.split(","))

    def state(self, rebooted):
        """open, sleeping, absent: what the row says of a guest before or after its second boot."""
        if self.mark == "OFF" or (self.mark == "BYHAND" and rebooted):
            return "absent"
        if self.mark == "LATENT" or (self.mark == "STOPPED" and not rebooted):
            return "sleeping"
        return "open"

    def enabled(self):
        """Does the next boot start it? None: it may, or may not."""
        return {"true": True, "false": False, "unknown": None}[self.flags.get("enabled", "true")]

    def processes(self):
        """[[a, a2], [b]] of a|a2+b: every group must hold the door, by one of its names."""
        return [] if self.process == "-" else [p.split("|") for p in self.process.split("+")]

    def title(self):
        return "%s/%s %s %s (%s, %s %s)" % (self.port, self.protocol, self.address, self.netns, self.process,
                                            self.starter, self.id)


def load_truth(path):
    rows = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.startswith("#") or line.startswith("protocol\t") or not line.strip():
                continue
            cells = line.rstrip("\n").split("\t")
            if len(cells) != len(COLUMNS):
                raise SystemExit("%s:%d: %d columns, not %d" % (path, number, len(cells), len(COLUMNS)))
            row = Row(cells, number)
            if row.starter not in STARTERS or not set(row.kind.split("|")) <= set(KINDS) or row.protocol not in PROTOCOLS:
                raise SystemExit("%s:%d: no such starter, kind or protocol" % (path, number))
            if not (set(row.verdict.split("|")) | set(row.advice.split("|"))) <= set(VERDICTS):
                raise SystemExit("%s:%d: no such verdict" % (path, number))
            rows.append(row)
    return rows


def load_observed(path):
    """-> what the kernel and ss can show, [{source, protocol, family, address, port, netns, pids}]"""
    supports, found = set(), []
    with open(path, encoding="utf-8") as f:
        for line in f:
            cells = line.rstrip("\n").split("\t")
            if cells[0] == "supports":
                supports = set(cells[1].split(","))
            elif cells[0] != "source":
                row = dict(zip("source protocol family address port netns pids names".split(), cells))
                row["pids"] = set() if row["pids"] == "-" else {int(p) for p in row["pids"].split(",")}
                found.append(row)
    return supports, found
