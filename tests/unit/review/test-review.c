/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What review is without a terminal: rows, list, marks, keys, layout, diff. */
#include "diff.h"
#include "dw_test.h"
#include "keys.h"
#include "layout.h"
#include "list.h"
#include "rows.h"

static struct doorward_row row(const char *where, const char *behind, const char *verdict,
			       const char *service, const char *starter, unsigned port)
{
	static char doors[64][64];
	static size_t n;
	char *door = doors[n++ % 64];

	(void)snprintf(door, sizeof(doors[0]), "%s%s", where, behind);
	return (struct doorward_row){ .door = door,
				      .where = where,
				      .behind = behind,
				      .verdict = verdict,
				      .service = service,
				      .program = service,
				      .user = "root",
				      .starter = starter,
				      .reach = "any",
				      .why = "because",
				      .netns = "host",
				      .port = port };
}

static void fill(struct review_list *l, const struct doorward_row *rows, size_t n)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct review_doors doors = review_rows_join(rows, n, a);

	review_list_fill(l, &doors);
}

static struct review_list *some_list(void)
{
	const struct doorward_row rows[] = {
		row("0.0.0.0", ":22/tcp", "keep", "ssh", "ssh.service", 22),
		row("[::]", ":22/tcp", "keep", "ssh", "ssh.service", 22),
		row("0.0.0.0", ":23/tcp", "close", "telnet", "inetd.service", 23),
		row("0.0.0.0", ":79/tcp", "close", "finger", "inetd.service", 79),
		row("127.0.0.1", ":631/tcp", "ask", "cups", "cups.socket", 631),
		row("0.0.0.0", ":31337/tcp", "investigate", "-", "by hand", 31337),
	};
	struct review_list *l = review_list_new();

	fill(l, rows, DW_ARRAY_SIZE(rows));
	return l;
}

/* The doors in the order of the lines, a head as "[name n]". */
static const char *lines(const struct review_list *l, struct dw_arena *a)
{
	struct dw_str s = { .arena = a };

	dw_str_add(&s, "");
	for (size_t i = 0; i < review_list_lines(l); i++) {
		struct review_line line = review_list_line(l, i);

		if (line.head)
			dw_str_addf(&s, "[%s %zu] ", line.head, line.n);
		else
			dw_str_addf(&s, "%s ", review_list_door(l, line.door)->texts[REVIEW_DOOR]);
	}
	return s.s;
}

static const char *selected(const struct review_list *l)
{
	const struct review_door *d = review_list_selected(l);

	return d ? d->texts[REVIEW_DOOR] : NULL;
}

DW_TEST(two_families_are_one_row)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct doorward_row rows[] = { row("[::]", ":22/tcp", "keep", "ssh", "x", 22),
				       row("0.0.0.0", ":22/tcp", "keep", "ssh", "x", 22),
				       row("[::1]", ":631/tcp", "keep", "cups", "x", 631),
				       row("127.0.0.1", ":631/tcp", "close", "cups", "x", 631) };
	const struct review_doors d = review_rows_join(rows, DW_ARRAY_SIZE(rows), a);
	size_t doors = 0, both = 0;

	for (size_t i = 0; i < d.n; i++) {
		doors += d.v[i].n_doors;
		both += dw_streq(d.v[i].texts[REVIEW_DOOR], "*:22/tcp");
		/* what differs in the verdict is never one row, and no two rows have one key */
		for (size_t k = 0; k < i; k++)
			DW_CHECK(!dw_streq(d.v[i].key, d.v[k].key));
	}
	DW_CHECK_INT(d.n, 3);
	DW_CHECK_INT(doors, 4);
	DW_CHECK_INT(both, 1);
}

