/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssh-wire.h"

#include <errno.h>

#include "dw_talk.h"

#define HELLO_MAX 8192 /* RFC 4253, 4.2: lines before it may come */

/* --- bytes ----------------------------------------------------------------------------------------------- */

void ssh_put(struct dw_str *b, const void *p, size_t n)
{
	const char length[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	dw_str_addn(b, length, 4);
	dw_str_addn(b, p, n);
}

bool ssh_get(const uint8_t **p, size_t *n, const uint8_t **ret, size_t *ret_n)
{
	const uint8_t *at = *p;
	size_t length;

	if (*n < 4)
		return false;
	length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
	if (length > *n - 4)
		return false;
	*ret = at + 4;
	*ret_n = length;
	*p += 4 + length;
	*n -= 4 + length;
	return true;
}

bool ssh_wait(const struct ssh_talk *t, short what)
{
	struct pollfd p = { .fd = t->fd, .events = what };
	uint64_t now = dw_talk_now();

	return now < t->end && dw_talk_poll(&p, 1, (unsigned)(t->end - now)) > 0;
}

bool ssh_say(const struct ssh_talk *t, const void *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = dw_talk_write(t->fd, (const char *)data + done, n - done);

		if (r < 0 && r != -EAGAIN)
			return false;
		if (r > 0)
			done += (size_t)r;
		else if (!ssh_wait(t, POLLOUT))
			return false;
	}
	return true;
}

static bool hear(struct ssh_talk *t)
{
	for (;;) {
		ssize_t r = t->n < sizeof(t->data)
				    ? dw_talk_read(t->fd, t->data + t->n, sizeof(t->data) - t->n)
				    : 0;

		if (r > 0)
			t->n += (size_t)r;
		if (r != -EAGAIN)
			return r > 0;
		if (!ssh_wait(t, POLLIN))
			return false;
	}
}

static void drop(struct ssh_talk *t, size_t n)
{
	memmove(t->data, t->data + n, t->n - n);
	t->n -= n;
}

bool ssh_hear_hello(struct ssh_talk *t, struct dw_arena *a)
{
	for (size_t seen = 0; seen < HELLO_MAX;) {
		const uint8_t *end = memchr(t->data, '\n', t->n);
		size_t n = end ? (size_t)(end - t->data) : 0;
		bool found = end && t->n >= 8 && memcmp(t->data, "SSH-2.0-", 8) == 0;

		if (!end && !hear(t))
			return false;
		if (!end)
			continue;
		if (found) {
			t->hello = (struct dw_str){ .arena = a };
			dw_str_addn(&t->hello, (const char *)t->data,
				    n - (n > 0 && t->data[n - 1] == '\r'));
		}
		seen += n + 1;
		drop(t, n + 1);
		if (found)
			return true;
	}
	return false;
}

/* --- packets ----------------------------------------------------------------------------------------------- */

bool ssh_say_packet(struct ssh_talk *t, struct dw_arena *a, const struct dw_str *payload)
{
	struct dw_str b = { .arena = a };

	ssh_seal_put(&t->out, payload->s, payload->n, &b);
	return ssh_say(t, b.s, b.n);
}

size_t ssh_hear_packet(struct ssh_talk *t, const uint8_t **ret)
{
	for (;;) {
		size_t done = 0, n = 0;
		int r;

		drop(t, t->used);
		t->used = 0;
		while ((r = ssh_seal_take(&t->in, t->data, t->n, &done, ret, &n)) == 0)
			if (!hear(t))
				return 0;
		if (r < 0)
			return 0;
		t->used = (size_t)r;
		if (**ret != SSH_MSG_IGNORE && **ret != SSH_MSG_DEBUG && **ret != SSH_MSG_EXT_INFO)
			return n;
	}
}
