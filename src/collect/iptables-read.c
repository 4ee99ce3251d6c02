/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The legacy tables of a namespace that open doors, or keep packets out. */
#include <string.h>

#include "dw_str.h"
#include "dw_xtables.h"
#include "iptables.h"

static void one_table(struct dw_forwards *out, const struct dw_netns *ns, bool six,
		      const char *name)
{
	struct dw_xtables x = { 0 };
	struct dw_iptables t;
	struct dw_error why = { 0 };

	if (dw_xtables_read(out->collect->sys, ns, six, name, out->scratch, &x, &why) < 0) {
		dw_facts_incomplete(out->collect->facts, "iptables", NULL, 0, true,
				    "the table %s of iptables-legacy could not be read: %s", name,
				    why.message);
		return;
	}
	t = (struct dw_iptables){ .family = six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4,
				  .table = name,
				  .valid_hooks = x.valid_hooks,
				  .entries = x.entries,
				  .n = x.n };
	memcpy(t.hook_entry, x.hook_entry, sizeof(t.hook_entry));
	memcpy(t.underflow, x.underflow, sizeof(t.underflow));
	if (dw_iptables_filters(&t))
		dw_forwards_filtered(out);
	dw_iptables_walk(out, &t);
}

static int one_family(struct dw_forwards *out, const struct dw_netns *ns, bool six,
		      struct dw_error *e)
{
	/* mangle: TPROXY; filter and raw: whether there is a packet filter at all */
	static const char *const tables[] = { "nat", "mangle", "filter", "raw" };
	struct dw_bytes names = { 0 };
	struct dw_lines lines;
	const char *line;
	size_t n;
	int code = dw_xtables_names(out->collect->sys, ns, six, out->scratch, &names, e);

	if (code < 0)
		return code;
	lines = dw_lines_of(&names);
	while (dw_lines_next(&lines, &line, &n))
		for (size_t i = 0; i < DW_ARRAY_SIZE(tables); i++)
			if (n == strlen(tables[i]) && memcmp(line, tables[i], n) == 0)
				one_table(out, ns, six, tables[i]);
	return 0;
}

int dw_iptables_collect(struct dw_forwards *out, const struct dw_netns *ns, struct dw_error *e)
{
	int r = one_family(out, ns, false, e);

	return r < 0 ? r : one_family(out, ns, true, e);
}
