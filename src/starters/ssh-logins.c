/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssh-logins.h"

#include <errno.h>

#define LOGIN_MS   8000 /* sshd makes a wrong try last, and PAM may look names up */
#define LOGINS_MAX 64

static struct ssh_login *login_of(struct dw_switch *s, struct ssh_logins *all, const char *user)
{
	for (size_t i = 0; i < all->v.n; i++)
		if (dw_streq(all->v.v[i].user, user))
			return &all->v.v[i];
	if (all->v.n >= LOGINS_MAX)
		return NULL;
	*dw_vec_add(s->arena, &all->v) = (struct ssh_login){ .user = user };
	return &all->v.v[all->v.n - 1];
}

bool ssh_logins_add(struct dw_switch *s, struct ssh_logins *ret, const char *word)
{
	bool must = dw_starts_with(word, "key=");
	struct ssh_login *l;
	char *user, *list;

	if (!must && !dw_starts_with(word, "login="))
		return false;
	user = dw_arena_strdup(s->arena, strchr(word, '=') + 1);
	list = strchr(user, ':');
	if (list)
		*list++ = '\0';
	l = login_of(s, ret, user);
	if (!l)
		return true;
	l->must |= must;
	l->password |= !list;
	l->list = list ? list : l->list;
	return true;
}

static unsigned ask(struct dw_switch *s, const struct ssh_login *l, const char *place)
{
	struct dw_authkeys keys = { 0 };
	struct dw_bytes text = { 0 };

	if (l->list && dw_sys_file_read(s->sys, l->list, DW_FILE_MAX, s->arena, &text, NULL) >= 0)
		dw_authkeys_parse(s->arena, &text, dw_sys_now(s->sys), &keys);
	return ssh_methods(s->sys, place, LOGIN_MS, l->user, &keys, NULL);
}

void ssh_logins_ask(struct dw_switch *s, struct ssh_logins *logins, const char *place)
{
	for (size_t i = 0; i < logins->v.n; i++)
		logins->v.v[i].before = ask(s, &logins->v.v[i], place);
	logins->asked = true;
}

int ssh_logins_must(const struct ssh_logins *logins, const char *place, struct dw_error *e)
{
	for (size_t i = 0; i < logins->v.n; i++) {
		const struct ssh_login *l = &logins->v.v[i];

		if (l->must && !l->before)
			return dw_error_set(
				e, -EIO,
				"that sshd at %s takes a key of %s could not be proven, "
				"so its password stays; nothing was done",
				place, l->user);
		if (l->must && !(l->before & SSH_TOOK_KEY))
			return dw_error_set(e, -EIO,
					    "sshd at %s takes none of the keys in %s, so the "
					    "password of %s stays; nothing was done",
					    place, l->list, l->user);
	}
	return 0;
}

static bool gets_in(const struct ssh_login *l, unsigned methods)
{
	return methods & (SSH_TOOK_KEY | SSH_TAKES_ANYBODY) ||
	       (l->password && methods & SSH_TAKES_PASSWORDS);
}

/* A way that is open now stays so unless it is said that it does not. */
bool ssh_logins_would_lose(struct dw_switch *s, const struct ssh_login *l,
			   const struct dw_bytes *settings)
{
	struct dw_lines it = dw_lines_of(settings);
	bool keys = l->before & SSH_TOOK_KEY, root = true, plain = true, asked = true;
	char *line;

	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL) {
		const char *key = dw_word_next(&line), *value = dw_word_next(&line);
		const struct {
			const char *key;
			bool *open;
		} ways[] = { { "pubkeyauthentication", &keys },
			     { "permitrootlogin", &root },
			     { "passwordauthentication", &plain },
			     { "kbdinteractiveauthentication", &asked } };

		for (size_t i = 0; key && value && i < DW_ARRAY_SIZE(ways); i++)
			if (dw_streq(key, ways[i].key) && dw_streq(value, "no"))
				*ways[i].open = false;
	}
	if (!gets_in(l, l->before) || l->before & SSH_TAKES_ANYBODY)
		return false;
	if (!root && dw_streq(l->user, "root"))
		return true;
	return !keys && !(l->password && l->before & SSH_TAKES_PASSWORDS && (plain || asked));
}

const char *ssh_logins_lost(struct dw_switch *s, const struct ssh_logins *logins, const char *place)
{
	for (size_t i = 0; i < logins->v.n; i++) {
		const struct ssh_login *l = &logins->v.v[i];

		if (gets_in(l, l->before) && !gets_in(l, ask(s, l, place)))
			return l->user;
	}
	return NULL;
}
