/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crontab(5), of Debian's cron and of cronie; anacrontab(5). Private to src/starters. */
#ifndef DW_STARTER_CRONTAB_H
#define DW_STARTER_CRONTAB_H

#include "dw_starters.h"

struct dw_cron_job {
	const char *file;    /* the tab, or the script of a run-parts(8) directory */
	unsigned line;       /* 0: the whole file is the job */
	const char *user;    /* NULL: not known */
	const char *command; /* what the shell gets; "" for a script */
	bool reboot;         /* @reboot; else it comes again and again */
};

struct dw_cron_jobs {
	struct dw_cron_job *v;
	size_t n, cap;
};

enum dw_crontab_form {
	DW_CRONTAB_USER,   /* fields, command */
	DW_CRONTAB_SYSTEM, /* fields, user, command */
	DW_CRONTAB_ANACRON /* period, delay, id, command */
};

/* Adds the jobs of a tab. user: of a user's own tab, else NULL. Bad lines go to facts->incomplete. */
void dw_crontab_parse(struct dw_facts *f, const char *file, const char *user,
		      enum dw_crontab_form form, const struct dw_bytes *text,
		      struct dw_cron_jobs *ret);
/* Every tab and every script that a cron of this host reads. -ENOENT: there is none at all. */
int dw_crontab_read_all(struct dw_starters *s, struct dw_cron_jobs *ret);

#endif
