/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that wait for an answer, in one epoll(7) set, the oldest first in a list. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "connects_private.h"
#include "sys_private.h"

#define NONE UINT32_MAX
/* Beside ours: the files of the program and of the libraries. */
#define FILES_OTHER   128u
#define QUESTIONS_MAX 16384u
/* Who did not answer for so long is not waited for; when there is no room, not even so long. Microseconds. */
#define PATIENCE       4000000u
#define PATIENCE_TIGHT 1000000u

struct dw_connects {
	struct dw_sys *sys;
	int epoll;
	struct rlimit before;
	bool raised;
	struct dw_connect_slot *slots;
	uint32_t max, unused;
	uint32_t first, last;           /* the oldest, the youngest */
	struct dw_connect_event *ready; /* answered at once */
	size_t n_ready, cap_ready;
};

uint64_t dw_connects_now(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* --- slots -------------------------------------------------------------------------------------- */

static uint32_t take_slot(struct dw_connects *c)
{
	uint32_t i = c->unused;
	struct dw_connect_slot *s;

	if (i == NONE)
		return NONE;
	s = &c->slots[i];
	c->unused = s->after;
	s->before = c->last;
	s->after = NONE;
	if (c->last != NONE)
		c->slots[c->last].after = i;
	else
		c->first = i;
	c->last = i;
	return i;
}

/* Closing takes it out of the epoll set, for nobody else has the descriptor: epoll(7). */
static void drop_slot(struct dw_connects *c, uint32_t i)
{
	struct dw_connect_slot *s = &c->slots[i];

	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	if (s->before != NONE)
		c->slots[s->before].after = s->after;
	else
		c->first = s->after;
	if (s->after != NONE)
		c->slots[s->after].before = s->before;
	else
		c->last = s->before;
	s->after = c->unused;
	c->unused = i;
}

static void drop_older(struct dw_connects *c, uint64_t age)
{
	uint64_t now = dw_connects_now();

	while (c->first != NONE && now - c->slots[c->first].asked > age)
		drop_slot(c, c->first);
}

void dw_connects_forget(struct dw_connects *c)
{
	while (c->first != NONE)
		drop_slot(c, c->first);
	c->n_ready = 0;
}

/* --- open, free --------------------------------------------------------------------------------- */

static uint32_t room_for(struct dw_connects *c)
{
	struct rlimit limit;
	rlim_t want = QUESTIONS_MAX + FILES_OTHER;

	if (getrlimit(RLIMIT_NOFILE, &c->before) != 0)
		return 256;
	limit = c->before;
	if (limit.rlim_cur < want) {
		limit.rlim_cur =
			limit.rlim_max == RLIM_INFINITY ? want : DW_MIN(limit.rlim_max, want);
		c->raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
		if (!c->raised)
			limit = c->before;
	}
	if (limit.rlim_cur < 2 * (rlim_t)FILES_OTHER)
		return (uint32_t)DW_MAX(limit.rlim_cur / 4, (rlim_t)1);
	return (uint32_t)DW_MIN(limit.rlim_cur - FILES_OTHER, (rlim_t)QUESTIONS_MAX);
}

int dw_connects_open(struct dw_sys *s, struct dw_connects **ret, struct dw_error *e)
{
	struct dw_connects *c;
	int r = dw_sys_fault(s), fd = -1;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "a host that does not run connects to nobody");
	if (r == 0) {
		fd = epoll_create1(EPOLL_CLOEXEC);
		r = fd < 0 ? -errno : 0;
	}
	if (r < 0)
		return dw_error_errno(e, r, "waiting for answers");
	c = calloc(1, sizeof(*c));
	if (!c)
		dw_oom();
	c->sys = s;
	c->epoll = fd;
	c->max = room_for(c);
	c->slots = calloc(c->max, sizeof(*c->slots));
	if (!c->slots)
		dw_oom();
	for (uint32_t i = 0; i < c->max; i++)
		c->slots[i] = (struct dw_connect_slot){ .fd = -1,
							.after = i + 1 < c->max ? i + 1 : NONE };
	c->first = c->last = NONE;
	*ret = c;
	return 0;
}

void dw_connects_free(struct dw_connects *c)
{
	if (!c)
		return;
	dw_connects_forget(c);
	if (c->raised)
		(void)setrlimit(RLIMIT_NOFILE, &c->before);
	(void)close(c->epoll);
	free(c->slots);
	free(c->ready);
	free(c);
}

size_t dw_connects_max(const struct dw_connects *c)
{
	return c->max;
}

/* --- asking ------------------------------------------------------------------------------------- */

