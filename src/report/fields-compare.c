/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of compare. */
#include "dw_compare_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_report_compared *one(const void *object)
{
	return object;
}

DW_GETTER(get_urgent)
{
	dw_give_bool(v, one(object)->urgent);
}

DW_GETTER(get_blind)
{
	dw_give_bool(v, one(object)->blind);
}

DW_GETTER(get_protocol)
{
	if (one(object)->protocol)
		dw_give_string(v, dw_protocol_name(one(object)->protocol));
}

DW_GETTER(get_port)
{
	if (one(object)->protocol)
		dw_give_number(v, one(object)->port);
}

DW_GETTER(get_state)
{
	if (one(object)->state)
		dw_give_string(v, dw_scan_state_name(one(object)->state));
}

DW_GETTER(get_before)
{
	if (one(object)->before)
		dw_give_string(v, dw_scan_state_name(one(object)->before));
}

DW_GETTER(get_reasons)
{
	dw_give_objects(v, one(object)->reasons, one(object)->n_reasons, sizeof(struct dw_reason));
}

#define REASON(m) .offset = offsetof(struct dw_reason, m)

static const struct dw_field reason_fields[] = {
	{ "id", DW_FIELD_STRING, REASON(id), .description = "stable name" },
	{ "text", DW_FIELD_STRING, REASON(text), .description = "one sentence for a person" },
	{ 0 },
};

#define ONE(m) .offset = offsetof(struct dw_report_compared, m)

static const struct dw_field finding_fields[] = {
	{ "class", DW_FIELD_STRING, ONE(kind),
	  .description = "open-outside-unknown-inside, open-outside-not-allowed, wrong-service, "
			 "new-since-last-scan, changed-since-last-scan, "
			 "open-inside-filtered-outside, expected-but-closed, gone-since-last-scan, "
			 "not-looked-at, as-expected" },
	{ "urgent", DW_FIELD_BOOL, .get = get_urgent,
	  .description = "somebody should look at once: exit status 1" },
	{ "blind", DW_FIELD_BOOL, .get = get_blind,
	  .description = "it should have been looked at, and could not be: exit status 3" },
	{ "address", DW_FIELD_STRING, true, ONE(address),
	  .description = "that was scanned; null: it is about a host of which none was" },
	{ "host", DW_FIELD_STRING, true, ONE(host),
	  .description = "its name, as inside says or as the user gave it" },
	{ "protocol", DW_FIELD_STRING, true, .get = get_protocol,
	  .description = "tcp, udp, sctp; null: it is about the address as a whole" },
	{ "port", DW_FIELD_UINT, true, .get = get_port,
	  .description = "0 to 65535; null likewise" },
	{ "state", DW_FIELD_STRING, true, .get = get_state,
	  .description = "as the scan proves it: open, closed, filtered, unproven; null: it "
			 "proves nothing" },
	{ "before", DW_FIELD_STRING, true, .get = get_before,
	  .description =
		  "the same of the earlier scan; null: it proves nothing, or there is none" },
	{ "answers", DW_FIELD_STRING, true, ONE(answers), .description = "what was recognised" },
	{ "inside", DW_FIELD_STRING, true, ONE(inside),
	  .description = "the door that should answer: ADDRESS:PORT/PROTOCOL" },
	{ "program", DW_FIELD_STRING, true, ONE(program), .description = "of that door" },
	{ "service", DW_FIELD_STRING, true, ONE(service),
	  .description = "that it is, as in audit" },
	{ "source", DW_FIELD_STRING, true, ONE(source),
	  .description = "where the look from inside comes from, as in insides; null: there is "
			 "none" },
	{ "reasons", DW_FIELD_OBJECTS, .get = get_reasons, .members = reason_fields,
	  .description = "why, what matters most first" },
	{ 0 },
};

DW_GETTER(get_inside_time)
{
	dw_give_time(v, ((const struct dw_report_inside *)object)->time);
}

#define INSIDE(m) .offset = offsetof(struct dw_report_inside, m)

