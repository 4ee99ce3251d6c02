/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_assist.h"

#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "dw_sysctl.h"

#define RECORD_MAX 4096
#define LOOK_MS    500

/* ICMP destination unreachable is type 3, ICMPv6 type 1 (RFC 792, RFC 4443). */
enum { UNREACHABLE = 3, UNREACHABLE6 = 1 };

struct setting {
	const char *path, *before, *ours;
};

struct assist {
	struct dw_sys *s;
	struct dw_arena *a;
	const struct dw_assist_options *o;
	const char *path; /* of the record */
	int fd;
	struct setting v[2];
	size_t n;
	int left; /* what the last putting back said */
};

static void tell(const struct assist *t, const char *text)
{
	if (t->o->tell)
		t->o->tell(t->o->data, dw_escape_terminal(t->a, text, strlen(text)));
}

/* --- what is to be lifted ----------------------------------------------------------------------------- */

static const char *without_type(struct dw_arena *a, const char *before)
{
	uint64_t mask = 0;

	if (!dw_parse_u64(before, 10, UINT32_MAX, &mask) || !(mask & (1u << UNREACHABLE)))
		return NULL;
	return dw_arena_printf(a, "%llu", (unsigned long long)(mask & ~(1ull << UNREACHABLE)));
}

/* "0-1,3-127": ranges with commas between (proc_do_large_bitmap of kernel/sysctl.c). */
static const char *without_type6(struct dw_arena *a, const char *before)
{
	struct dw_str out = { .arena = a };
	bool found = false;

	for (const char *p = before; *p;) {
		size_t n = strcspn(p, ",");
		uint64_t low = 0, high = 0;

		if (!dw_parse_range(p, n, 255, &low, &high))
			return NULL;
		for (uint64_t t = low; t <= high; t++) {
			found = found || t == UNREACHABLE6;
			if (t != UNREACHABLE6)
				dw_str_addf(&out, "%s%u", out.n ? "," : "", (unsigned)t);
		}
		p += n + (p[n] == ',');
	}
	return found ? (out.s ? out.s : "") : NULL;
}

static const struct {
	enum dw_family family;
	const char *path;
	const char *(*lifted)(struct dw_arena *a, const char *before);
	const char *name;
} settings[] = {
	{ DW_FAMILY_IPV4, "/proc/sys/net/ipv4/icmp_ratemask", without_type, "IPv4" },
	{ DW_FAMILY_IPV6, "/proc/sys/net/ipv6/icmp/ratemask", without_type6, "IPv6" },
};

static int choose(struct assist *t, struct dw_error *e)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(settings); i++) {
		const char *before = NULL, *ours;
		int r;

		if (t->o->family && t->o->family != settings[i].family)
			continue;
		r = dw_sysctl_read(t->s, settings[i].path, t->a, &before, e);
		if (r == -ENOENT) {
			tell(t, dw_arena_printf(t->a, "There is no %s here.", settings[i].name));
			continue;
		}
		if (r < 0)
			return r;
		ours = settings[i].lifted(t->a, before);
		if (!ours) {
			tell(t, dw_arena_printf(t->a, "%s does not limit these messages anyway.",
						settings[i].name));
			continue;
		}
		t->v[t->n++] = (struct setting){ settings[i].path, before, ours };
	}
	return 0;
}

/* --- the record ------------------------------------------------------------------------------------------- */

static int keep_record(struct assist *t, struct dw_error *e)
{
	struct dw_str text = { .arena = t->a };

	for (size_t i = 0; i < t->n; i++)
		dw_str_addf(&text, "%s\t%s\t%s\n", t->v[i].path, t->v[i].before, t->v[i].ours);
	return dw_sys_held_write(t->s, t->fd, text.s ? text.s : "", e);
}

/* Only settings that we change ourselves: the record lies where root alone writes, and is not trusted all the same. */
static bool is_ours(const char *path)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(settings); i++)
		if (dw_streq(settings[i].path, path))
			return true;
	return false;
}

