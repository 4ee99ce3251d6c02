/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is compiled in: "service NAME", "role NAME", "release NAME", "profile NAME" and "tools NAME", a line each. */
#include <stdio.h>

#include "dw_knowledge_read.h"

int main(void)
{
	const struct dw_knowledge *k = dw_knowledge_builtin();

	for (size_t i = 0; i < k->n_services; i++)
		printf("service %s\n", k->services[i].name);
	for (size_t i = 0; i < k->n_roles; i++)
		printf("role %s\n", k->roles[i].name);
	for (size_t i = 0; i < k->n_releases; i++)
		printf("release %s\n", k->releases[i].name);
	for (size_t i = 0; i < k->n_profiles; i++)
		printf("profile %s\n", k->profiles[i].name);
	for (size_t i = 0; i < k->n_tools; i++)
		printf("tools %s\n", k->tools[i].name);
	return 0;
}
