/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings below /proc/sys that are one number, looked at twice: as they are now, and as the files of sysctl.d(5) make
 * them at the next boot. Private to src/host.
 */
#ifndef DW_HOST_KNOBS_H
#define DW_HOST_KNOBS_H

#include "sysctls.h"

/* A default that depends on how the kernel was built, or on who starts it. */
#define HOST_AS_BUILT INT64_MIN

/* How the kernel makes one of the value of all interfaces and of this one (IN_DEV_*CONF of linux/inetdevice.h). */
enum knob_how { KNOB_PLAIN = 0, KNOB_MAXIMUM, KNOB_MINIMUM, KNOB_EITHER, KNOB_BOTH, KNOB_ALONE };

struct knob {
	const char *name; /* below /proc/sys; with a how: below net/TREE/conf/INTERFACE */
	int64_t least, most; /* what is well */
	int64_t otherwise;   /* the kernel's default, where nothing sets it; HOST_AS_BUILT */
	int64_t want;        /* what a fix sets */
	const char *text;    /* one clause on what it means when it is not well */
	const char *tree;    /* "ipv4", "ipv6"; NULL: no setting of interfaces */
	enum knob_how how;
};

/* What the looks at several knobs share. */
struct knobs {
	struct host_asking q;
	struct host_sysctls files;
	bool running; /* there is a now */
	bool blind;   /* what everything else depends on could not be read, and q says why */
	bool forwards_now, forwards_at_boot;
	size_t found; /* settings that the kernel has, or that a file sets */
	const struct knob *as_built; /* an image: a setting that no file sets, and whose default is not known */
};

void host_knobs_open(struct host_look *l, struct knobs *ret);
/* Tells what is not well. */
void host_knobs_look(struct knobs *k, struct dw_host_result *r, const struct knob *v, size_t n);
/* Adds what puts right that which was told and is not accepted: a line of our own file, and the value now. */
void host_knobs_mend(struct knobs *k, struct dw_host_result *r, const struct knob *v, size_t n);
/* False: the result is said already: unknown, or as it is with an image. */
bool host_knobs_could_look(struct knobs *k, struct dw_host_result *r);

/* --- for those two -------------------------------------------------------------------------------------- */

struct knob_value {
	bool known;
	int64_t v;
	const struct host_sysctl *by; /* at boot: the line that sets it; NULL: none does */
};
/* Of one name below /proc/sys. False: this kernel has it not, or q says why it cannot be read. */
bool host_knob_now(struct knobs *k, const char *name, int64_t *ret);
/* What somebody may `accept`: "kernel.kptr_restrict", "ipv4.eth0.rp_filter". */
const char *host_knob_object(struct knobs *k, const struct knob *x, const char *interface);
/* "net/ipv4/conf/eth0/rp_filter" */
const char *host_knob_name(struct knobs *k, const struct knob *x, const char *interface);
/* Interfaces that this kernel has, "default" for those to come behind them; neither "all" nor "lo". */
void host_knob_interfaces(struct knobs *k, const char *tree, struct dw_strings *ret);

#endif
