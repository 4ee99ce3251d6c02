/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does a service answer at its doors, and as what? Asked as a client of this host would. */
#include <string.h>

#include "confine-private.h"
#include "dw_identify.h"
#include "dw_str.h"
#include "dw_talk.h"

#define ASKED_MAX 64
#define WAIT_MS   15000
#define EACH_MS   200

struct dw_confine_answers {
	struct dw_arena *arena;
	struct dw_confine_answer v[ASKED_MAX];
	size_t n;
};

/* Where a client of this host finds it: an unspecified address is bound on loopback, too. */
static bool address_of(const struct dw_endpoint *at, struct dw_address *ret)
{
	static const uint8_t loopback4[16] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	bool any = dw_endpoint_is_any(at);

	*ret = (struct dw_address){ 0 };
	ret->family = at->family == DW_FAMILY_IPV4 || (any && at->family == DW_FAMILY_DUAL)
			      ? DW_FAMILY_IPV4
			      : DW_FAMILY_IPV6;
	ret->scope = at->ifindex;
	memcpy(ret->bytes,
	       !any                            ? at->address
	       : ret->family == DW_FAMILY_IPV4 ? loopback4
					       : loopback6,
	       sizeof(ret->bytes));
	return at->family == DW_FAMILY_IPV4 || at->family == DW_FAMILY_IPV6 ||
	       at->family == DW_FAMILY_DUAL;
}

static void told(void *data, uint64_t tag, bool answered, const struct dw_scan_service *service)
{
	struct dw_confine_answers *all = data;

	if (tag >= all->n)
		return;
	all->v[tag].answered = answered;
	if (service && service->protocol)
		all->v[tag].protocol = dw_arena_strdup(all->arena, service->protocol);
	if (service && service->banner)
		all->v[tag].banner = dw_arena_strdup(all->arena, service->banner);
}

static bool is_asked(const struct dw_door *d, const struct dw_confine_service *s,
		     struct dw_arena *a)
{
	return d->kind == DW_KIND_LISTENER && d->at.protocol == DW_PROTOCOL_TCP &&
	       dw_streq0(d->netns, "host") &&
	       !dw_identify_silent(DW_PROTOCOL_TCP, (uint16_t)d->at.port) &&
	       dw_strings_has(&s->doors, dw_endpoint_text(a, &d->at));
}

/* Queues each door that is asked; the reader of answers is started for the first of them. */
static int queue(struct dw_sys *s, const struct dw_snapshot *snapshot,
		 const struct dw_confine_service *service, struct dw_confine_answers *all,
		 struct dw_identify **i, struct dw_error *e)
{
	const struct dw_identify_options options = { .nmap_probes = "" };
	int r = 0;

	for (size_t k = 0; r == 0 && k < snapshot->n_doors && all->n < ASKED_MAX; k++) {
		const struct dw_door *d = &snapshot->doors[k];
		struct dw_address address;

		if (!is_asked(d, service, all->arena) || !address_of(&d->at, &address))
			continue;
		if (!*i)
			r = dw_identify_open(s, &options, i, e);
		if (r < 0)
			return r;
		all->v[all->n].door = dw_endpoint_text(all->arena, &d->at);
		r = dw_identify_add(*i, &address, DW_PROTOCOL_TCP, (uint16_t)d->at.port, NULL,
				    all->n++, e);
	}
	return r;
}

int dw_confine_ask(struct dw_sys *s, const struct dw_snapshot *snapshot,
		   const struct dw_confine_service *service, struct dw_arena *a,
		   struct dw_confine_answers **ret, struct dw_error *e)
{
	struct dw_confine_answers *all = dw_new(a, struct dw_confine_answers);
	struct dw_identify *i = NULL;
	uint64_t end = dw_talk_now() + WAIT_MS;
	int r;

	all->arena = a;
	r = queue(s, snapshot, service, all, &i, e);
	while (i && r >= 0 && dw_talk_now() < end) {
		r = dw_identify_work(i, EACH_MS, told, all, e);
		if (r <= 0)
			break;
	}
	dw_identify_free(i);
	*ret = all;
	return r < 0 ? r : 0;
}

const char *dw_confine_answers_differ(const struct dw_confine_answers *before,
				      const struct dw_confine_answers *after, struct dw_arena *a)
{
	const char *wrong;

	for (size_t i = 0; i < before->n; i++) {
		const struct dw_confine_answer *was = &before->v[i],
					       *now = i < after->n ? &after->v[i] : NULL;

		if (!now)
			return dw_arena_printf(a, "%s was not asked again", was->door);
		wrong = dw_confine_reply_differs(was, now, a);
		if (*wrong)
			return wrong;
	}
	return "";
}
