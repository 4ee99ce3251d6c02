/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an audit without privileges lacks, by what it noted and what its doors have not. */
#include "sudo.h"

#include "dw_macros.h"
#include "dw_str.h"

static const struct {
	const char *what, *adds;
} lacks[] = {
	{ "netns-closed", "the doors of other network namespaces (containers)" },
	{ "netns", "the ports that are forwarded in other network namespaces" },
	{ "nftables", "whom the packet filter (nftables) lets through" },
	{ "iptables", "whom the packet filter (iptables) lets through" },
	{ "bpf-programs", "the BPF programs on the way of packets (XDP, tc, sk_lookup)" },
	{ "no-bpf", "the kernel's own tables of sockets (BPF)" },
	{ "unreadable", "what is in files that only root reads" },
};

static bool is_noted(const struct dw_snapshot *s, const char *what)
{
	for (size_t i = 0; i < s->n_incomplete; i++)
		if (dw_streq0(s->incomplete[i].what, what))
			return true;
	return false;
}

static bool is_unheld(const struct dw_door *d)
{
	return d->kind != DW_KIND_SLEEPING && !d->owners_known && !d->kernel;
}

const char *dw_report_sudo(const struct dw_snapshot *s, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };
	size_t unheld = 0;

	if (!is_noted(s, "not-root"))
		return NULL;
	for (size_t i = 0; i < s->n_doors; i++)
		unheld += is_unheld(&s->doors[i]);
	dw_str_add(&text, "sudo doorward audit would add");
	if (unheld)
		dw_str_addf(&text,
			    ": who holds %zu of these %zu doors (program, user, what starts it)",
			    unheld, s->n_doors);
	else
		dw_str_add(&text, ": whether somebody else holds these doors, too");
	for (size_t i = 0; i < DW_ARRAY_SIZE(lacks); i++)
		if (is_noted(s, lacks[i].what))
			dw_str_addf(&text, "; %s", lacks[i].adds);
	dw_str_addc(&text, '.');
	return text.s;
}
