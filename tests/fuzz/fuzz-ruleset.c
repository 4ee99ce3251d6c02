/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of nf_tables (one after the other, as a dump gives them), taken apart for a copy. A first byte that is
 * no message's (4 or 6): a legacy table, hooks, entries and underflows (32 bits each) before its entries.
 */
#include <stdint.h>
#include <string.h>

#include "batch.h"
#include "legacy.h"
#include "sources.h"

/* mnl_nlmsg_ok() takes a length over 2^31 for a negative one; the kernel sends none, a fuzzer does. */
static const struct nlmsghdr *message_at(const char *data, size_t size, size_t at)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

	if (at > size || size - at < NLMSG_HDRLEN)
		return NULL;
	return m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= size - at ? m : NULL;
}

static void nft(struct dw_ruleset *r, const uint8_t *data, size_t size)
{
	/* messages are aligned in the kernel's buffers too */
	const char *copy = dw_arena_memdup(r->arena, data, size);
	const struct nlmsghdr *m;

	for (size_t at = 0; (m = message_at(copy, size, at)); at += NLMSG_ALIGN(m->nlmsg_len))
		if (dw_rs_message(r->copy, m) < 0)
			break;
}

static void legacy(struct dw_ruleset *r, const uint8_t *data, size_t size)
{
	struct dw_rs_copy *c = r->copy;
	struct dw_legacy *t = dw_new(r->arena, struct dw_legacy);
	uint32_t head[12];

	if (size < sizeof(head))
		return;
	memcpy(head, data, sizeof(head));
	t->blob = (struct dw_xtables){ .six = head[0] == 6,
				       .name = "filter",
				       .valid_hooks = head[1],
				       .entries = dw_arena_memdup(r->arena, data + sizeof(head),
								  size - sizeof(head)),
				       .n = size - sizeof(head) };
	memcpy(t->blob.hook_entry, head + 2, sizeof(t->blob.hook_entry));
	memcpy(t->blob.underflow, head + 7, sizeof(t->blob.underflow));
	dw_legacy_take_apart(c, t);
	dw_vec_push(r->arena, &c->legacy, t);
}

static void put_together(struct dw_ruleset *r)
{
	struct dw_batch b = { .r = r, .copy = r->copy, .arena = r->arena };

	b.bytes.arena = r->arena;
	dw_batch_put_all(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_ruleset *r = dw_rs_new();
	struct dw_error e = { 0 };
	struct dw_sys *s = NULL;
	uint32_t first = 0;

	if (size >= sizeof(first))
		memcpy(&first, data, sizeof(first));
	if (first == 4 || first == 6)
		legacy(r, data, size);
	else
		nft(r, data, size);
	dw_rs_settle(r);
	/* An image of a host takes no rules: what is put together for it goes nowhere. */
	if (dw_sys_open("/", &s, &e) == 0)
		(void)dw_legacy_load(s, &(struct dw_netns){ .fd = -1 }, r, NULL, &e);
	put_together(r);
	dw_sys_free(s);
	dw_ruleset_free(r);
	return 0;
}
