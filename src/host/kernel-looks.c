/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own settings, as they are now: Documentation/networking/ip-sysctl.rst and admin-guide/sysctl/ there.
 * What the files of sysctl.d(5) say of the next boot is not read.
 */
#include <errno.h>
#include <string.h>

#include "asking.h"
#include "kernel.h"

/* A setting that is one number, and the numbers that are well. */
struct knob {
	const char *name; /* below /proc/sys */
	int64_t least, most;
	const char *text; /* one clause on what it means otherwise */
};

static const struct knob secrets[] = {
	{ "kernel/kptr_restrict", 1, 2, "everybody reads where the kernel's functions lie" },
	{ "kernel/dmesg_restrict", 1, 1, "everybody reads the kernel's messages" },
	{ "kernel/yama/ptrace_scope", 1, 3, "a program reads the memory of the user's others" },
	{ "kernel/unprivileged_bpf_disabled", 1, 2, "everybody loads BPF programs" },
	{ "kernel/perf_event_paranoid", 2, 4, "everybody counts what the kernel does" },
	{ "kernel/randomize_va_space", 2, 2, "programs lie where an exploit expects them" },
	{ "net/core/bpf_jit_harden", 1, 2, "machine code is made of BPF programs unblinded" },
	{ "fs/protected_hardlinks", 1, 1, "links are made to files of others" },
	{ "fs/protected_symlinks", 1, 1, "links of others are followed in /tmp" },
	{ "fs/protected_fifos", 1, 2, "pipes of others are written to in /tmp" },
	{ "fs/protected_regular", 1, 2, "files of others are written to in /tmp" },
	{ "fs/suid_dumpable", 0, 0, "set-UID programs leave dumps of their memory" },
};

static const struct knob network[] = {
	{ "net/ipv4/tcp_syncookies", 1, 2, "a flood of SYNs fills the queue of a listener" },
	{ "net/ipv4/icmp_echo_ignore_broadcasts", 1, 1, "it answers pings to all of a network" },
	{ "net/ipv4/icmp_ignore_bogus_error_responses", 1, 1,
	  "errors that nobody may send are logged" },
	/* both must be 1 to be on, so this one tells for all interfaces */
	{ "net/ipv4/conf/all/accept_source_route", 0, 0,
	  "senders choose the way of their packets" },
};

/* How the kernel makes one of the value of all interfaces and of this one (IN_DEV_*CONF of linux/inetdevice.h). */
enum how { MAXIMUM = 0, EITHER, BOTH, ALONE };

struct each {
	const char *tree, *name;
	enum how how;
	int64_t least, most;
	const char *text;
};

static const struct each each_of[] = {
	{ "ipv4", "rp_filter", MAXIMUM, 1, 2,
	  "packets are taken from addresses that it does not lead to" },
	{ "ipv4", "accept_redirects", EITHER, 0, 0, "a neighbour changes the way of packets" },
	{ "ipv6", "accept_redirects", ALONE, 0, 0, "a neighbour changes the way of packets" },
};

static const struct each sends[] = {
	{ "ipv4", "send_redirects", EITHER, 0, 0,
	  "it tells neighbours of other ways, as a router does" },
};

/* False: this kernel has no such setting, or q says why it cannot be read. */
static bool number_of(struct host_asking *q, const char *path, int64_t *ret)
{
	struct dw_bytes text = { 0 };
	const char *digits;
	bool minus;
	uint64_t v;

	if (!host_ask_text(q, path, &text))
		return false;
	digits = dw_trim(dw_arena_strndup(q->l->a, text.data, text.n));
	minus = digits[0] == '-';
	if (!dw_parse_u64(digits + minus, 10, INT32_MAX, &v)) {
		if (q->e.code == 0)
			(void)dw_error_set(&q->e, -EBADMSG, "%s: is no number", path);
		return false;
	}
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

/* "net/ipv4/conf/eth0/rp_filter", as sysctl(8) writes it. */
static const char *dotted(struct dw_arena *a, const char *name)
{
	char *s = dw_arena_strdup(a, name);

	for (char *p = s; *p; p++)
		if (*p == '/' || *p == '.')
			*p = *p == '/' ? '.' : '/';
	return s;
}

/* How many of them this kernel has. */
static size_t look_at(struct host_asking *q, struct dw_host_result *r, const struct knob *v,
		      size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const char *path = dw_arena_printf(q->l->a, "/proc/sys/%s", v[i].name);
		int64_t is;

		if (!number_of(q, path, &is))
			continue;
		found++;
		if (is < v[i].least || is > v[i].most)
			host_seen(q->l, r, path, 0, dotted(q->l->a, v[i].name), "it is %lld: %s",
				  (long long)is, v[i].text);
	}
	return found;
}

/* False: an interface that is gone meanwhile. */
static bool in_force(struct host_asking *q, const struct each *x, const char *interface,
		     int64_t *ret)
{
	struct dw_arena *a = q->l->a;
	int64_t all = 0, own;

	if (!number_of(
		    q,
		    dw_arena_printf(a, "/proc/sys/net/%s/conf/%s/%s", x->tree, interface, x->name),
		    &own) ||
	    (x->how != ALONE &&
	     !number_of(q, dw_arena_printf(a, "/proc/sys/net/%s/conf/all/%s", x->tree, x->name),
			&all)))
		return false;
	switch (x->how) {
	case MAXIMUM:
		*ret = DW_MAX(all, own);
		return true;
	case EITHER:
		*ret = all || own;
		return true;
	case BOTH:
		*ret = all && own;
		return true;
	case ALONE:
		*ret = own;
		return true;
	}
	return false;
}

