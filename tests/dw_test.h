/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole test harness: DW_TEST(name) { ... DW_CHECK(what must hold); } and DW_TEST_MAIN at the end. Each
 * test counts as one; the program ends with the line "N passed, N failed" and exits 1 when one failed.
 */
#ifndef DW_TEST_H
#define DW_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct dw_test {
	const char *name;
	void (*run)(void);
	struct dw_test *next;
};

static struct dw_test *dw_test_first, **dw_test_last = &dw_test_first;
static int dw_test_failures;

#define DW_TEST(id)                                                                                \
	static void id(void);                                                                      \
	__attribute__((constructor)) static void id##_register(void)                               \
	{                                                                                          \
		static struct dw_test t = { .name = #id, .run = id };                              \
		*dw_test_last = &t;                                                                \
		dw_test_last = &t.next;                                                            \
	}                                                                                          \
	static void id(void)

#define DW_CHECK(expr)                                                                             \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			dw_test_failures++;                                                        \
			printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #expr);                \
		}                                                                                  \
	} while (0)

#define DW_CHECK_STR(got, want)                                                                    \
	do {                                                                                       \
		const char *dw_g = (got), *dw_w = (want);                                          \
		if (!(dw_g == dw_w || (dw_g && dw_w && strcmp(dw_g, dw_w) == 0))) {                \
			dw_test_failures++;                                                        \
			printf("%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,      \
			       dw_g ? dw_g : "(null)", dw_w ? dw_w : "(null)");                    \
		}                                                                                  \
	} while (0)

#define DW_CHECK_INT(got, want)                                                                    \
	do {                                                                                       \
		long long dw_g = (long long)(got), dw_w = (long long)(want);                       \
		if (dw_g != dw_w) {                                                                \
			dw_test_failures++;                                                        \
			printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, dw_g,    \
			       dw_w);                                                              \
		}                                                                                  \
	} while (0)

/* For the loops that wait for a fact. */
static inline void dw_test_nap(unsigned ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

/*
 * What others bring about must come true within two minutes: a busy machine, or a kernel that takes namespaces down,
 * keeps a process from its turn for many seconds.
 */
#define DW_CHECK_SOON(expr)                                                                        \
	do {                                                                                       \
		unsigned dw_naps = 0;                                                              \
		while (!(expr)) {                                                                  \
			if (++dw_naps > 24000) {                                                   \
				dw_test_failures++;                                                \
				printf("%s:%d: did not become true: %s\n", __FILE__, __LINE__,     \
				       #expr);                                                     \
				break;                                                             \
			}                                                                          \
			dw_test_nap(5);                                                            \
		}                                                                                  \
	} while (0)

/* Runs all tests, and says how it went. Exit status. */
static inline int dw_test_run(void)
{
	int passed = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct dw_test *t = dw_test_first; t; t = t->next) {
		dw_test_failures = 0;
		t->run();
		if (dw_test_failures)
			printf("FAILED %s\n", t->name), failed++;
		else
			passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed ? 1 : 0;
}

#define DW_TEST_MAIN                                                                               \
	int main(void)                                                                             \
	{                                                                                          \
		return dw_test_run();                                                              \
	}

/* Directory of the tests in the source tree: files that tests read lie below it. */
#ifdef DW_TESTS_DIR
#define DW_TEST_PATH(relative) DW_TESTS_DIR "/" relative
#endif

#endif
