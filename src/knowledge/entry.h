/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of keys, and reading a map by one; private to src/knowledge. */
#ifndef DW_KNOWLEDGE_ENTRY_H
#define DW_KNOWLEDGE_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "dw_knowledge_read.h"
#include "dw_vec.h"
#include "tree.h"

/* Reading one file. */
struct reading {
	struct dw_arena *arena;
	const char *file;
	dw_knowledge_complain *complain;
	void *data;
	unsigned complaints;
	const char *entry; /* name of the entry that is being read; NULL: not known yet */
	const char *key;   /* that is being read */
};

/* A key of a map, and the member that it fills. A table of them ends with key NULL. */
struct field {
	const char *key;
	/* Writes what the value says to *at. false: it was complained of. */
	bool (*read)(struct reading *r, const struct dw_yaml *value, void *at);
	size_t offset;
	bool required;
	const void *absent; /* pointer members: what stands there when the key is not given */
};

extern const char *const dw_no_strings[1];
extern const struct dw_service_port dw_no_ports[1];
extern const struct dw_service_bind dw_no_binds[1];

/* Complains; returns false. */
bool dw_entry_wrong(struct reading *r, unsigned line, const char *fmt, ...) dw_printf_like(3, 4);
/* So much was complained of that no more will be told. */
bool dw_entry_told_enough(const struct reading *r);
/* The same of a word that is none of the names (ended by NULL): a near one is told, and what is expected. */
bool dw_entry_unknown(struct reading *r, unsigned line, const char *what, const char *word,
		      const char *const *names);
/* All members of the map by the table. false: something was complained of. */
bool dw_entry_read(struct reading *r, const struct dw_yaml *map, const struct field *fields, void *object);

/* --- what a value may be --------------------------------------------------------------------------- */

bool dw_value_line(struct reading *r, const struct dw_yaml *v, void *at);    /* text of one line: const char * */
bool dw_value_lines(struct reading *r, const struct dw_yaml *v, void *at);   /* of several lines */
bool dw_value_name(struct reading *r, const struct dw_yaml *v, void *at);    /* [a-z0-9][a-z0-9.+-]* */
bool dw_value_texts(struct reading *r, const struct dw_yaml *v, void *at);   /* list: const char *const * */
bool dw_value_words(struct reading *r, const struct dw_yaml *v, void *at);   /* list; no blank, no slash */
bool dw_value_names(struct reading *r, const struct dw_yaml *v, void *at);
bool dw_value_programs(struct reading *r, const struct dw_yaml *v, void *at); /* list; * at the end */
bool dw_value_commands(struct reading *r, const struct dw_yaml *v, void *at); /* list of pieces */
bool dw_value_ports(struct reading *r, const struct dw_yaml *v, void *at);    /* list: struct dw_service_port * */
bool dw_value_paths(struct reading *r, const struct dw_yaml *v, void *at);    /* list; absolute */
bool dw_value_binds(struct reading *r, const struct dw_yaml *v, void *at);    /* bind.c */
bool dw_value_reach(struct reading *r, const struct dw_yaml *v, void *at);
/* A list of at most DW_LIST_MAX; the members are counted into *ret_n. */
bool dw_value_is_list(struct reading *r, const struct dw_yaml *v, size_t *ret_n);

/* A list of maps, each read by the table into a struct of that size; one more, all zero, ends it. */
bool dw_value_maps(struct reading *r, const struct dw_yaml *v, const struct field *fields, size_t size,
		   void *at);
/* Index of the text among the names; SIZE_MAX: it was complained of. */
size_t dw_value_index(struct reading *r, const struct dw_yaml *v, const char *what,
		      const char *const *names);

#define DW_LIST_MAX 256

#define AT(type, member) .offset = offsetof(struct type, member)
#define REQUIRED	 .required = true
#define STRINGS		 .absent = dw_no_strings

/* --- entries ---------------------------------------------------------------------------------------- */

extern const struct field dw_service_fields[], dw_role_fields[], dw_release_fields[];

/* A profile (profile.c). false: it was complained of. */
bool dw_profile_read(struct reading *r, const struct dw_yaml *map, struct dw_profile *ret);
/* Those of the base that none of one's own replaces, and one's own. */
void dw_profiles_merge(struct dw_arena *a, const struct dw_profile *own, size_t n_own,
		       const struct dw_knowledge *base, struct dw_knowledge *k);

/* Tools (tools.c), as profiles. */
bool dw_tools_read(struct reading *r, const struct dw_yaml *map, struct dw_tools *ret);
void dw_tools_merge(struct dw_arena *a, const struct dw_tools *own, size_t n_own,
		    const struct dw_knowledge *base, struct dw_knowledge *k);

/* What several fields say together. */
bool dw_service_agrees(struct reading *r, const struct dw_yaml *map, const struct dw_service *s);

#endif
