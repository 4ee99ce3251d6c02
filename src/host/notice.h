/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: the looks of each check, listed in notice-checks.c. Private to src/host. */
#ifndef DW_HOST_NOTICE_H
#define DW_HOST_NOTICE_H

#include "settings.h"

void host_clock_in_sync(struct host_look *l, struct dw_host_result *r);
void host_clock_kept(struct host_look *l, struct dw_host_result *r);
void host_statistics_kept(struct host_look *l, struct dw_host_result *r);
void host_activity_recorded(struct host_look *l, struct dw_host_result *r);
void host_logs_kept(struct host_look *l, struct dw_host_result *r);
void host_logs_rotated(struct host_look *l, struct dw_host_result *r);
void host_logs_forwarded(struct host_look *l, struct dw_host_result *r);
void host_logs_read(struct host_look *l, struct dw_host_result *r);
void host_integrity_checked(struct host_look *l, struct dw_host_result *r);
void host_integrity_database(struct host_look *l, struct dw_host_result *r);
void host_root_mail(struct host_look *l, struct dw_host_result *r);

/* The name of a daemon of syslog(3) that is enabled, and runs where anything runs; NULL: none. */
const char *host_syslog_daemon(struct host_asking *q);

/* --- parsers, each on its own for tests and fuzzing ----------------------------------------------------- */

/* logrotate(8): the patterns of files that some rule is for, and the files and directories that are included. */
void host_logrotate_parse(struct dw_arena *a, const struct dw_bytes *text, struct dw_strings *ret_patterns,
			  struct dw_strings *ret_includes);
/* rsyslog.conf(5): the first line that sends to another host, and where to; 0: none does. */
unsigned host_rsyslog_forwards(struct dw_arena *a, const struct dw_bytes *text, const char **ret_to);
/* aliases(5): where the mail of that name goes, and the line; NULL: it is not said. */
const char *host_alias_of(struct dw_arena *a, const struct dw_bytes *text, const char *name, unsigned *ret_line);
/* mbox(5): how many mails nobody has read, and when the first of them came (seconds since the epoch; 0: none). */
void host_mbox_unread(const struct dw_bytes *text, unsigned *ret_n, uint64_t *ret_since);

#endif
