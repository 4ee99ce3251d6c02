/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order a port is asked what. */
#include <string.h>

#include "identify_chat.h"
#include "identify_tls.h"

/* Milliseconds. Greetings come after a look-up of our name, which takes some servers seconds: on their ports. */
#define LISTEN_MS 1500U
#define ANSWER_MS 2500U
#define NMAP_MAX  6U

static const struct dw_probe_ask *ask_of(uint16_t step)
{
	return step == DW_STEP_LISTEN || step & DW_STEP_NMAP ? NULL
							      : &dw_probes_builtin()->asks[step];
}

static void add(struct dw_chat *c, uint16_t step)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i] == step)
			return;
	if (c->n_steps < DW_STEPS_MAX)
		c->steps[c->n_steps++] = step;
}

static bool is_on(const uint16_t *ports, size_t n, const struct dw_chat *c)
{
	return dw_probes_has_port(ports, n, c->order.port);
}

static bool may_ask(const struct dw_probe_ask *a)
{
	return a->how != DW_PROBE_TLS || dw_tls_is_loaded();
}

static void add_own(struct dw_chat *c, bool inside)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_asks; i++) {
		const struct dw_probe_ask *a = &t->asks[i];
		const struct dw_probe_protocol *p = &t->protocols[a->protocol];
		bool on = inside       ? is_on(p->tls, p->n_tls, c) :
			  c->order.udp ? is_on(p->udp, p->n_udp, c) :
					 is_on(p->tcp, p->n_tcp, c);

		if (a->udp == c->order.udp && on && may_ask(a))
			add(c, (uint16_t)i);
	}
}

static void add_common(struct dw_chat *c)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_asks; i++)
		if (t->asks[i].udp && t->asks[i].common)
			add(c, (uint16_t)i);
}

static void add_ranked(struct dw_chat *c)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (unsigned rank = 1; rank <= 100; rank++)
		for (size_t i = 0; i < t->n_asks; i++)
			if (!t->asks[i].udp && t->asks[i].rank == rank && may_ask(&t->asks[i]))
				add(c, (uint16_t)i);
}

static void add_kind(struct dw_chat *c, unsigned how)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_asks; i++)
		if (t->asks[i].how == how && t->asks[i].rank && may_ask(&t->asks[i]))
			add(c, (uint16_t)i);
}

static void add_nmap(struct dw_chat *c)
{
	uint16_t probes[NMAP_MAX];
	size_t n = c->nmap ? dw_nmap_plan(c->nmap, c->order.udp, c->order.port, probes, NMAP_MAX) :
			     0;

	for (size_t i = 0; i < n; i++)
		add(c, (uint16_t)(probes[i] | DW_STEP_NMAP));
}

/* first: a server that speaks first is at home there. */
static bool has_owner(const struct dw_chat *c, bool inside, bool first)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_protocols; i++) {
		const struct dw_probe_protocol *p = &t->protocols[i];

		if ((!first || p->first) &&
		    (inside ? is_on(p->tls, p->n_tls, c) : is_on(p->tcp, p->n_tcp, c)))
			return true;
	}
	return false;
}

void dw_chat_plan(struct dw_chat *c)
{
	c->n_steps = c->step = 0;
	if (dw_probes_avoided(c->order.udp, c->order.port))
		return;
	if (c->order.udp) {
		add_own(c, false);
		if (c->n_steps == 0)
			add_common(c);
		add_nmap(c);
		return;
	}
	/* who is asked answers at once: no time is spent on listening where the client is known to speak first */
	if (has_owner(c, false, true) ||
	    (!has_owner(c, false, false) && !has_owner(c, true, false)))
		add(c, DW_STEP_LISTEN);
	if (has_owner(c, true, false))
		add_kind(c, DW_PROBE_TLS);
	add_own(c, false);
	add_ranked(c);
	add_nmap(c);
}

void dw_chat_plan_inside(struct dw_chat *c)
{
	c->n_steps = c->step = 0;
	if (has_owner(c, true, true))
		add(c, DW_STEP_LISTEN);
	add_own(c, true);
	add_kind(c, DW_PROBE_HTTP);
}

bool dw_chat_insert(struct dw_chat *c, unsigned how)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_asks; i++)
		if (t->asks[i].how == how && t->asks[i].rank && may_ask(&t->asks[i]) &&
		    c->step + 1 < DW_STEPS_MAX) {
			c->steps[c->step + 1] = (uint16_t)i;
			c->n_steps = c->step + 2; /* what was planned behind it is no use any more */
			return true;
		}
	return false;
}

unsigned dw_chat_patience(const struct dw_chat *c)
{
	uint16_t step = c->steps[c->step];
	const struct dw_probe_ask *a = ask_of(step);

	if (step == DW_STEP_LISTEN)
		return has_owner(c, c->inside, true) ? c->order.timeout_ms
						     : DW_MIN(LISTEN_MS, c->order.timeout_ms);
	if (a && a->how != DW_PROBE_BYTES)
		return c->order.timeout_ms;
	return DW_MIN(ANSWER_MS, c->order.timeout_ms);
}
