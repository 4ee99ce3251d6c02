# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filters as other people write them. Each is a shell script for the guest; DOUBT are the ports whose answer nobody can
know (a limit, a set that fills): there alone may an answer be "unknown"."""
import collections

# settings: of /proc/sys/net, put back afterwards; crafted: ports of the sender that the rules like
Scene = collections.namedtuple("Scene", "name script doubt settings crafted", defaults=((), (), ()))
ALL = "all"     # any door may be unknown


def nft(name, rules, *more):
    return Scene(name, f"nft -f - <<'RULES'\n{rules}\nRULES\n", *more)


def restore(program, rules):
    return f"{program} <<'RULES'\n{rules}\nRULES\n"


# What dockerd 20.10 writes for `docker run -p 8080:80 -p 10.9.0.10:8081:5000 -p 8053:53/udp`, by iptables-save.
DOCKER = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.5/32 -d 172.17.0.5/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A POSTROUTING -s 172.17.0.5/32 -d 172.17.0.5/32 -p tcp -m tcp --dport 5000 -j MASQUERADE
-A POSTROUTING -s 172.17.0.5/32 -d 172.17.0.5/32 -p udp -m udp --dport 53 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.5:80
-A DOCKER -d 10.9.0.10/32 ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.5:5000
-A DOCKER ! -i docker0 -p udp -m udp --dport 8053 -j DNAT --to-destination 172.17.0.5:53
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.5/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d 172.17.0.5/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 5000 -j ACCEPT
-A DOCKER -d 172.17.0.5/32 ! -i docker0 -o docker0 -p udp -m udp --dport 53 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
{user}
COMMIT"""
BLOCKING = """-A DOCKER-USER -s 198.51.100.0/24 -i wan0 -j DROP
-A DOCKER-USER -s 203.0.113.0/24 -m conntrack --ctorigdstport 8080 -j DROP
-A DOCKER-USER -j RETURN"""
FILTERED = """*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:office - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p icmp -j ACCEPT
-A INPUT -s 10.9.0.0/24 -i lan0 -j office
-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment "the pages" -j ACCEPT
-A INPUT -m iprange --src-range 192.0.2.70-192.0.2.80 -p tcp --dport 3306 -j ACCEPT
-A INPUT ! -s 192.0.2.0/24 -p udp --dport 161 -j ACCEPT
-A INPUT -p tcp --syn --dport 21 -j REJECT --reject-with tcp-reset
-A office -s 10.9.0.7/32 -j RETURN
-A office -p tcp -m tcp --dport 22 -j ACCEPT
-A office -p udp -m udp -j ACCEPT
COMMIT"""
FILTERED6 = """*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A INPUT -s fd09::2/128 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -i wan+ -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT"""

UFW = """ufw --force reset >/dev/null
ufw default deny incoming
ufw allow from 10.9.0.0/24 to any port 22 proto tcp comment 'the office'
ufw allow 80/tcp
ufw allow from fd09::/64 to any port 5432 proto tcp
ufw allow in on lan0 to any port 53 proto udp
ufw deny from 203.0.113.0/24
ufw allow 443/tcp
ufw insert 1 reject from 198.51.100.0/24 to any port 80 proto tcp
ufw allow from 192.0.2.77 to 192.0.2.1 port 8888 proto tcp
ufw allow 3000:3400/tcp
"""
UFW_OPEN = """ufw --force reset >/dev/null
ufw default allow incoming
ufw deny 5432/tcp
ufw deny in on wan0 to any port 3306 proto tcp
ufw deny from 10.9.0.7 to any port 22 proto tcp
"""
# ufw itself takes care of answers, pings and DHCP; `limit` is a rule that counts (xt_recent).
UFW_LIMIT = "ufw --force reset >/dev/null\nufw limit 22/tcp\nufw allow from 10.9.0.0/24\n"
FIREWALLD = """systemctl start firewalld
c() { firewall-cmd -q "$@"; }
c --zone=internal --change-interface=lan0
for s in mdns samba-client dhcpv6-client; do c --zone=internal --remove-service=$s; done
c --zone=internal --add-port=5432/tcp --add-port=160-165/udp
c --zone=public --add-service=https --add-service=dns
c --zone=public --add-rich-rule='rule family="ipv4" source address="203.0.113.0/24" port port="3306" protocol="tcp" accept'
c --zone=public --add-rich-rule='rule family="ipv6" source address="2001:db8:77::/48" service name="https" reject'
c --zone=public --add-rich-rule='rule family="ipv4" source NOT address="192.0.2.0/24" port port="21" protocol="tcp" accept'
c --zone=drop --add-source=198.51.100.0/24
c --zone=trusted --add-source=192.0.2.77
"""
FIREWALLD_SETS = """firewall-cmd -q --permanent --new-ipset=friends --type=hash:net
firewall-cmd -q --permanent --ipset=friends --add-entry=203.0.113.0/24
firewall-cmd -q --permanent --ipset=friends --add-entry=10.9.0.128/25
firewall-cmd -q --permanent --zone=work --add-source=ipset:friends
firewall-cmd -q --permanent --zone=work --add-port=8443/tcp
firewall-cmd -q --permanent --zone=work --add-service=http
firewall-cmd -q --permanent --zone=public --add-forward-port=port=8080:proto=tcp:toport=80
firewall-cmd -q --permanent --zone=public --add-masquerade
firewall-cmd -q --permanent --zone=public --set-target=REJECT
firewall-cmd -q --reload
"""

