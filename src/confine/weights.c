/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What counts, and how much. The points add up to 100 for a service that is root, holds every capability, is in no cage
 * and is reached from any network; docs/confine.md has the same table. A weight asks one question and has one sentence.
 */
#include "confine.h"
#include "dw_macros.h"
#include "dw_str.h"

#define CAP(n) (UINT64_C(1) << (n))

/* Numbers of capability.h; capabilities(7) says what each opens. */
#define CAPS_KERNEL                                                                                \
	(CAP(16) | CAP(17) | CAP(19) | CAP(21) | CAP(22) | CAP(32) | CAP(33) | CAP(38) | CAP(39))
#define CAPS_FILES    (CAP(0) | CAP(1) | CAP(2) | CAP(3) | CAP(4) | CAP(9) | CAP(27) | CAP(31))
#define CAPS_IDENTITY (CAP(6) | CAP(7) | CAP(8))
#define CAPS_NETWORK  (CAP(12) | CAP(13))

typedef const struct dw_confine_service *service;

static enum dw_confine_answer when(bool yes)
{
	return yes ? DW_CONFINE_COUNTS : DW_CONFINE_NO;
}

static enum dw_confine_answer unless(enum dw_tristate t)
{
	return t == DW_UNKNOWN ? DW_CONFINE_CANNOT_TELL : when(t == DW_NO);
}

static bool is(service s, const char *name, const char *value)
{
	return dw_streq(dw_confine_setting(s, name), value);
}

/* A service that no unit of systemd starts has no such setting: nothing there takes it away. */
static enum dw_confine_answer lacks(service s, const char *name)
{
	if (s->unit && !s->settings_known)
		return DW_CONFINE_CANNOT_TELL;
	return when(!is(s, name, "yes"));
}

static enum dw_confine_answer is_root(service s)
{
	return s->root == DW_UNKNOWN ? DW_CONFINE_CANNOT_TELL : when(s->root == DW_YES);
}

/* What does not run has what its unit would give it. */
static enum dw_confine_answer holds(service s, uint64_t caps)
{
	if (s->processes)
		return s->capabilities & caps ? DW_CONFINE_COUNTS
		       : s->details_known     ? DW_CONFINE_NO
					      : DW_CONFINE_CANNOT_TELL;
	return is_root(s);
}

static enum dw_confine_answer cap_kernel(service s)
{
	return holds(s, CAPS_KERNEL);
}

static enum dw_confine_answer cap_files(service s)
{
	return holds(s, CAPS_FILES);
}

static enum dw_confine_answer cap_identity(service s)
{
	return holds(s, CAPS_IDENTITY);
}

static enum dw_confine_answer cap_network(service s)
{
	return holds(s, CAPS_NETWORK);
}

static enum dw_confine_answer set_uid(service s)
{
	return s->processes ? unless(s->no_new_privs) : lacks(s, "NoNewPrivileges");
}

static enum dw_confine_answer no_seccomp(service s)
{
	if (s->processes)
		return unless(s->filtered);
	if (s->unit && !s->settings_known)
		return DW_CONFINE_CANNOT_TELL;
	return when(!*dw_confine_setting(s, "SystemCallFilter"));
}

/* Whoever is not root, and holds no capability over files, cannot write there anyway. */
static enum dw_confine_answer among_mighty(service s, enum dw_confine_answer answer)
{
	enum dw_confine_answer root = is_root(s), files = cap_files(s);

	if (root == DW_CONFINE_NO && files == DW_CONFINE_NO)
		return DW_CONFINE_NO;
	return root == DW_CONFINE_CANNOT_TELL && answer == DW_CONFINE_COUNTS ? root : answer;
}

static enum dw_confine_answer writes_system(service s)
{
	enum dw_confine_answer answer = lacks(s, "ProtectSystem");

	if (answer == DW_CONFINE_COUNTS &&
	    (is(s, "ProtectSystem", "full") || is(s, "ProtectSystem", "strict")))
		answer = DW_CONFINE_NO;
	return among_mighty(s, answer);
}

static enum dw_confine_answer writes_etc(service s)
{
	if (s->unit && !s->settings_known)
		return DW_CONFINE_CANNOT_TELL;
	return among_mighty(
		s, when(!is(s, "ProtectSystem", "full") && !is(s, "ProtectSystem", "strict")));
}

static enum dw_confine_answer sees_homes(service s)
{
	enum dw_confine_answer answer = lacks(s, "ProtectHome");

