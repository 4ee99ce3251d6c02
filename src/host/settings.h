/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings as several kinds of files write them, each with the line that says so. Private to src/host. */
#ifndef DW_HOST_SETTINGS_H
#define DW_HOST_SETTINGS_H

#include "asking.h"

struct host_setting {
	const char *section; /* "" before the first */
	const char *key, *value;
	const char *file;
	unsigned line;
};

struct host_settings {
	DW_VEC(struct host_setting) v; /* in the order in which they were read: the last one counts */
};

/* systemd.syntax(7): [Section], Key=value, # and ; begin remarks, a backslash at the end goes on. Adds to ret. */
void host_ini_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file, struct host_settings *ret);
/*
 * A file of systemd ("journald.conf") with its drop-ins: the first file of that name in /etc/systemd, /run,
 * /usr/local/lib, /usr/lib, then the files *.conf of NAME.d of all of them by their names, where one in /etc hides its
 * namesakes.
 */
void host_ini_read(struct host_asking *q, const char *name, struct host_settings *ret);
/* NAME=value as a shell takes it (os-release(5), /etc/default): quoted or not. Adds to ret. */
void host_shell_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file, struct host_settings *ret);
/* False: there is no such file. */
bool host_shell_read(struct host_asking *q, const char *file, struct host_settings *ret);
/* NULL: it is not set. section NULL: any. Keys are compared as they are written. */
const struct host_setting *host_setting_of(const struct host_settings *s, const char *section, const char *key);
/* The line of that number, from 1; NULL: there is none, or the file cannot be read. */
const char *host_line_at(struct host_look *l, const char *path, unsigned number);
/* 0: there is no such file, or it cannot be read. */
unsigned host_line_count(struct host_look *l, const char *path);
/* systemd's size: "500M", "1.5G" is not taken; false: no size. */
bool host_size_parse(const char *s, uint64_t *ret);

/*
 * apt.conf(5): A::B "x"; A { B "x"; C { "one"; "two"; }; }; with remarks of three kinds and #clear. Keys are whole
 * ("APT::Periodic::Enable"), those of lists end with "::". Adds to ret. False: it cannot be read to its end.
 */
bool host_apt_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file, struct host_settings *ret);
/* All of apt's files, in its order. False: one of them cannot be read to its end, and q says which. */
bool host_apt_read(struct host_asking *q, struct host_settings *ret);
/* As host_setting_of(), without case. */
const struct host_setting *host_apt_of(const struct host_settings *s, const char *key);

#endif
