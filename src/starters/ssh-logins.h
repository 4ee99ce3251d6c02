/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts that have to get in by sshd after a change as before it. Private to src/starters. */
#ifndef DW_SSH_LOGINS_H
#define DW_SSH_LOGINS_H

#include "ssh-proof.h"
#include "switch.h"

struct ssh_login {
	const char *user;
	const char *list; /* of its keys; NULL: it gets in by a password alone */
	bool password;    /* it has one that can be used */
	bool must;        /* one of its keys has to be taken before the change is made */
	unsigned before;  /* enum ssh_methods */
};

struct ssh_logins {
	DW_VEC(struct ssh_login) v;
	const char *given; /* the words that they come from */
	bool asked;        /* before is filled in */
};

/* The words "login=USER" (by a password), "login=USER:LIST", "key=USER:LIST" of a notice; false: it is another word. */
bool ssh_logins_add(struct dw_switch *s, struct ssh_logins *ret, const char *word);
/* What each may log in by at that place, into before. */
void ssh_logins_ask(struct dw_switch *s, struct ssh_logins *logins, const char *place);
/* Of those who must: -EIO where sshd takes no key of one. */
int ssh_logins_must(const struct ssh_logins *logins, const char *place, struct dw_error *e);
/* By settings as sshd -T states them for that user it would get in no more, though it does now. */
bool ssh_logins_would_lose(struct dw_switch *s, const struct ssh_login *l,
			   const struct dw_bytes *settings);
/* The first who had a way in and has none at that place now; NULL: there is none. */
const char *ssh_logins_lost(struct dw_switch *s, const struct ssh_logins *logins,
			    const char *place);

#endif
