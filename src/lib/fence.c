/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fence of the public API. */
#include <errno.h>

#include "dw_facade.h"
#include "dw_fence_want.h"
#include "dw_json.h"
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

static void put_strings(struct dw_json *j, const char *key, const struct dw_strings *list)
{
	dw_json_array(j, key);
	for (size_t i = 0; i < list->n; i++)
		dw_json_string(j, NULL, list->v[i]);
	dw_json_end_array(j);
}

static void put_allows(struct dw_json *j, struct dw_arena *a, const char *key,
		       const struct dw_fence_allow *v, size_t n, bool out)
{
	dw_json_array(j, key);
	for (size_t i = 0; i < n; i++) {
		dw_json_object(j, NULL);
		dw_json_string(j, "protocol", dw_protocol_name(v[i].protocol));
		dw_json_uint(j, "first", v[i].first);
		dw_json_uint(j, "last", v[i].last);
		dw_json_array(j, out ? "to" : "from");
		for (size_t k = 0; k < v[i].n_from; k++)
			dw_json_string(j, NULL, dw_network_text(a, &v[i].from[k]));
		dw_json_end_array(j);
		dw_json_string(j, "address", v[i].on_address);
		dw_json_string(j, "interface", v[i].on_interface);
		dw_json_bool(j, "forwarded", v[i].forwarded);
		dw_json_string(j, "target", v[i].target);
		dw_json_string(j, "comment", v[i].comment);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

static void put_redirects(struct dw_json *j, const struct dw_fence_want *w)
{
	dw_json_array(j, "redirects");
	for (size_t i = 0; i < w->n_redirects; i++) {
		dw_json_object(j, NULL);
		dw_json_string(j, "protocol", dw_protocol_name(w->redirects[i].protocol));
		dw_json_uint(j, "from", w->redirects[i].from);
		dw_json_uint(j, "to", w->redirects[i].to);
		dw_json_string(j, "comment", w->redirects[i].comment);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

static void put_want(struct dw_json *j, struct dw_arena *a, const struct dw_fence_want *w)
{
	static const char *const egress[] = {
		[DW_EGRESS_OPEN] = "open", [DW_EGRESS_LOG] = "log", [DW_EGRESS_DENY] = "deny"
	};

	dw_json_string(j, "policy", w->policy);
	put_allows(j, a, "allow", w->allow, w->n_allow, false);
	put_redirects(j, w);
	dw_json_string(j, "egress", egress[w->egress]);
	put_allows(j, a, "out", w->out, w->n_out, true);
	dw_json_bool(j, "log_denied", w->log_denied);
	dw_json_bool(j, "dhcp", w->dhcp);
	dw_json_bool(j, "dhcp6", w->dhcp6);
	dw_json_bool(j, "guard_forwarded", w->guard_forwarded);
}

static int write_json(const struct doorward_fence *f, FILE *out, bool pretty, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json *j = dw_json_new(out, pretty);

	dw_json_object(j, NULL);
	dw_json_string(j, "version", doorward_version());
	dw_json_string(j, "host", f->host);
	dw_json_string(j, "style", dw_fence_style_name(f->style));
	dw_json_string(j, "because", f->why);
	put_want(j, a, &f->want);
	dw_json_string(j, "rules", f->text);
	put_strings(j, "cut", &f->said.cut);
	put_strings(j, "conflicts", &f->conflicts);
	put_strings(j, "cannot", &f->cannot);
	put_strings(j, "remarks", &f->said.remarks);
	dw_json_end_object(j);
	dw_json_line(j);
	return dw_json_close(j, e);
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
