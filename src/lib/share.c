/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two halves of one piece of work by two threads. */
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "audit-private.h"

struct half {
	void (*work)(void *half);
	void *half;
};

static void *do_half(void *arg)
{
	const struct half *h = arg;

	h->work(h->half);
	return NULL;
}

void dw_lib_share(void (*work)(void *half), void *one, void *other)
{
	struct half its = { work, other };
	pthread_t thread;
	bool shared = sysconf(_SC_NPROCESSORS_ONLN) > 1 &&
		      pthread_create(&thread, NULL, do_half, &its) == 0;

	work(one);
	if (shared)
		(void)pthread_join(thread, NULL);
	else
		work(other);
}
