/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is checked of the host around its doors, and what came of it. Made by src/host, told by src/report. */
#ifndef DW_HOST_H
#define DW_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_lever.h"
#include "dw_policy.h"

enum dw_host_outcome {
	DW_HOST_UNKNOWN = 0, /* could not look; the result's text says why */
	DW_HOST_OK,
	DW_HOST_FAILS,
	DW_HOST_NOT_APPLICABLE, /* what it asks about is not there */
	DW_HOST_OUTCOME_COUNT
};

enum dw_host_severity {
	DW_SEVERITY_UNKNOWN = 0,
	DW_SEVERITY_LOW,
	DW_SEVERITY_MEDIUM,
	DW_SEVERITY_HIGH,
	DW_SEVERITY_COUNT
};

/* In the order in which they are told. */
enum dw_host_category {
	DW_CATEGORY_UNKNOWN = 0,
	DW_CATEGORY_ACCOUNTS,
	DW_CATEGORY_LOGIN,
	DW_CATEGORY_LYING,
	DW_CATEGORY_NOTICE,
	DW_CATEGORY_UPDATES,
	DW_CATEGORY_KERNEL,
	DW_CATEGORY_COUNT
};

struct dw_host_about {
	const char *id; /* what people type: small letters, digits and dashes */
	enum dw_host_category category;
	const char *title; /* what is so when it is well: "No account has an empty password" */
	enum dw_host_severity severity;
	const char *reason; /* one or two sentences: what somebody could do when it is not */
	const char *source; /* who says so: "CIS Debian 12, 7.2.2; shadow(5)" */
	const char *
		advice; /* what a person would do about it, where doorward does not; NULL: it does all */
};

/* Where it is seen. */
struct dw_host_evidence {
	const char *file; /* NULL: in no file */
	unsigned line;    /* from 1; 0: the file as a whole */
	const char *
		object; /* what it is about, as an `accept` names it: an account, a path, a setting; never NULL */
	const char *text; /* one clause */
	const struct dw_policy_accept
		*accepted; /* the statement that puts up with it; NULL: none does */
};

/*
 * One change that a fix makes. Those of one file are put together, whichever check they come from. No state is in it
 * yet: who makes steps of it reads the state of the object first.
 */
struct dw_host_change {
	enum dw_phase phase;
	const char *manager; /* of a switch: "file", "account" */
	const char *object;
	const char *want; /* any but file: the state's text, as the switch knows it */
	/* file: lines of it, as the check saw them; of a file that is not there line 1 of nothing */
	const struct dw_edit *edits;
	size_t n_edits;
	/* file: permissions, when `permissions` is set: these bits taken away, and that owner */
	bool permissions;
	unsigned without;
	bool owned;
	uint32_t uid, gid;
	const char *label, *why, *source, *notify, *command, *undo_command;
	bool no_undo; /* nothing brings it back: a removed package */
	const char *
		text; /* what is done, as one clause: "the shell of ftp becomes /usr/sbin/nologin" */
};

struct dw_host_result {
	const struct dw_host_about *about;
	enum dw_host_outcome outcome;
	const char *text; /* one sentence: what was found, or why it is not known */
	DW_VEC(struct dw_host_evidence) evidence;
	DW_VEC(struct dw_host_change) changes; /* what `host fix` would do */
	struct dw_strings
		held; /* a sentence for each thing that a fix leaves to a person, and why */
	/* FAILS: all of its evidence is accepted, by this statement among others; NULL: it is not */
	const struct dw_policy_accept *accepted;
};

/* FAILS, and nobody put up with it. */
static inline bool dw_host_is_open(const struct dw_host_result *r)
{
	return r->outcome == DW_HOST_FAILS && !r->accepted;
}

const char *dw_host_outcome_name(enum dw_host_outcome o);
const char *dw_host_severity_name(enum dw_host_severity s);
const char *dw_host_category_name(enum dw_host_category c);  /* "accounts" */
const char *dw_host_category_title(enum dw_host_category c); /* "Accounts" */

#endif
