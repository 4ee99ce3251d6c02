# SPDX-License-Identifier: LGPL-2.1-or-later
"""One booted guest as a drill sees it from outside: its programs run by nsenter, its doors read from /proc, its files
from the host's side. Nothing here knows doorward's own view."""
import os
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
GUESTS = os.path.dirname(HERE)
sys.dont_write_bytecode = True
sys.path.insert(0, GUESTS)
from truthfile import load_truth  # noqa: E402

BASE = os.environ.get("DW_TEST_DIR", f"/tmp/doorward-test.{os.getuid()}")
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TERM": "dumb",
       "LANG": "C.UTF-8"}
PROGRAM = "/usr/bin/doorward"
DYNAMIC = "dyn"
LOCK = 9        # lib.sh's: what boot starts must inherit it


class Failure(Exception):
    """The drill of this guest cannot go on."""


class Tests:
    """Counts; a failure is told at once, with the evidence that goes with it."""

    def __init__(self):
        self.passed = self.failed = 0
        self.lock = threading.Lock()
        self.begun = time.monotonic()

    def check(self, good, text, evidence=""):
        with self.lock:
            if good:
                self.passed += 1
                if os.environ.get("DW_DRILL_LOUD"):
                    print(f"ok {time.monotonic() - self.begun:6.1f} {text}", flush=True)
                return bool(good)
            self.failed += 1
            print(f"FAILED {text}", flush=True)
            for line in clean(evidence).splitlines()[:25]:
                print(f"    | {line}", flush=True)
            return False

    def say(self, text):
        print(f"{time.monotonic() - self.begun:6.1f} s: {clean(text)}", flush=True)


def clean(text):
    """What may go to a terminal."""
    return "".join(c if c == "\n" or (c.isprintable() and ord(c) < 127) else "\\x%02x" % ord(c) for c in text)


class Ran:
    """A program that ended: exit code, both outputs, seconds."""

    def __init__(self, code, out, err, seconds, what):
        self.code, self.out, self.err, self.seconds, self.what = code, out, err, seconds, what

    def text(self):
        return f"$ {self.what}\n{self.out}{self.err}[exit {self.code}, {self.seconds:.1f} s]\n"


def run(words, what="", limit=180, **more):
    begun = time.monotonic()
    try:
        p = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=limit, check=False, **more)
        code, out, err = p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired as e:
        code, out, err = -1000, e.stdout or b"", (e.stderr or b"") + b"\n(killed: it took too long)\n"
    return Ran(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), time.monotonic() - begun,
               what or " ".join(words))


