/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_test.h"
#include "packages.h"

struct looked {
	struct dw_sys *sys;
	struct dw_facts *facts;
	const struct dw_package *found[512];
};

static struct looked look_at(const char *root, const char *const *paths, size_t n,
			     const char *cache)
{
	struct looked l = { .facts = dw_facts_new() };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &l.sys, &e), 0);
	if (l.sys)
		DW_CHECK_INT(dw_packages_find_cached(l.sys, l.facts, paths, n, cache, l.found, &e),
			     0);
	return l;
}

static void done(struct looked *l)
{
	dw_facts_free(l->facts);
	dw_sys_free(l->sys);
}

static const char *name_of(const struct dw_package *p)
{
	return p ? p->name : NULL;
}

struct expectation {
	const char *path, *name, *version;
	enum dw_verified verified;
};

static void check_root(const char *root, const struct expectation *x, size_t n, struct looked *l)
{
	const char *paths[64];

	for (size_t i = 0; i < n; i++)
		paths[i] = x[i].path;
	*l = look_at(root, paths, n, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct dw_package *p = l->found[i];

		DW_CHECK_STR(name_of(p), x[i].name);
		DW_CHECK_STR(p ? p->version : NULL, x[i].version);
		DW_CHECK_INT(p ? p->verified : DW_VERIFIED_UNKNOWN, x[i].verified);
		if (p)
			DW_CHECK_STR(p->manager, "dpkg");
	}
}

DW_TEST(dpkg_owners)
{
	static const struct expectation x[] = {
		{ "/usr/sbin/sshd", "openssh-server", "1:9.2p1-2+deb12u3", DW_VERIFIED_MATCHES },
		{ "/sbin/sshd", "openssh-server", "1:9.2p1-2+deb12u3", DW_VERIFIED_MATCHES },
		/* usrmerge: the list says /sbin, the process says /usr/sbin */
		{ "/usr/sbin/rpcbind", "rpcbind", "1.2.6-6", DW_VERIFIED_MATCHES },
		{ "/usr/sbin/altered", "altered", "1", DW_VERIFIED_DIFFERS },
		{ "/usr/sbin/nosum", "nosum", "2.0~rc1", DW_VERIFIED_UNKNOWN },
		/* diversions */
		{ "/usr/sbin/diverted", "diverter", "3", DW_VERIFIED_MATCHES },
		{ "/usr/sbin/diverted.orig", "victim", "4", DW_VERIFIED_MATCHES },
		{ "/usr/sbin/localdiv", NULL, NULL, DW_VERIFIED_UNKNOWN },
		{ "/usr/sbin/localdiv.pkg", "localvictim", "5", DW_VERIFIED_MATCHES },
		/* a directory that is a link on this host */
		{ "/srv/app/bin/tool", "app", "6", DW_VERIFIED_MATCHES },
		{ "/opt/app/bin/tool", "app", "6", DW_VERIFIED_MATCHES },
		{ "/usr/lib/foo/food", "libfoo", "7", DW_VERIFIED_MATCHES },
		/* two list it: the one whose checksum it has */
		{ "/usr/bin/both", "two", "9", DW_VERIFIED_MATCHES },
		{ "/usr/local/sbin/own", NULL, NULL, DW_VERIFIED_UNKNOWN },
		/* its base name is in the lists, elsewhere; and names that only begin or end alike */
		{ "/usr/local/sbin/sshd", NULL, NULL, DW_VERIFIED_UNKNOWN },
		{ "/usr/sbin/xsshd", NULL, NULL, DW_VERIFIED_UNKNOWN },
		{ "/usr/sbin/ssh", NULL, NULL, DW_VERIFIED_UNKNOWN },
		{ "sshd", NULL, NULL, DW_VERIFIED_UNKNOWN },
		{ "", NULL, NULL, DW_VERIFIED_UNKNOWN },
	};
	struct looked l;

	check_root(DW_TEST_PATH("roots/packages"), x, DW_ARRAY_SIZE(x), &l);
	DW_CHECK_INT(l.facts->incomplete.n, 0);
	done(&l);
}

