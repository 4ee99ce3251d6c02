# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the pages say of the sources: files that are named, options, reasons, checks, rooms, fields."""
import glob
import os
import re


# Options of other programs that the pages name by themselves: oscap, start-stop-daemon, iptables-restore, apt-get.
FOREIGN = {"remediate", "chuid", "noflush", "simulate"}


def named_files(source, name, text):
    """Files and directories of this tree in `code` that are not there."""
    for word in re.findall(r"`([\w./*-]+)`", text):
        if not re.match(r"(src|tests|docs|schema|knowledge|man|bpf|include|packaging|examples)/", word) or re.search(r"[A-Z]{2}", os.path.basename(word).replace("README", "")):
            continue
        base = os.path.join(source, word)
        # build/ has what is made; a test is named without its ending: tests/unit/judge, tests/bench/watch
        if not glob.glob(base) and not glob.glob(base + ".*") and not glob.glob(os.path.join(os.path.dirname(base), "test-" + os.path.basename(base) + ".c")) \
                and not glob.glob(os.path.join(source, os.path.dirname(word), "**", "test-" + os.path.basename(word) + ".c"), recursive=True):
            yield f"{name}: `{word}` is no file of this tree"


def named_options(table, name, text):
    """`--option` that no command has, but for those of other programs, which stand behind their name."""
    known = set(table["options"]) | set(table["everywhere"]) | FOREIGN
    for code in re.findall(r"`([^`\n]+)`", text):
        words = code.split()
        # by themselves they are the benches' on the page of figures
        if words[0] == "doorward" or (words[0].startswith("--") and not name.endswith("performance.md")):
            for word in words:
                option = re.match(r"--([a-z][\w-]*)", word)
                if option and option.group(1) not in known:
                    yield f"{name}: `{code}`: no command has --{option.group(1)}"


def reasons(source):
    """docs/verdicts.md has each reason that a verdict can give, and no other."""
    with open(os.path.join(source, "src", "judge", "reasons.c"), encoding="utf-8") as f:
        given = set(re.findall(r'=\s*\{\s*"([a-z-]+)",\s*FROM_', f.read()))
    with open(os.path.join(source, "docs", "verdicts.md"), encoding="utf-8") as f:
        text = f.read()
    told = set()
    for row in re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", text, re.M):
        told |= set(re.findall(r"`([a-z-]+)`", row))
    if len(given) < 40:
        yield f"src/judge/reasons.c has {len(given)} reasons only"
    for word in sorted(given - told):
        yield f"docs/verdicts.md does not have the reason {word}"


def checks(listed, source):
    """A table of docs/host.md has only checks that `doorward host list` has."""
    if len(listed) < 40:
        yield f"doorward host list has {len(listed)} checks only"
    with open(os.path.join(source, "docs", "host.md"), encoding="utf-8") as f:
        for table in re.findall(r"^\| check \|.*\n\|.*\n((?:\|.*\n)+)", f.read(), re.M):
            for word in re.findall(r"^\| `([a-z0-9-]+)`", table, re.M):
                if word not in listed:
                    yield f"docs/host.md: there is no check {word}"


def rooms(source):
    """The table of docs/architecture.md is may_include of src/meson.build."""
    with open(os.path.join(source, "src", "meson.build"), encoding="utf-8") as f:
        allowed = {room: set(re.findall(r"'(\w+)'", seen)) - {room}
                   for room, seen in re.findall(r"^  '(\w+)': \[([^]]*)\],", f.read().split("may_include = {")[1].split("\n}")[0], re.M)}
    with open(os.path.join(source, "docs", "architecture.md"), encoding="utf-8") as f:
        told = {room: {w.strip(" `/") for w in seen.split(",")} for room, seen in re.findall(r"^\| `src/(\w+)` \|.*\| ([^|]*) \|$", f.read(), re.M)}
    if len(allowed) < 15:
        yield f"src/meson.build has {len(allowed)} rooms only"
    for room in sorted(allowed.keys() | told.keys()):
        if room not in told or room not in allowed:
            yield f"docs/architecture.md and src/meson.build do not both have src/{room}"
            continue
        words = {"include" if w == "public" else w for w in allowed[room]}
        if "all above" not in told[room] and words != told[room] - {"–"}:
            yield f"docs/architecture.md says that src/{room} sees {sorted(told[room])}; it is {sorted(words)}"
