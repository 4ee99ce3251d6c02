/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Good documents, and what is said of bad ones. */
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"

struct result {
	struct dw_arena *arena;
	struct dw_str said; /* LINE: TEXT, a line each */
	const struct dw_knowledge *k;
};

static void complain(void *data, const char *file, unsigned line, const char *text)
{
	struct result *r = data;

	dw_str_addf(&r->said, "%s%u: %s\n", dw_streq(file, "t.yaml") ? "" : file, line, text);
}

static struct result read_bytes(struct dw_arena *a, const struct dw_knowledge *base,
				const char *text, size_t n)
{
	struct result r = { .arena = a, .said = { .arena = a } };
	struct dw_knowledge_file f = { "t.yaml", { dw_arena_alloc(a, n + 1), n } };

	memcpy(f.bytes.data, text, n);
	dw_str_add(&r.said, "");
	r.k = dw_knowledge_read(a, base, &f, 1, complain, &r);
	return r;
}

static struct result read_text(struct dw_arena *a, const struct dw_knowledge *base,
			       const char *text)
{
	return read_bytes(a, base, text, strlen(text));
}

/* The rest of an entry that begins with its name. */
#define REST                                                                                       \
	"  title: T\n  what: W.\n  loss: L.\n  tier: local\n  reach: lan\n  why: Y.\n"             \
	"  sources: [S]\n"

#define RELEASE(ends)                                                                              \
	"- name: x-1\n  title: X 1\n  system: x\n  version: \"1\"\n  ends: " ends                  \
	"\n  sources: [S]\n"

#define TOOLS(name, more)                                                                          \
	"- name: " name "\n  does: it digs\n  packages: [spade, dig-]\n" more "  sources: [S]\n"

DW_TEST(tools_and_the_roles_that_need_them)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_text(a, NULL, TOOLS("spades", "  roles: [minimal]\n")), over;

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK(r.k->n_tools == 1 && dw_streq(r.k->tools[0].roles[0], "minimal"));
	DW_CHECK(dw_knowledge_tools(r.k, "spade") == &r.k->tools[0]);
	DW_CHECK(dw_knowledge_tools(r.k, "dig-1.2") == &r.k->tools[0]);
	DW_CHECK(!dw_knowledge_tools(r.k, "dig-1-base"));
	DW_CHECK(!dw_knowledge_tools(r.k, "dig-x"));
	over = read_text(a, r.k, TOOLS("spades", "  roles: []\n"));
	DW_CHECK(over.k->n_tools == 1 && !over.k->tools[0].roles[0]);
	over = read_text(a, r.k, TOOLS("picks", "  roles: []\n"));
	DW_CHECK(over.k->n_tools == 2 && dw_streq(over.k->tools[0].name, "picks"));
}

DW_TEST(releases_and_their_last_days)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const wrong[] = { "2028",       "2028-13-01", "2028-00-01",
					     "2028-01-32", "2028-1-01",  "soon" };
	struct result r = read_text(a, NULL, RELEASE("2028-06-30")), over;

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK(r.k->n_releases == 1 && r.k->n_services == 0 && r.k->n_roles == 0);
	DW_CHECK_STR(r.k->releases[0].version, "1");
	DW_CHECK_STR(r.k->releases[0].ends, "2028-06-30");
	DW_CHECK(!r.k->releases[0].paid);
	/* a later one replaces its namesake, and stands beside the others */
	over = read_text(
		a, r.k,
		RELEASE("2030-01-01") "- name: a-1\n  title: A\n  system: a\n  version: \"1\"\n"
				      "  ends: 2029-01-01\n  paid: 2031-01-01\n  sources: [S]\n");
	DW_CHECK_STR(over.said.s, "");
	DW_CHECK(over.k->n_releases == 2);
	DW_CHECK_STR(over.k->releases[0].name, "a-1");
	DW_CHECK_STR(over.k->releases[0].paid, "2031-01-01");
	DW_CHECK_STR(over.k->releases[1].ends, "2030-01-01");
	for (size_t i = 0; i < DW_ARRAY_SIZE(wrong); i++) {
		r = read_text(a, NULL, dw_arena_printf(a, RELEASE("%s"), wrong[i]));
		DW_CHECK(r.k->n_releases == 0 && r.said.s[0]);
	}
}