DW_TEST(urgent_first_and_other_orders)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct review_list *l = some_list();

	DW_CHECK_STR(lines(l, a),
		     "0.0.0.0:31337/tcp 0.0.0.0:23/tcp 0.0.0.0:79/tcp 127.0.0.1:631/tcp *:22/tcp ");
	review_list_sort(l, REVIEW_PORT);
	DW_CHECK_STR(lines(l, a),
		     "*:22/tcp 0.0.0.0:23/tcp 0.0.0.0:79/tcp 127.0.0.1:631/tcp 0.0.0.0:31337/tcp ");
	review_list_sort(l, REVIEW_SERVICE);
	DW_CHECK_STR(lines(l, a),
		     "0.0.0.0:31337/tcp 127.0.0.1:631/tcp 0.0.0.0:79/tcp *:22/tcp 0.0.0.0:23/tcp ");
	review_list_sort(l, REVIEW_STARTED_BY);
	DW_CHECK_STR(lines(l, a),
		     "0.0.0.0:31337/tcp 127.0.0.1:631/tcp 0.0.0.0:23/tcp 0.0.0.0:79/tcp *:22/tcp ");
	review_list_sort(l, REVIEW_URGENCY);
	review_list_group(l, REVIEW_BY_UNIT);
	DW_CHECK_STR(
		lines(l, a),
		"[by hand 1] 0.0.0.0:31337/tcp [inetd.service 2] 0.0.0.0:23/tcp 0.0.0.0:79/tcp "
		"[cups.socket 1] 127.0.0.1:631/tcp [ssh.service 1] *:22/tcp ");
	review_list_free(l);
}

DW_TEST(each_word_of_the_filter_must_be_there)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct review_list *l = some_list();

	review_list_filter(l, "INETD close");
	DW_CHECK_STR(lines(l, a), "0.0.0.0:23/tcp 0.0.0.0:79/tcp ");
	review_list_filter(l, "inetd fing");
	DW_CHECK_STR(lines(l, a), "0.0.0.0:79/tcp ");
	DW_CHECK_STR(selected(l), "0.0.0.0:79/tcp");
	review_list_filter(l, "inetd ssh");
	DW_CHECK_INT(review_list_lines(l), 0);
	DW_CHECK_STR(selected(l), NULL);
	review_list_mark(l, REVIEW_CLOSE); /* nothing is selected: nothing is marked */
	DW_CHECK_INT(review_list_marks(l), 0);
	review_list_filter(l, "");
	DW_CHECK_INT(review_list_shown(l), 5);
	DW_CHECK(selected(l) != NULL);
	review_list_free(l);
}

DW_TEST(moving_goes_over_heads)
{
	struct review_list *l = some_list();

	review_list_group(l, REVIEW_BY_UNIT);
	review_list_go(l, 0);
	DW_CHECK_STR(selected(l), "0.0.0.0:31337/tcp");
	review_list_move(l, 1);
	DW_CHECK_STR(selected(l), "0.0.0.0:23/tcp");
	review_list_move(l, -1);
	DW_CHECK_STR(selected(l), "0.0.0.0:31337/tcp");
	review_list_move(l, -1);
	DW_CHECK_STR(selected(l), "0.0.0.0:31337/tcp");
	review_list_move(l, 1000);
	DW_CHECK_STR(selected(l), "*:22/tcp");
	review_list_move(l, 1);
	DW_CHECK_STR(selected(l), "*:22/tcp");
	review_list_move(l, -1000);
	DW_CHECK_STR(selected(l), "0.0.0.0:31337/tcp");
	DW_CHECK_INT(review_list_top(l, 3), 0); /* its group's head is seen too */
	review_list_go(l, 1000);
	DW_CHECK_INT(review_list_top(l, 3), review_list_lines(l) - 3);
	review_list_free(l);
}

DW_TEST(a_new_look_keeps_selection_and_marks)
{
	struct review_list *l = some_list();
	const struct doorward_row now[] = {
		row("0.0.0.0", ":4444/tcp", "investigate", "-", "by hand", 4444),
		row("0.0.0.0", ":22/tcp", "keep", "ssh", "ssh.service", 22),
		row("[::]", ":22/tcp", "keep", "ssh", "ssh.service", 22),
		row("0.0.0.0", ":79/tcp", "keep", "finger", "other.service", 79),
		row("127.0.0.1", ":631/tcp", "ask", "cups", "cups.socket", 631),
	};

	review_list_go(l, 2);
	review_list_mark(l, REVIEW_KEEP);
	review_list_go(l, 1);
	review_list_mark(l, REVIEW_CLOSE);
	review_list_go(l, 2);
	fill(l, now, DW_ARRAY_SIZE(now));
	/* it has another verdict, starter and place now; it is the same door */
	DW_CHECK_STR(selected(l), "0.0.0.0:79/tcp");
	DW_CHECK_INT(review_list_marked(l, review_list_selected(l)), REVIEW_KEEP);
	DW_CHECK(!review_list_is_new(l, review_list_selected(l)));
	/* the mark of a door that is gone does not count, and is there again with it */
	DW_CHECK_INT(review_list_marks(l), 1);
	review_list_go(l, 0);
	DW_CHECK_STR(selected(l), "0.0.0.0:4444/tcp");
	DW_CHECK(review_list_is_new(l, review_list_selected(l)));
	/* the selected one goes: the selection stays where it was */
	fill(l, now + 1, DW_ARRAY_SIZE(now) - 1);
	DW_CHECK_INT(review_list_cursor(l), 0);
	DW_CHECK(selected(l) != NULL);
	fill(l, now, 0);
	DW_CHECK_STR(selected(l), NULL);
	review_list_free(l);
}

