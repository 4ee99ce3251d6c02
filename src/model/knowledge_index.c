/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names lie in the order of buckets of their hash, services beside them: an answer is mostly a
 * part of the array of services and costs no memory. Ports are sorted. Everything else (ranges of
 * ports, beginnings, pieces of command lines) is few and walked through.
 */
#include "dw_knowledge_index.h"

#include <stdio.h>

#include "dw_str.h"
#include "knowledge_pieces.h"

#define NAME_MAX_BYTES 256 /* of a unit or file name, see systemd.unit(5) and NAME_MAX */

struct name {
	const char *text; /* not terminated where n says so: NAME* */
	uint32_t n, hash;
	const struct dw_service *service;
};

/* Services of equal names lie side by side, and those of one bucket. */
struct table {
	struct name *names;
	const struct dw_service **services;
	size_t n;
	uint32_t *
		starts; /* of each bucket, and the end; NULL: sorted by length, the longest first */
	uint32_t mask;
};

struct port {
	enum dw_protocol protocol;
	uint16_t first, last;
	const struct dw_service *service;
};

struct ports {
	struct port *ports;
	const struct dw_service **services;
	size_t n;
};

struct dw_knowledge_index {
	struct dw_arena *arena;
	struct table programs, beginnings, packages, units, kernel, commands;
	struct ports single;
	struct port *ranges;
	size_t n_ranges;
	const struct dw_pieces *pieces;
	bool placing;
};

/* --- making ----------------------------------------------------------------------------------------- */

static int compare_pointers(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static int compare_texts(const struct name *x, const struct name *y)
{
	size_t n = DW_MIN(x->n, y->n);
	int c = memcmp(x->text, y->text, n);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Services are sorted by name, so that their addresses tell the order of their names. */
static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int c;

	if (x->hash != y->hash)
		return x->hash > y->hash ? 1 : -1;
	c = compare_texts(x, y);
	return c ? c : compare_pointers(x->service, y->service);
}

/* FNV-1a */
static uint32_t hash_of(const char *text, size_t n)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619U;
	return h;
}

static int compare_longest(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : compare_names(a, b);
}

static int compare_at(const struct port *x, const struct port *y)
{
	if (x->protocol != y->protocol)
		return x->protocol > y->protocol ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	int c = compare_at(x, y);

	return c ? c : compare_pointers(x->service, y->service);
}

/*
 * The services are walked through three times: how many names, how many in each bucket, and then
 * each gets its place. Fresh memory costs more than a walk.
 */
static void add(const struct dw_knowledge_index *x, struct table *t, const char *text, size_t n,
		const struct dw_service *s)
{
	uint32_t hash;
	size_t i;

	if (!t->names) {
		t->n++;
		return;
	}
	hash = hash_of(text, n);
	if (!x->placing) {
		if (t->starts)
			t->starts[(hash & t->mask) + 2]++;
		return;
	}
	i = t->starts ? t->starts[(hash & t->mask) + 1]++ : t->n++;
	t->names[i] = (struct name){ .text = text, .n = (uint32_t)n, .hash = hash, .service = s };
}

static void add_all(const struct dw_knowledge_index *x, struct table *t, const char *const *texts,
		    const struct dw_service *s)
{
	for (; *texts; texts++)
		add(x, t, *texts, strlen(*texts), s);
}

static void add_port(struct dw_knowledge_index *x, const struct dw_service_port *p,
		     const struct dw_service *s)
{
	struct port one = { p->protocol, p->first, p->last, s };

	if (p->first == p->last) {
		if (x->single.ports)
			x->single.ports[x->single.n] = one;
		x->single.n++;
	} else {
		if (x->ranges)
			x->ranges[x->n_ranges] = one;
		x->n_ranges++;
	}
}

static void add_service(struct dw_knowledge_index *x, const struct dw_service *s)
{
	for (const char *const *p = s->programs; *p; p++) {
		size_t n = strlen(*p);

		if (n > 0 && (*p)[n - 1] == '*')
			add(x, &x->beginnings, *p, n - 1, s);
		else
			add(x, &x->programs, *p, n, s);
	}
	add_all(x, &x->packages, s->packages, s);
	add_all(x, &x->units, s->units, s);
	add_all(x, &x->kernel, s->kernel, s);
	add_all(x, &x->commands, s->commands, s);
	for (const struct dw_service_port *p = s->ports; p->protocol != DW_PROTOCOL_UNKNOWN; p++)
		add_port(x, p, s);
}

/* Behind the first walk. */
static void make_room(struct dw_arena *a, struct table *t)
{
	t->names = dw_arena_array(a, t->n, sizeof(*t->names));
	t->services = dw_arena_array(a, t->n, sizeof(*t->services));
}

