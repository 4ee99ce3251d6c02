/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule set as others see it: its rules in words, what cannot be copied, where packets meet it at all. */
#include "ruleset.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "legacy.h"
#include "sources.h"

struct dw_obstacle *dw_rs_obstacle(struct dw_rs_copy *c, uint32_t ifindex, const char *fmt, ...)
{
	struct dw_obstacle *o = dw_vec_add(c->arena, &c->obstacles);
	va_list ap;

	*o = (struct dw_obstacle){ .ifindex = ifindex };
	va_start(ap, fmt);
	o->words = dw_arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return o;
}

/*
 * --- rules
 * -----------------------------------------------------------------------------------------
 */

static void take_apart(struct dw_rs_copy *c, struct dw_rs_rule *rule, const struct nlattr *list)
{
	size_t n = 0;

	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list)) n++;
	rule->exprs = dw_arena_array(c->arena, n, sizeof(*rule->exprs));
	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list))
	{
		const struct nlattr *tb[NFTA_EXPR_MAX + 1];
		const char *name;

		dw_attr_nested(one, tb, NFTA_EXPR_MAX);
		name = dw_attr_string(c->arena, tb[NFTA_EXPR_NAME]);
		rule->exprs[rule->n_exprs++] = (struct dw_rs_expr){
			.list = one,
			.name = name ? name : "",
			.data = tb[NFTA_EXPR_DATA],
		};
	}
}

static void take_counter(struct dw_rule *told, const struct dw_rs_rule *rule)
{
	const struct nlattr *tb[NFTA_COUNTER_MAX + 1];

	for (size_t i = 0; i < rule->n_exprs && !told->counted; i++) {
		if (!dw_streq(rule->exprs[i].name, "counter"))
			continue;
		dw_attr_nested(rule->exprs[i].data, tb, NFTA_COUNTER_MAX);
		told->counted = true;
		told->packets = dw_attr_be64(tb[NFTA_COUNTER_PACKETS]);
	}
}

/* iptables-nft keeps a rule's comment in a match. */
static const char *xt_comment(struct dw_arena *a, const struct dw_rs_rule *rule)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];

	for (size_t i = 0; i < rule->n_exprs; i++) {
		if (!dw_streq(rule->exprs[i].name, "match"))
			continue;
		dw_attr_nested(rule->exprs[i].data, tb, NFTA_MATCH_MAX);
		if (tb[NFTA_MATCH_NAME] && tb[NFTA_MATCH_INFO] &&
		    dw_attr_size(tb[NFTA_MATCH_NAME]) >= sizeof("comment") &&
		    memcmp(dw_attr_data(tb[NFTA_MATCH_NAME]), "comment", sizeof("comment")) == 0)
			return dw_arena_strndup(a, dw_attr_data(tb[NFTA_MATCH_INFO]),
						dw_attr_size(tb[NFTA_MATCH_INFO]));
	}
	return NULL;
}

static const char *in_words(struct dw_arena *a, const struct dw_rule *told)
{
	unsigned long long handle = told->handle;

	if (!told->comment)
		return dw_arena_printf(a, "%s handle %llu", told->where, handle);
	return dw_arena_printf(a, "%s handle %llu (%s)", told->where, handle, told->comment);
}

static const char *where(struct dw_arena *a, const struct dw_rs_name *n)
{
	return dw_arena_printf(a, "%s %s %s", dw_nf_family_name(n->family), n->table, n->name);
}

static void tell_rule(struct dw_ruleset *r, uint32_t id, const char *place)
{
	struct dw_rs_copy *c = r->copy;
	struct dw_rs_rule *rule = &c->rules.v[id];
	struct dw_rule *told = &r->rules[id];
	const struct nlattr *tb[NFTA_RULE_MAX + 1];

	dw_attr_table(rule->item.attrs, rule->item.n, tb, NFTA_RULE_MAX);
	take_apart(c, rule, tb[NFTA_RULE_EXPRESSIONS]);
	told->id = id;
	told->where = place;
	told->handle = dw_attr_be64(tb[NFTA_RULE_HANDLE]);
	told->comment = dw_nf_comment(r->arena, tb[NFTA_RULE_USERDATA]);
	if (!told->comment)
		told->comment = xt_comment(r->arena, rule);
	told->words = in_words(r->arena, told);
	take_counter(told, rule);
}

