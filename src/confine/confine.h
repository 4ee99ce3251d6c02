/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the room share; private to src/confine. */
#ifndef DW_CONFINE_PRIVATE_H
#define DW_CONFINE_PRIVATE_H

#include "dw_bus.h"
#include "dw_confine_gather.h"
#include "dw_procs.h"

#define DW_CONFINE_SERVICE "org.freedesktop.systemd1.Service"

/* The settings of its unit, from the manager; what cannot be asked is said. */
void dw_confine_read_unit(struct dw_sys *sys, struct dw_confine_service *s, struct dw_bus *bus,
			  struct dw_arena *a);
/* The user that its own configuration names: inetd, xinetd, Apache, nginx. */
void dw_confine_read_said(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a);
/* The same of web servers (servers.c), and what is wrong with that user, as advice. */
void dw_confine_read_server(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a);
void dw_confine_judge_users(struct dw_sys *sys, struct dw_confine_service *v, size_t n,
			    struct dw_arena *a);
/* An account that is there for this service, and that it does not run as; NULL: none is known. */
const char *dw_confine_account(struct dw_sys *sys, const struct dw_confine_service *s,
			       struct dw_arena *a);

/* The account as which it does all its work when somebody else opens its port; NULL: none is known, or there. */
const char *dw_confine_unprivileged(struct dw_sys *sys, const struct dw_confine_service *s);

/* The program as people and tables know it: the name of its file, without a version behind it. */
const char *dw_confine_daemon(const struct dw_confine_service *s);

/* --- the table (weights.c) ------------------------------------------------------------------------------ */

enum dw_confine_answer { DW_CONFINE_NO = 0, DW_CONFINE_COUNTS, DW_CONFINE_CANNOT_TELL };

struct dw_confine_weight {
	const char *id;
	unsigned points;
	const char *text;
	enum dw_confine_answer (*holds)(const struct dw_confine_service *s);
};
extern const struct dw_confine_weight dw_confine_weights[];
extern const size_t dw_confine_n_weights;

#endif
