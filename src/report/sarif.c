/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SARIF 2.1.0 (OASIS Standard, 27 March 2020): what calls for something as results, what could not be looked at as
 * notifications of the tool. A door has one result, whose rule is its chief reason; a check of the host that fails one.
 */
#include <string.h>

#include "dw_door_key.h"
#include "dw_fields.h"
#include "dw_json.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_sha256.h"
#include "dw_str.h"
#include "dw_whole_report.h"
#include "table.h"

#define HOME                                                                                       \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

struct sarif {
	struct dw_json *j;
	const struct dw_report_whole *w;
	struct dw_arena *a;
	struct dw_strings
		rules; /* of doors, in the order of their first result; then those of checks */
	size_t n_door_rules;
};

/* What a verdict is to SARIF (3.27.9, 3.27.10): only what fails has a level. NULL: no result. */
static const struct {
	const char *verdict, *kind, *level;
} verdicts[] = {
	{ "investigate", "fail", "error" }, { "close", "fail", "error" },
	{ "restrict", "fail", "warning" },  { "ask", "review", "none" },
	{ "unknown", "open", "none" },
};

static size_t verdict_of(const struct dw_report_door *d)
{
	size_t i = 0;

	while (i < DW_ARRAY_SIZE(verdicts) && !dw_streq0(verdicts[i].verdict, d->verdict))
		i++;
	return i;
}

static bool is_told(const struct dw_report_door *d)
{
	return verdict_of(d) < DW_ARRAY_SIZE(verdicts);
}

static bool is_told_check(const struct dw_host_result *r)
{
	return r->outcome == DW_HOST_FAILS;
}

/* Control characters would be \u001b in JSON: true, and good for no reader. */
static const char *clean(const struct sarif *s, const char *text)
{
	return dw_cells_escape(text, s->a);
}

static void put_text(const struct sarif *s, const char *key, const char *text)
{
	dw_json_object(s->j, key);
	dw_json_string(s->j, "text", clean(s, text));
	dw_json_end_object(s->j);
}

/* --- rules ------------------------------------------------------------------------------------------- */

static const char *rule_of(const struct dw_report_door *d)
{
	return d->n_reasons ? d->reasons[0].id : "no-reason";
}

static size_t index_of(const struct sarif *s, const char *rule)
{
	size_t i = 0;

	while (i < s->n_door_rules && !dw_streq(s->rules.v[i], rule))
		i++;
	return i;
}

static void find_rules(struct sarif *s)
{
	for (size_t i = 0; i < s->w->audit->n_doors; i++) {
		const struct dw_report_door *d = &s->w->audit->doors[i];

		if (!is_told(d) || index_of(s, rule_of(d)) < s->n_door_rules)
			continue;
		dw_vec_push(s->a, &s->rules, rule_of(d));
		s->n_door_rules++;
	}
}

static const char *level_of(const struct dw_host_about *about)
{
	static const char *const levels[DW_SEVERITY_COUNT] = {
		[DW_SEVERITY_UNKNOWN] = "warning",
		[DW_SEVERITY_LOW] = "note",
		[DW_SEVERITY_MEDIUM] = "warning",
		[DW_SEVERITY_HIGH] = "error",
	};

	return levels[about->severity];
}

static void put_rules(const struct sarif *s)
{
	const struct dw_report_host *h = s->w->host;

	dw_json_array(s->j, "rules");
	for (size_t i = 0; i < s->n_door_rules; i++) {
		dw_json_object(s->j, NULL);
		dw_json_string(s->j, "id", clean(s, s->rules.v[i]));
		put_text(
			s, "shortDescription",
			dw_arena_printf(s->a, "A door is judged by the reason %s.", s->rules.v[i]));
		dw_json_end_object(s->j);
	}
	for (size_t i = 0; h && i < h->n; i++) {
		const struct dw_host_about *about = h->v[i].about;

		if (!is_told_check(&h->v[i]))
			continue;
		dw_json_object(s->j, NULL);
		dw_json_string(s->j, "id", dw_arena_printf(s->a, "host/%s", about->id));
		put_text(s, "shortDescription", dw_arena_printf(s->a, "%s.", about->title));
		put_text(s, "fullDescription", about->reason);
		dw_json_object(s->j, "defaultConfiguration");
		dw_json_string(s->j, "level", level_of(about));
		dw_json_end_object(s->j);
		dw_json_end_object(s->j);
	}
	dw_json_end_array(s->j);
}

/* --- places ------------------------------------------------------------------------------------------ */

/* RFC 3986, 2.3 and the slash: every other byte as %XX. */
static const char *uri_of(const struct sarif *s, const char *file, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/";
	struct dw_str text = { .arena = s->a };

	dw_str_add(&text, "file://");
	for (size_t i = 0; i < DW_MIN(n, (size_t)4096); i++)
		dw_str_addf(&text, strchr(plain, file[i]) ? "%c" : "%%%02X",
			    (unsigned char)file[i]);
	return text.s;
}

