/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan from its JSON document. */
#include "dw_scan_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_doc.h"
#include "dw_parse.h"
#include "dw_str.h"

#define HOSTS_MAX 1048576
#define PORTS_MAX (3 * 65536)
#define NOTES_MAX 1024
#define NAMES_MAX 256
#define TEXT_MAX  4096
#define LISTS_MAX ((size_t)512 * 1024) /* 65,535 single ports with commas between */

/* A word of a closed list; unknown words are a mistake: what they mean is not guessed. */
static unsigned word(struct dw_doc *d, const struct dw_json_value *o, const char *key,
		     unsigned (*parse)(const char *))
{
	const char *text = dw_doc_text(d, o, key, 64);
	unsigned v = text ? parse(text) : 0;

	if (text && v == 0 && !dw_streq(text, "unknown"))
		(void)dw_doc_wrong(d, key, "it is none of the words that can stand here");
	return v;
}

static unsigned parse_state(const char *text)
{
	return dw_scan_state_parse(text);
}

static unsigned parse_why(const char *text)
{
	return dw_scan_why_parse(text);
}

static unsigned parse_up(const char *text)
{
	return dw_scan_up_parse(text);
}

static unsigned parse_protocol(const char *text)
{
	return dw_protocol_parse(text);
}

/* --- a service -------------------------------------------------------------------------------------- */

static struct dw_scan_service *read_service(struct dw_doc *d, const struct dw_json_value *o)
{
	struct dw_scan_service *s = dw_new(d->arena, struct dw_scan_service);

	s->protocol = dw_doc_text(d, o, "protocol", 64);
	s->product = dw_doc_text(d, o, "product", TEXT_MAX);
	s->version = dw_doc_text(d, o, "version", TEXT_MAX);
	s->extra = dw_doc_text(d, o, "extra", TEXT_MAX);
	s->banner = dw_doc_text(d, o, "banner", TEXT_MAX);
	s->tls = dw_doc_bool(d, o, "tls");
	s->tls_version = dw_doc_text(d, o, "tls_version", 64);
	s->certificate = dw_doc_text(d, o, "certificate", TEXT_MAX);
	s->names = dw_doc_strings(d, o, "names", NAMES_MAX, &s->n_names);
	s->expires = dw_doc_time(d, o, "expires");
	s->title = dw_doc_text(d, o, "title", TEXT_MAX);
	s->server = dw_doc_text(d, o, "server", TEXT_MAX);
	s->service = dw_doc_text(d, o, "service", 128);
	s->by = dw_doc_text(d, o, "by", 64);
	return s;
}

/* --- a port ------------------------------------------------------------------------------------------- */

static void read_address(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			 struct dw_address *ret, bool *ret_known)
{
	const char *text = dw_doc_text(d, o, key, 128);

	*ret_known = text && dw_doc_parse_address(text, ret);
	if (text && !*ret_known)
		(void)dw_doc_wrong(d, key, "it is no address");
}

static uint64_t read_ms(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	const char *text = dw_doc_text(d, o, key, 64);
	uint64_t seconds = 0;
	unsigned ms = 0;

	if (text && !dw_doc_parse_time(text, &seconds, &ms))
		(void)dw_doc_wrong(d, key, "it is no time like 2026-01-31T12:00:00Z");
	return seconds * 1000 + ms;
}

static bool has_ports(enum dw_protocol p)
{
	return p == DW_PROTOCOL_TCP || p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_SCTP;
}

static void read_port(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan_port *p)
{
	const struct dw_json_value *service = dw_json_get(o, "service", NULL);

	p->protocol = word(d, o, "protocol", parse_protocol);
	p->port = (uint16_t)dw_doc_number(d, o, "port", UINT16_MAX);
	p->state = word(d, o, "state", parse_state);
	p->why = word(d, o, "why", parse_why);
	read_address(d, o, "from", &p->from, &p->has_from);
	p->ttl = (uint8_t)dw_doc_number(d, o, "ttl", UINT8_MAX);
	p->probes = (uint8_t)dw_doc_number(d, o, "probes", UINT8_MAX);
	p->answers = (uint8_t)dw_doc_number(d, o, "answers", UINT8_MAX);
	p->missed = dw_doc_share(d, o, "missed");
	p->time = read_ms(d, o, "time");
	if (!has_ports(p->protocol))
		(void)dw_doc_wrong(d, "protocol", "it must be tcp, udp or sctp");
	if (p->state == DW_SCAN_UNKNOWN)
		(void)dw_doc_wrong(d, "state", "it must be open, closed, filtered or unproven");
	if (dw_json_is_null(service))
		return;
	if (dw_json_is_object(service))
		p->service = read_service(d, service);
	else
		(void)dw_doc_wrong(d, "service", "it is no object");
}

