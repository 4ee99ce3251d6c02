/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which account a service could run as: most packages make one, and some then start their daemon as root. */
#include <ctype.h>

#include "confine.h"
#include "dw_str.h"

const char *dw_confine_daemon(const struct dw_confine_service *s)
{
	return dw_basename(s->program ? s->program : s->name);
}

static bool is_account(struct dw_sys *sys, const char *name)
{
	uint32_t uid;

	return dw_sys_user_id(sys, name, &uid) && uid != 0;
}

/* "name", "_name" (Debian's way for new system users), and without "d" or "-server" at its end. */
static const char *try_names(struct dw_sys *sys, const char *name, struct dw_arena *a)
{
	static const char *const ends[] = { "", "d", "-server", "-daemon" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ends); i++) {
		size_t n = strlen(name), cut = strlen(ends[i]);
		const char *word;

		if (n <= cut || !dw_ends_with(name, ends[i]))
			continue;
		word = dw_arena_strndup(a, name, n - cut);
		if (is_account(sys, word))
			return word;
		word = dw_arena_printf(a, "_%s", word);
		if (is_account(sys, word))
			return word;
	}
	return NULL;
}

const char *dw_confine_account(struct dw_sys *sys, const struct dw_confine_service *s,
			       struct dw_arena *a)
{
	const char *daemon = dw_confine_daemon(s), *found;

	if (s->worker)
		return s->worker;
	for (const char *const *name = s->profile ? s->profile->accounts : NULL; name && *name;
	     name++)
		if (is_account(sys, *name))
			return *name;
	found = try_names(sys, daemon, a);
	return found || !s->package ? found : try_names(sys, s->package, a);
}

const char *dw_confine_unprivileged(struct dw_sys *sys, const struct dw_confine_service *s)
{
	for (const char *const *name = s->profile ? s->profile->unprivileged : NULL; name && *name;
	     name++)
		if (is_account(sys, *name))
			return *name;
	return NULL;
}
