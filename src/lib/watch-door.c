/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A door that was judged, as the watch tells of it. */
#include <string.h>

#include "dw_door_key.h"
#include "dw_str.h"
#include "watch-private.h"

/* The audit's own object of a door. */
static const char *json_of(const struct watching *w, const struct dw_finding *f, struct dw_arena *a)
{
	struct dw_report_door door = {
		.door = f->door,
		.verdict = dw_verdict_name(f->verdict),
		.reasons = f->reasons,
		.n_reasons = f->n_reasons,
		.service = f->identity.service,
		.guessed = f->identity.by == DW_IDENTIFIED_PORT,
	};
	struct dw_snapshot of = { .host = w->host };
	struct dw_report r = {
		.snapshot = &of, .version = DW_VERSION, .doors = &door, .n_doors = 1
	};
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out || dw_report_jsonl(&r, out, NULL) < 0 || fclose(out) != 0)
		dw_oom();
	copy = dw_arena_strndup(a, text, size);
	free(text);
	copy[strcspn(copy, "\n")] = '\0';
	return copy;
}

static void add_holder(struct dw_str *b, const struct dw_door *d)
{
	const struct dw_owner *o = d->n_owners ? &d->owners[0] : NULL;
	const char *program = d->program ? d->program : o ? o->comm : d->kernel;

	dw_str_addf(b, " %s", program ? program : "(nobody was seen)");
	if (!o)
		return;
	dw_str_addf(b, " (pid %d", o->pid);
	if (o->user)
		dw_str_addf(b, ", %s", o->user);
	if (o->container)
		dw_str_addf(b, ", %s", o->container);
	dw_str_addc(b, ')');
}

static const char *summary_of(const struct dw_finding *f, bool ephemeral, struct dw_arena *a)
{
	const struct dw_door *d = f->door;
	struct dw_str b = { .arena = a };

	if (d->netns && !dw_streq(d->netns, "host"))
		dw_str_addf(&b, "%s ", d->netns);
	dw_str_add(&b, dw_endpoint_text(a, &d->at));
	if (ephemeral)
		dw_str_add(&b, " (a port of its own choice)");
	if (f->identity.service)
		dw_str_addf(&b, " %s", f->identity.service->name);
	add_holder(&b, d);
	if (d->filter)
		dw_str_addf(&b, ", filter: %s", d->filter);
	if (d->starter.kind != DW_STARTER_UNKNOWN)
		dw_str_addf(&b, ", started by %s%s%s", dw_starter_kind_name(d->starter.kind),
			    d->starter.id ? " " : "", d->starter.id ? d->starter.id : "");
	return b.s;
}

void dw_watch_door(struct watching *w, const struct dw_finding *f, bool ephemeral,
		   struct dw_arena *a, struct watch_told *ret)
{
	const struct dw_door *d = f->door;
	const char *key = dw_door_key(a, d, ephemeral), *place = dw_door_place(a, d, ephemeral);
	uint64_t now = dw_sys_now(w->sys);

	*ret = (struct watch_told){
		.known = { .key = key,
			   .place = place,
			   /* behind the place and a blank */
			   .holder = key + strlen(place) + 1,
			   .summary = summary_of(f, ephemeral, a),
			   .json = json_of(w, f, a),
			   .comm = d->n_owners ? d->owners[0].comm : NULL,
			   .cgroup = d->n_owners ? d->owners[0].cgroup : NULL,
			   .at = d->at,
			   .socket = d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM ||
				     d->kind == DW_KIND_RAW || d->kind == DW_KIND_SNIFFER,
			   .ephemeral = ephemeral,
			   .since = now,
			   .seen = now },
		.verdict = dw_verdict_name(f->verdict),
		.program = d->program,
		.reason = f->n_reasons ? f->reasons[0].text : NULL,
		.enforce = f->verdict == DW_VERDICT_CLOSE && dw_watch_base_policy(w->base) &&
			   dw_streq0(d->netns, "host"),
	};
	ret->known.at.ifname = NULL;
}

/* Is the port one that the service has by its nature? */
static bool is_standard(const struct dw_finding *f)
{
	return f->identity.service && f->identity.by != DW_IDENTIFIED_PORT && !f->identity.odd_port;
}

bool dw_watch_is_ephemeral(const struct watching *w, const struct dw_finding *f,
			   const struct watch_item *item)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_door *d = f->door;
	struct dw_client_facts c = {
		.protocol = d->at.protocol,
		.port = d->at.port,
		.low = w->port_low,
		.high = w->port_high,
		.told = item && item->time_us != 0,
		.autobind = item && item->low_flags & DW_BPF_WATCH_F_AUTOBIND,
		.kernel = d->kernel != NULL,
		.standard = is_standard(f),
	};
	const char *key, *place;

	if (d->kind != DW_KIND_DATAGRAM)
		return false;
	key = dw_door_key(a, d, false);
	place = dw_door_place(a, d, false);
	/* what was told by its port once stays so */
	if (dw_known_find(w->known, key))
		return false;
	c.ports = dw_known_ports(w->known, d->at.netns, key + strlen(place) + 1);
	if (dw_known_find(w->known, dw_door_key(a, d, true)) && !c.standard && d->at.port >= 1024)
		return true;
	return dw_client_is_ephemeral(&c);
}

enum dw_client_answer dw_watch_client(const struct watching *w, const struct dw_socket_fact *s,
				      const struct watch_item *item, uint64_t *ret_ms)
{
	struct dw_client_facts c = {
		.protocol = s->at.protocol,
		.port = s->at.port,
		.low = w->port_low,
		.high = w->port_high,
		.told = item->time_us != 0,
		.autobind = (item->low_flags & DW_BPF_WATCH_F_AUTOBIND) != 0,
		.kernel = s->kernel_made,
	};

	*ret_ms = 0;
	if (item->waited || s->kind != DW_KIND_DATAGRAM)
		return item->any ? DW_CLIENT_WAIT_ANY : DW_CLIENT_SERVER;
	return dw_client_ask(&c, ret_ms);
}
