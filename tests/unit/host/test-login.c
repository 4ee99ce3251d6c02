/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of remote login on made-up hosts, failing and passing, where sshd itself cannot be asked. */
#include "checks.h"
#include "sshd.h"

#define INCLUDE "Include /etc/ssh/sshd_config.d/*.conf\n"

static struct host *sshd_host(const char *config)
{
	struct host *h = host_new();

	host_file(h, "/usr/sbin/sshd", 0755, "");
	host_file(h, "/etc/passwd", 0644,
		  "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n"
		  "git:x:101:101::/srv:/usr/sbin/nologin\n");
	host_file(h, "/etc/shadow", 0640, "root:*:1:0:99999:7:::\nann:$y$x:1:0:99999:7:::\n");
	if (config)
		host_file(h, "/etc/ssh/sshd_config", 0644, config);
	return h;
}

/* The edits of all changes: "/etc/x:1 -old +fresh". */
static const char *edits(const struct checked *c)
{
	struct dw_str text = { .arena = c->a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < c->r->changes.n; i++)
		for (size_t k = 0; k < c->r->changes.v[i].n_edits; k++) {
			const struct dw_edit *e = &c->r->changes.v[i].edits[k];

			dw_str_addf(&text, "%s%s:%u -%s +%s", text.n ? " | " : "",
				    c->r->changes.v[i].object, e->line, e->old ? e->old : "",
				    e->fresh);
		}
	return text.s;
}

