/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The locks under which passwd(5) and shadow(5) are changed, and the rights of a file alone. */
#ifndef DW_ACCOUNT_H
#define DW_ACCOUNT_H

#include "dw_sys.h"

/* As useradd(8), passwd(1) and vipw(8) take them: first /etc/.pwd.lock (lckpwdf(3)), then FILE.lock. */
struct dw_account_lock {
	int fd;        /* of /etc/.pwd.lock; -1: none */
	int etc;       /* /etc; -1 */
	char name[32]; /* "passwd.lock"; "": not made */
};

/* file: "passwd" or "shadow". Waits 15 seconds, as lckpwdf(3) does. -EBUSY: somebody else changes accounts. */
int dw_sys_account_lock(struct dw_sys *s, const char *file, struct dw_account_lock *ret,
			struct dw_error *e);
void dw_sys_account_unlock(struct dw_account_lock *l);

/* Permission bits and owner of a file or directory, which itself stays. -ELOOP: it is a link. */
int dw_sys_rights_set(struct dw_sys *s, const char *path, mode_t mode, uint32_t uid, uint32_t gid,
		      struct dw_error *e);

#endif
