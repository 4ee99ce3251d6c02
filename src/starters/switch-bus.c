/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connections to systemd's managers, opened once and kept until dw_switch_close(). */
#include <errno.h>

#include "switch.h"

/* Where a user's connection is kept, or may be; NULL: no room. */
static struct dw_bus **slot_of(struct dw_switch *s, uint32_t uid)
{
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i].uid == uid)
			return &s->users[i].bus;
	if (s->n_users == DW_ARRAY_SIZE(s->users))
		return NULL;
	s->users[s->n_users].uid = uid;
	s->users[s->n_users].bus = NULL;
	return &s->users[s->n_users++].bus;
}

int dw_switch_bus(struct dw_switch *s, bool user, uint32_t uid, struct dw_bus **ret,
		  struct dw_error *e)
{
	struct dw_bus **slot = user ? slot_of(s, uid) : &s->bus;
	int r = 0;

	if (!slot)
		return dw_error_set(e, -EMFILE, "more than %zu users' managers at once",
				    DW_ARRAY_SIZE(s->users));
	if (!*slot)
		r = user ? dw_bus_open_user(s->sys, uid, slot, e) : dw_bus_open(s->sys, slot, e);
	if (r < 0)
		return r;
	*ret = *slot;
	return 0;
}

void dw_switch_drop_bus(struct dw_switch *s, bool user, uint32_t uid)
{
	struct dw_bus **slot = user ? slot_of(s, uid) : &s->bus;

	if (!slot)
		return;
	dw_bus_free(*slot);
	*slot = NULL;
}

void dw_switch_close(struct dw_switch *s)
{
	dw_bus_free(s->bus);
	s->bus = NULL;
	for (size_t i = 0; i < s->n_users; i++)
		dw_bus_free(s->users[i].bus);
	s->n_users = 0;
}