class Guest:
    def __init__(self, name, tests):
        self.name, self.tests = name, tests
        self.recipe, twin, _ = name.partition("-")
        self.scan = f"dwt-scan-{name}" if twin else "dwt-scan"      # the network namespace of its peers: lib.sh's SCAN
        self.root = os.path.join(BASE, "root", name)
        self.evidence = os.path.join(BASE, "run", f"{name}.drill")
        self.pid = None
        self.number = 0
        self.address = None
        self.rebooted = False       # without what people did by hand
        self.knocking = None
        shutil.rmtree(self.evidence, ignore_errors=True)
        os.makedirs(self.evidence)

    # --- power ---

    def harness(self, script, *words, limit=900):
        """One of the harness's own commands. A file, not a pipe: what boot leaves behind would hold a pipe open."""
        passed = (LOCK,) if os.path.exists(f"/proc/self/fd/{LOCK}") else ()
        log = os.path.join(self.evidence, f"{script}.log")
        with open(log, "ab") as out:
            code = subprocess.run([os.path.join(GUESTS, script), self.name, *words], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, timeout=limit, pass_fds=passed,
                                  check=False).returncode
        if code:
            with open(log, encoding="utf-8", errors="replace") as f:
                raise Failure(f"{script} {self.name} ended with {code}: {clean(f.read()[-600:])}")

    def boot(self, *words):
        self.harness("boot", *words)
        self.rebooted = "--fresh" not in words
        answer = run(["bash", "-c", '. "$0/lib.sh"; load "$1"; gpid; echo $ADDR', GUESTS, self.name]).out.split()
        if len(answer) != 2:
            raise Failure(f"{self.name} is not up")
        self.pid, self.address = int(answer[0]), answer[1]

    def stop(self):
        self.harness("stop")
        self.pid = None

    def reboot(self, *words):
        """Off and on again, without what people did by hand."""
        if self.knocking:
            self.knocking.rest()
        self.stop()
        self.boot("--no-live", *words)
        if self.knocking:
            self.knocking.go_on()

    # --- programs ---

    def inside(self, *words, limit=180, env=None, what=""):
        more = [f"{k}={v}" for k, v in {**ENV, **(env or {})}.items()]
        return run(["nsenter", "-t", str(self.pid), "-a", "--", "env", "-i", *more, *words], what or " ".join(words), limit)

    def shell(self, text, **more):
        return self.inside("sh", "-c", text, **more)

    def ssh_words(self, user, command):
        return ["ip", "netns", "exec", self.scan, "ssh", "-n", "-b", "10.9.0.1", "-i", os.path.join(BASE, "key"),
                "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=30", f"{user}@{self.address}", command]

    def ssh(self, user, command, limit=180):
        return run(self.ssh_words(user, command), f"ssh {user}@{self.name} {command}", limit)

    def keep_evidence(self, ran):
        self.number += 1
        with open(os.path.join(self.evidence, f"{self.number:03d}.txt"), "w", encoding="utf-8") as f:
            f.write(ran.text())
        return ran

    def doorward(self, *words, limit=180, env=None):
        return self.keep_evidence(self.inside(PROGRAM, *words, limit=limit, env=env, what="doorward " + " ".join(words)))

    # --- files, seen from outside ---

    def path(self, inside):
        return os.path.join(self.root, inside.lstrip("/"))

    def read(self, inside):
        with open(self.path(inside), "rb") as f:
            return f.read()

    def write(self, inside, data, mode=0o644):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(self.path(inside), mode)

    def install(self):
        """The program as a package would put it, before anything is recorded: its libraries from beside it."""
        stage = os.path.join(BASE, "stage", self.name)
        if os.environ.get("DW_TEST_FAKE"):
            return
        shutil.copy(os.path.join(stage, "bin", "doorward.bin"), self.path(PROGRAM))
        os.chmod(self.path(PROGRAM), 0o755)
        private = self.path("/usr/lib/doorward-drill")
        os.makedirs(private, exist_ok=True)
        known = [self.path("/usr/lib/x86_64-linux-gnu"), self.path("/lib/x86_64-linux-gnu")]
        for lib in [os.path.join(stage, "lib", x) for x in os.listdir(os.path.join(stage, "lib"))] + opened_later():
            name = os.path.basename(lib)
            if not any(os.path.lexists(os.path.join(d, name)) for d in known) and not name.startswith("ld-"):
                shutil.copy(lib, private)
        for extra in ("killat.so",):
            if os.path.exists(os.path.join(stage, extra)):
                shutil.copy(os.path.join(stage, extra), private)
        if os.path.isdir(os.path.join(stage, "share", "doorward")):
            shutil.copytree(os.path.join(stage, "share", "doorward"), self.path("/usr/share/doorward"),
                            dirs_exist_ok=True)
        self.write("/etc/ld.so.conf.d/doorward-drill.conf", "/usr/lib/doorward-drill\n")
        self.inside("ldconfig")
        policy = os.path.join(GUESTS, "policies", self.recipe)
        if os.path.exists(policy):
            with open(policy, "rb") as f:
                self.write("/etc/doorward/policy", f.read())

    # --- doors ---

    def processes(self):
        """Of the guest's own pid namespace: (pid, network namespace, name)."""
        mine = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{p}/ns/pid") == mine:
                    with open(f"/proc/{p}/comm", encoding="utf-8", errors="replace") as f:
                        found.append((int(p), os.readlink(f"/proc/{p}/ns/net"), f.read().rstrip("\n")))
            except OSError:
                pass
        return found

    def doors(self):
        """{(protocol, address, port, netns): {(pid, name)}} as the kernel's tables in /proc have them."""
        processes = self.processes()
        names, holders = self.namespaces(), {}
        own = os.readlink(f"/proc/{self.pid}/ns/net")
        first = {own: self.pid}     # any other may end while its tables are read
        for pid, netns, comm in processes:
            first.setdefault(netns, pid)
            for inode in inodes(pid):
                holders.setdefault(inode, set()).add((pid, comm))
        found = {}
        for netns, pid in first.items():
            name = "host" if netns == own else names.get(netns, "private")
            for protocol, address, port, inode in tables(pid):
                found.setdefault((protocol, address, port, name), set()).update(holders.get(inode, set()))
        return found

    def namespaces(self):
        names = {}
        where = f"/proc/{self.pid}/root/run/netns"
        for n in os.listdir(where) if os.path.isdir(where) else ():
            try:
                names[f"net:[{os.stat(os.path.join(where, n)).st_ino}]"] = n
            except OSError:
                pass
        return names

    def open_door(self, protocol, port):
        return {k: v for k, v in self.doors().items() if k[0] == protocol and k[2] == port}

    def await_doors(self, test, seconds):
        """Until test(doors) holds; whether it did."""
        end = time.monotonic() + seconds
        while not test(self.doors()):
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def truth(self):
        return load_truth(os.path.join(GUESTS, "truth", f"{self.recipe}.tsv"))


