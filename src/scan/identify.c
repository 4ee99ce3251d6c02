/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_names.h"
#include "dw_str.h"
#include "dw_talk.h"
#include "identify_pattern.h"
#include "identify_private.h"
#include "identify_tls.h"

#define PARALLEL      64U
#define PARALLEL_MAX  512U
#define TIMEOUT_MS    5000U
#define WAITING_MAX   4000000U
#define NMAP_FILE_MAX ((size_t)16 * 1024 * 1024)
#define CHILD_MEMORY  ((size_t)512 * 1024 * 1024)

/* --- the child --------------------------------------------------------------------------------------- */

static int start_child(struct dw_identify *i, struct dw_error *e)
{
	_cleanup_fd_ int mine = -1, its = -1;
	int pair[2], r = dw_talk_pair(i->sys, pair, e);
	struct dw_sandbox_options o = {
		.name = "the reader of answers",
		.run = dw_identify_child,
		.data = &i->setting,
		.fds = &its,
		.n_fds = 1,
		.calls = DW_SANDBOX_SEND | DW_SANDBOX_RECEIVE | DW_SANDBOX_POLL | DW_SANDBOX_CLOCK |
			 DW_SANDBOX_MEMORY | DW_SANDBOX_FUTEX | DW_SANDBOX_RANDOM,
		.memory = CHILD_MEMORY,
		.files = i->parallel + 8,
	};

	if (r < 0)
		return r;
	mine = pair[0];
	its = pair[1];
	dw_shared_set(i->setting.at, 0);
	r = dw_sandbox_start(i->sys, &o, &i->child, e);
	if (r < 0)
		return r;
	i->channel = dw_steal_fd(&mine);
	return 0;
}

static void stop_child(struct dw_identify *i)
{
	dw_sandbox_free(i->child);
	i->child = NULL;
	dw_talk_close(i->channel);
	i->channel = -1;
}

static bool has_told(const struct dw_identify *i)
{
	for (size_t k = 0; k < i->parallel; k++)
		if (i->active[k] && i->active[k]->told)
			return true;
	return false;
}

/* culprit -1: whoever it says that it worked on. A child that dies with nothing to do never will do anything. */
static int replace_child(struct dw_identify *i, int culprit, struct dw_error *e)
{
	uint32_t at = dw_shared_get(i->setting.at);

	if (!has_told(i)) {
		(void)dw_error_set(e, -EIO, "the process that reads answers has ended");
		return -EIO;
	}
	if (culprit < 0 && at > 0 && at <= i->parallel && i->active[at - 1] &&
	    i->active[at - 1]->told)
		culprit = (int)at - 1;
	i->deaths++;
	stop_child(i);
	dw_identify_redo(i, culprit);
	return start_child(i, e);
}

/* --- open, free -------------------------------------------------------------------------------------- */

static int read_nmap(struct dw_identify *i, const char *path, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes bytes = { 0 };
	int r;

	if (path && !*path)
		return 0;
	if (!path && !dw_sys_file_exists(i->sys, DW_NMAP_PROBES))
		return 0;
	r = path ? dw_sys_given_read(i->sys, path, NMAP_FILE_MAX, a, &bytes, e)
		 : dw_sys_file_read(i->sys, DW_NMAP_PROBES, NMAP_FILE_MAX, a, &bytes, e);
	if (r == 0)
		i->nmap = dw_nmap_read(path ? path : DW_NMAP_PROBES, &bytes);
	return path ? r : 0;
}

static int prepare(struct dw_identify *i, const struct dw_identify_options *o, struct dw_error *e)
{
	struct dw_error why = { 0 };
	void *shared = NULL;
	int r = dw_pattern_load(e);

	if (r < 0)
		return r;
	if (dw_tls_load(&why) < 0)
		(void)snprintf(i->no_tls, sizeof(i->no_tls), "%.255s", why.message);
	r = read_nmap(i, o->nmap_probes, e);
	if (r == 0)
		r = dw_shared_map(i->sys, "the reader of answers", sizeof(uint32_t), &shared, e);
	if (r < 0)
		return r;
	i->setting =
		(struct dw_child_setting){ .nmap = i->nmap, .at = shared, .most = i->parallel };
	return start_child(i, e);
}