static int by_port(const void *x, const void *y)
{
	const struct dw_scan_port *a = x, *b = y;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (int)a->port - (int)b->port;
}

static void read_ports(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan_host *h)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(d, o, "ports", PORTS_MAX, &n);

	h->ports = dw_arena_array(d->arena, n, sizeof(*h->ports));
	for (size_t i = 0; i < n && d->r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(d, v, "ports", i);

		if (one)
			read_port(d, one, &h->ports[h->n_ports++]);
		dw_doc_leave(d);
	}
	if (h->n_ports > 1)
		qsort(h->ports, h->n_ports, sizeof(*h->ports), by_port);
	for (size_t i = 1; i < h->n_ports; i++)
		if (by_port(&h->ports[i - 1], &h->ports[i]) == 0)
			(void)dw_doc_wrong(d, "ports", "port %u/%s stands there twice",
					   (unsigned)h->ports[i].port,
					   dw_protocol_name(h->ports[i].protocol));
}

/* --- a host ------------------------------------------------------------------------------------------- */

static void read_counts(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			struct dw_scan_counts *c)
{
	const struct dw_json_value *v = dw_json_get(o, key, NULL);

	if (dw_json_is_null(v))
		return;
	if (!dw_json_is_object(v)) {
		(void)dw_doc_wrong(d, key, "it is no object");
		return;
	}
	c->asked = (uint32_t)dw_doc_number(d, v, "asked", 65536);
	c->open = (uint32_t)dw_doc_number(d, v, "open", 65536);
	c->closed = (uint32_t)dw_doc_number(d, v, "closed", 65536);
	c->filtered = (uint32_t)dw_doc_number(d, v, "filtered", 65536);
	c->unproven = (uint32_t)dw_doc_number(d, v, "unproven", 65536);
}

static int hex(char c)
{
	const char *const all = "0123456789abcdef", *at = c ? strchr(all, c) : NULL;

	return at ? (int)(at - all) : -1;
}

static void read_mac(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan_host *h)
{
	const char *text = dw_doc_text(d, o, "mac", 32);
	bool good = text && strlen(text) == 17;

	for (size_t i = 0; good && i < 6; i++) {
		int high = hex(text[3 * i]), low = hex(text[3 * i + 1]);

		good = high >= 0 && low >= 0 && text[3 * i + 2] == (i < 5 ? ':' : '\0');
		h->mac[i] = good ? (uint8_t)(high * 16 + low) : 0;
	}
	h->has_mac = good;
	if (text && !good)
		(void)dw_doc_wrong(d, "mac", "it is no address like 52:54:00:12:34:56");
}

static void read_host(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan_host *h)
{
	bool known = false;

	read_address(d, o, "address", &h->address, &known);
	if (!known)
		(void)dw_doc_wrong(d, "address", "there is none");
	h->name = dw_doc_text(d, o, "name", 1024);
	h->up = word(d, o, "up", parse_up);
	h->up_why = word(d, o, "up_why", parse_why);
	read_mac(d, o, h);
	h->rtt_us = (uint32_t)dw_doc_number(d, o, "rtt_us", UINT32_MAX);
	h->loss = dw_json_is_null(dw_json_get(o, "loss", NULL)) ? -1 : dw_doc_share(d, o, "loss");
	h->tarpit = dw_doc_bool(d, o, "tarpit");
	h->proxy = dw_doc_bool(d, o, "proxy");
	h->icmp_rate = (uint32_t)dw_doc_number(d, o, "icmp_rate", UINT32_MAX);
	read_counts(d, o, "tcp", &h->tcp);
	read_counts(d, o, "udp", &h->udp);
	read_counts(d, o, "sctp", &h->sctp);
	h->complete = dw_doc_bool(d, o, "complete");
	read_ports(d, o, h);
}

