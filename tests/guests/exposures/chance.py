# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filters and policies by chance; the same seed makes the same ones."""
from foreign import DOCKER, Scene, nft, restore

NETS4 = ["10.9.0.0/24", "10.9.0.0/29", "10.9.0.7", "10.9.0.128/25", "10.0.0.0/8", "192.0.2.0/24", "192.0.2.77", "198.51.100.0/24",
         "203.0.113.9", "203.0.113.0/25", "0.0.0.0/0", "172.17.0.0/16", "10.9.9.1", "192.0.2.64-192.0.2.99"]
NETS6 = ["fd09::/64", "fd09::2", "fd09::/16", "2001:db8::/32", "2001:db8:77::77", "2001:db8:1::/64", "::/0", "fc00::/7"]
OWN4 = ["10.9.0.10", "192.0.2.1", "10.9.9.2", "10.9.0.0/16"]
OWN6 = ["fd09::10", "2001:db8:1::1", "fd09::/16"]
PORTS = {"tcp": [22, 80, 443, 5432, 21, 3306, 8443, 2323, 631, 8888, 632, 7000, 8080],
         "udp": [53, 123, 161, 500, 5060, 69, 7001]}
RANGES = ["1-1023", "0-65535", "20-80", "400-600", "2000-9000", "5000-6000"]
INTERFACES = ['"lan0"', '"wan0"', '"lan*"', '"w*"', '"docker0"', '"eth*"', '{ "lan0", "docker0" }', '{ "wan*", "eth0" }']
CHAINS = ["first", "second", "third"]


class Rules:
    """One nftables document."""

    def __init__(self, random):
        self.random = random
        self.family = "inet"
        self.sets = []

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def some(self, words, most=3):
        return self.random.sample(words, self.random.randint(1, min(most, len(words))))

    # --- what a rule asks for ---

    def six(self):
        return self.family == "ip6" or (self.family == "inet" and self.chance(3))

    def addresses(self, six, near):
        nets = (OWN6 if six else OWN4) if near else (NETS6 if six else NETS4)
        if near or not self.chance(2):
            return self.random.choice(nets)
        # intervals of a set must not overlap, or be merged
        name = f"s{len(self.sets)}"
        self.sets.append(f" set {name} {{ type {'ipv6' if six else 'ipv4'}_addr; flags interval; auto-merge; "
                         f"elements = {{ {', '.join(self.some(nets, 4))} }}; }}")
        return f"@{name}"

    def not_(self):
        return "!= " if self.chance(5) else ""

    def ports(self, protocol):
        if self.chance(4):
            return self.random.choice(RANGES)
        if self.chance(2):
            return str(self.random.choice(PORTS[protocol]))
        return f"{{ {', '.join(map(str, self.some(PORTS[protocol], 5)))} }}"

    def matches(self, hook):
        six, words = self.six(), []
        head = "ip6" if six else "ip"
        if self.chance(2):
            words.append(f"iifname {self.not_()}{self.random.choice(INTERFACES)}")
        if self.chance(2):
            words.append(f"{head} saddr {self.not_()}{self.addresses(six, False)}")
        if self.chance(5):
            words.append(f"{head} daddr {self.not_()}{self.addresses(six, True)}")
        if hook != "late" and self.chance(8):
            words.append(self.random.choice(["fib saddr . iif oif exists", "fib daddr type local", "meta mark 0x1",
                                             "meta mark & 0x3 != 0x2", "ct state new", "ct state { new, untracked }"]))
        kind = self.random.randrange(6)
        if kind < 3:
            protocol = self.random.choice(["tcp", "tcp", "udp"])
            words.append(f"{protocol} dport {self.not_()}{self.ports(protocol)}")
        elif kind == 3:
            words.append(self.random.choice(["meta l4proto tcp", "meta l4proto { tcp, udp }", "meta l4proto udp",
                                             "th dport { 22, 53, 80, 123 }", "th dport 100-500"]))
        return words

    def verdict(self, below):
        if below and self.chance(3):
            return f"{self.random.choice(['jump', 'goto'])} {self.random.choice(below)}"
        return self.random.choice(["accept", "accept", "accept", "drop", "drop", "reject", "return", "counter accept",
                                   "meta mark set 0x1", "ct mark set meta mark"])

    def vmap(self, below):
        words = [self.verdict(below) for _ in range(3)]
        words = [w if w.split()[0] in ("accept", "drop", "jump", "goto", "return") else "drop" for w in words]
        if self.chance(2):
            keys = self.random.sample(PORTS["tcp"], 3)
            return "tcp dport vmap { " + ", ".join(f"{k} : {w}" for k, w in zip(keys, words)) + " }"
        if self.chance(2):
            keys = self.random.sample(['"lan0"', '"wan0"', '"eth0"', '"docker*"'], 3)
            return "iifname vmap { " + ", ".join(f"{k} : {w}" for k, w in zip(keys, words)) + " }"
        return f"iifname . meta l4proto vmap {{ \"lan0\" . tcp : {words[0]}, \"wan0\" . udp : {words[1]}, \"eth0\" . tcp : {words[2]} }}"

    def rule(self, hook, below):
        if self.chance(6):
            return "  " + self.vmap(below)
        verdict = self.verdict(below)
        if hook == "pre" and verdict == "reject":
            verdict = "drop"
        return "  " + " ".join([*self.matches(hook), verdict])

    # --- chains and tables ---

    def chain(self, name, hook, below, head=""):
        rules = [self.rule(hook, below) for _ in range(self.random.randint(2, 7))]
        return "\n".join([f" chain {name} {{", *([head] if head else []), *rules, " }"])

    def base(self, name, hook, priority, below):
        policy = self.random.choice(["drop", "accept"]) if hook == "input" else "accept"
        where = "input" if hook == "input" else "prerouting"
        head = f"  type filter hook {where} priority {priority}; policy {policy};\n  ct state established,related accept\n" \
               "  meta l4proto { icmp, ipv6-icmp } accept"
        if self.chance(2):
            head += "\n  iif lo accept"
        return self.chain(name, "pre" if hook != "input" else hook, below, head)

    def table(self, number):
        self.sets = []
        self.family = self.random.choice(["inet", "inet", "inet", "ip", "ip6"])
        chains = []
        for i, name in enumerate(CHAINS):       # a chain may lead to the ones before it: no loops
            chains.append(self.chain(name, "input", CHAINS[:i]))
        if self.chance(3):
            chains.append(self.base("pre", "prerouting", self.random.choice([-300, -150]), []))
        chains.append(self.base("input", "input", self.random.choice([-5, 0, 5, 10]) + number, CHAINS))
        if self.chance(4):
            chains.append(f" chain nat {{\n  type nat hook prerouting priority dstnat;\n"
                          f"  iifname \"{self.random.choice(['lan0', 'wan0'])}\" tcp dport 8080 redirect to :{self.random.choice([80, 22, 443])}\n }}")
        return f"table {self.family} t{number} {{\n" + "\n".join(self.sets + chains) + "\n}"