static const struct dw_incomplete *note(const struct looked *l, const char *what, const char *file,
					unsigned line)
{
	for (size_t i = 0; i < l->facts->incomplete.n; i++) {
		const struct dw_incomplete *x = &l->facts->incomplete.v[i];

		if (dw_streq(x->what, what) && dw_streq0(x->file, file) && x->line == line)
			return x;
	}
	return NULL;
}

DW_TEST(dpkg_damaged)
{
	static const struct expectation x[] = {
		{ "/usr/sbin/sshd", "openssh-server", "1:9.2p1", DW_VERIFIED_UNKNOWN },
		{ "/usr/sbin/rpcbind", "rpcbind", NULL, DW_VERIFIED_MATCHES },
		{ "/usr/sbin/nosum", NULL, NULL, DW_VERIFIED_UNKNOWN },
	};
	struct looked l;

	check_root(DW_TEST_PATH("roots/packages-damaged"), x, DW_ARRAY_SIZE(x), &l);
	DW_CHECK(note(&l, "bad-line", "/var/lib/dpkg/status", 1) != NULL);  /* no Package */
	DW_CHECK(note(&l, "bad-line", "/var/lib/dpkg/status", 12) != NULL); /* ../../etc/passwd */
	DW_CHECK(note(&l, "bad-line", "/var/lib/dpkg/status", 15) != NULL); /* no colon */
	DW_CHECK(note(&l, "unreadable", "/var/lib/dpkg/info/lost.list", 0) != NULL);
	done(&l);
}

DW_TEST(no_database)
{
	const char *paths[] = { "/usr/sbin/sshd" };
	struct looked l = look_at(DW_TEST_PATH("roots/packages-none"), paths, 1, NULL);

	DW_CHECK(l.found[0] == NULL);
	DW_CHECK(note(&l, "no-packages", NULL, 0) != NULL);
	done(&l);
}

/* Every fallible call in turn fails once: it must be said, or not matter; never crash, never a wrong owner. */
DW_TEST(dpkg_faults)
{
	static const char *const paths[] = { "/usr/sbin/sshd", "/usr/sbin/diverted.orig",
					     "/usr/bin/both" };
	static const char *const right[] = { "openssh-server", "victim", "two" };
	unsigned wrong = 0, silent = 0, calls;
	struct looked l = look_at(DW_TEST_PATH("roots/packages"), paths, 3, NULL);

	calls = dw_sys_calls(l.sys);
	done(&l);
	for (unsigned at = 1; at <= calls; at++) {
		const struct dw_package *found[3] = { NULL };
		struct dw_facts *f = dw_facts_new();
		struct dw_sys *s = NULL;

		DW_CHECK_INT(dw_sys_open(DW_TEST_PATH("roots/packages"), &s, NULL), 0);
		dw_sys_fail_at(s, at, EACCES);
		DW_CHECK_INT(dw_packages_find_cached(s, f, paths, 3, NULL, found, NULL), 0);
		for (size_t i = 0; i < 3; i++) {
			/* the second owner of /usr/bin/both is the answer when the first one's sums are unread */
			wrong += found[i] && !dw_streq(found[i]->name, right[i]) && i != 2;
			silent += !found[i] && f->incomplete.n == 0;
		}
		dw_facts_free(f);
		dw_sys_free(s);
	}
	DW_CHECK(calls > 20);
	DW_CHECK_INT(wrong, 0);
	DW_CHECK_INT(silent, 0);
}

/* --- the parsers ---------------------------------------------------------------------------------- */

DW_TEST(md5sums_lines)
{
	char text[] = "d41d8cd98f00b204e9800998ecf8427e  usr/bin/ab\n"
		      "0123456789abcdef0123456789abcdef  usr/bin/a\n"
		      "0123456789abcdef0123456789abcdeX  usr/bin/bad\n"
		      "x0123456789abcdef0123456789abcdef  usr/bin/long\n"
		      "ffffffffffffffffffffffffffffffff  usr/bin/last";
	struct dw_bytes b = { .data = text, .n = sizeof(text) - 1 };
	struct dw_digest d;

	DW_CHECK(dw_dpkg_md5_of(&b, "/usr/bin/a", &d));
	DW_CHECK_INT(d.bytes[0], 0x01);
	DW_CHECK(dw_dpkg_md5_of(&b, "/usr/bin/last", &d));
	DW_CHECK_INT(d.bytes[15], 0xff);
	DW_CHECK(!dw_dpkg_md5_of(&b, "/usr/bin/bad", &d));
	DW_CHECK(!dw_dpkg_md5_of(&b, "/usr/bin/long", &d));
	DW_CHECK(!dw_dpkg_md5_of(&b, "/bin/a", &d));
	DW_CHECK(!dw_dpkg_md5_of(&b, "/", &d));
}

