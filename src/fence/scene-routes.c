/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes of all tables and the rules that choose between tables: rtnetlink(7), told again as they were told. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "senders.h"

#define ROUTES_MAX 100000u
#define RULES_MAX  4096u

struct reading {
	struct dw_scene *scene;
	int family;
	size_t routes, rules; /* there before this dump */
	unsigned usual;       /* bits of usual_rules[] that were seen */
	bool too_many, chosen;
};

static uint32_t table_of(const struct nlmsghdr *m, const struct rtmsg *head)
{
	const struct nlattr *t;

	mnl_attr_for_each(t, m, sizeof(*head))
	{
		if (mnl_attr_get_type(t) == RTA_TABLE &&
		    mnl_attr_get_payload_len(t) == sizeof(uint32_t))
			return mnl_attr_get_u32(t);
	}
	return head->rtm_table;
}

/* A copy without what is of the moment, or of objects that the copy has not. */
static struct nlmsghdr *keep_message(struct dw_arena *a, const struct nlmsghdr *m, size_t head,
				     const uint16_t *left_out, size_t n_left_out)
{
	struct nlmsghdr *copy = dw_arena_alloc(a, m->nlmsg_len + NLMSG_HDRLEN);
	const struct nlattr *t;

	(void)mnl_nlmsg_put_header(copy);
	copy->nlmsg_type = m->nlmsg_type;
	copy->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
	memcpy(mnl_nlmsg_put_extra_header(copy, head), mnl_nlmsg_get_payload(m), head);
	mnl_attr_for_each(t, m, head)
	{
		bool out = false;

		for (size_t i = 0; i < n_left_out; i++)
			out |= mnl_attr_get_type(t) == left_out[i];
		if (!out) /* with its flags: nested */
			mnl_attr_put(copy, t->nla_type, mnl_attr_get_payload_len(t),
				     mnl_attr_get_payload(t));
	}
	return copy;
}

static bool has(const struct nlmsghdr *m, size_t head, uint16_t type)
{
	const struct nlattr *t;

	mnl_attr_for_each(t, m, head)
	{
		if (mnl_attr_get_type(t) == type)
			return true;
	}
	return false;
}

/* What the kernel makes by itself when it is told the addresses. */
static bool comes_by_itself(const struct nlmsghdr *m, const struct rtmsg *head)
{
	if (head->rtm_flags & RTM_F_CLONED)
		return true;
	return table_of(m, head) == RT_TABLE_LOCAL && head->rtm_protocol == RTPROT_KERNEL;
}

static int see_route(const struct nlmsghdr *m, void *arg)
{
	static const uint16_t out[] = { RTA_CACHEINFO, RTA_EXPIRES, RTA_NH_ID, RTA_PAD };
	struct reading *r = arg;
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);
	struct dw_scene_message one = { 0 };
	struct rtmsg *own;

	if (m->nlmsg_type != RTM_NEWROUTE || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	if (head->rtm_family != r->family || comes_by_itself(m, head))
		return 0;
	if (r->scene->routes.n >= ROUTES_MAX) {
		r->too_many = true;
		return 0;
	}
	one.m = keep_message(r->scene->arena, m, sizeof(*head), out, DW_ARRAY_SIZE(out));
	own = mnl_nlmsg_get_payload(one.m);
	own->rtm_flags &= RTNH_F_ONLINK;
	one.late = has(m, sizeof(*head), RTA_GATEWAY) || has(m, sizeof(*head), RTA_VIA) ||
		   has(m, sizeof(*head), RTA_MULTIPATH);
	dw_vec_push(r->scene->arena, &r->scene->routes, one);
	return 0;
}

static uint32_t priority_of(const struct nlmsghdr *m)
{
	const struct nlattr *t;

	mnl_attr_for_each(t, m, sizeof(struct fib_rule_hdr))
	{
		if (mnl_attr_get_type(t) == FRA_PRIORITY &&
		    mnl_attr_get_payload_len(t) == sizeof(uint32_t))
			return mnl_attr_get_u32(t);
	}
	return 0;
}

/* Those that each namespace has from the beginning; the last not of IPv6. A host may be without some: see missing(). */
static const struct {
	uint32_t priority;
	uint8_t table;
} usual_rules[] = {
	{ 0, RT_TABLE_LOCAL },
	{ 32766, RT_TABLE_MAIN },
	{ 32767, RT_TABLE_DEFAULT },
};

