/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host is for: roles that its open doors make evident, and those that the policy names. */
#include "judging.h"

static bool is_in(const char *const *list, const struct dw_service *s)
{
	for (; s && *list; list++)
		if (dw_streq(*list, s->name))
			return true;
	return false;
}

/* A sign counts when nothing about it is doubtful: else a stranger could make the host what it is not. */
static bool is_offered(const struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	return t->service && t->identity.by != DW_IDENTIFIED_PORT && t->far && t->proper &&
	       t->packaged && !t->suspicious && !t->identity.odd_port &&
	       (!d->netns || dw_streq(d->netns, "host")) &&
	       (d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM) &&
	       (!d->at.has_port || dw_judge_port_of(t->service, d) ||
		t->service->ports->protocol == DW_PROTOCOL_UNKNOWN);
}

static bool is_evident(const struct dw_court *c, const struct dw_role *r)
{
	for (size_t i = 0; i < c->snapshot->n_doors; i++) {
		const struct dw_trial *t = &c->trials[i];

		if (is_offered(t) &&
		    (is_in(r->signs, t->service) || is_in(r->signs, t->identity.service)))
			return true;
	}
	return false;
}

static bool is_in_policy(const struct dw_court *c, const struct dw_role *r)
{
	for (size_t i = 0; c->policy && i < c->policy->n_statements; i++)
		if (dw_streq0(c->policy->statements[i].role, r->name))
			return true;
	return false;
}

void dw_judge_find_roles(struct dw_court *c)
{
	const struct dw_knowledge *k = c->knowledge;
	struct dw_findings *f = c->findings;

	f->roles = dw_arena_array(c->arena, k->n_roles + 1, sizeof(const struct dw_role *));
	for (size_t i = 0; i < k->n_roles; i++)
		if (is_in_policy(c, &k->roles[i]))
			f->roles[f->n_roles++] = &k->roles[i];
	f->n_named = f->n_roles;
	for (size_t i = 0; i < k->n_roles; i++)
		if (!is_in_policy(c, &k->roles[i]) && is_evident(c, &k->roles[i]))
			f->roles[f->n_roles++] = &k->roles[i];
}

static enum dw_reach kept_for(const struct dw_role *r, const struct dw_service *s)
{
	for (const struct dw_role_keep *k = r->keeps; k->services; k++)
		if (is_in(k->services, s))
			return k->reach;
	return is_in(r->signs, s) ? s->reach : DW_REACH_UNKNOWN;
}

const struct dw_role *dw_judge_role_for(const struct dw_court *c, const struct dw_service *s,
					enum dw_reach *ret_reach)
{
	const struct dw_role *best = NULL;

	*ret_reach = DW_REACH_UNKNOWN;
	for (size_t i = 0; s && i < c->findings->n_roles; i++) {
		enum dw_reach reach = kept_for(c->findings->roles[i], s);

		if (reach > *ret_reach) {
			*ret_reach = reach;
			best = c->findings->roles[i];
		}
	}
	return best;
}

bool dw_judge_any_role_for(const struct dw_court *c, const struct dw_service *s)
{
	for (size_t i = 0; i < c->knowledge->n_roles; i++)
		if (kept_for(&c->knowledge->roles[i], s) != DW_REACH_UNKNOWN)
			return true;
	return false;
}
