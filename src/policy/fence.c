/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fence alone needs: redirect, egress, allow out, log. */
#include <string.h>

#include "dw_parse.h"
#include "dw_str.h"
#include "private.h"

void policy_read_egress(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *word = policy_only_word(r, w, "open, log or deny");
	struct policy_near near;
	unsigned e = DW_POLICY_EGRESS_OPEN;

	if (!word)
		return;
	near = policy_near_to(r, word->text);
	for (; e < DW_POLICY_EGRESS_COUNT; e++) {
		const char *name = dw_policy_egress_name((enum dw_policy_egress)e);

		policy_near_try(&near, name);
		if (dw_streq(word->text, name))
			break;
	}
	if (e == DW_POLICY_EGRESS_COUNT) {
		policy_error_at(r, word, "unknown word \"%s\"; expected open, log or deny%s",
				policy_shown(r, word->text), policy_near_text(r, &near));
	} else if (r->policy.egress != DW_POLICY_EGRESS_UNKNOWN) {
		policy_warn_at(r, &w->v[0], "never counts: the first one decides, and %s says %s",
			       policy_place(r, r->egress_file, r->egress_line),
			       dw_policy_egress_name(r->policy.egress));
	} else {
		r->policy.egress = (enum dw_policy_egress)e;
		r->egress_file = r->open->name;
		r->egress_line = w->v[0].line;
	}
}

void policy_read_log(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *word = policy_only_word(r, w, "denied");

	if (!word)
		return;
	if (!dw_streq(word->text, "denied"))
		policy_error_at(r, word, "\"%s\" behind \"log\"; expected denied",
				policy_shown(r, word->text));
	else if (r->policy.log_denied)
		policy_warn_at(r, &w->v[0], "it is said already");
	else
		r->policy.log_denied = true;
}

static bool read_port(struct policy_reader *r, const struct policy_word *w, size_t n, uint16_t *ret)
{
	uint64_t port = 0;

	if (dw_parse_u64n(w->text, n, 10, UINT16_MAX, &port) && port > 0) {
		*ret = (uint16_t)port;
		return true;
	}
	policy_error_at(r, w, "\"%s\": expected one port from 1 to 65535",
			policy_shown(r, w->text));
	return false;
}

static bool is_redirectable(enum dw_protocol p)
{
	return p == DW_PROTOCOL_TCP || p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_SCTP ||
	       p == DW_PROTOCOL_DCCP;
}

/* 80, 53/udp; without protocol it is TCP. */
static bool read_outside(struct policy_reader *r, const struct policy_word *w,
			 struct dw_policy_redirect *ret)
{
	const char *slash = strchr(w->text, '/');

	ret->protocol = slash ? dw_protocol_parse(slash + 1) : DW_PROTOCOL_TCP;
	if (!is_redirectable(ret->protocol)) {
		policy_error_at(r, w, "\"%s\": expected PORT, or PORT/ and tcp, udp, sctp or dccp",
				policy_shown(r, w->text));
		return false;
	}
	return read_port(r, w, slash ? (size_t)(slash - w->text) : strlen(w->text), &ret->from);
}

static bool read_redirect_because(struct policy_reader *r, const struct policy_words *w,
				  struct dw_policy_redirect *ret)
{
	if (w->n == 4)
		return true;
	if (w->v[4].quoted || !dw_streq(w->v[4].text, "because") || w->n != 6 || !w->v[5].text[0]) {
		policy_error_at(r, &w->v[4],
				"\"%s\" behind the port; expected because and a reason in double "
				"quotes, or the end of the line",
				policy_shown(r, w->v[4].text));
		return false;
	}
	ret->because = w->v[5].text;
	return true;
}

/* False: an earlier one is about the same port, which was told. */
static bool is_new(struct policy_reader *r, const struct policy_word *at,
		   const struct dw_policy_redirect *given)
{
	for (size_t i = 0; i < r->redirects.n; i++) {
		const struct dw_policy_redirect *old = &r->redirects.v[i];

		if (old->protocol != given->protocol || old->from != given->from)
			continue;
		policy_warn_at(r, at, "never counts: %s redirects that port already",
			       policy_place(r, old->file, old->line));
		return false;
	}
	return true;
}

void policy_read_redirect(struct policy_reader *r, const struct policy_words *w)
{
	struct dw_policy_redirect given = { .file = r->open->name, .line = w->v[0].line };

	if (w->n < 4 || w->v[2].quoted || !dw_streq(w->v[2].text, "to")) {
		policy_error_at(r, &w->v[0],
				"expected \"redirect PORT to PORT\", as redirect 80 to 8080");
		return;
	}
	if (!read_outside(r, &w->v[1], &given) ||
	    !read_port(r, &w->v[3], strlen(w->v[3].text), &given.to) ||
	    !read_redirect_because(r, w, &given))
		return;
	if (given.from == given.to)
		policy_error_at(r, &w->v[3], "a port that is redirected to itself");
	else if (r->redirects.n >= POLICY_REDIRECTS_MAX)
		policy_error_at(r, &w->v[0], "more than %d ports are redirected",
				POLICY_REDIRECTS_MAX);
	else if (is_new(r, &w->v[1], &given))
		dw_vec_push(r->a, &r->redirects, given);
}

/* "allow out" is the whole keyword. */
void policy_read_allow(struct policy_reader *r, const struct policy_words *w)
{
	struct policy_words rest = { .v = w->v + 1, .n = w->n - 1 };

	if (w->n < 2 || w->v[1].quoted || !dw_streq(w->v[1].text, "out"))
		policy_error_at(r, &w->v[0],
				"expected \"allow out WHAT... to NETWORK...\"; what may come in "
				"stands behind keep");
	else
		policy_read_out(r, &rest);
}
