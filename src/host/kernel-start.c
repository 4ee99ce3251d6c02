/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the kernel was started, and whom its security module confines. */
#include <errno.h>
#include <fcntl.h>

#include "dw_procs.h"
#include "kernel.h"

/* UEFI specification, 3.3: a variable of the firmware; efivarfs puts 4 bytes of attributes before its one byte. */
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* False: said already. */
static bool runs_here(struct host_asking *q, struct dw_host_result *r)
{
	if (dw_sys_is_running(q->l->sys))
		return !host_kernel_is_machine(q, r);
	host_say(q->l, r, DW_HOST_NOT_APPLICABLE, "This system does not run: nothing started it.");
	return false;
}

void host_kernel_secure_boot(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct dw_bytes b = { 0 };
	bool efi, there;

	if (!runs_here(&q, r))
		return;
	efi = host_ask_file(&q, "/sys/firmware/efi");
	there = efi && host_ask_text(&q, SECURE_BOOT, &b);
	if (host_asked_in_vain(&q, r))
		return;
	if (!efi) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "The firmware is no UEFI, and has no Secure Boot.");
	} else if (!there && !host_ask_file(&q, "/sys/firmware/efi/efivars")) {
		host_say(l, r, DW_HOST_UNKNOWN, "/sys/firmware/efi/efivars is not mounted.");
	} else if (there && b.n != 5) {
		host_say(l, r, DW_HOST_UNKNOWN, "%s does not have 5 bytes.", SECURE_BOOT);
	} else {
		if (!there || b.data[4] != 1)
			host_seen(l, r, SECURE_BOOT, 0, "SecureBoot",
				  there ? "it is off" : "the firmware has none");
		host_conclude(l, r, "The firmware starts whatever lies on the disk.", "",
			      "The firmware starts only what is signed.");
	}
}

void host_kernel_lockdown(struct host_look *l, struct dw_host_result *r)
{
	static const char file[] = "/sys/kernel/security/lockdown";
	struct host_asking q = { .l = l };
	struct dw_bytes text = { 0 };
	const char *open, *close;
	bool there;

	if (!runs_here(&q, r))
		return;
	there = host_ask_text(&q, file, &text);
	if (host_asked_in_vain(&q, r))
		return;
	/* "none [integrity] confidentiality" */
	open = there ? strchr(text.data, '[') : NULL;
	close = open ? strchr(open, ']') : NULL;
	if (!close) {
		host_say(l, r, DW_HOST_UNKNOWN,
			 there ? "%s says none of its modes."
			       : "%s is not there: the kernel has no lockdown, or securityfs is "
				 "not mounted.",
			 file);
		return;
	}
	if (strncmp(open, "[none]", 6) == 0)
		host_seen(l, r, file, 1, "lockdown", "it is none");
	host_conclude(
		l, r, "Root may change the kernel that runs.", "",
		dw_arena_printf(l->a, "The kernel is locked down: %s.",
				dw_arena_strndup(l->a, open + 1, (size_t)(close - open) - 1)));
}

/* --- whom the security module confines --------------------------------------------------------------------- */

/* SELinux: types that may do nearly all (the reference policy's unconfined and init domains). */
static bool is_free_type(struct dw_arena *a, const char *context)
{
	static const char *const types[] = { "unconfined_t", "unconfined_service_t", "initrc_t",
					     "init_t", "kernel_t" };
	char *rest = dw_arena_strdup(a, context), *part = NULL;

	for (int i = 0; i < 3 && (part = strsep(&rest, ":")) != NULL; i++)
		;
	for (size_t i = 0; part && i < DW_ARRAY_SIZE(types); i++)
		if (dw_streq(part, types[i]))
			return true;
	return part == NULL;
}

/* AppArmor says "unconfined", "PROFILE (enforce)" or "PROFILE (complain)". NULL: it is confined. */
static const char *freedom_of(struct dw_arena *a, const char *label)
{
	if (dw_ends_with(label, "(complain)"))
		return dw_arena_printf(a, "its profile only complains: %s", label);
	if (dw_streq(label, "unconfined"))
		return "no profile confines it";
	if (!strchr(label, '(') && strchr(label, ':') && is_free_type(a, label))
		return dw_arena_printf(a, "it runs as %s", label);
	return NULL;
}

/* False: it could not be read. *ret NULL: it is gone. */
static bool label_of(struct host_look *l, struct dw_procs *procs, int pid, const char **ret,
		     struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_procs_openat(procs, pid, "attr/current", O_RDONLY | O_CLOEXEC, e);
	struct dw_bytes text = { 0 };
	int r = fd < 0 ? fd : dw_fd_read_all(fd, 4096, l->a, &text);

	*ret = NULL;
	if (r == -ENOENT || r == -ESRCH)
		return true;
	if (r < 0) {
		if (fd >= 0)
			(void)dw_error_errno(e, r, "/proc/%d/attr/current", pid);
		return false;
	}
	*ret = dw_trim(text.data);
	return true;
}

static const char *name_of(const struct dw_door *d, const struct dw_owner *o)
{
	const char *program = d->program ? d->program : o->executable;

	if (d->starter.id)
		return d->starter.id;
	return program ? dw_basename(program) : "?";
}

static bool is_told(const struct dw_host_result *r, const char *object)
{
	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object))
			return true;
	return false;
}

static bool look_at_door(struct host_look *l, struct dw_host_result *r, struct dw_procs *procs,
			 const struct dw_door *d, const char *idle, size_t *ret_confined,
			 struct dw_error *e)
{
	for (size_t i = 0; i < d->n_owners; i++) {
		const struct dw_owner *o = &d->owners[i];
		const char *label, *free_by, *name = name_of(d, o);

		if (is_told(r, name))
			continue;
		if (!label_of(l, procs, o->pid, &label, e))
			return false;
		free_by = label ? (idle ? idle : freedom_of(l->a, label)) : NULL;
		*ret_confined += label && !free_by;
		if (free_by)
			host_seen(l, r, dw_arena_printf(l->a, "/proc/%d/attr/current", o->pid), 1,
				  name, "%s", free_by);
	}
	return true;
}

void host_kernel_confined(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const struct dw_procinfo *const *v;
	const char *module = NULL, *idle;
	struct dw_procs *procs;
	struct dw_error e = { 0 };
	size_t n, confined = 0;

	if (!runs_here(&q, r))
		return;
	if (!host_kernel_confining(&q, &module, NULL)) {
		if (!host_asked_in_vain(&q, r))
			host_say(l, r, DW_HOST_NOT_APPLICABLE,
				 "No security module confines programs here.");
		return;
	}
	idle = host_kernel_idle(&q, module);
	if (host_asked_in_vain(&q, r))
		return;
	procs = host_procs(l, &v, &n, &e);
	e = (struct dw_error){ 0 };
	for (size_t i = 0; i < l->n_doors; i++)
		if (!look_at_door(l, r, procs, l->doors[i].door, idle, &confined, &e)) {
			r->evidence.n = 0;
			host_unknown(l, r, &e);
			return;
		}
	if (!r->evidence.n && !confined)
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "No process keeps a door.");
	else
		host_conclude(
			l, r,
			dw_arena_printf(l->a, "%s leaves one service that keeps a door free.",
					module),
			dw_arena_printf(l->a, "services that keep a door are free of %s.", module),
			dw_arena_printf(l->a, "%s confines every service that keeps a door.",
					module));
}
