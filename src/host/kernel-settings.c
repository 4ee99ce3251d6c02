/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own settings: Documentation/networking/ip-sysctl.rst and admin-guide/sysctl/ there. Defaults are those
 * of the kernel's source; where distributions build it otherwise, none is assumed.
 */
#include "kernel.h"
#include "knobs.h"

static const struct knob secrets[] = {
	{ "kernel/kptr_restrict", 1, 2, 0, 1, "everybody reads where the kernel's functions lie",
	  NULL, 0 },
	{ "kernel/dmesg_restrict", 1, 1, HOST_AS_BUILT, 1, "everybody reads the kernel's messages",
	  NULL, 0 },
	{ "kernel/yama/ptrace_scope", 1, 3, HOST_AS_BUILT, 1,
	  "a program reads the memory of the user's others", NULL, 0 },
	/* 1 could not be taken back before the next boot, 2 can */
	{ "kernel/unprivileged_bpf_disabled", 1, 2, HOST_AS_BUILT, 2,
	  "everybody loads BPF programs", NULL, 0 },
	{ "kernel/perf_event_paranoid", 2, 4, 2, 2, "everybody counts what the kernel does", NULL,
	  0 },
	{ "kernel/randomize_va_space", 2, 2, HOST_AS_BUILT, 2,
	  "programs lie where an exploit expects them", NULL, 0 },
	{ "net/core/bpf_jit_harden", 1, 2, 0, 1, "machine code is made of BPF programs unblinded",
	  NULL, 0 },
	{ "fs/protected_hardlinks", 1, 1, HOST_AS_BUILT, 1, "links are made to files of others",
	  NULL, 0 },
	{ "fs/protected_symlinks", 1, 1, HOST_AS_BUILT, 1, "links of others are followed in /tmp",
	  NULL, 0 },
	{ "fs/protected_fifos", 1, 2, HOST_AS_BUILT, 1, "pipes of others are written to in /tmp",
	  NULL, 0 },
	{ "fs/protected_regular", 1, 2, HOST_AS_BUILT, 1, "files of others are written to in /tmp",
	  NULL, 0 },
	{ "fs/suid_dumpable", 0, 0, 0, 0, "set-UID programs leave dumps of their memory", NULL, 0 },
};

static const struct knob network[] = {
	{ "net/ipv4/tcp_syncookies", 1, 2, 1, 1, "a flood of SYNs fills the queue of a listener",
	  NULL, 0 },
	{ "net/ipv4/icmp_echo_ignore_broadcasts", 1, 1, 1, 1,
	  "it answers pings to all of a network", NULL, 0 },
	{ "net/ipv4/icmp_ignore_bogus_error_responses", 1, 1, 1, 1,
	  "errors that nobody may send are logged", NULL, 0 },
	/* both must be 1 to be on, so this one tells for all interfaces */
	{ "net/ipv4/conf/all/accept_source_route", 0, 0, 0, 0,
	  "senders choose the way of their packets", NULL, 0 },
	/* 2: where answers may go another way than questions come (several interfaces), 1 would cut people off */
	{ "rp_filter", 1, 2, 0, 2, "packets are taken from addresses that it does not lead to",
	  "ipv4", KNOB_MAXIMUM },
	{ "accept_redirects", 0, 0, 1, 0, "a neighbour changes the way of packets", "ipv4",
	  KNOB_EITHER },
	{ "accept_redirects", 0, 0, 1, 0, "a neighbour changes the way of packets", "ipv6",
	  KNOB_ALONE },
	/* 0 takes routing headers of type 2 alone, which are Mobile IPv6's */
	{ "accept_source_route", INT32_MIN, 0, 0, 0, "senders choose the way of their packets",
	  "ipv6", KNOB_MINIMUM },
};

/* A host that does not forward never sends one. */
static const struct knob sends[] = {
	{ "send_redirects", 0, 0, 1, 0, "it tells neighbours of other ways, as a router does",
	  "ipv4", KNOB_EITHER },
};

static const struct knob martians[] = {
	{ "log_martians", 1, 1, 0, 1, "packets from impossible addresses go unnoticed", "ipv4",
	  KNOB_EITHER },
};

static const struct knob namespaces[] = {
	{ "kernel/unprivileged_userns_clone", 0, 0, HOST_AS_BUILT, 0,
	  "every account is root of a namespace of its own, and reaches code of the kernel that "
	  "was root's",
	  NULL, 0 },
};

