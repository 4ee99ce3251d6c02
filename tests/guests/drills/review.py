# SPDX-License-Identifier: LGPL-2.1-or-later
"""The full screen, by keys in a terminal (tmux) out here: what it shows is read from its screen, what it did from the guest."""
import os
import re
import shutil
import signal
import sys
import tempfile
import time

import inventory
from crash import State
from cycle import DONE
from guest import ENV, PROGRAM, run
from small import CALL

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "review"))
from terminal import LIMIT, Terminal  # noqa: E402

HINTS = "k keep  r restrict  c close"
LEFT = r"on trial: (\d+):(\d\d) left"
HELD = "/run/drill-held"        # while it is there, the unit below does not end
UNIT = "drill-held.service"
POLICY = "/etc/doorward/policy"
ONE, OTHER, REFUSES, HELD_PORT = "8888", "8301", "8360", "8367"


class Screen:
    """doorward review in the guest."""

    def __init__(self, guest, columns, rows):
        self.guest, self.directory = guest, tempfile.mkdtemp(prefix="doorward-drill-")
        env = [f"{k}={v}" for k, v in {**ENV, "TERM": "screen-256color"}.items()]
        self.terminal = Terminal(self.directory, columns, rows,
                                 ["nsenter", "-t", str(guest.pid), "-a", "--", "env", "-i", *env, PROGRAM, "review"])
        self.press, self.wait = self.terminal.press, self.terminal.wait

    def __enter__(self):
        self.wait("doors by urgency +live", r"^>", re.escape(HINTS))
        return self

    def __exit__(self, *_):
        self.lose()
        shutil.rmtree(self.directory, ignore_errors=True)

    def lose(self):
        self.terminal.close()

    def select(self, port, verdict=r"\w+"):
        """The one door of that port."""
        self.press("/", "Type words")
        self.press("C-u", r"^ /$")
        self.terminal.keys("-l", f":{port}/tcp")
        self.press("Enter", rf"^>..\w* +\S+:{port}/tcp +{verdict}", "1 of [0-9]+ doors", never="Type words")

    def mark_close(self, port):
        self.select(port)
        self.press("c", rf"^>.[ *@]close +\S+:{port}/tcp")

    def program(self):
        """Its pid out here: the last of the line of children."""
        pid = self.terminal.pid()
        while True:
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                    pid = int(f.read().split()[0])
            except (OSError, IndexError):
                return pid

    def ended(self):
        return self.terminal.ended()


def prepare(guest):
    """A service whose end waits for us: what happens in the midst of a change can be had at leisure."""
    guest.shell("cp /usr/local/lib/dwt/door /usr/local/sbin/drill-held")
    guest.write(f"/etc/systemd/system/{UNIT}",
                f"[Service]\nExecStart=/usr/local/sbin/drill-held tcp 0.0.0.0 {HELD_PORT}\n"
                f"ExecStop=/bin/sh -c 'while test -e {HELD}; do sleep 0.1; done'\nTimeoutStopSec=600\n"
                "[Install]\nWantedBy=multi-user.target\n")
    guest.shell(f"systemctl daemon-reload; systemctl enable --now {UNIT}")
    guest.await_doors(lambda d: any(k[2] == HELD_PORT for k in d), 60)


def unprepare(guest):
    guest.shell(f"rm -f {HELD}; systemctl disable --now {UNIT}; rm -f /etc/systemd/system/{UNIT} /usr/local/sbin/drill-held; "
                "systemctl daemon-reload")


def as_before(guest, state, what):
    left = state.differs(guest)
    guest.tests.check(not left, f"review, {what}: everything is as before ({len(left)} lines)", "\n".join(left))


def shut(guest, port, what):
    """By the kernel's tables; and no audit of another process has it."""
    t = guest.tests
    t.check(not guest.open_door("tcp", port), f"review, {what}: {port} is closed")
    ran = guest.doorward("audit", "--json")
    t.check(ran.code in (0, 1) and not re.search(rf'"port":\s*{port}\b[^}}]*"kind":\s*"listener"', ran.out),
            f"review, {what}: an audit has no door {port}")


def verified(guest, what):
    ran = guest.doorward("verify")
    guest.tests.check(ran.code == DONE, f"review, {what}: verify", ran.text()[-2000:])


def counted(text):
    minutes, seconds = re.search(LEFT, text).groups()
    return int(minutes) * 60 + int(seconds)


def count_down(screen):
    """The time that is left is shown, and becomes less by itself."""
    begun, end = counted(screen.wait(LEFT)), time.monotonic() + LIMIT
    while (now := counted(screen.wait(LEFT))) >= begun:
        assert time.monotonic() < end, f"{now} seconds stay {now}"
        time.sleep(0.2)
    assert now > 0, now


