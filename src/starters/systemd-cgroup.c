/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups tell the unit: systemd.slice(5), and systemd's doc/CGROUP_DELEGATION. */
#include "systemd.h"

static bool is_unit(const char *s)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(suffixes); i++)
		if (dw_ends_with(s, suffixes[i]) && strlen(s) > strlen(suffixes[i]))
			return true;
	return false;
}

/* "user@1000.service" -> 1000 */
static bool user_manager(const char *unit, uint32_t *ret)
{
	static const char head[] = "user@";
	const char *digits = unit + sizeof(head) - 1;
	uint64_t v;

	if (!dw_starts_with(unit, head) ||
	    !dw_parse_u64n(digits, strcspn(digits, "."), 10, UINT32_MAX - 1, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* One component further; false: nothing below it is a unit of ours. */
static bool take_component(struct dw_sd_where *w, const char *s)
{
	/* names that would look like a kernel file carry an underscore in front (cg_escape) */
	if (*s == '_')
		s++;
	if (w->user_unit || (w->unit && w->uid == UINT32_MAX)) {
		w->payload =
			w->payload || dw_streq(s, "payload") || dw_starts_with(s, "libpod-payload");
		return true;
	}
	if (dw_ends_with(s, ".slice")) {
		if (!w->unit)
			w->slice = s;
		return true;
	}
	if (!is_unit(s))
		return false;
	if (w->unit) {
		w->user_unit = s;
		return true;
	}
	w->unit = s;
	(void)user_manager(s, &w->uid);
	return true;
}

void dw_sd_where(struct dw_arena *a, const char *root, const char *cgroup, struct dw_sd_where *ret)
{
	struct dw_sd_where w = { .uid = UINT32_MAX };
	char *copy, *s;

	*ret = w;
	if (!cgroup)
		return;
	if (dw_starts_with(cgroup, root))
		cgroup += strlen(root);
	copy = dw_arena_strdup(a, cgroup);
	while ((s = strsep(&copy, "/")))
		if (*s && !take_component(&w, s))
			break;
	*ret = w;
}

const char *dw_sd_session_id(struct dw_arena *a, const char *unit)
{
	static const char head[] = "session-";
	size_t n;

	if (!unit || !dw_starts_with(unit, head) || !dw_ends_with(unit, ".scope"))
		return NULL;
	unit += sizeof(head) - 1;
	n = strlen(unit) - strlen(".scope");
	return n > 0 && n < 64 ? dw_arena_strndup(a, unit, n) : NULL;
}

static bool is_container_unit(const char *unit)
{
	static const char *const heads[] = {
		"docker-",  "libpod-", "crio-",  "cri-containerd-", "nerdctl-",
		"machine-", "lxc-",    "incus-", "systemd-nspawn@"
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(heads); i++)
		if (dw_starts_with(unit, heads[i]) &&
		    (dw_ends_with(unit, ".scope") || dw_starts_with(unit, "systemd-nspawn@")))
			return true;
	return false;
}

bool dw_sd_is_container(const struct dw_sd_where *w)
{
	return w->payload || (w->unit && is_container_unit(w->unit)) ||
	       (w->user_unit && is_container_unit(w->user_unit)) ||
	       (w->slice && dw_streq(w->slice, "machine.slice"));
}

/* As cg_get_root_path: in a container without a cgroup namespace all paths begin with the container's own. */
const char *dw_sd_cgroup_root(struct dw_starters *s)
{
	static const char tail[] = "/init.scope";
	const struct dw_procinfo *init = s->procs ? dw_procs_get(s->procs, 1) : NULL;

	if (!init || !init->cgroup || !dw_ends_with(init->cgroup, tail))
		return "";
	return dw_arena_strndup(s->arena, init->cgroup, strlen(init->cgroup) - strlen(tail));
}
