/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marks of doors become statements: where they stand, what they name, what stays. */
#include "dw_policy_mark.h"
#include "dw_policy_match.h"
#include "dw_str.h"
#include "dw_test.h"
#include "mock-knowledge.h"
#include "mock.h"

struct marked_host {
	struct dw_arena *a;
	struct dw_audit *audit;
	struct dw_draft_door *doors;
	enum dw_marked *marks;
	size_t n;
	struct dw_strings notes;
};

static struct marked_host host_new(void)
{
	struct marked_host h = { .a = dw_arena_new(), .audit = dw_mock_audit("host") };
	const struct dw_findings *f = h.audit->findings;

	h.n = f->n;
	h.doors = dw_arena_array(h.a, h.n, sizeof(*h.doors));
	h.marks = dw_arena_array(h.a, h.n, sizeof(*h.marks));
	for (size_t i = 0; i < h.n; i++)
		h.doors[i] = (struct dw_draft_door){ .door = f->v[i].door,
						     .service = f->v[i].identity.service };
	return h;
}

static void host_free(struct marked_host *h)
{
	dw_mock_free(h->audit);
	dw_arena_free(h->a);
}

static void mark_port(struct marked_host *h, uint32_t port, enum dw_marked as)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->doors[i].door->at.has_port && h->doors[i].door->at.port == port)
			h->marks[i] = as;
}

static const char *marked(struct marked_host *h, const char *text)
{
	struct dw_policy_problems problems = { 0 };
	struct dw_marking m = { .doors = h->doors,
				.marks = h->marks,
				.n = h->n,
				.knowledge = &mock_knowledge,
				.host = "db1",
				.time = 1769860800,
				.text = { .name = "policy" } };

	if (text) {
		m.text.bytes =
			(struct dw_bytes){ .data = dw_arena_strdup(h->a, text), .n = strlen(text) };
		m.policy = dw_policy_read(h->a, &m.text, NULL, &mock_knowledge, &problems);
		DW_CHECK(m.policy);
	}
	return dw_policy_mark(h->a, &m, &problems, &h->notes);
}

/* The line of the text that has the word, without its remark. */
static const char *line_with(struct marked_host *h, const char *text, const char *word)
{
	const char *at = text ? strstr(text, word) : NULL, *from = at;

	while (from && from > text && from[-1] != '\n')
		from--;
	return from ? dw_arena_strndup(h->a, from, strcspn(from, "\n")) : "no such line";
}

DW_TEST(a_new_policy_is_begun)
{
	struct marked_host h = host_new();
	const char *text;

	mark_port(&h, 23, DW_MARKED_CLOSE);
	mark_port(&h, 22, DW_MARKED_LAN);
	text = marked(&h, NULL);
	DW_CHECK(text && strstr(text, "default ask\n"));
	DW_CHECK(dw_starts_with(line_with(&h, text, "telnet"), "close telnet  # "));
	DW_CHECK(dw_starts_with(line_with(&h, text, "sshd"), "keep ssh from lan  # "));
	/* both families are one statement */
	DW_CHECK(text && !strstr(strstr(text, "keep ssh") + 1, "keep ssh"));
	DW_CHECK_INT(h.notes.n, 0);
	host_free(&h);
}

DW_TEST(comments_and_other_lines_stay)
{
	struct marked_host h = host_new();

	mark_port(&h, 23, DW_MARKED_CLOSE);
	DW_CHECK(dw_starts_with(
		marked(&h, "# mine\n\ndefault close\nkeep ssh from lan # admin\n"),
		"# mine\n\ndefault close\nkeep ssh from lan # admin\nclose telnet  # "));
	host_free(&h);
}

DW_TEST(the_statement_that_decided_gives_way)
{
	struct marked_host h = host_new();
	const char *text;

	mark_port(&h, 22, DW_MARKED_CLOSE);
	text = marked(&h, "keep ssh from lan because \"admin\"  # ask Anna\nkeep 5432/tcp\n");
	DW_CHECK(dw_starts_with(text, "close ssh  # "));
	DW_CHECK_STR(line_with(&h, text, "Anna"),
		     "# was: keep ssh from lan because \"admin\"  # ask Anna");
	DW_CHECK(text && dw_ends_with(text, "\nkeep 5432/tcp\n"));
	/* once more, with another mark: what a marking wrote leaves no trace, what a person wrote stays */
	mark_port(&h, 22, DW_MARKED_LOOPBACK);
	text = marked(&h, text);
	DW_CHECK(dw_starts_with(text, "keep ssh on loopback  # "));
	DW_CHECK(text && !strstr(text, "close ssh"));
	DW_CHECK(text && strstr(text, "ask Anna"));
	host_free(&h);
}

