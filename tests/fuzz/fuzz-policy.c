/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy language. What was read is written down, read again, and must be the same. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "dw_policy_match.h"
#include "dw_policy_read.h"
#include "dw_policy_write.h"
#include "dw_str.h"
#include "mock-knowledge.h"

/* Every file that is included has the text of the first one: circles and depth are met soon. */
static int open_again(void *data, struct dw_arena *a, const char *name, struct dw_policy_text **ret,
		      size_t *ret_n, struct dw_error *e)
{
	*ret = dw_new(a, struct dw_policy_text);
	*ret_n = 1;
	**ret = (struct dw_policy_text){ .name = name, .bytes = *(const struct dw_bytes *)data };
	return strlen(name) % 2 ? 0 : dw_error_set(e, -ENOENT, "%s", name);
}

static const struct dw_policy *parse(struct dw_arena *a, struct dw_bytes *bytes,
				     const struct dw_policy_source *source)
{
	const struct dw_policy_text text = { .name = "/fuzz/policy", .bytes = *bytes };
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy *p = dw_policy_read(a, &text, source, &mock_knowledge, &problems);
	bool error = false;

	for (size_t i = 0; i < problems.n; i++) {
		error |= !problems.v[i].warning;
		if (!problems.v[i].line || !problems.v[i].column || !problems.v[i].text[0])
			__builtin_trap();
	}
	if (error == (p != NULL))
		__builtin_trap();
	return p;
}

static bool has_long_line(const char *text)
{
	for (size_t n; *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		if (n > 4096)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes bytes = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const struct dw_policy_source source = { .open = open_again, .data = &bytes };
	struct dw_door door = { .at = { .protocol = DW_PROTOCOL_TCP, .has_port = true, .port = 80 },
				.netns = "host",
				.program = "/usr/sbin/nginx" };
	const struct dw_policy *p, *again;
	const char *text;

	for (size_t i = 0; i < size; i++)
		bytes.data[i] = (char)data[i];
	p = parse(a, &bytes, &source);
	if (!p)
		return 0;
	(void)dw_policy_match(p, NULL, &door, NULL, &mock_knowledge, 0, NULL);
	text = dw_policy_text(a, p);
	/* networks stand where "lan" stood, and names where synonyms: a line may have grown too long, or be too many */
	if (has_long_line(text) || strlen(text) > 1000000 || p->n_statements > 10000)
		return 0;
	bytes = (struct dw_bytes){ .data = dw_arena_strdup(a, text), .n = strlen(text) };
	again = parse(a, &bytes, NULL);
	if (!again || again->n_statements != p->n_statements || again->n_out != p->n_out ||
	    again->n_redirects != p->n_redirects || again->egress != p->egress ||
	    again->log_denied != p->log_denied)
		__builtin_trap();
	for (size_t i = 0; i < p->n_out; i++)
		if (strcmp(dw_policy_out_text(a, &p->out[i]),
			   dw_policy_out_text(a, &again->out[i])) != 0)
			__builtin_trap();
	for (size_t i = 0; i < p->n_redirects; i++)
		if (strcmp(dw_policy_redirect_text(a, &p->redirects[i]),
			   dw_policy_redirect_text(a, &again->redirects[i])) != 0)
			__builtin_trap();
	for (size_t i = 0; i < p->n_statements; i++)
		if (strcmp(dw_policy_statement_text(a, &p->statements[i]),
			   dw_policy_statement_text(a, &again->statements[i])) != 0)
			__builtin_trap();
	return 0;
}
