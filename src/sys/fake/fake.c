/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorded host: its clock, and netlink answers replayed from files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "sys_private.h"

int dw_fake_open(struct dw_sys *s, const char *relative, struct dw_error *e)
{
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", s->fixture, relative) >= sizeof(path))
		return dw_error_errno(e, -ENAMETOOLONG, "%s", relative);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? dw_error_errno(e, -errno, "%s", path) : fd;
}

/* clock: two numbers, seconds since the epoch now and at boot. */
static uint64_t clock_word(struct dw_sys *s, unsigned which)
{
	_cleanup_fd_ int fd = dw_fake_open(s, "clock", NULL);
	struct dw_bytes text;
	uint64_t v = 0;
	char *at, *word = NULL;

	if (fd < 0 || dw_fd_read_all(fd, 4096, s->arena, &text) < 0)
		return 0;
	at = dw_trim(text.data);
	for (unsigned i = 0; i <= which; i++)
		word = dw_word_next(&at);
	return word && dw_parse_u64(word, 10, UINT64_MAX, &v) ? v : 0;
}

static uint64_t fake_now(struct dw_sys *s)
{
	return clock_word(s, 0);
}

static uint64_t fake_boot_time(struct dw_sys *s)
{
	return clock_word(s, 1);
}

/* A request nobody recorded is one that this host's kernel does not know. */
static int fake_netlink(struct dw_sys *s, const struct dw_netns *ns, int protocol,
			struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
			void *arg, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	_cleanup_fd_ int fd = dw_fake_open(s, dw_netlink_key(scratch, ns, protocol, request), e);
	struct dw_bytes answer = { 0 };
	int r;

	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, DW_FILE_MAX, scratch, &answer);
	if (r < 0)
		return dw_error_errno(e, r, "recorded netlink answer");
	for (size_t at = 0; answer.n - at >= NLMSG_HDRLEN;) {
		struct nlmsghdr m;

		memcpy(&m, answer.data + at, sizeof(m));
		if (m.nlmsg_len < NLMSG_HDRLEN || m.nlmsg_len > answer.n - at)
			return dw_error_set(e, -EBADMSG, "recorded netlink answer is cut short");
		if (m.nlmsg_type == NLMSG_DONE)
			break;
		/* the arena aligned the buffer, and messages are padded to 4 bytes */
		r = cb((const struct nlmsghdr *)(void *)(answer.data + at), arg);
		if (r < 0)
			return r;
		at += DW_MIN((size_t)NLMSG_ALIGN(m.nlmsg_len), answer.n - at);
	}
	return 0;
}

static int fake_netns_run(struct dw_sys *s, const struct dw_netns *ns,
			  int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e)
{
	return fn(arg, e);
}

const struct dw_sys_ops dw_sys_fake_ops = {
	.now = fake_now,
	.boot_time = fake_boot_time,
	.netlink = fake_netlink,
	.netns_run = fake_netns_run,
};
