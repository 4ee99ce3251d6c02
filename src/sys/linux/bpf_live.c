/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run: the socket tables, the task walk, and whatever either left over because a buffer was full. */
#include "bpf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_bpf_records.h"
#include "dw_str.h"

#define SLICE      1024U /* buckets in one piece of work */
#define ROUNDS_MAX 4096  /* of leftover work; each brings at least one record */
#define WORK_MAX   65536U

/* Tasks, and pieces of work, from which on a second thread is worth its start. */
#define SHARED_FROM      200
#define WORK_SHARED_FROM 16

/*
 * Tasks from which on the program tells the paths of programs, too. The kernel takes it a millisecond later, for it
 * searches all of its types three times for what is known of `task->mm`; a path from /proc takes 3 us.
 */
#define PATHS_FROM 1000

struct work_list {
	struct dw_arena *arena;
	DW_VEC(struct dw_bpf_work) items;
};

/* A program that is loaded beside other work. */
struct dw_bpf_starting {
	int fd;
	bool paths;
	struct dw_error error;
};

/* One that is named, for a test, is the whole of it. */
static bool wants_paths(struct dw_sys *s)
{
	return s->bpf_reads != DW_BPF_READS_ANY || dw_sys_tasks(s) >= PATHS_FROM;
}

bool dw_bpf_live_begin(struct dw_sys *s)
{
	if (s->bpf_fd >= 0 || s->bpf_starting || dw_bpf_live_is_pinned())
		return false;
	s->bpf_starting = dw_new(s->arena, struct dw_bpf_starting);
	s->bpf_starting->fd = -1;
	s->bpf_starting->paths = wants_paths(s);
	return true;
}

/* Of the handle it touches what dw_bpf_live_begin() made for it, and nothing else. */
void dw_bpf_live_load(struct dw_sys *s)
{
	struct dw_bpf_starting *b = s->bpf_starting;

	if (b && b->fd < 0)
		b->fd = dw_bpf_load(s->bpf_reads, b->paths, &b->error);
}

void dw_bpf_live_take(struct dw_sys *s, struct dw_error *e)
{
	struct dw_bpf_starting *b = s->bpf_starting;

	if (!b)
		return;
	s->bpf_starting = NULL;
	s->bpf_pinned = false;
	if (b->fd >= 0)
		s->bpf_fd = b->fd;
	else if (e)
		*e = b->error;
}

/* Loading costs more than a walk over an ordinary host: the handle keeps what was loaded for the next look. */
static int make_ready(struct dw_sys *s, struct dw_error *e)
{
	int fd;

	if (s->bpf_starting) {
		struct dw_error why = { 0 };

		dw_bpf_live_load(s); /* where nobody has yet */
		dw_bpf_live_take(s, &why);
		if (s->bpf_fd < 0)
			return dw_error_set(e, why.code, "%s", why.message);
	}
	if (s->bpf_fd >= 0)
		return s->bpf_fd;
	fd = s->bpf_reads == DW_BPF_READS_ANY ? dw_bpf_pinned(NULL) : -ENOENT;
	s->bpf_pinned = fd >= 0;
	if (fd < 0)
		fd = dw_bpf_load(s->bpf_reads, wants_paths(s), e);
	if (fd >= 0)
		s->bpf_fd = fd;
	return fd;
}

static void add_work(struct work_list *w, uint32_t kind, uint64_t table, uint32_t from, uint32_t n)
{
	if (w->items.n < WORK_MAX)
		*dw_vec_add(w->arena, &w->items) =
			(struct dw_bpf_work){ .kind = kind, .table = table, .from = from, .n = n };
}

#define TABLES_MAX 1024U /* tables known at once: one for each namespace that has its own */

struct tables {
	uint64_t seen[TABLES_MAX];
	size_t n;
};

/* Slices of a table that was not cut up before. */
static void add_table(struct work_list *w, struct tables *t, uint32_t kind, uint64_t table,
		      uint32_t buckets)
{
	if (!table || !buckets || t->n == TABLES_MAX)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (t->seen[i] == table)
			return;
	t->seen[t->n++] = table;
	for (uint32_t from = 0; from < buckets; from += SLICE)
		add_work(w, kind, table, from, DW_MIN(SLICE, buckets - from));
}