def tried_and_kept(guest, state):
    """Marked, planned, closed on trial, counted, kept; undone from the screen."""
    with Screen(guest, 120, 40) as s:
        s.mark_close(ONE)
        s.press("p", "The plan: nothing is changed yet", rf":{ONE}/tcp  tinyproxy.*\.service$",
                r"^ +1\. Stop tinyproxy\.service", "t try for 10 minutes  y do it for good")
        guest.tests.check(guest.open_door("tcp", ONE), "review, plan: nothing is changed yet")
        s.press("t", "Done, on trial", "2 doors are closed, all else is as it was", "k keep it  u undo", LEFT)
        shut(guest, ONE, "on trial")
        s.press("Escape", re.escape(HINTS), LEFT + r" \(t\)")
        count_down(s)
        text = s.press("t", "What doorward changed on this host|Run", "k keep it  u undo", "tinyproxy")
        run = re.search(r"[Rr]un (\d+)", text).group(1)
        s.press("k", rf"Run {run} stays", rf"doorward undo {run}", never="on trial")
        traces = inventory.traces(guest)
        guest.tests.check(not traces, "review, kept: no trace of the guard", "\n".join(traces))
        shut(guest, ONE, "kept")
        verified(guest, "kept")
        s.press("Escape", re.escape(HINTS), never="on trial")
        s.press("h", "What doorward changed on this host", rf"^ +{run}  .*doorward review: \S+:{ONE}/tcp$", "done, in force", "u undo  Esc back")
        s.press("Escape", re.escape(HINTS))
        s.press("u", "^ Undo", rf"^ Run {run} is put back", r"Put it back\?  y yes, n no", "tinyproxy.service", "y put it back  n no, back")
        s.terminal.tmux("resize-window", "-x", "50", "-y", "10")        # with the question open
        s.wait("This terminal has 50x10", never="Put it back")
        s.press("y", "This terminal has 50x10")                                  # nobody sees what is answered
        s.terminal.tmux("resize-window", "-x", "120", "-y", "40")
        s.wait(r"Put it back\?  y yes, n no", "y put it back  n no, back")
        s.press("n", re.escape(HINTS))
        guest.tests.check(not guest.open_door("tcp", ONE), "review, undo answered no: nothing is undone")
        s.press("u", r"Put it back\?  y yes, n no")
        s.press("y", "^ Undone", rf"Run {run} is undone\.")
        guest.tests.check(guest.await_doors(lambda d: any(k[2] == ONE for k in d), 60), f"review, undone: {ONE} is open")
        s.press("Escape", rf"^>..\w* +\S+:{ONE}/tcp +close")
        s.press("q", "1 mark is not written")
        s.terminal.keys("y")
        guest.tests.check(s.ended() == 0, "review, left: 0, the terminal as it was")
    as_before(guest, state, "tried, kept, undone")


def reached(guest, port, inside=False):
    """By somebody else's call, or by the guest's own."""
    where = ["nsenter", "-t", str(guest.pid), "-n"] if inside else ["ip", "netns", "exec", guest.scan]
    return run([*where, "python3", "-c", CALL, guest.address, port], f"call {port}", 300).code == 0


def is_reached(guest, port, what, inside=False):
    """A machine that is busy may need more than one call."""
    end = time.monotonic() + LIMIT
    while not (good := reached(guest, port, inside)) and time.monotonic() < end:
        time.sleep(0.3)
    guest.tests.check(good, f"review, {what}: {port} is reached")


def narrowed(guest, state):
    """Groups and a filter; marked for this host alone, written, planned alone among all that are hidden, done, undone."""
    policy, st = guest.read(POLICY), os.stat(guest.path(POLICY))
    with Screen(guest, 300, 100) as s:
        s.select(ONE, "close")
        s.press("g g", "by urgency, by unit", r"^tinyproxy\.service \(1\)")
        s.press("Escape", r"[0-9]+ doors by urgency, by unit")
        s.press("g g", rf"^>.* \S+:{ONE}/tcp", never="by unit")
        s.select(ONE, "close")
        s.press("r", rf"^>..lan +\S+:{ONE}/tcp")
        s.press("p", "No door is marked close", never="The plan")
        s.press("r", rf"^>..local +\S+:{ONE}/tcp")
        s.press("w", r"^ Changes of /etc/doorward/policy: not written yet", r"^ \+keep tinyproxy on loopback", "w write it")
        s.press("w", "/etc/doorward/policy is written", rf"^>~ +\S+:{ONE}/tcp +restrict", never="not written")
        is_reached(guest, ONE, "to be narrowed")
        s.press("p", "^ The plan of the doors shown: nothing is changed yet", "2 doors will be narrowed", rf":{ONE}/tcp",
                never="will close")
        s.press("y", "^ Done", "2 doors are narrowed, all else is as it was", "u undo  Esc back")
        guest.tests.check(not reached(guest, ONE), "review, narrowed: nobody else reaches it")
        is_reached(guest, ONE, "narrowed, by itself", inside=True)
        verified(guest, "narrowed")
        s.press("Escape", re.escape(HINTS))
        s.press("f", "^ The packet filter today", rf":{ONE}/tcp +this host", "Esc back")
        s.press("Escape", re.escape(HINTS))
        s.press("u", r"Put it back\?  y yes, n no")
        s.press("y", "^ Undone", r"Run \d+ is undone")
        is_reached(guest, ONE, "narrowed, undone")
    guest.write(POLICY, policy, st.st_mode & 0o7777)
    os.utime(guest.path(POLICY), ns=(st.st_atime_ns, st.st_mtime_ns))
    as_before(guest, state, "narrowed, undone")


