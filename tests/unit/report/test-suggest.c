/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of confine suggest: what a service holds, what it used, and that "not known" is null. */
#include <stdlib.h>
#include <string.h>

#include "dw_confine_report.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"

#define CAP(n) (UINT64_C(1) << (n))

static struct dw_confine_service nginx(void)
{
	return (struct dw_confine_service){
		.name = "nginx.service",
		.kind = DW_STARTER_SYSTEMD_SERVICE,
		.unit = "nginx.service",
		.program = "/usr/sbin/nginx",
		.user = "root",
		.root = DW_YES,
		.reach = DW_CONFINE_REACH_ANY,
		.processes = 2,
		.details_known = true,
		/* to become another user, to bind low ports, to trace */
		.capabilities = CAP(7) | CAP(10) | CAP(19)
	};
}

static char *written(const struct dw_report_suggest *r, bool pretty)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_report_suggest_json(r, out, pretty, &e), 0);
	(void)fclose(out);
	return text;
}

static bool says(const struct dw_report_suggest *r, const char *what)
{
	char *text = written(r, false);
	bool found = strstr(text, what) != NULL;

	free(text);
	return found;
}

DW_TEST(what_it_holds_and_what_it_used)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_confine_service service = nginx();
	struct dw_report_observed seen = {
		.seconds = 60, .capabilities_known = true, .capabilities = CAP(10), .missed = 2
	};
	struct dw_report_suggest r = { .version = "1",
				       .host = "web1",
				       .time = 1769860800,
				       .service = &service,
				       .observed = &seen,
				       .path = "/etc/systemd/system/nginx.service.d/x.conf",
				       .text = "[Service]\nProtectHome=yes\n" };
	char *text;

	dw_vec_push(a, &seen.written, "/var/log/nginx/\033[31maccess.log");
	dw_vec_push(a, &seen.started, "/usr/bin/id");
	dw_vec_push(a, &seen.devices, "/dev/null");
	dw_vec_push(a, &r.remarks, "PrivateTmp= is left as it is: it writes there.");
	text = written(&r, true);
	dw_golden_check(DW_TESTS_DIR "/golden/confine/suggest.json", text);
	free(text);
}

/* Nothing used is a list without members; nobody saw is null. */
DW_TEST(not_seen_is_not_unused)
{
	struct dw_confine_service service = nginx();
	struct dw_report_observed seen = { .seconds = 60, .capabilities_known = true };
	struct dw_report_suggest r = { .version = "1", .service = &service, .observed = &seen };

	DW_CHECK(says(&r, "\"seconds\":60,\"capabilities\":[]"));
	DW_CHECK(says(&r, "\"idle_capabilities\":[\"cap_setuid\""));
	service.details_known = false;
	DW_CHECK(says(&r, "\"idle_capabilities\":null"));
	service.details_known = true;
	seen.capabilities_known = false;
	DW_CHECK(says(&r, "\"seconds\":60,\"capabilities\":null"));
	DW_CHECK(says(&r, "\"idle_capabilities\":null"));
	r.observed = NULL;
	r.cannot = "No unit of systemd starts it: a drop-in confines nothing.";
	DW_CHECK(says(&r, "\"observed\":null"));
	DW_CHECK(says(&r, "\"idle_capabilities\":null"));
	DW_CHECK(says(&r, "\"cannot\":\"No unit"));
}

DW_TEST_MAIN