int dw_identify_open(struct dw_sys *s, const struct dw_identify_options *o,
		     struct dw_identify **ret, struct dw_error *e)
{
	struct dw_identify *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		dw_oom();
	i->sys = s;
	i->channel = -1;
	i->parallel = DW_MIN(o->parallel ? o->parallel : PARALLEL, PARALLEL_MAX);
	i->timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS;
	i->active = calloc(i->parallel, sizeof(struct dw_item *));
	i->polls = calloc(i->parallel + 1, sizeof(*i->polls));
	if (!i->active || !i->polls)
		dw_oom();
	r = prepare(i, o, e);
	if (r < 0) {
		dw_identify_free(i);
		return r;
	}
	*ret = i;
	return 0;
}

static void free_list(struct dw_item_list *l)
{
	struct dw_item *item;

	while ((item = dw_item_list_take(l)))
		dw_item_free(item);
}

void dw_identify_free(struct dw_identify *i)
{
	struct dw_item_host *h, *next;

	if (!i)
		return;
	stop_child(i);
	for (size_t k = 0; k < i->parallel; k++)
		if (i->active[k])
			dw_item_free(i->active[k]);
	free_list(&i->suspects);
	HASH_ITER (hh, i->hosts, h, next) {
		HASH_DEL(i->hosts, h);
		free_list(&h->waiting);
		free(h);
	}
	dw_shared_unmap(i->setting.at, sizeof(uint32_t));
	dw_nmap_free(i->nmap);
	free(i->active);
	free(i->polls);
	free(i);
}

/* --- adding ------------------------------------------------------------------------------------------ */

static struct dw_item_host *host_of(struct dw_identify *i, const struct dw_address *address)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_address key;
	struct dw_item_host *h;

	memset(&key, 0, sizeof(key)); /* the hash reads what is between the members */
	key.family = address->family;
	memcpy(key.bytes, address->bytes, sizeof(key.bytes));
	key.scope = address->scope;
	HASH_FIND(hh, i->hosts, &key, sizeof(key), h);
	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		dw_oom();
	memcpy(&h->address, &key, sizeof(key));
	(void)snprintf(h->text, sizeof(h->text), "%s", dw_address_text(a, address));
	HASH_ADD(hh, i->hosts, address, sizeof(h->address), h);
	return h;
}

int dw_identify_add(struct dw_identify *i, const struct dw_address *address, enum dw_protocol p,
		    uint16_t port, const char *name, uint64_t tag, struct dw_error *e)
{
	struct dw_item *item;

	if ((p != DW_PROTOCOL_TCP && p != DW_PROTOCOL_UDP) ||
	    (address->family != DW_FAMILY_IPV4 && address->family != DW_FAMILY_IPV6)) {
		(void)dw_error_set(e, -EINVAL, "only ports of TCP and UDP can be talked to");
		return -EINVAL;
	}
	if (i->n_waiting >= WAITING_MAX) {
		(void)dw_error_set(e, -ENOBUFS, "too many ports wait to be talked to");
		return -ENOBUFS;
	}
	item = calloc(1, sizeof(*item));
	if (!item)
		dw_oom();
	item->fd = -1;
	item->port = port;
	item->udp = p == DW_PROTOCOL_UDP;
	item->tag = tag;
	item->host = host_of(i, address);
	if (name) {
		item->name = strndup(name, 255);
		if (!item->name)
			dw_oom();
	}
	dw_identify_queue(i, item);
	return 0;
}

/* --- working ----------------------------------------------------------------------------------------- */