#define PROFILE(more) "- name: x\n  programs: [xd]\n  sources: [S]\n" more

DW_TEST(profiles_of_daemons)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const wrong[] = {
		PROFILE("  needs: [jits]\n"),
		PROFILE("  needs: []\n  capabilities: [cap_kill]\n"),
		PROFILE("  needs: []\n  capabilities: [KILL]\n"),
		PROFILE("  needs: []\n  writes: [run]\n"),
		PROFILE("  needs: []\n  writes: [/a%n]\n"),
		PROFILE("  needs: []\n  writes: [\"/a b\"]\n"),
		PROFILE("  needs: []\n  calls: [\"a$b\"]\n"),
		PROFILE("  needs: []\n  tier: local\n"),
		"- name: x\n  programs: []\n  needs: []\n  sources: [S]\n",
		"- name: x\n  programs: [xd]\n  needs: []\n",
	};
	struct result r = read_text(a, NULL,
				    PROFILE("  needs: [jit, kernel]\n  capabilities: [kill, bpf]\n"
					    "  writes: [/run]\n"));
	const struct dw_profile *p = dw_knowledge_profile(r.k, "xd");

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK(p && p->needs == (DW_PROFILE_JIT | DW_PROFILE_KERNEL) &&
		 p->capabilities == (UINT64_C(1) << 5 | UINT64_C(1) << 39) && !*p->accounts);
	DW_CHECK_STR(p ? p->writes[0] : NULL, "/run");
	DW_CHECK(!dw_knowledge_profile(r.k, "x") && !dw_knowledge_profile(NULL, "xd"));
	/* what is not said is not known */
	p = dw_knowledge_profile(read_text(a, NULL, PROFILE("  needs: []\n")).k, "xd");
	DW_CHECK(p && p->capabilities == DW_PROFILE_CAPS_UNKNOWN && !*p->writes);
	for (size_t i = 0; i < DW_ARRAY_SIZE(wrong); i++) {
		r = read_text(a, NULL, wrong[i]);
		DW_CHECK(r.k->n_profiles == 0 && r.said.s[0]);
	}
}

DW_TEST(ones_own_profile_goes_before_what_ships)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_knowledge *base = dw_knowledge_builtin();
	const char *text =
		"- name: zz-own\n  programs: [nginx]\n  needs: [sessions]\n  sources: [S]\n"
		"- name: chrony\n  programs: [chronyd]\n  needs: []\n  sources: [S]\n";
	struct result r = read_text(a, base, text);

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK_INT(r.k->n_profiles, base->n_profiles + 1);
	DW_CHECK_STR(dw_knowledge_profile(r.k, "nginx")->name, "zz-own");
	DW_CHECK_INT(dw_knowledge_profile(r.k, "chronyd")->needs, 0);
	DW_CHECK(dw_knowledge_profile(base, "chronyd")->needs & DW_PROFILE_CLOCK);
}

