/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contract that every switch keeps: there and back, said truly, whatever fails on the way. */
#ifndef RIG_H
#define RIG_H

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_switch.h"
#include "dw_sys.h"
#include "dw_test.h"

struct rig {
	struct dw_switch sw;
	struct dw_error e;
	const struct dw_switch_ops *ops;
	const char *object;
	/* What is true, looked up without the switch: a text as state() says it. NULL: it is not looked up. */
	const char *(*truth)(void *arg);
	void *arg;
	char dir[64]; /* temporary; "" none */
};

static inline void rig_open(struct rig *r, const char *manager, const char *root)
{
	r->ops = dw_switch_find(manager);
	DW_CHECK(r->ops != NULL);
	r->sw.arena = dw_arena_new();
	DW_CHECK_INT(dw_sys_open(root, &r->sw.sys, &r->e), 0);
	DW_CHECK_STR(r->e.message, "");
	if (!r->ops || !r->sw.sys)
		exit(1);
}

static inline int rig_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static inline const char *rig_directory(struct rig *r)
{
	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/dw-switch-XXXXXX");
	DW_CHECK(mkdtemp(r->dir) != NULL);
	return r->dir;
}

static inline void rig_close(struct rig *r)
{
	dw_switch_close(&r->sw);
	dw_sys_free(r->sw.sys);
	dw_arena_free(r->sw.arena);
	if (r->dir[0])
		(void)nftw(r->dir, rig_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A file below a directory, its parents made. */
static inline void rig_put(const char *dir, const char *path, mode_t mode, const char *text)
{
	char full[512];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", dir, path);
	for (char *p = strchr(full + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	DW_CHECK(f && fputs(text, f) >= 0);
	if (f)
		DW_CHECK_INT(fclose(f), 0);
	DW_CHECK_INT(chmod(full, mode), 0);
}

static inline struct dw_state rig_state(struct rig *r)
{
	struct dw_state now = { 0 };

	r->e = (struct dw_error){ 0 };
	DW_CHECK_INT(r->ops->state(&r->sw, r->object, &now, &r->e), 0);
	DW_CHECK_STR(r->e.message, "");
	if (r->truth)
		DW_CHECK_STR(now.text, r->truth(r->arg));
	return now;
}

/* Every failure has a message, and nothing else has. */
static inline int rig_set(struct rig *r, const struct dw_state *from, const struct dw_state *want)
{
	int code;

	r->e = (struct dw_error){ 0 };
	code = r->ops->set(&r->sw, r->object, from, want, &r->e);
	DW_CHECK(code <= 0);
	DW_CHECK(code == 0 || r->e.message[0] != '\0');
	return code;
}

static inline bool rig_go(struct rig *r, const struct dw_state *want)
{
	struct dw_state from = rig_state(r), now;

	DW_CHECK_INT(rig_set(r, &from, want), 0);
	DW_CHECK_STR(r->e.message, "");
	now = rig_state(r);
	DW_CHECK_STR(now.text, want->text);
	if (want->hint)
		DW_CHECK_STR(now.hint, want->hint);
	DW_CHECK(!want->data.data || (now.data.n == want->data.n &&
				      memcmp(now.data.data, want->data.data, now.data.n) == 0));
	return now.text && dw_streq(now.text, want->text);
}

/* state -> set(off) -> state -> set(back) -> state; each set twice: the second changes nothing. */
static inline void rig_contract(struct rig *r, const struct dw_state *off)
{
	struct dw_state first = rig_state(r);

	DW_CHECK(first.text && !dw_streq(first.text, off->text));
	for (int i = 0; i < 2; i++)
		(void)rig_go(r, off);
	for (int i = 0; i < 2; i++)
		(void)rig_go(r, &first);
}

/*
 * The way from `from` to `want` with each of its calls failed once: an error or the wanted state, and the truth
 * afterwards. prepare() brings it back to `from` (NULL: the switch does).
 */
static inline unsigned rig_faults(struct rig *r, const struct dw_state *from,
				  const struct dw_state *want, int code,
				  void (*prepare)(struct rig *r))
{
	unsigned failed = 0;

	for (unsigned n = 1; n < 10000; n++) {
		struct dw_state now;
		unsigned calls;
		int result;

		if (prepare)
			prepare(r);
		else if (!rig_go(r, from))
			break;
		dw_sys_fail_at(r->sw.sys, n, code);
		result = rig_set(r, from, want);
		calls = dw_sys_calls(r->sw.sys);
		dw_sys_fail_at(r->sw.sys, 0, 0);
		now = rig_state(r);
		DW_CHECK(now.text != NULL);
		if (result == 0)
			DW_CHECK_STR(now.text, want->text);
		failed += result < 0;
		if (n >= calls && result == 0)
			break;
	}
	return failed;
}

#endif
