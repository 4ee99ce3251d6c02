/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xinetd_conf.h"

#include <errno.h>

#include "dw_str.h"

enum { CONF_MAX = 1024 * 1024, FILES_MAX = 1000, SERVICES_MAX = 4096, VALUES_MAX = 64 };

/* --- blocks --------------------------------------------------------------------------------------- */

struct attribute {
	const char *name;
	char op; /* '=', '+' or '-' */
	const char *values[VALUES_MAX];
	size_t n;
};

struct reader {
	struct dw_facts *f;
	const char *file;
	struct dw_lines lines;
	struct dw_xinetd_conf *conf;
};

static void bad(const struct reader *r, unsigned line, const char *why)
{
	dw_facts_incomplete(r->f, "bad-line", r->file, line, true,
			    "%s:%u: %s; what it would open is not known", r->file, line, why);
}

/* The next line that is neither blank nor a comment, trimmed; NULL at the end. */
static char *next_line(struct reader *r)
{
	char *line;

	while ((line = dw_lines_next_trimmed(&r->lines, r->f->arena)))
		if (*line && *line != '#')
			return line;
	return NULL;
}

static void skip_block(struct reader *r)
{
	char *line;

	while ((line = next_line(r)) && !dw_streq(line, "}"))
		;
}

/* xinetd wants blanks around the operator: "type=X" is refused, with the whole block. */
static bool parse_attribute(char *line, struct attribute *ret)
{
	char *op, *word;

	*ret = (struct attribute){ .name = dw_word_next(&line) };
	op = dw_word_next(&line);
	if (!op || !(dw_streq(op, "=") || dw_streq(op, "+=") || dw_streq(op, "-=")))
		return false;
	ret->op = op[0];
	while (ret->n < VALUES_MAX && (word = dw_word_next(&line)))
		ret->values[ret->n++] = word;
	return true;
}

static bool is_yes(const char *s)
{
	return dw_streq(s, "yes") || dw_streq(s, "YES") || dw_streq(s, "Yes");
}

static void set_type(struct dw_xinetd_service *v, const struct attribute *a)
{
	for (size_t i = 0; i < a->n; i++) {
		v->internal = v->internal || dw_streq(a->values[i], "INTERNAL");
		v->rpc = v->rpc || dw_streq(a->values[i], "RPC");
		v->unlisted = v->unlisted || dw_streq(a->values[i], "UNLISTED");
		v->mux = v->mux || dw_starts_with(a->values[i], "TCPMUX");
	}
}

static void set_flags(struct dw_xinetd_service *v, const struct attribute *a)
{
	for (size_t i = 0; i < a->n; i++) {
		v->v4 = v->v4 || dw_streq(a->values[i], "IPv4");
		v->v6 = v->v6 || dw_streq(a->values[i], "IPv6");
		v->internal = v->internal || dw_streq(a->values[i], "SENSOR");
	}
}

static void set_socket_type(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->stream = dw_streq(a->values[0], "stream") || dw_streq(a->values[0], "seqpacket");
	v->datagram = dw_streq(a->values[0], "dgram");
	v->disabled = v->disabled || (!v->stream && !v->datagram); /* raw: no port */
}

static void set_protocol(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->protocol = dw_protocol_parse(a->values[0]);
	v->disabled = v->disabled || v->protocol == DW_PROTOCOL_UNKNOWN;
}

static void set_port(struct dw_xinetd_service *v, const struct attribute *a)
{
	uint64_t port;

	if (dw_parse_u64(a->values[0], 10, 65535, &port))
		v->port = (uint32_t)port;
	else
		v->disabled = true;
}

static void set_wait(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->has_wait = true;
	v->wait = is_yes(a->values[0]);
}

static void set_disable(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->disabled = v->disabled || is_yes(a->values[0]);
}

static void set_v6only(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->v6only = is_yes(a->values[0]) ? DW_YES : DW_NO;
}

static void set_id(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->id = a->values[0];
}

static void set_bind(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->bind = a->values[0];
}

static void set_user(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->has_user = true;
}

static void set_server(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->server = a->values[0];
}

static void set_argument(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->argument = a->values[0];
}

static void set_redirect(struct dw_xinetd_service *v, const struct attribute *a)
{
	v->redirect = a->values[0];
	v->redirect_port = a->n > 1 ? a->values[1] : "?";
}

