/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up scan in all its forms; what strangers say reaches nobody's terminal. */
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_scan_report.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"

static const char *const names[] = { "www.example", "a\"b<c>" };
static struct dw_scan_service web = { .protocol = "http",
				      .product = "nginx",
				      .version = "1.22.1",
				      .tls = true,
				      .tls_version = "TLS 1.3",
				      .certificate = "CN=www.example",
				      .names = (const char **)names,
				      .n_names = 2,
				      .expires = 1800000000,
				      .title = "Hello <b>&\"you\"\x1b[2J",
				      .by = "doorward",
				      .service = "http" };
static struct dw_scan_service rude = { .banner = "\x1b]0;owned\x07\xff\n/,\tx" };

static struct dw_scan_port ports[] = {
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 22,
	  .state = DW_SCAN_OPEN,
	  .why = DW_SCAN_WHY_SYN_ACK,
	  .ttl = 64,
	  .probes = 1,
	  .answers = 2,
	  .time = 1764190800123 },
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 443,
	  .state = DW_SCAN_OPEN,
	  .why = DW_SCAN_WHY_SYN_ACK,
	  .ttl = 64,
	  .probes = 1,
	  .answers = 2,
	  .time = 1764190801000,
	  .service = &web },
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 666,
	  .state = DW_SCAN_OPEN,
	  .why = DW_SCAN_WHY_SYN_ACK,
	  .probes = 1,
	  .answers = 2,
	  .time = 1764190801000,
	  .service = &rude },
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 8080,
	  .state = DW_SCAN_FILTERED,
	  .why = DW_SCAN_WHY_PROHIBITED,
	  .has_from = true,
	  .from = { DW_FAMILY_IPV4, { 192, 0, 2, 254 }, 0 },
	  .probes = 1,
	  .time = 1764190801000 },
	{ .protocol = DW_PROTOCOL_UDP,
	  .port = 161,
	  .state = DW_SCAN_UNPROVEN,
	  .why = DW_SCAN_WHY_NO_ANSWER,
	  .probes = 4,
	  .missed = 1e-9f,
	  .time = 1764190802000 },
};
static struct dw_scan_port trap[] = {
	{ .protocol = DW_PROTOCOL_TCP,
	  .port = 1,
	  .state = DW_SCAN_OPEN,
	  .why = DW_SCAN_WHY_SYN_ACK,
	  .probes = 1,
	  .answers = 1,
	  .time = 1764190802000 },
};
static struct dw_scan_host hosts[] = {
	{ .address = { DW_FAMILY_IPV4, { 192, 0, 2, 1 }, 0 },
	  .name = "web.example",
	  .up = DW_SCAN_UP_YES,
	  .up_why = DW_SCAN_WHY_NEIGHBOUR,
	  .has_mac = true,
	  .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
	  .rtt_us = 410,
	  .loss = 0.02f,
	  .tcp = { 65535, 3, 65431, 101, 0 },
	  .udp = { 110, 0, 100, 0, 10 },
	  .icmp_rate = 1,
	  .ports = ports,
	  .n_ports = DW_ARRAY_SIZE(ports),
	  .complete = true },
	{ .address = { DW_FAMILY_IPV4, { 192, 0, 2, 7 }, 0 },
	  .up = DW_SCAN_UP_GONE,
	  .up_why = DW_SCAN_WHY_ECHO,
	  .loss = -1,
	  .tcp = { 65535, 1, 0, 65534, 0 },
	  .tarpit = true,
	  .proxy = true,
	  .ports = trap,
	  .n_ports = 1 },
	{ .address = { DW_FAMILY_IPV6, { 0xfe, 0x80, [15] = 9 }, 3 },
	  .up = DW_SCAN_UP_ASSUMED,
	  .loss = -1,
	  .sctp = { 2, 0, 0, 2, 0 },
	  .complete = true },
};
static const char *const notes[] = { "sctp could not be asked: \x1b[31mno" };
static const struct dw_scan scan = { .command = "doorward scan 192.0.2.0/24",
				     .scanner = "here",
				     .authorised_by = "Ann \"A\" <a@b>",
				     .targets = "192.0.2.0/24",
				     .excluded = "192.0.2.3",
				     .tcp_ports = "1-65535",
				     .udp_ports = "53,161",
				     .seed = UINT64_MAX,
				     .shard = 1,
				     .shards = 1,
				     .begun = 1764190800,
				     .ended = 1764190812,
				     .sender = "packet",
				     .receiver = "packet",
				     .version = "0.1.0",
				     .sent = 131313,
				     .answered = 131000,
				     .lost = 12,
				     .hosts_asked = 254,
				     .hosts = hosts,
				     .n_hosts = DW_ARRAY_SIZE(hosts),
				     .notes = (const char **)notes,
				     .n_notes = 1 };