static bool is_usual(const struct nlmsghdr *m, const struct fib_rule_hdr *head, unsigned *usual)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(usual_rules); i++)
		if (priority_of(m) == usual_rules[i].priority &&
		    head->table == usual_rules[i].table && head->src_len == 0 &&
		    head->dst_len == 0 && head->action == FR_ACT_TO_TBL) {
			*usual |= 1U << i;
			return true;
		}
	return false;
}

static int see_rule(const struct nlmsghdr *m, void *arg)
{
	static const uint16_t out[] = { FRA_PAD };
	struct reading *r = arg;
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(m);
	struct dw_scene_message one = { 0 };
	struct fib_rule_hdr *own;

	if (m->nlmsg_type != RTM_NEWRULE || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	if (head->family != r->family || is_usual(m, head, &r->usual))
		return 0;
	if (r->scene->rules.n >= RULES_MAX) {
		r->too_many = true;
		return 0;
	}
	if (has(m, sizeof(*head), FRA_L3MDEV)) /* the VRF is the obstacle */
		return 0;
	r->chosen |= head->tos != 0;
	one.m = keep_message(r->scene->arena, m, sizeof(*head), out, DW_ARRAY_SIZE(out));
	own = mnl_nlmsg_get_payload(one.m);
	own->flags &= FIB_RULE_INVERT; /* the others tell of the moment */
	dw_vec_push(r->scene->arena, &r->scene->rules, one);
	return 0;
}

static void again(void *arg)
{
	struct reading *r = arg;

	r->scene->routes.n = r->routes;
	r->scene->rules.n = r->rules;
	r->usual = 0;
}

static int dump(struct reading *x, uint16_t type, dw_netlink_cb *cb, struct dw_error *e)
{
	union {
		struct nlmsghdr m;
		char room[256];
	} q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct rtmsg *head;

	x->routes = x->scene->routes.n;
	x->rules = x->scene->rules.n;
	x->usual = 0;
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_DUMP;
	/* struct fib_rule_hdr is of the same size, and its family in the same place */
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->rtm_family = (uint8_t)x->family;
	return dw_netlink_request(x->scene->sys, &x->scene->original, NETLINK_ROUTE, m, cb, again,
				  x, e);
}

/* Somebody took one of the usual rules away: often that of our own addresses, to have others come before it. */
static void missing(struct reading *x)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(usual_rules); i++) {
		struct nlmsghdr *m;
		struct fib_rule_hdr *head;
		struct dw_scene_message one = { 0 };

		if (x->usual & 1U << i ||
		    (x->family == AF_INET6 && usual_rules[i].table == RT_TABLE_DEFAULT))
			continue;
		m = dw_arena_alloc(x->scene->arena, 128);
		(void)mnl_nlmsg_put_header(m);
		m->nlmsg_type = RTM_DELRULE;
		m->nlmsg_flags = NLM_F_ACK;
		head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
		head->family = (uint8_t)x->family;
		head->table = usual_rules[i].table;
		head->action = FR_ACT_TO_TBL;
		mnl_attr_put_u32(m, FRA_PRIORITY, usual_rules[i].priority);
		one.m = m;
		dw_vec_push(x->scene->arena, &x->scene->rules, one);
	}
}

static int read_family(struct dw_scene *scene, int family, bool routes, struct dw_error *e)
{
	struct reading x = { .scene = scene, .family = family };
	int r = routes ? dump(&x, RTM_GETROUTE, see_route, e) : 0;

	if (r == 0)
		r = dump(&x, RTM_GETRULE, see_rule, e);
	if (r == 0)
		missing(&x);
	if (r == -EOPNOTSUPP || r == -EAFNOSUPPORT) /* no policy routing, no IPv6 */
		r = 0;
	if (r == 0 && x.too_many)
		dw_scene_obstacle(scene, 0, "there are more routes than a rehearsal copies");
	if (r == 0 && x.chosen)
		dw_scene_obstacle(scene, 0,
				  "a rule of policy routing asks for a type of service, which the "
				  "sender chooses");
	return r;
}

int dw_scene_read_routes(struct dw_scene *scene, struct dw_error *e)
{
	int r = read_family(scene, AF_INET, true, e);

	return r < 0 ? r : read_family(scene, AF_INET6, true, e);
}

int dw_scene_read_rules(struct dw_scene *scene, struct dw_error *e)
{
	int r = read_family(scene, AF_INET, false, e);

	return r < 0 ? r : read_family(scene, AF_INET6, false, e);
}

static int nothing(const struct nlmsghdr *m, void *arg)
{
	(void)m;
	(void)arg;
	return 0;
}