static const struct {
	const char *name;
	void (*set)(struct dw_xinetd_service *v, const struct attribute *a);
} attributes[] = {
	{ "type", set_type },
	{ "flags", set_flags },
	{ "socket_type", set_socket_type },
	{ "protocol", set_protocol },
	{ "port", set_port },
	{ "wait", set_wait },
	{ "disable", set_disable },
	{ "v6only", set_v6only },
	{ "id", set_id },
	{ "bind", set_bind },
	{ "interface", set_bind },
	{ "user", set_user },
	{ "server", set_server },
	{ "server_args", set_argument },
	{ "redirect", set_redirect },
};

static void apply_attribute(struct dw_xinetd_service *v, const struct attribute *a)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(attributes); i++)
		if (a->n && a->op == '=' && dw_streq(a->name, attributes[i].name))
			attributes[i].set(v, a);
}

static void read_service(struct reader *r, const char *name, unsigned line)
{
	struct dw_xinetd_service v = { .file = r->file, .line = line, .name = name, .id = name };
	char *text;

	while ((text = next_line(r)) && !dw_streq(text, "}")) {
		struct attribute a;

		if (!parse_attribute(text, &a)) {
			bad(r, r->lines.number,
			    "no operator with blanks around it, xinetd drops the block");
			skip_block(r);
			return;
		}
		apply_attribute(&v, &a);
	}
	if (!text)
		bad(r, line, "the block has no end");
	else if (r->conf->n < SERVICES_MAX)
		dw_vec_push(r->f->arena, r->conf, v);
	else
		bad(r, line, "too many services");
}

static void change_list(struct dw_arena *arena, struct dw_strings *list, const struct attribute *a)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t kept = 0;

		if (a->op != '-') {
			dw_vec_push(arena, list, a->values[i]);
			continue;
		}
		for (size_t k = 0; k < list->n; k++)
			if (!dw_streq(list->v[k], a->values[i]))
				list->v[kept++] = list->v[k];
		list->n = kept;
	}
}

static void read_defaults(struct reader *r, unsigned line)
{
	struct dw_xinetd_conf *c = r->conf;
	char *text;

	while ((text = next_line(r)) && !dw_streq(text, "}")) {
		struct attribute a;

		if (!parse_attribute(text, &a)) {
			bad(r, r->lines.number,
			    "no operator with blanks around it, xinetd drops the defaults");
			skip_block(r);
			return;
		}
		if (dw_streq(a.name, "disabled")) {
			change_list(r->f->arena, &c->disabled, &a);
		} else if (dw_streq(a.name, "enabled")) {
			c->has_enabled = true;
			change_list(r->f->arena, &c->enabled, &a);
		} else if (a.n && (dw_streq(a.name, "bind") || dw_streq(a.name, "interface"))) {
			c->bind = a.values[0];
		} else if (a.n && dw_streq(a.name, "v6only")) {
			c->v6only = is_yes(a.values[0]);
		}
	}
	if (!text)
		bad(r, line, "the defaults have no end");
}

/* "service NAME" or "defaults", then a line with nothing but "{". */
static void read_block(struct reader *r, const char *name)
{
	unsigned line = r->lines.number;
	char *text = next_line(r);

	if (!text || !dw_streq(text, "{")) {
		bad(r, line, "no { alone on the next line");
		if (text)
			skip_block(r);
		return;
	}
	if (name)
		read_service(r, name, line);
	else
		read_defaults(r, line);
}

void dw_xinetd_parse(struct dw_facts *f, const char *file, const struct dw_bytes *text,
		     struct dw_xinetd_conf *ret)
{
	struct reader r = { .f = f, .file = file, .lines = dw_lines_of(text), .conf = ret };
	char *line;

	while ((line = next_line(&r))) {
		char *keyword = dw_word_next(&line), *name = dw_word_next(&line);

		if (dw_streq(keyword, "defaults")) {
			read_block(&r, NULL);
		} else if (!name) {
			bad(&r, r.lines.number, "a name is missing");
			if (dw_streq(keyword, "service"))
				skip_block(&r);
		} else if (dw_streq(keyword, "service")) {
			read_block(&r, name);
		} else if (dw_streq(keyword, "include")) {
			dw_vec_push(f->arena, &ret->includes, name);
		} else if (dw_streq(keyword, "includedir")) {
			dw_vec_push(f->arena, &ret->includes,
				    dw_arena_printf(f->arena, "%s/", name));
		} else {
			bad(&r, r.lines.number, "neither service nor defaults nor include");
			skip_block(&r);
		}
	}
}

/* --- files ---------------------------------------------------------------------------------------- */