enum form { TEXT, WIDE, JSON, LINES, XML, GREPABLE, LIST, LOG, FORMS };
static const char *const files[FORMS] = { "scan.txt", "scan-wide.txt", "scan.json", "scan.jsonl",
					  "scan.xml", "scan.gnmap",    "scan.list", "scan.log" };

static char *written(enum form form)
{
	const struct dw_report_style style = { .columns = 80 }, wide = { .wide = true };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r = -1;

	switch (form) {
	case TEXT:
		r = dw_report_scan_text(&scan, out, &style, NULL);
		break;
	case WIDE:
		r = dw_report_scan_text(&scan, out, &wide, NULL);
		break;
	case JSON:
		r = dw_report_scan_json(&scan, out, true, NULL);
		break;
	case LINES:
		r = dw_report_scan_jsonl(&scan, out, NULL);
		break;
	case XML:
		r = dw_report_scan_xml(&scan, out, NULL);
		break;
	case GREPABLE:
		r = dw_report_scan_grepable(&scan, out, NULL);
		break;
	case LIST:
		r = dw_report_scan_list(&scan, out, NULL);
		break;
	case LOG:
		r = dw_report_scan_log_all(&scan, out, NULL);
		break;
	case FORMS:
		break;
	}
	DW_CHECK_INT(r, 0);
	(void)fclose(out);
	return text;
}

DW_TEST(each_form_is_as_it_was)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (enum form f = TEXT; f < FORMS; f++) {
		char *text = written(f);

		dw_golden_check(dw_arena_printf(a, DW_TEST_PATH("golden/%s"), files[f]), text);
		free(text);
	}
}

DW_TEST(no_control_character_comes_out)
{
	for (enum form f = TEXT; f < FORMS; f++) {
		char *text = written(f);

		for (const char *p = text; *p; p++)
			if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t')
				DW_CHECK_INT(*p, ' ');
		free(text);
	}
}

DW_TEST(the_table_fits_into_80_columns)
{
	char *text = written(TEXT);
	struct dw_lines lines = { .p = text, .end = text + strlen(text) };
	const char *line;
	size_t n;

	while (dw_lines_next(&lines, &line, &n))
		DW_CHECK(n <= 80);
	free(text);
}

DW_TEST(what_is_listed_is_not_counted_again)
{
	struct dw_scan_counts rest = dw_report_scan_rest(&hosts[0], DW_PROTOCOL_TCP);

	DW_CHECK_INT(rest.open, 0);
	DW_CHECK_INT(rest.closed, 65431);
	DW_CHECK_INT(rest.filtered, 100);
	DW_CHECK_INT(rest.asked, 65531);
	DW_CHECK_INT(dw_report_scan_rest(&hosts[0], DW_PROTOCOL_UDP).unproven, 9);
}

DW_TEST(a_full_disk_is_told)
{
	const struct dw_report_style style = { 0 };
	struct dw_error e = { 0 };
	FILE *full = fopen("/dev/full", "w");

	DW_CHECK(full != NULL);
	if (!full)
		return;
	DW_CHECK(dw_report_scan_text(&scan, full, &style, &e) < 0);
	DW_CHECK(dw_report_scan_xml(&scan, full, &e) < 0);
	(void)fclose(full);
}

DW_TEST_MAIN
