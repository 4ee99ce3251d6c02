/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers: recorded engines, and what starts theirs at boot. */
#include "host.h"

#define ID "08f98cc08515f2ca67534c17a4f5cd745f6c5f3d271e7b141685e9b94bdba30f"

static struct host *engine_host(void)
{
	struct host *h = host_new();

	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_link(h, "/sbin/init", "/usr/lib/systemd/systemd");
	host_file(h, "/usr/lib/systemd/system/multi-user.target", 0644, "[Unit]\n");
	host_link(h, "/usr/lib/systemd/system/default.target", "multi-user.target");
	host_file(h, "/etc/systemd/system/lab.service", 0644,
		  "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/sbin/lab\n");
	host_file(h, "/etc/systemd/system/web.service", 0644,
		  "[Service]\nType=notify\nExecStart=/usr/bin/podman run web\n");
	return h;
}

static void restarter(struct host *h, const char *words)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "[Service]\nType=oneshot\nEnvironment=LOGGING=\"--log-level=info\"\n"
		       "ExecStart=/usr/bin/podman $LOGGING start --all --filter "
		       "restart-policy=always%s\n",
		       words);
	host_file(h, "/usr/lib/systemd/system/podman-restart.service", 0644, text);
	host_link(h, "/etc/systemd/system/multi-user.target.wants/podman-restart.service",
		  "/usr/lib/systemd/system/podman-restart.service");
}

static void say(struct host *h, const char *path, unsigned status, const char *body)
{
	char full[256], text[1024];

	(void)snprintf(full, sizeof(full), "/../http/%s", path);
	(void)snprintf(text, sizeof(text), "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n\r\n%s", status,
		       strlen(body), body);
	host_file(h, full, 0644, text);
}

static void web_of(struct host *h, const char *version, const char *policy)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "{\"Version\":\"%s\"}", version);
	say(h, "podman.sock/GET/version", 200, text);
	(void)snprintf(text, sizeof(text),
		       "{\"Id\":\"" ID "\",\"State\":{\"Running\":true},\"HostConfig\":{"
		       "\"RestartPolicy\":{\"Name\":\"%s\",\"MaximumRetryCount\":0}}}",
		       policy);
	say(h, "podman.sock/GET/containers/web/json", 200, text);
}

static const struct dw_owner in_lab[] = {
	{ .pid = 90, .started_ticks = 900, .comm = "conmon", .cgroup = "/system.slice/lab.service" }
};
static const struct dw_owner in_web[] = {
	{ .pid = 90, .started_ticks = 900, .comm = "conmon", .cgroup = "/system.slice/web.service" }
};

static struct asked ask_of(struct host *h, const struct dw_owner *owner, const char *also)
{
	const struct dw_door d = {
		.kind = DW_KIND_LISTENER,
		.owners = (struct dw_owner *)owner,
		.n_owners = 1,
		.owners_known = true,
		.starter = { .kind = DW_STARTER_CONTAINER, .id = "podman:web", .also = also },
	};

	host_bus(h, "{\"units\":[]}");
	return host_ask(h, "systemd", true, &d);
}

DW_TEST(an_engine_that_can_changes_the_policy)
{
	static const char *const able[] = { "5.1.0", "5.10.2-dev", "6.0.0" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(able); i++) {
		struct host *h = engine_host();
		struct asked k;

		restarter(h, "");
		web_of(h, able[i], "always");
		k = ask_of(h, in_lab, NULL);
		DW_CHECK_STR(k.text, "STOP container podman:web running always -> stopped no\n");
		DW_CHECK_STR(k.levers->v[0].undo_command,
			     "podman update --restart=always web && podman start web");
		asked_close(&k, h);
	}
}

/* The oneshot that made the container is not what keeps it. */
DW_TEST(an_older_one_keeps_it_and_the_boot_leaves_it_out)
{
	struct host *h = engine_host();
	struct asked k;

	restarter(h, "");
	web_of(h, "4.3.1", "always");
	k = ask_of(h, in_lab, "lab.service");
	DW_CHECK_INT(k.levers->n, 3);
	DW_CHECK(strstr(k.text, "BOOT file /etc/systemd/system/podman-restart.service.d absent -> "
				"directory 0755 0") != NULL);
	DW_CHECK(strstr(k.text, "/doorward-container-08f98cc08515.conf absent -> ") != NULL);
	DW_CHECK(strstr(k.text, "|Environment=DOORWARD_SKIP_" ID "=1|ExecStart=|ExecStart=/bin/sh "
				"-c 'for c in $$(") != NULL);
	DW_CHECK(strstr(k.text, "STOP container podman:web running always -> stopped always\n") !=
		 NULL);
	DW_CHECK(strstr(k.text, "lab.service") == NULL);
	asked_close(&k, h);
}

DW_TEST(what_no_boot_starts_is_only_stopped)
{
	static const char *const policies[] = { "no", "on-failure", "unless-stopped" };
	char line[128];

	for (size_t i = 0; i < DW_ARRAY_SIZE(policies); i++) {
		struct host *h = engine_host();
		struct asked k;

		restarter(h, "");
		web_of(h, "4.3.1", policies[i]);
		k = ask_of(h, in_lab, NULL);
		(void)snprintf(line, sizeof(line),
			       "STOP container podman:web running %s -> stopped %s\n", policies[i],
			       policies[i]);
		DW_CHECK_STR(k.text, line);
		asked_close(&k, h);
	}
}

/* Somebody's own way of starting them is not overruled. */
DW_TEST(another_restarter_is_left)
{
	struct host *h = engine_host();
	struct asked k;

	restarter(h, " --filter label=x");
	web_of(h, "4.3.1", "always");
	k = ask_of(h, in_lab, NULL);
	DW_CHECK_INT(k.levers->n, 0);
	DW_CHECK(k.levers->cannot && strstr(k.levers->cannot, "is not as podman ships it"));
	asked_close(&k, h);
	h = engine_host();
	restarter(h, "");
	host_file(h, "/etc/systemd/system/podman-restart.service.d/local.conf", 0644,
		  "[Service]\nExecStart=\nExecStart=/usr/local/sbin/start-some\n");
	web_of(h, "4.3.1", "always");
	k = ask_of(h, in_lab, NULL);
	DW_CHECK(k.levers->n == 0 && k.levers->cannot);
	asked_close(&k, h);
}

DW_TEST(a_unit_that_keeps_it_is_switched_instead)
{
	for (int by_label = 0; by_label < 2; by_label++) {
		struct host *h = engine_host();
		struct asked k;

		web_of(h, "4.3.1", "no");
		k = ask_of(h, by_label ? in_lab : in_web, by_label ? "web.service" : NULL);
		DW_CHECK(strstr(k.text, "STOP systemd web.service ") != NULL);
		DW_CHECK(strstr(k.text, "STOP container") == NULL);
		asked_close(&k, h);
	}
}

DW_TEST(no_engine_and_no_container_are_told)
{
	struct host *h = engine_host();
	struct asked k = ask_of(h, in_lab, NULL);

	DW_CHECK(k.levers->n == 0 && k.levers->cannot &&
		 strstr(k.levers->cannot, "`systemctl start podman.socket`"));
	asked_close(&k, h);
	h = engine_host();
	say(h, "podman.sock/GET/containers/web/json", 404, "{\"message\":\"no such container\"}");
	k = ask_of(h, in_lab, NULL);
	DW_CHECK(k.levers->n == 0 && k.levers->cannot &&
		 strstr(k.levers->cannot, "no container web any more"));
	asked_close(&k, h);
}

DW_TEST_MAIN