static int by_address(const void *x, const void *y)
{
	const struct dw_scan_host *a = x, *b = y;

	return dw_address_compare(&a->address, &b->address);
}

static void read_hosts(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan *s)
{
	size_t n = 0;
	const struct dw_json_value *v = dw_doc_array(d, o, "hosts", HOSTS_MAX, &n);

	if (!v)
		(void)dw_doc_wrong(d, "hosts", "there is no such list: it is no scan");
	s->hosts = dw_arena_array(d->arena, n, sizeof(*s->hosts));
	for (size_t i = 0; i < n && d->r == 0; i++) {
		const struct dw_json_value *one = dw_doc_enter(d, v, "hosts", i);

		if (one)
			read_host(d, one, &s->hosts[s->n_hosts++]);
		dw_doc_leave(d);
	}
	if (s->n_hosts > 1)
		qsort(s->hosts, s->n_hosts, sizeof(*s->hosts), by_address);
	for (size_t i = 1; i < s->n_hosts; i++)
		if (by_address(&s->hosts[i - 1], &s->hosts[i]) == 0)
			(void)dw_doc_wrong(d, "hosts", "%s stands there twice",
					   dw_address_text(d->arena, &s->hosts[i].address));
}

static const char *read_port_list(struct dw_doc *d, const struct dw_json_value *o, const char *key)
{
	uint8_t *bits = dw_arena_alloc(d->arena, DW_SCAN_PORT_BYTES);
	const char *text = dw_doc_text(d, o, key, LISTS_MAX);

	if (text && !dw_scan_ports_parse(text, bits))
		(void)dw_doc_wrong(d, key, "it is no list of ports like 1-1024,8080");
	return text;
}

/* As text, for it has 64 bits, which not every reader of JSON keeps. */
static uint64_t read_seed(struct dw_doc *d, const struct dw_json_value *o)
{
	const char *text = dw_json_text(dw_json_get(o, "seed", NULL));
	uint64_t seed = 0;

	if (!text)
		return dw_doc_number(d, o, "seed", UINT64_MAX);
	if (!dw_parse_u64(text, 10, UINT64_MAX, &seed))
		(void)dw_doc_wrong(d, "seed", "it is no number");
	return seed;
}

static void read_scan(struct dw_doc *d, const struct dw_json_value *o, struct dw_scan *s)
{
	s->id = (int64_t)dw_doc_number(d, o, "id", INT64_MAX);
	s->command = dw_doc_text(d, o, "command", LISTS_MAX);
	s->scanner = dw_doc_text(d, o, "scanner", 1024);
	s->authorised_by = dw_doc_text(d, o, "authorised_by", TEXT_MAX);
	s->targets = dw_doc_text(d, o, "targets", LISTS_MAX);
	s->excluded = dw_doc_text(d, o, "excluded", LISTS_MAX);
	s->tcp_ports = read_port_list(d, o, "tcp_ports");
	s->udp_ports = read_port_list(d, o, "udp_ports");
	s->sctp_ports = read_port_list(d, o, "sctp_ports");
	s->seed = read_seed(d, o);
	s->shard = (uint32_t)dw_doc_number(d, o, "shard", UINT32_MAX);
	s->shards = (uint32_t)dw_doc_number(d, o, "shards", UINT32_MAX);
	s->begun = dw_doc_time(d, o, "begun");
	s->ended = dw_doc_time(d, o, "ended");
	s->sender = dw_doc_text(d, o, "sender", 64);
	s->receiver = dw_doc_text(d, o, "receiver", 64);
	s->version = dw_doc_text(d, o, "version", 64);
	s->sent = dw_doc_number(d, o, "sent", UINT64_MAX);
	s->answered = dw_doc_number(d, o, "answered", UINT64_MAX);
	s->lost = dw_doc_number(d, o, "lost", UINT64_MAX);
	s->hosts_asked = dw_doc_number(d, o, "hosts_asked", UINT64_MAX);
	s->hosts_silent = dw_doc_number(d, o, "hosts_silent", UINT64_MAX);
	s->hosts_unproven = dw_doc_number(d, o, "hosts_unproven", UINT64_MAX);
	s->hosts_missed = dw_doc_share(d, o, "hosts_missed");
	s->notes = dw_doc_strings(d, o, "notes", NOTES_MAX, &s->n_notes);
	read_hosts(d, o, s);
}

