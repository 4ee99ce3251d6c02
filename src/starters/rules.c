/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who put a forwarding rule there? The kernel does not say, but the services that load rules at boot read them
 * from files: the line that has this rule is the one to edit, the service what brings it back.
 */
#include <errno.h>
#include <fnmatch.h>

#include "initsys.h"
#include "rules.h"
#include "systemd.h"

#define FILE_MAX     ((size_t)4 * 1024 * 1024)
#define FILES_MAX    512u /* includes and zones together */
#define BYTES_MAX    ((size_t)32 * 1024 * 1024)
#define INCLUDES_MAX 16u /* nft's own MAX_INCLUDE_DEPTH */

/* Files (or, with zones, a pattern of them) and the service that loads them: Debian, Red Hat, Alpine, Arch, Gentoo. */
static const struct place {
	const char *path, *service;
	enum dw_family family;
	bool zones;
} places[] = {
	{ "/etc/nftables.conf", "nftables", DW_FAMILY_UNKNOWN, false },
	{ "/etc/sysconfig/nftables.conf", "nftables", DW_FAMILY_UNKNOWN, false },
	{ "/etc/nftables.nft", "nftables", DW_FAMILY_UNKNOWN, false },
	{ "/var/lib/nftables/rules-save", "nftables", DW_FAMILY_UNKNOWN, false },
	{ "/etc/iptables/rules.v4", "netfilter-persistent", DW_FAMILY_IPV4, false },
	{ "/etc/iptables/rules.v6", "netfilter-persistent", DW_FAMILY_IPV6, false },
	{ "/etc/sysconfig/iptables", "iptables", DW_FAMILY_IPV4, false },
	{ "/etc/sysconfig/ip6tables", "ip6tables", DW_FAMILY_IPV6, false },
	{ "/etc/iptables/rules-save", "iptables", DW_FAMILY_IPV4, false },
	{ "/etc/iptables/rules6-save", "ip6tables", DW_FAMILY_IPV6, false },
	{ "/etc/iptables/iptables.rules", "iptables", DW_FAMILY_IPV4, false },
	{ "/etc/iptables/ip6tables.rules", "ip6tables", DW_FAMILY_IPV6, false },
	{ "/var/lib/iptables/rules-save", "iptables", DW_FAMILY_IPV4, false },
	{ "/etc/ufw/before.rules", "ufw", DW_FAMILY_IPV4, false },
	{ "/etc/ufw/after.rules", "ufw", DW_FAMILY_IPV4, false },
	{ "/etc/ufw/user.rules", "ufw", DW_FAMILY_IPV4, false },
	{ "/etc/ufw/before6.rules", "ufw", DW_FAMILY_IPV6, false },
	{ "/etc/ufw/after6.rules", "ufw", DW_FAMILY_IPV6, false },
	{ "/etc/ufw/user6.rules", "ufw", DW_FAMILY_IPV6, false },
	{ "/etc/firewalld/zones/*.xml", "firewalld", DW_FAMILY_UNKNOWN, true },
	{ "/etc/firewalld/policies/*.xml", "firewalld", DW_FAMILY_UNKNOWN, true },
};

/* --- reading -------------------------------------------------------------------------------------- */

static void read_one(const struct dw_rules_text *t)
{
	struct dw_starters *s = t->s;
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int r;

	if (t->rules->files++ >= FILES_MAX || t->rules->bytes > BYTES_MAX) {
		t->rules->truncated = true;
		return;
	}
	r = dw_sys_file_read(s->sys, t->file, FILE_MAX, s->arena, &text, &e);
	if (r == -ENOENT || r == -ENOTDIR)
		return;
	if (r < 0) {
		/* the door is known all the same */
		dw_facts_incomplete(s->facts, "unreadable", t->file, 0, false,
				    "which forwarded ports come from it is not known: %s",
				    e.message);
		return;
	}
	t->rules->bytes += text.n;
	if (places[t->place].zones)
		dw_rules_parse_zone(t, &text);
	else
		dw_rules_parse(t, &text);
}

