/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch-lines DOORWARD N PAUSE [DIRECTORY]: what a user of `doorward watch` waits for. Opens N doors of TCP that were
 * never there before, PAUSE microseconds between, each open until HELD others were opened; prints how many were told,
 * p50, p99, p99.9 and the worst of the microseconds from the return of listen(2) to the judged line being read, and the
 * processor time that watching a door took. UDP is left out: such doors are told later, for they may be clients'. The
 * watch keeps its notes in DIRECTORY (/tmp): one in memory tells how much of it is the disk's.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORTS 9000  /* doors of one address, below the ports that the kernel chooses */
#define FIRST 20000 /* port */
#define HELD  200
#define LINES ((size_t)1 << 20)
#define QUIET 10000000000ULL /* nanoseconds */

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static int open_door(unsigned long i, uint64_t *ret_at)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)(FIRST + i % PORTS)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl((uint32_t)(0x7f070001 + (i / PORTS << 8)));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0) {
		perror("bind, listen");
		_exit(1);
	}
	*ret_at = now();
	return fd;
}

static void open_doors(unsigned long n, unsigned pause, uint64_t *opened)
{
	static int held[HELD];

	for (unsigned long i = 0; i < n; i++) {
		if (i >= HELD)
			(void)close(held[i % HELD]);
		held[i % HELD] = open_door(i, &opened[i]);
		if (pause)
			(void)usleep(pause);
	}
	(void)sleep(3); /* what is told late is told of doors that are open */
	_exit(0);
}

/* The number of the door that a line tells of; -1: of none of ours, or that it shut. */
static long door_of(const char *line)
{
	const char *door = strstr(line, "\"door\":{"), *address, *port;
	unsigned which;

	if (strstr(line, "\"event\":\"shut\"") || !door)
		return -1;
	address = strstr(door, "\"address\":\"127.7.");
	port = strstr(door, "\"port\":");
	if (!address || !port)
		return -1;
	which = (unsigned)strtoul(address + strlen("\"address\":\"127.7."), NULL, 10);
	return (long)(which * PORTS + strtoul(port + strlen("\"port\":"), NULL, 10) - FIRST);
}

static size_t take_lines(char *text, size_t size, uint64_t *heard, unsigned long n, size_t *told)
{
	uint64_t at = now();
	char *line = text, *end;

	while ((end = memchr(line, '\n', (size_t)(text + size - line)))) {
		long i;

		*end = '\0';
		i = door_of(line);
		if (i >= 0 && (unsigned long)i < n && !heard[i]) {
			heard[i] = at;
			(*told)++;
		}
		line = end + 1;
	}
	memmove(text, line, (size_t)(text + size - line));
	return (size_t)(text + size - line);
}

/* Until all were told, or nothing came for 10 seconds. */
static size_t hear(int fd, uint64_t *heard, unsigned long n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *text = malloc(LINES);
	size_t size = 0, told = 0, before;
	uint64_t end = now() + QUIET;

	while (text && told < n && now() < end && poll(&p, 1, 10000) > 0) {
		ssize_t r = read(fd, text + size, LINES - size);

		if (r <= 0)
			break;
		before = told;
		size = take_lines(text, size + (size_t)r, heard, n, &told);
		end = told > before ? now() + QUIET : end;
	}
	free(text);
	return told;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print(const uint64_t *opened, const uint64_t *heard, unsigned long n, size_t told,
		  double cpu_us)
{
	int64_t *v = calloc(told + 1, sizeof(*v));
	size_t k = 0;

	for (unsigned long i = 0; v && i < n; i++)
		if (heard[i])
			v[k++] = (int64_t)(heard[i] - opened[i]);
	if (!v || k == 0)
		return;
	qsort(v, k, sizeof(*v), by_size);
	printf("told %zu of %lu; p50 %.0f p99 %.0f p99.9 %.0f worst %.0f us; %.0f us of processor "
	       "a door\n",
	       told, n, (double)v[k / 2] / 1e3, (double)v[k * 99 / 100] / 1e3,
	       (double)v[k * 999 / 1000] / 1e3, (double)v[k - 1] / 1e3, cpu_us / (double)k);
	free(v);
}

/* Its lines come from *ret_lines; it has said that it is ready. */
static pid_t watch(const char *program, const char *state, int *ret_lines)
{
	int lines[2], words[2];
	char said[4096] = "";
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	if (pipe2(lines, O_CLOEXEC) < 0 || pipe2(words, O_CLOEXEC) < 0)
		return -1;
	(void)fcntl(lines[1], F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (pid == 0) {
		(void)dup2(lines[1], STDOUT_FILENO);
		(void)dup2(words[1], STDERR_FILENO);
		(void)execl(program, program, "watch", "--json", "--state", state, (char *)NULL);
		_exit(127);
	}
	(void)close(lines[1]);
	(void)close(words[1]);
	while (n < sizeof(said) - 1 && !strstr(said, "are known")) {
		r = read(words[0], said + n, sizeof(said) - 1 - n);
		if (r <= 0)
			return -1;
		n += (size_t)r;
		said[n] = '\0';
	}
	*ret_lines = lines[0];
	return pid;
}

static double processor(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return 0;
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	char state[256];
	uint64_t *opened, *heard;
	pid_t daemon, child;
	double before;
	size_t told;
	int lines;

	(void)snprintf(state, sizeof(state), "%.200s/watch-lines-XXXXXX",
		       argc > 4 ? argv[4] : "/tmp");
	if (n == 0 || !mkdtemp(state)) {
		fprintf(stderr, "usage: watch-lines DOORWARD N PAUSE [DIRECTORY]\n");
		return 1;
	}
	opened = mmap(NULL, n * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	heard = calloc(n, 8);
	daemon = watch(argv[1], state, &lines);
	if (opened == MAP_FAILED || !heard || daemon < 0)
		return 77;
	before = processor(daemon);
	child = fork();
	if (child == 0)
		open_doors(n, (unsigned)strtoul(argv[3], NULL, 10), opened);
	told = hear(lines, heard, n);
	(void)waitpid(child, NULL, 0);
	print(opened, heard, n, told, processor(daemon) - before);
	(void)close(lines);
	(void)kill(daemon, SIGTERM);
	(void)waitpid(daemon, NULL, 0);
	return told == n ? 0 : 1;
}
