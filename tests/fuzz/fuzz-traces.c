/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel tells of packets in a copy: chains and rules of nf_tables (one message after the other, as dumps give
 * them), traces, packets that were logged, lines of iptables-legacy's own traces in their prefixes.
 */
#include <stdlib.h>
#include <string.h>

#include "rehearsing.h"
#include "ruleset_private.h"

#define PACKETS 8u

/* mnl_nlmsg_ok() takes a length over 2^31 for a negative one; the kernel sends none, a fuzzer does. */
static const struct nlmsghdr *message_at(const char *data, size_t size, size_t at)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

	if (at > size || size - at < NLMSG_HDRLEN)
		return NULL;
	return m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= size - at ? m : NULL;
}

static void check(const struct dw_rehearse_answer *a)
{
	/* a rule that leads somewhere is told of packets alone that went elsewhere */
	if (a->led_by && !a->translated)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_ruleset *rules = dw_rs_new();
	struct dw_rehearse_answer answers[PACKETS] = { 0 };
	struct dw_rehearsal r = { .arena = rules->arena, .rules = rules };
	const char *copy = dw_arena_memdup(rules->arena, data, size);
	DW_VEC(const struct nlmsghdr *) messages = { 0 };
	struct dw_scene scene = { .arena = rules->arena, .copy = { .fd = -1 } };
	const struct nlmsghdr *m;

	r.scene = &scene;
	for (size_t at = 0; (m = message_at(copy, size, at)); at += NLMSG_ALIGN(m->nlmsg_len)) {
		dw_vec_push(rules->arena, &messages, m);
		(void)dw_rs_message(rules->copy, m);
	}
	dw_rs_settle(rules);
	/* an image of a host tells no handles */
	if (dw_sys_open("/", &r.sys, NULL) < 0)
		abort();
	r.met = dw_arena_array(rules->arena, rules->n_rules + 1, sizeof(*r.met));
	for (size_t i = 0; i < PACKETS; i++) {
		answers[i].reach = i % 2 ? DW_ARRIVAL_YES : DW_ARRIVAL_NO;
		answers[i].translated = i % 4 == 3;
	}
	dw_traces_read(&r, messages.v, messages.n, answers, PACKETS);
	for (size_t i = 0; i < PACKETS; i++)
		check(&answers[i]);
	dw_sys_free(r.sys);
	dw_ruleset_free(rules);
	return 0;
}
