/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespace is ours does not depend on where any thread stands just then. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_netlink.h"
#include "dw_sys.h"
#include "dw_test.h"

static struct dw_sys *live;
static pthread_barrier_t meeting;
static uint32_t home, seen, seen_inside;

static int open_own(uint32_t *ret_inode)
{
	struct stat st = { 0 };
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		exit(1);
	*ret_inode = (uint32_t)st.st_ino;
	return fd;
}

/* Begun while the first thread is at home; asks while it is not. */
static void *ask(void *arg)
{
	(void)pthread_barrier_wait(&meeting);
	seen = dw_netns_self(live);
	(void)pthread_barrier_wait(&meeting);
	return NULL;
}

static int inside(void *arg, struct dw_error *e)
{
	(void)pthread_barrier_wait(&meeting);
	seen_inside = dw_netns_self(live);
	(void)pthread_barrier_wait(&meeting);
	return 0;
}

DW_TEST(another_thread_is_elsewhere)
{
	struct dw_netns other = { 0 };
	struct dw_error e = { 0 };
	pthread_t thread;
	int back = open_own(&home);

	DW_CHECK(unshare(CLONE_NEWNET) == 0);
	other.fd = open_own(&other.inode);
	DW_CHECK(setns(back, CLONE_NEWNET) == 0 && other.inode != home);
	DW_CHECK_INT(dw_netns_self(live), home);
	DW_CHECK(pthread_barrier_init(&meeting, NULL, 2) == 0);
	DW_CHECK(pthread_create(&thread, NULL, ask, NULL) == 0);
	DW_CHECK_INT(dw_netns_run(live, &other, inside, NULL, &e), 0);
	DW_CHECK(pthread_join(thread, NULL) == 0);
	DW_CHECK_INT(seen, home);
	DW_CHECK_INT(seen_inside, home);
	DW_CHECK_INT(dw_netns_self(live), home);
	close(other.fd);
	close(back);
}

int main(void)
{
	struct dw_error e = { 0 };
	int r;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("SKIPPED: no network namespaces\n");
		return 77;
	}
	if (dw_sys_open(NULL, &live, &e) < 0)
		return 1;
	r = dw_test_run();
	dw_sys_free(live);
	return r;
}
