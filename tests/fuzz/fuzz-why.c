/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The word behind "doorward why", on a host of a few doors. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "dw_report.h"
#include "dw_str.h"
#include "mock-knowledge.h"

static const struct dw_package package = { .name = "openssh-server" };
static struct dw_owner owners[] = {
	{ .pid = 631, .comm = "sshd", .executable = "/usr/sbin/sshd" },
	{ .pid = 17,
	  .comm = "python3",
	  .executable = "/usr/bin/python3.11",
	  .script = "/opt/x.py",
	  .container = "docker:web" },
};

static const struct dw_door doors[] = {
	{ .at = { .protocol = DW_PROTOCOL_TCP,
		  .family = DW_FAMILY_DUAL,
		  .has_port = true,
		  .port = 22 },
	  .netns = "host",
	  .owners = &owners[0],
	  .n_owners = 1,
	  .starter = { .id = "ssh.service" },
	  .program = "/usr/sbin/sshd",
	  .package = &package },
	{ .at = { .protocol = DW_PROTOCOL_UDP,
		  .family = DW_FAMILY_IPV4,
		  .address = { 127, 0, 0, 53 },
		  .has_port = true,
		  .port = 53,
		  .ifindex = 1,
		  .ifname = "lo" },
	  .netns = "web",
	  .owners = &owners[1],
	  .n_owners = 1 },
	{ .at = { .protocol = DW_PROTOCOL_TCP,
		  .family = DW_FAMILY_IPV4,
		  .has_port = true,
		  .port = 8000 },
	  .port_last = 8020,
	  .netns = "host",
	  .kind = DW_KIND_FORWARDED,
	  .starter = { .id = "docker:web" } },
	{ .at = { .protocol = DW_PROTOCOL_TCP,
		  .family = DW_FAMILY_IPV6,
		  .address = { 0xfe, 0x80, [15] = 1 },
		  .has_port = true,
		  .port = 2049,
		  .ifname = "eth0" },
	  .netns = "host",
	  .kernel = "nfsd" },
	{ .at = { .protocol = DW_PROTOCOL_PACKET, .family = DW_FAMILY_PACKET, .ifname = "eth0" },
	  .netns = "host" },
	{ .at = { .protocol = DW_PROTOCOL_RAW,
		  .family = DW_FAMILY_IPV6,
		  .has_port = true,
		  .port = 58 },
	  .netns = "host" },
};

static void check(const struct dw_report *r, const struct dw_found *f, bool known)
{
	bool told = f->nothing && f->nothing[0];

	if (f->n > r->n_doors || (f->n == 0) != told || f->nearby.n > 5 || (known && f->n == 0) ||
	    (f->n > 0 && f->nearby.n > 0))
		__builtin_trap();
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < i; k++)
			if (f->doors[i].door == f->doors[k].door)
				__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_report_door of[DW_ARRAY_SIZE(doors)] = { 0 };
	struct dw_report r = { .version = "1", .doors = of, .n_doors = DW_ARRAY_SIZE(doors) };
	const char *word =
		dw_arena_strndup(a, (const char *)data, strnlen((const char *)data, size));
	struct dw_error e = { 0 };
	struct dw_found f;
	bool known = false;
	int status;

	for (size_t i = 0; i < r.n_doors; i++) {
		of[i] = (struct dw_report_door){ .door = &doors[i], .verdict = "keep" };
		known |= dw_streq(word, dw_endpoint_text(a, &doors[i].at));
	}
	of[0].service = dw_knowledge_service(&mock_knowledge, "ssh");
	of[1].service = dw_knowledge_service(&mock_knowledge, "dns");
	status = dw_report_find(&r, word, a, &f, &e);
	if (status == 0)
		check(&r, &f, known);
	else if (status != -EINVAL || !e.message[0] || known)
		__builtin_trap();
	return 0;
}
