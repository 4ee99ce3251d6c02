# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the examples of the pages on a host of its own (sandbox.py), and holds what the pages show to what came."""
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
UNSHARE = ("unshare", "--mount", "--net", "--pid", "--fork", "--uts", "--ipc", "--kill-child")
# What is not run, and why; all else is.
NOT_RUN = {"diff --around": "it waits until what the command started has come to rest",
           "scan --resume": "it takes a scan that was stopped in the middle"}
# No init, no systemd, perhaps no BPF, no nftables there: these say so.
MAY_LACK = {"close": (4, "no service manager"), "verify": (4, "no service manager"), "review": (2, "built without ncurses"),
            "fence": (2, r"nftables|NFLOG|net/tun|nf_tables|rehears|logged here"), "confine": (2, "BPF|unit"), "scan": (2, r"libpcre2|libgnutls")}
SILENT = {"baseline", "check-policy", "diff"}  # where nothing is to be told
HEADING = r"^([A-Z][a-z]+(?:,? [a-z]+){0,4})(?=  | \(|:)"


def prepared(words, image):
    """(words, how it is run), or None. Times, ports and networks are small; who would be asked says yes."""
    words = [image if w in ("/mnt/image", "/mnt") else w for w in words]
    name = words[0] if words else ""
    if any(name == n.split()[0] and n.split()[1] in words for n in NOT_RUN):
        return None
    if name == "close" or words[:2] == ["fence", "apply"]:
        words.append("--yes")
    if words == ["host", "fix"]:
        words.append("--dry-run")  # its yes would be for settings of the whole machine
    for i, word in enumerate(words[:-1]):
        if word in ("--pause", "--for") and name in ("close", "confine", "scan-assist") and (name, word) != ("close", "--for"):
            words[i + 1] = "1s"
        if word == "--window":
            words[i + 1] = "00:00-23:59"
    words = ["--udp=1-40" if w == "--udp=-" else "192.0.2.0/29" if w == "192.0.2.0/24" else w for w in words]
    if name == "scan" and not any(w.startswith(("-p", "--ports", "--udp")) for w in words):
        words += ["--ports", "22,23,80"]
    how = "watch" if name == "watch" and "--status" not in words else "screen" if name == "review" else \
        "standard input" if words[-1:] == ["-"] and name == "compare" else ""
    return words, how


def on_a_host(examples, program, source):
    """[(words, status, output, errors)] of each; None: no such host can be made here."""
    if os.geteuid() != 0 or not all(shutil.which(w) for w in ("unshare", "mount", "ip", "hostname")) or \
            subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return None
    with tempfile.TemporaryDirectory(prefix="doorward-pages-") as d:
        mine = shutil.copy(program, os.path.join(d, "doorward"))
        host = shutil.copy(os.path.join(HERE, "sandbox.py"), d)
        image = os.path.join(d, "image")
        shutil.copytree(os.path.join(source, "tests", "roots", "systemd-host"), image, symlinks=True)
        cases = []
        for words in examples:
            case = prepared(list(words), image)
            if case and case not in cases:
                cases.append(case)
        r = subprocess.run([*UNSHARE, "/usr/bin/python3", host, mine, d], input=json.dumps(cases), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, check=False, timeout=1800)
    if r.returncode == 77:
        print(r.stderr.strip())
        return None
    if r.returncode != 0:
        return r.stderr[-2000:] or f"it ended with {r.returncode}"
    return [(words, how, *came) for (words, how), came in zip(cases, json.loads(r.stdout)["examples"])]


def wrong(words, how, status, out, err):
    """What is wrong with the result, or None."""
    name = words[0] if words and not words[0].startswith("-") else "audit"
    lacks = MAY_LACK.get(name)
    if lacks and status == lacks[0] and re.search(lacks[1], out + err):
        return None
    if status not in (0, 1, 3):
        return f"status {status}: {err.strip()[-300:]}"
    if re.match(r"(No door of this host belongs|Nothing listens|Nothing is called)", out + err.removeprefix("doorward: ")):
        return f"the host of the examples has no such door: {(out + err)[:200]}"
    if how == "watch":
        return err or None
    if not out and not err and name not in SILENT and "--quiet" not in words and "-q" not in words:
        return "it said nothing"
    if "--json" in words and out:
        try:
            json.loads(out)
        except ValueError as why:
            return f"its JSON: {why}"
    return None


def headings(text):
    return set(re.findall(HEADING, re.sub(r"\x1b\[[0-9;]*m", "", text), re.M))


def shown(lines):
    """(words of a command of ours, the lines that a page shows behind it), of a block of `console`."""
    found, i = [], 0
    while i < len(lines):
        if re.match(r"[#$] doorward\b[^|>]*$", lines[i]):
            end = next((k for k in range(i + 1, len(lines)) if re.match(r"[#$] \S", lines[k])), len(lines))
            found.append((shlex.split(lines[i][2:])[1:], "\n".join(lines[i + 1:end])))
            i = end
        else:
            i += 1
    return found
