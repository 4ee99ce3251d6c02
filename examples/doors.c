/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every door of this host that the network can reach, one a line: a program that uses libdoorward.
 *
 *	cc doors.c $(pkg-config --cflags --libs libdoorward) -o doors
 *	./doors [ROOT]        ROOT: a file system that does not run, for its sleeping doors
 *
 * Ends with 0, with 1 when something should be done about a door, with 3 when not everything could be seen.
 */
#include <doorward/doorward.h>
#include <stdio.h>

#define PATH_MAX_HERE 64 /* of a value's name: doors.NUMBER.MEMBER */

static const char *value(struct doorward_audit *a, size_t door, const char *member)
{
	char path[PATH_MAX_HERE];
	const char *text;

	(void)snprintf(path, sizeof(path), "doors.%zu.%s", door, member);
	text = doorward_audit_get(a, path);
	return text ? text : "-";
}

int main(int argc, char **argv)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *a;
	unsigned outcome;

	if ((argc > 1 && doorward_set_root(d, argv[1]) < 0) || doorward_audit_run(d, &a) < 0) {
		(void)fprintf(stderr, "doors: %s\n", doorward_last_error(d));
		doorward_free(d);
		return 2;
	}
	for (size_t i = 0; i < doorward_audit_count(a, "doors"); i++) {
		printf("%s/%s %s %s\n", value(a, i, "port"), value(a, i, "protocol"),
		       value(a, i, "starter.id"), value(a, i, "verdict"));
	}
	outcome = doorward_audit_outcome(a);
	doorward_audit_free(a);
	doorward_free(d);
	return outcome & DOORWARD_TO_DO ? 1 : outcome & DOORWARD_BLIND ? 3 : 0;
}
