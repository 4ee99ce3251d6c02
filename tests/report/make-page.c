/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes pages made by hand, with something in every section: make-page DIRECTORY */
#include <stdio.h>
#include <stdlib.h>

#include "dw_macros.h"
#include "mock-whole.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *which, *text;
		bool missing;
	} all[] = {
		{ "whole", "host", NULL, false },
		{ "missing", "calm", NULL, true },
		{ "attack", "hostile",
		  "A</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='x' "
		  "\xe2\x80\xae\x1b[31m\xff\xef\xbf\xbf&lt;&#x3c;--><!--]]></style>{}",
		  false },
	};

	for (size_t i = 0; argc > 1 && i < DW_ARRAY_SIZE(all); i++) {
		struct mock_whole *m = mock_whole_new(all[i].which, all[i].text, all[i].missing);
		char name[4096];
		FILE *out;

		(void)snprintf(name, sizeof(name), "%s/%s.html", argv[1], all[i].name);
		out = fopen(name, "w");
		if (!out || dw_report_whole_html(mock_whole_of(m), out, NULL) < 0 ||
		    fclose(out) != 0)
			return 1;
		mock_whole_free(m);
	}
	return argc > 1 ? 0 : 2;
}
