/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Observing a control group: the BPF programs of bpf/observe*.bpf.c, loaded and attached while the handle is open. */
#include "dw_observe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "bpf_private.h"
#include "dw_bpf_observe.h"
#include "dw_procs.h"
#include "dw_str.h"
#include "watch_private.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "observe_calls.lskel.h"
#include "observe_capfexit.lskel.h"
#include "observe_captp.lskel.h"
#pragma GCC diagnostic pop

_Static_assert(DW_OBSERVED_CALLS == DW_BPF_OBSERVE_CALLS, "both sides count the same calls");
_Static_assert(sizeof(((struct dw_observed *)0)->granted) ==
		       DW_BPF_OBSERVE_CAPS * DW_BPF_OBSERVE_CALLS,
	       "both sides count the same capabilities");

struct dw_observe {
	struct dw_sys *sys;
	struct dw_arena *arena;
	int group;
	struct dw_observe_calls *calls;
	struct dw_observe_captp *captp;
	struct dw_observe_capfexit *capfexit;
	DW_VEC(struct dw_bpf_observe_key) known; /* one for each of the paths */
	DW_VEC(struct dw_observed_path) paths;
};

/* --- loading -------------------------------------------------------------------------------------------------- */

static int open_group(struct dw_sys *s, const char *group, struct dw_arena *a, struct dw_error *e)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	int fd = -ENOENT;

	/* of two hierarchies the second is the unified one, where there is it */
	for (size_t i = 0; i < DW_ARRAY_SIZE(roots) && fd < 0; i++) {
		const char *path = dw_arena_printf(a, "%s%s", roots[i], group);

		if (dw_sys_file_exists(s, dw_arena_printf(a, "%s/cgroup.procs", path)))
			fd = dw_sys_file_open(s, path, O_RDONLY | O_DIRECTORY, e);
	}
	return fd >= 0 ? fd
		       : dw_error_set(e, fd, "there is no control group %s (cgroup v2)", group);
}

static int load_calls(struct dw_observe *o)
{
	struct dw_observe_calls *k = dw_observe_calls__open();
	int r = k ? dw_observe_calls__load(k) : -ENOMEM;

	if (r >= 0)
		r = dw_watch_map_put(k->maps.dw_group.map_fd, o->group);
	if (r >= 0)
		r = dw_observe_calls__attach(k);
	if (r >= 0)
		o->calls = k;
	else
		dw_observe_calls__destroy(k);
	return r;
}

static int load_captp(struct dw_observe *o)
{
	struct dw_observe_captp *k = dw_observe_captp__open();
	int r = k ? dw_observe_captp__load(k) : -ENOMEM;

	if (r >= 0)
		r = dw_watch_map_put(k->maps.dw_group.map_fd, o->group);
	if (r >= 0)
		r = dw_observe_captp__attach(k);
	if (r >= 0)
		o->captp = k;
	else
		dw_observe_captp__destroy(k);
	return r;
}

static int load_capfexit(struct dw_observe *o)
{
	struct dw_observe_capfexit *k = dw_observe_capfexit__open();
	int r = k ? dw_observe_capfexit__load(k) : -ENOMEM;

	if (r >= 0)
		r = dw_watch_map_put(k->maps.dw_group.map_fd, o->group);
	if (r >= 0)
		r = dw_observe_capfexit__attach(k);
	if (r >= 0)
		o->capfexit = k;
	else
		dw_observe_capfexit__destroy(k);
	return r;
}

static int load(struct dw_observe *o, const char *group, struct dw_error *e)
{
	int r;

	o->group = open_group(o->sys, group, o->arena, e);
	if (o->group < 0)
		return o->group;
	r = load_calls(o);
	if (r < 0) {
		(void)dw_error_set(
			e, r,
			"the kernel did not take the BPF programs that observe a service (%d)", r);
		return r == -EPERM || r == -EACCES ? -EPERM : -ENOTSUP;
	}
	/* without them all capabilities are left as they are */
	if (load_captp(o) < 0)
		(void)load_capfexit(o);
	return 0;
}

int dw_observe_open(struct dw_sys *s, const char *group, struct dw_observe **ret,
		    struct dw_error *e)
{
	int r = dw_sys_fault(s);
	struct dw_observe *o;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "observing %s", group);
	o = calloc(1, sizeof(*o));
	if (!o)
		dw_oom();
	o->sys = s;
	o->arena = dw_arena_new();
	o->group = -1;
	r = load(o, group, e);
	if (r < 0)
		dw_observe_close(o);
	else
		*ret = o;
	return r;
}

void dw_observe_close(struct dw_observe *o)
{
	if (!o)
		return;
	dw_observe_calls__destroy(o->calls);
	dw_observe_captp__destroy(o->captp);
	dw_observe_capfexit__destroy(o->capfexit);
	if (o->group >= 0)
		close(o->group);
	dw_arena_free(o->arena);
	free(o);
}

/* --- paths ---------------------------------------------------------------------------------------------------- */

