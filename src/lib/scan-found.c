/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings: told as soon as it is known what they are; and asking them that. */
#include <stdio.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_scan_report.h"
#include "dw_str.h"
#include "scan-private.h"

/* Open ports of one host beyond which none is asked what it is: nobody has so many, but a tarpit does. */
#define ASKED_OF_HOST_MAX 1024u
/* To wait for answers at the end, milliseconds at once. */
#define WAIT_MS 100u

struct dw_scan_port dw_scanning_port(const struct dw_scan_found *f)
{
	bool udp = f->protocol == DW_PROTOCOL_UDP;
	struct dw_scan_port p = {
		.protocol = f->protocol,
		.port = f->port,
		.why = f->answer.why,
		.state = dw_scan_state_of(f->answer.why, udp),
		.ttl = f->answer.ttl,
		.has_from = f->answer.from.family != DW_FAMILY_UNKNOWN,
		.from = f->answer.from,
		.probes = (uint8_t)(f->answer.round + 1),
		.time = f->time,
		.service = f->service,
	};

	p.answers = p.state == DW_SCAN_OPEN;
	return p;
}

/* --- telling ---------------------------------------------------------------------------------------- */

void dw_scanning_tell(struct dw_scanning *s, const struct dw_scan_host *h,
		      const struct dw_scan_port *p)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_scan_line line = { s->scan, h, p };
	char *json = NULL;
	size_t n = 0;
	FILE *out = s->o.found ? open_memstream(&json, &n) : NULL;

	if (!out)
		return;
	(void)dw_report_scan_line(&line, out, NULL);
	if (fclose(out) == 0 && json) {
		json[strcspn(json, "\n")] = '\0';
		s->o.found(s->o.data, json, dw_report_scan_log(&line, a));
	}
	free(json);
}

static void tell_found(struct dw_scanning *s, struct dw_scan_found *f)
{
	struct dw_scan_port p = dw_scanning_port(f);

	if (f->told || p.state != DW_SCAN_OPEN)
		return;
	f->told = true;
	dw_scanning_tell(s, &s->hosts.v[f->host], &p);
}

/* --- what it is --------------------------------------------------------------------------------------- */

static const char *copy(struct dw_arena *a, const char *s)
{
	return s ? dw_arena_strndup(a, s, 4096) : NULL;
}

/* The knowledge's name for what it speaks; else for its port, where it said nothing that it is something else. */
static const char *service_id(const struct dw_scanning *s, const struct dw_scan_service *v)
{
	const struct dw_service *known =
		v->protocol ? dw_knowledge_service(s->knowledge, v->protocol) : NULL;

	return known ? known->name : NULL;
}

static struct dw_scan_service *copy_service(struct dw_scanning *s, const struct dw_scan_service *v)
{
	struct dw_scan_service *c = dw_new(s->a, struct dw_scan_service);

	*c = *v;
	c->protocol = copy(s->a, v->protocol);
	c->product = copy(s->a, v->product);
	c->version = copy(s->a, v->version);
	c->extra = copy(s->a, v->extra);
	c->banner = copy(s->a, v->banner);
	c->tls_version = copy(s->a, v->tls_version);
	c->certificate = copy(s->a, v->certificate);
	c->title = copy(s->a, v->title);
	c->server = copy(s->a, v->server);
	c->by = copy(s->a, v->by);
	c->service = v->service ? copy(s->a, v->service) : service_id(s, v);
	c->names = dw_arena_array(s->a, v->n_names, sizeof(*c->names));
	for (size_t i = 0; i < v->n_names; i++)
		c->names[i] = copy(s->a, v->names[i]);
	return c;
}

/* The row may have its port already, when the block ended before the answer came. */
static void put_service(struct dw_scanning *s, const struct dw_scan_found *f)
{
	struct dw_scan_host *h = &s->hosts.v[f->host];

	for (size_t i = 0; f->service && i < h->n_ports; i++)
		if (h->ports[i].protocol == f->protocol && h->ports[i].port == f->port)
			h->ports[i].service = f->service;
}

