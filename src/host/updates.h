/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date: the looks of each check, listed in updates-checks.c. Private to src/host. */
#ifndef DW_HOST_UPDATES_H
#define DW_HOST_UPDATES_H

#include "settings.h"

void host_updates_automatic(struct host_look *l, struct dw_host_result *r);
void host_updates_automatic_fix(struct host_look *l, struct dw_host_result *r);
void host_updates_lists(struct host_look *l, struct dw_host_result *r);
void host_updates_pending(struct host_look *l, struct dw_host_result *r);
void host_updates_replaced(struct host_look *l, struct dw_host_result *r);
void host_updates_reboot(struct host_look *l, struct dw_host_result *r);
void host_updates_release(struct host_look *l, struct dw_host_result *r);

/* --- parts, each on its own for tests and fuzzing ------------------------------------------------------- */

/* deb-version(7): less than, equal to or greater than 0, as a is earlier than b, the same, or later. */
int host_deb_compare(const char *a, const char *b);

/* The head of a Release file, signed or not (InRelease). "" where it does not say. */
struct host_release {
	const char *origin, *label, *suite, *codename;
	uint64_t date; /* seconds since the epoch; 0: it does not say */
};
void host_release_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_release *ret);
/* Its packages put holes right, and nothing else. */
bool host_release_is_security(const struct host_release *x);

/* /proc/PID/maps: the first program text that was mapped from a file which is gone; NULL: none. */
const char *host_maps_gone(struct dw_arena *a, const struct dw_bytes *text);
/* The unit that a process is of, by its cgroup: the last part that ends in .service or .scope; NULL: none. */
const char *host_unit_of_cgroup(struct dw_arena *a, const char *cgroup);

/* "6.1.0-18-amd64" -> "amd64": two kernels that differ in it do not follow each other. */
const char *host_kernel_flavour(const char *release);

#endif
