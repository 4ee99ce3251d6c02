/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole small hosts, as the tests of sysvinit, OpenRC and runit want them. */
#ifndef DW_TEST_HOSTS_H
#define DW_TEST_HOSTS_H

#include "made-host.h"

/* What init and what ssh put into the environment of what they start. */
#define BOOT_ENV                                                                                   \
	"INIT_VERSION=sysvinit-3.06", "RUNLEVEL=2", "PREVLEVEL=N", "runlevel=2", "previous=N"
#define SSH_ENV "SSH_CONNECTION=10.9.0.1 48189 10.9.2.2 22", "USER=root", "LOGNAME=root"

/* /etc/init.d/NAME with the text */
void host_script(struct host *h, const char *name, const char *text);
/* A link to /etc/init.d/NAME, as in rc2.d */
void host_link_script(struct host *h, const char *link, const char *name);
/* A small sysvinit host: usrmerged, runlevel 2. */
struct host *host_sysv(void);
/* The same with OpenRC, as Debian does it. */
struct host *host_openrc(void);

#endif