static void tell_rules(struct dw_ruleset *r)
{
	struct dw_rs_copy *c = r->copy;

	r->n_rules = c->rules.n + c->legacy_rules.n;
	r->rules = dw_arena_array(r->arena, r->n_rules, sizeof(*r->rules));
	if (c->legacy_rules.n > 0)
		memcpy(r->rules + c->rules.n, c->legacy_rules.v,
		       c->legacy_rules.n * sizeof(*r->rules));
	for (size_t i = 0; i < c->chains.n; i++) {
		const struct dw_rs_chain *chain = c->chains.v[i];
		const char *place = where(r->arena, &chain->key);

		for (size_t k = 0; k < chain->rules.n; k++)
			tell_rule(r, chain->rules.v[k], place);
	}
}

/* Sets that rules add to: what they hold is another thing a moment later. */
static void find_filled(struct dw_rs_copy *c)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();

	for (size_t i = 0; i < c->rules.n; i++)
		for (size_t k = 0; k < c->rules.v[i].n_exprs; k++) {
			const struct nlattr *tb[NFTA_DYNSET_MAX + 1];
			const struct dw_rs_rule *rule = &c->rules.v[i];
			struct dw_rs_set *set;
			const char *name;

			if (!dw_streq(rule->exprs[k].name, "dynset"))
				continue;
			dw_attr_nested(rule->exprs[k].data, tb, NFTA_DYNSET_MAX);
			name = dw_attr_string(scratch, tb[NFTA_DYNSET_SET_NAME]);
			set = name ? (struct dw_rs_set *)dw_rs_find(c->set_index,
								    rule->chain->key.family,
								    rule->chain->key.table, name)
				   : NULL;
			if (set)
				set->filled = true;
		}
}

/* NF_IP_PRI_NAT_DST; its header (linux/netfilter_ipv4.h) and that of the library do not go together */
#define NAT_DST (-100)

static bool has_legacy_nat(const struct dw_rs_copy *c, bool six)
{
	for (size_t i = 0; i < c->legacy.n; i++)
		if (c->legacy.v[i]->blob.six == six && dw_streq(c->legacy.v[i]->blob.name, "nat") &&
		    dw_legacy_acts(c->legacy.v[i]))
			return true;
	return false;
}

static void find_twice(struct dw_ruleset *r)
{
	const struct dw_rs_copy *c = r->copy;
	bool four = has_legacy_nat(c, false), six = has_legacy_nat(c, true);

	for (size_t i = 0; i < c->chains.n; i++) {
		struct dw_rs_chain *chain = c->chains.v[i];
		uint8_t family = chain->key.family;

		chain->beside_legacy =
			chain->base && dw_streq0(chain->type, "nat") &&
			chain->priority == NAT_DST &&
			((four && family != NFPROTO_IPV6) || (six && family != NFPROTO_IPV4));
		r->translates_twice |= chain->beside_legacy;
	}
}

void dw_rs_settle(struct dw_ruleset *r)
{
	struct dw_rs_copy *c = r->copy;

	tell_rules(r);
	find_filled(c);
	dw_rs_judge_all(r);
	dw_rs_tell_apart(c);
	dw_sources_find(r);
	for (size_t i = 0; i < c->chains.n; i++)
		r->has_hooks |= c->chains.v[i]->base && !c->chains.v[i]->table->dormant;
	for (size_t i = 0; i < c->legacy.n; i++)
		r->has_hooks |= dw_legacy_acts(c->legacy.v[i]);
	find_twice(r);
	r->obstacles = c->obstacles.v;
	r->n_obstacles = c->obstacles.n;
}

struct dw_ruleset *dw_rs_new(void)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_ruleset *r = dw_new(a, struct dw_ruleset);
	struct dw_rs_copy *c = dw_new(a, struct dw_rs_copy);

	r->arena = a;
	r->copy = c;
	c->arena = a;
	return r;
}

int dw_ruleset_read(struct dw_sys *s, const struct dw_netns *ns, struct dw_ruleset **ret,
		    struct dw_error *e)
{
	struct dw_ruleset *r = dw_rs_new();
	int code = dw_rs_read_nft(s, ns, r->copy, e);

	if (code == 0)
		code = dw_rs_read_links(s, ns, r->copy, e);
	if (code == 0)
		code = dw_legacy_read(s, ns, r->copy, e);
	if (code < 0) {
		dw_ruleset_free(r);
		return code;
	}
	dw_rs_settle(r);
	*ret = r;
	return 0;
}

void dw_ruleset_free(struct dw_ruleset *r)
{
	if (r)
		dw_arena_free(r->arena);
}