static void told(void *data, uint64_t tag, dw_unused bool answered,
		 const struct dw_scan_service *service)
{
	struct dw_scanning *s = data;
	struct dw_scan_found *f = tag < s->founds.n ? &s->founds.v[tag] : NULL;

	if (!f || !f->asking)
		return;
	f->asking = false;
	s->asking--;
	if (service)
		f->service = copy_service(s, service);
	put_service(s, f);
	tell_found(s, f);
}

static void give_up(struct dw_scanning *s, const char *why)
{
	dw_scanning_note(s, "open ports were not asked what they are: %s", why);
	dw_scanning_end_identify(s);
	s->asking = 0;
	for (size_t i = 0; i < s->founds.n; i++)
		if (s->founds.v[i].asking) {
			s->founds.v[i].asking = false;
			tell_found(s, &s->founds.v[i]);
		}
}

void dw_scanning_identify(struct dw_scanning *s, unsigned wait_ms)
{
	struct dw_error e = { 0 };

	if (s->identify && s->asking > 0 && dw_identify_work(s->identify, wait_ms, told, s, &e) < 0)
		give_up(s, e.message);
}

void dw_scanning_identify_rest(struct dw_scanning *s)
{
	size_t all = s->asking;

	while (s->identify && s->asking > 0 && !dw_scanning_stopped(s)) {
		struct doorward_scan_progress p = { .part = "asking what it is",
						    .slots = all,
						    .done = all - s->asking,
						    .sent = s->sent_before,
						    .open = s->open_before,
						    .seconds_left = -1 };

		if (s->o.progress)
			s->o.progress(s->o.data, &p);
		dw_scanning_identify(s, WAIT_MS);
	}
	for (size_t i = 0; i < s->founds.n; i++)
		tell_found(s, &s->founds.v[i]);
}

static void ask(struct dw_scanning *s, struct dw_scan_target *t, struct dw_scan_found *f)
{
	const struct dw_scan_host *h = &s->hosts.v[f->host];
	struct dw_error e = { 0 };
	int r;

	if (!s->identify || h->tarpit || f->protocol == DW_PROTOCOL_SCTP ||
	    t->asking >= ASKED_OF_HOST_MAX) {
		tell_found(s, f);
		return;
	}
	r = dw_identify_add(s->identify, &h->address, f->protocol, f->port, h->name,
			    (uint64_t)(f - s->founds.v), &e);
	f->asking = r >= 0;
	t->asking += f->asking;
	s->asking += f->asking;
	if (r < 0)
		tell_found(s, f);
}

void dw_scanning_ask_what(struct dw_scanning *s, struct dw_scan_found *f)
{
	struct dw_scan_target none = { 0 };

	if (!f->service && !f->told)
		ask(s, &none, f);
}

void dw_scanning_answer(void *data, const struct dw_wire_answer *a)
{
	struct dw_scanning *s = data;
	const struct dw_wire_block *b = s->block;
	struct dw_scan_target *t;
	struct dw_scan_found *f;

	if (!s->telling || a->slot / b->n_ports >= b->n_hosts)
		return;
	if (dw_scan_state_of(a->why, b->protocol == DW_PROTOCOL_UDP) != DW_SCAN_OPEN) {
		if (s->o.state_file && s->others.n < DW_SCAN_OTHERS_MAX)
			dw_vec_push(s->chunk_arena, &s->others, a->slot);
		return;
	}
	t = s->round->targets[a->slot / b->n_ports];
	f = dw_vec_add(s->a, &s->founds);
	*f = (struct dw_scan_found){ .host = t->host,
				     .slot = a->slot,
				     .protocol = b->protocol,
				     .port = b->ports[a->slot % b->n_ports],
				     .answer = *a,
				     .time = dw_sys_now_ms(s->sys) };
	s->open_before++;
	ask(s, t, f);
}
