# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the doors of a guest must be, from its hand-written truth and what the drill's own table adds to it by hand."""
from guest import DYNAMIC

# Ended once, nothing but the next boot (or the same hand) starts them again.
NOT_BY_UNDO = {"manual", "at", "cron", "rc-local", ("inittab", "lo"), ("inittab", "lw")}
SEEN = ("tcp", "udp", "udplite", "raw", "packet")       # that /proc has a table of


def key(row):
    return (row.protocol, row.address if row.protocol != "packet" else row.address, row.port, row.netns)


def place(row):
    return f"{row.port}/{row.protocol}"


class Expect:
    """stays: places whose verdict is close, and which a kept neighbour (or else) keeps open; goes: places that were
    named, or go along with one that closes; either may be "23/tcp" or "23/tcp ADDRESS"."""

    def __init__(self, rows, stays=(), goes=(), only=None):
        self.rows = [r for r in rows if r.protocol in SEEN and r.kind not in ("forwarded", "redirected") and r.mark != "OFF"]
        self.named = {key(r) for r in self.rows}
        self.stays, self.goes, self.only = set(stays), set(goes), only
        self.closes = [r for r in self.rows if self.is_closed(r)]
        self.ids = {(r.starter, r.id) for r in self.closes}

    def told(self, row, table):
        return place(row) in table or f"{place(row)} {row.address}" in table

    def is_closed(self, row):
        if self.told(row, self.goes):
            return True
        if self.only is not None:
            return self.told(row, self.only)
        return "close" in row.verdict.split("|") and not self.told(row, self.stays)

    def present(self, row, doors):
        if row.port != DYNAMIC:
            return key(row) in doors
        return any(k[:2] == key(row)[:2] and k[3] == row.netns and k not in self.named for k in doors)

    def holders(self, row, doors):
        return doors.get(key(row), set())

    def of_starter(self, row):
        return (row.starter, row.id) in self.ids

    def was_open(self, row, rebooted):
        return row.state(rebooted) == "open"

    def closed(self, tests, doors, before, rebooted, when):
        """After closing: each door that closes is gone, each other one that was there still is, with who held it."""
        for row in self.rows:
            if row in self.closes:
                tests.check(not self.present(row, doors), f"{when}: closed {row.title()}", str(self.holders(row, doors)))
            elif self.was_open(row, rebooted) and (row.verdict == "keep" or not self.of_starter(row)):
                tests.check(self.present(row, doors), f"{when}: still there {row.title()}")
                if before and row.verdict == "keep" and self.holders(row, before):
                    tests.check(self.holders(row, doors) & self.holders(row, before),
                                f"{when}: {row.title()} is still held by who held it",
                                f"{self.holders(row, before)} -> {self.holders(row, doors)}")

    def comes_back(self):
        """What an undo in the second boot brings back: all that its manager can start. A unit that had been stopped
        by hand was to stay so; what only a boot starts waits for one."""
        return [r for r in self.rows if self.was_open(r, True) and r.mark != "STOPPED" and
                r.starter not in NOT_BY_UNDO and (r.starter, r.id) not in NOT_BY_UNDO]

    def undone(self, tests, doors, when):
        for row in self.comes_back():
            tests.check(self.present(row, doors), f"{when}: back {row.title()}")

    def passing(self):
        """What runs in the first boot because somebody started it by hand, or does not because they stopped it."""
        return {i for r in self.rows if r.mark in ("BYHAND", "STOPPED") for i in r.id.split("|")}