/* As nft(8) does: a pattern in the last part only, in the order of names, and files only. */
static void read_pattern(const struct dw_rules_text *t, const char *pattern)
{
	const char *base = dw_basename(pattern);
	struct dw_rules_text one = *t;
	struct dw_strings names = { 0 };
	const char *dir;

	one.file = pattern;
	if (!strpbrk(base, "*?[")) {
		read_one(&one);
		return;
	}
	dir = dw_arena_strndup(t->s->arena, pattern, (size_t)(base - pattern));
	if (dw_sys_dir_list(t->s->sys, dir, t->s->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n && t->rules->files < FILES_MAX; i++) {
		struct stat st;

		one.file = dw_arena_printf(t->s->arena, "%s%s", dir, names.v[i]);
		if (fnmatch(base, names.v[i], FNM_PERIOD) == 0 &&
		    dw_sys_file_stat(t->s->sys, one.file, true, &st, NULL) == 0 &&
		    S_ISREG(st.st_mode))
			read_one(&one);
	}
}

static void include(const struct dw_rules_text *from, const char *pattern)
{
	struct dw_rules_text t = *from;

	if (t.depth++ >= INCLUDES_MAX) {
		t.rules->truncated = true;
		return;
	}
	/* nft's own default directory; "./x" is relative to where it was called, which is nowhere at boot */
	if (*pattern != '/')
		pattern = dw_arena_printf(t.s->arena, "/etc/%s", pattern);
	read_pattern(&t, pattern);
}

static struct dw_rules *rules_of(struct dw_starters *s)
{
	if (s->rules)
		return s->rules;
	s->rules = dw_new(s->arena, struct dw_rules);
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		struct dw_rules_text t = { .s = s,
					   .rules = s->rules,
					   .place = i,
					   .family = places[i].family,
					   .include = include };

		s->rules->defines.n = 0;
		read_pattern(&t, places[i].path);
	}
	if (s->rules->truncated)
		dw_facts_incomplete(
			s->facts, "too-many-rules", NULL, 0, false,
			"the files of the firewall services say more than doorward reads");
	return s->rules;
}

/* --- matching ------------------------------------------------------------------------------------- */

enum { AGREES_WORD = 1, AGREES_ADDRESS = 2, AGREES_PORT = 4, AGREES_TARGET = 4 };

static bool is_zero(const uint8_t *bytes)
{
	static const uint8_t zero[16];

	return memcmp(bytes, zero, sizeof(zero)) == 0;
}

/* Each: negative, the rule is another one; 0, it does not say; positive, it says the same. */
static int compare_ports(const struct dw_rule *r, const struct dw_redirect_fact *f)
{
	for (size_t i = 0; f->at.has_port && i < r->ports.n; i++)
		if (r->ports.v[i].first <= f->at.port && f->at.port <= r->ports.v[i].last)
			return r->vague_ports ? 0 : AGREES_PORT;
	return r->vague_ports || !r->has_ports ? 0 : -1;
}

static int compare_addresses(const struct dw_rule *r, const struct dw_redirect_fact *f)
{
	size_t n = f->at.family == DW_FAMILY_IPV4 ? 4 : 16;

	if (r->vague_address || !r->addresses.n)
		return 0;
	for (size_t i = 0; i < r->addresses.n; i++)
		if ((r->addresses.v[i].family == DW_FAMILY_IPV4) == (n == 4) &&
		    memcmp(r->addresses.v[i].bytes, f->at.address, n) == 0)
			return AGREES_ADDRESS;
	/* several addresses, or a network, are told as any */
	return is_zero(f->at.address) && r->addresses.n > 1 ? 0 : -1;
}

static bool same_target(const struct dw_rule_target *a, const struct dw_rule_target *b)
{
	if (a->has_address != b->has_address ||
	    (a->has_address && (a->address.family != b->address.family ||
				memcmp(a->address.bytes, b->address.bytes, 16) != 0)))
		return false;
	/* a rule without a port keeps that of the packet */
	return !a->has_port || (b->has_port && a->port.first == b->port.first);
}

/* The fact's target: "10.0.0.1:80, 10.0.0.2:80", "local:3128", or words. */
static int compare_targets(const struct dw_rule *r, const struct dw_redirect_fact *f)
{
	const char *at = f->target ? f->target : "";
	bool understood = false;

	while (*at) {
		size_t n = strcspn(at, ",");
		char one[128];
		struct dw_rule_target target;

		if (n < sizeof(one)) {
			memcpy(one, at, n);
			one[n] = '\0';
			if (dw_rule_target_parse(one, &target)) {
				understood = true;
				if (r->has_target && same_target(&r->target, &target))
					return AGREES_TARGET;
				if (!r->has_target && !target.has_address)
					return 0;
			}
		}
		at += n + strspn(at + n, ", ");
	}
	return understood && !r->vague_target ? -1 : 0;
}

unsigned dw_rule_score(const struct dw_rule *r, const struct dw_redirect_fact *f)
{
	int ports, addresses, targets;

	if (r->protocols && !(r->protocols & 1u << f->at.protocol))
		return 0;
	if (r->family == DW_FAMILY_IPV4 && f->at.family == DW_FAMILY_IPV6)
		return 0;
	if (r->family == DW_FAMILY_IPV6 && f->at.family == DW_FAMILY_IPV4)
		return 0;
	ports = compare_ports(r, f);
	addresses = compare_addresses(r, f);
	targets = compare_targets(r, f);
	if (ports < 0 || addresses < 0 || targets < 0 || ports + targets == 0)
		return 0;
	return (unsigned)(ports + addresses + targets) + (r->protocols ? AGREES_WORD : 0);
}

