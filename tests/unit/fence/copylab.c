/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "copylab.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)

/* What cannot fail in a test that is to go on. */
static void must(bool well)
{
	if (well)
		return;
	perror("the test's own namespaces");
	exit(1);
}

static void give_up(const struct dw_error *e)
{
	fprintf(stderr, "rules: %s\n", e->message);
	exit(1);
}

static bool make_namespace(struct dw_netns *ret, uint32_t number)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), there = -1;

	if (home >= 0 && unshare(CLONE_NEWNET) == 0) {
		there = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (setns(home, CLONE_NEWNET) < 0)
			abort();
	}
	if (home >= 0)
		close(home);
	*ret = (struct dw_netns){ .inode = number, .fd = there };
	return there >= 0;
}

bool lab_open(struct lab *l)
{
	struct dw_error e = { 0 };

	*l = (struct lab){ .arena = dw_arena_new(), .host = { .fd = -1 }, .copy = { .fd = -1 } };
	must(dw_sys_open(NULL, &l->sys, &e) == 0);
	if (geteuid() == 0 && access("/usr/sbin/nft", X_OK) == 0 && make_namespace(&l->host, 1) &&
	    make_namespace(&l->copy, 2))
		return true;
	printf("skipped: needs root, network namespaces and nft\n");
	lab_close(l);
	return false;
}

void lab_close(struct lab *l)
{
	if (l->host.fd >= 0)
		close(l->host.fd);
	if (l->copy.fd >= 0)
		close(l->copy.fd);
	dw_sys_free(l->sys);
	dw_arena_free(l->arena);
}

static int text_file(const char *text)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t n = strlen(text);

	must(fd >= 0 && write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

const char *lab_run(const struct lab *l, const struct dw_netns *ns, const char *input,
		    const char *const *argv)
{
	int in = text_file(input ? input : ""), out = memfd_create("output", MFD_CLOEXEC);
	struct dw_bytes text = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (setns(ns->fd, CLONE_NEWNET) < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	must(lseek(out, 0, SEEK_SET) == 0);
	must(dw_fd_read_all(out, OUTPUT_MAX, l->arena, &text) == 0);
	close(in);
	close(out);
	return status == 0 ? text.data : NULL;
}

bool lab_rules(const struct lab *l, const char *text)
{
	const char *const argv[] = { "/usr/sbin/nft", "-f", "-", NULL };

	return lab_run(l, &l->host, text, argv) != NULL;
}

bool lab_rules_of(const struct lab *l, const char *file)
{
	const char *const argv[] = {
		"/usr/sbin/nft", "-f",
		dw_arena_printf(l->arena, "%s/dumps/fence/%s", DW_TESTS_DIR, file), NULL
	};

	return lab_run(l, &l->host, NULL, argv) != NULL;
}

const char *lab_list(const struct lab *l, const struct dw_netns *ns)
{
	const char *const argv[] = { "/usr/sbin/nft", "list", "ruleset", NULL };

	return lab_run(l, ns, NULL, argv);
}

struct dw_ruleset *lab_read(const struct lab *l)
{
	struct dw_ruleset *r = NULL;
	struct dw_error e = { 0 };

	if (dw_ruleset_read(l->sys, &l->host, &r, &e) < 0 || e.message[0])
		give_up(&e);
	return r;
}

void lab_load(const struct lab *l, struct dw_ruleset *r, enum dw_supposed s)
{
	enum dw_supposed *supposed = dw_arena_array(l->arena, r->n_rules, sizeof(*supposed));
	struct dw_error e = { 0 };

	for (size_t i = 0; i < r->n_rules; i++)
		supposed[i] = s;
	if (dw_ruleset_load(l->sys, &l->copy, r, supposed, &e) < 0 || e.message[0])
		give_up(&e);
}

const char lab_doubts[] =
	"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	"-A INPUT -p udp -m udp --sport 53 --dport 68 -j ACCEPT\n"
	"-A INPUT -p tcp -m tcp --dport 23 -m limit --limit 5/min -j ACCEPT\n"
	"-A INPUT -m limit --limit 3/min -j LOG --log-prefix \"denied \"\n"
	"-A INPUT -f -j DROP\n"
	"-A INPUT -p tcp -m tcp --dport 24 -j ACCEPT\nCOMMIT\n";

const char *lab_iptables(const struct lab *l, const struct dw_netns *ns, const char *program,
			 const char *input)
{
	const char *const argv[] = { dw_arena_printf(l->arena, "/usr/sbin/%s", program), NULL };

	return lab_run(l, ns, input, argv);
}
