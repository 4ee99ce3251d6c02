/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date: what runs still is what was there before an update. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "dw_dpkg.h"
#include "dw_procs.h"
#include "updates.h"

#define MAPS_MAX     ((size_t)32 * 1024 * 1024)
#define RELEASES_MAX 1000

/* --- libraries ------------------------------------------------------------------------------------------ */

/* Where packages put programs and libraries. What lies elsewhere and is gone was made by the process itself. */
static bool is_packaged(const char *path)
{
	static const char *const dirs[] = { "/usr/", "/lib", "/bin/", "/sbin/", "/opt/" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++)
		if (dw_starts_with(path, dirs[i]))
			return true;
	return false;
}

/* proc_pid_maps(5): "START-END rwxp OFFSET DEV INODE   PATH (deleted)" */
const char *host_maps_gone(struct dw_arena *a, const struct dw_bytes *text)
{
	static const char gone[] = " (deleted)";
	struct dw_lines it = dw_lines_of(text);
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n)) {
		const char *mode = memchr(line, ' ', n), *path = memchr(line, '/', n), *found;
		size_t k;

		if (!mode || !path || path - mode < 6 || mode[3] != 'x' || n <= sizeof(gone) ||
		    memcmp(line + n - (sizeof(gone) - 1), gone, sizeof(gone) - 1) != 0)
			continue;
		k = (size_t)(line + n - path);
		if (k <= sizeof(gone))
			continue;
		found = dw_arena_strndup(a, path, k - (sizeof(gone) - 1));
		if (is_packaged(found))
			return found;
	}
	return NULL;
}

const char *host_unit_of_cgroup(struct dw_arena *a, const char *cgroup)
{
	const char *end = cgroup ? cgroup + strlen(cgroup) : NULL;

	while (end && end > cgroup) {
		const char *slash = memrchr(cgroup, '/', (size_t)(end - cgroup)),
			   *from = slash ? slash + 1 : cgroup;
		const char *part = dw_arena_strndup(a, from, (size_t)(end - from));

		if (dw_ends_with(part, ".service") || dw_ends_with(part, ".scope"))
			return part;
		end = slash;
	}
	return NULL;
}

/* What the process runs that is gone; NULL: nothing. False: it could not be looked at. */
static bool gone_of(struct host_look *l, struct dw_procs *procs, const struct dw_procinfo *p,
		    const char **ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch =
		dw_arena_new(); /* some have a hundred kilobytes of them */
	struct dw_bytes text = { 0 };
	_cleanup_fd_ int fd = -1;
	const char *gone;
	int r;

	*ret = NULL;
	if (p->exe && is_packaged(p->exe) &&
	    (p->exe_state == DW_PROC_EXE_DELETED || p->exe_state == DW_PROC_EXE_REPLACED)) {
		*ret = p->exe;
		return true;
	}
	fd = dw_procs_openat(procs, p->pid, "maps", O_RDONLY | O_CLOEXEC, e);
	r = fd < 0 ? fd : dw_fd_read_all(fd, MAPS_MAX, scratch, &text);
	if (r == -ENOENT || r == -ESRCH)
		return true; /* it ended meanwhile */
	if (r < 0) {
		if (fd >= 0)
			(void)dw_error_errno(e, r, "/proc/%d/maps", p->pid);
		return false;
	}
	gone = host_maps_gone(scratch, &text);
	*ret = gone ? dw_arena_strdup(l->a, gone) : NULL;
	return true;
}

/* One for each unit, or for each process that is of none. */
static void tell_gone(struct host_look *l, struct dw_host_result *r, const struct dw_procinfo *p,
		      const char *gone)
{
	const char *unit = host_unit_of_cgroup(l->a, p->cgroup),
		   *object = unit ? unit : dw_basename(p->exe ? p->exe : p->comm);

	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object))
			return;
	host_seen(l, r, gone, 0, object,
		  "process %d (%s) runs what was there before it was replaced", p->pid, p->comm);
}

void host_updates_replaced(struct host_look *l, struct dw_host_result *r)
{
	const struct dw_procinfo *const *v;
	struct dw_error e = { 0 }, first = { 0 };
	struct dw_procs *procs;
	size_t n, blind = 0;

	if (!dw_sys_is_running(l->sys)) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "This system does not run.");
		return;
	}
	procs = host_procs(l, &v, &n, &first);
	for (size_t i = 0; i < n; i++) {
		const char *gone = NULL;

		if (v[i]->kthread || dw_procs_is_foreign(procs, v[i]))
			continue;
		e = (struct dw_error){ 0 };
		if (!gone_of(l, procs, v[i], &gone, &e)) {
			first = blind++ ? first : e;
			continue;
		}
		if (gone)
			tell_gone(l, r, v[i], gone);
	}
	if (!r->evidence.n && (first.code || blind)) {
		if (blind)
			host_say(l, r, DW_HOST_UNKNOWN, "%zu process%s could not be looked at: %s",
				 blind, blind == 1 ? "" : "es", first.message);
		else
			host_unknown(l, r, &first);
		return;
	}
	host_conclude(l, r, "One service runs a library or program that was replaced.",
		      "services run libraries or programs that were replaced.",
		      "Every process runs the libraries that are installed.");
}