/* --- checksums ------------------------------------------------------------------------------------ */

/* RFC 1321 and FIPS 180 test vectors, through files. */
DW_TEST(digests)
{
	static const struct {
		enum dw_digest_kind kind;
		const char *hex;
	} of_abc[] = {
		{ DW_DIGEST_MD5, "900150983cd24fb0d6963f7d28e17f72" },
		{ DW_DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DW_DIGEST_SHA256,
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ DW_DIGEST_SHA512,
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	char dir[] = "/tmp/dw-test-XXXXXX", path[64];
	struct dw_facts *f = dw_facts_new();
	struct dw_sys *s = NULL;
	FILE *out;

	DW_CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/abc", dir);
	out = fopen(path, "w");
	fputs("abc", out);
	fclose(out);
	DW_CHECK_INT(dw_sys_open(dir, &s, NULL), 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(of_abc); i++) {
		struct dw_package_owner owner = { .name = "x" };
		struct dw_package_query q = { .path = "/abc",
					      .exists = true,
					      .owners = { &owner, 1, 1 } };

		DW_CHECK(dw_digest_parse(of_abc[i].kind, of_abc[i].hex, strlen(of_abc[i].hex),
					 &owner.digest));
		dw_checksums(s, f, &q, 1);
		DW_CHECK(dw_digest_equal(&q.actual, &owner.digest));
	}
	(void)unlink(path);
	(void)rmdir(dir);
	dw_facts_free(f);
	dw_sys_free(s);
}

/* --- the cache ------------------------------------------------------------------------------------ */

static void put(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	DW_CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	(void)close(fd);
}

static size_t get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static const char *cached_name(const char *dir, char *buffer, size_t size)
{
	struct looked l = look_at(NULL, (const char *const[]){ "/usr/bin/env" }, 1, dir);

	(void)snprintf(buffer, size, "%s", name_of(l.found[0]) ? name_of(l.found[0]) : "-");
	done(&l);
	return buffer;
}

/*
 * The second run must answer from the file: seen by changing the answer in it. Any damage, and it is not
 * believed. On the live root, whose paths are the cache's; where that has no dpkg there is nothing to cache.
 */
DW_TEST(cache)
{
	char dir[] = "/tmp/dw-test-XXXXXX", file[64], text[16384], name[128], *at;
	struct stat st;
	size_t n;

	if (stat("/var/lib/dpkg/status", &st) < 0 || st.st_ctime + 10 > time(NULL)) {
		printf("no dpkg on this host, or busy: its cache is not tried\n");
		return;
	}
	DW_CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(file, sizeof(file), "%s/packages", dir);
	DW_CHECK_STR(cached_name(dir, name, sizeof(name)), "coreutils");
	DW_CHECK_INT(stat(file, &st), 0);
	DW_CHECK_INT(st.st_mode & 07777, 0600);
	n = get(file, text, sizeof(text));
	at = strstr(text, " coreutils ");
	DW_CHECK(at != NULL);
	if (!at)
		return;
	memcpy(at, " coreutilz ", 11);
	put(file, text, n);
	DW_CHECK_STR(cached_name(dir, name, sizeof(name)), "coreutilz");
	for (size_t i = 0; i < n; i += n / 23 + 1) {
		char kept = text[i];

		text[i] = kept == '\n' ? 'x' : '\n';
		put(file, text, n);
		text[i] = kept;
		DW_CHECK_STR(cached_name(dir, name, sizeof(name)), "coreutils");
	}
	put(file, text, n - 4); /* cut short */
	DW_CHECK_STR(cached_name(dir, name, sizeof(name)), "coreutils");
	put(file, text, n);
	(void)chmod(file, 0644); /* others could have read it: not as we leave it */
	DW_CHECK_STR(cached_name(dir, name, sizeof(name)), "coreutils");
	(void)unlink(file);
	(void)rmdir(dir);
}

/* --- rpm: a database made on the spot, by rpmbuild and rpm (Debian package rpm) --------------------- */

static bool run(struct dw_sys *s, struct dw_arena *a, const char *const *argv)
{
	struct dw_bytes output = { 0 };
	int status = -1;
	bool ok = dw_spawn_run(s,
			       &(struct dw_spawn){
				       .argv = argv, .timeout_ms = 60000, .output_max = 1 << 20 },
			       a, &output, &status, NULL) == 0 &&
		  status == 0;

	if (!ok)
		printf("%s: status %d: %s\n", argv[0], status, output.data ? output.data : "");
	return ok;
}

static const char *const spec =
	"Name: rpmdaemon\nVersion: 1.2\nRelease: 3\nSummary: x\nLicense: x\nBuildArch: noarch\n"
	"%description\nx\n%install\nmkdir -p %{buildroot}/usr/sbin\n"
	"echo good > %{buildroot}/usr/sbin/goodd\necho x > %{buildroot}/usr/sbin/alteredd\n"
	"%files\n/usr/sbin/goodd\n/usr/sbin/alteredd\n";

static bool make_rpm_root(struct dw_sys *s, struct dw_arena *a, const char *dir)
{
#define IN_DIR(text) dw_arena_printf(a, text, dir)
	const char *spec_file = IN_DIR("%s/x.spec"), *root = IN_DIR("%s/root");

	put(spec_file, spec, strlen(spec));
	if (!run(s, a,
		 (const char *const[]){ "/usr/bin/rpmbuild", "-bb", "--define",
					IN_DIR("_topdir %s/top"), "--define", IN_DIR("_rpmdir %s"),
					"--define", "_build_name_fmt x.rpm", spec_file, NULL }) ||
	    !run(s, a,
		 (const char *const[]){ "/bin/mkdir", "-p", IN_DIR("%s/root/usr/sbin"), NULL }) ||
	    !run(s, a,
		 (const char *const[]){ "/usr/bin/rpm", "--root", root, "--dbpath", "/var/lib/rpm",
					"--define", "_db_backend sqlite", "--justdb", "--nodeps",
					"-i", IN_DIR("%s/x.rpm"), NULL }))
		return false;
	put(IN_DIR("%s/root/usr/sbin/goodd"), "good\n", 5);
	put(IN_DIR("%s/root/usr/sbin/alteredd"), "other\n", 6);
	put(IN_DIR("%s/root/usr/sbin/none"), "good\n", 5);
	return true;
}

DW_TEST(rpm_database)
{
	static const char *const paths[] = { "/usr/sbin/goodd", "/usr/sbin/alteredd",
					     "/usr/sbin/none" };
	char dir[] = "/tmp/dw-test-XXXXXX";
	struct dw_arena *a = dw_arena_new();
	struct dw_sys *s = NULL;
	struct looked l;

	if (access("/usr/bin/rpmbuild", X_OK) < 0 || geteuid() != 0) {
		printf("no rpmbuild, or not root: rpm's database is not tried\n");
		dw_arena_free(a);
		return;
	}
	DW_CHECK(mkdtemp(dir) != NULL);
	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	DW_CHECK(make_rpm_root(s, a, dir));
	l = look_at(IN_DIR("%s/root"), paths, 3, NULL);
	if (note(&l, "no-packages", NULL, 0)) {
		/* built without librpm: then it must be said, and nothing claimed */
		DW_CHECK(!l.found[0] && !l.found[1]);
	} else {
		DW_CHECK_STR(name_of(l.found[0]), "rpmdaemon");
		DW_CHECK_STR(l.found[0] ? l.found[0]->version : NULL, "1.2-3");
		DW_CHECK_STR(l.found[0] ? l.found[0]->manager : NULL, "rpm");
		DW_CHECK_INT(l.found[0] ? l.found[0]->verified : 0, DW_VERIFIED_MATCHES);
		DW_CHECK_INT(l.found[1] ? l.found[1]->verified : 0, DW_VERIFIED_DIFFERS);
		DW_CHECK(l.found[2] == NULL);
	}
	done(&l);
	/* a database of garbage: said, not believed */
	put(IN_DIR("%s/root/var/lib/rpm/rpmdb.sqlite"), "garbage", 7);
	l = look_at(IN_DIR("%s/root"), paths, 3, NULL);
	DW_CHECK(note(&l, "no-packages", NULL, 0) != NULL);
	DW_CHECK(!l.found[0]);
	done(&l);
	DW_CHECK(run(s, a, (const char *const[]){ "/bin/rm", "-rf", dir, NULL }));
	dw_sys_free(s);
	dw_arena_free(a);
#undef IN_DIR
}

/* --- against dpkg-query on this very host ---------------------------------------------------------- */

#define SAMPLE 200

static size_t sample(char (*ret)[256], size_t max)
{
	DIR *d = opendir("/usr/bin");
	struct dirent *x;
	size_t n = 0, seen = 0;

	while (d && (x = readdir(d)) && n < max) {
		struct stat st;

		(void)snprintf(ret[n], sizeof(ret[n]), "/usr/bin/%.200s", x->d_name);
		if (lstat(ret[n], &st) == 0 && S_ISREG(st.st_mode) && seen++ % 3 == 0)
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* "coreutils: /usr/bin/env", "diversion by x from: /y" */
static const char *peer_says(struct dw_arena *a, const struct dw_bytes *output, const char *path)
{
	struct dw_lines it = dw_lines_of(output);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		char *colon = strstr(line, ": ");

		if (!colon || dw_starts_with(line, "diversion ") ||
		    dw_starts_with(line, "dpkg-query") ||
		    (!dw_streq(colon + 2, path) && !dw_streq(colon + 2, path + 4)))
			continue;
		*colon = '\0';
		line[strcspn(line, ":,")] = '\0';
		return line;
	}
	return NULL;
}

/* Of what was diverted to a path dpkg-query tells the diversion, but not whose the file there is, which we know. */
static bool is_diverted_to(const struct dw_bytes *output, struct dw_arena *a, const char *path)
{
	struct dw_lines it = dw_lines_of(output);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		const char *to = dw_starts_with(line, "diversion ") ? strstr(line, " to: ") : NULL;

		if (to && (dw_streq(to + 5, path) || dw_streq(to + 5, path + 4)))
			return true;
	}
	return false;
}

DW_TEST(same_as_dpkg_query)
{
	static char names[SAMPLE][256];
	const char *paths[SAMPLE], *argv[2 * SAMPLE + 4] = { "/usr/bin/dpkg-query", "-S" };
	size_t n = sample(names, SAMPLE), argc = 2, agreed = 0, owned = 0;
	struct dw_bytes output = { 0 };
	struct looked l;
	int status;

	if (access(argv[0], X_OK) < 0) {
		printf("no dpkg-query on this host: not compared\n");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		paths[i] = names[i];
		argv[argc++] = names[i];
		argv[argc++] = names[i] + 4; /* without /usr */
	}
	l = look_at(NULL, paths, n, NULL);
	DW_CHECK_INT(dw_spawn_run(l.sys,
				  &(struct dw_spawn){ .argv = argv,
						      .timeout_ms = 60000,
						      .output_max = 1 << 22 },
				  l.facts->arena, &output, &status, NULL),
		     0);
	for (size_t i = 0; i < n; i++) {
		const char *peer = peer_says(l.facts->arena, &output, paths[i]);

		if (is_diverted_to(&output, l.facts->arena, paths[i])) {
			agreed++;
			continue;
		}
		DW_CHECK_STR(name_of(l.found[i]), peer);
		agreed += dw_streq0(name_of(l.found[i]), peer);
		owned += peer != NULL;
	}
	DW_CHECK(n > 0);
	DW_CHECK_INT(agreed, n);
	DW_CHECK(owned > n / 2);
	done(&l);
}

DW_TEST_MAIN