def fails(guest, state):
    """One of two refuses to stop: told which and why, the other is put back, all is as before."""
    with Screen(guest, 80, 24) as s:
        s.mark_close(OTHER)     # which is closed before
        s.mark_close(REFUSES)
        s.press("p", "2 doors will close", "y do it for good")
        text = s.press("y", "^ Not done", "Esc back")
        text = re.sub(r"\s+", " ", text)
        guest.tests.check("drill-refuses.service" in text and re.search("refus|may be requested by dependency only", text),
                          "review, a unit that refuses: it is named, with the reason", text)
        guest.tests.check(re.search(r"back 1/\d+ Stop app\.service: put back", text) and not re.search(r"back \d+/\d+ [^:]*: FAILED", text),
                          "review, a unit that refuses: what was put back is told, and nothing else as if it were not", text)
        s.press("Escape", re.escape(HINTS), rf":{REFUSES}/tcp", never="on trial")
        s.press("u", "Nothing is to be undone: no run is in force", never=r"Put it back\?")
    as_before(guest, state, "a unit that refuses")


def begun(guest, screen):
    """In the midst of closing the door whose unit does not end."""
    guest.shell(f"touch {HELD}")
    screen.mark_close(HELD_PORT)
    screen.press("p", "1 door will close", "y do it for good")
    screen.press("y", "^ Closing, and looking whether it is so", r"[Ss]top.* \.\.\.$", "x stop and put back")
    end = time.monotonic() + LIMIT
    while guest.shell(f"systemctl is-active {UNIT}").out.strip() != "deactivating":
        assert time.monotonic() < end, "the unit is not told to stop"
        time.sleep(0.1)


def terminated(guest, state):
    """SIGTERM in the midst: stopped, put back, told behind the screen; the journal knows of no run in force."""
    with Screen(guest, 80, 24) as s:
        begun(guest, s)
        os.kill(s.program(), signal.SIGTERM)
        s.wait("Stopping; what was changed is put back")
        guest.shell(f"rm -f {HELD}")
        text = s.terminal.wait(r"^status=\d+", r"^over$")
        guest.tests.check("Not done" in text and "put back" in text, "review, SIGTERM in the midst: what became of it is told", text)
        guest.tests.check(s.ended() == 128 + signal.SIGTERM, "review, SIGTERM in the midst: ended by it, the terminal as it was", text)
    as_before(guest, state, "SIGTERM in the midst")
    verified(guest, "SIGTERM in the midst")
    ran = guest.doorward("undo")
    guest.tests.check(ran.code == DONE and "nothing is to be undone" in ran.out + ran.err,
                      "review, SIGTERM in the midst: no run is in force", ran.text())


def lost(guest, state):
    """The terminal is lost (SIGHUP) in the midst: finished, and in the journal."""
    with Screen(guest, 80, 24) as s:
        begun(guest, s)
        program = s.program()
        s.lose()
        guest.shell(f"rm -f {HELD}")
        end = time.monotonic() + LIMIT
        while os.path.exists(f"/proc/{program}"):
            assert time.monotonic() < end, "it goes on without a terminal"
            time.sleep(0.1)
    shut(guest, HELD_PORT, "the terminal lost in the midst")
    verified(guest, "the terminal lost in the midst")
    ran = guest.doorward("undo")
    guest.tests.check(ran.code == DONE and "nothing is to be undone" not in ran.out + ran.err,
                      "review, the terminal lost in the midst: the run is undone", ran.text()[-1500:])
    as_before(guest, state, "the terminal lost in the midst, undone")


PARTS = (tried_and_kept, narrowed, fails, terminated, lost)


def all_of_it(guest):
    # a journal of its own: what other drills have left in force is not asked about
    guest.shell("mkdir -p /var/lib/doorward && mount -t tmpfs -o mode=0700 drill /var/lib/doorward")
    prepare(guest)
    state = State(guest)
    for part in PARTS:
        try:
            part(guest, state)
        except AssertionError as e:
            guest.tests.check(False, f"review, {part.__name__}: {str(e).splitlines()[0]}", str(e))
            guest.shell(f"rm -f {HELD}")
            guest.doorward("undo")
    unprepare(guest)
    guest.shell("umount -l /var/lib/doorward")