int dw_scan_read_value(const struct dw_json_value *v, const char *name, struct dw_arena *a,
		       struct dw_scan *ret, struct dw_error *e)
{
	struct dw_doc d = { .arena = a, .e = e, .name = name };
	struct dw_scan scan = { 0 };

	if (dw_json_is_object(v))
		read_scan(&d, v, &scan);
	else
		(void)dw_doc_wrong(&d, NULL, "it is no JSON object");
	if (d.r < 0)
		return d.r;
	*ret = scan;
	return 0;
}

int dw_scan_read_json(const char *text, size_t n, const char *name, struct dw_arena *a,
		      struct dw_scan *ret, struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	struct dw_error own = { 0 };
	int r = dw_json_parse(text, n, &v, &own);

	if (r < 0)
		return dw_error_set(e, r, "%s: %s", name, own.message);
	r = dw_scan_read_value(v, name, a, ret, e);
	dw_json_free(v);
	return r;
}

/* --- lists of ports ------------------------------------------------------------------------------------- */

bool dw_scan_ports_parse(const char *list, uint8_t *ret_bits)
{
	memset(ret_bits, 0, DW_SCAN_PORT_BYTES);
	if (!list)
		return true;
	while (*list) {
		size_t n = strcspn(list, ",");
		uint64_t low = 0, high = 0;

		if (!dw_parse_range(list, n, UINT16_MAX, &low, &high))
			return false;
		for (uint64_t p = low; p <= high; p++)
			ret_bits[p >> 3] |= (uint8_t)(1u << (p & 7));
		list += n;
		if (*list == ',' && !*++list)
			return false;
	}
	return true;
}

/* --- a service as text ------------------------------------------------------------------------------------ */

static void put(struct dw_json *j, const char *key, const char *text)
{
	if (text)
		dw_json_string(j, key, text);
}

static void put_service(struct dw_json *j, struct dw_arena *a, const struct dw_scan_service *s)
{
	dw_json_object(j, NULL);
	put(j, "protocol", s->protocol);
	put(j, "product", s->product);
	put(j, "version", s->version);
	put(j, "extra", s->extra);
	put(j, "banner", s->banner);
	if (s->tls)
		dw_json_bool(j, "tls", true);
	put(j, "tls_version", s->tls_version);
	put(j, "certificate", s->certificate);
	if (s->n_names) {
		dw_json_array(j, "names");
		for (size_t i = 0; i < s->n_names; i++)
			dw_json_string(j, NULL, s->names[i]);
		dw_json_end_array(j);
	}
	if (s->expires)
		dw_json_string(j, "expires", dw_doc_time_text(a, s->expires));
	put(j, "title", s->title);
	put(j, "server", s->server);
	put(j, "service", s->service);
	put(j, "by", s->by);
	dw_json_end_object(j);
}

const char *dw_scan_service_text(struct dw_arena *a, const struct dw_scan_service *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out;
	struct dw_json *j;
	const char *kept;

	if (!s)
		return NULL;
	out = open_memstream(&text, &n);
	if (!out)
		dw_oom();
	j = dw_json_new(out, false);
	put_service(j, a, s);
	(void)dw_json_close(j, NULL);
	(void)fclose(out);
	kept = dw_arena_strndup(a, text, n);
	free(text);
	return kept;
}

int dw_scan_service_read(const char *text, struct dw_arena *a, struct dw_scan_service **ret,
			 struct dw_error *e)
{
	struct dw_doc d = { .arena = a, .e = e, .name = "a service" };
	struct dw_json_value *v = NULL;
	struct dw_scan_service *s = NULL;
	int r;

	if (!text) {
		*ret = NULL;
		return 0;
	}
	r = dw_json_parse(text, strlen(text), &v, e);
	if (r < 0)
		return r;
	if (dw_json_is_object(v))
		s = read_service(&d, v);
	else
		(void)dw_doc_wrong(&d, NULL, "it is no JSON object");
	dw_json_free(v);
	if (d.r < 0)
		return d.r;
	*ret = s;
	return 0;
}
