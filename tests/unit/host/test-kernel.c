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
	host_file(h, "/etc/sysctl.d/10-x.conf", 0644, "kernel.kptr_restrict=1\n");
	both(h, "kernel-secrets", DW_HOST_OK, "");
	set(h, "kernel/perf_event_paranoid", "-1\n");
	set(h, "fs/suid_dumpable", "1\n");
	host_file(h, "/etc/sysctl.d/10-x.conf", 0644,
		  "fs.suid_dumpable = 0\nkernel/yama/ptrace_scope=0\n");
	both(h, "kernel-secrets", DW_HOST_FAILS,
	     "/proc/sys/kernel/kptr_restrict:0 kernel.kptr_restrict: no file sets it, and at the "
	     "next boot it is 0: "
	     "everybody reads where the kernel's functions lie | "
	     "/etc/sysctl.d/10-x.conf:2 kernel.yama.ptrace_scope: at the next boot it is 0: a "
	     "program reads the memory "
	     "of the user's others | "
	     "/proc/sys/kernel/perf_event_paranoid:0 kernel.perf_event_paranoid: it is -1, and no "
	     "file sets it at boot: "
	     "everybody counts what the kernel does | /proc/sys/fs/suid_dumpable:0 "
	     "fs.suid_dumpable: it is 1 until the "
	     "next boot, when /etc/sysctl.d/10-x.conf:1 makes it 0: set-UID programs leave dumps "
	     "of their memory");
	set(h, "kernel/perf_event_paranoid", "2\n");
	set(h, "fs/suid_dumpable", "none\n");
	host_file(h, "/etc/sysctl.d/10-x.conf", 0644, "kernel.kptr_restrict=1\n");
	LOOK(h, "kernel-secrets", DW_HOST_UNKNOWN, "");
	host_file(h, "/run/systemd/container", 0644, "lxc\n");
	LOOK(h, "kernel-secrets", DW_HOST_NOT_APPLICABLE, "");
	host_free(h);
}

/* Our own file is read last; what is behind it, or in it, is changed where it stands. */
DW_TEST(secrets_are_put_right)
{
	struct host *h = host_new();
	struct checked c;

	host_file(h, "/etc/sysctl.d/10-x.conf", 0644, "kernel.kptr_restrict = 0\n");
	set(h, "kernel/kptr_restrict", "0\n");
	set(h, "kernel/yama/ptrace_scope", "0\n");
	set(h, "kernel/unprivileged_bpf_disabled", "0\n");
	set(h, "kernel/osrelease", "5.10.0-1-amd64\n");
	c = checked(h, "kernel-secrets");
	DW_CHECK_STR(changes(&c),
		     "file:/etc/sysctl.d/zz-doorward.conf=? | sysctl:kernel.kptr_restrict=1 | "
		     "file:/etc/sysctl.d/zz-doorward.conf=? | sysctl:kernel.yama.ptrace_scope=1");
	DW_CHECK_STR(c.r->changes.v[0].edits[1].fresh, "kernel.kptr_restrict = 1");
	DW_CHECK(c.r->changes.v[0].edits[1].line == 1 && c.r->changes.v[0].n_edits == 2);
	checked_free(&c);
	set(h, "kernel/osrelease", "5.13.2\n");
	host_file(h, "/etc/sysctl.d/zz-doorward.conf", 0644, "# ours\nkernel.kptr_restrict = 0\n");
	host_file(h, "/etc/sysctl.d/zzz.conf", 0644, "\nkernel.yama.ptrace_scope = 0\n");
	c = checked(h, "kernel-secrets");
	DW_CHECK_STR(changes(&c),
		     "file:/etc/sysctl.d/zz-doorward.conf=? | sysctl:kernel.kptr_restrict=1 | "
		     "file:/etc/sysctl.d/zzz.conf=? | sysctl:kernel.yama.ptrace_scope=1 | "
		     "file:/etc/sysctl.d/zz-doorward.conf=? | "
		     "sysctl:kernel.unprivileged_bpf_disabled=2");
	DW_CHECK_STR(c.r->changes.v[0].edits[0].old, "kernel.kptr_restrict = 0");
	DW_CHECK(c.r->changes.v[2].edits[0].line == 2);
	DW_CHECK(c.r->changes.v[4].edits[0].line == 3);
	checked_free(&c);
	host_free(h);
}

