/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service is watched while it runs: what it asks the kernel for, and what it had open before. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "confine.h"
#include "dw_confine_suggest.h"
#include "dw_observe.h"
#include "dw_str.h"
#include "dw_wait.h"

_Static_assert(DW_CONFINE_CALLS == DW_OBSERVED_CALLS, "the same table of calls");

#define PATHS_MAX     20000
#define PROCESSES_MAX 4096
#define MAPS_MAX      ((size_t)4 * 1024 * 1024)
#define CAP_SYS_ADMIN 21

/* --- capabilities ---------------------------------------------------------------------------------------------- */

/*
 * How much memory may be promised depends on CAP_SYS_ADMIN (cap_vm_enough_memory() of security/commoncap.c), which is
 * asked at every growth of memory and never needed. A fault happens in no call: on x86 its error code stands where the
 * call's number would, and the numbers of these calls are such codes.
 */
static const int for_memory[] = {
	SYS_mmap,
	SYS_brk,
	SYS_mremap,
	SYS_mprotect,
	SYS_munmap,
	SYS_clone,
	SYS_clone3,
	SYS_execve,
	SYS_execveat,
	SYS_writev,
	SYS_fstat,
#ifdef SYS_fork
	SYS_fork,
	SYS_vfork,
#endif
#ifdef __x86_64__
	SYS_stat,
	SYS_lstat,
	SYS_poll,
	SYS_access,
#endif
	DW_OBSERVED_CALLS - 1,
};

static bool is_for_memory(unsigned call)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(for_memory); i++)
		if (for_memory[i] == (int)call)
			return true;
	return false;
}

static uint64_t needed(const struct dw_observed *o)
{
	uint64_t caps = 0;

	for (unsigned c = 0; c < 64; c++)
		for (unsigned call = 0; call < DW_OBSERVED_CALLS; call++)
			if (o->granted[c][call] && !(c == CAP_SYS_ADMIN && is_for_memory(call)))
				caps |= UINT64_C(1) << c;
	return caps;
}

/* --- what is open, and what is in it ---------------------------------------------------------------------------- */

static void add_path(struct dw_strings *v, const char *path, struct dw_arena *a)
{
	if (v->n < PATHS_MAX && !dw_strings_has(v, path))
		dw_vec_push(a, v, path);
}

/* "flags:\t0100001" of /proc/PID/fdinfo/N (proc(5)): octal, as of open(2). */
static bool is_for_writing(struct dw_sys *sys, const char *fdinfo, struct dw_arena *a)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	uint64_t flags;
	char *line;

	if (dw_sys_file_read(sys, fdinfo, 64 * 1024, a, &text, NULL) < 0)
		return false;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, a)) != NULL)
		if (dw_starts_with(line, "flags:"))
			return dw_parse_u64(dw_trim(line + 6), 8, UINT32_MAX, &flags) &&
			       (flags & O_ACCMODE) != O_RDONLY;
	return false;
}

static void add_open_files(struct dw_sys *sys, int pid, struct dw_arena *a,
			   struct dw_confine_seen *ret)
{
	const char *directory = dw_arena_printf(a, "/proc/%d/fd", pid);
	struct dw_strings fds = { 0 };

	if (dw_sys_dir_list(sys, directory, a, &fds, NULL) < 0)
		return;
	for (size_t i = 0; i < fds.n; i++) {
		char *path = NULL;

		if (dw_sys_file_readlink(sys, dw_arena_printf(a, "%s/%s", directory, fds.v[i]), a,
					 &path, NULL) < 0 ||
		    *path != '/')
			continue;
		if (dw_starts_with(path, "/dev/"))
			add_path(&ret->devices, path, a);
		else if (is_for_writing(sys,
					dw_arena_printf(a, "/proc/%d/fdinfo/%s", pid, fds.v[i]), a))
			add_path(&ret->written, path, a);
	}
}

/* They make code while they run, most of them once at a start that we do not see. */
static const char *const makers_of_code[] = { "libpcre2-8.so", "libpcre.so", "libpcreposix.so",
					      "libLLVM",       "libluajit",  "libffi.so",
					      "libmozjs",      "libjvm.so",  "libnode.so",
					      "libv8",         "libruby",    "libpython",
					      "libphp",        "libperl.so", "libgccjit" };