static void follow_netns(struct work_list *w, struct tables *t, const char *record)
{
	struct dw_bpf_netns n;

	memcpy(&n, record, sizeof(n));
	add_table(w, t, DW_BPF_W_LISTEN, n.tcp, n.tcp_buckets);
	add_table(w, t, DW_BPF_W_UDP, n.udp, n.udp_buckets);
	if (n.packets)
		add_work(w, DW_BPF_W_PACKET, n.net, 0, 1);
}

/* What only a few sockets have is asked for one by one. */
static void follow_socket(struct work_list *w, const char *record)
{
	struct dw_bpf_socket k;
	bool filter, kernel;

	memcpy(&k, record, sizeof(k));
	filter = (k.flags & DW_BPF_F_FILTER) && (k.family == AF_PACKET || k.type == SOCK_RAW);
	kernel = (k.flags & (DW_BPF_F_NO_FILE | DW_BPF_F_ENCAP)) != 0;
	if (!(k.flags & DW_BPF_F_TABLE) || (!filter && !kernel) || w->items.n >= WORK_MAX)
		return;
	*dw_vec_add(w->arena, &w->items) =
		(struct dw_bpf_work){ .kind = DW_BPF_W_SOCKET, .table = k.sk, .files = k.inode };
}

/* Work that the records from `at` on lead to: tables to be walked, and what is left over. */
static void follow(struct work_list *w, struct tables *t, const struct dw_bytes *b, size_t at)
{
	struct dw_bpf_head head;

	for (; b->data && dw_bpf_head_at(b, at, &head); at += head.size) {
		if (head.type == DW_BPF_NETNS && head.size >= sizeof(struct dw_bpf_netns)) {
			follow_netns(w, t, b->data + at);
		} else if (head.type == DW_BPF_SOCKET &&
			   head.size >= sizeof(struct dw_bpf_socket)) {
			follow_socket(w, b->data + at);
		} else if (head.type == DW_BPF_TABLE && head.size >= sizeof(struct dw_bpf_table)) {
			struct dw_bpf_table table;

			memcpy(&table, b->data + at, sizeof(table));
			add_table(w, t, table.kind, table.table, table.buckets);
		} else if (head.type == DW_BPF_MORE && head.size >= sizeof(struct dw_bpf_more)) {
			struct dw_bpf_more more;

			memcpy(&more, b->data + at, sizeof(more));
			if (w->items.n < WORK_MAX)
				dw_vec_push(w->arena, &w->items, more.work);
		}
	}
}

/*
 * Sockets that lead to tables which no namespace names. Asking for one of a protocol that the kernel does not
 * have would make it load a module, so only those that it has are made.
 */
struct anchors {
	int fds[8];
	size_t n;
};

static const struct {
	const char *protocol; /* in /proc/net/protocols */
	int family, type, number;
} anchor_kinds[] = {
	{ "UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ "UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE },
	{ "RAW", AF_INET, SOCK_RAW, IPPROTO_RAW },
	{ "RAWv6", AF_INET6, SOCK_RAW, IPPROTO_RAW },
	{ "DCCP", AF_INET, SOCK_DCCP, IPPROTO_DCCP },
};

static bool has_protocol(const struct dw_bytes *list, const char *name)
{
	struct dw_lines lines = dw_lines_of(list);
	size_t n = strlen(name), length;
	const char *line;

	while (dw_lines_next(&lines, &line, &length))
		if (length > n && memcmp(line, name, n) == 0 && line[n] == ' ')
			return true;
	return false;
}

static void open_anchors(struct dw_sys *s, struct work_list *w, struct anchors *ret)
{
	struct dw_bytes list = { 0 };

	if (dw_sys_file_read(s, "/proc/self/net/protocols", 65536, w->arena, &list, NULL) < 0)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(anchor_kinds); i++) {
		int fd;

		if (!has_protocol(&list, anchor_kinds[i].protocol))
			continue;
		fd = socket(anchor_kinds[i].family, anchor_kinds[i].type | SOCK_CLOEXEC,
			    anchor_kinds[i].number);
		if (fd < 0)
			continue;
		ret->fds[ret->n++] = fd;
		add_work(w, DW_BPF_W_ANCHOR, 0, (uint32_t)fd, 1);
	}
}

