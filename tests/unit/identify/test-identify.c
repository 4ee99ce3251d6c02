/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of protocols, its matchers against sample answers, templates, HTTP, records, and the other file's
   reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_identify.h"
#include "dw_knowledge_index.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "identify_match.h"
#include "identify_nmap.h"
#include "identify_pattern.h"

DW_TEST(table_is_sane)
{
	const struct dw_probes *t = dw_probes_builtin();
	size_t asked = 0, udp = 0;

	for (size_t i = 0; i < t->n_protocols; i++) {
		const struct dw_probe_protocol *p = &t->protocols[i];

		DW_CHECK(i == 0 || strcmp(t->protocols[i - 1].id, p->id) < 0);
		DW_CHECK(dw_probes_find(p->id) == p);
		DW_CHECK(p->n_matches > 0 || p->silent || p->avoid);
		asked += p->n_matches > 0;
		for (size_t k = 0; k < p->n_tcp; k++)
			DW_CHECK(p->tcp[k] > 0 && (k == 0 || p->tcp[k] > p->tcp[k - 1]));
		for (size_t k = 0; k < p->n_udp; k++)
			DW_CHECK(p->udp[k] > 0 && (k == 0 || p->udp[k] > p->udp[k - 1]));
	}
	for (size_t i = 0; i < t->n_asks; i++)
		udp += t->asks[i].udp;
	DW_CHECK(asked >= 80);
	DW_CHECK(udp >= 60);
	printf("%zu protocols asked, %zu UDP payloads\n", asked, udp);
}

DW_TEST(payloads_of_ports)
{
	size_t n = 0;
	const uint16_t *ports = dw_identify_udp_ports(&n);
	struct dw_wire_payloads dns = dw_identify_payloads(53), any = dw_identify_payloads(40000);

	DW_CHECK(n >= 60);
	for (size_t i = 0; i < n; i++) {
		DW_CHECK(i == 0 || ports[i] > ports[i - 1]);
		DW_CHECK(dw_identify_payloads(ports[i]).n > 0);
	}
	DW_CHECK(dns.n > 1 && dns.list[0].id_at == 1 && dns.list[0].n == 30);
	DW_CHECK(any.n > 3);
	DW_CHECK_INT(dw_identify_payloads(8125).n, 0);
	DW_CHECK(dw_identify_silent(DW_PROTOCOL_UDP, 51820) != NULL);
	DW_CHECK(dw_identify_silent(DW_PROTOCOL_TCP, 9100) != NULL);
	DW_CHECK(!dw_identify_silent(DW_PROTOCOL_TCP, 22));
	DW_CHECK_STR(dw_identify_service("http", true), "https");
	DW_CHECK_STR(dw_identify_service("ssh", false), "ssh");
}

static size_t unescape(char *s)
{
	static const char letters[] = "rnt0\\", meant[] = "\r\n\t\0\\";
	size_t n = 0;

	for (const char *p = s; *p; p++) {
		const char *known = *p == '\\' ? strchr(letters, p[1]) : NULL;

		if (*p != '\\') {
			s[n++] = *p;
		} else if (known) {
			s[n++] = meant[known - letters];
			p++;
		} else {
			char digits[3] = { p[2], p[3], 0 };

			s[n++] = (char)strtoul(digits, NULL, 16);
			p += 3;
		}
	}
	return n;
}

/* Of the protocol: its first question over that. */
static int question(const char *protocol, bool udp)
{
	const struct dw_probe_protocol *p = dw_probes_find(protocol);

	for (size_t i = p ? p->asks : 0; p && i < (size_t)p->asks + p->n_asks; i++)
		if (dw_probes_builtin()->asks[i].udp == udp)
			return (int)i;
	return DW_ASKED_NOTHING;
}

/* No other protocol's match that counts anywhere may fit; the HTTP of printers and music is HTTP as well. */
static void check_no_other(const struct dw_matcher *m, const char *protocol,
			   const struct dw_reply *r)
{
	const struct dw_probes *t = dw_probes_builtin();

	for (size_t i = 0; i < t->n_matches; i++) {
		const char *other = t->protocols[t->matches[i].protocol].id;

		if (dw_streq(other, protocol) || t->matches[i].own ||
		    !(r->udp ? t->matches[i].udp : t->matches[i].tcp) ||
		    ((dw_streq(protocol, "ipp") || dw_streq(protocol, "dmap")) &&
		     dw_streq(other, "http")))
			continue;
		if (dw_matcher_fits(m, i, r->bytes, r->n)) {
			printf("%s is also taken for %s: %s\n", protocol, other,
			       t->matches[i].pattern);
			DW_CHECK(false);
		}
	}
}

static bool sampled[4096]; /* protocols of the table */

