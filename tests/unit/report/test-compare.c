/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a comparison looks like, for people and for programs. */
#include <locale.h>

#include "dw_compare_report.h"
#include "dw_fields.h"
#include "dw_test.h"
#include "golden.h"
#include "harmless.h"

static const struct dw_reason hidden[] = {
	{ "unknown-inside",
	  "Nothing that was seen inside has this port open there: it is hidden, or another machine "
	  "answers.",
	  NULL },
	{ "answers", "What answers: ssh (Evil\x1b[31m).", NULL },
};
static const struct dw_reason wrong[] = { { "not-the-standard-service",
					    "http answers on the standard port of ssh.", NULL } };
static const struct dw_reason fresh[] = { { "new", "In the scan before it was closed.", NULL } };
static const struct dw_reason shut[] = { { "filtered", "Nothing answers to any probe.", NULL } };
static const struct dw_reason closed[] = { { "closed", "The host itself says that it is closed.",
					     NULL } };
static const struct dw_reason nobody[] = { { "not-scanned", "No address of this host answered.",
					     NULL } };
static const struct dw_reason fine[] = { { "open-inside", "Inside, 0.0.0.0:80/tcp is open.",
					   NULL } };

#define TCP       DW_PROTOCOL_TCP
#define ALL(list) .reasons = (list), .n_reasons = DW_ARRAY_SIZE(list)

static const struct dw_report_compared found[] = {
	{ .kind = "open-outside-unknown-inside",
	  .urgent = true,
	  .address = "192.0.2.1",
	  .host = "web1",
	  .protocol = TCP,
	  .port = 31337,
	  .state = DW_SCAN_OPEN,
	  .answers = "ssh",
	  .source = "web1.json",
	  ALL(hidden) },
	{ .kind = "wrong-service",
	  .urgent = true,
	  .address = "2001:db8::1",
	  .host = "web1",
	  .protocol = TCP,
	  .port = 22,
	  .state = DW_SCAN_OPEN,
	  .answers = "http",
	  .inside = "[::]:22/tcp",
	  .program = "/opt/\x1b[2J",
	  .source = "web1.json",
	  ALL(wrong) },
	{ .kind = "new-since-last-scan",
	  .address = "192.0.2.9",
	  .protocol = TCP,
	  .port = 8080,
	  .state = DW_SCAN_OPEN,
	  .before = DW_SCAN_CLOSED,
	  .inside = "0.0.0.0:8080/tcp",
	  .program = "/usr/bin/x",
	  .source = "this host",
	  ALL(fresh) },
	{ .kind = "open-inside-filtered-outside",
	  .address = "192.0.2.1",
	  .host = "web1",
	  .protocol = TCP,
	  .port = 25,
	  .state = DW_SCAN_FILTERED,
	  .inside = "0.0.0.0:25/tcp",
	  .program = "/usr/sbin/exim4",
	  .service = "exim",
	  .source = "web1.json",
	  ALL(shut) },
	{ .kind = "expected-but-closed",
	  .address = "192.0.2.1",
	  .host = "web1",
	  .protocol = TCP,
	  .port = 443,
	  .state = DW_SCAN_CLOSED,
	  .inside = "0.0.0.0:443/tcp",
	  .program = "/usr/sbin/nginx",
	  .service = "nginx",
	  .source = "web1.json",
	  ALL(closed) },
	{ .kind = "not-looked-at",
	  .blind = true,
	  .host = "mail\xff",
	  .source = "mail.json",
	  ALL(nobody) },
	{ .kind = "as-expected",
	  .expected = true,
	  .address = "192.0.2.1",
	  .host = "web1",
	  .protocol = TCP,
	  .port = 80,
	  .state = DW_SCAN_OPEN,
	  .inside = "0.0.0.0:80/tcp",
	  .program = "/usr/sbin/nginx",
	  .service = "nginx",
	  .source = "web1.json",
	  ALL(fine) },
};

static const struct dw_report_inside insides[] = {
	{ "web1", "web1.json", 1796464000 },
	{ "mail\xff", "mail.json", 1796464001 },
	{ "here", "this host", 1796464900 },
};

