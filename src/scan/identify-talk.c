/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "dw_talk.h"
#include "identify_chat.h"
#include "identify_tls.h"

/* Milliseconds. What comes in pieces is looked at when it was quiet for so long; a page may take its time. */
#define QUIET_MS      120U
#define QUIET_PAGE_MS 800U
#define UDP_AGAIN_MS  600U
#define NEVER         UINT64_MAX
#define CLOSES_MAX                                                                                 \
	4U /* connections that it closed without a word, until it is believed to mean it */

struct dw_chat *dw_chat_new(const struct dw_order *o, const struct dw_matcher *m,
			    const struct dw_nmap *nmap)
{
	struct dw_chat *c = calloc(1, sizeof(*c));

	if (!c)
		dw_oom();
	c->order = *o;
	c->order.name[sizeof(c->order.name) - 1] = '\0';
	c->order.address[sizeof(c->order.address) - 1] = '\0';
	c->matcher = m;
	c->nmap = nmap;
	c->fd = -1;
	dw_chat_plan(c);
	return c;
}

static void hang_up(struct dw_chat *c)
{
	dw_tls_free(c->tls);
	c->tls = NULL;
	dw_talk_close(c->fd);
	c->fd = -1;
}

void dw_chat_free(struct dw_chat *c)
{
	if (!c)
		return;
	hang_up(c);
	free(c);
}

static void finish(struct dw_chat *c)
{
	hang_up(c);
	c->phase = DW_CHAT_DONE;
}

static const char *host(const struct dw_chat *c)
{
	return *c->order.name ? c->order.name : NULL;
}

static const struct dw_probe_ask *ask_of(const struct dw_chat *c)
{
	uint16_t step = c->step < c->n_steps ? c->steps[c->step] : DW_STEP_LISTEN;

	return step & DW_STEP_NMAP ? NULL : &dw_probes_builtin()->asks[step];
}

static bool is_http(const struct dw_chat *c)
{
	return c->in_n >= 5 && memcmp(c->in, "HTTP/", 5) == 0;
}

static bool asked_http(const struct dw_chat *c)
{
	const struct dw_probe_ask *a = ask_of(c);

	return a && a->how == DW_PROBE_HTTP;
}

/* --- saying ------------------------------------------------------------------------------------------ */

static void flush(struct dw_chat *c)
{
	while (c->out_done < c->out_n) {
		const uint8_t *from = c->out + c->out_done;
		size_t n = c->out_n - c->out_done;
		ssize_t done =
			c->tls ? dw_tls_write(c->tls, from, n) : dw_talk_write(c->fd, from, n);

		if (done == -EAGAIN)
			return;
		if (done < 0) { /* it hung up: what it said before that is still to be read */
			c->out_n = c->out_done = 0;
			return;
		}
		c->out_done += (size_t)done;
	}
}

static void say(struct dw_chat *c, const void *bytes, size_t n)
{
	c->out_n = DW_MIN(n, sizeof(c->out));
	c->out_done = 0;
	if (c->out_n > 0)
		memcpy(c->out, bytes, c->out_n);
	c->used = true;
	flush(c);
}

static void say_step(struct dw_chat *c)
{
	uint16_t step = c->steps[c->step];
	const struct dw_probe_ask *a = ask_of(c);
	char request[512];

	if (step == DW_STEP_LISTEN)
		return;
	if (step & DW_STEP_NMAP) {
		const struct dw_bytes *b = &c->nmap->probes.v[step & ~DW_STEP_NMAP].say;

		say(c, b->data, b->n);
	} else if (a->how == DW_PROBE_HTTP) {
		c->tried_http = true;
		say(c, request,
		    dw_http_request(host(c), c->order.address, c->order.port, c->tls != NULL,
				    request, sizeof(request)));
	} else {
		say(c, a->bytes, a->n);
	}
}

/* --- steps ------------------------------------------------------------------------------------------- */

static void shake(struct dw_chat *c, uint64_t now);
static void say_upgrade(struct dw_chat *c, uint64_t now);