static int read_record(struct assist *t, struct dw_error *e)
{
	struct dw_bytes b = { 0 };
	struct dw_lines lines;
	char *line;
	int r = dw_sys_held_read(t->s, t->fd, RECORD_MAX, t->a, &b, e);

	if (r < 0)
		return r;
	lines = dw_lines_of(&b);
	while ((line = dw_lines_next_trimmed(&lines, t->a)) && t->n < DW_ARRAY_SIZE(t->v)) {
		char *before = strchr(line, '\t'), *ours = before ? strchr(before + 1, '\t') : NULL;

		if (!ours)
			continue;
		*before++ = '\0';
		*ours++ = '\0';
		if (is_ours(line))
			t->v[t->n++] = (struct setting){ line, before, ours };
	}
	return 0;
}

static const char *directory_of(const struct assist *t)
{
	return t->o->directory ? t->o->directory : DW_ASSIST_DIRECTORY;
}

static int name_record(struct assist *t, struct dw_error *e)
{
	uint64_t cookie = 0;
	int r = dw_sys_netns_cookie(t->s, &cookie, NULL);

	/* without a cookie (before 5.14) all namespaces share one name: then one at a time, on the whole host */
	if (r < 0 && r != -ENOTSUP)
		return dw_error_errno(e, r, "this network namespace");
	t->path = dw_arena_printf(t->a, "%s/scan-assist-%llu", directory_of(t),
				  (unsigned long long)cookie);
	return 0;
}

static int open_record(struct assist *t, struct dw_error *e)
{
	int r = name_record(t, e);

	if (r == 0)
		r = dw_sys_dir_make(t->s, directory_of(t), 0700, e);
	if (r < 0)
		return r;
	t->fd = dw_sys_hold(t->s, t->path, e);
	return t->fd < 0 ? t->fd : 0;
}

/* --- putting back ------------------------------------------------------------------------------------------- */

/* The kernel says a bitmap in its own words: what counts is whether the type is in it. */
static bool is_limited(struct dw_arena *a, const char *path, const char *now)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(settings); i++)
		if (dw_streq(settings[i].path, path))
			return settings[i].lifted(a, now) != NULL;
	return true;
}

static int put_back_one(const struct assist *t, const struct setting *v)
{
	const char *now = NULL;
	int r = dw_sysctl_read(t->s, v->path, t->a, &now, NULL);

	if (r < 0 || dw_streq(now, v->before))
		return r;
	/* limited again, and otherwise than before: that was somebody else */
	if (!dw_streq(now, v->ours) && is_limited(t->a, v->path, now))
		return -EUCLEAN;
	return dw_sysctl_write(t->s, v->path, v->before, NULL);
}

static int put_back(struct assist *t)
{
	int worst = 0;

	for (size_t i = 0; i < t->n; i++) {
		int r = put_back_one(t, &t->v[i]);

		if (r == -EUCLEAN)
			worst = worst ? worst : -EUCLEAN;
		else if (r < 0)
			worst = -ENOTRECOVERABLE;
	}
	/* what could not be put back is tried again by the next one */
	if (worst != -ENOTRECOVERABLE && dw_sys_held_remove(t->s, t->path, NULL) < 0)
		(void)dw_sys_held_write(t->s, t->fd, "", NULL);
	t->left = worst;
	return worst;
}

static void as_guardian(void *data)
{
	(void)put_back(data);
}

static int told(int r, struct dw_error *e)
{
	if (r == -EUCLEAN)
		return dw_error_set(e, r,
				    "somebody changed the limits of ICMP meanwhile: they were left "
				    "as they are now");
	if (r < 0)
		return dw_error_set(e, r,
				    "the limits could not be put back; a reboot does, and "
				    "doorward scan-assist tries again");
	return 0;
}

static void end(struct assist *t)
{
	dw_cleanup_fd(&t->fd);
	dw_arena_free(t->a);
}

