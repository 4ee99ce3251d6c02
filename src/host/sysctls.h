/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysctl.d(5): what the files set at the next boot, and the line that says so. Private to src/host. */
#ifndef DW_HOST_SYSCTLS_H
#define DW_HOST_SYSCTLS_H

#include "asking.h"

/* Behind all others by its name, so that what it says counts. */
#define HOST_SYSCTL_OWN "/etc/sysctl.d/zz-doorward.conf"

struct host_sysctl {
	const char *name;  /* as below /proc/sys: "net/ipv4/conf/eth0.7/rp_filter"; a glob has *, ? or [ */
	const char *value; /* NULL: "-NAME" alone: globs do not set it */
	const char *file;
	unsigned line;
	bool glob;
};

struct host_sysctls {
	DW_VEC(struct host_sysctl) v; /* in the order in which they are read: of two alike the last one counts */
};

/* The lines of one file. Adds to ret. */
void host_sysctl_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file, struct host_sysctls *ret);
/*
 * The files *.conf of /etc, /run, /usr/local/lib, /usr/lib and /lib by their names, where an earlier directory hides
 * its later ones' namesakes; then /etc/sysctl.conf, where it is sysctl(8) that reads them at boot (systemd-sysctl(8)
 * knows it only by a link in sysctl.d).
 */
void host_sysctl_read(struct host_asking *q, struct host_sysctls *ret);
/* Who sets it: what names it before what matches it. NULL: nobody. */
const struct host_sysctl *host_sysctl_of(const struct host_sysctls *all, const char *name);
/* Our own file is read later than that line, so that what it says counts. */
bool host_sysctl_ours_counts(const struct host_sysctl *s);
/* "net/ipv4/conf/eth0.7/rp_filter" as sysctl(8) writes it: "net.ipv4.conf.eth0/7.rp_filter". */
const char *host_sysctl_dotted(struct dw_arena *a, const char *name);

#endif