def opened_later():
    """Libraries that the program opens when it needs them: its package depends on them, so a guest has them."""
    listed = run(["ldconfig", "-p"]).out
    return [line.rpartition(" => ")[2] for line in listed.splitlines() if line.split()[0] == "libsqlite3.so.0"][:1]


def inodes(pid):
    found = []
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if target.startswith("socket:["):
                found.append(target[8:-1])
    except OSError:
        pass
    return found


def tables(pid):
    """(protocol, address, port, inode) of what listens in the network namespace of the process."""
    for table in ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"):
        try:
            with open(f"/proc/{pid}/net/{table}", encoding="ascii", errors="replace") as f:
                lines = f.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            w = line.split()
            local, remote, state = w[1], w[2], w[3]
            if state != ("0A" if table.startswith("tcp") else "07") or set(remote.replace(":", "")) != {"0"}:
                continue
            address, _, port = local.partition(":")
            yield table.rstrip("6"), numeric(address), str(int(port, 16)), w[9]
    yield from packets(pid)


def packets(pid):
    try:
        with open(f"/proc/{pid}/net/packet", encoding="ascii", errors="replace") as f:
            for line in f.read().splitlines()[1:]:
                w = line.split()
                yield "packet", "*" if w[4] == "0" else interface(pid, w[4]), "-", w[8]
    except OSError:
        pass


def interface(pid, index):
    where = f"/proc/{pid}/root/sys/class/net"
    try:
        for name in os.listdir(where):
            with open(os.path.join(where, name, "ifindex"), encoding="ascii") as f:
                if f.read().strip() == index:
                    return name
    except OSError:
        pass
    return f"if{index}"


def numeric(text):
    """An address of /proc/net/tcp: words of four bytes, each in the host's order."""
    import ipaddress
    raw = b"".join(int(text[i:i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8))
    return str(ipaddress.ip_address(raw))


class Knocking:
    """A person who logs in over ssh each second, or each third, through all of a drill; and complains."""

    def __init__(self, guest, seconds=1):
        self.guest, self.seconds = guest, seconds
        self.good = 0
        self.bad = []
        self.up = threading.Event()
        self.idle = threading.Event()
        self.end = False
        self.thread = threading.Thread(target=self.loop, daemon=True)
        guest.knocking = self
        self.go_on()
        self.thread.start()

    def loop(self):
        while not self.end:
            if not self.up.is_set():
                self.idle.set()
                time.sleep(0.05)
                continue
            self.idle.clear()
            answer = self.guest.ssh("root", "true", 120)
            if answer.code == 0:
                self.good += 1
            else:
                self.bad.append(f"{time.strftime('%H:%M:%S')} {answer.code}: {answer.err.strip()}")
            time.sleep(self.seconds)

    def go_on(self):
        self.idle.clear()
        self.up.set()

    def rest(self):
        self.up.clear()
        self.idle.wait(150)

    def finish(self):
        self.end = True
        self.thread.join(150)
        self.guest.tests.check(self.good > 0 and not self.bad,
                               f"ssh accepted each of {self.good + len(self.bad)} logins", "\n".join(self.bad))
