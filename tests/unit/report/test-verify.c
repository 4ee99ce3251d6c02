/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What verify says. */
#include <locale.h>

#include "dw_change.h"
#include "dw_test.h"
#include "golden.h"
#include "harmless.h"

static char *verify(const struct dw_report_verify *r, struct dw_report_style style, bool json)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(json ? dw_report_verify_json(r, out, true, NULL)
			  : dw_report_verify_text(r, out, &style, NULL),
		     0);
	(void)fclose(out);
	return text;
}

DW_TEST(verify_is_as_it_was)
{
	static const int64_t runs[] = { 3, 5 };
	static const struct dw_report_difference found[] = {
		{ "unit-lost", false, 3, "cron.service",
		  "It was active before and is not any more.", NULL },
		{ "open", true, 3, "0.0.0.0:23/tcp",
		  "0.0.0.0:23/tcp (telnet) was closed and is open again.",
		  "inetd telnet (/etc/inetd.conf:7); dpkg: upgrade telnetd 0.17-44 at "
		  "2026-11-26T10:00:00Z" },
		{ "state", true, 5, "/etc/\x1b[31m", "It is not as the run left it.", NULL },
	};
	struct dw_report_verify r = { .host = "web1",
				      .version = "0.1.0",
				      .time = 1796464900,
				      .runs = runs,
				      .n_runs = 2,
				      .n_closed = 4,
				      .n_kept = 12,
				      .v = found,
				      .n = 3,
				      .blind = true };
	char *text = verify(&r, (struct dw_report_style){ .columns = 80 }, false);

	dw_golden_check(DW_TEST_PATH("golden/change-verify.txt"), text);
	check_harmless(text);
	free(text);
	text = verify(&r, (struct dw_report_style){ 0 }, true);
	dw_golden_check(DW_TEST_PATH("golden/change-verify.json"), text);
	free(text);
	r.n = 0;
	r.blind = false;
	text = verify(&r, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK_STR(text, "All is as runs 3, 5 left it: 4 doors closed, 12 kept open.\n");
	free(text);
	r.fence = DW_REPORT_TABLE_STANDS;
	text = verify(&r, (struct dw_report_style){ .columns = 0 }, false);
	DW_CHECK_STR(text, "All is as runs 3, 5 left it: 4 doors closed, 12 kept open, the packet "
			   "filter as it was loaded.\n");
	free(text);
	r.fence = DW_REPORT_TABLE_DIFFERS;
	r.fence_file = "/etc/doorward/fence.nft";
	text = verify(&r, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK(strstr(text, "\n\nTo load the packet filter again: nft -f "
			      "/etc/doorward/fence.nft\n") != NULL);
	free(text);
	text = verify(&r, (struct dw_report_style){ .columns = 80 }, true);
	DW_CHECK(strstr(text, "\"fence\": \"differs\"") != NULL);
	free(text);
	r.fence = DW_REPORT_TABLE_NONE;
	r.n_runs = 0;
	text = verify(&r, (struct dw_report_style){ .columns = 80 }, false);
	DW_CHECK_STR(text, "No run is in force: there is nothing to verify.\n");
	free(text);
}

__attribute__((constructor)) static void set_locale(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

DW_TEST_MAIN