static void look_at_each(struct host_asking *q, struct dw_host_result *r, const struct each *v,
			 size_t n, bool forwards)
{
	for (size_t i = 0; i < n; i++) {
		struct each x = v[i];
		struct dw_strings names = { 0 };

		/* one that forwards takes redirects only where all and the interface say so */
		if (forwards && dw_streq(x.name, "accept_redirects"))
			x.how = BOTH;
		host_ask_list(q, dw_arena_printf(q->l->a, "/proc/sys/net/%s/conf", x.tree), &names);
		for (size_t k = 0; k < names.n; k++) {
			const char *name = names.v[k];
			int64_t is;

			if (dw_streq(name, "all") || dw_streq(name, "default") ||
			    dw_streq(name, "lo") || !in_force(q, &x, name, &is) ||
			    (is >= x.least && is <= x.most))
				continue;
			host_seen(q->l, r,
				  dw_arena_printf(q->l->a, "/proc/sys/net/%s/conf/%s/%s", x.tree,
						  name, x.name),
				  0, dw_arena_printf(q->l->a, "%s.%s.%s", x.tree, name, x.name),
				  "%lld is in force: %s", (long long)is, x.text);
		}
	}
}

/* False: said already. */
static bool is_ours(struct host_asking *q, struct dw_host_result *r, bool of_machine)
{
	bool container;

	if (!dw_sys_is_running(q->l->sys)) {
		host_say(q->l, r, DW_HOST_NOT_APPLICABLE,
			 "This system does not run: it has no kernel.");
		return false;
	}
	container = of_machine && host_ask_container(q);
	if (host_asked_in_vain(q, r))
		return false;
	if (container)
		host_say(q->l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its kernel is that of the machine around it.");
	return !container;
}

void host_kernel_secrets(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	size_t found;

	if (!is_ours(&q, r, true))
		return;
	found = look_at(&q, r, secrets, DW_ARRAY_SIZE(secrets));
	if (!r->evidence.n && host_asked_in_vain(&q, r))
		return;
	if (found == 0)
		host_say(l, r, DW_HOST_UNKNOWN, "/proc/sys has none of these settings.");
	else
		host_conclude(
			l, r,
			"One setting of the kernel helps an intruder who has a foot in the door.",
			"settings of the kernel help an intruder who has a foot in the door.",
			"The kernel keeps its secrets.");
}

void host_kernel_network(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	int64_t forwards = 0;
	size_t found;

	if (!is_ours(&q, r, false))
		return;
	found = look_at(&q, r, network, DW_ARRAY_SIZE(network));
	if (!number_of(&q, "/proc/sys/net/ipv4/ip_forward", &forwards))
		found = 0;
	look_at_each(&q, r, each_of, DW_ARRAY_SIZE(each_of), forwards != 0);
	/* a host that does not forward never sends one */
	if (forwards)
		look_at_each(&q, r, sends, DW_ARRAY_SIZE(sends), true);
	if (!r->evidence.n && host_asked_in_vain(&q, r))
		return;
	if (found == 0 && !r->evidence.n)
		host_say(l, r, DW_HOST_UNKNOWN, "/proc/sys/net has none of these settings.");
	else
		host_conclude(l, r, "One setting of the network trusts strangers.",
			      "settings of the network trust strangers.",
			      "The network's settings trust nobody.");
}

/* Those that confine programs by rules; others of the list only add to the ordinary rights. */
static const char *const confining[] = { "apparmor", "selinux", "smack", "tomoyo" };

void host_kernel_lsm(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct dw_bytes text = { 0 };
	char *words, *name;
	const char *list;
	bool there;

	if (!is_ours(&q, r, true))
		return;
	there = host_ask_text(&q, "/sys/kernel/security/lsm", &text);
	if (host_asked_in_vain(&q, r))
		return;
	if (!there) {
		host_say(l, r, DW_HOST_UNKNOWN,
			 "/sys/kernel/security is not mounted: no security module could be asked "
			 "for.");
		return;
	}
	list = dw_trim(dw_arena_strndup(l->a, text.data, text.n));
	words = dw_arena_strdup(l->a, list);
	while ((name = strsep(&words, ",")) != NULL)
		for (size_t k = 0; k < DW_ARRAY_SIZE(confining); k++)
			if (dw_streq(name, confining[k])) {
				host_say(l, r, DW_HOST_OK, "The kernel runs with %s.", name);
				return;
			}
	host_seen(l, r, "/sys/kernel/security/lsm", 1, "lsm", "it has %s", list[0] ? list : "none");
	host_conclude(l, r, "No security module confines programs.", "", "");
}

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

void host_kernel_mitigations(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct dw_strings names = { 0 };

	if (!is_ours(&q, r, true))
		return;
	host_ask_list(&q, VULNERABILITIES, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *path = dw_arena_printf(l->a, VULNERABILITIES "/%s", names.v[i]), *says;
		struct dw_bytes text = { 0 };

		if (!host_ask_text(&q, path, &text))
			continue;
		says = dw_trim(dw_arena_strndup(l->a, text.data, text.n));
		if (dw_starts_with(says, "Vulnerable"))
			host_seen(l, r, path, 1, names.v[i], "%s", says);
	}
	if (!r->evidence.n && host_asked_in_vain(&q, r))
		return;
	if (names.n == 0)
		host_say(l, r, DW_HOST_UNKNOWN,
			 "The kernel does not tell what the processor is vulnerable to.");
	else
		host_conclude(l, r, "The processor is vulnerable to one attack.",
			      "attacks: the processor is vulnerable to them.",
			      "The kernel works round all that it knows of the processor.");
}
