/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the members of kernel structs lie, from the types that the running kernel shows in BTF: see
 * Documentation/bpf/btf.rst of the kernel. The file is the kernel's own; what does not fit is not followed all the
 * same.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf_private.h"
#include "dw_bpf_fields.h"
#include "dw_str.h"

#define BTF_DIR     "/sys/kernel/btf"
#define BTF_MAX     ((size_t)256 * 1024 * 1024)
#define DEPTH_MAX   16 /* of structs in structs */
#define NAMES_MAX   128
#define SAME_MAX    4 /* structs of one name */
#define SLOTS       256U
#define STRIDE      64U
#define NAME_PREFIX 8 /* bytes of a name that its slot is made of */

/* Modules whose structs the program reads. */
static const char *const modules[] = {
	"vsock", "smc", "bluetooth", "rfcomm", "mptcp", "af_packet"
};
_Static_assert(DW_ARRAY_SIZE(modules) == DW_BPF_MODULES,
	       "each has a place in struct dw_bpf_kernel");

enum kind { NEED, MAY, BIT, SIZE, NUMBER, FUNCTION };

static const struct field {
	enum kind kind;
	const char *type, *member;
} fields[DW_K_COUNT] = {
#define DW_BPF_FIELD(id, kind, type, member) { kind, type, member },
	DW_BPF_FIELDS(DW_BPF_FIELD)
#undef DW_BPF_FIELD
};

/* The types of the kernel, or those that a module adds to them (then base is the kernel's). */
struct btf {
	const struct btf *base;
	void *map; /* of the whole file; NULL: text is in the arena */
	size_t n_map;
	const char *strings;
	uint32_t n_strings, first_string; /* a module counts on where the kernel ends */
	const char *types;
	uint32_t n_types, first; /* first: number of the first type of its own */
	uint32_t *at;            /* offset of each STRIDEth type of its own */
};

struct wanted {
	const char *name;
	bool function; /* else: a struct */
	uint32_t ids[SAME_MAX];
	unsigned n;
};

struct search {
	struct wanted names[NAMES_MAX];
	uint8_t slots[SLOTS]; /* 1: a name that is wanted may be here */
	size_t n;
};

/* Bytes behind the head of a type: so many, and so many for each member. Kinds that came later have none. */
static const struct {
	uint8_t once, each;
} behind[BTF_INFO_KIND(~0U) + 1] = {
	[BTF_KIND_INT] = { sizeof(uint32_t), 0 },
	[BTF_KIND_VAR] = { sizeof(struct btf_var), 0 },
	[BTF_KIND_DECL_TAG] = { sizeof(struct btf_decl_tag), 0 },
	[BTF_KIND_ARRAY] = { sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT] = { 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { 0, sizeof(struct btf_enum) },
	[BTF_KIND_ENUM64] = { 0, sizeof(struct btf_enum64) },
	[BTF_KIND_FUNC_PROTO] = { 0, sizeof(struct btf_param) },
	[BTF_KIND_DATASEC] = { 0, sizeof(struct btf_var_secinfo) },
};

static size_t size_of(const struct btf_type *t)
{
	unsigned kind = BTF_INFO_KIND(t->info);

	return sizeof(*t) + behind[kind].once + (size_t)BTF_INFO_VLEN(t->info) * behind[kind].each;
}

static const char *text_at(const struct btf *b, uint32_t offset)
{
	while (b->base && offset < b->first_string)
		b = b->base;
	offset -= b->first_string;
	return offset < b->n_strings ? b->strings + offset : "";
}

static const struct btf_type *type_at(const struct btf *b, uint32_t id)
{
	size_t at;

	while (b->base && id < b->first)
		b = b->base;
	id -= b->first;
	/* type 0 is void, and stands nowhere */
	if (id >= b->n_types || (!b->base && id == 0))
		return NULL;
	at = b->at[id / STRIDE];
	for (unsigned n = id % STRIDE - (!b->base && id < STRIDE); n > 0; n--)
		at += size_of((const struct btf_type *)(const void *)(b->types + at));
	return (const struct btf_type *)(const void *)(b->types + at);
}

static bool is_struct(const struct btf_type *t)
{
	return t && (BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT ||
		     BTF_INFO_KIND(t->info) == BTF_KIND_UNION);
}

/* --- reading --------------------------------------------------------------------------------------- */

static const char *map_file(const char *name, struct dw_arena *a, struct btf *b, size_t *ret)
{
	char path[64];
	struct dw_bytes text = { 0 };
	_cleanup_fd_ int fd = -1;
	struct stat st;

	(void)snprintf(path, sizeof(path), BTF_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
		return NULL;
	*ret = (size_t)st.st_size;
	b->map = mmap(NULL, *ret, PROT_READ, MAP_PRIVATE, fd, 0); /* since 6.16 */
	if (b->map != MAP_FAILED) {
		b->n_map = *ret;
		return b->map;
	}
	b->map = NULL;
	if (dw_fd_read_all(fd, BTF_MAX, a, &text) < 0)
		return NULL;
	*ret = text.n;
	return text.data;
}

/* A slot for the beginning of a name: nearly all names are told apart by it. */
static unsigned slot_of(const char *name, size_t left)
{
	char prefix[NAME_PREFIX] = { 0 };
	uint64_t v;

	for (size_t i = 0; i < sizeof(prefix) && i < left && name[i]; i++)
		prefix[i] = name[i];
	memcpy(&v, prefix, sizeof(v));
	return (unsigned)(v * 0x9e3779b97f4a7c15U >> 56);
}

static bool is_wanted_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT || BTF_INFO_KIND(t->info) == BTF_KIND_FUNC;
}

static void note_name(struct search *s, const struct btf *b, const struct btf_type *t, uint32_t id)
{
	const char *name = text_at(b, t->name_off);
	bool function = BTF_INFO_KIND(t->info) == BTF_KIND_FUNC;

	if (!s->slots[slot_of(name, NAME_PREFIX)])
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->names[i].n < SAME_MAX && s->names[i].function == function &&
		    dw_streq(s->names[i].name, name))
			s->names[i].ids[s->names[i].n++] = id;
}