static void check_sample(const struct dw_matcher *m, char *line)
{
	bool stranger = *line == '!';
	char *save = line + stranger;
	const char *protocol = strsep(&save, " "), *over = strsep(&save, " ");
	const char *port = strsep(&save, " "), *product = strsep(&save, "|");
	const char *version = strsep(&save, "|");
	struct identify_record r = { 0 };
	bool udp = strcmp(over, "udp") == 0, greet = strcmp(over, "greet") == 0;
	const struct dw_reply reply = {
		.bytes = (const uint8_t *)save,
		.n = unescape(save),
		.udp = udp,
		.port = (uint16_t)strtoul(port, NULL, 10),
		.asked = greet ? DW_ASKED_NOTHING : question(protocol, udp),
		.nmap_asked = DW_ASKED_NOTHING,
	};

	DW_CHECK(greet || reply.asked >= 0);
	if (stranger) {
		(void)dw_matcher_try(m, &reply, &r);
		DW_CHECK(strcmp(r.protocol, protocol) != 0);
		return;
	}
	if (!dw_matcher_try(m, &reply, &r))
		printf("%s is not recognised\n", protocol);
	DW_CHECK_STR(r.protocol, protocol);
	if (dw_probes_find(protocol))
		sampled[dw_probes_find(protocol) - dw_probes_builtin()->protocols] = true;
	DW_CHECK_STR(r.product, strcmp(product, "-") == 0 ? r.product : product);
	DW_CHECK_STR(r.version, strcmp(version, "-") == 0 ? r.version : version);
	check_no_other(m, protocol, &reply);
}

DW_TEST(samples_are_recognised)
{
	FILE *f = fopen(DW_TEST_PATH("unit/identify/samples.txt"), "r");
	struct dw_matcher *m = NULL;
	struct dw_error e = { 0 };
	char line[2048];
	int n = 0;

	DW_CHECK_INT(dw_pattern_load(&e), 0);
	DW_CHECK_INT(dw_matcher_new(&m, &e), 0);
	DW_CHECK(f != NULL);
	while (f && m && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			check_sample(m, line), n++;
	}
	DW_CHECK(n >= 130);
	/* a pattern that no sample was held against is a guess */
	for (size_t i = 0; i < dw_probes_builtin()->n_protocols; i++) {
		const struct dw_probe_protocol *p = &dw_probes_builtin()->protocols[i];

		if (p->n_matches > 0 && !sampled[i])
			printf("%s has no sample\n", p->id);
		DW_CHECK(p->n_matches == 0 || sampled[i]);
	}
	dw_matcher_free(m);
	if (f)
		fclose(f);
}

DW_TEST(records_are_checked)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct identify_record r = {
		.protocol = "http", .product = "nginx", .tls = true, .expires = 7
	};
	uint8_t bytes[DW_RECORD_MAX];
	struct dw_scan_service *s = NULL;
	enum identify_says says;
	uint32_t job = 0;
	size_t n;

	dw_record_add_name(&r, (const uint8_t *)"a.example", 9);
	dw_record_set_banner(&r, (const uint8_t *)"\x1b\\x", 3);
	n = dw_record_write(70000, DW_SAYS_DONE, &r, bytes, sizeof(bytes));
	DW_CHECK_INT(dw_record_read(bytes, n, a, &job, &says, &s, NULL), 0);
	DW_CHECK_INT(job, 70000);
	DW_CHECK(s && s->tls && s->expires == 7 && s->n_names == 1);
	DW_CHECK_STR(s->names[0], "a.example");
	DW_CHECK_STR(s->banner, "\\x1b\\x5cx");
	for (size_t i = 6; i < n; i++)
		(void)dw_record_read(bytes, i, a, &job, &says, &s, NULL);
	memcpy(r.product, "a\x1b[m", sizeof("a\x1b[m"));
	n = dw_record_write(1, DW_SAYS_DONE, &r, bytes, sizeof(bytes));
	DW_CHECK(dw_record_read(bytes, n, a, &job, &says, &s, NULL) < 0);
	bytes[4] = 9;
	DW_CHECK(dw_record_read(bytes, 5, a, &job, &says, &s, NULL) < 0);
}

DW_TEST(nmap_file_is_read)
{
	static char text[] =
		"# none of nmap's own lines\nExclude T:9100-9107\nProbe TCP NULL q||\n"
		"match acme m|^ACME ([\\d_]+)\\r\\n| p/Acme/ v/$SUBST(1,\"_\",\".\")/\n"
		"match bad m|^(|\nmatch worse\nnonsense here\n"
		"Probe TCP Hello q|\\x01hi\\r\\n|\nports 70,9000-9002\nrarity 3\n"
		"softmatch later m|^L|\n";
	const struct dw_bytes bytes = { text, sizeof(text) - 1 };
	struct dw_nmap *n;
	struct dw_reply reply = {
		.bytes = (const uint8_t *)"ACME 1_2\r\n", .n = 10, .asked = -1, .nmap_asked = -1
	};
	struct identify_record r = { 0 };
	uint16_t plan[4];

	DW_CHECK_INT(dw_pattern_load(NULL), 0);
	n = dw_nmap_read("probes", &bytes);
	DW_CHECK_INT(n->bad, 2);
	DW_CHECK(strstr(n->first_bad, "probes:6:") != NULL);
	DW_CHECK(dw_nmap_try(n, &reply, false, &r));
	DW_CHECK_STR(r.protocol, "acme");
	DW_CHECK_STR(r.version, "1.2");
	DW_CHECK_INT(dw_nmap_plan(n, false, 9001, plan, 4), 1);
	DW_CHECK_INT(dw_nmap_plan(n, false, 9100, plan, 4), 0);
	DW_CHECK_INT(n->probes.v[1].say.n, 5);
	dw_nmap_free(n);
}

DW_TEST_MAIN
