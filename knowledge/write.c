/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "write.h"

#include <stddef.h>

#include "dw_macros.h"

static void write_string(FILE *out, const char *s)
{
	if (!s) {
		(void)fputs("0", out);
		return;
	}
	(void)fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		/* octal: unlike \x it ends after three digits; ? might begin a trigraph */
		if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?')
			(void)fprintf(out, "\\%03o", (unsigned)c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static void write_member(FILE *out, const char *member, const char *text)
{
	if (!text)
		return;
	(void)fprintf(out, "\t\t.%s = ", member);
	write_string(out, text);
	(void)fputs(",\n", out);
}

/* --- lists: each stands before the table that points to it ------------------------------------------- */

static void write_list(FILE *out, const char *of, size_t i, const char *member,
		       const char *const *list)
{
	if (!*list)
		return;
	(void)fprintf(out, "static const char *const %s%zu_%s[] = { ", of, i, member);
	for (; *list; list++) {
		write_string(out, *list);
		(void)fputs(", ", out);
	}
	(void)fputs("0 };\n", out);
}

static void point_to_list(FILE *out, const char *of, size_t i, const char *member,
			  const char *const *list)
{
	if (*list)
		(void)fprintf(out, "\t\t.%s = %s%zu_%s,\n", member, of, i, member);
	else
		(void)fprintf(out, "\t\t.%s = no_strings,\n", member);
}

/* The lists of strings of a service, by name. */
static const struct {
	const char *member;
	size_t offset;
} lists[] = {
#define LIST(member)                                                                               \
	{                                                                                          \
#member, offsetof(struct dw_service, member)                                       \
	}
	LIST(synonyms), LIST(programs), LIST(commands), LIST(packages),
	LIST(units),    LIST(kernel),   LIST(serves),   LIST(sources),
#undef LIST
};

static const char *const *list_of(const struct dw_service *s, size_t which)
{
	return *(const char *const *const *)((const char *)s + lists[which].offset);
}

static void write_ports_of(FILE *out, const char *name, const struct dw_service_port *p)
{
	(void)fprintf(out, "static const struct dw_service_port %s[] = { ", name);
	for (; p->protocol != DW_PROTOCOL_UNKNOWN; p++)
		(void)fprintf(out, "{ %d, %u, %u, %d }, ", (int)p->protocol, p->first, p->last,
			      p->local);
	(void)fputs("{ 0 } };\n", out);
}

static void write_ports(FILE *out, size_t i, const struct dw_service_port *p)
{
	char name[32];

	if (p->protocol == DW_PROTOCOL_UNKNOWN)
		return;
	(void)snprintf(name, sizeof(name), "s%zu_ports", i);
	write_ports_of(out, name, p);
}

static void write_restricts(FILE *out, size_t i, const struct dw_service_restrict *r)
{
	if (!r->how)
		return;
	(void)fprintf(out, "static const struct dw_service_restrict s%zu_restricts[] = {\n", i);
	for (; r->how; r++) {
		(void)fputs("\t{\n", out);
		write_member(out, "how", r->how);
		write_member(out, "file", r->file);
		write_member(out, "setting", r->setting);
		write_member(out, "after", r->after);
		(void)fputs("\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_settings(FILE *out, size_t i, size_t n, const struct dw_service_setting *s)
{
	(void)fprintf(out, "static const struct dw_service_setting s%zu_bind%zu_settings[] = {\n",
		      i, n);
	for (; s->key; s++) {
		(void)fprintf(out, "\t{\n\t\t.number = %d,\n", (int)s->number);
		write_member(out, "key", s->key);
		write_member(out, "value", s->value);
		write_member(out, "each", s->each);
		write_member(out, "join", s->join);
		write_member(out, "empty", s->empty);
		write_member(out, "loopback", s->loopback);
		write_member(out, "option", s->option);
		(void)fputs("\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_binds(FILE *out, size_t i, const struct dw_service_bind *binds)
{
	char of[32], ports[64];
	size_t n = 0;

	if (!binds->files)
		return;
	for (; binds[n].files; n++) {
		(void)snprintf(of, sizeof(of), "s%zu_bind", i);
		(void)snprintf(ports, sizeof(ports), "s%zu_bind%zu_ports", i, n);
		write_list(out, of, n, "files", binds[n].files);
		write_list(out, of, n, "programs", binds[n].programs);
		write_list(out, of, n, "sections", binds[n].sections);
		write_list(out, of, n, "clash", binds[n].clash);
		write_ports_of(out, ports, binds[n].ports);
		write_settings(out, i, n, binds[n].settings);
	}
	(void)fprintf(out, "static const struct dw_service_bind s%zu_binds[] = {\n", i);
	for (size_t b = 0; b < n; b++) {
		(void)snprintf(of, sizeof(of), "s%zu_bind", i);
		(void)fprintf(out, "\t{\n\t\t.style = %d,\n", (int)binds[b].style);
		point_to_list(out, of, b, "files", binds[b].files);
		point_to_list(out, of, b, "programs", binds[b].programs);
		point_to_list(out, of, b, "sections", binds[b].sections);
		point_to_list(out, of, b, "clash", binds[b].clash);
		(void)fprintf(out,
			      "\t\t.ports = %s%zu_ports,\n\t\t.settings = %s%zu_settings,\n\t},\n",
			      of, b, of, b);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

/* --- tables ----------------------------------------------------------------------------------------- */

static void write_service(FILE *out, size_t i, const struct dw_service *s)
{
	(void)fputs("\t{\n", out);
	write_member(out, "name", s->name);
	write_member(out, "title", s->title);
	for (size_t n = 0; n < DW_ARRAY_SIZE(lists); n++)
		point_to_list(out, "s", i, lists[n].member, list_of(s, n));
	if (s->ports->protocol != DW_PROTOCOL_UNKNOWN)
		(void)fprintf(out, "\t\t.ports = s%zu_ports,\n", i);
	else
		(void)fputs("\t\t.ports = no_ports,\n", out);
	if (s->restricts->how)
		(void)fprintf(out, "\t\t.restricts = s%zu_restricts,\n", i);
	else
		(void)fputs("\t\t.restricts = no_restricts,\n", out);
	if (s->binds->files)
		(void)fprintf(out, "\t\t.binds = s%zu_binds,\n", i);
	else
		(void)fputs("\t\t.binds = no_binds,\n", out);
	write_member(out, "what", s->what);
	write_member(out, "loss", s->loss);
	(void)fprintf(out, "\t\t.tier = %d,\n\t\t.reach = %d,\n\t\t.traits = %u,\n", (int)s->tier,
		      (int)s->reach, s->traits);
	write_member(out, "why", s->why);
	write_member(out, "instead", s->instead);
	write_member(out, "withdrawn", s->withdrawn);
	(void)fputs("\t},\n", out);
}

static void write_services(FILE *out, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < k->n_services; i++) {
		const struct dw_service *s = &k->services[i];

		for (size_t n = 0; n < DW_ARRAY_SIZE(lists); n++)
			write_list(out, "s", i, lists[n].member, list_of(s, n));
		write_ports(out, i, s->ports);
		write_restricts(out, i, s->restricts);
		write_binds(out, i, s->binds);
	}
	/* one more, all zero: no array of C is empty */
	(void)fputs("static const struct dw_service services[] = {\n", out);
	for (size_t i = 0; i < k->n_services; i++)
		write_service(out, i, &k->services[i]);
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_keeps(FILE *out, size_t i, const struct dw_role *r)
{
	size_t n = 0;

	for (const struct dw_role_keep *p = r->keeps; p->services; p++)
		n++;
	for (size_t p = 0; p < n; p++) {
		(void)fprintf(out, "static const char *const r%zu_keep%zu[] = { ", i, p);
		for (const char *const *s = r->keeps[p].services; *s; s++) {
			write_string(out, *s);
			(void)fputs(", ", out);
		}
		(void)fputs("0 };\n", out);
	}
	(void)fprintf(out, "static const struct dw_role_keep r%zu_keeps[] = {\n", i);
	for (size_t p = 0; p < n; p++) {
		(void)fprintf(out, "\t{\n\t\t.services = r%zu_keep%zu,\n\t\t.reach = %d,\n", i, p,
			      (int)r->keeps[p].reach);
		write_member(out, "because", r->keeps[p].because);
		(void)fputs("\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_roles(FILE *out, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < k->n_roles; i++) {
		write_list(out, "r", i, "signs", k->roles[i].signs);
		write_keeps(out, i, &k->roles[i]);
	}
	(void)fputs("static const struct dw_role roles[] = {\n", out);
	for (size_t i = 0; i < k->n_roles; i++) {
		const struct dw_role *r = &k->roles[i];

		(void)fputs("\t{\n", out);
		write_member(out, "name", r->name);
		write_member(out, "title", r->title);
		write_member(out, "what", r->what);
		point_to_list(out, "r", i, "signs", r->signs);
		(void)fprintf(out, "\t\t.keeps = r%zu_keeps,\n\t},\n", i);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_releases(FILE *out, const struct dw_knowledge *k)
{
	(void)fputs("static const struct dw_release releases[] = {\n", out);
	for (size_t i = 0; i < k->n_releases; i++) {
		const struct dw_release *r = &k->releases[i];

		(void)fputs("\t{\n", out);
		write_member(out, "name", r->name);
		write_member(out, "title", r->title);
		write_member(out, "system", r->system);
		write_member(out, "version", r->version);
		write_member(out, "ends", r->ends);
		write_member(out, "paid", r->paid);
		(void)fputs("\t\t.sources = no_strings,\n\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_users(FILE *out, size_t i, const struct dw_profile_user *u)
{
	(void)fprintf(out, "static const struct dw_profile_user p%zu_user[] = {\n", i);
	for (; u->file; u++) {
		(void)fputs("\t{\n", out);
		write_member(out, "file", u->file);
		write_member(out, "key", u->key);
		write_member(out, "option", u->option);
		(void)fputs("\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_profiles(FILE *out, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < k->n_profiles; i++) {
		const struct dw_profile *p = &k->profiles[i];

		write_list(out, "p", i, "programs", p->programs);
		write_list(out, "p", i, "writes", p->writes);
		write_list(out, "p", i, "calls", p->calls);
		write_list(out, "p", i, "accounts", p->accounts);
		write_list(out, "p", i, "unprivileged", p->unprivileged);
		write_list(out, "p", i, "root_with", p->root_with);
		write_users(out, i, p->user);
		write_list(out, "p", i, "sources", p->sources);
	}
	(void)fputs("static const struct dw_profile profiles[] = {\n", out);
	for (size_t i = 0; i < k->n_profiles; i++) {
		const struct dw_profile *p = &k->profiles[i];

		(void)fputs("\t{\n", out);
		write_member(out, "name", p->name);
		(void)fprintf(out, "\t\t.needs = %u,\n\t\t.capabilities = UINT64_C(%llu),\n",
			      p->needs, (unsigned long long)p->capabilities);
		point_to_list(out, "p", i, "programs", p->programs);
		point_to_list(out, "p", i, "writes", p->writes);
		point_to_list(out, "p", i, "calls", p->calls);
		point_to_list(out, "p", i, "accounts", p->accounts);
		point_to_list(out, "p", i, "unprivileged", p->unprivileged);
		point_to_list(out, "p", i, "root_with", p->root_with);
		(void)fprintf(out, "\t\t.user = p%zu_user,\n", i);
		point_to_list(out, "p", i, "sources", p->sources);
		(void)fputs("\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

static void write_tools(FILE *out, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < k->n_tools; i++) {
		write_list(out, "t", i, "packages", k->tools[i].packages);
		write_list(out, "t", i, "roles", k->tools[i].roles);
	}
	(void)fputs("static const struct dw_tools tools[] = {\n", out);
	for (size_t i = 0; i < k->n_tools; i++) {
		const struct dw_tools *t = &k->tools[i];

		(void)fputs("\t{\n", out);
		write_member(out, "name", t->name);
		write_member(out, "does", t->does);
		point_to_list(out, "t", i, "packages", t->packages);
		point_to_list(out, "t", i, "roles", t->roles);
		(void)fputs("\t\t.sources = no_strings,\n\t},\n", out);
	}
	(void)fputs("\t{ 0 },\n};\n", out);
}

void dw_write_tables(FILE *out, const struct dw_knowledge *k)
{
	(void)fputs("/* Made of knowledge/ by compile-knowledge; not to be edited. */\n"
		    "#include \"dw_knowledge_read.h\"\n"
		    "static const char *const no_strings[1] __attribute__((unused));\n"
		    "static const struct dw_service_port no_ports[1] __attribute__((unused));\n"
		    "static const struct dw_service_restrict no_restricts[1] "
		    "__attribute__((unused));\n"
		    "static const struct dw_service_bind no_binds[1] __attribute__((unused));\n",
		    out);
	write_services(out, k);
	write_roles(out, k);
	write_releases(out, k);
	write_profiles(out, k);
	write_tools(out, k);
	(void)fprintf(out,
		      "const struct dw_knowledge *dw_knowledge_builtin(void)\n{\n"
		      "\tstatic const struct dw_knowledge k = { services, %zu, roles, %zu, "
		      "releases, %zu, profiles, %zu, tools, %zu };\n\n"
		      "\treturn &k;\n}\n",
		      k->n_services, k->n_roles, k->n_releases, k->n_profiles, k->n_tools);
}
