/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of systemd, shells and apt, versions of Debian, heads of Release files, names of kernels. */
#include "dw_test.h"
#include "updates.h"

static struct dw_bytes bytes(const char *s)
{
	return (struct dw_bytes){ (char *)(uintptr_t)s, strlen(s) };
}

/* "SECTION|KEY|VALUE|LINE;" of all. */
static const char *told(struct dw_arena *a, const struct host_settings *s)
{
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < s->v.n; i++)
		dw_str_addf(&text, "%s|%s|%s|%u;", s->v.v[i].section, s->v.v[i].key,
			    s->v.v[i].value, s->v.v[i].line);
	return text.s;
}

static const char *apt(struct dw_arena *a, const char *text, bool whole)
{
	struct dw_bytes b = bytes(text);
	struct host_settings s = { 0 };

	DW_CHECK(host_apt_parse(a, &b, "f", &s) == whole);
	return told(a, &s);
}

DW_TEST(apt_conf)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(apt(a, "", true), "");
	DW_CHECK_STR(apt(a, "APT::Periodic::Enable \"1\";\n", true), "|APT::Periodic::Enable|1|1;");
	DW_CHECK_STR(apt(a,
			 "// x\n# y\n/* z\n z */ APT { Periodic {\n Enable \"0\"; /* a */ "
			 "Unattended-Upgrade 7d; };\n};",
			 true),
		     "|APT::Periodic::Enable|0|5;|APT::Periodic::Unattended-Upgrade|7d|5;");
	DW_CHECK_STR(apt(a, "U::O { \"a=${x}\"; \"b\" };\nU::O:: \"c//d\";", true),
		     "|U::O::|a=${x}|1;|U::O::|b|1;|U::O::|c//d|2;");
	DW_CHECK_STR(apt(a, "A::B \"1\"; A::BC \"2\"; a::b::C \"3\"; #clear A::B;\n", true),
		     "|A::BC|2|1;");
	DW_CHECK_STR(apt(a, "A { };;", true), "");
	DW_CHECK_STR(apt(a, "A \"1\";\nB { C \"2\"; ", false), "|A|1|1;|B::C|2|2;");
	DW_CHECK_STR(apt(a, "A \"1\n", false), "");
	DW_CHECK_STR(apt(a, "};", false), "");
	DW_CHECK_STR(apt(a, "#include \"/x\";", false), "");
}

DW_TEST(files_of_systemd)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = bytes("X=0\n[Journal]\n; r\nStorage = auto \nA=1 \\\n# between\n  "
				  "2\n\nnothing\n[B]\nC=\nD=x\\");
	struct host_settings s = { 0 };

	host_ini_parse(a, &b, "f", &s);
	DW_CHECK_STR(told(a, &s),
		     "|X|0|1;Journal|Storage|auto|4;Journal|A|1  2|5;B|C||11;B|D|x|12;");
	DW_CHECK(host_setting_of(&s, "Journal", "X") == NULL);
	DW_CHECK(host_setting_of(&s, NULL, "X") == &s.v.v[0]);
}

DW_TEST(files_of_shells)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = bytes("# ID=no\nID=debian\nNAME=\"Debian GNU/Linux\" # x\nexport E='a "
				  "b'\nEMPTY=\nno line\n=x\n");
	struct host_settings s = { 0 };

	host_shell_parse(a, &b, "f", &s);
	DW_CHECK_STR(told(a, &s), "|ID|debian|2;|NAME|Debian GNU/Linux|3;|E|a b|4;|EMPTY||5;");
}