static void make_buckets(struct dw_arena *a, struct table *t)
{
	size_t buckets = 1;

	make_room(a, t);
	while (buckets < t->n)
		buckets *= 2;
	t->mask = (uint32_t)buckets - 1;
	t->starts = dw_arena_array(a, buckets + 2, sizeof(*t->starts));
}

/*
 * Counted two places on, summed up one on: placing the names makes of each bucket's start its
 * end, the next one's start.
 */
static void sum_buckets(struct table *t)
{
	for (size_t i = 2; i <= (size_t)t->mask + 1; i++)
		t->starts[i] += t->starts[i - 1];
}

static void sort_longest(struct table *t)
{
	if (t->n > 1)
		qsort(t->names, t->n, sizeof(*t->names), compare_longest);
	for (size_t i = 0; i < t->n; i++)
		t->services[i] = t->names[i].service;
}

/*
 * Buckets hold a name or two: this is quicker than sorting all. Where one holds many, somebody
 * wrote the names for it.
 */
static void sort_bucket(struct name *names, size_t n)
{
	if (n > 16) {
		qsort(names, n, sizeof(*names), compare_names);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct name one = names[i];
		size_t k = i;

		for (; k > 0 && compare_names(&names[k - 1], &one) > 0; k--)
			names[k] = names[k - 1];
		names[k] = one;
	}
}

static void sort_buckets(struct table *t)
{
	for (size_t i = 0; i <= t->mask; i++)
		sort_bucket(&t->names[t->starts[i]], t->starts[i + 1] - t->starts[i]);
	for (size_t i = 0; i < t->n; i++)
		t->services[i] = t->names[i].service;
}

static void sort_ports(struct ports *p)
{
	size_t n = 0;

	if (p->n > 1)
		qsort(p->ports, p->n, sizeof(*p->ports), compare_ports);
	for (size_t i = 0; i < p->n; i++) {
		struct port one = p->ports[i];

		if (n > 0 && compare_ports(&one, &p->ports[n - 1]) == 0)
			continue;
		p->ports[n] = one;
		p->services[n++] = one.service;
	}
	p->n = n;
}

static void walk(struct dw_knowledge_index *x, const struct dw_knowledge *k)
{
	x->single.n = x->n_ranges = 0;
	for (size_t i = 0; k && i < k->n_services; i++)
		add_service(x, &k->services[i]);
}

