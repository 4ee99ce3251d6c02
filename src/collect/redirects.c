/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doors that are no local socket: what a rule, a load balancer or a BPF program does with packets
 * before any socket is looked up. Each namespace is asked; each kind of door may fail on its own.
 */
#include <errno.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "forward.h"
#include "ipvs.h"
#include "iptables.h"
#include "nft.h"
#include "programs.h"

#define MODULES_MAX ((size_t)16 * 1024 * 1024)

struct looking {
	struct dw_collect *c;
	struct dw_arena *scratch; /* of one namespace */
	struct dw_arena *kept;    /* of all */
	struct dw_genl genl;
	bool without_nft;
	size_t netns;
	bool looked;
};

/*
 * Asking nf_tables for its rules makes a kernel that has it as a module load it. So: is it a module
 * that is not loaded? Then there are no rules. A kernel that has it built in shows no
 * /sys/module/nf_tables either, but has no such file among its modules.
 */
static bool nft_is_not_loaded(struct looking *l)
{
	static const char name[] = "/nf_tables.ko";
	struct dw_sys *s = l->c->sys;
	struct dw_bytes release, modules;
	const char *path;

	if (dw_sys_file_exists(s, "/sys/module/nf_tables"))
		return false;
	if (dw_sys_file_read(s, "/proc/sys/kernel/osrelease", 256, l->kept, &release, NULL) < 0)
		return false;
	path = dw_arena_printf(l->kept, "/lib/modules/%s/modules.dep", dw_trim(release.data));
	if (dw_sys_file_read(s, path, MODULES_MAX, l->kept, &modules, NULL) < 0)
		return false;
	return memmem(modules.data, modules.n, name, sizeof(name) - 1) != NULL;
}

static const char *namespace_text(const struct looking *l)
{
	const struct dw_netns_fact *n = &l->c->facts->netns.v[l->netns];

	return n->name ? n->name : dw_arena_printf(l->scratch, "net:[%u]", n->inode);
}

static void note(const struct looking *l, const char *what, const char *name, int code,
		 const struct dw_error *why)
{
	dw_facts_incomplete(l->c->facts, what, NULL, 0, true,
			    "%s could not be read in namespace %s%s: %s", name, namespace_text(l),
			    code == -EPERM ? " (not root?)" : "", why->message);
}

/* Kernels without nf_tables refuse the question in one of these ways. */
static bool is_absent(int code)
{
	return code == -EINVAL || code == -EOPNOTSUPP || code == -EPROTONOSUPPORT ||
	       code == -ENOENT || code == -ENOSYS || code == -EAFNOSUPPORT;
}

static void look_forwards(struct looking *l)
{
	struct dw_forwards out = { .collect = l->c, .scratch = l->scratch, .netns = l->netns };
	const struct dw_netns *ns = &l->c->netns.v[l->netns];
	enum dw_tristate *filter = &l->c->facts->netns.v[l->netns].filter;
	struct dw_error why = { 0 };
	bool seen = true;
	int r = 0;

	if (!l->without_nft)
		r = dw_nft_collect(&out, ns, &why);
	if (r < 0 && !is_absent(r)) {
		note(l, "nftables", "the nftables rules", r, &why);
		seen = false;
	}
	r = dw_iptables_collect(&out, ns, &why);
	if (r < 0 && !is_absent(r)) {
		note(l, "iptables", "the rules of iptables-legacy", r, &why);
		seen = false;
	}
	if (seen && *filter == DW_UNKNOWN)
		*filter = DW_NO;
	if (out.truncated)
		dw_facts_incomplete(l->c->facts, "too-many-rules", NULL, 0, true,
				    "namespace %s has more forwarding rules than doorward reads",
				    namespace_text(l));
	dw_forwards_free(&out);
}

static void look_programs(struct looking *l)
{
	struct dw_error why = { 0 };
	int r = dw_ipvs_collect(l->c, &l->genl, l->netns, l->kept, &why);

	if (r < 0 && !is_absent(r))
		note(l, "ipvs", "the IPVS services", r, &why);
	r = dw_programs_collect(l->c, l->netns, l->scratch, &why);
	if (r < 0)
		note(l, "bpf-programs", "the BPF programs on the way of packets", r, &why);
}

static int look_all(void *arg, struct dw_error *e)
{
	struct looking *l = arg;

	l->looked = true;
	look_forwards(l);
	look_programs(l);
	return 0;
}

/* A dozen questions in one namespace: it is entered once. Where it is not, each question says why. */
static void look_inside(struct looking *l)
{
	l->looked = false;
	(void)dw_netns_run(l->c->sys, &l->c->netns.v[l->netns], look_all, l, NULL);
	if (!l->looked)
		(void)look_all(l, NULL);
}

/*
 * fd -1 is our own namespace (the first, or that of a recorded host) or one that could not be
 * entered.
 */
static bool can_enter(const struct dw_collect *c, size_t netns)
{
	const struct dw_netns *ns = &c->netns.v[netns];

	return ns->fd >= 0 || netns == 0 || dw_sys_is_fake(c->sys);
}

int dw_collect_redirects(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *kept = dw_arena_new();
	struct looking l = { .c = c, .kept = kept };

	if (!dw_sys_is_running(c->sys))
		return dw_error_errno(e, -ENOTSUP, "forwarded doors");
	l.without_nft = nft_is_not_loaded(&l);
	for (l.netns = 0; l.netns < c->netns.n && l.netns < c->facts->netns.n; l.netns++) {
		_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();

		l.scratch = scratch;
		if (!can_enter(c, l.netns)) {
			dw_facts_incomplete(c->facts, "netns", NULL, 0, true,
					    "namespace %s could not be entered: forwarded ports in "
					    "it are not known",
					    namespace_text(&l));
			continue;
		}
		look_inside(&l);
	}
	return 0;
}