static bool is_known(const struct dw_observe *o, const struct dw_bpf_observe_key *key)
{
	for (size_t i = 0; i < o->known.n; i++)
		if (memcmp(&o->known.v[i], key, sizeof(*key)) == 0)
			return true;
	return false;
}

/* What a relative path begins at: the working directory, or the directory that the descriptor is. */
static const char *absolute(struct dw_observe *o, const struct dw_bpf_observe_key *key,
			    uint32_t pid)
{
	const char *path =
		dw_arena_strndup(o->arena, key->path, strnlen(key->path, sizeof(key->path)));
	char *directory = NULL;
	const char *link;

	if (*path == '/' || *path == '\0')
		return path;
	link = key->directory == AT_FDCWD
		       ? dw_arena_printf(o->arena, "/proc/%u/cwd", pid)
		       : dw_arena_printf(o->arena, "/proc/%u/fd/%d", pid, key->directory);
	if (dw_sys_file_readlink(o->sys, link, o->arena, &directory, NULL) < 0 || *directory != '/')
		return NULL;
	return dw_arena_printf(o->arena, "%s/%s", dw_streq(directory, "/") ? "" : directory, path);
}

static int element(int command, int map, const struct dw_bpf_observe_key *key, void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)value; /* next_key is the same member */
	return dw_bpf_call(command, &attr);
}

static void take(struct dw_observe *o, const struct dw_bpf_observe_key *key,
		 const struct dw_bpf_observe_value *value)
{
	if (key->kind < DW_BPF_OBSERVE_WRITTEN || key->kind > DW_BPF_OBSERVE_DEVICE ||
	    is_known(o, key))
		return;
	dw_vec_push(o->arena, &o->known, *key);
	*dw_vec_add(o->arena, &o->paths) = (struct dw_observed_path){
		.kind = (enum dw_observed_kind)key->kind,
		.path = absolute(o, key, value->pid),
		.cut = value->cut != 0,
	};
}

int dw_observe_settle(struct dw_observe *o, struct dw_error *e)
{
	int map = o->calls->maps.dw_paths.map_fd, r = dw_sys_fault(o->sys);
	const struct dw_bpf_observe_key *at = NULL;
	struct dw_bpf_observe_key key, next;

	for (size_t i = 0; r == 0 && i < DW_BPF_OBSERVE_PATHS; i++) {
		struct dw_bpf_observe_value value;

		r = element(BPF_MAP_GET_NEXT_KEY, map, at, &next);
		if (r < 0)
			break;
		key = next;
		at = &key;
		if (element(BPF_MAP_LOOKUP_ELEM, map, &key, &value) == 0)
			take(o, &key, &value);
	}
	return r == 0 || r == -ENOENT ? 0
				      : dw_error_errno(e, r, "what a service asked of the kernel");
}

/* --- what was seen --------------------------------------------------------------------------------------------- */

static void read_capabilities(const uint8_t *granted, const uint8_t *denied,
			      struct dw_observed *ret)
{
	memcpy(ret->granted, granted, sizeof(ret->granted));
	for (unsigned i = 0; i < 64; i++)
		if (denied[i])
			ret->denied |= UINT64_C(1) << i;
	ret->capabilities_seen = true;
}

static void copy_paths(const struct dw_observe *o, struct dw_arena *a, struct dw_observed *ret)
{
	struct dw_observed_path *paths = dw_arena_array(a, o->paths.n + 1, sizeof(*paths));

	for (size_t i = 0; i < o->paths.n; i++) {
		paths[i] = o->paths.v[i];
		if (paths[i].path)
			paths[i].path = dw_arena_strdup(a, paths[i].path);
	}
	ret->paths = paths;
	ret->n_paths = o->paths.n;
}

int dw_observe_read(struct dw_observe *o, struct dw_arena *a, struct dw_observed *ret,
		    struct dw_error *e)
{
	int r = dw_observe_settle(o, e);

	*ret = (struct dw_observed){ 0 };
	if (r < 0)
		return r;
	for (size_t i = 0; i < DW_OBSERVED_CALLS; i++)
		ret->calls[i] = o->calls->bss->dw_calls[i] != 0;
	for (size_t i = 0; i < DW_BPF_OBSERVE_FAMILIES; i++)
		ret->families[i] = o->calls->bss->dw_families[i] != 0;
	ret->namespaces = o->calls->bss->dw_namespaces;
	ret->new_code = o->calls->bss->dw_flags[0] != 0;
	ret->homes = o->calls->bss->dw_flags[1] != 0;
	ret->set_id = o->calls->bss->dw_flags[2] != 0;
	ret->compat = o->calls->bss->dw_flags[3] != 0;
	ret->missed = __atomic_load_n(&o->calls->bss->dw_missed, __ATOMIC_RELAXED);
	if (o->captp)
		read_capabilities(o->captp->bss->dw_granted, o->captp->bss->dw_denied, ret);
	else if (o->capfexit)
		read_capabilities(o->capfexit->bss->dw_granted, o->capfexit->bss->dw_denied, ret);
	copy_paths(o, a, ret);
	return 0;
}