bool host_kernel_is_machine(struct host_asking *q, struct dw_host_result *r)
{
	bool container = dw_sys_is_running(q->l->sys) && host_ask_container(q);

	if (host_asked_in_vain(q, r))
		return true;
	if (container)
		host_say(q->l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its kernel is that of the machine around it.");
	return container;
}

void host_kernel_secrets(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	if (host_kernel_is_machine(&k.q, r))
		return;
	host_knobs_look(&k, r, secrets, DW_ARRAY_SIZE(secrets));
	if (host_knobs_could_look(&k, r))
		host_conclude(
			l, r,
			"One setting of the kernel helps an intruder who has a foot in the door.",
			"settings of the kernel help an intruder who has a foot in the door.",
			"The kernel keeps its secrets.");
}

/* Before Linux 5.13 there was only 1, which stays until the next boot (kernel/bpf/syscall.c). */
static bool has_two_ways_of_bpf(struct host_look *l)
{
	struct dw_bytes text = { 0 };
	uint64_t major = 0, minor = 0;
	size_t n;

	if (dw_sys_file_read(l->sys, "/proc/sys/kernel/osrelease", 256, l->a, &text, NULL) < 0)
		return false;
	n = strspn(text.data, "0123456789");
	if (!dw_parse_u64n(text.data, n, 10, 1000, &major) || text.data[n] != '.' ||
	    !dw_parse_u64n(text.data + n + 1, strspn(text.data + n + 1, "0123456789"), 10, 10000,
			   &minor))
		return false;
	return major > 5 || (major == 5 && minor >= 13);
}

void host_kernel_secrets_fix(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	for (size_t i = 0; i < DW_ARRAY_SIZE(secrets); i++)
		if (!dw_streq(secrets[i].name, "kernel/unprivileged_bpf_disabled") || !k.running ||
		    has_two_ways_of_bpf(l))
			host_knobs_mend(&k, r, &secrets[i], 1);
}

void host_kernel_network(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	host_knobs_look(&k, r, network, DW_ARRAY_SIZE(network));
	if (k.forwards_now || k.forwards_at_boot)
		host_knobs_look(&k, r, sends, DW_ARRAY_SIZE(sends));
	if (host_knobs_could_look(&k, r))
		host_conclude(l, r, "One setting of the network trusts strangers.",
			      "settings of the network trust strangers.",
			      "The network's settings trust nobody.");
}

void host_kernel_network_fix(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	host_knobs_mend(&k, r, network, DW_ARRAY_SIZE(network));
	host_knobs_mend(&k, r, sends, DW_ARRAY_SIZE(sends));
}

void host_kernel_martians(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	host_knobs_look(&k, r, martians, DW_ARRAY_SIZE(martians));
	if (host_knobs_could_look(&k, r))
		host_conclude(
			l, r, "Packets from impossible addresses are not logged on one interface.",
			"settings of interfaces leave packets from impossible addresses unnoticed.",
			"Packets from impossible addresses are logged.");
}

void host_kernel_martians_fix(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;

	host_knobs_open(l, &k);
	host_knobs_mend(&k, r, martians, DW_ARRAY_SIZE(martians));
}

/* --- namespaces of users ---------------------------------------------------------------------------------- */

/* 0 of user.max_user_namespaces keeps them from root's services, too; AppArmor asks each program's profile. */
static bool are_limited(struct knobs *k)
{
	int64_t v;

	return (host_knob_now(k, "user/max_user_namespaces", &v) && v == 0) ||
	       (host_knob_now(k, "kernel/apparmor_restrict_unprivileged_userns", &v) && v == 1);
}

void host_kernel_namespaces(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;
	int64_t most;

	host_knobs_open(l, &k);
	if (host_kernel_is_machine(&k.q, r))
		return;
	if (are_limited(&k)) {
		host_say(l, r, DW_HOST_OK, "Not every account makes namespaces of users.");
		return;
	}
	if (host_asked_in_vain(&k.q, r))
		return;
	host_knobs_look(&k, r, namespaces, 1);
	/* the setting is Debian's and Ubuntu's own; without it the limit alone says it */
	if (!k.found && !k.q.e.code && host_knob_now(&k, "user/max_user_namespaces", &most))
		host_seen(l, r, "/proc/sys/user/max_user_namespaces", 0, "user.max_user_namespaces",
			  "it is %lld: %s", (long long)most, namespaces[0].text);
	if (host_knobs_could_look(&k, r))
		host_conclude(l, r, "Every account makes namespaces of users.", "",
			      "Not every account makes namespaces of users.");
}

/* Programs that lock themselves in by one. */
static const char *const users_of_namespaces[] = { "/usr/bin/podman",
						   "/usr/bin/buildah",
						   "/usr/bin/bwrap",
						   "/usr/bin/flatpak",
						   "/usr/bin/chromium",
						   "/usr/bin/firefox",
						   "/usr/bin/google-chrome",
						   "/usr/bin/dockerd-rootless.sh",
						   NULL };

void host_kernel_namespaces_fix(struct host_look *l, struct dw_host_result *r)
{
	struct knobs k;
	const char *user;

	host_knobs_open(l, &k);
	user = host_ask_files(&k.q, users_of_namespaces);
	if (k.q.e.code)
		dw_vec_push(l->a, &r->held, "what needs them could not be looked for");
	else if (user)
		dw_vec_push(l->a, &r->held,
			    dw_arena_printf(l->a, "%s locks itself in by one", user));
	else if (dw_streq(r->evidence.v[0].object, "user.max_user_namespaces"))
		dw_vec_push(
			l->a, &r->held,
			"user.max_user_namespaces = 0 would keep them from root's services as well "
			"(PrivateUsers= of systemd.exec(5))");
	else
		host_knobs_mend(&k, r, namespaces, 1);
}

/* --- forwarding -------------------------------------------------------------------------------------------- */

/* Names that containers, machines, tunnels and bridges give their interfaces. */
static const char *other_side(struct knobs *k, struct dw_strings *names)
{
	static const char *const kinds[] = { "veth", "docker",    "br",      "virbr", "lxc", "lxd",
					     "cni",  "podman",    "wg",      "tun",   "tap", "vnet",
					     "ppp",  "cali",      "flannel", "vb-",   "ve-", "mac",
					     "ipv",  "tailscale", "zt" };
	size_t real = 0;

	host_knob_interfaces(k, "ipv4", names);
	for (size_t i = 0; i < names->n; i++) {
		real += !dw_streq(names->v[i], "default");
		for (size_t m = 0; m < DW_ARRAY_SIZE(kinds); m++)
			if (dw_starts_with(names->v[i], kinds[m]))
				return names->v[i];
	}
	return real > 1 ? names->v[1] : NULL;
}

static bool has_forwarded_door(const struct host_look *l)
{
	for (size_t i = 0; i < l->n_doors && l->have_doors; i++)
		if (l->doors[i].door->kind == DW_KIND_FORWARDED)
			return true;
	return false;
}

static const struct knob forwarding[] = {
	{ "net/ipv4/ip_forward", 0, 0, 0, 0, "packets of others go through this host", NULL, 0 },
	{ "net/ipv6/conf/all/forwarding", 0, 0, 0, 0, "packets of others go through this host",
	  NULL, 0 },
};

void host_kernel_forwarding(struct host_look *l, struct dw_host_result *r)
{
	struct dw_strings names = { 0 };
	const char *other;
	struct knobs k;

	host_knobs_open(l, &k);
	host_knobs_look(&k, r, forwarding, DW_ARRAY_SIZE(forwarding));
	if (!host_knobs_could_look(&k, r))
		return;
	other = k.running ? other_side(&k, &names) : NULL;
	if (!r->evidence.n) {
		host_say(l, r, DW_HOST_OK, "The host forwards nothing.");
		return;
	}
	if (other || has_forwarded_door(l)) {
		r->evidence.n = 0;
		host_say(l, r, DW_HOST_OK,
			 "The host forwards, and has somebody to forward for: %s.",
			 other ? other : "a port that goes on to another host");
	} else if (host_asked_in_vain(&k.q, r)) {
		r->evidence.n = 0;
	} else if (!k.running) {
		r->evidence.n = 0;
		host_say(l, r, DW_HOST_UNKNOWN,
			 "It is to forward, and what interfaces it will have cannot be seen here.");
	} else {
		host_conclude(
			l, r, "The host forwards packets, and has nobody to forward for.",
			"settings make the host forward packets, and it has nobody to forward for.",
			"");
	}
}