static int read_file(struct dw_starters *s, const char *file, struct dw_xinetd_conf *c,
		     struct dw_error *e)
{
	struct dw_bytes text;
	int r = dw_sys_file_read(s->sys, file, CONF_MAX, s->arena, &text, e);

	if (r == 0)
		dw_xinetd_parse(s->facts, dw_arena_strdup(s->arena, file), &text, c);
	return r;
}

static void include_file(struct dw_starters *s, const char *file, struct dw_xinetd_conf *c)
{
	struct dw_error e = { 0 };

	if (read_file(s, file, c, &e) < 0)
		dw_facts_incomplete(s->facts, "unreadable", file, 0, true, "%s", e.message);
}

static void include_dir(struct dw_starters *s, const char *dir, struct dw_xinetd_conf *c,
			size_t *files)
{
	struct dw_strings entries = { 0 };
	struct dw_error e = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &entries, &e) < 0) {
		dw_facts_incomplete(s->facts, "unreadable", dir, 0, true, "%s", e.message);
		return;
	}
	for (size_t i = 0; i < entries.n && *files < FILES_MAX; i++) {
		const char *path = dw_arena_printf(s->arena, "%s%s", dir, entries.v[i]);

		/* xinetd skips names with a dot (.dpkg-old) and editors' copies, and all but plain files */
		if (strchr(entries.v[i], '.') || dw_ends_with(entries.v[i], "~") ||
		    !dw_starters_is_plain(s, path, false))
			continue;
		(*files)++;
		include_file(s, path, c);
	}
}

int dw_xinetd_read(struct dw_starters *s, const char *file, struct dw_xinetd_conf *ret,
		   struct dw_error *e)
{
	size_t files = 0;
	int r = read_file(s, file, ret, e);

	if (r < 0)
		return r;
	/* A file may include others, itself among them: each path once. */
	for (size_t i = 0; i < ret->includes.n && files < FILES_MAX; i++) {
		const char *path = ret->includes.v[i];
		bool again = dw_streq(path, file);

		for (size_t k = 0; k < i; k++)
			again = again || dw_streq(ret->includes.v[k], path);
		if (again)
			continue;
		files++;
		if (dw_ends_with(path, "/"))
			include_dir(s, path, ret, &files);
		else
			include_file(s, path, ret);
	}
	return 0;
}

/* --- what is served ------------------------------------------------------------------------------- */

static bool refuse(struct dw_starters *s, const struct dw_xinetd_service *v, const char *why)
{
	dw_facts_incomplete(s->facts, "bad-line", v->file, v->line, false,
			    "%s:%u: service %s %s: xinetd does not serve it", v->file, v->line,
			    v->name, why);
	return false;
}

/* What cannot be looked at may well be there. */
static bool is_gone(struct dw_starters *s, const char *path)
{
	struct stat st;
	int r = dw_sys_file_stat(s->sys, path, true, &st, NULL);

	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

static bool settle_port(struct dw_starters *s, struct dw_xinetd_service *v)
{
	uint16_t listed;

	if (v->rpc)
		return true;
	if (v->unlisted)
		return v->port ? true : refuse(s, v, "is unlisted and has no port");
	if (!dw_sys_service_port(s->sys, v->name, dw_protocol_name(v->protocol), &listed))
		return refuse(s, v, "is not in /etc/services");
	if (v->port && v->port != listed)
		return refuse(s, v, "has another port than in /etc/services");
	v->port = listed;
	return true;
}

bool dw_xinetd_settle(struct dw_starters *s, const struct dw_xinetd_conf *c,
		      struct dw_xinetd_service *v)
{
	if (v->disabled || v->mux || (c->has_enabled && !dw_strings_has(&c->enabled, v->id)) ||
	    dw_strings_has(&c->disabled, v->id))
		return false;
	if (!v->protocol && (v->stream || v->datagram))
		v->protocol = v->stream ? DW_PROTOCOL_TCP : DW_PROTOCOL_UDP;
	if (!v->protocol)
		return refuse(s, v, "has neither protocol nor socket_type");
	if (!v->has_wait)
		return refuse(s, v, "does not say wait");
	if (!v->internal && !v->redirect && (!v->server || !v->has_user))
		return refuse(s, v, "has no server or no user");
	if (!v->internal && !v->redirect && is_gone(s, v->server))
		return refuse(s, v, "has a server that is not there");
	if (!v->bind)
		v->bind = c->bind;
	if (v->v6only == DW_UNKNOWN)
		v->v6only = c->v6only ? DW_YES : DW_NO;
	return settle_port(s, v);
}
