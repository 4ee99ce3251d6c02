/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child. It has the channel, the connections it is given, and nothing else; all that it allocates is its own. When
 * the parent is gone the channel says so, and it ends.
 */
#include <errno.h>
#include <stdlib.h>

#include "dw_talk.h"
#include "identify_private.h"

#define IDLE_MS 60000U

struct child {
	int channel;
	struct dw_matcher *matcher;
	struct dw_child_setting *setting;
	struct dw_chat **chats;
	struct pollfd *polls; /* the channel, then the chats */
	size_t n, room;
};

static struct dw_chat *find(struct child *c, uint32_t job)
{
	for (size_t i = 0; c->chats && i < c->n; i++)
		if (c->chats[i] && c->chats[i]->order.job == job)
			return c->chats[i];
	return NULL;
}

static bool tell(const struct child *c, const struct dw_chat *chat, enum dw_chat_phase phase)
{
	static uint8_t record[DW_RECORD_MAX];
	bool done = phase == DW_CHAT_DONE;
	size_t n = dw_record_write(chat->order.job, done ? DW_SAYS_DONE : DW_SAYS_AGAIN,
				   done && chat->answered ? &chat->found : NULL, record,
				   sizeof(record));

	return dw_talk_tell(c->channel, record, n, -1, true) == 0;
}

/* Tells what came of each, and forgets those that are done. False: the parent is gone. */
static bool settle(struct child *c)
{
	for (size_t i = 0; i < c->n;) {
		struct dw_chat *chat = c->chats[i];

		if ((chat->phase == DW_CHAT_DONE || chat->phase == DW_CHAT_WANTS) &&
		    !tell(c, chat, chat->phase))
			return false;
		if (chat->phase == DW_CHAT_WANTS)
			chat->phase = DW_CHAT_WAITING;
		if (chat->phase == DW_CHAT_DONE) {
			dw_chat_free(chat);
			c->chats[i] = c->chats[--c->n];
		} else {
			i++;
		}
	}
	return true;
}

static void mark(const struct child *c, uint32_t job)
{
	dw_shared_set(c->setting->at, job);
}

/* False: the parent is gone. */
static bool take_orders(struct child *c)
{
	for (;;) {
		struct dw_order o = { 0 };
		int fd = -1;
		ssize_t n = dw_talk_hear(c->channel, &o, sizeof(o), &fd);
		struct dw_chat *chat;

		if (n == -EAGAIN)
			return true;
		if (n != (ssize_t)sizeof(o))
			return false;
		chat = o.kind == DW_ORDER_NEW ? NULL : find(c, o.job);
		if (o.kind == DW_ORDER_NEW && c->n < c->room)
			chat = c->chats[c->n++] = dw_chat_new(&o, c->matcher, c->setting->nmap);
		mark(c, o.job);
		if (chat)
			dw_chat_take(chat, fd, dw_talk_now());
		else
			dw_talk_close(fd);
		mark(c, 0);
	}
}

static void work(struct child *c)
{
	for (size_t i = 0; i < c->n; i++) {
		uint64_t now = dw_talk_now();
		short events = c->polls[i + 1].revents;
		struct pollfd again;

		if (!events && dw_chat_poll(c->chats[i], &again) > now)
			continue;
		mark(c, c->chats[i]->order.job);
		dw_chat_work(c->chats[i], events, now);
		mark(c, 0);
	}
}

static bool wait_for_events(struct child *c)
{
	uint64_t now = dw_talk_now(), when = now + IDLE_MS;

	c->polls[0] = (struct pollfd){ .fd = c->channel, .events = POLLIN };
	for (size_t i = 0; i < c->n; i++) {
		uint64_t his = dw_chat_poll(c->chats[i], &c->polls[i + 1]);

		when = DW_MIN(when, his);
	}
	return dw_talk_poll(c->polls, c->n + 1, when > now ? (unsigned)(when - now) : 0) >= 0;
}

int dw_identify_child(void *data, const int *fds)
{
	struct child c = { .channel = fds[0], .setting = data };

	c.room = c.setting->most;
	c.chats = calloc(c.room, sizeof(struct dw_chat *));
	c.polls = calloc(c.room + 1, sizeof(*c.polls));
	if (!c.chats || !c.polls || dw_matcher_new(&c.matcher, NULL) < 0)
		return 1;
	dw_matcher_set_nmap(c.matcher, c.setting->nmap);
	while (wait_for_events(&c)) {
		work(&c);
		if (!settle(&c))
			return 0;
		if (c.polls[0].revents && !take_orders(&c))
			return 0;
		if (!settle(&c))
			return 0;
	}
	return 1;
}
