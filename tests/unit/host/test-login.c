/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of remote login on made-up hosts, failing and passing, where sshd itself cannot be asked. */
#include <sys/stat.h>
#include <unistd.h>

#include "checks.h"
#include "sshd.h"

#define KEY     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKh32vu1IQ8Gn7S01k1ey3zs1CifakYrJqGKjATymt/q"
#define INCLUDE "Include /etc/ssh/sshd_config.d/*.conf\n"

/* Without root nothing can be given to somebody else. */
#define ANN (geteuid() ? geteuid() : 1000)

static struct host *sshd_host(const char *config)
{
	struct host *h = host_new();
	char text[256];

	host_file(h, "/usr/sbin/sshd", 0755, "");
	(void)snprintf(text, sizeof(text),
		       "root:x:0:0:root:/root:/bin/bash\nann:x:%u:1000::/home/ann:/bin/bash\n"
		       "git:x:101:101::/srv:/usr/sbin/nologin\n",
		       ANN);
	host_file(h, "/etc/passwd", 0644, text);
	host_file(h, "/etc/shadow", 0640, "root:*:1:0:99999:7:::\nann:$y$x:1:0:99999:7:::\n");
	if (config)
		host_file(h, "/etc/ssh/sshd_config", 0644, config);
	return h;
}

/* Files of a made-up host belong to whoever tests; a list of keys belongs to whose it is. */
static void keys_of(const struct host *h, const char *home, unsigned uid, int mode,
		    const char *text)
{
	const char *const names[] = { "", "/.ssh", "/.ssh/authorized_keys" };
	char path[256], full[320];

	(void)snprintf(path, sizeof(path), "%s%s", home, names[2]);
	host_file((struct host *)h, path, mode, text);
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		(void)snprintf(full, sizeof(full), "%s/root%s%s", h->dir, home, names[i]);
		if (chmod(full, i < 2 ? 0755 : (mode_t)mode) < 0 ||
		    (geteuid() == 0 && chown(full, uid, uid) < 0))
			abort();
	}
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
	DW_CHECK_STR(c.r->changes.v[0].notify, "sshd login=ann"); /* by a password, that is */
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
		 strstr(c.r->held.v[0],
			"ann gets in by a password, and by a key it does not: it has no key"));
	checked_free(&c);
	host_file(h, "/home/ann/.ssh/authorized_keys", 0600, "# none yet\n");
	c = checked(h, "sshd-passwords");
	DW_CHECK(c.r->changes.n == 0);
	checked_free(&c);
	keys_of(h, "/home/ann", ANN, 0600, KEY " ann\n");
	c = checked(h, "sshd-passwords");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +PasswordAuthentication no");
	checked_free(&c);
	/* root has no password that could be used: nothing is lost */
	c = checked(h, "sshd-root");
	DW_CHECK_STR(edits(&c), "/etc/ssh/sshd_config:1 - +PermitRootLogin prohibit-password");
	checked_free(&c);
	host_file(h, "/etc/shadow", 0640, "root:$y$x:1:0:99999:7:::\n");
	c = checked(h, "sshd-root");
	DW_CHECK(c.r->changes.n == 0 &&
		 strstr(c.r->held.v[0], "root gets in by a password, and by a key it does not"));
	checked_free(&c);
	host_free(h);
}

#define PASSWORDS "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n"

/* Why the password of ann stays; "": it goes. */
static void stays(struct host *h, const char *settings, const char *keys, const char *why)
{
	struct checked c;
	char config[512];

	(void)snprintf(config, sizeof(config), "%s" PASSWORDS, settings);
	host_file(h, "/etc/ssh/sshd_config", 0644, config);
	keys_of(h, "/home/ann", ANN, 0600, keys);
	c = checked(h, "sshd-passwords");
	if (*why ? c.r->changes.n || !c.r->held.n || !strstr(c.r->held.v[0], why) : !c.r->changes.n)
		DW_CHECK_STR(c.r->held.n ? c.r->held.v[0] : "it goes", why);
	checked_free(&c);
}

