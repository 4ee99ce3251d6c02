# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal (tmux) in which a program runs: keys are sent to it, its screen is read. Nothing is timed: each step waits until the
screen shows what it must, with a limit so generous that only a program that hangs meets it."""
import os
import re
import subprocess
import time

LIMIT = float(os.environ.get("DW_REVIEW_LIMIT", "120"))  # seconds


def same(got, want):
    assert got == want, f"{got!r} is not {want!r}"


class Terminal:
    """A detached tmux with one window that runs the words, and says how they ended."""

    def __init__(self, directory, columns, rows, words, term="screen-256color", locale="C.UTF-8", **environment):
        self.socket = os.path.join(directory, "tmux")
        given = {**environment, "TERM": term, "LC_ALL": locale}
        clean = [w for k in ("NO_COLOR", "COLUMNS", "LINES") if k not in environment for w in ("-u", k)]
        quoted = " ".join("'" + w.replace("'", "'\\''") + "'" for w in
                          ["env", *clean, *(f"{k}={v}" for k, v in given.items()), *words])
        shell = f"stty -a >{directory}/before; {quoted}; echo status=$?; stty -a >{directory}/after; echo over; sleep 1000"
        self.directory = directory
        self.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "sh", "-c", shell)

    def tmux(self, *words):
        r = subprocess.run(["tmux", "-S", self.socket, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert r.returncode == 0, (words, r.stderr)
        return r.stdout

    def screen(self, *flags):
        return self.tmux("capture-pane", "-p", *flags)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def wait(self, *patterns, never=None):
        """Until each pattern is on the screen (and never is not); the screen."""
        end = time.monotonic() + LIMIT
        while True:
            text = self.screen()
            if all(re.search(p, text, re.M) for p in patterns) and not (never and re.search(never, text, re.M)):
                return text
            assert time.monotonic() < end, f"never seen: {patterns} (without {never})\n{text}"
            time.sleep(0.05)

    def press(self, keys, *patterns, never=None):
        self.keys(*keys.split(" "))
        return self.wait(*patterns, never=never)

    def click(self, column, row, times=1):
        """Button 1 at a place counted from 1, as xterm tells it (SGR 1006)."""
        self.keys("-l", f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m" * times)

    def wheel(self, column, row, down=True):
        self.keys("-l", f"\x1b[<{65 if down else 64};{column};{row}M")

    def pid(self):
        """Of the program: the youngest child of the window's shell."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as f:
            return int(f.read().split()[0])

    def ended(self):
        """The program has ended, the terminal is as it was; its status."""
        text = self.wait(r"^status=\d+", r"^over$")
        # the other screen is left, the cursor is seen, the mouse is the terminal's own again
        same(self.tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}#{mouse_any_flag}").strip(), "010")
        for name in ("before", "after"):
            with open(f"{self.directory}/{name}", encoding="utf-8") as f:
                if name == "before":
                    before = f.read()
                else:
                    same(f.read(), before)
        return int(re.search(r"^status=(\d+)", text, re.M).group(1))

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stderr=subprocess.DEVNULL, check=False)