static const struct dw_rule *find(struct dw_starters *s, const struct dw_redirect_fact *f)
{
	const struct dw_rules *rules = rules_of(s);
	const struct dw_rule *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < rules->v.n; i++) {
		unsigned score = dw_rule_score(&rules->v.v[i], f);

		if (score > most) {
			most = score;
			best = &rules->v.v[i];
		}
	}
	return best;
}

/* --- the service ---------------------------------------------------------------------------------- */

/* systemd, the unit by its name. False: there is none, so nothing loads the file. */
static bool describe_unit(struct dw_starters *s, const char *service, struct dw_starter *ret)
{
	struct dw_sd_manager *m = s->systemd->system;
	struct dw_sd_unit *u = dw_sd_unit_get(m, dw_arena_printf(s->arena, "%s.service", service));

	if (!dw_sd_unit_exists(u))
		return false;
	dw_sd_describe(m, u, ret);
	ret->running = dw_sd_is_active(m, u->name);
	return true;
}

/* Is a link "S01NAME" (or just "NAME", for OpenRC) in the directory? */
static bool linked(struct dw_starters *s, const char *dir, const char *name, const char **ret)
{
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		const char *n = names.v[i];

		if (dw_streq(n, name) || (n[0] == 'S' && strlen(n) > 3 && dw_streq(n + 3, name))) {
			*ret = dw_arena_printf(s->arena, "%s/%s", dir, n);
			return true;
		}
	}
	return false;
}

static bool describe_script(struct dw_starters *s, const char *service, struct dw_starter *ret)
{
	static const char *const rc[] = { "/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d",
					  "/etc/rc.d/rc3.d" };
	static const char *const levels[] = { "/etc/runlevels/sysinit", "/etc/runlevels/boot",
					      "/etc/runlevels/default" };
	bool openrc = dw_init_has_openrc(s);
	const char *link = NULL;

	if (!dw_sys_file_exists(s->sys, dw_arena_printf(s->arena, "/etc/init.d/%s", service)))
		return false;
	for (size_t i = 0; !link && i < DW_ARRAY_SIZE(levels) && openrc; i++)
		(void)linked(s, levels[i], service, &link);
	for (size_t i = 0; !link && i < DW_ARRAY_SIZE(rc) && !openrc; i++)
		(void)linked(s, rc[i], service, &link);
	*ret = (struct dw_starter){
		.kind = openrc ? DW_STARTER_OPENRC : DW_STARTER_SYSV,
		.id = service,
		.enabled = link ? DW_YES : DW_NO,
		.restarts = DW_NO,
		.evidence = link ? dw_arena_printf(s->arena, "enabled by %s", link)
				 : "not enabled: no runlevel of the boot has it",
	};
	return true;
}

static bool describe_service(struct dw_starters *s, const char *service, struct dw_starter *ret)
{
	return s->systemd ? describe_unit(s, service, ret) : describe_script(s, service, ret);
}

bool dw_rules_claim_redirect(struct dw_starters *s, const struct dw_redirect_fact *f,
			     struct dw_starter *ret)
{
	const struct dw_rule *rule;
	const char *source, *service;

	/* load balancers and BPF programs have other files */
	if (f->kind != DW_KIND_FORWARDED)
		return false;
	*ret = (struct dw_starter){ 0 };
	if (s->facts->netns.n && f->at.netns != s->facts->netns.v[0].inode) {
		ret->evidence = "loaded within a network namespace: no firewall service of the "
				"host does that";
		return false;
	}
	rule = find(s, f);
	if (!rule) {
		ret->evidence =
			"loaded by hand or by a program: no file of the host's firewall services "
			"has this rule";
		return false;
	}
	source = dw_starters_source(s, rule->file, rule->line);
	service = places[rule->place].service;
	if (!describe_service(s, service, ret)) {
		*ret = (struct dw_starter){
			.evidence = dw_arena_printf(
				s->arena, "%s has this rule, but no service %s is here to load it",
				source, service)
		};
		return false;
	}
	ret->source = source;
	ret->confidence = DW_CONFIDENCE_LIKELY;
	ret->restarts = DW_NO; /* nobody puts back a rule that was deleted */
	ret->evidence = dw_arena_printf(s->arena, "%s has this rule, and %s loads that file%s%s",
					source, ret->id, ret->evidence ? "; " : "",
					ret->evidence ? ret->evidence : "");
	return true;
}