DW_TEST(an_entry_with_everything)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_text(
		a, NULL,
		"# comment\n- name: redis\n  synonyms: [Redis-Server, keydb]\n"
		"  programs:\n    - redis-server\n    - redis-*\n  commands: [org.redis.Main -x]\n"
		"  packages: [redis]\n  units: [redis@.service, redis]\n  kernel: [nfsd]\n"
		"  ports: [6379/tcp, 5900-5910/udp, 953/tcp local]\n  serves: [www]\n" REST
		"  instead: \"22\"\n  traits: [no-auth, launcher]\n"
		"  restrict:\n    - how: Listen on loopback\n      file: /etc/redis.conf\n"
		"      setting: |\n        bind 127.0.0.1\n        port 1\n      after: restart\n"
		"    - how: Second\n"
		"- name: www\n" REST
		"- name: web\n  title: Web server\n  what: W.\n  signs: [www]\n"
		"  keep:\n    - services: [www, redis]\n      reach: world\n      because: B.\n");
	const struct dw_service *s = dw_knowledge_service(r.k, "KEYDB");
	const struct dw_role *role = dw_knowledge_role(r.k, "web");

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK_INT(r.k->n_services, 2);
	DW_CHECK(s && role);
	if (!s || !role)
		return;
	DW_CHECK_STR(s->name, "redis");
	DW_CHECK_STR(s->file, "t.yaml");
	DW_CHECK_STR(s->programs[1], "redis-*");
	DW_CHECK(!s->programs[2]);
	DW_CHECK_STR(s->commands[0], "org.redis.Main -x");
	DW_CHECK_STR(s->units[1], "redis");
	DW_CHECK_STR(s->kernel[0], "nfsd");
	DW_CHECK_STR(s->serves[0], "www");
	DW_CHECK_INT(s->ports[1].first, 5900);
	DW_CHECK_INT(s->ports[1].last, 5910);
	DW_CHECK_INT(s->ports[1].protocol, DW_PROTOCOL_UDP);
	DW_CHECK(!s->ports[1].local && s->ports[2].local);
	DW_CHECK_INT(s->ports[3].protocol, DW_PROTOCOL_UNKNOWN);
	DW_CHECK_INT(s->tier, DW_TIER_LOCAL);
	DW_CHECK_INT(s->reach, DW_REACH_LAN);
	DW_CHECK_INT(s->traits, DW_TRAIT_NO_AUTH | DW_TRAIT_LAUNCHER);
	DW_CHECK_STR(s->instead, "22");
	DW_CHECK_STR(s->restricts[0].setting, "bind 127.0.0.1\nport 1");
	DW_CHECK_STR(s->restricts[1].how, "Second");
	DW_CHECK(!s->restricts[1].file && !s->restricts[2].how);
	DW_CHECK_INT(role->keeps[0].reach, DW_REACH_WORLD);
	DW_CHECK_STR(role->keeps[0].services[1], "redis");
	DW_CHECK(!role->keeps[1].services);
	DW_CHECK_STR(role->signs[0], "www");
}

DW_TEST(lists_are_never_null)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_text(a, NULL, "- name: a\n" REST);
	const struct dw_service *s = r.k->services;

	DW_CHECK_INT(r.k->n_services, 1);
	DW_CHECK(!*s->synonyms && !*s->programs && !*s->commands && !*s->packages && !*s->units &&
		 !*s->kernel && !*s->serves && s->ports->protocol == DW_PROTOCOL_UNKNOWN &&
		 !s->restricts->how);
}

