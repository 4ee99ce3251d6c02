/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fence of the public API. */
#include <errno.h>

#include "dw_facade.h"
#include "dw_fence_report.h"
#include "dw_fence_want.h"
#include "dw_managers.h"
#include "dw_policy_write.h"
#include "dw_str.h"
#include "facade-private.h"

struct doorward_fence {
	struct dw_arena *arena; /* the object itself lies in it */
	const char *host;
	enum dw_fence_style style;
	const char *why; /* this style; NULL: it was asked for */
	struct dw_fence_want want;
	struct dw_fence_said said;
	struct dw_strings conflicts, cannot;
	const char *text;
};

/* -EINVAL: there is none of that name. */
static int style_of(const char *name, enum dw_fence_style *ret, struct dw_error *e)
{
	for (unsigned s = 0; s < DW_FENCE_STYLE_COUNT; s++)
		if (dw_streq(name, dw_fence_style_name((enum dw_fence_style)s))) {
			*ret = (enum dw_fence_style)s;
			return 0;
		}
	return dw_error_set(e, -EINVAL,
			    "no such style: %s; there are nft, iptables, ufw and firewalld", name);
}

static struct doorward_fence *make(const struct dw_audit *audit)
{
	struct dw_arena *arena = dw_arena_new();
	struct doorward_fence *f = dw_new(arena, struct doorward_fence);
	const struct dw_fence_input in = { .policy = audit->policy,
					   .snapshot = audit->snapshot,
					   .findings = audit->findings };

	f->arena = arena;
	f->host = audit->snapshot->host;
	dw_fence_want_make(arena, &in, &f->want, &f->said);
	return f;
}

int doorward_fence_make(struct doorward *d, struct doorward_audit *a,
			const struct doorward_fence_options *o, struct doorward_fence **ret)
{
	static const struct dw_netns here = { .fd = -1 };
	struct dw_error *e = dw_facade_begin(d);
	_cleanup_sys_ struct dw_sys *sys = NULL;
	enum dw_fence_style asked = DW_FENCE_NFT;
	bool given = o && o->style;
	struct dw_managers managers = { 0 };
	struct doorward_fence *f;
	int r = given ? style_of(o->style, &asked, e) : 0;

	if (r < 0)
		return r;
	if (!a->audit->policy)
		return dw_error_set(e, -ENOENT,
				    "there is no policy that says what is to be let in");
	r = dw_facade_open_sys(d, &sys, e);
	if (r < 0)
		return r;
	f = make(a->audit);
	dw_managers_look(sys, &here, f->arena, &managers);
	f->style = given ? asked : dw_managers_style(&managers, &f->why);
	dw_managers_conflicts(f->arena, &managers, f->style, &f->conflicts);
	f->text = dw_fence_text(f->arena, &f->want, f->style, &f->cannot);
	*ret = f;
	return 0;
}

void doorward_fence_free(struct doorward_fence *f)
{
	if (f)
		dw_arena_free(f->arena);
}

/* --- telling -------------------------------------------------------------------------------------------- */

static void tell_all(const struct dw_strings *list, const char *kind,
		     void (*tell)(void *data, const char *kind, const char *text), void *data)
{
	for (size_t i = 0; i < list->n; i++)
		tell(data, kind, list->v[i]);
}

void doorward_fence_tell(const struct doorward_fence *f,
			 void (*tell)(void *data, const char *kind, const char *text), void *data)
{
	if (f->why)
		tell(data, "style",
		     dw_arena_printf(f->arena, "%s, because %s", dw_fence_style_name(f->style),
				     f->why));
	tell_all(&f->said.cut, "cut", tell, data);
	tell_all(&f->conflicts, "conflict", tell, data);
	tell_all(&f->cannot, "cannot", tell, data);
	tell_all(&f->said.remarks, "remark", tell, data);
}

/* --- JSON ----------------------------------------------------------------------------------------------- */

static const struct dw_report_allow *allows(struct dw_arena *a, const struct dw_fence_allow *v,
					    size_t n)
{
	struct dw_report_allow *list = dw_arena_array(a, n + 1, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		list[i] = (struct dw_report_allow){ .protocol = v[i].protocol,
						    .first = v[i].first,
						    .last = v[i].last,
						    .address = v[i].on_address,
						    .interface = v[i].on_interface,
						    .target = v[i].target,
						    .comment = v[i].comment,
						    .forwarded = v[i].forwarded };
		for (size_t k = 0; k < v[i].n_from; k++)
			dw_vec_push(a, &list[i].networks, dw_network_text(a, &v[i].from[k]));
	}
	return list;
}

static const struct dw_report_redirect *redirects(struct dw_arena *a, const struct dw_fence_want *w)
{
	struct dw_report_redirect *list = dw_arena_array(a, w->n_redirects + 1, sizeof(*list));

	for (size_t i = 0; i < w->n_redirects; i++)
		list[i] = (struct dw_report_redirect){ .protocol = w->redirects[i].protocol,
						       .from = w->redirects[i].from,
						       .to = w->redirects[i].to,
						       .comment = w->redirects[i].comment };
	return list;
}

static int write_json(const struct doorward_fence *f, FILE *out, bool pretty, struct dw_error *e)
{
	static const char *const egress[] = {
		[DW_EGRESS_OPEN] = "open", [DW_EGRESS_LOG] = "log", [DW_EGRESS_DENY] = "deny"
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_fence_want *w = &f->want;
	const struct dw_report_rules r = { .version = doorward_version(),
					   .host = f->host,
					   .style = dw_fence_style_name(f->style),
					   .because = f->why,
					   .policy = w->policy,
					   .egress = egress[w->egress],
					   .text = f->text,
					   .allow = allows(a, w->allow, w->n_allow),
					   .n_allow = w->n_allow,
					   .out = allows(a, w->out, w->n_out),
					   .n_out = w->n_out,
					   .redirects = redirects(a, w),
					   .n_redirects = w->n_redirects,
					   .log_denied = w->log_denied,
					   .dhcp = w->dhcp,
					   .dhcp6 = w->dhcp6,
					   .guard_forwarded = w->guard_forwarded,
					   .cut = f->said.cut,
					   .conflicts = f->conflicts,
					   .cannot = f->cannot,
					   .remarks = f->said.remarks };

	return dw_report_rules_json(&r, out, pretty, e);
}

int doorward_fence_write(struct doorward *d, const struct doorward_fence *f,
			 enum doorward_format format, FILE *out)
{
	struct dw_error *e = dw_facade_begin(d);

	if (format == DOORWARD_JSON || format == DOORWARD_JSON_INDENTED)
		return write_json(f, out, format == DOORWARD_JSON_INDENTED, e);
	if (format != DOORWARD_TEXT)
		return dw_error_set(e, -EINVAL, "rules are text or JSON");
	if (fputs(f->text, out) < 0 || fflush(out) != 0)
		return dw_error_errno(e, errno ? -errno : -EIO, "the output");
	return 0;
}
