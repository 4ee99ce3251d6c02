/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What roles keep, behind all that was written by hand; and what "lan" means here. */
#include "dw_str.h"
#include "private.h"

/* RFC 1918, RFC 4193 and the link itself: where a house's own hosts are. */
static const struct dw_network private_networks[] = {
	{ DW_FAMILY_IPV4, { 10 }, 8 },          { DW_FAMILY_IPV4, { 172, 16 }, 12 },
	{ DW_FAMILY_IPV4, { 192, 168 }, 16 },   { DW_FAMILY_IPV6, { 0xfc }, 7 },
	{ DW_FAMILY_IPV6, { 0xfe, 0x80 }, 10 },
};

/* The statement's own networks, and the house's. */
static void add_lan(const struct policy_reader *r, struct dw_statement *s)
{
	const struct dw_network *lan = r->lan.n ? r->lan.v : private_networks;
	size_t n = r->lan.n ? r->lan.n : DW_ARRAY_SIZE(private_networks);
	struct dw_network *all = dw_arena_array(r->a, s->n_from + n, sizeof(*all));

	for (size_t i = 0; i < s->n_from; i++)
		all[i] = s->from[i];
	for (size_t i = 0; i < n; i++)
		all[s->n_from + i] = lan[i];
	s->from = all;
	s->n_from += n;
}

static void set_reach(const struct policy_reader *r, struct dw_statement *s, enum dw_reach reach)
{
	switch (reach) {
	case DW_REACH_WORLD:
		s->from_any = true;
		break;
	case DW_REACH_LAN:
		add_lan(r, s);
		break;
	case DW_REACH_LOOPBACK:
		s->on_loopback = true;
		break;
	case DW_REACH_UNKNOWN:
	case DW_REACH_NONE:
	case DW_REACH_COUNT:
		break;
	}
}

static bool statement_of(struct policy_reader *r, const struct policy_role *role,
			 const struct dw_role_keep *keep, struct dw_statement *ret)
{
	struct dw_what *whats;
	size_t n = 0;

	while (keep->services[n])
		n++;
	whats = dw_arena_array(r->a, n, sizeof(*whats));
	*ret = (struct dw_statement){
		.action = DW_POLICY_KEEP,
		.what = whats,
		.because = keep->because,
		.role = role->role->name,
		.file = role->file,
		.line = role->line,
	};
	for (size_t i = 0; i < n; i++) {
		const struct dw_service *s = dw_knowledge_service(r->k, keep->services[i]);

		if (s)
			whats[ret->n_what++] = (struct dw_what){ .kind = DW_WHAT_SERVICE,
								 .text = keep->services[i],
								 .service = s };
		else
			policy_problem(r, true, role->line, role->column,
				       "role %s is to keep \"%s\", of which nothing is known",
				       role->role->name, keep->services[i]);
	}
	set_reach(r, ret, keep->reach);
	return ret->n_what > 0;
}

static bool uses_lan(const struct policy_reader *r)
{
	for (size_t i = 0; i < r->from_lan.n; i++)
		if (r->from_lan.v[i])
			return true;
	for (size_t i = 0; i < r->out_lan.n; i++)
		if (r->out_lan.v[i])
			return true;
	for (size_t i = 0; i < r->roles.n; i++)
		for (const struct dw_role_keep *k = r->roles.v[i].role->keeps; k->services; k++)
			if (k->reach == DW_REACH_LAN)
				return true;
	return false;
}

static void take_roles(struct policy_reader *r)
{
	const char **names = dw_arena_array(r->a, r->roles.n + 1, sizeof(*names));

	for (size_t i = 0; i < r->roles.n; i++)
		names[i] = r->roles.v[i].role->name;
	r->policy.roles = names;
	r->policy.n_roles = r->roles.n;
}

void policy_finish(struct policy_reader *r)
{
	struct policy_open in_role = { 0 }, in_lan = { .name = r->lan_file };

	for (size_t i = 0; i < r->statements.n; i++)
		if (r->from_lan.v[i])
			add_lan(r, &r->statements.v[i]);
	for (size_t i = 0; i < r->out.n; i++)
		if (r->out_lan.v[i])
			add_lan(r, &r->out.v[i]);
	for (size_t i = 0; i < r->roles.n; i++) {
		const struct policy_role *role = &r->roles.v[i];

		in_role.name = role->file;
		r->open = &in_role;
		for (const struct dw_role_keep *k = role->role->keeps; k->services; k++) {
			struct dw_statement s;

			if (statement_of(r, role, k, &s))
				dw_vec_push(r->a, &r->statements, s);
		}
	}
	r->open = &in_lan;
	if (r->lan.n && !uses_lan(r))
		policy_warn_at(r, &r->lan_at,
			       "nothing uses \"lan\": no statement says \"from lan\", "
			       "and no role keeps anything for it");
	r->open = NULL;
	r->policy.statements = r->statements.v;
	r->policy.n_statements = r->statements.n;
	r->policy.out = r->out.v;
	r->policy.n_out = r->out.n;
	r->policy.redirects = r->redirects.v;
	r->policy.n_redirects = r->redirects.n;
	r->policy.accepts = r->accepts.v;
	r->policy.n_accepts = r->accepts.n;
	take_roles(r);
}