/* What the next boot makes stricter than we would is not made laxer. */
DW_TEST(what_a_file_sets_well_is_kept)
{
	struct host *h = host_new();
	struct checked c;

	host_file(h, "/usr/lib/sysctl.d/99-protect-links.conf", 0644, "fs.protected_regular = 2\n");
	host_file(h, "/etc/sysctl.d/README", 0644, "");
	set(h, "fs/protected_regular", "0\n");
	set(h, "fs/protected_fifos", "0\n");
	c = checked(h, "kernel-secrets");
	DW_CHECK(c.r->outcome == DW_HOST_FAILS);
	DW_CHECK_STR(changes(&c),
		     "file:/etc/sysctl.d/zz-doorward.conf=? | sysctl:fs.protected_fifos=1 | "
		     "sysctl:fs.protected_regular=2");
	DW_CHECK_STR(c.r->changes.v[0].edits[1].fresh, "fs.protected_fifos = 1");
	checked_free(&c);
	host_free(h);
}

/* sysctl.d(5): the order of the files, what hides what, names with slashes, globs and what keeps them off. */
DW_TEST(files_of_the_next_boot)
{
	struct host *h = host_new();

	set(h, "fs/suid_dumpable", "0\n");
	host_file(h, "/usr/lib/sysctl.d/50-a.conf", 0644, "fs.suid_dumpable=1\n");
	LOOK(h, "kernel-secrets", DW_HOST_FAILS,
	     "/usr/lib/sysctl.d/50-a.conf:1 fs.suid_dumpable: at the next boot it is 1: set-UID "
	     "programs leave dumps of "
	     "their memory");
	host_link(h, "/etc/sysctl.d/50-a.conf", "/dev/null");
	LOOK(h, "kernel-secrets", DW_HOST_OK, "");
	host_file(h, "/run/sysctl.d/60-b.conf", 0644, "; no\nfs/suid_dumpable = 1\n");
	host_file(h, "/etc/sysctl.d/70-c.conf", 0644, "-fs.suid_dumpable = 0\n");
	LOOK(h, "kernel-secrets", DW_HOST_OK, "");
	/* sysctl(8) reads it last; where systemd starts the host nobody does */
	host_file(h, "/etc/sysctl.conf", 0644, "fs.suid_dumpable = 2\n");
	LOOK(h, "kernel-secrets", DW_HOST_FAILS,
	     "/etc/sysctl.conf:1 fs.suid_dumpable: at the next boot it is 2: set-UID programs "
	     "leave dumps of their "
	     "memory");
	host_file(h, "/run/systemd/system/x", 0644, "");
	LOOK(h, "kernel-secrets", DW_HOST_OK, "");
	/* what names it counts before what matches it */
	host_file(h, "/etc/sysctl.d/80-d.conf", 0644, "fs.suid_* = 1\n");
	LOOK(h, "kernel-secrets", DW_HOST_OK, "");
	host_file(h, "/etc/sysctl.d/70-c.conf", 0644, "-fs.suid_dumpable\n");
	host_file(h, "/run/sysctl.d/60-b.conf", 0644, "");
	LOOK(h, "kernel-secrets", DW_HOST_OK, "");
	host_file(h, "/etc/sysctl.d/70-c.conf", 0644, "");
	both(h, "kernel-secrets", DW_HOST_FAILS,
	     "/etc/sysctl.d/80-d.conf:1 fs.suid_dumpable: at the next boot it is 1: set-UID "
	     "programs leave dumps of "
	     "their memory");
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

/* Of the next boot nothing is bad. */
static void settle(struct host *h)
{
	host_file(h, "/etc/sysctl.d/50-net.conf", 0644,
		  "net.ipv4.conf.*.accept_redirects = 0\nnet.ipv6.conf.*.accept_redirects = 0\n"
		  "net.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.*.send_redirects = 0\n");
}

/* The value that is in force is made of that of all interfaces and of the interface's own. */
DW_TEST(network)
{
	struct host *h = host_new();

	LOOK(h, "kernel-network", DW_HOST_UNKNOWN, "");
	settle(h);
	set(h, "net/ipv4/tcp_syncookies", "1\n");
	set(h, "net/ipv4/ip_forward", "0\n");
	interface(h, "all", "1\n", "0\n");
	interface(h, "default", "0\n", "0\n");
	interface(h, "lo", "0\n", "1\n");
	interface(h, "eth0.7", "0\n", "0\n");
	both(h, "kernel-network", DW_HOST_OK, "");
	interface(h, "all", "0\n", "0\n");
	interface(h, "default", "2\n", "0\n");
	interface(h, "eth0.7", "0\n", "1\n");
	both(h, "kernel-network", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/conf/eth0.7/rp_filter:0 ipv4.eth0.7.rp_filter: it is 0 until the "
	     "next boot, when "
	     "/etc/sysctl.d/50-net.conf:3 makes it 2: packets are taken from addresses that it "
	     "does not lead to | "
	     "/proc/sys/net/ipv4/conf/eth0.7/accept_redirects:0 ipv4.eth0.7.accept_redirects: it "
	     "is 1 until the next "
	     "boot, when /etc/sysctl.d/50-net.conf:1 makes it 0: a neighbour changes the way of "
	     "packets");
	/* one that forwards takes them only where both say so, and sends them where one does */
	set(h, "net/ipv4/ip_forward", "1\n");
	interface(h, "default", "2\n", "1\n");
	interface(h, "eth0.7", "2\n", "1\n");
	set(h, "net/ipv4/conf/default/send_redirects", "0\n");
	set(h, "net/ipv4/conf/all/send_redirects", "0\n");
	both(h, "kernel-network", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/conf/eth0.7/send_redirects:0 ipv4.eth0.7.send_redirects: it is 1 "
	     "until the next boot, "
	     "when /etc/sysctl.d/50-net.conf:4 makes it 0: it tells neighbours of other ways, as a "
	     "router does");
	host_free(h);
}

/* Nothing is wrong now, and the next boot forgets it. */
DW_TEST(network_of_the_next_boot)
{
	struct host *h = host_new();
	struct checked c;

	set(h, "net/ipv4/tcp_syncookies", "1\n");
	interface(h, "all", "1\n", "0\n");
	interface(h, "default", "1\n", "0\n");
	interface(h, "eth0", "1\n", "0\n");
	host_file(
		h, "/etc/sysctl.d/50-net.conf", 0644,
		"net.ipv4.conf.all.accept_redirects = 0\nnet.ipv4.conf.default.accept_redirects = "
		"0\n"
		"net.ipv6.conf.default.accept_redirects = 0\nnet.ipv4.conf.default.rp_filter = 1\n"
		"net.ipv4.conf.eth0.rp_filter = 0\nnet.ipv4.tcp_syncookies = 0\n");
	both(h, "kernel-network", DW_HOST_FAILS,
	     "/etc/sysctl.d/50-net.conf:6 net.ipv4.tcp_syncookies: at the next boot it is 0: a "
	     "flood of SYNs fills the "
	     "queue of a listener | "
	     "/etc/sysctl.d/50-net.conf:5 ipv4.eth0.rp_filter: at the next boot it is 0: packets "
	     "are taken from "
	     "addresses that it does not lead to");
	c = checked(h, "kernel-network");
	DW_CHECK_STR(
		changes(&c),
		"file:/etc/sysctl.d/zz-doorward.conf=? | file:/etc/sysctl.d/zz-doorward.conf=?");
	DW_CHECK_STR(c.r->changes.v[1].edits[1].fresh, "-net.ipv4.conf.eth0.rp_filter = 1");
	checked_free(&c);
	host_free(h);
}

DW_TEST(martians)
{
	struct host *h = host_new();
	struct checked c;

	LOOK(h, "kernel-martians", DW_HOST_UNKNOWN, "");
	set(h, "net/ipv4/conf/all/log_martians", "1\n");
	set(h, "net/ipv4/conf/default/log_martians", "0\n");
	set(h, "net/ipv4/conf/eth0/log_martians", "0\n");
	host_file(h, "/etc/sysctl.d/50-net.conf", 0644, "net.ipv4.conf.all.log_martians = 1\n");
	both(h, "kernel-martians", DW_HOST_OK, "");
	set(h, "net/ipv4/conf/all/log_martians", "0\n");
	host_file(h, "/etc/sysctl.d/50-net.conf", 0644, "net.ipv4.conf.default.log_martians = 1\n");
	both(h, "kernel-martians", DW_HOST_FAILS,
	     "/proc/sys/net/ipv4/conf/eth0/log_martians:0 ipv4.eth0.log_martians: it is 0 until "
	     "the next boot, when "
	     "/etc/sysctl.d/50-net.conf:1 makes it 1: packets from impossible addresses go "
	     "unnoticed | "
	     "/proc/sys/net/ipv4/conf/default/log_martians:0 ipv4.default.log_martians: it is 0 "
	     "until the next boot, "
	     "when /etc/sysctl.d/50-net.conf:1 makes it 1: packets from impossible addresses go "
	     "unnoticed");
	c = checked(h, "kernel-martians");
	DW_CHECK_STR(c.r->changes.v[c.r->changes.n - 1].object, "net.ipv4.conf.all.log_martians");
	checked_free(&c);
	host_free(h);
}

DW_TEST(user_namespaces)
{
	struct host *h = host_new();
	struct checked c;

	LOOK(h, "user-namespaces", DW_HOST_UNKNOWN, "");
	set(h, "user/max_user_namespaces", "31000\n");
	both(h, "user-namespaces", DW_HOST_FAILS,
	     "/proc/sys/user/max_user_namespaces:0 user.max_user_namespaces: it is 31000: every "
	     "account is root of a "
	     "namespace of its own, and reaches code of the kernel that was root's");
	c = checked(h, "user-namespaces");
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1);
	checked_free(&c);
	set(h, "kernel/unprivileged_userns_clone", "1\n");
	c = checked(h, "user-namespaces");
	DW_CHECK_STR(c.r->changes.v[c.r->changes.n - 1].object, "kernel.unprivileged_userns_clone");
	checked_free(&c);
	host_file(h, "/usr/bin/bwrap", 0755, "");
	c = checked(h, "user-namespaces");
	DW_CHECK(c.r->changes.n == 0);
	DW_CHECK_STR(c.r->held.v[0], "/usr/bin/bwrap locks itself in by one");
	checked_free(&c);
	set(h, "kernel/unprivileged_userns_clone", "0\n");
	both(h, "user-namespaces", DW_HOST_OK, "");
	set(h, "kernel/unprivileged_userns_clone", "1\n");
	set(h, "kernel/apparmor_restrict_unprivileged_userns", "1\n");
	both(h, "user-namespaces", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(forwarding)
{
	struct host *h = host_new();

	LOOK(h, "kernel-forwarding", DW_HOST_UNKNOWN, "");
	set(h, "net/ipv4/ip_forward", "0\n");
	interface(h, "all", "1\n", "0\n");
	interface(h, "default", "1\n", "0\n");
	interface(h, "eth0", "1\n", "0\n");
	both(h, "kernel-forwarding", DW_HOST_OK, "");
	host_file(h, "/etc/sysctl.d/x.conf", 0644, "\nnet.ipv4.ip_forward=1\n");
	both(h, "kernel-forwarding", DW_HOST_FAILS,
	     "/etc/sysctl.d/x.conf:2 net.ipv4.ip_forward: at the next boot it is 1: packets of "
	     "others go through this "
	     "host");
	interface(h, "wg0", "1\n", "0\n");
	both(h, "kernel-forwarding", DW_HOST_OK, "");
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
	/* Debian's kernel without AppArmor: SELinux is there, and knows no rule */
	host_file(h, "/sys/kernel/security/lsm", 0444, "lockdown,capability,yama,selinux,bpf");
	host_file(h, "/proc/1/attr/current", 0444, "kernel");
	both(h, "security-module", DW_HOST_FAILS,
	     "/sys/kernel/security/lsm:1 lsm: no policy of SELinux is loaded");
	host_file(h, "/proc/1/attr/current", 0444, "system_u:system_r:init_t:s0");
	both(h, "security-module", DW_HOST_OK, "");
	host_file(h, "/sys/fs/selinux/enforce", 0444, "0");
	both(h, "security-module", DW_HOST_FAILS,
	     "/sys/kernel/security/lsm:1 lsm: SELinux only complains (permissive)");
	host_file(h, "/sys/fs/selinux/enforce", 0444, "1");
	both(h, "security-module", DW_HOST_OK, "");
	host_free(h);
}

static void attr(struct host *h, int pid, const char *label)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/proc/%d/attr", h->dir, pid);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/proc/%d/attr/current", h->dir, pid);
	f = fopen(path, "w");
	DW_CHECK(f && fputs(label, f) >= 0 && fclose(f) == 0);
}