def ruleset(number, random):
    rules = Rules(random)
    text = "\n".join(rules.table(i) for i in range(random.choice([1, 1, 2])))
    return nft(f"by chance {number}", text)


# --- policies ---

FROM = ["10.9.0.0/24", "10.9.0.7", "10.9.0.128/25", "192.0.2.0/24", "198.51.100.0/24", "fd09::/64", "fd09::2", "2001:db8:77::/48",
        "203.0.113.0/24", "any"]
WHAT = ["ssh", "http", "https", "postgresql", "53/udp", "123/udp", "21/tcp", "3306/tcp", "8443/tcp", "161/udp", "500/udp",
        "2323/tcp", "5060/udp", "631/tcp", "69/udp", "8888/tcp", "632/tcp", "7000/tcp", "7001/udp", "20-100/tcp", "8080/tcp",
        "8081/tcp", "8053/udp"]


def statement(random):
    line = "keep " + " ".join(random.sample(WHAT, random.randint(1, 3)))
    kind = random.randrange(8)
    if kind < 5:
        line += " from " + " ".join(random.sample(FROM[:-1], random.randint(1, 3)))
    elif kind == 5:
        line += " from any"
    return line + ' because "by chance"'


def policy(random):
    lines = ["default close", *(statement(random) for _ in range(random.randint(1, 7)))]
    if random.randrange(4) == 0:
        lines.append("close " + random.choice(WHAT[4:]))
    if random.randrange(5) == 0:
        lines.append("redirect 8080 to 80")
    if random.randrange(5) == 0:
        lines.append("log denied")
    return "\n".join(lines) + "\n"


LOAD = {
    "nft": "nft -f fence.out",
    "iptables": "sh -e fence.out",
    "ufw": "ufw --force reset\nsh -e fence.out",
    "firewalld": "systemctl start firewalld\nsh -e fence.out\nfirewall-cmd --check-config",
}


def preview(style):
    return f"cd /run\ndoorward fence preview --style {style} --policy /run/policy >fence.out 2>fence.said || [ $? -le 1 ]\n{LOAD[style]}\n"


def fence(number, random):
    """Our own rules, alone or beside those of docker or of others; (scene, policy)."""
    others = random.choice(["", "", "", restore("iptables-nft-restore", DOCKER.format(user="")),
                            restore("iptables-legacy-restore", DOCKER.format(user="")), ruleset(number, random).script])
    return Scene(f"policy {number}", others + preview("nft")), policy(random)


def styled(number, random, style):
    return Scene(f"policy {number} by {style}", preview(style)), policy(random)