static int index_types(struct search *s, struct btf *b, size_t size, struct dw_arena *a)
{
	uint32_t own = b->base ? 0 : 1; /* number within this file; of the kernel, 0 is void */

	b->at = dw_arena_array(a, size / sizeof(struct btf_type) / STRIDE + 2, sizeof(*b->at));
	for (size_t at = 0; size - at >= sizeof(struct btf_type); own++) {
		const struct btf_type *t = (const struct btf_type *)(const void *)(b->types + at);

		if (size_of(t) > size - at)
			return -EIO;
		if (own % STRIDE == 0)
			b->at[own / STRIDE] = (uint32_t)at;
		if (is_wanted_kind(t) && t->name_off)
			note_name(s, b, t, b->first + own);
		at += size_of(t);
	}
	b->n_types = own;
	return 0;
}

static int open_btf(const char *name, const struct btf *base, struct search *s, struct dw_arena *a,
		    struct btf *b)
{
	struct btf_header h;
	size_t size = 0;
	const char *text = map_file(name, a, b, &size);

	if (!text)
		return -ENOENT;
	if (size < sizeof(h))
		return -EIO;
	memcpy(&h, text, sizeof(h));
	if (h.magic != BTF_MAGIC || h.hdr_len > size || h.type_off > size - h.hdr_len ||
	    h.type_len > size - h.hdr_len - h.type_off || h.str_off > size - h.hdr_len ||
	    h.str_len > size - h.hdr_len - h.str_off || h.str_len == 0 ||
	    text[h.hdr_len + h.str_off + h.str_len - 1] != '\0')
		return -EIO;
	b->base = base;
	b->first = base ? base->first + base->n_types : 0;
	b->first_string = base ? base->first_string + base->n_strings : 0;
	b->strings = text + h.hdr_len + h.str_off;
	b->n_strings = h.str_len;
	b->types = text + h.hdr_len + h.type_off;
	return index_types(s, b, h.type_len, a);
}

static void close_btf(struct btf *b)
{
	if (b->map)
		(void)munmap(b->map, b->n_map);
	b->map = NULL;
}

/* --- members --------------------------------------------------------------------------------------- */

static const struct btf_type *behind_names(const struct btf *b, uint32_t id)
{
	const struct btf_type *t = type_at(b, id);

	for (unsigned i = 0; t && i < DEPTH_MAX; i++) {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			t = type_at(b, t->type);
			continue;
		default:
			return t;
		}
	}
	return t;
}

static bool find_member(const struct btf *b, const struct btf_type *t, const char *path,
			unsigned depth, uint32_t *bits)
{
	const struct btf_member *m = (const struct btf_member *)(const void *)(t + 1);
	size_t n = strcspn(path, ".");

	if (depth == DEPTH_MAX)
		return false;
	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		const char *name = text_at(b, m[i].name_off);
		const struct btf_type *inner;
		uint32_t at =
			BTF_INFO_KFLAG(t->info) ? BTF_MEMBER_BIT_OFFSET(m[i].offset) : m[i].offset;

		/* the type is looked for only where it matters: it takes longer than the name */
		if (*name && (strncmp(name, path, n) != 0 || name[n]))
			continue;
		inner = behind_names(b, m[i].type);
		if (*name) {
			*bits += at;
			if (!path[n])
				return true;
			if (is_struct(inner) &&
			    find_member(b, inner, path + n + 1, depth + 1, bits))
				return true;
			*bits -= at;
			return false;
		}
		/* a struct without a name: its members are ours */
		*bits += at;
		if (is_struct(inner) && find_member(b, inner, path, depth + 1, bits))
			return true;
		*bits -= at;
	}
	return false;
}

