/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remote login without sshd: what sends passwords as they are, and what asks for none. */
#include "accounts.h"

static void look_plain(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < l->n_doors; i++) {
		const struct dw_door *d = l->doors[i].door;
		const struct dw_service *s = l->doors[i].service;

		if (!s || !(s->traits & DW_TRAIT_CLEARTEXT) || d->kind == DW_KIND_SLEEPING ||
		    dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
			continue;
		host_seen(l, r, NULL, 0, s->name, "%s%s%s", dw_endpoint_text(l->a, &d->at),
			  s->instead ? "; instead: " : "", s->instead ? s->instead : "");
	}
	host_conclude(l, r, "One open door sends passwords or data as they are.",
		      "open doors send passwords or data as they are.",
		      "No open door is known to send passwords as they are.");
}

static void look_rhosts(struct host_look *l, struct dw_host_result *r)
{
	static const char *const global[] = { "/etc/hosts.equiv", "/etc/ssh/shosts.equiv" };
	static const char *const own[] = { ".rhosts", ".shosts" };
	const struct host_accounts *all = host_accounts(l);

	for (size_t i = 0; i < DW_ARRAY_SIZE(global); i++)
		if (host_has_line(l, global[i]))
			host_seen(l, r, global[i], 0, global[i],
				  "it names hosts and users that are let in unasked");
	if (all->passwd_error.code && !r->evidence.n) {
		host_unknown(l, r, &all->passwd_error);
		return;
	}
	for (size_t i = 0; i < all->users.n; i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(own); k++) {
			const char *path =
				dw_arena_printf(l->a, "%s/%s", all->users.v[i].home, own[k]);

			if (all->users.v[i].home[0] == '/' && dw_sys_file_exists(l->sys, path))
				host_seen(l, r, path, 0, path,
					  "%s says with it who is let in unasked",
					  all->users.v[i].name);
		}
	host_conclude(l, r, "One file lets hosts in by their name.",
		      "files let hosts in by their name.", "No file lets hosts in by their name.");
}

#define LOGIN(name, words, how)                                                                    \
	.id = (name), .category = DW_CATEGORY_LOGIN, .title = (words), .severity = (how)

const struct host_check host_checks_plain[] = {
	{ .about = { LOGIN("plaintext-services", "Nothing is sent as it is", DW_SEVERITY_HIGH),
		     .reason = "Whoever is on the way reads passwords, and uses them: on this host "
			       "and wherever else they "
			       "are the same.",
		     .source = "CIS Debian Linux 12, 2.1 and 2.2; RFC 8314",
		     .advice = "doorward why DOOR tells what each is; doorward close DOOR closes "
			       "it. Who has to use one of "
			       "them should have an account for that alone, with another password "
			       "and no shell." },
	  .needs_doors = true,
	  .look = look_plain },
	{ .about = { LOGIN("rhosts", "No file lets hosts in by their name", DW_SEVERITY_HIGH),
		     .reason = "rsh, rlogin and sshd (with HostbasedAuthentication) ask nobody who "
			       "comes from there.",
		     .source = "CIS Debian Linux 12, 7.2.10; hosts.equiv(5)",
		     .advice = "Take the files away, when nothing uses them any more." },
	  .look = look_rhosts },
	{ .about = { .id = NULL } },
};
