/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libyaml's events as a tree. Its own document loader would follow aliases, and a document of a few lines can say
 * billions of nodes with them; here they are refused as they come, and so is whatever is too deep or too much.
 */
#include "tree.h"

#include <ctype.h>
#include <errno.h>
#include <yaml.h>

#include "dw_str.h"

#define KEYS_MAX 64 /* of one map: each is compared with those before it */

struct building {
	struct dw_arena *arena;
	yaml_parser_t parser;
	struct dw_error *error;
	unsigned line, nodes, depth;
};

static void cleanup_event(yaml_event_t *event)
{
	yaml_event_delete(event);
}

static int refuse(struct building *b, unsigned line, const char *text)
{
	b->line = line;
	return dw_error_set(b->error, -EINVAL, "%s", text);
}

static int next_event(struct building *b, yaml_event_t *ret)
{
	const yaml_parser_t *p = &b->parser;

	if (yaml_parser_parse(&b->parser, ret))
		return 0;
	*ret = (yaml_event_t){ 0 };
	if (p->error == YAML_MEMORY_ERROR)
		dw_oom();
	if (p->error == YAML_READER_ERROR)
		return refuse(b, (unsigned)p->mark.line + 1,
			      "no YAML: bytes that are no UTF-8 text");
	b->line = (unsigned)p->problem_mark.line + 1;
	return dw_error_set(b->error, -EINVAL, "no YAML: %s%s%s",
			    p->problem ? p->problem : "it cannot be read", p->context ? ", " : "",
			    p->context ? p->context : "");
}

static int build(struct building *b, const yaml_event_t *event, struct dw_yaml *node);

/* The tags "!" and "tag:..." as well: none of them means anything here. */
static const char *decorated(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT)
		return "aliases (*name) are not taken: write it out";
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return "anchors (&name) are not taken";
	return tag ? "tags (!name) are not taken" : NULL;
}

/* Line breaks and tabs may stand in a text (settings have several lines); nothing else that is not to be seen. */
static bool is_clean(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
			return false;
	return !memchr(text, 0x7f, n);
}

static int build_text(struct building *b, const yaml_event_t *event, struct dw_yaml *node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t n = event->data.scalar.length;

	if (!is_clean(text, n))
		return refuse(b, node->line, "a control character stands in a text");
	node->kind = DW_YAML_TEXT;
	node->text = dw_arena_strndup(b->arena, text, n);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int build_key(struct building *b, const yaml_event_t *event, const struct dw_yaml *map,
		     struct dw_yaml *node)
{
	unsigned line = (unsigned)event->start_mark.line + 1;
	struct dw_yaml key = { .line = line };
	const char *wrong = decorated(event);
	unsigned n = 0;
	int r;

	if (wrong)
		return refuse(b, line, wrong);
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(b, line, "a key must be text");
	r = build_text(b, event, &key);
	if (r < 0)
		return r;
	for (const struct dw_yaml *m = map->first; m; m = m->next, n++)
		if (dw_streq(m->key, key.text)) {
			b->line = line;
			return dw_error_set(b->error, -EINVAL, "key \"%.40s\" stands twice",
					    key.text);
		}
	if (n >= KEYS_MAX)
		return refuse(b, line, "too many keys");
	node->key = key.text;
	node->key_line = line;
	return 0;
}

static int build_member(struct building *b, const yaml_event_t *event, const struct dw_yaml *parent,
			struct dw_yaml *node)
{
	_cleanup_(cleanup_event) yaml_event_t value = { 0 };
	int r;

	if (parent->kind == DW_YAML_LIST)
		return build(b, event, node);
	r = build_key(b, event, parent, node);
	if (r == 0)
		r = next_event(b, &value);
	return r < 0 ? r : build(b, &value, node);
}

/* The members up to the end of a list or map. */
static int build_members(struct building *b, struct dw_yaml *parent)
{
	struct dw_yaml **end = &parent->first;
	int r = 0;

	while (r == 0) {
		_cleanup_(cleanup_event) yaml_event_t event = { 0 };
		struct dw_yaml *node;

		r = next_event(b, &event);
		if (r < 0)
			return r;
		if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
			return 0;
		node = dw_new(b->arena, struct dw_yaml);
		r = build_member(b, &event, parent, node);
		*end = node;
		end = &node->next;
	}
	return r;
}

static int build(struct building *b, const yaml_event_t *event, struct dw_yaml *node)
{
	const char *wrong = decorated(event);
	int r;

	node->line = (unsigned)event->start_mark.line + 1;
	if (wrong)
		return refuse(b, node->line, wrong);
	if (++b->nodes > DW_YAML_NODES_MAX)
		return refuse(b, node->line, "too much for one file");
	if (event->type == YAML_SCALAR_EVENT)
		return build_text(b, event, node);
	if (++b->depth > DW_YAML_DEPTH_MAX)
		return refuse(b, node->line, "nested too deep");
	node->kind = event->type == YAML_MAPPING_START_EVENT ? DW_YAML_MAP : DW_YAML_LIST;
	r = build_members(b, node);
	b->depth--;
	return r;
}

/* STREAM-START, and for the one document DOCUMENT-START, what is in it, DOCUMENT-END; STREAM-END. */
static int build_document(struct building *b, struct dw_yaml **ret)
{
	bool inside = false;

	for (;;) {
		_cleanup_(cleanup_event) yaml_event_t event = { 0 };
		int r = next_event(b, &event);

		if (r < 0)
			return r;
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (event.type == YAML_DOCUMENT_START_EVENT && inside)
			return refuse(b, (unsigned)event.start_mark.line + 1,
				      "a second document in the file");
		if (event.type == YAML_STREAM_START_EVENT ||
		    event.type == YAML_DOCUMENT_START_EVENT ||
		    event.type == YAML_DOCUMENT_END_EVENT) {
			inside |= event.type == YAML_DOCUMENT_START_EVENT;
			continue;
		}
		*ret = dw_new(b->arena, struct dw_yaml);
		r = build(b, &event, *ret);
		if (r < 0)
			return r;
	}
}

int dw_yaml_read(struct dw_arena *a, const struct dw_bytes *bytes, struct dw_yaml **ret,
		 unsigned *ret_line, struct dw_error *e)
{
	struct building b = { .arena = a, .error = e };
	struct dw_yaml *root = NULL;
	int r;

	if (bytes->n > DW_YAML_BYTES_MAX) {
		*ret_line = 0;
		return dw_error_set(e, -EFBIG, "larger than 4 MiB");
	}
	if (!yaml_parser_initialize(&b.parser))
		dw_oom();
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes->data, bytes->n);
	r = build_document(&b, &root);
	yaml_parser_delete(&b.parser);
	*ret_line = b.line;
	if (r == 0)
		*ret = root;
	return r;
}