static bool find_field(const struct btf *b, const struct field *f, const struct wanted *w,
		       uint32_t *ret)
{
	for (unsigned i = 0; i < w->n; i++) {
		const struct btf_type *t = type_at(b, w->ids[i]);
		uint32_t bits = 0;

		if (f->kind == SIZE) {
			*ret = t->size;
			return true;
		}
		/* those of a module are counted on from the kernel's, in each module alike */
		if (f->kind == NUMBER || f->kind == FUNCTION) {
			if (b->base)
				return false;
			*ret = w->ids[i];
			return true;
		}
		if (!find_member(b, t, f->member, 0, &bits))
			continue;
		*ret = f->kind == BIT ? bits : bits / 8;
		return true;
	}
	return false;
}

static void want_names(struct search *s, const uint32_t *at)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < DW_K_COUNT; i++) {
		bool known = s->n > 0 && dw_streq(s->names[s->n - 1].name, fields[i].type);

		if (at[i] != DW_BPF_ABSENT || known || s->n == NAMES_MAX)
			continue;
		s->names[s->n].name = fields[i].type;
		s->names[s->n++].function = fields[i].kind == FUNCTION;
		s->slots[slot_of(fields[i].type, NAME_PREFIX)] = 1;
	}
}

static void find_all(const struct btf *b, const struct search *s, uint32_t *at)
{
	for (size_t i = 0; i < DW_K_COUNT; i++)
		for (size_t k = 0; at[i] == DW_BPF_ABSENT && k < s->n; k++)
			if (dw_streq(s->names[k].name, fields[i].type))
				(void)find_field(b, &fields[i], &s->names[k], &at[i]);
}

static void ask_modules(const struct btf *kernel, struct search *s, struct dw_arena *a,
			uint32_t *at)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(modules); i++) {
		struct btf module = { 0 };

		want_names(s, at);
		if (open_btf(modules[i], kernel, s, a, &module) == 0)
			find_all(&module, s, at);
		close_btf(&module);
	}
}

int dw_bpf_fields_find(uint32_t *at, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct search *s = dw_new(a, struct search);
	struct btf kernel = { 0 };
	int r;

	memset(at, 0xff, DW_K_COUNT * sizeof(*at));
	want_names(s, at);
	r = open_btf("vmlinux", NULL, s, a, &kernel);
	if (r == 0) {
		find_all(&kernel, s, at);
		ask_modules(&kernel, s, a, at);
	}
	close_btf(&kernel);
	if (r < 0)
		return dw_error_set(e, -ENOTSUP,
				    "the kernel does not show its types (" BTF_DIR ")");
	for (size_t i = 0; i < DW_K_COUNT; i++)
		if (at[i] == DW_BPF_ABSENT && (fields[i].kind == NEED || fields[i].kind == SIZE))
			return dw_error_set(e, -ENOTSUP, "struct %s of this kernel has no %s",
					    fields[i].type, fields[i].member);
	return 0;
}

const char *dw_bpf_module_name(unsigned i)
{
	return modules[i];
}

/* Of the names of all members: a table that was made for others is of no use. */
uint64_t dw_bpf_fields_sum(void)
{
	uint64_t v = 0xcbf29ce484222325U; /* FNV-1a */

	for (size_t i = 0; i < DW_K_COUNT; i++) {
		const char *texts[] = { fields[i].type, fields[i].member };

		for (size_t k = 0; k < DW_ARRAY_SIZE(texts); k++)
			for (const char *c = texts[k]; c && *c; c++)
				v = (v ^ (unsigned char)*c) * 0x100000001b3U;
		v = (v ^ (unsigned)fields[i].kind) * 0x100000001b3U;
	}
	return v;
}

/* One bit for each module that the table may depend on. */
unsigned dw_bpf_modules(void)
{
	unsigned present = 0;
	char path[64];

	for (unsigned i = 0; i < DW_ARRAY_SIZE(modules); i++) {
		(void)snprintf(path, sizeof(path), BTF_DIR "/%s", modules[i]);
		if (access(path, F_OK) == 0)
			present |= 1U << i;
	}
	return present;
}