static void confined(struct host *h, enum dw_host_outcome o, const char *evidence)
{
	struct dw_owner owners[] = { { .pid = 7, .executable = "/usr/sbin/sshd" },
				     { .pid = 8, .executable = "/usr/sbin/x" } };
	const struct dw_door doors[] = {
		{ .owners = &owners[0], .n_owners = 1, .starter = { .id = "ssh.service" } },
		{ .owners = &owners[1], .n_owners = 1 }
	};
	const struct dw_host_door v[] = { { .door = &doors[0] }, { .door = &doors[1] } };
	struct checked c = checked_with(h, "services-confined", NULL, v, 2);

	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(seen(&c), evidence);
	checked_free(&c);
}

DW_TEST(services_confined)
{
	struct host *h = host_new();

	LOOK(h, "services-confined", DW_HOST_UNKNOWN, "");
	confined(h, DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/sys/kernel/security/lsm", 0444, "lockdown,apparmor");
	host_process(
		h, &(struct host_process){ .pid = 7, .exe = "/usr/sbin/sshd", .argv = { "sshd" } });
	host_process(h, &(struct host_process){ .pid = 8, .exe = "/usr/sbin/x", .argv = { "x" } });
	attr(h, 7, "/usr/sbin/sshd (enforce)\n");
	attr(h, 8, "/usr/sbin/x (enforce)\n");
	confined(h, DW_HOST_OK, "");
	attr(h, 7, "unconfined\n");
	attr(h, 8, "/usr/sbin/x (complain)\n");
	confined(h, DW_HOST_FAILS,
		 "/proc/7/attr/current:1 ssh.service: no profile confines it | "
		 "/proc/8/attr/current:1 x: "
		 "its profile only complains: /usr/sbin/x (complain)");
	attr(h, 7, "system_u:system_r:sshd_t:s0-s0:c0.c1023");
	attr(h, 8, "system_u:system_r:unconfined_service_t:s0");
	confined(h, DW_HOST_FAILS,
		 "/proc/8/attr/current:1 x: it runs as system_u:system_r:unconfined_service_t:s0");
	host_file(h, "/sys/kernel/security/lsm", 0444, "lockdown,selinux");
	host_file(h, "/sys/fs/selinux/enforce", 0444, "1");
	attr(h, 8, "system_u:system_r:x_t:s0");
	confined(h, DW_HOST_OK, "");
	host_file(h, "/sys/fs/selinux/enforce", 0444, "0");
	confined(h, DW_HOST_FAILS,
		 "/proc/7/attr/current:1 ssh.service: SELinux only complains (permissive) | "
		 "/proc/8/attr/current:1 x: SELinux only complains (permissive)");
	host_free(h);
}

#define ALIAS "/lib/modules/6.1/modules.alias"

DW_TEST(rare_protocols)
{
	struct host *h = host_new();
	struct checked c;

	LOOK(h, "rare-protocols", DW_HOST_UNKNOWN, "");
	set(h, "kernel/osrelease", "6.1\n");
	both(h, "rare-protocols", DW_HOST_OK, "");
	host_file(
		h, ALIAS, 0644,
		"alias pci:v* sctp\nalias net-pf-2-proto-132 sctp\nalias net-pf-10-proto-132 sctp\n"
		"alias net-pf-2-proto-33-type-6 dccp_ipv4\nalias net-pf-30 tipc\nalias net-pf-21 "
		"rdsx\n");
	host_file(h, "/etc/modprobe.d/a.conf", 0644, "# x\nblacklist tipc\n");
	both(h, "rare-protocols", DW_HOST_FAILS,
	     ALIAS ":0 dccp: the Datagram Congestion Control Protocol is loaded for whoever asks "
		   "for it, as "
		   "net-pf-2-proto-33-type-6 | " ALIAS
		   ":0 sctp: the Stream Control Transmission Protocol is loaded for whoever asks "
		   "for it, as "
		   "net-pf-2-proto-132");
	c = checked(h, "rare-protocols");
	DW_CHECK(c.r->changes.n == 2 && c.r->held.n == 0);
	DW_CHECK_STR(c.r->changes.v[0].edits[0].fresh, "install dccp /bin/false");
	checked_free(&c);
	host_file(h, "/proc/modules", 0444,
		  "tipc 400 1 - Live 0x0\nrds 10 1 rds_tcp, Live 0x0\nsctp 10 2 - Live 0x0\n");
	host_file(h, "/etc/modprobe.d/b.conf", 0644, "install dccp \\\n /bin/false\n");
	/* sctp has sockets, tipc as well; rds is held by another module alone */
	both(h, "rare-protocols", DW_HOST_FAILS,
	     "/proc/modules:0 rds: Reliable Datagram Sockets is loaded, and no socket is open");
	c = checked(h, "rare-protocols");
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1);
	checked_free(&c);
	host_file(h, "/proc/modules", 0444, "");
	host_file(h, "/run/modprobe.d/c.conf", 0644,
		  "alias net-pf-2-proto-132 off\nalias net-pf-10-proto-132 off\n");
	both(h, "rare-protocols", DW_HOST_OK, "");
	host_free(h);
}

#define EFIVAR "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

DW_TEST(how_it_was_started)
{
	struct host *h = host_new();

	LOOK(h, "secure-boot", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/sys/firmware/efi/x", 0444, "");
	LOOK(h, "secure-boot", DW_HOST_UNKNOWN, "");
	host_file(h, EFIVAR, 0444, "\6aaa\1");
	both(h, "secure-boot", DW_HOST_OK, "");
	host_file(h, EFIVAR, 0444, "\6aaa\2");
	both(h, "secure-boot", DW_HOST_FAILS, EFIVAR ":0 SecureBoot: it is off");
	host_file(h, EFIVAR, 0444, "\6aaa");
	LOOK(h, "secure-boot", DW_HOST_UNKNOWN, "");
	LOOK(h, "kernel-lockdown", DW_HOST_UNKNOWN, "");
	host_file(h, "/sys/kernel/security/lockdown", 0444, "none [integrity] confidentiality\n");
	both(h, "kernel-lockdown", DW_HOST_OK, "");
	host_file(h, "/sys/kernel/security/lockdown", 0444, "[none] integrity confidentiality\n");
	both(h, "kernel-lockdown", DW_HOST_FAILS,
	     "/sys/kernel/security/lockdown:1 lockdown: it is none");
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