static int tell(struct dw_scene *scene, const struct dw_scene_message *one, struct dw_error *e)
{
	return dw_netlink_request(scene->sys, &scene->copy, NETLINK_ROUTE, one->m, nothing, NULL,
				  NULL, e);
}

/* Routes by an interface that is down are there without it, too: nothing comes from where they lead. */
static int make_route(struct dw_scene *scene, const struct dw_scene_message *one,
		      struct dw_error *e)
{
	struct dw_error error = { 0 };
	int r = tell(scene, one, &error);

	if (r == 0 || r == -EEXIST || r == -ENETDOWN)
		return 0;
	if (r == -ENOMEM || r == -EPERM) {
		if (e)
			*e = error;
		return r;
	}
	dw_scene_obstacle(scene, 0, "a route cannot be copied (%s)", error.message);
	return 0;
}

static void make_rule(struct dw_scene *scene, const struct dw_scene_message *one)
{
	struct dw_error error = { 0 };

	if (tell(scene, one, &error) < 0)
		dw_scene_obstacle(scene, 0, "a rule of policy routing cannot be copied (%s)",
				  error.message);
}

/* --- whom they tell apart -------------------------------------------------------------------------------- */

#define CLASSES_MAX 256u

struct classes {
	struct dw_source_class *v;
	size_t n, cap;
};

static bool is_barred(uint8_t type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT;
}

static void add_class(struct classes *all, struct dw_arena *a, int family, const struct nlattr *t,
		      unsigned bits)
{
	struct dw_source_span *span = dw_new(a, struct dw_source_span);
	struct dw_source_class one = { .spans = span, .n_spans = 1 };
	size_t size;

	one.family = dw_scene_family(family);
	size = dw_scene_size(one.family);
	if (mnl_attr_get_payload_len(t) != size || bits > size * 8 || all->n >= CLASSES_MAX)
		return;
	one.words = "policy routing";
	dw_address_range(mnl_attr_get_payload(t), size, bits, span->low, span->high);
	dw_vec_push(a, all, one);
}

static void classes_of_rules(const struct dw_scene *scene, struct classes *all, struct dw_arena *a)
{
	for (size_t i = 0; i < scene->rules.n; i++) {
		const struct nlmsghdr *m = scene->rules.v[i].m;
		const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(m);
		const struct nlattr *t;

		mnl_attr_for_each(t, m, sizeof(*head))
		{
			if (mnl_attr_get_type(t) == FRA_SRC)
				add_class(all, a, head->family, t, head->src_len);
			if (mnl_attr_get_type(t) == FRA_DST) /* of answers */
				add_class(all, a, head->family, t, head->dst_len);
		}
	}
}

static void classes_of_routes(const struct dw_scene *scene, struct classes *all, struct dw_arena *a)
{
	for (size_t i = 0; i < scene->routes.n; i++) {
		const struct nlmsghdr *m = scene->routes.v[i].m;
		const struct rtmsg *head = mnl_nlmsg_get_payload(m);
		const struct nlattr *t;

		mnl_attr_for_each(t, m, sizeof(*head))
		{
			if (mnl_attr_get_type(t) == RTA_DST && is_barred(head->rtm_type))
				add_class(all, a, head->rtm_family, t, head->rtm_dst_len);
		}
	}
}

bool dw_scene_bars(const struct dw_scene *scene)
{
	bool bars = scene->rules.n > 0;

	for (size_t i = 0; i < scene->routes.n && !bars; i++)
		bars = is_barred(((const struct rtmsg *)mnl_nlmsg_get_payload(scene->routes.v[i].m))
					 ->rtm_type);
	return bars;
}

void dw_scene_tell_apart(const struct dw_scene *scene, struct dw_ruleset *rules)
{
	struct classes all = { 0 };
	struct dw_arena *a = rules->arena;

	classes_of_rules(scene, &all, a);
	classes_of_routes(scene, &all, a);
	if (all.n == 0)
		return;
	for (size_t i = 0; i < rules->n_sources; i++)
		dw_vec_push(a, &all, rules->sources[i]);
	rules->sources = all.v;
	rules->n_sources = all.n;
}

/* --- the copy -------------------------------------------------------------------------------------------- */

int dw_scene_make_routes(struct dw_scene *scene, struct dw_error *e)
{
	int r = 0;

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; r == 0 && i < scene->routes.n; i++)
			if (scene->routes.v[i].late == (pass == 1))
				r = make_route(scene, &scene->routes.v[i], e);
	for (size_t i = 0; r == 0 && i < scene->rules.n; i++)
		make_rule(scene, &scene->rules.v[i]);
	return r;
}