/* What YAML 1.1 makes of words; y and n are left alone by most readers. */
static bool is_other_word(const char *s)
{
	static const char *const words[] = { "",   "~",   "null", "true", "false", "yes",  "no",
					     "on", "off", ".nan", ".inf", "-.inf", "+.inf" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

/* 2026-01-31 */
static bool is_date(const char *s)
{
	static const char shape[] = "0000-00-00";

	if (strlen(s) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; s[i]; i++)
		if (shape[i] == '-' ? s[i] != '-' : !isdigit((unsigned char)s[i]))
			return false;
	return true;
}

#define DIGITS "0123456789_"

/* 22, -1, 1_000, 0x1f, 1.5, 1e3, and 12:30 and 2026-01-31, which some readers take for a time and a date. */
static bool is_number(const char *s)
{
	if (is_date(s))
		return true;
	if (*s == '-' || *s == '+')
		s++;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return s[2] && !s[2 + strspn(s + 2, "abcdefABCDEF" DIGITS)];
	if (!isdigit((unsigned char)*s) && !(*s == '.' && isdigit((unsigned char)s[1])))
		return false;
	s += strspn(s, ":" DIGITS);
	if (*s == '.')
		s += 1 + strspn(s + 1, DIGITS);
	if ((*s == 'e' || *s == 'E') && s[1 + strspn(s + 1, "+-")])
		s += 1 + strspn(s + 1, "+-" DIGITS);
	return !*s;
}

bool dw_yaml_is_text(const struct dw_yaml *node)
{
	return node->kind == DW_YAML_TEXT &&
	       (node->quoted || !(is_other_word(node->text) || is_number(node->text)));
}

const char *dw_yaml_kind_name(const struct dw_yaml *node)
{
	switch (node->kind) {
	case DW_YAML_NOTHING:
		return "nothing";
	case DW_YAML_TEXT:
		if (dw_yaml_is_text(node))
			return "text";
		return is_other_word(node->text) ? "nothing or a truth value" : "a number";
	case DW_YAML_LIST:
		return "a list";
	case DW_YAML_MAP:
		return "a map";
	}
	return "nothing";
}