static socklen_t to_sockaddr(const struct dw_connect_question *q, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(q->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(q->port),
				   .sin6_scope_id = q->to.scope };

	memset(ret, 0, sizeof(*ret));
	if (q->to.family == AF_INET) {
		memcpy(&v4.sin_addr, q->to.bytes, sizeof(v4.sin_addr));
		memcpy(ret, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, q->to.bytes, sizeof(v6.sin6_addr));
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

static int make_socket(const struct dw_connect_question *q)
{
	bool six = q->to.family == AF_INET6;
	bool stream = q->protocol == DW_CONNECT_TCP || q->protocol == DW_CONNECT_SCTP;
	const int protocols[] = {
		[DW_CONNECT_TCP] = IPPROTO_TCP,
		[DW_CONNECT_UDP] = IPPROTO_UDP,
		[DW_CONNECT_SCTP] = IPPROTO_SCTP,
		[DW_CONNECT_ECHO] = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
	};
	int fd = socket(q->to.family,
			(stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
			protocols[q->protocol]);

	return fd < 0 ? -errno : fd;
}

/* Type 8 and 128, RFC 792 and 4443; the kernel fills in identifier and checksum: icmp(7). */
static ssize_t say(int fd, const struct dw_connect_question *q)
{
	const uint8_t echo[8] = { q->to.family == AF_INET ? ICMP_ECHO : 128 };

	if (q->protocol == DW_CONNECT_ECHO)
		return send(fd, echo, sizeof(echo), MSG_NOSIGNAL);
	return send(fd, q->payload ? q->payload : echo, q->n, MSG_NOSIGNAL);
}

/* 0, or what went wrong. */
static int speak(int fd, const struct dw_connect_question *q)
{
	struct sockaddr_storage to;
	socklen_t n = to_sockaddr(q, &to);

	if (connect(fd, (const struct sockaddr *)&to, n) < 0 && errno != EINPROGRESS)
		return errno;
	if (q->protocol == DW_CONNECT_UDP || q->protocol == DW_CONNECT_ECHO)
		return say(fd, q) < 0 ? errno : 0;
	return 0;
}

static void make_ready(struct dw_connects *c, const struct dw_connect_event *event)
{
	if (c->n_ready == c->cap_ready) {
		size_t cap = c->cap_ready ? c->cap_ready * 2 : 64;
		void *more = realloc(c->ready, cap * sizeof(*c->ready));

		if (!more)
			dw_oom();
		c->ready = more;
		c->cap_ready = cap;
	}
	c->ready[c->n_ready++] = *event;
}

static bool is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM ||
	       code == EADDRNOTAVAIL || code == EAGAIN || code == ENOSPC;
}

static int ask_from(struct dw_connects *c, uint32_t i, const struct dw_connect_question *q)
{
	struct dw_connect_slot *s = &c->slots[i];
	struct epoll_event want = { .events = EPOLLIN | EPOLLERR | EPOLLRDHUP, .data.u32 = i };
	struct dw_connect_event event = { 0 };
	int code;

	if (q->protocol == DW_CONNECT_TCP || q->protocol == DW_CONNECT_SCTP)
		want.events |= EPOLLOUT;
	dw_connect_prepare(s->fd, q);
	code = speak(s->fd, q);
	if (code != 0) {
		if (is_shortage(code))
			return -EAGAIN;
		if (!dw_connect_error(s, code, &event))
			return -code;
		make_ready(c, &event);
		return 1;
	}
	/* adding what is ready already tells it at the next wait: level-triggered */
	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, s->fd, &want) < 0 ? -EAGAIN : 0;
}

int dw_connects_ask(struct dw_connects *c, const struct dw_connect_question *q, struct dw_error *e)
{
	uint32_t i;
	int r = dw_sys_fault(c->sys), fd;

	if (r < 0)
		return dw_error_errno(e, r, "asking a port");
	if (c->unused == NONE)
		drop_older(c, PATIENCE_TIGHT);
	i = take_slot(c);
	if (i == NONE)
		return -EAGAIN;
	fd = make_socket(q);
	c->slots[i].fd = fd;
	c->slots[i].six = q->to.family == AF_INET6;
	c->slots[i].protocol = q->protocol;
	c->slots[i].tag = q->tag;
	c->slots[i].asked = dw_connects_now();
	r = fd < 0 ? fd : ask_from(c, i, q);
	if (r != 0)
		drop_slot(c, i);
	if (fd < 0 && is_shortage(-fd))
		return -EAGAIN;
	if (fd == -EPROTONOSUPPORT || fd == -ESOCKTNOSUPPORT || fd == -EAFNOSUPPORT)
		return dw_error_set(e, -ENOTSUP, "this kernel has no sockets of that kind");
	if (fd < 0)
		return dw_error_errno(e, fd == -EACCES || fd == -EPERM ? -ENOTSUP : fd, "a socket");
	return r == 1 ? 0 : r;
}

/* --- answers ------------------------------------------------------------------------------------ */

static size_t take_ready(struct dw_connects *c, struct dw_connect_event *events, size_t max)
{
	size_t n = DW_MIN(max, c->n_ready);

	if (n == 0)
		return 0;
	memcpy(events, c->ready + c->n_ready - n, n * sizeof(*events));
	c->n_ready -= n;
	return n;
}

int dw_connects_wait(struct dw_connects *c, unsigned wait_us, struct dw_connect_event *events,
		     size_t max, struct dw_error *e)
{
	struct epoll_event got[256];
	struct timespec wait = { .tv_sec = wait_us / 1000000,
				 .tv_nsec = (long)(wait_us % 1000000) * 1000 };
	size_t n = take_ready(c, events, max), most = DW_MIN(max - n, DW_ARRAY_SIZE(got));
	int r = dw_sys_fault(c->sys), there;

	drop_older(c, PATIENCE);
	if (r < 0)
		return dw_error_errno(e, r, "waiting for answers");
	if (most == 0)
		return (int)n;
	if (n > 0)
		wait = (struct timespec){ 0 };
	there = epoll_pwait2(c->epoll, got, (int)most, &wait, NULL);
	if (there < 0 && errno == ENOSYS) /* before Linux 5.11 */
		there = epoll_wait(c->epoll, got, (int)most, (int)((wait_us + 999) / 1000));
	if (there < 0)
		return errno == EINTR ? (int)n : dw_error_errno(e, -errno, "waiting for answers");
	for (int i = 0; i < there; i++) {
		uint32_t slot = got[i].data.u32;

		if (!dw_connect_look(&c->slots[slot], &events[n])) {
			/* an error that says nothing; it would be told for ever */
			if (got[i].events & (EPOLLERR | EPOLLHUP))
				drop_slot(c, slot);
			continue;
		}
		n += events[n].result != DW_CONNECT_NOTHING;
		drop_slot(c, slot);
	}
	return (int)n;
}