/* FILE:LINE or FILE; nothing where it is no absolute path. */
static void put_file(const struct sarif *s, const char *file, size_t n, uint64_t line)
{
	if (n == 0 || *file != '/')
		return;
	dw_json_object(s->j, "physicalLocation");
	dw_json_object(s->j, "artifactLocation");
	dw_json_string(s->j, "uri", uri_of(s, file, n));
	dw_json_end_object(s->j);
	if (line) {
		dw_json_object(s->j, "region");
		dw_json_uint(s->j, "startLine", line);
		dw_json_end_object(s->j);
	}
	dw_json_end_object(s->j);
}

static void put_source(const struct sarif *s, const char *source)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	uint64_t line = 0;

	if (colon && !dw_parse_u64(colon + 1, 10, UINT32_MAX, &line))
		colon = NULL;
	if (source)
		put_file(s, source, colon ? (size_t)(colon - source) : strlen(source), line);
}

static void put_logical(const struct sarif *s, const char *name, const char *kind)
{
	dw_json_array(s->j, "logicalLocations");
	dw_json_object(s->j, NULL);
	dw_json_string(s->j, "fullyQualifiedName", clean(s, name));
	dw_json_string(s->j, "kind", kind);
	dw_json_end_object(s->j);
	dw_json_end_array(s->j);
}

/* --- results ----------------------------------------------------------------------------------------- */

/* What stays the same from run to run, so that a result is known again (3.27.17). */
static void put_fingerprint(const struct sarif *s, const char *what)
{
	char hex[DW_SHA256_HEX + 1];

	dw_sha256_hex(what, strlen(what), hex);
	dw_json_object(s->j, "partialFingerprints");
	dw_json_string(s->j, "doorward/v1", hex);
	dw_json_end_object(s->j);
}

static void put_properties(const struct sarif *s, const struct dw_report_door *d)
{
	const struct {
		const char *key, *text;
	} all[] = {
		{ "verdict", d->verdict },
		{ "service", d->service ? d->service->name : NULL },
		{ "program", d->door->program },
		{ "user", d->door->n_owners ? d->door->owners[0].user : NULL },
		{ "starter", d->door->starter.id },
		{ "package", d->door->package ? d->door->package->name : NULL },
		{ "netns", d->door->netns },
	};

	dw_json_object(s->j, "properties");
	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		if (all[i].text)
			dw_json_string(s->j, all[i].key, clean(s, all[i].text));
	dw_json_array(s->j, "reasons");
	for (size_t i = 0; i < d->n_reasons; i++)
		dw_json_string(s->j, NULL, clean(s, d->reasons[i].id));
	dw_json_end_array(s->j);
	dw_json_end_object(s->j);
}

static const char *message_of(const struct sarif *s, const struct dw_report_door *d,
			      const char *place)
{
	struct dw_str text = { .arena = s->a };
	const char *service = d->service ? d->service->name : NULL;

	dw_str_addf(&text, "%s%s%s%s:", place, service ? " (" : "", service ? service : "",
		    service ? ")" : "");
	for (size_t i = 0; i < d->n_reasons; i++) {
		const char *reason = d->reasons[i].text;
		bool stops = i + 1 < d->n_reasons && dw_ends_with(reason, ".");

		dw_str_addf(&text, "%s %.*s", i ? ";" : "", (int)(strlen(reason) - stops), reason);
	}
	return text.s;
}

static void put_door(const struct sarif *s, const struct dw_report_door *d)
{
	const char *at = dw_cells_door(d->door, s->a);
	const char *netns =
		d->door->netns && !dw_streq(d->door->netns, "host") ? d->door->netns : NULL;
	const char *place = netns ? dw_arena_printf(s->a, "%s in %s", at, netns) : at;
	size_t verdict = verdict_of(d);

	dw_json_object(s->j, NULL);
	dw_json_string(s->j, "ruleId", clean(s, rule_of(d)));
	dw_json_uint(s->j, "ruleIndex", index_of(s, rule_of(d)));
	dw_json_string(s->j, "kind", verdicts[verdict].kind);
	dw_json_string(s->j, "level", verdicts[verdict].level);
	put_text(s, "message", message_of(s, d, place));
	dw_json_array(s->j, "locations");
	dw_json_object(s->j, NULL);
	put_source(s, d->door->starter.source);
	put_logical(s, place, "resource");
	dw_json_end_object(s->j);
	dw_json_end_array(s->j);
	put_fingerprint(
		s, dw_arena_printf(s->a, "%s\n%s", rule_of(d), dw_door_key(s->a, d->door, false)));
	put_properties(s, d);
	dw_json_end_object(s->j);
}

/* A result that somebody accepted is suppressed, not left out (3.27.23). */
static void put_accepted(const struct sarif *s, const struct dw_policy_accept *accepted)
{
	if (!accepted)
		return;
	dw_json_array(s->j, "suppressions");
	dw_json_object(s->j, NULL);
	dw_json_string(s->j, "kind", "external");
	dw_json_string(s->j, "status", "accepted");
	dw_json_string(s->j, "justification", clean(s, accepted->because ? accepted->because : ""));
	dw_json_end_object(s->j);
	dw_json_end_array(s->j);
}