static const struct dw_report_compare whole = {
	.version = "0.1.0",
	.targets = "192.0.2.0/28 \x1b[31m",
	.scanner = "here",
	.expect = "audit",
	.scan = 3,
	.time = 1796464800,
	.before = 2,
	.before_time = 1796378400,
	.insides = insides,
	.n_insides = DW_ARRAY_SIZE(insides),
	.hosts = 3,
	.as_expected = 1,
	.urgent = true,
	.blind = true,
	.v = found,
	.n = DW_ARRAY_SIZE(found),
};

static char *written(const struct dw_report_compare *r, const struct dw_report_style *style)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(style ? dw_report_compare_text(r, out, style, NULL)
			   : dw_report_compare_json(r, out, true, NULL),
		     0);
	(void)fclose(out);
	return text;
}

static void check(const struct dw_report_compare *r, const struct dw_report_style *style,
		  const char *golden)
{
	char *text = written(r, style);

	dw_golden_check(golden, text);
	if (style)
		check_harmless(text);
	free(text);
}

DW_TEST(a_comparison_is_as_it_was)
{
	check(&whole, &(struct dw_report_style){ .columns = 80 },
	      DW_TEST_PATH("golden/compare.txt"));
	check(&whole, &(struct dw_report_style){ .columns = 80, .wide = true },
	      DW_TEST_PATH("golden/compare-wide.txt"));
	check(&whole, NULL, DW_TEST_PATH("golden/compare.json"));
}

DW_TEST(what_it_was_held_against)
{
	struct dw_report_compare r = whole;
	struct dw_report_style style = { 0 };
	char *text;

	r.n = r.n_insides = 0;
	r.as_expected = 0;
	r.blind = false;
	r.targets = "web";
	text = written(&r, &style);
	DW_CHECK(strstr(text, "no host that was scanned was seen from inside"));
	free(text);
	r.expect = "policy";
	text = written(&r, &style);
	DW_CHECK(strstr(text, "Expected: what the policy lets the scanner reach\n"));
	free(text);
	r.expect = "old.json";
	r.before_file = "old.json";
	r.before = 0;
	r.scan_file = "new.json";
	text = written(&r, &style);
	DW_CHECK_STR(text, "Outside: the scan of new.json of web, from here, 2026-12-05T10:00:00Z\n"
			   "Expected: what the scan of old.json saw, 2026-12-04T10:00:00Z\n\n"
			   "0 urgent, 0 to know, 0 as expected; 3 hosts answered.\n");
	free(text);
	style.quiet = true;
	text = written(&r, &style);
	DW_CHECK_STR(text, "");
	free(text);
}

DW_TEST(values_by_their_path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_field *f = dw_fields_compare;

	DW_CHECK_STR(dw_field_get(f, &whole, "findings.1.port", a), "22");
	DW_CHECK_STR(dw_field_get(f, &whole, "findings.2.before", a), "closed");
	DW_CHECK_STR(dw_field_get(f, &whole, "findings.5.port", a), NULL);
	DW_CHECK_STR(dw_field_get(f, &whole, "findings.0.reasons.0.id", a), "unknown-inside");
	DW_CHECK_STR(dw_field_get(f, &whole, "insides.0.source", a), "web1.json");
	DW_CHECK_STR(dw_field_get(f, &whole, "scan", a), "3");
	DW_CHECK_STR(dw_field_get(f, &whole, "scan_file", a), NULL);
}

DW_TEST(one_document_of_scan_and_comparison)
{
	static const struct dw_scan scan = { .targets = "web" };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(dw_report_scan_compared_json(&(struct dw_scan_compared){ &scan, &whole }, out,
						  false, NULL),
		     0);
	(void)fclose(out);
	DW_CHECK(strstr(text, "\"comparison\":{\"version\":\"0.1.0\""));
	DW_CHECK(strchr(text, '\n') == text + n - 1);
	free(text);
	out = open_memstream(&text, &n);
	DW_CHECK_INT(dw_report_compare_line(&whole, out, NULL), 0);
	(void)fclose(out);
	DW_CHECK(strncmp(text, "{\"comparison\":{", 15) == 0);
	DW_CHECK(strchr(text, '\n') == text + n - 1);
	free(text);
}

__attribute__((constructor)) static void set_locale(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

DW_TEST_MAIN
