/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions of which most are answered "no", and whose "no" counts: is there such a file, such a unit, such a process?
 * What could not be looked at is remembered, so that a "no" that nobody heard is never taken for one.
 */
#ifndef DW_HOST_ASKING_H
#define DW_HOST_ASKING_H

#include "looking.h"

struct host_asking {
	struct host_look *l;
	struct dw_error e; /* the first question that got no answer; code 0: all got one */
};

/* Some answer is missing: the result is unknown, and says which. */
bool host_asked_in_vain(struct host_asking *q, struct dw_host_result *r);

/* A file of any kind, links followed. */
bool host_ask_file(struct host_asking *q, const char *path);
/* The first of the paths (NULL-terminated) that is there; NULL: none. */
const char *host_ask_files(struct host_asking *q, const char *const *paths);
/* False: it is not there. *ret is terminated. */
bool host_ask_text(struct host_asking *q, const char *path, struct dw_bytes *ret);
/* Names of a directory; none when it is not there. */
void host_ask_list(struct host_asking *q, const char *path, struct dw_strings *ret);
/* The path with every link resolved; NULL: it is not there. */
const char *host_ask_real(struct host_asking *q, const char *path);
bool host_ask_stat(struct host_asking *q, const char *path, bool follow, struct stat *ret);

/* systemd.unit(5): the first of them has the word; ends with NULL. */
extern const char *const host_unit_dirs[];
/*
 * The unit is started at boot or by its timer: systemd has a link of it in a .wants or .requires directory and it is
 * not masked; or one of the same name without suffix is in a runlevel of sysvinit or OpenRC.
 */
bool host_ask_enabled(struct host_asking *q, const char *unit);
/* The first of the names that is enabled; NULL: none. */
const char *host_ask_enabled_of(struct host_asking *q, const char *const *units);
bool host_ask_masked(struct host_asking *q, const char *unit);
/* The name of the first of them that runs here, by its program or what it calls itself; NULL: none. */
const char *host_ask_running(struct host_asking *q, const char *const *names);
/*
 * Where cron starts it: a script of that name (the ones before it may be numbered: 00logwatch) in /etc/cron.daily and
 * its like, or a line of a crontab that has the word. NULL: nowhere.
 */
const char *host_ask_cron(struct host_asking *q, const char *word);

/* This is a container, whose kernel and clock are another system's. */
bool host_ask_container(struct host_asking *q);

#endif
