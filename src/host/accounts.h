/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* passwd(5), shadow(5), group(5) as their lines stand, wrong ones too. Private to src/host. */
#ifndef DW_HOST_ACCOUNTS_H
#define DW_HOST_ACCOUNTS_H

#include "looking.h"

#define HOST_PASSWD "/etc/passwd"
#define HOST_SHADOW "/etc/shadow"
#define HOST_GROUP  "/etc/group"

struct host_user {
	const char *name, *password, *home, *shell; /* shell "": /bin/sh, as login(1) has it */
	uint32_t uid, gid;
	unsigned line;
	const char *text; /* the whole line */
};

struct host_shadow {
	const char *name, *password;
	int64_t changed, most, inactive,
		expires; /* days, days since the epoch; -1: the field is empty */
	unsigned line;
};

struct host_group {
	const char *name, *password, *members; /* "ann,ben" */
	uint32_t gid;
	unsigned line;
};

struct host_accounts {
	DW_VEC(struct host_user) users;
	DW_VEC(struct host_shadow) shadows;
	DW_VEC(struct host_group) groups;
	struct dw_error passwd_error, shadow_error, group_error; /* code 0: it was read */
	bool no_shadow;                                          /* there is no such file */
	uint32_t uid_min, uid_max;                               /* of people (login.defs(5)) */
};

/* Reads them once. Never NULL. */
struct host_accounts *host_accounts(struct host_look *l);
/* The lines of one text; for the fuzzer. */
void host_passwd_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *ret);
void host_shadow_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *ret);
void host_group_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *ret);

const struct host_shadow *host_shadow_of(const struct host_accounts *all,
					 const char *name); /* NULL: none */
/* Somebody, or something that logs in, is to get a shell by it: /usr/sbin/nologin, false, sync and the like do not. */
bool host_is_login_shell(const char *shell);
/* Of a person: by its number, as login.defs(5) divides them; root too. */
bool host_is_person(const struct host_accounts *all, const struct host_user *u);
/* A password opens it: neither locked nor none. */
bool host_has_password(const struct host_accounts *all, const struct host_user *u);
/* The file is there and has a line that is neither empty nor a comment. */
bool host_has_line(struct host_look *l, const char *path);

#endif