static const struct dw_field inside_fields[] = {
	{ "host", DW_FIELD_STRING, true, INSIDE(host), .description = "its name" },
	{ "source", DW_FIELD_STRING, INSIDE(source),
	  .description = "this host, or the file of its audit" },
	{ "time", DW_FIELD_TIME, true, .get = get_inside_time,
	  .description = "when it was looked at" },
	{ 0 },
};

static const struct dw_report_compare *whole(const void *object)
{
	return object;
}

DW_GETTER(get_scan)
{
	if (whole(object)->scan)
		dw_give_number(v, (uint64_t)whole(object)->scan);
}

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->time);
}

DW_GETTER(get_before_scan)
{
	if (whole(object)->before)
		dw_give_number(v, (uint64_t)whole(object)->before);
}

DW_GETTER(get_before_time)
{
	dw_give_time(v, whole(object)->before_time);
}

DW_GETTER(get_insides)
{
	const struct dw_report_compare *r = object;

	dw_give_objects(v, r->insides, r->n_insides, sizeof(*r->insides));
}

DW_GETTER(get_hosts)
{
	dw_give_number(v, whole(object)->hosts);
}

DW_GETTER(get_any_urgent)
{
	dw_give_bool(v, whole(object)->urgent);
}

DW_GETTER(get_any_blind)
{
	dw_give_bool(v, whole(object)->blind);
}

DW_GETTER(get_findings)
{
	const struct dw_report_compare *r = object;

	dw_give_objects(v, r->v, r->n, sizeof(*r->v));
}

#define WHOLE(m) .offset = offsetof(struct dw_report_compare, m)

const struct dw_field dw_fields_compare[] = {
	{ "version", DW_FIELD_STRING, WHOLE(version), .description = "of doorward" },
	{ "expect", DW_FIELD_STRING, WHOLE(expect),
	  .description = "what the scan was held against: audit, policy, baseline, or files" },
	{ "scan", DW_FIELD_UINT, true, .get = get_scan,
	  .description = "its number in the journal; null: it is not kept there" },
	{ "scan_file", DW_FIELD_STRING, true, WHOLE(scan_file),
	  .description = "the file it was read from; null: none" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "of the scan" },
	{ "scanner", DW_FIELD_STRING, true, WHOLE(scanner), .description = "host that scanned" },
	{ "targets", DW_FIELD_STRING, true, WHOLE(targets), .description = "as they were given" },
	{ "before", DW_FIELD_UINT, true, .get = get_before_scan,
	  .description = "number of the earlier scan; null: there is none, or it is a file" },
	{ "before_file", DW_FIELD_STRING, true, WHOLE(before_file),
	  .description = "file of the earlier scan; null: none" },
	{ "before_time", DW_FIELD_TIME, true, .get = get_before_time,
	  .description = "of the earlier scan; null: there is none" },
	{ "insides", DW_FIELD_OBJECTS, .get = get_insides, .members = inside_fields,
	  .description = "hosts that were seen from inside" },
	{ "hosts", DW_FIELD_UINT, .get = get_hosts, .description = "addresses that answered" },
	{ "urgent", DW_FIELD_BOOL, .get = get_any_urgent,
	  .description = "some finding is: exit status 1" },
	{ "blind", DW_FIELD_BOOL, .get = get_any_blind,
	  .description = "some finding is; alone: exit status 3" },
	{ "findings", DW_FIELD_OBJECTS, .get = get_findings, .members = finding_fields,
	  .description = "each port that there is something to say about, what matters most "
			 "first" },
	{ 0 },
};

DW_GETTER(get_comparison)
{
	dw_give_object(v, ((const struct dw_scan_compared *)object)->comparison);
}

const struct dw_field dw_fields_scan_more[] = {
	{ "comparison", DW_FIELD_OBJECT, true, .get = get_comparison, .members = dw_fields_compare,
	  .description = "with --expect: the document of compare; null: not asked for" },
	{ 0 },
};
