/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shell text, read and never run: words, simple commands, and what variables can be seen to hold. Private to
 * src/starters. A variable keeps every value that some line gives it (an `if` is not decided here), so an
 * expansion yields a small set of candidates; what only a running shell could know (command substitution,
 * positional parameters) yields none.
 */
#ifndef DW_STARTER_SHWORDS_H
#define DW_STARTER_SHWORDS_H

#include <stdbool.h>

#include "dw_arena.h"
#include "dw_vec.h"

#define DW_SH_VARS_MAX   256  /* variables of one script */
#define DW_SH_VALUES_MAX 8    /* candidates of one expansion, values of one variable */
#define DW_SH_VALUE_MAX  4096 /* bytes of one value: PATH_MAX, these are paths */
#define DW_SH_SPEND_MAX  ((size_t)8 * 1024 * 1024) /* then nothing more is expanded */
#define DW_SH_WORDS_MAX  64                        /* words of one command that are looked at */

struct dw_sh_var {
	const char *name;
	struct dw_strings values;
	bool tainted; /* some assignment could not be followed */
};

struct dw_sh {
	struct dw_arena *arena;
	const char *self; /* $0: path of the script */
	size_t spent; /* bytes copied for expansions: A=$A$A in a hostile script must not fill the memory */
	DW_VEC(struct dw_sh_var) vars;
};

/* One word as it stands in the text, quotes and all. */
struct dw_sh_word {
	const char *s;
	size_t n;
};

struct dw_sh_command {
	struct dw_sh_word words[DW_SH_WORDS_MAX];
	size_t n;
};

/*
 * The next simple command of a NUL-terminated logical line (backslash continuations already joined); moves
 * *p on. Redirections are dropped, a comment ends the line. false: nothing is left.
 */
bool dw_sh_next_command(const char **p, struct dw_sh_command *ret);

/* Adds a value to a variable; values == NULL or empty: it was set to something that cannot be known. */
void dw_sh_assign(struct dw_sh *sh, const char *name, const struct dw_strings *values);
/* If the word is NAME=value (or NAME+=value: tainted), assigns it and says so; *ret_var is the variable. */
bool dw_sh_try_assignment(struct dw_sh *sh, const struct dw_sh_word *w,
			  const struct dw_sh_var **ret_var, struct dw_strings *ret_values);
/* All that the word may expand to (quotes off); nothing added when it cannot be known. */
void dw_sh_expand(struct dw_sh *sh, const struct dw_sh_word *w, struct dw_strings *ret);
/* The first candidate, NULL: none. */
const char *dw_sh_expand_one(struct dw_sh *sh, const struct dw_sh_word *w);
bool dw_sh_word_is(const struct dw_sh_word *w, const char *s);

/*
 * Index of the command behind a command at w[0] that runs its arguments (exec, env, nice, chpst ...); 0: w[0]
 * is none. `command` is its base name.
 */
size_t dw_sh_skip_prefix(const char *command, const struct dw_sh_word *w, size_t n);

/* The next logical line (continuations joined) of the text, in the arena; its first physical line in *ret_line. */
struct dw_lines;
char *dw_sh_next_line(struct dw_lines *it, struct dw_arena *a, unsigned *ret_line);

#endif