static void shake_hands(struct dw_chat *c, uint64_t now)
{
	c->used = true;
	c->tried_tls = true;
	c->tls = dw_tls_new(c->fd, host(c));
	if (!c->tls) {
		finish(c);
		return;
	}
	c->phase = DW_CHAT_SHAKING;
	c->deadline = now + c->order.timeout_ms;
	shake(c, now);
}

/* The step under way, on a connection that was not used yet. */
static void begin_step(struct dw_chat *c, uint64_t now)
{
	const struct dw_probe_ask *a = ask_of(c);

	c->in_n = c->out_n = c->out_done = 0;
	c->look_at = 0;
	if (a && a->how == DW_PROBE_TLS) {
		shake_hands(c, now);
		return;
	}
	c->phase = DW_CHAT_TALKING;
	c->deadline = now + dw_chat_patience(c);
	c->again_at = c->order.udp ? now + UDP_AGAIN_MS : 0;
	say_step(c);
}

static void next_step(struct dw_chat *c, uint64_t now)
{
	c->step++;
	if (c->step >= c->n_steps) {
		finish(c);
		return;
	}
	if (c->order.udp || (!c->used && c->fd >= 0)) {
		begin_step(c, now);
		return;
	}
	hang_up(c);
	c->phase = DW_CHAT_WANTS;
}

void dw_chat_take(struct dw_chat *c, int fd, uint64_t now)
{
	hang_up(c);
	c->fd = fd;
	c->used = false;
	if (fd < 0 || c->step >= c->n_steps)
		finish(c);
	else if (c->upgrades_anew)
		say_upgrade(c, now);
	else if (c->inside)
		shake_hands(c, now);
	else
		begin_step(c, now);
}

/* --- what was found ---------------------------------------------------------------------------------- */

static bool has_upgrade(const struct dw_chat *c, size_t *ret_protocol)
{
	const struct dw_probe_protocol *p = dw_probes_find(c->found.protocol);

	if (!p || !p->starttls || c->order.udp || c->inside || !dw_tls_is_loaded() ||
	    (c->fd < 0 && !p->anew))
		return false;
	*ret_protocol = (size_t)(p - dw_probes_builtin()->protocols);
	return true;
}

static void say_upgrade(struct dw_chat *c, uint64_t now)
{
	const struct dw_probe_protocol *p = &dw_probes_builtin()->protocols[c->upgrade];
	const struct dw_probe_line *line = &p->starttls[c->upgrade_line];

	c->phase = DW_CHAT_UPGRADING;
	c->in_n = 0;
	c->look_at = 0;
	c->deadline = now + c->order.timeout_ms;
	say(c, line->bytes, line->n);
}

static void begin_upgrade(struct dw_chat *c, uint64_t now)
{
	c->upgrade_line = 0;
	if (!dw_probes_builtin()->protocols[c->upgrade].anew) {
		say_upgrade(c, now);
		return;
	}
	c->upgrades_anew = true;
	hang_up(c);
	c->phase = DW_CHAT_WANTS;
}

/* Recognised: is there more to be had? */
static void go_on(struct dw_chat *c, uint64_t now)
{
	bool wants_tls = !c->inside && !c->tried_tls &&
			 (dw_streq(c->found.protocol, "tls") || dw_http_wants_tls(c->in, c->in_n));

	if (is_http(c) && !c->order.udp)
		dw_http_look(c->in, c->in_n, &c->found);
	if (wants_tls && dw_chat_insert(c, DW_PROBE_TLS)) {
		c->found = (struct identify_record){ 0 };
		next_step(c, now);
	} else if (is_http(c) && !c->order.udp && !asked_http(c) && !c->tried_http &&
		   dw_chat_insert(c, DW_PROBE_HTTP)) {
		next_step(c, now);
	} else if (has_upgrade(c, &c->upgrade)) {
		begin_upgrade(c, now);
	} else {
		finish(c);
	}
}