/* Each document, and what is said of it; whatever is wrong, the entry behind it is read. */
static const struct {
	const char *text, *said;
} wrong_entries[] = {
	{ "- name: a\n  tilte: x\n" REST,
	  "2: a: no key is called \"tilte\"; did you mean title?\n" },
	{ "- name: a\n  zzzzzzz: x\n  restrict: [{how: H, fiel: F}]\n" REST,
	  "2: a: no key is called \"zzzzzzz\"; there are: name, title, synonyms, programs, "
	  "commands, packages, "
	  "units, kernel, ports, serves, what, loss, tier, reach, why, instead, traits, "
	  "withdrawn, restrict, bind, "
	  "sources\n"
	  "3: a: no key is called \"fiel\"; did you mean file?\n" },
	{ "- name: a\n  title: T\n", "1: a: key \"what\" is missing\n1: a: key \"loss\" is "
				     "missing\n1: a: key \"tier\" is missing\n"
				     "1: a: key \"reach\" is missing\n1: a: key \"why\" is "
				     "missing\n1: a: key \"sources\" is missing\n" },
	{ "- name: A b\n" REST,
	  "1: A b: name: \"A b\" is no name: small letters, digits and .+- expected\n" },
	{ "- name: 22\n" REST, "1: name: \"22\" must be quoted to be text\n" },
	{ "- name: [a]\n" REST, "1: name: text expected, not a list\n" },
	{ "- name: a\n  instead:\n" REST, "2: a: instead: text expected, not nothing\n" },
	{ "- name: a\n  instead: yes\n" REST,
	  "2: a: instead: \"yes\" must be quoted to be text\n" },
	{ "- name: a\n  instead: |\n    x\n    y\n" REST,
	  "2: a: instead: one line without tabs expected\n" },
	{ "- name: a\n  programs: sshd\n" REST,
	  "2: a: programs: a list expected, [...] or lines with -, not text\n" },
	{ "- name: a\n  programs: [/bin/x, '*x', 'a*b', ok*, {x: y}]\n" REST,
	  "2: a: programs: \"/bin/x\": a file name without directory expected, * at its "
	  "end alone\n"
	  "2: a: programs: \"*x\": a file name without directory expected, * at its end "
	  "alone\n"
	  "2: a: programs: \"a*b\": a file name without directory expected, * at its end "
	  "alone\n"
	  "2: a: programs: text expected, not a map\n" },
	{ "- name: a\n  units: [a b]\n" REST,
	  "2: a: units: \"a b\": a name without blank, / and * expected\n" },
	{ "- name: a\n  packages: [b, c, b]\n" REST, "2: a: packages: \"b\" stands twice\n" },
	{ "- name: a\n  commands: [-x]\n" REST,
	  "2: a: commands: \"-x\": at least 4 letters expected, it is looked for anywhere "
	  "in a command line\n" },
	{ "- name: a\n  ports: [70000/tcp, 22, 9-8/tcp, 0/tcp, 1/icmp, 1/tcp lokal, "
	  "1-/tcp, -1/tcp, 1/packet, []]\n" REST,
	  "2: a: ports: 70000/tcp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 22 is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 9-8/tcp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 0/tcp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 1/icmp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 1/tcp lokal is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 1-/tcp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: -1/tcp is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: 1/packet is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n"
	  "2: a: ports: a list is no port: 22/tcp, 5900-5910/tcp or \"953/tcp local\" "
	  "expected\n" },
	{ "- name: a\n  traits: [no_auth, cheap]\n" REST,
	  "2: a: no trait is called \"no_auth\"; did you mean no-auth?\n"
	  "2: a: no trait is called \"cheap\"; there are: login, cleartext, amplifier, "
	  "withdrawn, root, executes, "
	  "no-auth, client, sniffs, ports, launcher, helper, asks\n" },
	{ "- name: a\n  title: T\n  what: W.\n  loss: L.\n  tier: nevr\n  reach: 7\n  why: "
	  "Y.\n  sources: [S]\n",
	  "5: a: no tier is called \"nevr\"; did you mean never?\n"
	  "6: a: no reach is called \"7\"; there are: none, loopback, lan, world\n" },
	{ "- name: a\n  withdrawn: Long ago.\n" REST,
	  "1: a: withdrawn is said, but not among the traits\n" },
	{ "- name: a\n  restrict: [{file: F}, x]\n" REST,
	  "2: a: key \"how\" is missing\n2: a: keys with values expected, not text\n" },
	{ "- just text\n", "1: an entry is a list of keys, \"- name: ...\", not text\n" },
	{ "- name: a\n  serves: [http]\n" REST, "1: a: no service has the name \"http\"\n" },
	{ "- name: a\n  serves: [goood]\n" REST,
	  "1: a: no service has the name \"goood\"; did you mean good?\n" },
	{ "- name: a\n  serves: [better]\n" REST,
	  "1: a: no service has the name \"better\"; did you mean good?\n" },
	{ "- name: a\n  serves: [b]\n" REST "- name: b\n  serves: [good]\n" REST,
	  "1: a: serves: b is no general service, it serves others itself\n" },
	{ "- name: r\n  title: T\n  what: W.\n  keep: [{services: [nobody], reach: lan, "
	  "because: B}]\n",
	  "1: r: no service has the name \"nobody\"\n" },
	{ "- name: r\n  title: T\n  what: W.\n  tier: lan\n  keep: []\n",
	  "4: r: no key is called \"tier\"; there are: name, title, what, signs, keep\n" },
};

DW_TEST(what_is_wrong_is_told)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(wrong_entries); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		const char *text = dw_arena_printf(a, "%s- name: good\n  synonyms: [better]\n" REST,
						   wrong_entries[i].text);
		struct result r = read_text(a, NULL, text);

		DW_CHECK_STR(r.said.s, wrong_entries[i].said);
		DW_CHECK(!dw_knowledge_service(r.k, "a") && !dw_knowledge_role(r.k, "r"));
		DW_CHECK(dw_knowledge_service(r.k, "good") != NULL);
	}
}