static void close_anchors(struct anchors *a)
{
	for (size_t i = 0; i < a->n; i++)
		(void)close(a->fds[i]);
	a->n = 0;
}

/* Every second piece of work, for a thread of its own. */
struct share {
	int program, r;
	struct work_list list;
	struct dw_bpf_stream to;
	struct dw_error error;
};

static void *work_share(void *arg)
{
	struct share *h = arg;

	h->r = dw_bpf_iterate_work(NULL, h->program, h->list.items.v, h->list.items.n, &h->to,
				   &h->error);
	return NULL;
}

/* Most of the work are slices of tables, all of a size. The two take turns, since tables are filled unevenly. */
static void split(struct work_list *w, struct work_list *other)
{
	size_t n = 0;

	for (size_t i = 0; i < w->items.n; i++)
		if (i % 2)
			dw_vec_push(other->arena, &other->items, w->items.v[i]);
		else
			w->items.v[n++] = w->items.v[i];
	w->items.n = n;
}

static int do_shared(struct dw_sys *s, int program, struct work_list *w, struct dw_bpf_stream *to,
		     struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *its = dw_arena_new();
	struct share other = { .program = program, .list.arena = its, .to.arena = its };
	pthread_t thread;
	bool shared;
	int r;

	split(w, &other.list);
	shared = pthread_create(&thread, NULL, work_share, &other) == 0;
	r = dw_bpf_iterate_work(s, program, w->items.v, w->items.n, to, e);
	if (shared)
		(void)pthread_join(thread, NULL);
	else
		(void)work_share(&other);
	if (r == 0 && other.r < 0)
		return dw_error_set(e, other.r, "%s", other.error.message);
	if (r == 0)
		dw_bpf_add_bytes(to, other.to.bytes.data, other.to.bytes.n);
	return r;
}

static int do_round(struct dw_sys *s, int program, struct work_list *w, struct dw_bpf_stream *to,
		    struct dw_error *e)
{
	if (w->items.n >= WORK_SHARED_FROM && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		return do_shared(s, program, w, to, e);
	return dw_bpf_iterate_work(s, program, w->items.v, w->items.n, to, e);
}

/*
 * Does work, and the work that comes of it, until none is left. The anchors (NULL: none) are needed in the
 * first round, and are closed before the tables are walked: they would be doors of ours.
 */
static int work_off(struct dw_sys *s, int program, struct work_list *w, struct anchors *anchors,
		    struct dw_bpf_stream *to, struct dw_error *e)
{
	struct tables *t = dw_new(w->arena, struct tables);

	for (unsigned round = 0; w->items.n > 0; round++) {
		size_t at = to->bytes.n;
		int r;

		if (round == ROUNDS_MAX)
			return dw_error_set(
				e, -ELOOP, "the socket tables change faster than they can be read");
		r = do_round(s, program, w, to, e);
		if (anchors)
			close_anchors(anchors);
		if (r < 0)
			return r;
		w->items.n = 0;
		follow(w, t, &to->bytes, at);
	}
	return 0;
}

struct half {
	struct dw_sys *s;
	int program, proc, r;
	uint32_t which;
	struct dw_arena *arena;
	struct dw_bpf_stream to;
	struct dw_error error;
};

static void *walk_half(void *arg)
{
	struct half *h = arg;

	h->to.arena = h->arena;
	h->r = dw_bpf_iterate_tasks(h->s, h->program, h->which, &h->to, &h->error);
	if (h->r == 0)
		dw_bpf_add_commands(&h->to, h->proc);
	return NULL;
}

/* A second thread takes one half of the processes, where there is a second processor and enough to share. */
static int run_holders(struct dw_sys *s, int program, struct dw_arena *a, struct dw_bpf_walk *w,
		       struct dw_error *e)
{
	struct half mine = { .s = s, .program = program, .proc = s->proc_fd, .arena = a };
	struct half other = { .program = program, .proc = s->proc_fd, .which = 2 };
	pthread_t thread;
	bool shared;