/* On any port: it says what we said. */
static bool is_echo(struct dw_chat *c)
{
	static const char echo[] = "echo", by[] = "doorward";

	if (c->in_n == 0 || c->in_n != c->out_n || memcmp(c->in, c->out, c->in_n) != 0)
		return false;
	memcpy(c->found.protocol, echo, sizeof(echo));
	memcpy(c->found.by, by, sizeof(by));
	return true;
}

static bool recognise(struct dw_chat *c)
{
	uint16_t step = c->steps[c->step];
	bool nmap = step != DW_STEP_LISTEN && step & DW_STEP_NMAP;
	const struct dw_reply reply = {
		.bytes = c->in,
		.n = c->in_n,
		.udp = c->order.udp,
		.port = c->order.port,
		.tls = c->inside,
		.asked = step & DW_STEP_NMAP ? DW_ASKED_NOTHING : step,
		.nmap_asked = nmap ? (int)(step & ~DW_STEP_NMAP) : DW_ASKED_NOTHING,
	};

	return dw_matcher_try(c->matcher, &reply, &c->found) || is_echo(c);
}

/* Whole: no more will come. */
static void look(struct dw_chat *c, bool whole, uint64_t now)
{
	c->look_at = 0;
	if (c->in_n > 0) {
		c->answered = true;
		if (!*c->found.banner || is_http(c))
			dw_record_set_banner(&c->found, c->in, c->in_n);
		if (recognise(c)) {
			go_on(c, now);
			return;
		}
	}
	if (!whole)
		return;
	/* a greeting that nobody knows: asking for more would only be answered by complaints */
	if (c->in_n > 0 && c->steps[c->step] == DW_STEP_LISTEN)
		finish(c);
	else
		next_step(c, now);
}

/*
 * The server's word on the last line of STARTTLS; or on one before it. One that is no line (LDAP, XMPP) is waited for
 * until it is the right one; one on a connection made for it (PostgreSQL's byte) is whole as it comes.
 */
static void look_at_upgrade(struct dw_chat *c, bool whole, uint64_t now)
{
	const struct dw_probe_protocol *p = &dw_probes_builtin()->protocols[c->upgrade];
	bool last = c->upgrade_line + 1 >= p->n_starttls;
	bool is_line = c->in_n > 0 && (p->anew || c->in[c->in_n - 1] == '\n');

	c->look_at = 0;
	if (last && dw_matcher_is_ready(c->matcher, c->upgrade, c->in, c->in_n)) {
		shake_hands(c, now);
	} else if (whole || (last && is_line)) {
		finish(c);
	} else if (is_line) {
		c->upgrade_line++;
		say_upgrade(c, now);
	}
}

/* --- hearing ----------------------------------------------------------------------------------------- */

static void heard(struct dw_chat *c, uint64_t now)
{
	bool page = is_http(c) && !c->order.udp;

	if (c->order.udp || (page && dw_http_is_whole(c->in, c->in_n)))
		c->look_at = now;
	else
		c->look_at = now + (page ? QUIET_PAGE_MS : QUIET_MS);
}

static void look_now(struct dw_chat *c, bool whole, uint64_t now)
{
	if (c->phase == DW_CHAT_UPGRADING)
		look_at_upgrade(c, whole, now);
	else
		look(c, whole, now);
}

/* The end, or a refusal: what came is all. */
static void closed(struct dw_chat *c, uint64_t now)
{
	c->used = true;
	if (c->order.udp) { /* port unreachable: it may be a limit, and the next question another matter */
		next_step(c, now);
		return;
	}
	if (c->in_n == 0 && ++c->closes >= CLOSES_MAX)
		finish(c);
	else
		look_now(c, true, now);
}

