/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits of files: which bytes change, and that nothing else does. */
#include <stdio.h>
#include <sys/wait.h>

#include "dw_state.h"
#include "dw_test.h"
#include "levers.h"

static struct dw_bytes bytes(struct dw_arena *a, const char *s)
{
	return (struct dw_bytes){ .data = dw_arena_strdup(a, s), .n = strlen(s) };
}

static const char *applied(struct dw_arena *a, const char *text, const struct dw_edits *edits)
{
	struct dw_bytes b = bytes(a, text), ret = { 0 };

	return dw_edits_apply(a, &b, edits->v, edits->n, &ret, NULL) ? ret.data : NULL;
}

static const char *shell(struct dw_arena *a, const char *text, unsigned line)
{
	struct dw_bytes b = bytes(a, text);
	struct dw_edits edits = { 0 };

	return dw_levers_comment_shell(a, &b, line, &edits) ? applied(a, text, &edits) : NULL;
}

static const char *xinetd(struct dw_arena *a, const char *text, unsigned line)
{
	struct dw_bytes b = bytes(a, text);
	struct dw_edits edits = { 0 };

	return dw_levers_disable_block(a, &b, line, &edits) ? applied(a, text, &edits) : NULL;
}

static const char *comment(struct dw_arena *a, const char *text, unsigned line, const char *mark)
{
	struct dw_bytes b = bytes(a, text);
	struct dw_edit edit;

	if (!dw_levers_comment(a, &b, line, mark, &edit))
		return NULL;
	return applied(a, text, &(struct dw_edits){ .v = &edit, .n = 1 });
}

DW_TEST(lines_of_tables)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(comment(a, "a\nb\nc\n", 2, "#"), "a\n#b\nc\n");
	DW_CHECK_STR(comment(a, "a\nb", 2, "#<off># "), "a\n#<off># b");
	DW_CHECK_STR(comment(a, "a\r\nb\r\n", 1, "#"), "#a\r\nb\r\n");
	DW_CHECK_STR(comment(a, "#a\n", 1, "#"), NULL);
	DW_CHECK_STR(comment(a, "a\n \t\n", 2, "#"), NULL);
	DW_CHECK_STR(comment(a, "a\n", 2, "#"), NULL);
	DW_CHECK_STR(comment(a, "", 1, "#"), NULL);
	dw_arena_free(a);
}

DW_TEST(edits_must_fit)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_edit v[2] = { { .line = 1, .fresh = "new" },
				{ .line = 1, .old = "a", .fresh = NULL } };
	struct dw_edits edits = { .v = v, .n = 2 };

	DW_CHECK_STR(applied(a, "a\nb\n", &edits), "new\nb\n");
	v[1].old = "x";
	DW_CHECK_STR(applied(a, "a\nb\n", &edits), NULL);
	v[1] = (struct dw_edit){ .line = 9, .old = "a" };
	DW_CHECK_STR(applied(a, "a\nb\n", &edits), NULL);
	v[0] = (struct dw_edit){ .line = 3, .fresh = "last" };
	edits.n = 1;
	DW_CHECK_STR(applied(a, "a\nb\n", &edits), "a\nb\nlast\n");
	DW_CHECK_STR(applied(a, "a\nb", &edits), "a\nb\nlast\n");
	v[0].line = 1;
	DW_CHECK_STR(applied(a, "", &edits), "last\n");
	dw_arena_free(a);
}