/* More places than these nobody looks at (and readers have limits). */
#define PLACES_MAX 100

static void put_check(const struct sarif *s, const struct dw_host_result *r, size_t rule)
{
	dw_json_object(s->j, NULL);
	dw_json_string(s->j, "ruleId", dw_arena_printf(s->a, "host/%s", r->about->id));
	dw_json_uint(s->j, "ruleIndex", rule);
	dw_json_string(s->j, "kind", "fail");
	dw_json_string(s->j, "level", level_of(r->about));
	put_text(s, "message", r->text ? r->text : r->about->title);
	dw_json_array(s->j, "locations");
	for (size_t i = 0; i < r->evidence.n && i < PLACES_MAX; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];

		dw_json_object(s->j, NULL);
		if (e->file)
			put_file(s, e->file, strlen(e->file), e->line);
		put_logical(s, e->object, "resource");
		put_text(s, "message", e->text);
		dw_json_end_object(s->j);
	}
	dw_json_end_array(s->j);
	put_fingerprint(s, r->about->id);
	put_accepted(s, r->accepted);
	dw_json_end_object(s->j);
}

static void put_results(const struct sarif *s)
{
	const struct dw_report_host *h = s->w->host;
	size_t rule = s->n_door_rules;

	dw_json_array(s->j, "results");
	for (size_t i = 0; i < s->w->audit->n_doors; i++)
		if (is_told(&s->w->audit->doors[i]))
			put_door(s, &s->w->audit->doors[i]);
	for (size_t i = 0; h && i < h->n; i++)
		if (is_told_check(&h->v[i]))
			put_check(s, &h->v[i], rule++);
	dw_json_end_array(s->j);
}

/* --- the run ----------------------------------------------------------------------------------------- */

static void put_notice(const struct sarif *s, const char *id, const char *text, const char *file,
		       unsigned line, bool blind)
{
	dw_json_object(s->j, NULL);
	dw_json_object(s->j, "descriptor");
	dw_json_string(s->j, "id", clean(s, id));
	dw_json_end_object(s->j);
	dw_json_string(s->j, "level", blind ? "warning" : "note");
	put_text(s, "message", text);
	if (file && *file == '/') {
		dw_json_array(s->j, "locations");
		dw_json_object(s->j, NULL);
		put_file(s, file, strlen(file), line);
		dw_json_end_object(s->j);
		dw_json_end_array(s->j);
	}
	dw_json_end_object(s->j);
}

static void put_invocation(const struct sarif *s)
{
	const struct dw_snapshot *snapshot = s->w->audit->snapshot;
	const struct dw_report_host *h = s->w->host;

	dw_json_array(s->j, "invocations");
	dw_json_object(s->j, NULL);
	dw_json_bool(s->j, "executionSuccessful", true);
	if (s->w->command)
		dw_json_string(s->j, "commandLine", clean(s, s->w->command));
	if (snapshot->time)
		dw_json_string(s->j, "endTimeUtc", dw_field_time(s->a, snapshot->time));
	if (snapshot->host)
		dw_json_string(s->j, "machine", clean(s, snapshot->host));
	dw_json_array(s->j, "toolExecutionNotifications");
	for (size_t i = 0; i < snapshot->n_incomplete; i++) {
		const struct dw_incomplete *x = &snapshot->incomplete[i];

		put_notice(s, x->what, x->text, x->file, x->line, x->blind);
	}
	for (size_t i = 0; h && i < h->n; i++)
		if (h->v[i].outcome == DW_HOST_UNKNOWN)
			put_notice(s, dw_arena_printf(s->a, "host/%s", h->v[i].about->id),
				   h->v[i].text ? h->v[i].text : "It could not be looked at.", NULL,
				   0, true);
	dw_json_end_array(s->j);
	dw_json_end_object(s->j);
	dw_json_end_array(s->j);
}

int dw_report_whole_sarif(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct sarif s = { .j = dw_json_new(out, true), .w = w, .a = a };

	find_rules(&s);
	dw_json_object(s.j, NULL);
	dw_json_string(s.j, "$schema", HOME);
	dw_json_string(s.j, "version", "2.1.0");
	dw_json_array(s.j, "runs");
	dw_json_object(s.j, NULL);
	dw_json_object(s.j, "tool");
	dw_json_object(s.j, "driver");
	dw_json_string(s.j, "name", "doorward");
	dw_json_string(s.j, "version", w->audit->version);
	put_rules(&s);
	dw_json_end_object(s.j);
	dw_json_end_object(s.j);
	put_invocation(&s);
	put_results(&s);
	dw_json_end_object(s.j);
	dw_json_end_array(s.j);
	dw_json_end_object(s.j);
	return dw_json_close(s.j, e);
}
