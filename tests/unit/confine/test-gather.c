/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From doors to services: whose process counts, and what files say of the user. */
#include "dw_confine_gather.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "made-host.h"

#define ALL_CAPS UINT64_C(0x1ffffffffff)

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
			     "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
			     "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
			     "kim:x:1000:1000:Kim:/home/kim:/bin/zsh\n";

struct made {
	struct host *h;
	struct dw_arena *arena;
	struct dw_door doors[8];
	struct dw_owner owners[8];
	size_t n, n_services;
	struct dw_confine_service *services;
};

static struct made made(void)
{
	struct made m = { .h = host_new(), .arena = dw_arena_new() };

	host_file(m.h, "/etc/passwd", 0644, passwd);
	return m;
}

/* A TCP door on all addresses, held by a process of root's with all rights. */
static void add(struct made *m, uint16_t port, enum dw_starter_kind kind, const char *id,
		const char *source, const char *program)
{
	m->owners[m->n] = (struct dw_owner){
		.pid = 100, .user = "root", .details_known = true, .caps_effective = ALL_CAPS
	};
	m->doors[m->n] = (struct dw_door){
		.kind = DW_KIND_LISTENER,
		.netns = "host",
		.program = "/usr/sbin/inetd",
		.at = { .protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = port },
		.owners = &m->owners[m->n],
		.n_owners = 1,
		.owners_known = true,
		.starter = { .kind = kind, .id = id, .source = source, .program = program },
	};
	m->n++;
}

static const struct dw_confine_service *look(struct made *m, const char *name)
{
	const struct dw_snapshot s = { .doors = m->doors, .n_doors = m->n };

	if (!m->h->sys && dw_sys_open_fake(m->h->dir, &m->h->sys, NULL) < 0)
		abort();
	dw_confine_gather(m->h->sys, &s, dw_knowledge_builtin(), m->arena, &m->services,
			  &m->n_services);
	for (size_t i = 0; i < m->n_services; i++)
		if (dw_streq(m->services[i].name, name))
			return &m->services[i];
	printf("no service %s\n", name);
	exit(1);
}

static void done(struct made *m)
{
	m->h->loaded = -1; /* no starter was */
	host_free(m->h);
	dw_arena_free(m->arena);
}

static bool advises(const struct dw_confine_service *s, const char *words)
{
	for (size_t i = 0; i < s->advice.n; i++)
		if (strstr(s->advice.v[i], words))
			return true;
	return false;
}

DW_TEST(what_inetd_starts_counts_and_not_inetd)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/inetd.conf", 0644,
		  "finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd\n"
		  "ident stream tcp nowait root /usr/sbin/in.identd in.identd\n"
		  "daytime stream tcp nowait nobody internal\n");
	add(&m, 79, DW_STARTER_INETD, "finger", "/etc/inetd.conf:1", "/usr/sbin/in.fingerd");
	add(&m, 113, DW_STARTER_INETD, "ident", "/etc/inetd.conf:2", "/usr/sbin/in.identd");
	add(&m, 13, DW_STARTER_INETD, "daytime", "/etc/inetd.conf:3", NULL);
	s = look(&m, "finger");
	DW_CHECK_STR(s->user, "nobody");
	DW_CHECK(s->root == DW_NO && s->capabilities == 0 && s->score < 30);
	s = look(&m, "ident");
	DW_CHECK(s->root == DW_YES && s->capabilities == ALL_CAPS && s->handed);
	DW_CHECK_STR(s->could_be, "nobody");
	DW_CHECK(advises(s, "doorward confine try ident"));
	/* what inetd does by itself it does as root, whatever stands in the line */
	s = look(&m, "daytime");
	DW_CHECK(s->root == DW_YES && !s->handed);
	done(&m);
}

/* One that does not run: its script, and what that reads, say as whom it would. */
DW_TEST(an_init_script_says_its_user)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/init.d/kept", 0755,
		  "#!/bin/sh\nNAME=kept\nRUNAS=root\n. /etc/default/$NAME\n"
		  "start-stop-daemon --start --chuid $RUNAS:x --exec /usr/sbin/kept\n");
	host_file(m.h, "/etc/default/kept", 0644, "RUNAS=keeper\n");
	host_file(m.h, "/etc/init.d/ruled", 0755, "command_user=ruler:rule\n");
	host_file(m.h, "/etc/init.d/mute", 0755, "/usr/sbin/mute\n");
	add(&m, 7001, DW_STARTER_SYSV, "kept", "/etc/init.d/kept:5", "/usr/sbin/kept");
	add(&m, 7002, DW_STARTER_OPENRC, "ruled", "/etc/init.d/ruled", "/usr/sbin/ruled");
	add(&m, 7003, DW_STARTER_SYSV, "mute", "/etc/init.d/mute:1", "/usr/sbin/mute");
	for (size_t i = 0; i < m.n; i++) {
		m.doors[i].kind = DW_KIND_SLEEPING;
		m.doors[i].n_owners = 0;
	}
	s = look(&m, "kept");
	DW_CHECK_STR(s->user, "keeper");
	DW_CHECK_STR(s->said_at, "/etc/init.d/kept:5");
	DW_CHECK(s->root == DW_NO && advises(s, "/etc/init.d/kept:5 says keeper."));
	s = look(&m, "ruled");
	DW_CHECK_STR(s->user, "ruler");
	s = look(&m, "mute");
	DW_CHECK(!s->user && s->root == DW_UNKNOWN);
	done(&m);
}