/* What sleeps and does not tell its port is known by what opens it alone. */
DW_TEST(doors_without_a_port_are_not_taken_for_each_other)
{
	struct review_list *l = review_list_new();
	const struct doorward_row rows[] = {
		row("?", "", "close", "ftp", "vsftpd.service", 0),
		row("?", "", "ask", "memcached", "memcached.service", 0),
		row("?", "", "ask", "-", "ranged.service", 0),
	};

	fill(l, rows, DW_ARRAY_SIZE(rows));
	review_list_filter(l, "memcached");
	review_list_mark(l, REVIEW_CLOSE);
	review_list_filter(l, "");
	fill(l, rows + 1, DW_ARRAY_SIZE(rows) - 1);
	for (size_t i = 0; i < review_list_count(l); i++) {
		const struct review_door *d = review_list_door(l, i);

		DW_CHECK_INT(review_list_marked(l, d),
			     dw_streq(d->texts[REVIEW_SERVICE_OF], "memcached") ? REVIEW_CLOSE
										: REVIEW_UNMARKED);
	}
	DW_CHECK_INT(review_list_marks(l), 1);
	review_list_free(l);
}

DW_TEST(marks_go_round)
{
	struct review_list *l = some_list();
	static const struct {
		enum review_mark press, then;
	} steps[] = {
		{ REVIEW_KEEP, REVIEW_KEEP },    { REVIEW_LAN, REVIEW_LAN },
		{ REVIEW_LAN, REVIEW_LOOPBACK }, { REVIEW_LAN, REVIEW_UNMARKED },
		{ REVIEW_CLOSE, REVIEW_CLOSE },  { REVIEW_CLOSE, REVIEW_UNMARKED },
		{ REVIEW_ASK, REVIEW_ASK },      { REVIEW_KEEP, REVIEW_KEEP },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(steps); i++) {
		review_list_mark(l, steps[i].press);
		DW_CHECK_INT(review_list_marked(l, review_list_selected(l)), steps[i].then);
	}
	review_list_unmark_all(l);
	DW_CHECK_INT(review_list_marks(l), 0);
	review_list_free(l);
}

DW_TEST(keys_mean_what_their_place_says)
{
	char *help = review_keys_help();

	DW_CHECK_INT(review_key_action('k', REVIEW_IN_LIST), REVIEW_MARK_KEEP);
	DW_CHECK_INT(review_key_action('k', REVIEW_IN_TRIAL), REVIEW_CONFIRM);
	DW_CHECK_INT(review_key_action('y', REVIEW_IN_LIST), REVIEW_NOTHING);
	DW_CHECK_INT(review_key_action('y', REVIEW_IN_PLAN), REVIEW_APPLY);
	DW_CHECK_INT(review_key_action('y', REVIEW_IN_PAGE), REVIEW_NOTHING);
	/* Enter, pressed once too often, never changes anything */
	for (unsigned place = 1; place <= REVIEW_IN_UNDO; place <<= 1) {
		enum review_action a = review_key_action(REVIEW_KEY_ENTER, place);

		DW_CHECK(a == REVIEW_OPEN || a == REVIEW_BACK || a == REVIEW_NOTHING);
	}
	/* no two meanings of one key in one place; each key that does something in the list is in the help */
	for (const struct review_binding *b = review_bindings; b->action; b++)
		for (const struct review_binding *c = review_bindings; c < b; c++)
			for (size_t i = 0; i < 9; i++)
				DW_CHECK(!(b->places & c->places) || !b->keys[i / 3] ||
					 b->keys[i / 3] != c->keys[i % 3]);
	for (const struct review_binding *b = review_bindings; b->action; b++)
		if (b->help)
			DW_CHECK(strstr(help, b->help));
	free(help);
}