DW_TEST(a_host_without_sshd_has_nothing_to_check)
{
	struct host *h = host_new();

	host_file(h, "/etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n");
	LOOK(h, "sshd-root", DW_HOST_NOT_APPLICABLE, "");
	LOOK(h, "sshd-allow", DW_HOST_NOT_APPLICABLE, "");
	LOOK(h, "sshd-files", DW_HOST_NOT_APPLICABLE, "");
	LOOK(h, "rhosts", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(settings_that_are_well)
{
	struct host *h = sshd_host(
		INCLUDE
		"PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
		"X11Forwarding no\nAllowUsers ann\n"
		"Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-512\n"
		"KexAlgorithms curve25519-sha256\nHostKeyAlgorithms ssh-ed25519\nProtocol 2\n");

	LOOK(h, "sshd-root", DW_HOST_OK, "");
	LOOK(h, "sshd-passwords", DW_HOST_OK, "");
	LOOK(h, "sshd-empty-passwords", DW_HOST_OK, "");
	LOOK(h, "sshd-forwarding", DW_HOST_OK, "");
	LOOK(h, "sshd-limits", DW_HOST_OK, "");
	LOOK(h, "sshd-leftovers", DW_HOST_OK, "");
	LOOK(h, "sshd-allow", DW_HOST_OK, "");
	LOOK(h, "sshd-algorithms", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(settings_that_are_not)
{
	struct host *h = sshd_host(
		"permitrootlogin = yes\nPermitEmptyPasswords yes # why not\nX11Forwarding \"yes\"\n"
		"GatewayPorts clientspecified\nMaxAuthTries 20\nLoginGraceTime 0\nIgnoreRhosts no\n"
		"Protocol 2,1\nStrictModes no\nCiphers aes128-ctr,3des-cbc\nPasswordAuthentication "
		"yes\n"
		"KbdInteractiveAuthentication no\n");
	struct checked c;

	LOOK(h, "sshd-root", DW_HOST_FAILS,
	     "/etc/ssh/sshd_config:1 PermitRootLogin: yes: root may log in with a password");
	LOOK(h, "sshd-empty-passwords", DW_HOST_FAILS,
	     "/etc/ssh/sshd_config:2 PermitEmptyPasswords: yes: an empty password is enough");
	LOOK(h, "sshd-limits", DW_HOST_FAILS,
	     "/etc/ssh/sshd_config:5 MaxAuthTries: 20: so many guesses a connection | "
	     "/etc/ssh/sshd_config:6 "
	     "LoginGraceTime: 0: seconds (0: for ever) in which a connection need not say who it "
	     "is");
	LOOK(h, "sshd-leftovers", DW_HOST_FAILS,
	     "/etc/ssh/sshd_config:8 protocol: 2,1: of a protocol that is no more | "
	     "/etc/ssh/sshd_config:7 IgnoreRhosts: "
	     "no: files of users say which hosts are trusted | /etc/ssh/sshd_config:9 StrictModes: "
	     "no: keys count that "
	     "others may have written");
	LOOK(h, "sshd-passwords", DW_HOST_FAILS,
	     "/etc/ssh/sshd_config:11 PasswordAuthentication: yes: a password is enough");
	c = checked(h, "sshd-algorithms");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +Ciphers aes128-ctr");
	checked_free(&c);
	c = checked(h, "sshd-forwarding");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +X11Forwarding no | "
				"/etc/ssh/sshd_config:1 - +GatewayPorts no");
	checked_free(&c);
	c = checked(h, "sshd-leftovers");
	DW_CHECK(c.r->held.n == 1 && strstr(c.r->held.v[0], "StrictModes no is yours to change"));
	checked_free(&c);
	host_free(h);
}

DW_TEST(a_default_that_differs_between_versions_is_not_guessed)
{
	struct host *h = sshd_host("PermitRootLogin no\n");
	struct checked c = checked(h, "sshd-algorithms");

	DW_CHECK(c.r->outcome == DW_HOST_UNKNOWN);
	DW_CHECK(strstr(c.r->text, "Ciphers is not set") != NULL);
	checked_free(&c);
	LOOK(h, "sshd-forwarding", DW_HOST_OK,
	     ""); /* sshd_config(5): X11Forwarding is no when nobody says */
	host_free(h);
	h = sshd_host(NULL);
	LOOK(h, "sshd-forwarding", DW_HOST_UNKNOWN, "");
	host_free(h);
}

DW_TEST(drop_ins_come_first_and_are_where_fixes_go)
{
	struct host *h = sshd_host(INCLUDE "X11Forwarding no\nPermitEmptyPasswords yes\n");
	struct checked c;

	host_file(h, "/etc/ssh/sshd_config.d/50-cloud.conf", 0600, "X11Forwarding yes\n");
	host_file(h, "/etc/ssh/sshd_config.d/60-late.conf", 0600, "X11Forwarding no\n");
	host_file(h, "/etc/ssh/sshd_config.d/.hidden.conf", 0600, "GatewayPorts yes\n");
	c = checked(h, "sshd-forwarding");
	DW_CHECK_STR(seen(&c), "/etc/ssh/sshd_config.d/50-cloud.conf:1 X11Forwarding: yes: the "
			       "host can draw on, and read "
			       "from, the desktop of whoever logs in");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config.d/00-doorward.conf:1 - +X11Forwarding no");
	DW_CHECK_STR(c.r->changes.v[0].notify, "sshd");
	checked_free(&c);
	host_file(h, "/etc/ssh/sshd_config.d/00-doorward.conf", 0600,
		  "# ours\nX11Forwarding  yes\n");
	c = checked(h, "sshd-forwarding");
	DW_CHECK_STR(
		edits(&c),
		"/etc/ssh/sshd_config.d/00-doorward.conf:2 -X11Forwarding  yes +X11Forwarding no");
	checked_free(&c);
	host_free(h);
}

DW_TEST(an_include_that_cannot_be_read_makes_it_unknown)
{
	struct host *h = sshd_host("X11Forwarding no\nInclude /etc/ssh/*/deep.conf\n");

	LOOK(h, "sshd-forwarding", DW_HOST_UNKNOWN, "");
	host_free(h);
}

DW_TEST(a_match_block_is_told_and_left)
{
	struct host *h = sshd_host("X11Forwarding no\nMatch User ann\n\tX11Forwarding yes\nMatch "
				   "all\nGatewayPorts no\n");
	struct checked c = checked(h, "sshd-forwarding");

	DW_CHECK_STR(seen(&c), "-:0 X11Forwarding: yes, for Match User ann: the host can draw on, "
			       "and read from, the desktop "
			       "of whoever logs in");
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1 &&
		 strstr(c.r->held.v[0], "Match User ann"));
	checked_free(&c);
	host_free(h);
}

DW_TEST(a_password_stays_enough_for_whoever_has_no_key)
{
	struct host *h = sshd_host("PasswordAuthentication yes\nKbdInteractiveAuthentication "
				   "no\nPermitRootLogin yes\n");
	struct checked c = checked(h, "sshd-passwords");

	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1 &&
		 strstr(c.r->held.v[0], "ann has a password and no key"));
	checked_free(&c);
	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "# none yet\n");
	c = checked(h, "sshd-passwords");
	DW_CHECK(c.r->changes.n == 0);
	checked_free(&c);
	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "ssh-ed25519 AAAA ann\n");
	c = checked(h, "sshd-passwords");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +PasswordAuthentication no");
	checked_free(&c);
	/* root has no password that could be used: nothing is lost */
	c = checked(h, "sshd-root");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +PermitRootLogin prohibit-password");
	checked_free(&c);
	host_file(h, "/etc/shadow", 0640, "root:$y$x:1:0:99999:7:::\n");
	c = checked(h, "sshd-root");
	DW_CHECK(c.r->changes.n == 0 && strstr(c.r->held.v[0], "root has a password and no key"));
	checked_free(&c);
	host_free(h);
}