HEAD = " chain input { type filter hook input priority 0; policy drop;\n  iif lo accept\n  ct state established,related accept\n" \
       "  meta l4proto { icmp, ipv6-icmp } accept\n"

SETS = f"""table inet filter {{
 set office {{ type ipv4_addr; flags interval; elements = {{ 10.9.0.0/30, 10.9.0.128-10.9.0.200, 198.51.100.64/26 }}; }}
 set six {{ type ipv6_addr; flags interval; elements = {{ fd09::/124, 2001:db8:77::/64 }}; }}
 set pairs {{ type ipv4_addr . inet_service; flags interval; elements = {{ 203.0.113.0/24 . 3000-4000, 10.9.0.7 . 21 }}; }}
 set bad {{ type ipv4_addr; elements = {{ 10.9.0.130 }}; }}
 map ports {{ type inet_service : verdict; flags interval; elements = {{ 20-21 : jump some, 8000-9000 : accept }}; }}
 chain some {{ ip saddr 192.0.2.0/24 accept; }}
{HEAD}
  ip saddr @bad tcp dport 443 drop
  ip saddr @office tcp dport {{ 22, 80-81, 443 }} accept
  ip6 saddr @six tcp dport {{ 22, 2300-2400 }} accept
  ip saddr . tcp dport @pairs accept
  tcp dport vmap @ports
  iifname . ip saddr {{ "lan0" . 10.9.0.7, "wan0" . 203.0.113.9 }} udp dport {{ 53, 161 }} accept
 }}
}}"""
SIX = f"table ip6 filter {{\n{HEAD}  ip6 saddr fd09::/16 tcp dport 22 accept\n  iifname wan0 udp dport 5060 accept\n }}\n}}"
WILD = f"""table inet filter {{
 chain input {{ type filter hook input priority 0; policy drop;
  iifname "lo" accept
  ct state established,related accept
  meta l4proto ipv6-icmp accept
  iifname "lan*" tcp dport {{ 22, 5432, 631 }} accept
  iifname "w*" tcp dport 80 accept
  iifname != {{ "lan0", "lo" }} udp dport 53 accept
  iifname {{ "eth*", "wan*" }} tcp dport 443 accept
  iifgroup 0 iif "docker0" tcp dport 3306 accept
 }}
}}"""
VMAPS = f"""table inet filter {{
 chain lan {{ ip saddr 10.9.0.7 tcp dport 22 drop; tcp dport {{ 22, 80 }} accept; return; }}
 chain wan {{ tcp dport 80 accept; goto last; }}
 chain last {{ tcp dport 443 counter accept; tcp dport 3306 return; }}
 chain six {{ ip6 saddr vmap {{ fd09::2 : accept, 2001:db8:77::/48 : accept }}; }}
 map by {{ type ifname . inet_proto : verdict; elements = {{ "lan0" . udp : accept, "wan0" . udp : drop }}; }}
{HEAD}
  iifname . meta l4proto vmap @by
  iifname vmap {{ "lan0" : jump lan, "wan0" : goto wan, "docker0" : drop }}
  meta nfproto ipv6 tcp dport 5432 jump six
  ip saddr vmap {{ 10.9.9.0/24 : accept, 192.0.2.0/24 : drop }}
 }}
}}"""
JUMPS = f"""table inet one {{
 chain a {{ tcp dport 22 jump b; tcp dport 80 goto c; tcp dport 443 accept; }}
 chain b {{ ip saddr 10.9.0.0/25 return; drop; }}
 chain c {{ ip saddr 192.0.2.77 drop; }}
 chain input {{ type filter hook input priority -10; policy accept; jump a; udp dport 123 drop; }}
}}
table ip two {{
 chain input {{ type filter hook input priority 10; policy accept; tcp dport 443 ip saddr 203.0.113.0/24 reject; }}
 chain late {{ type filter hook input priority 20; policy accept; tcp dport {{ 21, 3306 }} iifname "wan0" reject with tcp reset; }}
}}"""
RAW = f"""table ip raw {{
 chain pre {{ type filter hook prerouting priority -300;
  iifname "wan0" tcp dport 21 drop
  ip saddr 10.9.0.7 ip daddr 10.9.0.10 udp dport 53 drop
  tcp dport 3306 notrack
 }}
}}
table inet mangle {{
 chain pre {{ type filter hook prerouting priority mangle;
  iifname "lan0" meta mark set 0x10
  ip saddr 198.51.100.0/24 ct mark set 0x20 meta mark set ct mark
  meta mark 0x20 tcp dport 80 drop
 }}
 chain out {{ type filter hook output priority raw; tcp sport 3306 notrack; }}
}}
table inet filter {{
 chain input {{ type filter hook input priority 0; policy drop;
  iif lo accept
  ct state established,related accept
  meta l4proto {{ icmp, ipv6-icmp }} accept
  ct state untracked accept
  meta mark & 0x30 == 0x10 tcp dport {{ 22, 5432 }} accept
  tcp dport {{ 21, 80 }} accept
  udp dport 53 accept
 }}
}}"""
FIB = """table inet filter {
 chain pre { type filter hook prerouting priority raw; policy accept;
  fib saddr . iif oif missing drop
  fib daddr . iif type != { local, multicast, broadcast } ip daddr != 172.17.0.0/16 drop
 }
 chain input { type filter hook input priority 0; policy accept;
  fib saddr type != unicast iif != lo drop
  fib saddr oifname "wan0" tcp dport 5432 drop
  fib daddr type local tcp dport 3306 iifname "wan0" drop
 }
}"""
REDIRECT = f"""table inet nat {{
 chain pre {{ type nat hook prerouting priority dstnat;
  tcp dport 8080 redirect to :80
  iifname "lan0" tcp dport 8081 redirect to :5432
  ip daddr 192.0.2.1 udp dport 161 dnat ip to 10.9.0.10:69
  ip saddr 203.0.113.9 tcp dport 443 dnat ip to {{box}}:5000
 }}
}}
table inet filter {{
{HEAD}
  tcp dport {{ 80, 443 }} accept
  ct status dnat tcp dport 5432 accept
  meta l4proto udp ct original proto-dst 161 accept
 }}
}}""".replace("{box}", "172.17.0.5")
LIMITS = f"""table inet filter {{
 set seen {{ type ipv4_addr; size 1000; flags dynamic,timeout; timeout 1m; }}
 chain input {{ type filter hook input priority 0; policy drop;
  iif lo accept
  ct state established,related accept
  meta l4proto {{ icmp, ipv6-icmp }} accept
  tcp dport 22 limit rate 3/minute accept
  tcp dport 80 limit rate 1/minute log prefix "seen "
  tcp dport 80 accept
  tcp dport 443 add @seen {{ ip saddr limit rate over 10/minute }} drop
  tcp dport 443 accept
  tcp dport 21 meta skuid 0 accept
  udp dport 53 quota over 1 mbytes drop
  udp dport 53 accept
  udp dport 123 ct count 5 accept
  tcp dport 5432 limit rate 3/minute accept
  tcp dport 5432 accept
  tcp dport 3306 numgen random mod 2 0 accept
 }}
}}"""
SENDER = f"""table inet filter {{
{HEAD}
  tcp sport 20 tcp dport 21 accept
  udp sport 53 accept
  tcp sport < 1024 tcp dport 22 drop
  tcp dport 22 accept
  ip ttl < 10 tcp dport 80 drop
  tcp dport 80 accept
  tcp flags & (syn | ack) == syn tcp dport 443 accept
 }}
}}"""
SPLIT = """table netdev lab {
 chain in { type filter hook ingress device "lan0" priority 0; policy accept;
  tcp dport 22 drop
 }
}"""