	if (dw_sys_tasks(s) < SHARED_FROM || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		(void)walk_half(&mine);
	} else {
		_cleanup_arena_ struct dw_arena *its = dw_arena_new();

		mine.which = 1;
		other.arena = its;
		shared = pthread_create(&thread, NULL, walk_half, &other) == 0;
		(void)walk_half(&mine);
		if (shared)
			(void)pthread_join(thread, NULL);
		else
			(void)walk_half(&other);
		dw_arena_adopt(a, its);
	}
	if (mine.r < 0 || other.r < 0)
		return dw_error_set(e, mine.r < 0 ? mine.r : other.r, "%s",
				    mine.r < 0 ? mine.error.message : other.error.message);
	w->holders = mine.to.bytes;
	w->others = other.to.bytes;
	w->ran |= DW_BPF_HOLDERS;
	return 0;
}

static struct dw_bytes join_bytes(struct dw_arena *a, const struct dw_bytes *x,
				  const struct dw_bytes *y)
{
	struct dw_bytes all = { dw_arena_alloc(a, x->n + y->n + 1), x->n + y->n };

	if (x->n > 0)
		memcpy(all.data, x->data, x->n);
	if (y->n > 0)
		memcpy(all.data + x->n, y->data, y->n);
	return all;
}

/* Descriptors that did not fit, and the files of io_uring rings. */
static int run_rest(struct dw_sys *s, int program, struct dw_arena *a, struct dw_bpf_walk *w,
		    struct dw_error *e)
{
	struct work_list list = { .arena = a };
	struct tables *none = dw_new(a, struct tables);
	struct dw_bpf_stream to = { .arena = a };
	int r;

	follow(&list, none, &w->holders, 0);
	follow(&list, none, &w->others, 0);
	if (list.items.n == 0)
		return 0;
	w->lost = list.items.n;
	r = work_off(s, program, &list, NULL, &to, e);
	if (r < 0)
		return r;
	w->lost = 0;
	w->holders = join_bytes(a, &w->holders, &to.bytes);
	return 0;
}

static int run_tables(struct dw_sys *s, int program, struct dw_arena *a, struct dw_bpf_walk *w,
		      struct dw_error *e)
{
	struct work_list list = { .arena = a };
	struct dw_bpf_stream to = { .arena = a };
	struct anchors anchors = { .n = 0 };
	int r;

	add_work(&list, DW_BPF_W_NETNS, 0, 0, 0);
	open_anchors(s, &list, &anchors);
	r = work_off(s, program, &list, &anchors, &to, e);
	close_anchors(&anchors); /* when not one round was done */
	if (r < 0)
		return r;
	w->tables = to.bytes;
	w->ran |= DW_BPF_TABLES;
	return 0;
}

/* PROC_PID_INIT_INO of the kernel: the inode of the first pid namespace is fixed. */
static bool in_first_pidns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == 0xEFFFFFFCU;
}

/*
 * The tables first: a socket that they show was there all the while that the descriptors were read, so who holds it
 * must have shown up, unless it was closed since.
 */
int dw_bpf_live_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
		    struct dw_error *e)
{
	struct dw_bpf_walk w = { 0 };
	int program = make_ready(s, e), r = 0, r_tables = 0;

	if (program < 0)
		return program;
	if (want & DW_BPF_TABLES)
		r_tables = run_tables(s, program, a, &w, e);
	if (want & DW_BPF_HOLDERS)
		r = run_holders(s, program, a, &w, e);
	if (w.ran & DW_BPF_HOLDERS)
		(void)run_rest(s, program, a, &w, NULL);
	w.whole = in_first_pidns();
	w.rung = s->bpf_pinned ? DW_BPF_RUNG_PINNED : DW_BPF_RUNG_LOADED;
	if (w.ran == 0)
		return r < 0 ? r : r_tables;
	*ret = w;
	return 0;
}

int dw_bpf_live_look_again(struct dw_sys *s, const struct dw_bpf_seen *v, size_t n,
			   struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e)
{
	struct work_list list = { .arena = a };
	struct dw_bpf_stream to = { .arena = a };
	int program = make_ready(s, e), r;

	if (program < 0)
		return program;
	for (size_t i = 0; i < n && i < WORK_MAX; i++)
		*dw_vec_add(a, &list.items) = (struct dw_bpf_work){ .kind = DW_BPF_W_AGAIN,
								    .table = v[i].sk,
								    .files = v[i].inode };
	if (n > WORK_MAX)
		return dw_error_errno(e, -E2BIG, "sockets to be looked at again");
	r = work_off(s, program, &list, NULL, &to, e);
	*ret = to.bytes;
	return r;
}
