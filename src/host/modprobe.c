/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modprobe.d(5), as libkmod reads it. */
#include "modprobe.h"

#define WORDS_MAX 20000

static char *underscored(char *name)
{
	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static enum host_modprobe_word word_of(const char *s)
{
	static const char *const words[] = { [MODPROBE_INSTALL] = "install",
					     [MODPROBE_BLACKLIST] = "blacklist",
					     [MODPROBE_ALIAS] = "alias" };

	for (size_t i = MODPROBE_INSTALL; i < DW_ARRAY_SIZE(words); i++)
		if (dw_streq(s, words[i]))
			return (enum host_modprobe_word)i;
	return MODPROBE_OTHER;
}

/* A backslash at the end goes on. */
static char *whole_line(struct dw_arena *a, struct dw_lines *it)
{
	struct dw_str text = { .arena = a };
	char *line;

	while ((line = dw_lines_next_trimmed(it, a)) != NULL) {
		size_t n = strlen(line);
		bool more = n && line[n - 1] == '\\';

		dw_str_addn(&text, line, n - more);
		if (!more)
			return text.s ? text.s : line;
		dw_str_addc(&text, ' ');
	}
	return text.s;
}

void host_modprobe_parse(struct dw_arena *a, const struct dw_bytes *text,
			 struct host_modprobes *ret)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = whole_line(a, &it)) != NULL && ret->v.n < WORDS_MAX) {
		char *first = dw_word_next(&line), *name;
		enum host_modprobe_word word =
			first && *first != '#' ? word_of(first) : MODPROBE_OTHER;

		if (word == MODPROBE_OTHER || !(name = dw_word_next(&line)))
			continue;
		*dw_vec_add(a, &ret->v) = (struct host_modprobe){
			.word = word,
			.name = word == MODPROBE_ALIAS ? name : underscored(name),
			.rest = line ? dw_trim(line) : "",
		};
	}
}

void host_modprobe_read(struct host_asking *q, struct host_modprobes *ret)
{
	static const char *const dirs[] = { "/etc/modprobe.d", "/run/modprobe.d",
					    "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
					    "/lib/modprobe.d" };
	struct dw_strings had = { 0 };

	*ret = (struct host_modprobes){ 0 };
	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		struct dw_strings names;

		host_ask_list(q, dirs[i], &names);
		for (size_t k = 0; k < names.n; k++) {
			struct dw_bytes text = { 0 };

			if (!dw_ends_with(names.v[k], ".conf") || dw_strings_has(&had, names.v[k]))
				continue;
			dw_vec_push(q->l->a, &had, names.v[k]);
			if (host_ask_text(q, dw_arena_printf(q->l->a, "%s/%s", dirs[i], names.v[k]),
					  &text))
				host_modprobe_parse(q->l->a, &text, ret);
		}
	}
}

static bool does_nothing(const char *command)
{
	static const char *const nothing[] = { "/bin/false", "/bin/true", "/usr/bin/false",
					       "/usr/bin/true" };
	size_t n = strcspn(command, " \t");

	for (size_t i = 0; i < DW_ARRAY_SIZE(nothing); i++)
		if (strlen(nothing[i]) == n && strncmp(command, nothing[i], n) == 0)
			return true;
	return false;
}

bool host_modprobe_is_off(const struct host_modprobes *all, const char *module)
{
	/* the first install of a module counts (kmod_module_get_install_commands()) */
	for (size_t i = 0; i < all->v.n; i++)
		if (all->v.v[i].word == MODPROBE_INSTALL && dw_streq(all->v.v[i].name, module))
			return does_nothing(all->v.v[i].rest);
	return false;
}

bool host_modprobe_keeps(const struct host_modprobes *all, const char *alias, const char *module)
{
	for (size_t i = 0; i < all->v.n; i++) {
		const struct host_modprobe *m = &all->v.v[i];

		if ((m->word == MODPROBE_BLACKLIST && dw_streq(m->name, module)) ||
		    (m->word == MODPROBE_ALIAS && dw_streq(m->name, alias) &&
		     dw_streq(m->rest, "off")))
			return true;
	}
	return host_modprobe_is_off(all, module);
}

const char *host_modprobe_alias(struct dw_arena *a, const struct dw_bytes *aliases,
				const struct host_modprobes *all, const char *module)
{
	static const char head[] = "alias net-pf-";
	struct dw_lines it = dw_lines_of(aliases);
	size_t length = strlen(module), n;
	const char *raw;

	if (host_modprobe_is_off(all, module))
		return NULL;
	while (dw_lines_next(&it, &raw, &n)) {
		char *line, *alias, *target;

		/* ten thousand lines of devices: these alone are copied */
		if (n < sizeof(head) || n > 500 || memcmp(raw, head, sizeof(head) - 1) != 0)
			continue;
		line = dw_arena_strndup(a, raw + sizeof("alias"), n - sizeof("alias"));
		alias = dw_word_next(&line);
		target = alias ? dw_word_next(&line) : NULL;
		if (target && strncmp(underscored(target), module, length) == 0 &&
		    (target[length] == '\0' || target[length] == '_') &&
		    !host_modprobe_keeps(all, alias, target))
			return alias;
	}
	return NULL;
}