DW_TEST(shell_commands)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(shell(a, "#!/bin/sh\n/opt/d &\nexit 0\n", 2),
		     "#!/bin/sh\n#/opt/d &\nexit 0\n");
	DW_CHECK_STR(shell(a, "/opt/d \\\n  -p 1\nexit 0\n", 1), "#/opt/d \\\n#  -p 1\nexit 0\n");
	/* the only command of a branch: without it sh(1) would refuse the script */
	DW_CHECK_STR(shell(a, "if true; then\n\t/opt/d &\nfi\n", 2),
		     "if true; then\n: #\t/opt/d &\nfi\n");
	DW_CHECK_STR(shell(a, "for i in 1; do\n\t# x\n\t/opt/d\ndone\n", 3),
		     "for i in 1; do\n\t# x\n: #\t/opt/d\ndone\n");
	DW_CHECK_STR(shell(a, "test -x /opt/d &&\n/opt/d\n", 2), "test -x /opt/d &&\n: #/opt/d\n");
	/* begun and ended on the line: one command */
	DW_CHECK_STR(shell(a, "( cd /x && ./d & )\nexit 0\n", 1), "#( cd /x && ./d & )\nexit 0\n");
	DW_CHECK_STR(shell(a, "(sleep 9; echo \"(\"; /opt/d $(cat x)) &\n", 1),
		     "#(sleep 9; echo \"(\"; /opt/d $(cat x)) &\n");
	DW_CHECK_STR(shell(a, "if [ -x /opt/d ]; then /opt/d & fi\n", 1),
		     "#if [ -x /opt/d ]; then /opt/d & fi\n");
	DW_CHECK_STR(shell(a, "for i in 1 2; do /opt/d $i; done\n", 1),
		     "#for i in 1 2; do /opt/d $i; done\n");
	/* what would take the script apart is left to people */
	DW_CHECK_STR(shell(a, "(cd /x; /opt/d\n)\n", 1), NULL);
	DW_CHECK_STR(shell(a, "if true; then /opt/d; for i in 1; do\ntrue; done; fi\n", 1), NULL);
	DW_CHECK_STR(shell(a, "if /opt/d; then true\nelse\ntrue; fi\n", 1), NULL);
	DW_CHECK_STR(shell(a, "fi; /opt/d\n", 1), NULL);
	DW_CHECK_STR(shell(a, "(/opt/d) ||\nexit\n", 1), NULL);
	DW_CHECK_STR(shell(a, "if /opt/d; then\necho\nfi\n", 1), NULL);
	DW_CHECK_STR(shell(a, "/opt/d 'a\nb'\n", 1), NULL);
	DW_CHECK_STR(shell(a, "/opt/d <<E\nE\n", 1), NULL);
	DW_CHECK_STR(shell(a, "/opt/d ||\nexit\n", 1), NULL);
	DW_CHECK_STR(shell(a, "a \\\n/opt/d\n", 2), NULL);
	DW_CHECK_STR(shell(a, "# /opt/d\n", 1), NULL);
	dw_arena_free(a);
}

/* What sh(1) itself says of the scripts that come out. */
DW_TEST(scripts_still_parse)
{
	static const struct {
		const char *text;
		unsigned line;
	} scripts[] = {
		{ "if true; then\n/opt/d &\nfi\n", 2 },
		{ "if true; then\n:\nelse\n/opt/d\nfi\n", 4 },
		{ "while false; do\n/opt/d\ndone\n", 2 },
		{ "f() {\n/opt/d\n}\n", 2 },
		{ "(\n/opt/d\n)\n", 2 },
		{ "true &&\n/opt/d\n", 2 },
		{ "if true; then\n(/opt/d) &\nfi\n", 2 },
		{ "true &&\nif true; then /opt/d; fi\n", 2 },
		{ "true |\n/opt/d -a \\\n -b\n", 2 },
		{ "case x in\nx)\n/opt/d\n;;\nesac\n", 3 },
		{ "/opt/d\n", 1 },
	};
	struct dw_arena *a = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(scripts); i++) {
		const char *out = shell(a, scripts[i].text, scripts[i].line);
		char path[] = "/tmp/dw-levers-XXXXXX";
		int fd = mkstemp(path), status = -1;
		pid_t pid;

		DW_CHECK(out != NULL);
		if (!out || fd < 0 || write(fd, out, strlen(out)) < 0)
			continue;
		pid = fork();
		if (pid == 0) {
			execl("/bin/sh", "sh", "-n", path, (char *)NULL);
			_exit(127);
		}
		(void)waitpid(pid, &status, 0);
		if (status)
			printf("%s", out);
		DW_CHECK_INT(status, 0);
		(void)close(fd);
		(void)unlink(path);
	}
	dw_arena_free(a);
}

