/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parent's connections: who is next, made without waiting, handed to the child. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "dw_talk.h"
#include "identify_private.h"

#define HOST_MAX   4U      /* connections to one host at once */
#define CHILD_MS   180000U /* a chat that takes longer hangs: all its steps have limits of their own */

void dw_item_list_add(struct dw_item_list *l, struct dw_item *item)
{
	item->next = NULL;
	if (l->last)
		l->last->next = item;
	else
		l->first = item;
	l->last = item;
}

struct dw_item *dw_item_list_take(struct dw_item_list *l)
{
	struct dw_item *item = l->first;

	if (!item)
		return NULL;
	l->first = item->next;
	if (!l->first)
		l->last = NULL;
	return item;
}

void dw_item_free(struct dw_item *item)
{
	dw_talk_close(item->fd);
	free(item->name);
	free(item);
}

/* --- who is next ------------------------------------------------------------------------------------- */

static void join_row(struct dw_identify *i, struct dw_item_host *h)
{
	if (h->in_row || !h->waiting.first || h->busy >= HOST_MAX)
		return;
	h->in_row = true;
	h->next = NULL;
	if (i->row_end)
		i->row_end->next = h;
	else
		i->row = h;
	i->row_end = h;
}

void dw_identify_queue(struct dw_identify *i, struct dw_item *item)
{
	dw_item_list_add(&item->host->waiting, item);
	i->n_waiting++;
	join_row(i, item->host);
}

static struct dw_item *take_next(struct dw_identify *i)
{
	struct dw_item_host *h = i->row;
	struct dw_item *item;

	if (!h)
		return NULL;
	i->row = h->next;
	if (!i->row)
		i->row_end = NULL;
	h->in_row = false;
	item = dw_item_list_take(&h->waiting);
	h->busy++;
	join_row(i, h);
	i->n_waiting--;
	return item;
}

/* --- connecting -------------------------------------------------------------------------------------- */

static void fill_order(const struct dw_identify *i, size_t place, enum dw_order_kind kind,
		       struct dw_order *o)
{
	const struct dw_item *item = i->active[place];

	o->job = (uint32_t)place + 1;
	o->kind = (uint8_t)kind;
	o->udp = item->udp;
	o->port = item->port;
	o->timeout_ms = i->timeout_ms;
	if (item->name)
		(void)memcpy(o->name, item->name,
			     DW_MIN(strlen(item->name), sizeof(o->name) - 1));
	(void)memcpy(o->address, item->host->text, sizeof(o->address));
}

/* Full: tried again at the next turn. A dead child is noticed by who reads from it. */
static void hand_over(struct dw_identify *i, size_t place)
{
	struct dw_item *item = i->active[place];
	struct dw_order o = { 0 };

	fill_order(i, place,
		   !item->told	  ? DW_ORDER_NEW :
		   item->fd < 0 ? DW_ORDER_NONE :
				  DW_ORDER_AGAIN,
		   &o);
	if (dw_talk_tell(i->channel, &o, sizeof(o), item->fd, false) < 0)
		return;
	dw_talk_close(item->fd);
	item->fd = -1;
	item->told = true;
	item->state = DW_ITEM_TALKING;
	item->deadline = dw_talk_now() + CHILD_MS;
}

/* No connection: the child says what it has; when it has nothing, that is all. */
static void not_connected(struct dw_identify *i, size_t place)
{
	struct dw_item *item = i->active[place];

	dw_talk_close(item->fd);
	item->fd = -1;
	if (!item->told) {
		dw_identify_finish(i, place, false, NULL);
		return;
	}
	item->state = DW_ITEM_CONNECTED;
	hand_over(i, place);
}

static void connect_item(struct dw_identify *i, size_t place)
{
	struct dw_item *item = i->active[place];
	const struct dw_address *a = &item->host->address;

	item->fd = dw_talk_connect(i->sys, item->udp, a->family == DW_FAMILY_IPV6, a->bytes,
				   a->scope, item->port, NULL);
	item->deadline = dw_talk_now() + i->timeout_ms;
	item->state = item->udp ? DW_ITEM_CONNECTED : DW_ITEM_CONNECTING;
	if (item->fd < 0)
		not_connected(i, place);
	else if (item->udp)
		hand_over(i, place);
}

void dw_identify_again(struct dw_identify *i, size_t place)
{
	connect_item(i, place);
}

static void start(struct dw_identify *i, struct dw_item *item)
{
	size_t place = 0;

	while (i->active[place])
		place++;
	i->active[place] = item;
	i->n_active++;
	item->told = false;
	item->fd = -1;
	if (dw_probes_avoided(item->udp, item->port)) /* not even a connection */
		dw_identify_finish(i, place, false, NULL);
	else
		connect_item(i, place);
}

void dw_identify_begin(struct dw_identify *i)
{
	struct dw_item *item;

	while (!i->alone && i->n_active < i->parallel && !i->suspects.first &&
	       (item = take_next(i)))
		start(i, item);
	if (i->n_active == 0 && (item = dw_item_list_take(&i->suspects))) {
		i->n_waiting--;
		item->host->busy++;
		i->alone = true;
		start(i, item);
	}
}

void dw_identify_progress(struct dw_identify *i, size_t place, short events, uint64_t now)
{
	const struct dw_item *item = i->active[place];

	if (item->state == DW_ITEM_CONNECTING && events) {
		if (dw_talk_connected(item->fd) < 0)
			not_connected(i, place);
		else
			hand_over(i, place);
	} else if (item->state == DW_ITEM_CONNECTED) {
		hand_over(i, place);
	}
	item = i->active[place];
	if (item && item->state == DW_ITEM_CONNECTING && now >= item->deadline)
		not_connected(i, place);
}

void dw_identify_finish(struct dw_identify *i, size_t place, bool answered,
			const struct dw_scan_service *service)
{
	struct dw_item *item = i->active[place];

	i->active[place] = NULL;
	i->n_active--;
	i->alone = false;
	item->host->busy--;
	join_row(i, item->host);
	if (i->tell)
		i->tell(i->data, item->tag, answered, service);
	dw_item_free(item);
}

/* --- the child died ---------------------------------------------------------------------------------- */

static void redo_one(struct dw_identify *i, size_t place, bool suspect)
{
	struct dw_item *item = i->active[place];

	i->active[place] = NULL;
	i->n_active--;
	item->host->busy--;
	dw_talk_close(item->fd);
	item->fd = -1;
	if (!suspect) {
		dw_identify_queue(i, item);
		return;
	}
	dw_item_list_add(&i->suspects, item);
	i->n_waiting++;
	join_row(i, item->host);
}

void dw_identify_redo(struct dw_identify *i, int culprit)
{
	static const struct dw_scan_service fatal = {
		.extra = "what it says killed the reader of answers: be careful with it",
		.by = "doorward",
	};
	bool alone = i->alone;

	for (size_t place = 0; place < i->parallel; place++) {
		const struct dw_item *item = i->active[place];

		if (!item)
			continue;
		if (item->told && ((int)place == culprit || (culprit < 0 && alone)))
			dw_identify_finish(i, place, true, &fatal);
		else
			redo_one(i, place, item->told && culprit < 0);
	}
	i->alone = false;
}