/* "keep ssh telnet" names a door that was not marked: it stays, and the new statement stands in front of it. */
DW_TEST(others_of_a_statement_are_left)
{
	struct marked_host h = host_new();
	const char *text;

	mark_port(&h, 23, DW_MARKED_CLOSE);
	text = marked(&h, "default ask\nkeep ssh \\\n  telnet\n");
	DW_CHECK(dw_starts_with(text, "default ask\nclose telnet  # "));
	DW_CHECK(text && dw_ends_with(text, "\nkeep ssh \\\n  telnet\n"));
	host_free(&h);
}

DW_TEST(joined_lines_go_together)
{
	struct marked_host h = host_new();
	const char *text;

	mark_port(&h, 23, DW_MARKED_CLOSE);
	text = marked(&h, "keep telnet \\\n  from lan\nkeep ssh # x \\\nkeep cups\n");
	DW_CHECK(dw_starts_with(text, "close telnet  # "));
	DW_CHECK(text &&
		 dw_ends_with(
			 text,
			 "\n# was: keep telnet \n# was:   from lan\nkeep ssh # x \\\nkeep cups\n"));
	host_free(&h);
}

DW_TEST(ask_takes_a_statement_away)
{
	struct marked_host h = host_new();

	mark_port(&h, 23, DW_MARKED_ASK);
	DW_CHECK_STR(marked(&h, "default ask\nkeep telnet\n"), "default ask\n# was: keep telnet\n");
	DW_CHECK_INT(h.notes.n, 0);
	DW_CHECK_STR(marked(&h, "keep telnet ssh\n"), "keep telnet ssh\n");
	DW_CHECK(h.notes.n == 1 && strstr(h.notes.v[0], "names other doors too"));
	h.notes.n = 0;
	(void)marked(&h, "default close\n");
	DW_CHECK(h.notes.n == 1 && strstr(h.notes.v[0], "default close"));
	host_free(&h);
}

/* All doors of a service but one: the service's name would name that one too, so the port does. */
DW_TEST(a_name_is_as_narrow_as_the_marks)
{
	struct marked_host h = host_new();
	const char *text;
	size_t ssh = 0;

	for (size_t i = 0; i < h.n; i++)
		if (h.doors[i].service && dw_streq(h.doors[i].service->name, "ssh"))
			ssh = i;
	mark_port(&h, 23, DW_MARKED_CLOSE);
	for (size_t i = 0; i < h.n; i++)
		if (h.marks[i] == DW_MARKED_CLOSE)
			h.doors[i].service = h.doors[ssh].service;
	text = marked(&h, NULL);
	DW_CHECK(dw_starts_with(line_with(&h, text, "23/tcp"), "close 23/tcp  # "));
	DW_CHECK(text && !strstr(text, "close ssh"));
	host_free(&h);
}

DW_TEST(each_mark_decides_about_its_door)
{
	struct marked_host h = host_new();
	struct dw_policy_problems problems = { 0 };
	struct dw_policy_text t = { .name = "policy" };
	const struct dw_policy *p;
	const char *text;

	for (size_t i = 0; i < h.n; i++)
		if (h.doors[i].door->at.has_port && h.doors[i].door->at.protocol == DW_PROTOCOL_TCP)
			h.marks[i] =
				h.doors[i].door->at.port % 2 ? DW_MARKED_CLOSE : DW_MARKED_KEEP;
	text = marked(&h, "default ask\nkeep 1-65535/tcp\n");
	DW_CHECK(text);
	DW_CHECK_INT(h.notes.n, 0);
	t.bytes = (struct dw_bytes){ .data = (char *)text, .n = text ? strlen(text) : 0 };
	p = dw_policy_read(h.a, &t, NULL, &mock_knowledge, &problems);
	DW_CHECK(p);
	for (size_t i = 0; p && i < h.n; i++) {
		const struct dw_statement *s =
			dw_policy_match(p, NULL, h.doors[i].door, h.doors[i].service,
					&mock_knowledge, 1769860800, NULL);

		if (h.marks[i] != DW_MARKED_NOT)
			DW_CHECK(s &&
				 (s->action == DW_POLICY_CLOSE) == (h.marks[i] == DW_MARKED_CLOSE));
	}
	host_free(&h);
}

DW_TEST_MAIN
