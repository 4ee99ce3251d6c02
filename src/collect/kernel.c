/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that no process holds. BPF's socket walk names most of them by the function that serves
 * them; where it did not run, what the kernel's own servers and tunnels tell of themselves is
 * matched: namespace, protocol and port must agree, and the socket must have no holder. A port
 * number alone names nobody.
 */
#include <errno.h>
#include <string.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "evidence.h"
#include "rpcbind.h"

struct ownerless {
	struct dw_collect *c;
	struct dw_evidences all;
	DW_VEC(size_t) sockets; /* indexes into facts->sockets */
	bool full_view;         /* all holders could be seen */
};

/* The functions of net/sunrpc serve nfsd, lockd and callbacks alike: whose the socket is, the others tell. */
static bool is_named(const struct dw_socket_fact *s)
{
	return s->kernel && !dw_streq(s->kernel, "sunrpc");
}

static void find(struct ownerless *o)
{
	struct dw_facts *f = o->c->facts;
	bool *held = dw_arena_array(o->all.arena, f->sockets.n + 1, sizeof(*held));

	for (size_t i = 0; i < f->holds.n; i++)
		if (f->holds.v[i].socket < f->sockets.n)
			held[f->holds.v[i].socket] = true;
	for (size_t i = 0; i < f->sockets.n; i++)
		if (!held[i] && !is_named(&f->sockets.v[i]))
			dw_vec_push(o->all.arena, &o->sockets, i);
}

/* Was everything looked at that could show a holder? */
static bool saw_all(const struct dw_collect *c)
{
	for (size_t i = 0; i < c->facts->incomplete.n; i++)
		if (c->facts->incomplete.v[i].blind)
			return false;
	return dw_sys_euid(c->sys) == 0;
}

static const char *named_by(const struct ownerless *o, const struct dw_socket_fact *s)
{
	const char *elsewhere = NULL;

	for (size_t i = 0; i < o->all.n; i++) {
		const struct dw_evidence *v = &o->all.v[i];

		if (v->protocol != s->at.protocol || !s->at.has_port || v->port != s->at.port)
			continue;
		if (v->netns == DW_NONE)
			elsewhere = v->name;
		else if (o->c->facts->netns.v[v->netns].inode == s->at.netns)
			return v->name;
	}
	return elsewhere;
}

/* Gives names; what stays without one stays in the list. */
static void match(struct ownerless *o)
{
	struct dw_facts *f = o->c->facts;
	size_t left = 0;

	for (size_t i = 0; i < o->sockets.n; i++) {
		struct dw_socket_fact *s = &f->sockets.v[o->sockets.v[i]];
		const char *name = named_by(o, s);

		if (!name) {
			o->sockets.v[left++] = o->sockets.v[i];
			continue;
		}
		s->kernel = dw_arena_strdup(f->arena, name);
		s->kernel_made = true;
	}
	o->sockets.n = left;
}

static bool concerns(const struct ownerless *o, size_t netns)
{
	const struct dw_facts *f = o->c->facts;

	for (size_t i = 0; i < o->sockets.n; i++)
		if (f->sockets.v[o->sockets.v[i]].at.netns == f->netns.v[netns].inode)
			return true;
	return false;
}

/*
 * --- rpcbind
 * --------------------------------------------------------------------------------------
 */

/*
 * Asking a port that systemd holds for rpcbind would start rpcbind. So a process other than PID 1
 * must hold port 111 of the namespace already.
 */
static bool rpcbind_runs(const struct dw_collect *c, size_t netns)
{
	const struct dw_facts *f = c->facts;

	for (size_t i = 0; i < f->holds.n; i++) {
		const struct dw_hold_fact *h = &f->holds.v[i];
		const struct dw_endpoint *at;

		if (h->socket >= f->sockets.n || h->process >= f->processes.n)
			continue;
		at = &f->sockets.v[h->socket].at;
		if (at->netns == f->netns.v[netns].inode && at->has_port && at->port == 111 &&
		    f->processes.v[h->process].pid != 1)
			return true;
	}
	return false;
}

/* Programs that the kernel serves; mountd, statd and the like are processes. */
static const char *kernel_program(uint32_t number)
{
	static const struct {
		uint32_t number;
		const char *name;
	} known[] = {
		{ 100003, "nfsd" },
		{ 100227, "nfsd" }, /* nfs_acl */
		{ 100021, "lockd" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].number == number)
			return known[i].name;
	return NULL;
}

static void ask_rpcbind(struct ownerless *o, size_t netns)
{
	struct dw_rpc_programs programs = { 0 };
	struct dw_error why = { 0 };

	if (!concerns(o, netns) || !rpcbind_runs(o->c, netns))
		return;
	if (dw_rpc_dump(o->c, netns, o->all.arena, &programs, &why) < 0) {
		dw_facts_incomplete(o->c->facts, "rpcbind", NULL, 0, false,
				    "rpcbind did not say which services are the kernel's: %s",
				    why.message);
		return;
	}
	for (size_t i = 0; i < programs.n; i++) {
		const char *name = kernel_program(programs.v[i].number);

		if (name)
			dw_evidence_add(&o->all, netns, programs.v[i].protocol, programs.v[i].port,
					name);
	}
}

/*
 * --- all of it
 * ------------------------------------------------------------------------------------
 */

static void tell_rest(const struct ownerless *o)
{
	struct dw_facts *f = o->c->facts;

	for (size_t i = 0; i < o->sockets.n; i++) {
		const struct dw_socket_fact *s = &f->sockets.v[o->sockets.v[i]];

		if (!s->kernel)
			dw_facts_incomplete(
				f, "ownerless-socket", NULL, 0, false,
				"no process holds %s, and no part of the kernel says that it is "
				"its own",
				dw_endpoint_text(f->arena, &s->at));
	}
}

int dw_collect_kernel(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct ownerless o = { .c = c, .all = { .arena = scratch }, .full_view = saw_all(c) };

	if (!dw_sys_is_running(c->sys))
		return dw_error_errno(e, -ENOTSUP, "kernel-owned sockets");
	find(&o);
	if (o.sockets.n == 0)
		return 0;
	dw_evidence_files(c, &o.all);
	/* Interfaces that were moved: every namespace may tell of a socket in another. */
	for (size_t i = 0; i < c->netns.n && i < c->facts->netns.n; i++)
		if (c->netns.v[i].fd >= 0 || i == 0 || dw_sys_is_fake(c->sys))
			dw_evidence_links(c, &o.all, i);
	match(&o);
	/*
	 * A holder that we may not see could be a server of its own (ganesha registers as nfs
	 * does).
	 */
	if (!o.full_view || o.sockets.n == 0)
		return 0;
	for (size_t i = 0; i < c->netns.n && i < c->facts->netns.n; i++)
		ask_rpcbind(&o, i);
	match(&o);
	tell_rest(&o);
	return 0;
}