static void look_for_code(struct dw_sys *sys, int pid, struct dw_arena *a,
			  struct dw_confine_seen *ret)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes maps = { 0 };

	if (dw_sys_file_read(sys, dw_arena_printf(a, "/proc/%d/maps", pid), MAPS_MAX, scratch,
			     &maps, NULL) < 0) {
		ret->jit = "what could not be looked at";
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(makers_of_code) && !ret->jit; i++)
		if (memmem(maps.data, maps.n, makers_of_code[i], strlen(makers_of_code[i])))
			ret->jit = makers_of_code[i];
}

static size_t look_at_processes(struct dw_sys *sys, const char *group, struct dw_arena *a,
				struct dw_confine_seen *ret)
{
	const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct dw_bytes list = { 0 };
	size_t n = 0;
	char *word;

	for (size_t i = 0; i < DW_ARRAY_SIZE(roots) && !list.n; i++)
		(void)dw_sys_file_read(sys,
				       dw_arena_printf(a, "%s%s/cgroup.procs", roots[i], group),
				       MAPS_MAX, a, &list, NULL);
	for (struct dw_lines it = dw_lines_of(&list);
	     n < PROCESSES_MAX && (word = dw_lines_next_trimmed(&it, a)) != NULL;) {
		uint64_t pid;

		if (!dw_parse_u64(word, 10, INT32_MAX, &pid) || pid == 0)
			continue;
		add_open_files(sys, (int)pid, a, ret);
		if (!ret->jit)
			look_for_code(sys, (int)pid, a, ret);
		n++;
	}
	return n;
}

/* --- what was seen ----------------------------------------------------------------------------------------------- */

static void add_started(struct dw_sys *sys, const char *path, struct dw_arena *a,
			struct dw_confine_seen *ret)
{
	struct stat st;

	add_path(&ret->started, path, a);
	if (!ret->set_uid && dw_sys_file_stat(sys, path, true, &st, NULL) == 0 &&
	    st.st_mode & (S_ISUID | S_ISGID))
		ret->set_uid = path;
}

static void add_seen(struct dw_sys *sys, const struct dw_observed *o, struct dw_arena *a,
		     struct dw_confine_seen *ret)
{
	ret->capabilities_known = o->capabilities_seen;
	ret->capabilities = needed(o);
	memcpy(ret->calls, o->calls, sizeof(ret->calls));
	memcpy(ret->families, o->families, sizeof(ret->families));
	ret->namespaces = o->namespaces;
	ret->new_code = o->new_code;
	ret->homes = o->homes;
	ret->set_id = o->set_id;
	ret->compat = o->compat;
	ret->missed = o->missed;
	for (size_t i = 0; i < o->n_paths; i++) {
		const struct dw_observed_path *p = &o->paths[i];

		if (!p->path || p->cut) {
			ret->missed++;
			continue;
		}
		switch (p->kind) {
		case DW_OBSERVED_WRITTEN:
			add_path(&ret->written, p->path, a);
			break;
		case DW_OBSERVED_STARTED:
			add_started(sys, p->path, a, ret);
			break;
		case DW_OBSERVED_DEVICE:
			add_path(&ret->devices, p->path, a);
			break;
		}
	}
}

int dw_confine_observe(struct dw_sys *s, const struct dw_confine_service *service, unsigned seconds,
		       const volatile int *stop, struct dw_arena *a, struct dw_confine_seen *ret,
		       struct dw_error *e)
{
	const char *group = dw_confine_setting(service, "ControlGroup");
	struct dw_observed *seen = dw_new(a, struct dw_observed);
	struct dw_observe *o = NULL;
	int r;

	*ret = (struct dw_confine_seen){ 0 };
	if (!*group || dw_streq(group, "/"))
		return dw_error_set(e, -ESRCH,
				    "%s does not run: there is nothing to observe; start it first",
				    service->name);
	r = dw_observe_open(s, group, &o, e);
	if (r == 0 && look_at_processes(s, group, a, ret) == 0)
		r = dw_error_set(e, -ESRCH,
				 "%s has no process: there is nothing to observe; start it, or "
				 "open a connection to it, first",
				 service->name);
	while (r == 0 && ret->seconds < seconds && !(stop && *stop)) {
		dw_sys_pause(s, 1000);
		ret->seconds++;
		r = dw_observe_settle(o, e);
	}
	if (r == 0)
		r = dw_observe_read(o, a, seen, e);
	if (r == 0)
		add_seen(s, seen, a, ret);
	dw_observe_close(o);
	return r;
}
