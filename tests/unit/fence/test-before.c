/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel told of what stands beside the rules, and of packets that it traced: recorded, and read again. */
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "before.h"
#include "dw_ask.h"
#include "dw_str.h"
#include "dw_test.h"
#include "rehearsing.h"
#include "ruleset_private.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

typedef void taker(void *data, const struct nlmsghdr *m);

static void each(struct dw_arena *a, const char *file, taker *take, void *data)
{
	const char *path = dw_arena_printf(a, "%s/fuzz/corpus/%s", DW_TESTS_DIR, file);
	struct dw_bytes bytes = { 0 };
	FILE *f = fopen(path, "rb");

	DW_CHECK(f && dw_fd_read_all(fileno(f), (size_t)1 << 20, a, &bytes) == 0);
	if (f)
		(void)fclose(f);
	for (size_t at = 0; at + NLMSG_HDRLEN <= bytes.n;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(bytes.data + at);

		DW_CHECK(m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= bytes.n - at);
		take(data, m);
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
}

struct telling {
	struct dw_scene scene;
	struct dw_str text;
	unsigned hook;
};

static const char *told(struct telling *t)
{
	for (size_t i = 0; i < t->scene.obstacles.n; i++) {
		const struct dw_obstacle *o = &t->scene.obstacles.v[i];

		dw_str_addf(&t->text, "%s%u %s%s\n", o->egress ? "out " : "", o->ifindex,
			    o->family == DW_FAMILY_IPV4   ? "4 "
			    : o->family == DW_FAMILY_IPV6 ? "6 "
							  : "",
			    o->words);
	}
	return t->text.s ? t->text.s : "";
}

/* A recorded host whose interface 5 has such programs at that place (a DW_BPF_PLACE). */
static void record(const char *dir, unsigned place, const uint32_t *ids, size_t n)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/bpf/0/%u-5.bin", dir, place);
	f = fopen(path, "w");
	DW_CHECK(f && fwrite(ids, sizeof(*ids), n, f) == n && fclose(f) == 0);
}

/* Told at one end of the pair alone; what has no program may be dropped all the same. */
DW_TEST(programs_of_netkit)
{
	static const char *const parts[] = { "root", "proc", "bpf", "bpf/0" };
	static const uint32_t ids[] = { 7, 8 };
	char dir[] = "/tmp/dw-netkit-XXXXXX", path[64];
	struct telling t = { .scene = { .arena = dw_arena_new() } };
	struct dw_scene_link link = { .ifindex = 5, .name = "nk0", .kind = "netkit", .fd = -1 };

	DW_CHECK(mkdtemp(dir) != NULL);
	for (size_t i = 0; i < DW_ARRAY_SIZE(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		DW_CHECK_INT(mkdir(path, 0700), 0);
	}
	DW_CHECK_INT(dw_sys_open_fake(dir, &t.scene.sys, NULL), 0);
	t.text.arena = t.scene.arena;
	dw_vec_push(t.scene.arena, &t.scene.links, link);
	DW_CHECK_INT(dw_before_read_programs(&t.scene, NULL), 0);
	DW_CHECK_STR(
		told(&t),
		"out 5 what leaves goes through a program of nk0 (netkit: not told at this end)\n"
		"5 what comes has gone through a program at the other end of nk0 (netkit: "
		"not told at this end)\n");
	record(dir, DW_BPF_PLACE_NETKIT, ids, 0);
	record(dir, DW_BPF_PLACE_NETKIT_PEER, ids, 0);
	t.scene.obstacles.n = t.text.n = 0;
	DW_CHECK_INT(dw_before_read_programs(&t.scene, NULL), 0);
	DW_CHECK_INT(t.scene.obstacles.n, 0);
	t.scene.links.v[0].drops_in = true;
	record(dir, DW_BPF_PLACE_NETKIT, ids, 2);
	DW_CHECK_INT(dw_before_read_programs(&t.scene, NULL), 0);
	DW_CHECK_STR(told(&t),
		     "out 5 what leaves goes through a program of nk0 (netkit: number 7)\n"
		     "5 what comes has gone through a program at the other end of nk0 (netkit: "
		     "none, and what none lets pass is dropped)\n");
	DW_CHECK_INT(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	dw_sys_free(t.scene.sys);
	dw_arena_free(t.scene.arena);
}

static void see_qdisc(void *data, const struct nlmsghdr *m)
{
	struct telling *t = data;
	struct dw_before_qdisc q;

	if (dw_before_qdisc(m, &q))
		dw_str_addf(&t->text, "%s\n", q.clsact ? "clsact" : "ingress");
}

static void see_filter(void *data, const struct nlmsghdr *m)
{
	struct telling *t = data;
	const char *words = dw_before_filter(t->scene.arena, m);

	dw_str_addf(&t->text, "%s\n", words ? words : "-");
}

DW_TEST(places_and_filters_of_tc)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct telling t = { .scene = { .arena = a }, .text = { .arena = a } };

	each(a, "before/qdiscs", see_qdisc, &t);
	each(a, "before/filters", see_filter, &t);
	/* a chain and a table of hashes tell themselves before what is in them */
	DW_CHECK_STR(t.text.s, "ingress\nclsact\n-\nbpf\n-\nu32\nu32\n");
}

static void see_policy(void *data, const struct nlmsghdr *m)
{
	struct telling *t = data;

	dw_before_policy(&t->scene, m);
	dw_before_default(&t->scene, m);
}

DW_TEST(policies_of_ipsec)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct telling t = { .scene = { .arena = a }, .text = { .arena = a } };

	each(a, "before/policies", see_policy, &t);
	DW_CHECK_STR(told(&t),
		     "out 0 6 what goes to 2001:db8::/32 is blocked by a policy of IPsec\n"
		     "0 4 what comes from 10.9.0.0/30 must come by IPsec\n"
		     "0 what no policy of IPsec lets in is blocked (ip xfrm policy "
		     "setdefault)\n");
}