DW_TEST(a_key_that_does_not_let_in_is_no_way_in)
{
	static const char *const keys[][2] = {
		{ KEY " ann\n", "" },
		{ "# old\n\n  " KEY "\n", "" },
		{ "no-port-forwarding,environment=\"A=b c\" " KEY "\n", "" },
		{ "restrict,pty " KEY "\n", "" },
		{ "expiry-time=\"20231116\" " KEY "\n", "" }, /* the clock stands at 2023-11-14 */
		{ "ssh-ed25519 AAAA ann\n", "no key that sshd could read" },
		{ "hello\n", "no key that sshd could read" },
		{ "ssh-dss AAAAB3NzaC1kc3MAAAAA\n", "no key that sshd could read" },
		{ "expiry-time=\"20200101\" " KEY "\n", "its expiry-time is over" },
		{ "expiry-time=\"202311142300Z\" " KEY "\n", "its expiry-time is near" },
		{ "from=\"192.0.2.0/24\" " KEY "\n",
		  "that is not sure: /home/ann/.ssh/authorized_keys:1: it counts from" },
		{ "command=\"echo \\\"hi\\\" there\" " KEY "\n", "it is for one command" },
		{ "restrict " KEY "\n", "it gets no terminal" },
		{ "no-pty " KEY "\n", "it gets no terminal" },
		{ "cert-authority " KEY "\n", "it is for certificates" },
		{ "no-such-option " KEY "\n", "an option that sshd(8) does not know" },
		{ "from=\"192.0.2.1 " KEY "\n", "no key that sshd could read" },
		{ "no-pty " KEY "\n" KEY "\n", "" }, /* the second does */
	};
	struct host *h = sshd_host("");

	for (size_t i = 0; i < DW_ARRAY_SIZE(keys); i++)
		stays(h, "", keys[i][0], keys[i][1]);
	host_free(h);
}

DW_TEST(settings_under_which_no_key_lets_in)
{
	static const char *const settings[][2] = {
		{ "PubkeyAuthentication no\n", "by a key it does not: PubkeyAuthentication is no" },
		{ "AuthorizedKeysFile none\n", "AuthorizedKeysFile is none" },
		{ "AuthorizedKeysFile /etc/keys/%u\n", "it has no key" },
		{ "AuthorizedKeysFile /etc/keys/%u %h/.ssh/authorized_keys\n", "" },
		{ "AuthorizedKeysFile .ssh/%k\n", "AuthorizedKeysFile has .ssh/%k" },
		{ "AuthorizedKeysFile none\nAuthorizedKeysCommand /usr/bin/keys\n",
		  "that is not sure: AuthorizedKeysCommand may know its keys" },
		{ "AuthenticationMethods publickey,password\n",
		  "AuthenticationMethods asks for more" },
		{ "AuthenticationMethods password\n", "AuthenticationMethods asks for more" },
		{ "AuthenticationMethods publickey,password publickey\n", "" },
		{ "PubkeyAcceptedAlgorithms rsa-sha2-512,ssh-rsa\n", "has no ssh-ed25519" },
		{ "PubkeyAcceptedAlgorithms ssh-ed25519*,rsa-sha2-512\n", "" },
		{ "PubkeyAcceptedAlgorithms -ssh-ed25519\n", "that is not sure" },
		{ "RevokedKeys /etc/ssh/revoked\n", "RevokedKeys may have its keys" },
		{ "AllowUsers ann@192.0.2.*\n", "AllowUsers depends on where it comes from" },
		{ "AllowUsers ben an?\n", "" },
		{ "Match User ben\nX11Forwarding no\nMatch all\n", "only sshd itself tells" },
	};
	struct host *h = sshd_host("");

	for (size_t i = 0; i < DW_ARRAY_SIZE(settings); i++)
		stays(h, settings[i][0], KEY " ann\n", settings[i][1]);
	host_free(h);
}

/* Who has no way in now loses none: not by a key, and not by a password. */
DW_TEST(who_may_not_come_at_all_loses_nothing)
{
	static const char *const shadows[] = {
		"root:*:1:0:99999:7:::\nann:$y$x:1:0:99999:7::100:\n",
		"root:*:1:0:99999:7:::\nann:$y$x:1:0:90:7:30::\n"
	};
	struct host *h = sshd_host("");

	stays(h, "DenyUsers ann\n", "", "");
	stays(h, "AllowUsers ben\n", "", "");
	stays(h, "AllowGroups staff\n", "", "it has no key"); /* groups cannot be read */
	host_file(h, "/etc/group", 0644, "ann:x:1000:\nstaff:x:50:ben,annie\n");
	stays(h, "AllowGroups staff\n", "", "");
	host_file(h, "/etc/group", 0644, "ann:x:1000:\nstaff:x:50:ben,ann\n");
	stays(h, "AllowGroups staff\n", "", "it has no key");
	for (size_t i = 0; i < DW_ARRAY_SIZE(shadows); i++) {
		host_file(h, "/etc/shadow", 0640, shadows[i]);
		stays(h, "", "", "");
	}
	host_free(h);
}

