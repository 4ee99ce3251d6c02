/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of sshd that a check looks at, and how they are put right. Private to src/host. */
#ifndef DW_HOST_SSHD_SETTINGS_H
#define DW_HOST_SSHD_SETTINGS_H

#include "sshd.h"

struct sshd_setting {
	const char *key;  /* in small letters; NULL ends a table */
	const char *name; /* as sshd_config(5) writes it */
	/* what sshd takes when nobody says; NULL: that differs between versions and distributions */
	const char *otherwise;
	bool (*is_bad)(const char *value);
	const char *want; /* what puts it right; NULL: nothing here does */
	const char *text; /* one clause on a bad value */
	/* what puts it right depends on the value; NULL: want. In the arena; NULL: nothing does */
	const char *(*mend)(struct dw_arena *a, const char *value);
};

/* Looks at the settings in every case: evidence for each bad one; UNKNOWN when one of them is not known. */
void sshd_look(struct host_look *l, struct dw_host_result *r, const struct sshd_setting *settings,
	       const char *one, const char *many, const char *ok);
/*
 * Changes for those that are bad for everybody and have a want; a Match block is left to who wrote it. proofs: words
 * that sshd has to prove before it hears of them (" key=NAME:FILE", dw_switch_notify); NULL: none.
 */
void sshd_mend(struct host_look *l, struct dw_host_result *r, const struct sshd_setting *settings,
	       const char *proofs);

#endif