/* Nothing of such a file is used. */
static const struct {
	const char *text, *said;
} wrong_documents[] = {
	{ "", "" },
	{ "# nothing yet\n", "" },
	{ "name: a\n", "1: a list of entries expected, each beginning with \"- name:\"\n" },
	{ "- &x a\n- *x\n", "1: anchors (&name) are not taken; nothing of this file is used\n" },
	{ "- a\n- *x\n", "2: aliases (*name) are not taken: write it out; nothing of this "
			 "file is used\n" },
	{ "- !!int 1\n", "1: tags (!name) are not taken; nothing of this file is used\n" },
	{ "- a: 1\n  a: 2\n", "2: key \"a\" stands twice; nothing of this file is used\n" },
	{ "- ? [a]\n  : 2\n", "1: a key must be text; nothing of this file is used\n" },
	{ "- a\n---\n- b\n", "2: a second document in the file; nothing of this file is used\n" },
	{ "- [[[[[[[[[[]]]]]]]]]]\n", "1: nested too deep; nothing of this file is used\n" },
	{ "- \"\\0\"\n",
	  "1: a control character stands in a text; nothing of this file is used\n" },
	{ "- \"\\e[2J\"\n",
	  "1: a control character stands in a text; nothing of this file is used\n" },
	{ "- name: a\n  title: {\n",
	  "3: no YAML: did not find expected node content, while parsing a flow node; "
	  "nothing of this file is used\n" },
	{ "- name: \xff\n",
	  "1: no YAML: bytes that are no UTF-8 text; nothing of this file is used\n" },
};

DW_TEST(documents_that_are_none)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(wrong_documents); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct result r = read_text(a, NULL, wrong_documents[i].text);

		DW_CHECK_STR(r.said.s, wrong_documents[i].said);
		DW_CHECK_INT(r.k->n_services, 0);
	}
}

DW_TEST(names_stand_once)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_text(a, NULL,
				    "- name: b\n  synonyms: [X]\n" REST
				    "- name: a\n  synonyms: [x]\n" REST "- name: b\n" REST);

	DW_CHECK_STR(r.said.s,
		     "19: b: the name or synonym \"b\" was given before: t.yaml, line 1\n"
		     "10: a: the name or synonym \"x\" was given before: t.yaml, line 1\n");
	DW_CHECK_INT(r.k->n_services, 1);
}

DW_TEST(an_entry_replaces_one_of_the_base)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result base =
		read_text(a, NULL, "- name: b\n  programs: [old]\n" REST "- name: c\n" REST);
	struct result r =
		read_text(a, base.k, "- name: b\n  programs: [new]\n" REST "- name: a\n" REST);

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK_INT(r.k->n_services, 3);
	DW_CHECK_STR(r.k->services[0].name, "a");
	DW_CHECK_STR(r.k->services[1].programs[0], "new");
	DW_CHECK_STR(r.k->services[2].name, "c");
	DW_CHECK_STR(base.k->services[0].programs[0], "old");
}

/* The same entry, as often as asked for, each with a name of its own. */
static struct result read_many(struct dw_arena *a, unsigned n, const char *rest)
{
	struct dw_str text = { .arena = a };

	for (unsigned i = 0; i < n; i++)
		dw_str_addf(&text, "- name: s%u\n%s", i, rest);
	return read_bytes(a, NULL, text.s, text.n);
}

DW_TEST(caps_hold)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_many(a, 4097, REST);
	struct dw_str many = { .arena = a };
	size_t lines = 0;

	DW_CHECK_STR(r.said.s, "32769: more than 4096 entries: the rest is left out\n");
	DW_CHECK_INT(r.k->n_services, 4096);
	/* no more is said of one file than anybody will read */
	r = read_many(a, 300, "  titel: x\n" REST);
	for (const char *p = r.said.s; *p; p++)
		lines += *p == '\n';
	DW_CHECK_INT(lines, 101);
	DW_CHECK_INT(r.k->n_services, 0);
	for (unsigned i = 0; i < 300000; i++)
		dw_str_add(&many, "- a\n");
	r = read_bytes(a, NULL, many.s, many.n);
	DW_CHECK_STR(r.said.s, "262144: too much for one file; nothing of this file is used\n");
	while (many.n <= (size_t)4 * 1024 * 1024)
		dw_str_add(&many, "                                                  \n");
	r = read_bytes(a, NULL, many.s, many.n);
	DW_CHECK_STR(r.said.s, "0: larger than 4 MiB; nothing of this file is used\n");
}