static void see_hook(void *data, const struct nlmsghdr *m)
{
	struct telling *t = data;

	dw_before_hook(&t->scene, t->hook, m);
}

DW_TEST(what_the_kernel_calls_at_its_hooks)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_scene_link bridge = {
		.ifindex = 7, .name = "br0", .kind = "bridge", .fd = -1
	};
	struct telling t = { .scene = { .arena = a },
			     .text = { .arena = a },
			     .hook = NF_INET_LOCAL_IN };

	dw_vec_push(a, &t.scene.links, bridge);
	each(a, "before/hooks", see_hook, &t);
	DW_CHECK_STR(told(&t),
		     "0 4 ip_vs_in_hook (ip_vs) of the kernel sees IPv4 packets beside the rules\n"
		     "7 ebtables filters the frames of the bridge br0, which a copy has not\n"
		     "0 6 somebody_else of the kernel sees IPv6 packets beside the rules\n");
}

/* --- traces ------------------------------------------------------------------------------------- */

#define PACKETS 8u

struct reading {
	struct dw_ruleset *rules;
	DW_VEC(const struct nlmsghdr *) messages;
};

static void keep(void *data, const struct nlmsghdr *m)
{
	struct reading *x = data;

	dw_vec_push(x->rules->arena, &x->messages, m);
	DW_CHECK_INT(dw_rs_message(x->rules->copy, m), 0);
}

static void read_traces(struct reading *x, const char *file, struct dw_rehearse_answer *answers)
{
	struct dw_rehearsal *r;
	struct dw_scene *scene;

	x->rules = dw_rs_new();
	each(x->rules->arena, file, keep, x);
	dw_rs_settle(x->rules);
	r = dw_new(x->rules->arena, struct dw_rehearsal);
	scene = dw_new(x->rules->arena, struct dw_scene);
	*scene = (struct dw_scene){ .arena = x->rules->arena, .copy = { .fd = -1 } };
	*r = (struct dw_rehearsal){ .arena = x->rules->arena, .rules = x->rules, .scene = scene };
	r->met = dw_arena_array(r->arena, x->rules->n_rules + 1, sizeof(*r->met));
	/* an image of a host tells no handles: rules are named by their chains */
	DW_CHECK_INT(dw_sys_open("/", &r->sys, NULL), 0);
	dw_traces_read(r, x->messages.v, x->messages.n, answers, PACKETS);
	dw_sys_free(r->sys);
}

DW_TEST(traces_tell_which_chain_decided)
{
	/* to ports 1, 2, 3, 4, 8080, 9, 80 and 22 */
	static const char *const want[PACKETS] = {
		"inet filter input", "inet filter input",           "policy of inet filter input",
		"inet filter more",  "policy of inet filter input", "policy of inet filter input",
		"inet filter input", "policy of inet filter input"
	};
	static const bool arrives[PACKETS] = { [0] = true, [3] = true, [6] = true };
	struct dw_rehearse_answer answers[PACKETS] = { 0 };
	struct reading x = { 0 };

	for (size_t i = 0; i < PACKETS; i++)
		answers[i].reach = arrives[i] ? DW_ARRIVAL_YES : DW_ARRIVAL_NO;
	read_traces(&x, "traces/nft", answers);
	for (size_t i = 0; i < PACKETS; i++)
		DW_CHECK_STR(answers[i].rule, want[i]);
	dw_ruleset_free(x.rules);
}

int main(void)
{
	return dw_test_run();
}