static int begin(struct assist *t, struct dw_error *e)
{
	if (!dw_sys_is_running(t->s) || dw_sys_is_fake(t->s))
		return dw_error_set(e, -ENOTSUP, "a host that is not running is not changed");
	if (dw_sys_euid(t->s) != 0)
		return dw_error_set(
			e, -EPERM,
			"changing the kernel's settings takes root: sudo doorward scan-assist");
	return open_record(t, e);
}

/* 1: there was something, and it is back. */
static int settle(struct assist *t, struct dw_error *e)
{
	int r = read_record(t, e);

	if (r < 0 || t->n == 0)
		return r;
	r = put_back(t);
	t->n = 0;
	if (r < 0)
		return told(r, e);
	tell(t, "An earlier scan-assist was killed: its limits were put back first.");
	return 1;
}

/* Asked by each command that changes something, so nothing is made where there is nothing. */
static int begin_settling(struct assist *t, struct dw_error *e)
{
	int r = name_record(t, e);

	if (r < 0)
		return r;
	if (!dw_sys_file_exists(t->s, t->path))
		return -ENOENT;
	t->fd = dw_sys_hold(t->s, t->path, e);
	return t->fd < 0 ? t->fd : 0;
}

int dw_assist_settle(struct dw_sys *s, const struct dw_assist_options *o, struct dw_error *e)
{
	struct assist t = { .s = s, .o = o, .fd = -1 };
	int r;

	if (!dw_sys_is_running(s) || dw_sys_is_fake(s) || dw_sys_euid(s) != 0)
		return 0;
	t.a = dw_arena_new();
	r = begin_settling(&t, e);
	if (r == 0)
		r = settle(&t, e);
	if (r == 0) /* an empty one: do not leave a name behind */
		(void)dw_sys_held_remove(s, t.path, NULL);
	end(&t);
	return r == -EBUSY || r == -ENOENT ? 0 : r;
}

/* --- the whole ----------------------------------------------------------------------------------------------- */

static int lift(struct assist *t, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++)
		r = dw_sysctl_write(t->s, t->v[i].path, t->v[i].ours, e);
	if (r == 0)
		tell(t, dw_arena_printf(t->a,
					"The limits are lifted for %llu seconds at most; "
					"interrupt this to put them back.",
					(unsigned long long)t->o->seconds));
	return r;
}

static void wait_for_stop(const struct assist *t, struct dw_guardian *g)
{
	while (!(t->o->stop && *t->o->stop) && !dw_guardian_ended(g, LOOK_MS))
		;
}

static int guarded(struct assist *t, struct dw_error *e)
{
	struct dw_guardian g = { 0 };
	int r = dw_guardian_start(t->s, as_guardian, t, t->o->seconds, &g, e), back = 0;

	if (r < 0) {
		(void)dw_sys_held_remove(t->s, t->path, NULL);
		return r;
	}
	r = lift(t, e);
	if (r == 0)
		wait_for_stop(t, &g);
	(void)dw_guardian_finish(&g);
	/* what the child did, or could not, is seen; it may have been killed */
	back = put_back(t);
	return r < 0 ? r : told(back, e);
}

int dw_assist_run(struct dw_sys *s, const struct dw_assist_options *o, struct dw_error *e)
{
	struct assist t = { .s = s, .a = dw_arena_new(), .o = o, .fd = -1 };
	int r = begin(&t, e);

	if (r == -EBUSY && e)
		r = dw_error_set(e, r,
				 "another scan-assist is at work in this network namespace: wait "
				 "for its end, or stop that one");
	if (r == 0)
		r = settle(&t, e);
	/* the record of the earlier one is gone with its name: a new one */
	if (r == 1) {
		dw_cleanup_fd(&t.fd);
		t.fd = -1;
		r = open_record(&t, e);
	}
	if (r == 0)
		r = choose(&t, e);
	if (r == 0 && t.n == 0)
		(void)dw_sys_held_remove(s, t.path, NULL);
	else if (r == 0)
		r = keep_record(&t, e);
	if (r == 0 && t.n)
		r = guarded(&t, e);
	end(&t);
	return r < 0 ? r : 0;
}