DW_TEST(sizes)
{
	uint64_t n;

	DW_CHECK(host_size_parse("8", &n) && n == 8);
	DW_CHECK(host_size_parse("8M", &n) && n == 8 << 20);
	DW_CHECK(host_size_parse("1G", &n) && n == 1 << 30);
	DW_CHECK(!host_size_parse("", &n) && !host_size_parse("8X", &n) &&
		 !host_size_parse("8MB", &n));
	DW_CHECK(!host_size_parse("99999999999999999E", &n));
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Each is earlier than the next, by deb-version(7). */
DW_TEST(versions_of_debian_in_their_order)
{
	static const char *const v[] = {
		"~~",
		"~~a",
		"~",
		"",
		"0.9",
		"1.0~rc1-1",
		"1.0",
		"1.0-1~bpo",
		"1.0-1",
		"1.0-1+deb12u1",
		"1.0-1+deb12u10",
		"1.0-1.1",
		"1.0-2",
		"1.0-10",
		"1.0a",
		"1.0+b1",
		"1.1",
		"1.9",
		"1.10",
		"2-1-0",
		"2-1-1",
		"20260101",
		"a",
		"1:0.1",
		"1:1-1",
		"2:0",
		"18446744073709551616:0",
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(v); i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(v); k++) {
			int want = (i > k) - (i < k), got = sign(host_deb_compare(v[i], v[k]));

			if (got != want)
				printf("\"%s\" and \"%s\": %d\n", v[i], v[k], got);
			DW_CHECK(got == want);
		}
	DW_CHECK(host_deb_compare("0:1.0-0", "1.0") ==
		 0); /* nothing is a revision of 0, and an epoch of 0 */
	DW_CHECK(host_deb_compare("1.00", "1.0") == 0 && host_deb_compare("1.01", "1.1") == 0);
	DW_CHECK(host_deb_compare("9999999999999999999999", "10000000000000000000000") < 0);
}

DW_TEST(heads_of_release_files)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct host_release r;
	struct dw_bytes b =
		bytes("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: "
		      "Debian-Security\n"
		      "Suite: stable-security\nCodename: bookworm-security\n"
		      "Date: Mon, 13 Nov 2023 10:00:00 UTC\nSHA256:\n 00 1 main/Suite: x\n");

	host_release_parse(a, &b, &r);
	DW_CHECK_STR(r.label, "Debian-Security");
	DW_CHECK_STR(r.codename, "bookworm-security");
	DW_CHECK(r.date == 1699869600);
	DW_CHECK(host_release_is_security(&r));
	b = bytes("Label: Ubuntu\nSuite: noble-updates\nDate: whenever\n");
	host_release_parse(a, &b, &r);
	DW_CHECK(r.date == 0 && !host_release_is_security(&r));
	b = bytes("Label: Ubuntu\nSuite: noble-security\n");
	host_release_parse(a, &b, &r);
	DW_CHECK(host_release_is_security(&r));
}

DW_TEST(names_of_kernels_and_units)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(host_kernel_flavour("6.1.0-18-amd64"), "amd64");
	DW_CHECK_STR(host_kernel_flavour("6.1.0-18-cloud-amd64"), "cloud-amd64");
	DW_CHECK_STR(host_kernel_flavour("5.15.0-91-generic"), "generic");
	DW_CHECK_STR(host_kernel_flavour("5.14.0-362.el9.x86_64"), "");
	DW_CHECK_STR(host_unit_of_cgroup(a, "/system.slice/nginx.service"), "nginx.service");
	DW_CHECK_STR(host_unit_of_cgroup(a, "/system.slice/docker-1.scope/init"), "docker-1.scope");
	DW_CHECK(host_unit_of_cgroup(a, "/init") == NULL && host_unit_of_cgroup(a, NULL) == NULL);
}

DW_TEST(maps_of_a_process)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = bytes(
		"55d0-55d1 r-xp 00000000 08:01 12                 /usr/sbin/x\n"
		"7f00-7f01 rw-p 00000000 08:01 13                 /usr/lib/libdata.so (deleted)\n"
		"7f00-7f01 r-xp 00000000 00:01 13                 /memfd:jit (deleted)\n"
		"7f00-7f01 r-xp 00000000 08:01 13                 /tmp/mine.so (deleted)\n"
		"7f02-7f03 r-xp 00000000 08:01 14                 /usr/lib/x86/libssl.so.3 "
		"(deleted)\n");

	DW_CHECK_STR(host_maps_gone(a, &b), "/usr/lib/x86/libssl.so.3");
	b.n = 0;
	DW_CHECK(host_maps_gone(a, &b) == NULL);
}

DW_TEST_MAIN
