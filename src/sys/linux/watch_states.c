/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program on the tracepoint sock:inet_sock_set_state: one for who watches and who counts in this process, since
 * each program on it costs at every change of every connection. Who is there puts its map into the program's, who
 * goes takes it out, and the last one unloads it. One that has its watcher already is not shared with a second.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_private.h"
#include "watch_private.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "watch_state.lskel.h"
#pragma GCC diagnostic pop

struct dw_watch_states {
	struct dw_watch_state *skeleton;
	pid_t pid; /* whose it is: a child has its descriptors, but shall not write into them */
	bool watches, counts;
	struct dw_watch_states *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct dw_watch_states *loaded;

static void unload(struct dw_watch_states *s)
{
	struct dw_watch_states **at = &loaded;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	dw_watch_state__destroy(s->skeleton);
	free(s);
}

static int load(struct dw_watch_states **ret)
{
	struct dw_watch_states *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		dw_oom();
	s->pid = getpid();
	s->skeleton = dw_watch_state__open();
	if (s->skeleton) {
		s->skeleton->rodata->dw_pidns = dw_watch_pidns();
		r = dw_watch_state__load(s->skeleton);
	}
	if (r >= 0)
		r = dw_watch_state__attach(s->skeleton);
	if (r < 0) {
		unload(s);
		return r;
	}
	s->next = loaded;
	loaded = s;
	*ret = s;
	return 0;
}

static struct dw_watch_states *without(enum dw_watch_states_use use)
{
	const pid_t pid = getpid();

	for (struct dw_watch_states *s = loaded; s; s = s->next)
		if (s->pid == pid && !(use == DW_WATCH_STATES_WATCH ? s->watches : s->counts))
			return s;
	return NULL;
}

/* What was lost before is another's. */
static int join(struct dw_watch_states *s, enum dw_watch_states_use use, int map, bool tcp_opens)
{
	struct dw_watch_state *k = s->skeleton;
	bool watch = use == DW_WATCH_STATES_WATCH;
	int r;

	if (watch) {
		k->bss->dw_lost = 0;
		k->data->tcp_opens = tcp_opens;
	} else {
		k->bss->dw_missed = 0;
	}
	r = dw_watch_map_put(watch ? k->maps.dw_ring.map_fd : k->maps.dw_doors.map_fd, map);
	if (r < 0)
		return r;
	*(watch ? &s->watches : &s->counts) = true;
	return 0;
}

int dw_watch_states_join(enum dw_watch_states_use use, int map, bool tcp_opens,
			 struct dw_watch_states **ret, const uint64_t **ret_lost)
{
	struct dw_watch_states *s;
	int r = 0;

	pthread_mutex_lock(&lock);
	s = without(use);
	if (!s)
		r = load(&s);
	if (r >= 0)
		r = join(s, use, map, tcp_opens);
	if (r >= 0) {
		*ret = s;
		*ret_lost = (const uint64_t *)(use == DW_WATCH_STATES_WATCH
						       ? &s->skeleton->bss->dw_lost
						       : &s->skeleton->bss->dw_missed);
	} else if (s && !s->watches && !s->counts) {
		unload(s);
	}
	pthread_mutex_unlock(&lock);
	return r < 0 ? r : 0;
}

void dw_watch_states_leave(struct dw_watch_states *s, enum dw_watch_states_use use)
{
	bool watch = use == DW_WATCH_STATES_WATCH;

	if (!s)
		return;
	pthread_mutex_lock(&lock);
	*(watch ? &s->watches : &s->counts) = false;
	if (!s->watches && !s->counts)
		unload(s);
	else
		(void)dw_watch_map_take(watch ? s->skeleton->maps.dw_ring.map_fd
					      : s->skeleton->maps.dw_doors.map_fd);
	pthread_mutex_unlock(&lock);
}