static void hear(struct dw_chat *c, uint64_t now)
{
	for (unsigned i = 0; i < 8; i++) {
		size_t room = sizeof(c->in) - c->in_n;
		uint8_t *to = c->in + (c->order.udp ? 0 : c->in_n);
		ssize_t n;

		if (room == 0) {
			look_now(c, true, now);
			return;
		}
		if (c->order.udp)
			room = sizeof(c->in);
		n = c->tls ? dw_tls_read(c->tls, to, room) : dw_talk_read(c->fd, to, room);
		if (n == -EAGAIN)
			return;
		if (n <= 0 && !(n == 0 && c->order.udp)) {
			closed(c, now);
			return;
		}
		c->in_n = (size_t)n + (c->order.udp ? 0 : c->in_n);
		heard(c, now);
		if (c->order.udp)
			return;
	}
}

/* It is TLS, whatever is inside. */
static void note_tls(struct dw_chat *c)
{
	static const char tls[] = "tls", by[] = "doorward";

	c->answered = true;
	dw_tls_describe(c->tls, &c->found);
	if (*c->found.protocol)
		return;
	memcpy(c->found.protocol, tls, sizeof(tls));
	memcpy(c->found.by, by, sizeof(by));
}

static void shaken(struct dw_chat *c, uint64_t now)
{
	bool upgraded = !c->inside && *c->found.protocol;

	note_tls(c);
	if (upgraded) { /* STARTTLS: what it is, is known, and it begins in clear text */
		c->found.tls = false;
		finish(c);
		return;
	}
	if (!c->inside) {
		c->inside = true;
		dw_chat_plan_inside(c);
	}
	begin_step(c, now);
}

static void shake(struct dw_chat *c, uint64_t now)
{
	int r = dw_tls_shake(c->tls);

	if (r == -EAGAIN)
		return;
	if (r == 0) {
		shaken(c, now);
		return;
	}
	if (r == -EPROTONOSUPPORT && !*c->found.protocol)
		note_tls(c);
	if (*c->found.protocol)
		finish(c);
	else
		next_step(c, now);
}

/* --- time -------------------------------------------------------------------------------------------- */

uint64_t dw_chat_poll(const struct dw_chat *c, struct pollfd *ret)
{
	uint64_t when = c->deadline;

	*ret = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	if (c->phase == DW_CHAT_WAITING || c->phase == DW_CHAT_DONE)
		return NEVER;
	if (c->phase == DW_CHAT_SHAKING ? dw_tls_wants_write(c->tls) : c->out_done < c->out_n)
		ret->events |= POLLOUT;
	if (c->look_at)
		when = DW_MIN(when, c->look_at);
	if (c->again_at)
		when = DW_MIN(when, c->again_at);
	return c->tls && c->phase != DW_CHAT_SHAKING && dw_tls_has_more(c->tls) ? 0 : when;
}

static void time_passed(struct dw_chat *c, uint64_t now)
{
	if (c->phase == DW_CHAT_SHAKING && now >= c->deadline) {
		c->used = true;
		if (c->inside || *c->found.protocol)
			finish(c);
		else
			next_step(c, now);
		return;
	}
	if (c->phase != DW_CHAT_TALKING && c->phase != DW_CHAT_UPGRADING)
		return;
	if (now >= c->deadline) {
		look_now(c, true, now);
	} else if (c->look_at && now >= c->look_at) {
		look_now(c, false, now);
	} else if (c->again_at && now >= c->again_at) { /* a datagram may be lost */
		c->again_at = 0;
		say_step(c);
	}
}

void dw_chat_work(struct dw_chat *c, short events, uint64_t now)
{
	bool more = c->tls && c->phase != DW_CHAT_SHAKING && dw_tls_has_more(c->tls);

	if (c->phase == DW_CHAT_SHAKING && events) {
		shake(c, now);
	} else if (c->phase == DW_CHAT_TALKING || c->phase == DW_CHAT_UPGRADING) {
		if (events & POLLOUT)
			flush(c);
		if (events & (POLLIN | POLLHUP | POLLERR) || more)
			hear(c, now);
	}
	if (c->phase != DW_CHAT_DONE && c->phase != DW_CHAT_WANTS && c->phase != DW_CHAT_WAITING)
		time_passed(c, now);
}
