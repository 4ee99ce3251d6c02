/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adjtimex(2): modes 0 changes nothing, and needs no capability. */
#include "dw_clock.h"

#include <errno.h>
#include <sys/timex.h>

#include "sys_private.h"

static int fake_read(struct dw_sys *s, uint64_t v[3], struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_fake_open(s, "adjtimex", e);
	struct dw_bytes text = { 0 };
	char *at;
	int r;

	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, 4096, s->arena, &text);
	if (r < 0)
		return dw_error_errno(e, r, "recorded clock");
	at = dw_trim(text.data);
	for (unsigned i = 0; i < 3; i++) {
		const char *word = dw_word_next(&at);

		if (!word || !dw_parse_u64(word, 10, INT64_MAX, &v[i]))
			return dw_error_set(e, -EBADMSG, "recorded clock is no three numbers");
	}
	return 0;
}

static int live_read(uint64_t v[3], struct dw_error *e)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	if (state < 0)
		return dw_error_errno(e, -errno, "the kernel's clock (adjtimex)");
	v[0] = (uint64_t)(unsigned)t.status | (state == TIME_ERROR ? STA_UNSYNC : 0);
	v[1] = t.maxerror > 0 ? (uint64_t)t.maxerror : 0;
	v[2] = t.esterror > 0 ? (uint64_t)t.esterror : 0;
	return 0;
}

int dw_clock_read(struct dw_sys *s, struct dw_clock *ret, struct dw_error *e)
{
	uint64_t v[3] = { 0 };
	int r = dw_sys_fault(s);

	if (r == 0 && s->kind == DW_SYS_OFFLINE)
		r = -ENOTSUP;
	if (r < 0)
		return dw_error_errno(e, r, "the clock of the kernel");
	r = s->kind == DW_SYS_FAKE ? fake_read(s, v, e) : live_read(v, e);
	if (r < 0)
		return r;
	*ret = (struct dw_clock){
		.synchronised = !(v[0] & STA_UNSYNC),
		.max_error_us = v[1],
		.likely_error_us = v[2],
	};
	return 0;
}