DW_TEST(of_two_lines_the_one_that_says_root_counts)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/inetd.conf", 0644,
		  "finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd\n"
		  "finger stream tcp6 nowait root /usr/sbin/in.fingerd in.fingerd\n");
	add(&m, 79, DW_STARTER_INETD, "finger", "/etc/inetd.conf:1", "/usr/sbin/in.fingerd");
	add(&m, 1079, DW_STARTER_INETD, "finger", "/etc/inetd.conf:2", "/usr/sbin/in.fingerd");
	s = look(&m, "finger");
	DW_CHECK_INT(m.n_services, 1);
	DW_CHECK_STR(s->said_at, "/etc/inetd.conf:2");
	DW_CHECK(s->root == DW_YES);
	done(&m);
}

DW_TEST(a_line_that_cannot_be_read_is_unknown_and_not_good)
{
	struct made m = made();
	const struct dw_confine_service *s;

	add(&m, 79, DW_STARTER_XINETD, "finger", "/etc/xinetd.d/finger:1", "/usr/sbin/in.fingerd");
	s = look(&m, "finger");
	DW_CHECK(s->root == DW_UNKNOWN && s->partly && !s->user);
	done(&m);
}

/* --- web servers ------------------------------------------------------------------------------------------- */

static const struct dw_confine_service *web(struct made *m, const char *unit, const char *program)
{
	add(m, 80, DW_STARTER_SYSTEMD_SERVICE, unit, NULL, program);
	return look(m, unit);
}

DW_TEST(nginx_follows_its_includes)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/nginx/nginx.conf", 0644,
		  "include modules/*.conf;\nhttp { include /etc/nginx/sites/*; }\n");
	host_file(m.h, "/etc/nginx/modules/50-user.conf", 0644, "# of the house\nuser kim;\n");
	host_file(m.h, "/etc/nginx/sites/a", 0644, "user root;\n");
	s = web(&m, "nginx.service", "/usr/sbin/nginx");
	DW_CHECK_STR(s->said_user, "kim");
	DW_CHECK_STR(s->said_at, "/etc/nginx/modules/50-user.conf:2");
	DW_CHECK(advises(
		s, "kim, whom /etc/nginx/modules/50-user.conf:2 names, has a shell (/bin/zsh)"));
	DW_CHECK(s->root == DW_YES); /* its master */
	done(&m);
}

DW_TEST(workers_that_are_root_are_told_with_file_and_line)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/nginx/nginx.conf", 0644, "\nuser root;\n");
	s = web(&m, "nginx.service", "/usr/sbin/nginx");
	DW_CHECK(advises(s, "/etc/nginx/nginx.conf:2 makes the workers root"));
	done(&m);
}

DW_TEST(apache_takes_variables_from_envvars)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/apache2/apache2.conf", 0644,
		  "User nobody\nIncludeOptional conf-enabled/*.conf\n");
	host_file(m.h, "/etc/apache2/conf-enabled/user.conf", 0644, "User ${APACHE_RUN_USER}\n");
	host_file(m.h, "/etc/apache2/conf-enabled/off", 0644, "User root\n");
	host_file(m.h, "/etc/apache2/envvars", 0644,
		  "# x\n: ${APACHE_RUN_USER:=www-data}\nexport APACHE_RUN_USER\n");
	s = web(&m, "apache2.service", "/usr/sbin/apache2");
	DW_CHECK_STR(s->said_user, "www-data");
	DW_CHECK_STR(s->said_at, "/etc/apache2/envvars:2");
	DW_CHECK(!advises(s, "shell") && !advises(s, "too"));
	done(&m);
}

DW_TEST(a_variable_that_nothing_sets_is_unknown)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/apache2/apache2.conf", 0644, "User ${WHO}\n");
	s = web(&m, "apache2.service", "/usr/sbin/apache2");
	DW_CHECK(!s->said_user && s->unknown.n > 0);
	DW_CHECK_STR(s->unknown.v[s->unknown.n - 1],
		     "/etc/apache2/apache2.conf:1 says ${WHO}, and nothing says what that is.");
	done(&m);
}

DW_TEST(pools_of_php_and_whose_user_they_share)
{
	struct made m = made();
	const struct dw_confine_service *s;

	host_file(m.h, "/etc/php/8.2/fpm/php-fpm.conf", 0644,
		  "[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n");
	host_file(m.h, "/etc/php/8.2/fpm/pool.d/www.conf", 0644, "[www]\nuser = www-data\n");
	host_file(m.h, "/etc/nginx/nginx.conf", 0644, "user www-data;\n");
	add(&m, 9000, DW_STARTER_SYSTEMD_SERVICE, "php8.2-fpm.service", NULL,
	    "/usr/sbin/php-fpm8.2");
	s = web(&m, "nginx.service", "/usr/sbin/nginx");
	DW_CHECK(advises(s, "is the user of php8.2-fpm.service, too"));
	s = look(&m, "php8.2-fpm.service");
	DW_CHECK_STR(s->said_at, "/etc/php/8.2/fpm/pool.d/www.conf:2");
	DW_CHECK(advises(s, "is the user of nginx.service, too"));
	host_file(m.h, "/etc/php/8.2/fpm/pool.d/x.conf", 0644, "[x]\nuser = root\n");
	s = look(&m, "php8.2-fpm.service");
	DW_CHECK_STR(s->said_at, "/etc/php/8.2/fpm/pool.d/x.conf:2");
	done(&m);
}

DW_TEST(files_that_include_themselves_come_to_an_end)
{
	struct made m = made();

	host_file(m.h, "/etc/nginx/nginx.conf", 0644,
		  "include nginx.conf;\ninclude *.conf;\nuser www-data;\n");
	DW_CHECK_STR(web(&m, "nginx.service", "/usr/sbin/nginx")->said_user, "www-data");
	done(&m);
}

DW_TEST_MAIN
