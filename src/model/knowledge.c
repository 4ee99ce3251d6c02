/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the knowledge's and the policy's words, and looking a service up. */
#include "dw_knowledge.h"

#include <strings.h>

#include "dw_policy.h"
#include "dw_str.h"

static const char *const tier_names[DW_TIER_COUNT] = {
	[DW_TIER_UNKNOWN] = "unknown",   [DW_TIER_BACKDOOR] = "backdoor",
	[DW_TIER_NEVER] = "never",       [DW_TIER_LOCAL] = "local",
	[DW_TIER_REPLACE] = "replace",   [DW_TIER_CAREFUL] = "careful",
	[DW_TIER_ORDINARY] = "ordinary",
};

static const char *const reach_names[DW_REACH_COUNT] = {
	[DW_REACH_UNKNOWN] = "unknown",   [DW_REACH_NONE] = "none",
	[DW_REACH_LOOPBACK] = "loopback", [DW_REACH_LAN] = "lan",
	[DW_REACH_WORLD] = "world",
};

static const char *const bind_style_names[DW_BIND_COUNT] = {
	[DW_BIND_UNKNOWN] = "unknown", [DW_BIND_ASSIGN] = "assign",   [DW_BIND_EQUALS] = "equals",
	[DW_BIND_INI] = "ini",         [DW_BIND_WORDS] = "words",     [DW_BIND_SHELL] = "shell",
	[DW_BIND_OPTION] = "option",   [DW_BIND_MAIN_CF] = "main.cf", [DW_BIND_YAML] = "yaml",
	[DW_BIND_CLAUSE] = "clause",   [DW_BIND_BLOCK] = "block",     [DW_BIND_LISTEN] = "listen",
};

static const char *const bind_number_names[DW_BIND_NUMBER_COUNT] = {
	[DW_BIND_ONE] = "one",
	[DW_BIND_LIST] = "list",
	[DW_BIND_LINES] = "lines",
	[DW_BIND_FIXED] = "fixed",
};

static const char *const default_names[DW_DEFAULT_COUNT] = {
	[DW_DEFAULT_UNKNOWN] = "unknown",
	[DW_DEFAULT_CLOSE] = "close",
	[DW_DEFAULT_ASK] = "ask",
	[DW_DEFAULT_REPORT] = "report",
};

static const char *const action_names[DW_POLICY_ACTION_COUNT] = {
	[DW_POLICY_UNKNOWN] = "unknown",
	[DW_POLICY_KEEP] = "keep",
	[DW_POLICY_CLOSE] = "close",
};

static const char *const egress_names[DW_POLICY_EGRESS_COUNT] = {
	[DW_POLICY_EGRESS_UNKNOWN] = "unknown",
	[DW_POLICY_EGRESS_OPEN] = "open",
	[DW_POLICY_EGRESS_LOG] = "log",
	[DW_POLICY_EGRESS_DENY] = "deny",
};

const char *dw_tier_name(enum dw_tier t)
{
	return t < DW_TIER_COUNT ? tier_names[t] : "unknown";
}

const char *dw_reach_name(enum dw_reach r)
{
	return r < DW_REACH_COUNT ? reach_names[r] : "unknown";
}

const char *dw_bind_style_name(enum dw_bind_style s)
{
	return s < DW_BIND_COUNT ? bind_style_names[s] : "unknown";
}

const char *dw_bind_number_name(enum dw_bind_number n)
{
	return n < DW_BIND_NUMBER_COUNT ? bind_number_names[n] : "unknown";
}

const char *dw_policy_default_name(enum dw_policy_default d)
{
	return d < DW_DEFAULT_COUNT ? default_names[d] : "unknown";
}

const char *dw_policy_action_name(enum dw_policy_action a)
{
	return a < DW_POLICY_ACTION_COUNT ? action_names[a] : "unknown";
}

const char *dw_policy_egress_name(enum dw_policy_egress e)
{
	return e < DW_POLICY_EGRESS_COUNT ? egress_names[e] : "unknown";
}

static bool has_name(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcasecmp(*names, name) == 0)
			return true;
	return false;
}

const struct dw_service *dw_knowledge_service(const struct dw_knowledge *k, const char *name)
{
	for (size_t i = 0; k && i < k->n_services; i++)
		if (strcasecmp(k->services[i].name, name) == 0)
			return &k->services[i];
	for (size_t i = 0; k && i < k->n_services; i++)
		if (has_name(k->services[i].synonyms, name))
			return &k->services[i];
	return NULL;
}

const struct dw_role *dw_knowledge_role(const struct dw_knowledge *k, const char *name)
{
	for (size_t i = 0; k && i < k->n_roles; i++)
		if (strcasecmp(k->roles[i].name, name) == 0)
			return &k->roles[i];
	return NULL;
}

static bool is_of(const struct dw_profile *p, const char *program)
{
	for (const char *const *one = p->programs; *one; one++)
		if (dw_streq(*one, program))
			return true;
	return false;
}

const struct dw_profile *dw_knowledge_profile(const struct dw_knowledge *k, const char *program)
{
	const struct dw_profile *found = NULL;

	for (size_t i = 0; k && i < k->n_profiles; i++)
		if (is_of(&k->profiles[i], program) && (!found || k->profiles[i].file))
			found = &k->profiles[i];
	return found;
}

/* "gcc-" of "gcc-12", and not of "gcc-12-base". */
static bool is_version_of(const char *package, const char *name)
{
	size_t n = strlen(name);

	return n && name[n - 1] == '-' && strncmp(package, name, n) == 0 && package[n] >= '0' &&
	       package[n] <= '9' && strspn(package + n, "0123456789.") == strlen(package + n);
}

const struct dw_tools *dw_knowledge_tools(const struct dw_knowledge *k, const char *package)
{
	for (size_t i = 0; k && i < k->n_tools; i++)
		for (const char *const *p = k->tools[i].packages; *p; p++)
			if (dw_streq(package, *p) || is_version_of(package, *p))
				return &k->tools[i];
	return NULL;
}