DW_TEST(bindings)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct result r = read_text(
		a, NULL,
		"- name: sql\n" REST
		"  bind:\n    - files: [/etc/a.cnf, /etc/a.d/*.cnf]\n      style: ini\n"
		"      sections: [server]\n      ports: [3306/tcp]\n      programs: [sqld]\n"
		"      clash: [socket]\n      settings:\n"
		"        - { key: bind, number: list, join: \", \", value: \"'$all'\", each: $host "
		"}\n"
		"        - { key: only, number: fixed, value: \"yes\" }\n"
		"    - files: [/etc/b]\n      style: words\n      settings: [{ key: -l }]\n");
	const struct dw_service *s = dw_knowledge_service(r.k, "sql");
	const struct dw_service_bind *b;

	DW_CHECK_STR(r.said.s, "");
	DW_CHECK(s && s->binds && s->binds[0].files && s->binds[1].files && !s->binds[2].files);
	if (!s)
		return;
	b = &s->binds[0];
	DW_CHECK_INT(b->style, DW_BIND_INI);
	DW_CHECK_STR(b->files[1], "/etc/a.d/*.cnf");
	DW_CHECK_STR(b->sections[0], "server");
	DW_CHECK_STR(b->programs[0], "sqld");
	DW_CHECK_STR(b->clash[0], "socket");
	DW_CHECK_INT(b->ports->first, 3306);
	DW_CHECK_STR(b->settings[0].join, ", ");
	DW_CHECK_INT(b->settings[0].number, DW_BIND_LIST);
	DW_CHECK_INT(b->settings[1].number, DW_BIND_FIXED);
	DW_CHECK(!b->settings[2].key);
	DW_CHECK_INT(b[1].settings->number, DW_BIND_ONE);
	DW_CHECK(!*b[1].sections && b[1].ports->protocol == DW_PROTOCOL_UNKNOWN);
}

DW_TEST(wrong_bindings_are_told)
{
	static const struct {
		const char *bind, *want;
	} cases[] = {
		{ "{ files: [etc/a], style: words, settings: [{ key: k }] }",
		  "9: a: files: \"etc/a\": an absolute path expected, * for a part of a name\n" },
		{ "{ files: [/a], style: word, settings: [{ key: k }] }",
		  "9: a: no style is called \"word\"; did you mean words?\n" },
		{ "{ files: [/a], style: words, settings: [] }",
		  "9: a: bind: at least one file and one setting expected\n" },
		{ "{ files: [/a], style: words, sections: [s], settings: [{ key: k }] }",
		  "9: a: bind: style words has no sections\n" },
		{ "{ files: [/a], style: block, settings: [{ key: k }] }",
		  "9: a: bind: style block has its settings in sections\n" },
		{ "{ files: [/a], style: option, settings: [{ key: k }] }",
		  "9: a: bind: k: an option belongs to style option\n" },
		{ "{ files: [/a], style: words, settings: [{ key: k, join: \",\" }] }",
		  "9: a: bind: k: join is of number list alone\n" },
		{ "{ files: [/a], style: words, settings: [{ key: k, number: fixed, each: x }] }",
		  "9: a: bind: k: number fixed has a value alone\n" },
		{ "{ files: [/a], settings: [{ key: k, number: many }] }",
		  "9: a: key \"style\" is missing\n"
		  "9: a: no number is called \"many\"; there are: one, list, lines, fixed\n" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct result r = read_text(
			a, NULL,
			dw_arena_printf(a, "- name: a\n" REST "  bind: [%s]\n", cases[i].bind));

		DW_CHECK_STR(r.said.s, cases[i].want);
		DW_CHECK_INT(r.k->n_services, 0);
	}
}

DW_TEST_MAIN