static void has_mode(const struct host *h, const char *path, int mode)
{
	char full[320];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	if (chmod(full, (mode_t)mode) < 0)
		abort();
}

DW_TEST(a_list_of_keys_that_others_may_write_does_not_count)
{
	struct host *h = sshd_host(PASSWORDS);
	static const struct {
		const char *path, *why;
		int mode, back;
	} modes[] = {
		{ "/home/ann/.ssh/authorized_keys",
		  "everybody may write /home/ann/.ssh/authorized_keys", 0646, 0600 },
		{ "/home/ann/.ssh", "everybody may write /home/ann/.ssh (", 0777, 0700 },
		{ "/home/ann", "everybody may write /home/ann (", 0757, 0755 },
		{ "/home/ann", "a group may write /home/ann (", 0775, 0755 },
		{ "/home/ann/.ssh/authorized_keys",
		  "it may not read /home/ann/.ssh/authorized_keys", 0200, 0600 },
	};

	struct checked c;

	keys_of(h, "/home/ann", ANN, 0600, KEY "\n");
	for (size_t i = 0; i < DW_ARRAY_SIZE(modes); i++) {
		has_mode(h, modes[i].path, modes[i].mode);
		/* who is not root cannot read it either, which is told otherwise */
		if (modes[i].mode != 0200 || geteuid() == 0) {
			c = checked(h, "sshd-passwords");
			DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1 &&
				 strstr(c.r->held.v[0], modes[i].why));
			checked_free(&c);
		}
		has_mode(h, modes[i].path, modes[i].back);
	}
	has_mode(h, "/home/ann", 0777);
	host_file(h, "/etc/ssh/sshd_config", 0644, "StrictModes no\n" PASSWORDS);
	c = checked(h, "sshd-passwords");
	DW_CHECK(c.r->changes.n == 1 && c.r->held.n == 0);
	checked_free(&c);
	host_free(h);
}

DW_TEST(accounts_of_elsewhere_are_not_shut_out)
{
	struct host *h = sshd_host("");

	host_file(h, "/etc/nsswitch.conf", 0644, "passwd: files [NOTFOUND=continue] systemd\n");
	stays(h, "", KEY "\n", "");
	host_file(h, "/etc/nsswitch.conf", 0644, "# here\npasswd:\tfiles sss\n");
	stays(h, "", KEY "\n", "accounts of sss");
	host_free(h);
}

/* Before a password goes, sshd has to take such a key of everybody who has one; and who gets in stays in. */
DW_TEST(who_has_to_get_in_is_told_to_the_proof)
{
	struct host *h = sshd_host(PASSWORDS "PermitRootLogin yes\nX11Forwarding yes\n");
	struct checked c;

	keys_of(h, "/home/ann", ANN, 0600, KEY "\n");
	c = checked(h, "sshd-passwords");
	DW_CHECK_STR(c.r->changes.v[0].notify,
		     "sshd login=ann:/home/ann/.ssh/authorized_keys login=ann "
		     "key=ann:/home/ann/.ssh/authorized_keys");
	checked_free(&c);
	c = checked(h, "sshd-forwarding");
	DW_CHECK_STR(c.r->changes.v[0].notify,
		     "sshd login=ann:/home/ann/.ssh/authorized_keys login=ann");
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

	keys_of(h, "/home/ann", ANN, 0600, KEY " ann\n");
	c = checked_with(h, "sshd-passwords", NULL, doors, 1);
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 1 &&
		 strstr(c.r->held.v[0], "your own session"));
	checked_free(&c);
	c = checked_with(h, "sshd-forwarding", NULL, doors, 1);
	DW_CHECK_STR(c.r->changes.v[0].notify,
		     "sshd 0.0.0.0:2222 "
		     "login=ann:/home/ann/.ssh/authorized_keys "
		     "login=ann"); /* where a new connection has to get in */
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