/* One record of the child. 0: there is none; 1: taken; negative: no child of ours says that. */
static int take_record(struct dw_identify *i)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static uint8_t bytes[DW_RECORD_MAX];
	struct dw_scan_service *service = NULL;
	enum identify_says says = DW_SAYS_NOTHING;
	uint32_t job = 0;
	ssize_t n = dw_talk_hear(i->channel, bytes, sizeof(bytes), NULL);
	int r;

	if (n == -EAGAIN)
		return 0;
	r = n <= 0 ? -EPIPE : dw_record_read(bytes, (size_t)n, a, &job, &says, &service, NULL);
	if (r < 0)
		return r;
	if (job == 0 || job > i->parallel || !i->active[job - 1] ||
	    i->active[job - 1]->state != DW_ITEM_TALKING)
		return -EBADMSG;
	if (says == DW_SAYS_AGAIN)
		dw_identify_again(i, job - 1);
	else
		dw_identify_finish(i, job - 1, service != NULL, service);
	return 1;
}

static int take_records(struct dw_identify *i, struct dw_error *e)
{
	int r;

	do {
		r = take_record(i);
	} while (r > 0);
	return r < 0 ? replace_child(i, -1, e) : 0;
}

/* Returns when the first deadline is. */
static uint64_t fill_polls(struct dw_identify *i, uint64_t end)
{
	i->polls[0] = (struct pollfd){ .fd = i->channel, .events = POLLIN };
	for (size_t k = 0; k < i->parallel; k++) {
		const struct dw_item *item = i->active[k];

		i->polls[k + 1] = (struct pollfd){ .fd = -1 };
		if (!item)
			continue;
		if (item->state == DW_ITEM_CONNECTING)
			i->polls[k + 1] = (struct pollfd){ .fd = item->fd, .events = POLLOUT };
		else if (item->state == DW_ITEM_CONNECTED)
			i->polls[0].events |= POLLOUT;
		end = DW_MIN(end, item->deadline);
	}
	return end;
}

/* The first whose time with the child is over; -1: none. */
static int find_hanging(const struct dw_identify *i, uint64_t now)
{
	for (size_t k = 0; k < i->parallel; k++)
		if (i->active[k] && i->active[k]->state == DW_ITEM_TALKING &&
		    now >= i->active[k]->deadline)
			return (int)k;
	return -1;
}

static int turn(struct dw_identify *i, uint64_t end, struct dw_error *e)
{
	uint64_t now = dw_talk_now(), until = fill_polls(i, end);
	int r = dw_talk_poll(i->polls, i->parallel + 1, until > now ? (unsigned)(until - now) : 0);

	if (r < 0)
		return dw_error_errno(e, r, "waiting for the process that reads answers");
	now = dw_talk_now();
	for (size_t k = 0; k < i->parallel; k++)
		if (i->active[k])
			dw_identify_progress(i, k, i->polls[k + 1].revents, now);
	r = i->polls[0].revents & (POLLIN | POLLHUP | POLLERR) ? take_records(i, e) : 0;
	if (r < 0)
		return r;
	r = find_hanging(i, now);
	return r < 0 ? 0 : replace_child(i, r, e);
}

static size_t left(const struct dw_identify *i)
{
	return i->n_active + i->n_waiting;
}

int dw_identify_work(struct dw_identify *i, unsigned wait_ms, dw_identify_tell *tell, void *data,
		     struct dw_error *e)
{
	uint64_t end = dw_talk_now() + wait_ms;
	int r = 0;

	i->tell = tell;
	i->data = data;
	do {
		dw_identify_begin(i);
		if (i->n_active > 0)
			r = turn(i, end, e);
	} while (r == 0 && left(i) > 0 && dw_talk_now() < end);
	return r < 0 ? r : (int)left(i);
}

void dw_identify_notes(const struct dw_identify *i, struct dw_arena *a, struct dw_strings *ret)
{
	if (*i->no_tls)
		dw_vec_push(a, ret, dw_arena_strdup(a, i->no_tls));
	if (i->nmap && i->nmap->bad > 0)
		dw_vec_push(a, ret,
			    dw_arena_printf(a, "%s (%zu line%s of the file left out)",
					    i->nmap->first_bad, i->nmap->bad,
					    i->nmap->bad == 1 ? " was" : "s were"));
	if (i->deaths > 0)
		dw_vec_push(
			a, ret,
			dw_arena_printf(a,
					"the reader of answers died %u %s and was started anew; a "
					"port whose answer may have killed it says so",
					i->deaths, i->deaths == 1 ? "time" : "times"));
}