BANS = "*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp -m multiport --dports 22,80 -j f2b-sshd\n" + \
    "\n".join(f"-A f2b-sshd -s 198.{i // 200}.{i % 200}.1/32 -j REJECT --reject-with icmp-port-unreachable" for i in range(20000, 20600)) + \
    "\n-A f2b-sshd -s 203.0.113.9/32 -j REJECT --reject-with icmp-port-unreachable\n-A f2b-sshd -j RETURN\nCOMMIT"
ASLEEP = """table inet asleep {
 flags dormant
 chain input { type filter hook input priority 0; policy drop; }
}
table inet empty {
}
table ip6 six {
 chain input { type filter hook input priority 0; policy drop; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }
}"""
BIG = "table inet filter {\n set bad { type ipv4_addr; flags interval; elements = { " + \
    ", ".join(f"20.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(0, 200000, 2)) + ", 198.51.100.77, 10.9.0.4/30 }; }\n" + \
    " chain input { type filter hook input priority 0; policy accept;\n  ip saddr @bad tcp dport { 22, 80 } drop\n }\n}"

# The table of our own addresses is asked behind rules that lead some senders nowhere, by source and by interface.
POLICY_ROUTES = """for v in -4 -6; do
ip $v rule add pref 100 lookup local
ip $v rule del pref 0
done
ip rule add pref 5 from 192.0.2.77 blackhole
ip rule add pref 6 from 10.9.0.0/25 iif lan0 prohibit
ip -6 rule add pref 5 from 2001:db8:77::/64 iif wan0 unreachable
"""
FILTER = "nft 'add table ip t; add chain ip t i { type filter hook input priority 0; }; add rule ip t i tcp dport 21 drop'"