const struct dw_knowledge_index *dw_knowledge_index_new(struct dw_arena *a,
							const struct dw_knowledge *k)
{
	struct dw_knowledge_index *x = dw_new(a, struct dw_knowledge_index);
	struct table *const named[] = { &x->programs, &x->packages, &x->units, &x->kernel },
			    *const searched[] = { &x->beginnings, &x->commands };

	x->arena = a;
	walk(x, k);
	for (size_t i = 0; i < DW_ARRAY_SIZE(named); i++)
		make_buckets(a, named[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(searched); i++) {
		make_room(a, searched[i]);
		searched[i]->n = 0;
	}
	x->single.ports = dw_arena_array(a, x->single.n, sizeof(*x->single.ports));
	x->single.services = dw_arena_array(a, x->single.n, sizeof(*x->single.services));
	x->ranges = dw_arena_array(a, x->n_ranges, sizeof(*x->ranges));
	walk(x, k);
	for (size_t i = 0; i < DW_ARRAY_SIZE(named); i++)
		sum_buckets(named[i]);
	x->placing = true;
	walk(x, k);
	for (size_t i = 0; i < DW_ARRAY_SIZE(named); i++)
		sort_buckets(named[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(searched); i++)
		sort_longest(searched[i]);
	sort_ports(&x->single);
	x->pieces = dw_pieces_new(a, k);
	return x;
}

const struct dw_knowledge_index *dw_knowledge_index_share(struct dw_arena *a,
							  const struct dw_knowledge_index *x)
{
	struct dw_knowledge_index *copy = dw_arena_memdup(a, x, sizeof(*x));

	copy->arena = a;
	return copy;
}

/* --- looking up ------------------------------------------------------------------------------------- */

static struct dw_services find(const struct table *t, const char *text, size_t length)
{
	const struct name key = { .text = text, .n = (uint32_t)length };
	uint32_t bucket = hash_of(text, length) & t->mask;
	size_t i = t->starts[bucket], end = t->starts[bucket + 1], n = 0;

	while (i < end && compare_texts(&t->names[i], &key) != 0)
		i++;
	while (i + n < end && compare_texts(&t->names[i + n], &key) == 0)
		n++;
	return (struct dw_services){ .v = n ? &t->services[i] : NULL, .n = n };
}

static struct dw_services find_beginning(const struct table *t, const char *text)
{
	size_t length = strlen(text), n = 0, i = 0;

	while (i < t->n &&
	       (t->names[i].n > length || memcmp(t->names[i].text, text, t->names[i].n) != 0))
		i++;
	while (i + n < t->n && compare_texts(&t->names[i], &t->names[i + n]) == 0)
		n++;
	return (struct dw_services){ .v = n ? &t->services[i] : NULL, .n = n };
}

struct dw_services dw_index_program(const struct dw_knowledge_index *x, const char *file_name)
{
	struct dw_services s = { 0 };

	if (!file_name)
		return s;
	s = find(&x->programs, file_name, strlen(file_name));
	return s.n ? s : find_beginning(&x->beginnings, file_name);
}

struct dw_services dw_index_package(const struct dw_knowledge_index *x, const char *name)
{
	return name ? find(&x->packages, name, strlen(name)) : (struct dw_services){ 0 };
}

struct dw_services dw_index_kernel(const struct dw_knowledge_index *x, const char *subsystem)
{
	return subsystem ? find(&x->kernel, subsystem, strlen(subsystem))
			 : (struct dw_services){ 0 };
}

struct dw_services dw_index_unit(const struct dw_knowledge_index *x, const char *name)
{
	struct dw_services s = { 0 };
	char other[NAME_MAX_BYTES + sizeof(".service")];
	const char *at, *dot;
	size_t n;

	if (!name || strlen(name) > NAME_MAX_BYTES)
		return s;
	s = find(&x->units, name, strlen(name));
	if (s.n)
		return s;
	at = strchr(name, '@');
	dot = strrchr(name, '.');
	if (at && dot && dot > at)
		n = (size_t)snprintf(other, sizeof(other), "%.*s%s", (int)(at + 1 - name), name,
				     dot);
	else
		n = (size_t)snprintf(other, sizeof(other), "%s.service", name);
	return find(&x->units, other, n);
}

/* Appends the service unless it is there already. */
static void add_once(struct dw_arena *a, struct dw_services *s, size_t *cap,
		     const struct dw_service *one)
{
	const struct dw_service **v = (const struct dw_service **)s->v;

	for (size_t i = 0; i < s->n; i++)
		if (v[i] == one)
			return;
	if (s->n == *cap) {
		size_t fresh = *cap ? *cap * 2 : 4;

		v = dw_arena_grow(a, v, *cap * sizeof(*v), fresh * sizeof(*v));
		*cap = fresh;
	}
	v[s->n++] = one;
	s->v = v;
}

struct dw_services dw_index_command(const struct dw_knowledge_index *x, const char *command)
{
	struct dw_services s = { 0 };
	size_t cap = 0;

	if (!command || !dw_pieces_may_match(x->pieces, command))
		return s;
	for (size_t i = 0; i < x->commands.n; i++)
		if (strstr(command, x->commands.names[i].text))
			add_once(x->arena, &s, &cap, x->commands.services[i]);
	return s;
}

static struct dw_services find_single(const struct ports *p, enum dw_protocol protocol,
				      uint32_t port)
{
	const struct port key = { .protocol = protocol, .first = (uint16_t)port };
	size_t low = 0, high = p->n, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_at(&p->ports[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < p->n && compare_at(&p->ports[low + n], &key) == 0)
		n++;
	return (struct dw_services){ .v = n ? &p->services[low] : NULL, .n = n };
}

struct dw_services dw_index_port(const struct dw_knowledge_index *x, enum dw_protocol protocol,
				 uint32_t port)
{
	struct dw_services s = { 0 }, all = { 0 };
	size_t cap = 0;
	bool copied = false;

	if (port == 0 || port > UINT16_MAX)
		return s;
	s = find_single(&x->single, protocol, port);
	for (size_t i = 0; i < x->n_ranges; i++) {
		const struct port *p = &x->ranges[i];

		if (p->protocol != protocol || port < p->first || port > p->last)
			continue;
		for (size_t k = 0; !copied && k < s.n; k++)
			add_once(x->arena, &all, &cap, s.v[k]);
		copied = true;
		add_once(x->arena, &all, &cap, p->service);
	}
	return copied ? all : s;
}

const struct dw_service_port *dw_service_standard_port(const struct dw_service *s,
						       enum dw_protocol protocol, uint32_t port)
{
	for (const struct dw_service_port *p = s->ports; p->protocol != DW_PROTOCOL_UNKNOWN; p++)
		if (p->protocol == protocol && port >= p->first && port <= p->last)
			return p;
	return NULL;
}
