/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A door as a line of a table, for whoever draws one of their own. */
#include <string.h>

#include "doorward/doorward.h"
#include "dw_str.h"
#include "facade-private.h"

struct doorward_row doorward_audit_row(struct doorward_audit *a, size_t i)
{
	struct dw_report_row row;
	const struct dw_door *d;

	if (i >= a->report.n_doors)
		return (struct doorward_row){ 0 };
	row = dw_report_row(&a->report, i, a->arena);
	d = a->report.doors[i].door;
	return (struct doorward_row){
		.door = row.door,
		.where = row.where,
		.behind = row.behind,
		.verdict = row.verdict,
		.service = row.service,
		.program = row.program,
		.user = row.user,
		.starter = row.starter,
		.reach = row.reach,
		.why = row.why,
		.netns = d->netns ? dw_escape_terminal(a->arena, d->netns, strlen(d->netns))
				  : "host",
		.place = row.place,
		.port = d->at.has_port ? d->at.port : 0,
		.carries_session = d->carries_session,
	};
}