DW_TEST(xinetd_blocks)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(xinetd(a, "service a\n{\n\tdisable\t\t= no\n\tport = 1\n}\n", 1),
		     "service a\n{\n\tdisable\t\t= yes\n\tport = 1\n}\n");
	DW_CHECK_STR(xinetd(a, "# x\nservice a\n{\n    port = 1\n}\nservice b\n{\n}\n", 2),
		     "# x\nservice a\n{\n    disable = yes\n    port = 1\n}\nservice b\n{\n}\n");
	DW_CHECK_STR(xinetd(a, "service b\n{\n}\n", 1), "service b\n{\n\tdisable = yes\n}\n");
	/* the first counts, so each is changed */
	DW_CHECK_STR(xinetd(a, "service a\n{\ndisable = no\ndisable = no\n}\n", 1),
		     "service a\n{\ndisable = yes\ndisable = yes\n}\n");
	DW_CHECK_STR(xinetd(a, "service a\n{\n# disable = no\nport = 1\n}\n", 1),
		     "service a\n{\ndisable = yes\n# disable = no\nport = 1\n}\n");
	DW_CHECK_STR(xinetd(a, "service a\n{\ndisable = yes\n}\n", 1), NULL);
	DW_CHECK_STR(xinetd(a, "service a\n{\nport = 1\n", 1), NULL);
	DW_CHECK_STR(xinetd(a, "service a\nport = 1\n}\n", 1), NULL);
	DW_CHECK_STR(xinetd(a, "defaults\n{\n}\n", 1), NULL);
	dw_arena_free(a);
}

DW_TEST(words)
{
	struct dw_arena *a = dw_arena_new();
	const char *file;
	unsigned line;

	DW_CHECK_STR(dw_levers_quote(a, "it's"), "'it'\\''s'");
	DW_CHECK_STR(dw_levers_quote(a, "a\nb"), "$'a\\x0ab'");
	DW_CHECK_STR(dw_levers_operand(a, "-x"), "-- -x");
	DW_CHECK(dw_levers_source(a, "/etc/a:b:12", &file, &line));
	DW_CHECK_STR(file, "/etc/a:b");
	DW_CHECK_INT(line, 12);
	DW_CHECK(!dw_levers_source(a, "/etc/a", &file, &line));
	DW_CHECK_STR(file, "/etc/a");
	DW_CHECK(!dw_levers_source(a, NULL, &file, &line));
	DW_CHECK_STR(file, NULL);
	dw_arena_free(a);
}

static const char *override_of(struct dw_arena *a, const char *text, const char *path,
			       unsigned lines)
{
	struct dw_bytes b = bytes(a, text);
	unsigned n = 77;
	const char *found = dw_levers_override(a, &b, path, &n);

	DW_CHECK_INT(n, lines);
	return found;
}

/* The path is all that is behind the third word, blanks in it too. */
DW_TEST(lines_of_statoverride)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = "root mail 2755 /usr/bin/x\n#12 root 644 /opt/a b\nroot root 755 /b";

	DW_CHECK_STR(override_of(a, text, "/usr/bin/x", 3), "root mail 2755 /usr/bin/x");
	DW_CHECK_STR(override_of(a, text, "/opt/a b", 3), "#12 root 644 /opt/a b");
	DW_CHECK_STR(override_of(a, text, "/b", 3), "root root 755 /b");
	DW_CHECK_STR(override_of(a, text, "b", 3), NULL);
	DW_CHECK_STR(override_of(a, text, "/opt/a", 3), NULL);
	DW_CHECK_STR(override_of(a, "root root /b\n", "/b", 1), NULL);
	DW_CHECK_STR(override_of(a, "", "/b", 0), NULL);
}

DW_TEST_MAIN
