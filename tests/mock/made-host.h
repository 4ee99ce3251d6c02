/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up host in a temporary directory: its files and its /proc, as dw_sys_open_fake() reads them. */
#ifndef TEST_MADE_HOST_H
#define TEST_MADE_HOST_H

#include "dw_starters.h"

struct host {
	char dir[64];
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_starters s;
	const struct dw_starter_ops *ops;
	void *state;
	int loaded; /* what load() said */
};

struct host_process {
	int pid, ppid, sid; /* sid 0: the pid */
	const char *exe;
	const char *argv[8];
	const char *env[6];
	const char *login; /* login uid; NULL: unset */
};

struct host *host_new(void);
void host_file(struct host *h, const char *path, int mode, const char *text);
/* A program that listens: the one that runs, which imports listen(2). */
void host_listener(struct host *h, const char *path);
void host_link(struct host *h, const char *path, const char *target);
void host_process(struct host *h, const struct host_process *p);
/* init NULL and running false: an offline root. */
void host_load(struct host *h, const struct dw_starter_ops *ops, const char *init, bool running);
/* kind unknown when it claims nothing */
struct dw_starter host_claim(struct host *h, int pid);
/* The sleeper of that id after list(), NULL: none */
const struct dw_sleeper_fact *host_sleeper(struct host *h, const char *id);
void host_free(struct host *h);

#endif