SCENES = [
    Scene("none", "true"),
    nft("sets with intervals", SETS),
    Scene("ufw", UFW + "ufw --force enable"),
    Scene("docker over nf_tables", restore("iptables-nft-restore", DOCKER.format(user=BLOCKING))),
    nft("IPv6 only", SIX),
    Scene("firewalld", FIREWALLD),
    nft("vmaps", VMAPS),
    Scene("legacy iptables", restore("iptables-legacy-restore", FILTERED) + restore("ip6tables-legacy-restore", FILTERED6)),
    nft("interface wildcards", WILD),
    nft("raw, marks, prerouting", RAW),
    nft("fib", FIB),
    nft("jumps and gotos", JUMPS),
    nft("redirects", REDIRECT),
    nft("limits and what fills", LIMITS, (22, 443, 21, 53, 123, 3306)),
    nft("what the sender chooses", SENDER, (), (), (20, 53)),
    Scene("docker over legacy", restore("iptables-legacy-restore", DOCKER.format(user="")) +
          restore("ip6tables-legacy-restore", FILTERED6)),
    Scene("iptables over nf_tables", restore("iptables-nft-restore", FILTERED) + restore("ip6tables-nft-restore", FILTERED6)),
    Scene("ufw lets in", UFW_OPEN + "ufw --force enable"),
    Scene("ufw without IPv6", "sed -i s/^IPV6=.*/IPV6=no/ /etc/default/ufw\n" + UFW.replace("ufw allow from fd09", "# ") +
          "ufw --force enable"),
    Scene("ufw limit", UFW_LIMIT + "ufw --force enable", (22,)),
    Scene("firewalld, sets and ports that are led on", "systemctl start firewalld\n" + FIREWALLD_SETS),
    Scene("ufw beside docker", UFW + "ufw --force enable\n" +
          restore("iptables-nft-restore --noflush", DOCKER.format(user=""))),
    Scene("rp_filter", FILTER, (), ("ipv4/conf/all/rp_filter=1", "ipv4/conf/lan0/rp_filter=1")),
    Scene("policy routes", POLICY_ROUTES + FILTER),
    Scene("policy routes alone", POLICY_ROUTES),
    nft("before all hooks", SPLIT, ALL),
    Scene("600 that are shut out one by one", restore("iptables-nft-restore", BANS), (22, 80)),
    Scene("600 that are shut out one by one, legacy", restore("iptables-legacy-restore", BANS), (22, 80)),
    nft("a set of 100,000", BIG, (22, 80)),
    nft("asleep, empty, policies alone", ASLEEP),
]
# Beside these the fence is loaded and taken back.
LIVES = ["docker over nf_tables", "ufw", "firewalld", "legacy iptables", "sets with intervals", "docker over legacy"]
