/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's settings, on made-up hosts: failing, passing, unknown, and with each call failed once. */
#include "faults.h"

static void both(struct host *h, const char *id, enum dw_host_outcome o, const char *evidence)
{
	LOOK(h, id, o, evidence);
	survive_faults(h, id, o);
}

static void set(struct host *h, const char *name, const char *value)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name);
	host_file(h, path, 0644, value);
}

DW_TEST(secrets)
{
	struct host *h = host_new();

	LOOK(h, "kernel-secrets", DW_HOST_UNKNOWN, "");
	set(h, "kernel/kptr_restrict", "1\n");
	set(h, "kernel/perf_event_paranoid", "3\n");
	set(h, "kernel/yama/ptrace_scope", "1\n");
	both(h, "kernel-secrets", DW_HOST_OK, "");
	set(h, "kernel/perf_event_paranoid", "-1\n");
	set(h, "fs/suid_dumpable", "1\n");
	both(h, "kernel-secrets", DW_HOST_FAILS,
	     "/proc/sys/kernel/perf_event_paranoid:0 kernel.perf_event_paranoid: it is -1: "
	     "everybody counts what the "
	     "kernel does | /proc/sys/fs/suid_dumpable:0 fs.suid_dumpable: it is 1: set-UID "
	     "programs leave dumps of "
	     "their memory");
	set(h, "kernel/perf_event_paranoid", "2\n");
	set(h, "fs/suid_dumpable", "none\n");
	LOOK(h, "kernel-secrets", DW_HOST_UNKNOWN, "");
	host_file(h, "/run/systemd/container", 0644, "lxc\n");
	LOOK(h, "kernel-secrets", DW_HOST_NOT_APPLICABLE, "");
	host_free(h);
}

static void interface(struct host *h, const char *name, const char *rp_filter,
		      const char *redirects)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "net/ipv4/conf/%s/rp_filter", name);
	set(h, path, rp_filter);
	(void)snprintf(path, sizeof(path), "net/ipv4/conf/%s/accept_redirects", name);
	set(h, path, redirects);
	(void)snprintf(path, sizeof(path), "net/ipv4/conf/%s/send_redirects", name);
	set(h, path, "1\n");
	(void)snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_redirects", name);
	set(h, path, "0\n");
}

/* The value that is in force is made of that of all interfaces and of the interface's own. */
DW_TEST(network)
{
	struct host *h = host_new();

	LOOK(h, "kernel-network", DW_HOST_UNKNOWN, "");
	set(h, "net/ipv4/tcp_syncookies", "1\n");
	set(h, "net/ipv4/ip_forward", "0\n");
	interface(h, "all", "1\n", "0\n");
	interface(h, "default", "0\n", "1\n");
	interface(h, "lo", "0\n", "1\n");
	interface(h, "eth0.7", "0\n", "0\n");
	both(h, "kernel-network", DW_HOST_OK, "");
	interface(h, "all", "0\n", "0\n");
	interface(h, "eth0.7", "0\n", "1\n");
	both(h, "kernel-network", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/conf/eth0.7/rp_filter:0 ipv4.eth0.7.rp_filter: 0 is in force: "
	     "packets are taken from "
	     "addresses that it does not lead to | "
	     "/proc/sys/net/ipv4/conf/eth0.7/accept_redirects:0 "
	     "ipv4.eth0.7.accept_redirects: 1 is in force: a neighbour changes the way of packets");
	/* one that forwards takes them only where both say so, and sends them where one does */
	set(h, "net/ipv4/ip_forward", "1\n");
	interface(h, "eth0.7", "2\n", "1\n");
	both(h, "kernel-network", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/conf/eth0.7/send_redirects:0 ipv4.eth0.7.send_redirects: 1 is in "
	     "force: it tells "
	     "neighbours of other ways, as a router does");
	set(h, "net/ipv4/ip_forward", "0\n");
	set(h, "net/ipv4/tcp_syncookies", "0\n");
	LOOK(h, "kernel-network", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/tcp_syncookies:0 net.ipv4.tcp_syncookies: it is 0: a flood of "
	     "SYNs fills the queue of "
	     "a listener | "
	     "/proc/sys/net/ipv4/conf/eth0.7/accept_redirects:0 ipv4.eth0.7.accept_redirects: 1 is "
	     "in force: a neighbour "
	     "changes the way of packets");
	host_free(h);
}

DW_TEST(security_module)
{
	struct host *h = host_new();

	LOOK(h, "security-module", DW_HOST_UNKNOWN, "");
	host_file(h, "/sys/kernel/security/lsm", 0444, "lockdown,capability,yama,apparmor");
	both(h, "security-module", DW_HOST_OK, "");
	host_file(h, "/sys/kernel/security/lsm", 0444, "capability,yama\n");
	both(h, "security-module", DW_HOST_FAILS,
	     "/sys/kernel/security/lsm:1 lsm: it has capability,yama");
	host_free(h);
}

DW_TEST(processor)
{
	struct host *h = host_new();

	LOOK(h, "processor-mitigations", DW_HOST_UNKNOWN, "");
	host_file(h, "/sys/devices/system/cpu/vulnerabilities/l1tf", 0444, "Not affected\n");
	host_file(h, "/sys/devices/system/cpu/vulnerabilities/retbleed", 0444,
		  "Mitigation: Enhanced IBRS\n");
	both(h, "processor-mitigations", DW_HOST_OK, "");
	host_file(h, "/sys/devices/system/cpu/vulnerabilities/mds", 0444,
		  "Vulnerable: Clear CPU buffers attempted, no microcode\n");
	both(h, "processor-mitigations", DW_HOST_FAILS,
	     "/sys/devices/system/cpu/vulnerabilities/mds:1 mds: Vulnerable: Clear CPU buffers "
	     "attempted, no microcode");
	host_free(h);
}

DW_TEST_MAIN