DW_TEST(an_own_session_by_sshd_is_not_cut)
{
	static const struct dw_service ssh = { .name = "ssh" };
	struct dw_door door = { .kind = DW_KIND_LISTENER,
				.netns = "host",
				.carries_session = true,
				.at = { .protocol = DW_PROTOCOL_TCP,
					.family = DW_FAMILY_IPV4,
					.has_port = true,
					.port = 2222 } };
	const struct dw_host_door doors[] = { { &door, &ssh } };
	struct host *h = sshd_host(
		"PasswordAuthentication yes\nKbdInteractiveAuthentication no\nX11Forwarding yes\n");
	struct checked c;

	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "ssh-ed25519 AAAA ann\n");
	c = checked_with(h, "sshd-passwords", NULL, doors, 1);
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1 &&
		 strstr(c.r->held.v[0], "your own session"));
	checked_free(&c);
	c = checked_with(h, "sshd-forwarding", NULL, doors, 1);
	DW_CHECK_STR(c.r->changes.v[0].notify,
		     "sshd 0.0.0.0:2222"); /* where a new connection has to get in */
	checked_free(&c);
	host_free(h);
}

DW_TEST(doors_that_send_passwords_as_they_are)
{
	static const struct dw_service telnet = { .name = "telnet",
						  .traits = DW_TRAIT_CLEARTEXT,
						  .instead = "ssh" },
				       ssh = { .name = "ssh" };
	struct dw_door open = { .kind = DW_KIND_LISTENER,
				.at = { .protocol = DW_PROTOCOL_TCP,
					.family = DW_FAMILY_IPV4,
					.has_port = true,
					.port = 23 } },
		       local = open, asleep = open;
	const struct dw_host_door doors[] = { { &open, &telnet },
					      { &local, &telnet },
					      { &asleep, &telnet },
					      { &open, &ssh },
					      { &open, NULL } };
	struct host *h = host_new();
	struct checked c;

	local.at.address[0] = 127;
	local.at.address[3] = 1;
	asleep.kind = DW_KIND_SLEEPING;
	c = checked_with(h, "plaintext-services", NULL, doors, 5);
	DW_CHECK_STR(seen(&c), "-:0 telnet: 0.0.0.0:23/tcp; instead: ssh");
	checked_free(&c);
	c = checked_with(h, "plaintext-services", NULL, doors + 1, 4);
	DW_CHECK(c.r->outcome == DW_HOST_OK);
	checked_free(&c);
	LOOK(h, "plaintext-services", DW_HOST_UNKNOWN, ""); /* no audit */
	host_free(h);
}

DW_TEST(files_of_rsh)
{
	struct host *h = sshd_host("");

	host_file(h, "/etc/hosts.equiv", 0644, "# none\n\n");
	LOOK(h, "rhosts", DW_HOST_OK, "");
	host_file(h, "/etc/hosts.equiv", 0644, "+ +\n");
	host_file(h, "/home/ann/.rhosts", 0600, "");
	LOOK(h, "rhosts", DW_HOST_FAILS,
	     "/etc/hosts.equiv:0 /etc/hosts.equiv: it names hosts and users that are let in "
	     "unasked | "
	     "/home/ann/.rhosts:0 /home/ann/.rhosts: ann says with it who is let in unasked");
	host_free(h);
}

DW_TEST(what_sshd_states_is_read)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char text[] = "port 22\nlistenaddress [::]:22\nPermitRootLogin without-password\nciphers "
		      "a,b\n\nusepam yes";
	const struct dw_bytes bytes = { .data = text, .n = sizeof(text) - 1 };
	struct sshd_case c = { 0 };

	sshd_parse_stated(a, &bytes, &c);
	DW_CHECK(c.pairs.n == 5);
	DW_CHECK_STR(sshd_value(&c, "permitrootlogin"), "without-password");
	DW_CHECK_STR(sshd_value(&c, "usepam"), "yes");
	DW_CHECK(!sshd_value(&c, "macs"));
}

DW_TEST_MAIN