/* --- the kernel ----------------------------------------------------------------------------------------- */

const char *host_kernel_flavour(const char *release)
{
	for (const char *dash = strchr(release, '-'); dash; dash = strchr(dash + 1, '-'))
		if (isalpha((unsigned char)dash[1]))
			return dash + 1;
	return "";
}

/* The newest kernel of that flavour which could be booted; NULL: none is there. */
static const char *newest(struct host_asking *q, const char *running)
{
	struct dw_strings names;
	const char *best = NULL;

	host_ask_list(q, "/boot", &names);
	for (size_t i = 0; i < names.n && i < RELEASES_MAX; i++) {
		const char *x = names.v[i];

		if (!dw_starts_with(x, "vmlinuz-"))
			continue;
		x += strlen("vmlinuz-");
		if (dw_streq(host_kernel_flavour(x), host_kernel_flavour(running)) &&
		    (!best || host_deb_compare(x, best) > 0))
			best = x;
	}
	return best;
}

/* "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)": Debian's package of it; NULL: it does not say. */
static const char *package_version(struct host_look *l, const char *version)
{
	const char *at = strstr(version, " Debian "), *from = at ? at + 8 : NULL;

	return from ? dw_arena_strndup(l->a, from, strcspn(from, " ")) : NULL;
}

/* An update that keeps the name puts another kernel under it, which does not run before the next boot. */
static void judge_package(struct host_asking *q, struct dw_host_result *r, const char *running)
{
	struct dw_dpkg_status all = { 0 };
	struct dw_bytes version = { 0 }, text = { 0 };
	const char *runs, *name = dw_arena_printf(q->l->a, "linux-image-%s", running);

	if (!host_ask_text(q, "/proc/sys/kernel/version", &version))
		return;
	runs = package_version(q->l, dw_trim(version.data));
	if (!runs)
		return;
	if (!host_ask_file(q, "/var/lib/dpkg/status") ||
	    dw_dpkg_read_status(q->l->sys, q->l->a, &text, &q->e) < 0)
		return;
	dw_dpkg_parse_status(q->l->a, &text, &all, NULL, NULL);
	for (size_t i = 0; i < all.packages.n; i++) {
		const struct dw_dpkg_package *p = &all.packages.v[i];

		if (dw_streq(p->name, name) && dw_dpkg_is_there(p) && p->version &&
		    host_deb_compare(p->version, runs) > 0)
			host_seen(q->l, r, NULL, 0, name, "%s runs, and %s is installed", runs,
				  p->version);
	}
}

static void judge_kernel(struct host_asking *q, struct dw_host_result *r)
{
	struct dw_bytes text = { 0 };
	const char *running, *best;

	if (!host_ask_text(q, "/proc/sys/kernel/osrelease", &text)) {
		if (!q->e.code)
			(void)dw_error_set(&q->e, -ENOENT, "/proc does not say which kernel runs");
		return;
	}
	running = dw_trim(text.data);
	best = newest(q, running);
	if (best && host_deb_compare(best, running) > 0)
		host_seen(q->l, r, dw_arena_printf(q->l->a, "/boot/vmlinuz-%s", best), 0, "kernel",
			  "%s runs, and %s is installed", running, best);
	judge_package(q, r, running);
}

void host_updates_reboot(struct host_look *l, struct dw_host_result *r)
{
	static const char mark[] = "/run/reboot-required";
	struct host_asking q = { .l = l };
	bool container;

	if (!dw_sys_is_running(l->sys)) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "This system does not run.");
		return;
	}
	container = host_ask_container(&q);
	if (host_ask_file(&q, mark))
		host_seen(l, r, mark, 0, "reboot-required", "a package asks for it");
	if (!container)
		judge_kernel(&q, r);
	if (!r->evidence.n && host_asked_in_vain(&q, r))
		return;
	if (!r->evidence.n && container)
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its kernel is that of the machine around it.");
	else
		host_conclude(l, r, "A reboot is needed.", "reasons for a reboot.",
			      "What was installed runs: no reboot is needed.");
}