	if (answer == DW_CONFINE_COUNTS &&
	    (is(s, "ProtectHome", "read-only") || is(s, "ProtectHome", "tmpfs")))
		answer = DW_CONFINE_NO;
	return among_mighty(s, answer);
}

static enum dw_confine_answer devices(service s)
{
	return among_mighty(s, lacks(s, "PrivateDevices"));
}

static enum dw_confine_answer kernel_settings(service s)
{
	return among_mighty(s, lacks(s, "ProtectKernelTunables"));
}

static enum dw_confine_answer shared_tmp(service s)
{
	return lacks(s, "PrivateTmp");
}

static enum dw_confine_answer any_family(service s)
{
	if (s->unit && !s->settings_known)
		return DW_CONFINE_CANNOT_TELL;
	return when(!*dw_confine_setting(s, "RestrictAddressFamilies"));
}

/* RestrictNamespaces= is a mask of what stays allowed; all seven kinds: no restriction. */
static enum dw_confine_answer namespaces(service s)
{
	static const char all[] = "2114060288";
	const char *mask = dw_confine_setting(s, "RestrictNamespaces");

	if (s->unit && !s->settings_known)
		return DW_CONFINE_CANNOT_TELL;
	return when(!*mask || dw_streq(mask, all) || dw_streq(mask, "18446744073709551615"));
}

static enum dw_confine_answer new_code(service s)
{
	return lacks(s, "MemoryDenyWriteExecute");
}

static enum dw_confine_answer from_any(service s)
{
	return s->reach == DW_CONFINE_REACH_UNKNOWN ? DW_CONFINE_CANNOT_TELL
						    : when(s->reach == DW_CONFINE_REACH_ANY);
}

static enum dw_confine_answer from_some(service s)
{
	return when(s->reach == DW_CONFINE_REACH_SOME);
}

static enum dw_confine_answer from_loopback(service s)
{
	return when(s->reach == DW_CONFINE_REACH_LOOPBACK);
}

const struct dw_confine_weight dw_confine_weights[] = {
	{ "root", 20,
	  "A process of it is root (uid 0): what root's files say it may write and read.",
	  is_root },
	{ "kernel-capabilities", 14,
	  "It holds capabilities over the kernel (SYS_ADMIN, SYS_MODULE, SYS_PTRACE, BPF ...).",
	  cap_kernel },
	{ "file-capabilities", 8,
	  "It holds capabilities over everybody's files (DAC_OVERRIDE, CHOWN, FOWNER ...).",
	  cap_files },
	{ "identity-capabilities", 5, "It may become any user (SETUID, SETGID, SETPCAP).",
	  cap_identity },
	{ "network-capabilities", 4,
	  "It may change the network or make raw packets (NET_ADMIN, NET_RAW).", cap_network },
	{ "set-uid", 6, "A set-UID program that it starts is root: no_new_privs is off.", set_uid },
	{ "any-system-call", 8, "It may make every system call: there is no seccomp filter.",
	  no_seccomp },
	{ "writes-system", 6, "It can write to /usr and /boot.", writes_system },
	{ "writes-etc", 3, "It can write to /etc.", writes_etc },
	{ "homes", 4, "It can read and write what is in homes.", sees_homes },
	{ "devices", 3, "It can open the devices of the host.", devices },
	{ "kernel-settings", 3, "It can change settings of the kernel below /proc/sys and /sys.",
	  kernel_settings },
	{ "shared-tmp", 1, "It shares /tmp with everybody.", shared_tmp },
	{ "any-address-family", 2, "It may open sockets of any family.", any_family },
	{ "namespaces", 1, "It may make namespaces, where much of the kernel can be reached.",
	  namespaces },
	{ "new-code", 1, "It may make memory that it can write executable.", new_code },
	{ "reached-from-anywhere", 11, "Its door is open to any network.", from_any },
	{ "reached-from-some", 6, "Its door is open to some: one address, link or network.",
	  from_some },
	{ "reached-from-loopback", 2, "Its door is open to programs of this host.", from_loopback },
};

const size_t dw_confine_n_weights = DW_ARRAY_SIZE(dw_confine_weights);

bool dw_confine_weight(size_t i, const char **ret_id, unsigned *ret_points)
{
	if (i >= dw_confine_n_weights)
		return false;
	*ret_id = dw_confine_weights[i].id;
	*ret_points = dw_confine_weights[i].points;
	return true;
}
