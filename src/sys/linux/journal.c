/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_journal.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

#include "dw_str.h"
#include "sys_private.h"

#define MESSAGES_MAX 1000
#define SYNC_SECONDS 5 /* journald writes all to the disk before it answers */

struct library {
	void *handle;
	__typeof__(sd_journal_open) *open;
	__typeof__(sd_journal_close) *close;
	__typeof__(sd_journal_add_match) *match;
	__typeof__(sd_journal_add_disjunction) *either;
	__typeof__(sd_journal_seek_realtime_usec) *seek;
	__typeof__(sd_journal_next) *next;
	__typeof__(sd_journal_get_data) *data;
};

static int load(struct library *l, struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "sd_journal_open", &l->open },
		{ "sd_journal_close", &l->close },
		{ "sd_journal_add_match", &l->match },
		{ "sd_journal_add_disjunction", &l->either },
		{ "sd_journal_seek_realtime_usec", &l->seek },
		{ "sd_journal_next", &l->next },
		{ "sd_journal_get_data", &l->data },
	};

	l->handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; l->handle && i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(l->handle, symbols[i].name);

		if (!address)
			return dw_error_set(e, -ENOENT, "libsystemd has no %s", symbols[i].name);
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return l->handle ? 0
			 : dw_error_set(e, -ENOENT,
					"libsystemd.so.0 cannot be opened: reading the journal "
					"needs it (Debian: libsystemd0)");
}

static int choose(struct library *l, sd_journal *j, const char *unit, struct dw_arena *a)
{
	/* what it says itself, and what systemd (UNIT=) says of it */
	const char *own = dw_arena_printf(a, "_SYSTEMD_UNIT=%s", unit),
		   *about = dw_arena_printf(a, "UNIT=%s", unit);
	int r = l->match(j, own, 0);

	if (r >= 0)
		r = l->either(j);
	if (r >= 0)
		r = l->match(j, about, 0);
	return r;
}

static int read_all(struct library *l, sd_journal *j, struct dw_arena *a, struct dw_strings *ret)
{
	static const char field[] = "MESSAGE=";
	int r;

	while ((r = l->next(j)) > 0 && ret->n < MESSAGES_MAX) {
		const void *data = NULL;
		size_t n = 0;

		if (l->data(j, "MESSAGE", &data, &n) >= 0 && n > strlen(field))
			dw_vec_push(a, ret,
				    dw_arena_strndup(a, (const char *)data + strlen(field),
						     n - strlen(field)));
	}
	return r < 0 ? r : 0;
}

int dw_journal_read(struct dw_sys *s, const char *unit, uint64_t since, struct dw_arena *a,
		    struct dw_strings *ret, struct dw_error *e)
{
	struct library l = { 0 };
	sd_journal *j = NULL;
	int r = dw_sys_fault(s);

	*ret = (struct dw_strings){ 0 };
	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "the journal of %s", unit);
	r = load(&l, e);
	/* all of them are there then, which an analyser cannot see */
	if (r == 0 && l.open && l.close && l.match && l.either && l.seek && l.next && l.data) {
		r = l.open(&j, SD_JOURNAL_LOCAL_ONLY);
		if (r >= 0)
			r = choose(&l, j, unit, a);
		if (r >= 0)
			r = l.seek(j, since);
		if (r >= 0)
			r = read_all(&l, j, a, ret);
		if (r < 0)
			(void)dw_error_errno(e, r, "the journal of %s", unit);
		if (j)
			l.close(j);
	}
	if (l.handle)
		(void)dlclose(l.handle);
	return r < 0 ? r : 0;
}

/*
 * journald answers this when it has read all that waited for it (journalctl --sync asks the same). Varlink: a message
 * ends with a zero byte. Where that cannot be had, what was just sent may not be found yet.
 */
static void wait_for_journald(void)
{
	static const char ask[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
	const struct sockaddr_un at = { .sun_family = AF_UNIX,
					.sun_path = "/run/systemd/journal/io.systemd.journal" };
	const struct timeval limit = { .tv_sec = SYNC_SECONDS };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[256] = "?";
	ssize_t got = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    send(fd, ask, sizeof(ask), MSG_NOSIGNAL) != (ssize_t)sizeof(ask))
		return;
	while (got > 0 && !memchr(answer, '\0', (size_t)got))
		got = recv(fd, answer, sizeof(answer), 0);
}

static int find(struct library *l, sd_journal *j, const char *const *fields, size_t n, bool *ret)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = l->match(j, fields[i], strlen(fields[i]));
	if (r >= 0)
		r = l->next(j);
	*ret = r > 0;
	return r;
}

int dw_journal_has(struct dw_sys *s, const char *const *fields, size_t n, bool *ret,
		   struct dw_error *e)
{
	struct library l = { 0 };
	sd_journal *j = NULL;
	int r = dw_sys_fault(s);

	*ret = false;
	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "the journal");
	r = load(&l, e);
	/* all of them are there then, which an analyser cannot see */
	if (r == 0 && l.open && l.close && l.match && l.next) {
		wait_for_journald();
		r = l.open(&j, SD_JOURNAL_LOCAL_ONLY);
		if (r >= 0)
			r = find(&l, j, fields, n, ret);
		if (r < 0)
			(void)dw_error_errno(e, r, "the journal");
		if (j)
			l.close(j);
	}
	if (l.handle)
		(void)dlclose(l.handle);
	return r < 0 ? r : 0;
}