DW_TEST(columns_have_room_at_each_width)
{
	struct review_list *l = some_list();

	for (int columns = REVIEW_COLUMNS_MIN; columns <= 300; columns++) {
		struct review_columns c = review_columns_of(l, columns);
		int total = REVIEW_LEAD + REVIEW_MARK_WIDTH;

		for (size_t t = 0; t < REVIEW_TEXT_COUNT; t++)
			total += c.widths[t] ? c.widths[t] + REVIEW_GAP : 0;
		DW_CHECK(total <= columns);
		/* what tells a door from another is never left out, and here never cut */
		DW_CHECK(c.widths[REVIEW_DOOR] >= 17);
		DW_CHECK(c.widths[REVIEW_VERDICT] == 11);
		DW_CHECK(c.widths[REVIEW_STARTER] > 0);
	}
	DW_CHECK_INT(review_columns_of(l, 60).widths[REVIEW_USER], 0);
	DW_CHECK(review_columns_of(l, 160).widths[REVIEW_WHY] > 0);
	review_list_free(l);
}

DW_TEST(panes_fit_the_screen)
{
	struct review_panes p;

	DW_CHECK(!review_panes_of(REVIEW_ROWS_MIN - 1, 80, &p));
	DW_CHECK(!review_panes_of(24, REVIEW_COLUMNS_MIN - 1, &p));
	for (int rows = REVIEW_ROWS_MIN; rows <= 100; rows += 7)
		for (int columns = REVIEW_COLUMNS_MIN; columns <= 300; columns += 13) {
			DW_CHECK(review_panes_of(rows, columns, &p));
			DW_CHECK(p.list.y + p.list.rows <= p.message &&
				 p.story.y + p.story.rows <= p.message);
			DW_CHECK(p.story.x + p.story.columns <= columns && p.list.rows >= 4 &&
				 p.story.rows >= 4);
			DW_CHECK(p.beside ? p.list.columns < p.story.x
					  : p.list.y + p.list.rows <= p.story_head);
		}
}

DW_TEST(long_lines_are_wrapped_and_keep_their_indent)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings s =
		review_wrap("short\n\n  one two three four\nwordwithoutanyblank\n", 10, a);

	DW_CHECK_INT(s.n, 7);
	DW_CHECK_STR(s.v[0], "short");
	DW_CHECK_STR(s.v[1], "");
	DW_CHECK_STR(s.v[2], "  one two");
	DW_CHECK_STR(s.v[3], "  three");
	DW_CHECK_STR(s.v[4], "  four");
	DW_CHECK_STR(s.v[5], "wordwithou");
	DW_CHECK_STR(s.v[6], "tanyblank");
	for (size_t i = 0; i < s.n; i++)
		DW_CHECK(dw_display_width(s.v[i]) <= 10);
}

DW_TEST(what_stands_behind_a_word_goes_on_below_itself)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_strings s = review_wrap("  k   keep it for whom it is open now\n  a  b\n"
						"  thelongestword  of all the words\n",
						24, a);

	DW_CHECK_INT(s.n, 5);
	DW_CHECK_STR(s.v[0], "  k   keep it for whom");
	DW_CHECK_STR(s.v[1], "      it is open now");
	DW_CHECK_STR(s.v[2], "  a  b");
	DW_CHECK_STR(s.v[3], "  thelongestword  of all");
	DW_CHECK_STR(s.v[4], "  the words");
}

DW_TEST(a_wrapped_line_of_a_diff_keeps_its_sign)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_strings s = review_wrap_diff(
		"@@ line 1 @@\n-keep ssh because yes\n+  close x y z telnet\n same\n+\n", 14, a);
	static const char *const want[] = { "@@ line 1 @@",   "-keep ssh",
					    "-    because",   "-    yes",
					    "+  close x y z", "+      telnet",
					    " same",          "+" };

	DW_CHECK_INT(s.n, DW_ARRAY_SIZE(want));
	for (size_t i = 0; i < s.n && i < DW_ARRAY_SIZE(want); i++) {
		DW_CHECK_STR(s.v[i], want[i]);
		DW_CHECK(dw_display_width(s.v[i]) <= 14);
	}
}

DW_TEST(what_differs_is_shown)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str out = { .arena = a }, fresh = { .arena = a }, same = { .arena = a };

	DW_CHECK(review_diff("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\ng\n", &out));
	DW_CHECK_STR(out.s, "@@ line 1 @@\n a\n b\n c\n-d\n+X\n e\n f\n+g\n");
	DW_CHECK(review_diff(NULL, "a\x1b[31m\tb\n", &fresh));
	DW_CHECK_STR(fresh.s, "@@ line 1 @@\n+a\\x1b[31m b\n");
	DW_CHECK(!review_diff("a\nb\n", "a\nb\n", &same));
}

DW_TEST_MAIN
