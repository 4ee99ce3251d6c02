/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel says of its security modules, its processor and how it was started. */
#include <errno.h>
#include <string.h>

#include "asking.h"
#include "kernel.h"

/* False: said already. */
static bool is_ours(struct host_asking *q, struct dw_host_result *r)
{
	if (!dw_sys_is_running(q->l->sys)) {
		host_say(q->l, r, DW_HOST_NOT_APPLICABLE,
			 "This system does not run: it has no kernel.");
		return false;
	}
	return !host_kernel_is_machine(q, r);
}

/* Those that confine programs by rules; others of the list only add to the ordinary rights. */
static const struct {
	const char *name, *title;
} confining[] = {
	{ "apparmor", "AppArmor" },
	{ "selinux", "SELinux" },
	{ "smack", "Smack" },
	{ "tomoyo", "TOMOYO" },
};

bool host_kernel_confining(struct host_asking *q, const char **ret_name, const char **ret_list)
{
	struct dw_bytes text = { 0 };
	char *words, *name;

	*ret_name = NULL;
	if (!host_ask_text(q, "/sys/kernel/security/lsm", &text))
		return false;
	words = dw_trim(dw_arena_strndup(q->l->a, text.data, text.n));
	if (ret_list)
		*ret_list = dw_arena_strdup(q->l->a, words);
	while ((name = strsep(&words, ",")) != NULL)
		for (size_t k = 0; k < DW_ARRAY_SIZE(confining) && !*ret_name; k++)
			if (dw_streq(name, confining[k].name))
				*ret_name = confining[k].title;
	return *ret_name != NULL;
}

/*
 * Debian's kernel has both: without AppArmor SELinux takes its place, with or without a policy. Until one is loaded
 * every process has the label of an initial context, "kernel" (selinux_init() of the kernel).
 */
const char *host_kernel_idle(struct host_asking *q, const char *name)
{
	struct dw_bytes text = { 0 };

	if (!dw_streq(name, "SELinux"))
		return NULL;
	if (host_ask_text(q, "/sys/fs/selinux/enforce", &text))
		return text.n && text.data[0] == '0' ? "SELinux only complains (permissive)" : NULL;
	if (host_ask_text(q, "/proc/1/attr/current", &text) && !memchr(text.data, ':', text.n))
		return "no policy of SELinux is loaded";
	return NULL;
}

void host_kernel_lsm(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const char *name, *list = NULL, *idle = NULL;
	bool confines;

	if (!is_ours(&q, r))
		return;
	confines = host_kernel_confining(&q, &name, &list);
	if (confines)
		idle = host_kernel_idle(&q, name);
	if (host_asked_in_vain(&q, r))
		return;
	if (idle) {
		host_seen(l, r, "/sys/kernel/security/lsm", 1, "lsm", "%s", idle);
		host_conclude(l, r, "No security module confines programs.", "", "");
	} else if (confines) {
		host_say(l, r, DW_HOST_OK, "The kernel runs with %s.", name);
	} else if (!list) {
		host_say(l, r, DW_HOST_UNKNOWN,
			 "/sys/kernel/security is not mounted: no security module could be asked "
			 "for.");
	} else {
		host_seen(l, r, "/sys/kernel/security/lsm", 1, "lsm", "it has %s",
			  list[0] ? list : "none");
		host_conclude(l, r, "No security module confines programs.", "", "");
	}
}

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

void host_kernel_mitigations(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct dw_strings names = { 0 };

	if (!is_ours(&q, r))
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
