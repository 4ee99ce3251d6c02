/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_hold.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "sys_private.h"

#define PORTS_MAX 64u
#define TRIES     200u

struct dw_hold {
	int fds[2 * PORTS_MAX];
	unsigned n;
};

int dw_sys_random(struct dw_sys *s, void *ret, size_t n, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	/* no less than 256 bytes are handed out whole, see getrandom(2) */
	if (r == 0 && getrandom(ret, n, 0) != (ssize_t)n)
		r = -errno;
	return r < 0 ? dw_error_errno(e, r, "random bytes") : 0;
}

uint64_t dw_sys_now_ms(struct dw_sys *s)
{
	struct timespec ts;

	if (s->kind != DW_SYS_LIVE || clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return dw_sys_now(s) * 1000;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

unsigned dw_sys_minute(struct dw_sys *s)
{
	time_t now = (time_t)dw_sys_now(s);
	struct tm tm;

	return localtime_r(&now, &tm) ? (unsigned)(tm.tm_hour * 60 + tm.tm_min) : 0;
}

static int bind_one(int type, uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), off = 0, code;

	if (fd >= 0) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
			return fd;
		code = errno;
		(void)close(fd);
		if (code != EADDRNOTAVAIL)
			return -code;
	}
	/* a host without IPv6 */
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0)
		return fd;
	code = errno;
	(void)close(fd);
	return -code;
}

static void let_go(struct dw_hold *h)
{
	for (unsigned i = 0; i < h->n; i++)
		(void)close(h->fds[i]);
	h->n = 0;
}

void dw_hold_free(struct dw_hold *h)
{
	if (!h)
		return;
	let_go(h);
	free(h);
}

static int take(struct dw_hold *h, uint16_t first, unsigned n)
{
	for (unsigned i = 0; i < 2 * n; i++) {
		int fd = bind_one(i % 2 ? SOCK_DGRAM : SOCK_STREAM, (uint16_t)(first + i / 2));

		if (fd < 0) {
			let_go(h);
			return fd;
		}
		h->fds[h->n++] = fd;
	}
	return 0;
}

/* Where the kernel does not choose from: behind its range, else before it, else anywhere above 1024. */
static void choose_from(struct dw_sys *s, unsigned n, uint32_t *ret_low, uint32_t *ret_high)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };
	uint64_t low = 32768, high = 60999;

	if (dw_sys_file_read(s, "/proc/sys/net/ipv4/ip_local_port_range", 64, a, &text, NULL) ==
	    0) {
		char *p = dw_trim(text.data);
		const char *first = dw_word_next(&p), *last = dw_word_next(&p);

		if (!first || !last || !dw_parse_u64(first, 10, 65535, &low) ||
		    !dw_parse_u64(last, 10, 65535, &high))
			low = 32768, high = 60999;
	}
	*ret_low = 1025;
	*ret_high = 65536 - n;
	if (high + 4 * (uint64_t)n < 65536)
		*ret_low = (uint32_t)high + 1;
	else if (low > 10000 + 4 * (uint64_t)n)
		*ret_low = 10000, *ret_high = (uint32_t)low - n;
}

int dw_hold_ports(struct dw_sys *s, unsigned n, struct dw_hold **ret, uint16_t *ret_first,
		  struct dw_error *e)
{
	uint32_t low, high, random = 0;
	struct dw_hold *h;
	int r = s->kind == DW_SYS_LIVE && n > 0 && n <= PORTS_MAX ? 0 : -EINVAL;

	if (r < 0)
		return dw_error_errno(e, r, "ports to scan from");
	h = calloc(1, sizeof(*h));
	if (!h)
		dw_oom();
	choose_from(s, n, &low, &high);
	for (unsigned i = 0; i < TRIES; i++) {
		r = dw_sys_random(s, &random, sizeof(random), e);
		if (r < 0)
			break;
		r = take(h, (uint16_t)(low + random % (high - low + 1)), n);
		if (r == 0) {
			*ret_first = (uint16_t)(low + random % (high - low + 1));
			*ret = h;
			return 0;
		}
		if (r != -EADDRINUSE && r != -EACCES)
			break;
	}
	dw_hold_free(h);
	return dw_error_errno(e, r, "%u ports in a row to scan from", n);
}
