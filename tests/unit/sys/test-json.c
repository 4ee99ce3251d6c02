/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_json.h"
#include "dw_test.h"

DW_TEST(documents_are_written_whole)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct dw_json *j = dw_json_new(out, false);

	dw_json_object(j, NULL);
	dw_json_string(j, "s", "a\"\x1b\n");
	dw_json_string(j, "bytes",
		       "\xff"
		       "x\xc3\xa9");
	dw_json_string(j, "none", NULL);
	dw_json_uint(j, "n", UINT64_MAX);
	dw_json_array(j, "list");
	dw_json_bool(j, NULL, true);
	dw_json_end_array(j);
	dw_json_end_object(j);
	DW_CHECK_INT(dw_json_close(j, NULL), 0);
	fclose(out);
	DW_CHECK_STR(text,
		     "{\"s\":\"a\\\"\\u001B\\n\",\"bytes\":\"\\\\xffx\xc3\xa9\",\"none\":null,"
		     "\"n\":18446744073709551615,\"list\":[true]}");
	free(text);
}

/* What RFC 8259, section 7, wants of a byte of ASCII. */
static void escaped(char c, char *to, size_t n)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *at = strchr(named, c);

	if (c < 0x20 && (!at || (at - named) % 2))
		snprintf(to, n, "\\u%04X", c);
	else if (at && (at - named) % 2 == 0)
		snprintf(to, n, "\\%c", at[1]);
	else
		snprintf(to, n, "%c", c);
}

/* Wherever in a string the byte stands: stretches are looked through by eight. */
DW_TEST(every_byte_is_escaped_everywhere)
{
	struct dw_json *j = dw_json_new_members();
	char *kept = NULL;
	size_t n = 0;

	for (int c = 1; c < 128; c++)
		for (int at = 0; at < 18; at++) {
			char text[] = "abcdefghijklmnopqr", how[8], want[64];
			FILE *out = open_memstream(&kept, &n);
			struct dw_json *whole = dw_json_new(out, false);

			text[at] = (char)c;
			escaped((char)c, how, sizeof(how));
			snprintf(want, sizeof(want), "[\"%.*s%s%s\"]", at, text, how,
				 text + at + 1);
			dw_json_empty_members(j);
			dw_json_string(j, NULL, text);
			dw_json_array(whole, NULL);
			dw_json_put_members(whole, j);
			dw_json_end_array(whole);
			DW_CHECK_INT(dw_json_close(whole, NULL), 0);
			fclose(out);
			DW_CHECK_STR(kept, want);
			free(kept);
		}
	dw_json_free_members(j);
}

DW_TEST(members_written_apart_come_in_line)
{
	struct dw_json *none = dw_json_new_members(), *some = dw_json_new_members();
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct dw_json *j = dw_json_new(out, false);

	for (unsigned i = 0; i < 20000; i++)
		dw_json_uint(some, NULL, i % 10);
	dw_json_empty_members(some);
	dw_json_object(some, NULL);
	dw_json_null(some, "a");
	dw_json_end_object(some);
	dw_json_uint(some, NULL, 10);
	dw_json_array(j, NULL);
	dw_json_put_members(j, none);
	dw_json_put_members(j, some);
	dw_json_put_members(j, none);
	dw_json_put_members(j, some);
	dw_json_end_array(j);
	DW_CHECK_INT(dw_json_close(j, NULL), 0);
	fclose(out);
	DW_CHECK_STR(text, "[{\"a\":null},10,{\"a\":null},10]");
	free(text);
	dw_json_free_members(none);
	dw_json_free_members(some);
	dw_json_free_members(NULL);
}

DW_TEST(indented_documents_are_for_people)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct dw_json *j = dw_json_new(out, true);

	dw_json_object(j, NULL);
	dw_json_array(j, "none");
	dw_json_end_array(j);
	dw_json_array(j, "some");
	dw_json_uint(j, NULL, 0);
	dw_json_string(j, NULL, "");
	dw_json_end_array(j);
	dw_json_end_object(j);
	DW_CHECK_INT(dw_json_close(j, NULL), 0);
	fclose(out);
	DW_CHECK_STR(text, "{\n  \"none\": [\n\n  ],\n  \"some\": [\n    0,\n    \"\"\n  ]\n}\n");
	free(text);
}

DW_TEST(a_full_disk_is_an_error)
{
	FILE *out = fopen("/dev/full", "w");
	struct dw_json *j = dw_json_new(out, false);
	struct dw_error e = { 0 };

	dw_json_object(j, NULL);
	dw_json_end_object(j);
	DW_CHECK(dw_json_close(j, &e) < 0);
	DW_CHECK(e.message[0] != '\0');
	fclose(out);
}

DW_TEST(an_open_document_is_an_error)
{
	FILE *out = fopen("/dev/null", "w");
	struct dw_json *j = dw_json_new(out, false);

	dw_json_object(j, NULL);
	DW_CHECK(dw_json_close(j, NULL) < 0);
	fclose(out);
}

DW_TEST(documents_are_read)
{
	static const char text[] = "{\"a\":{\"b\":[1,\"x\",true]},\"n\":-5}";
	struct dw_json_value *v = NULL;
	const struct dw_json_value *list;
	const char *key = "";
	int64_t n = 0;

	DW_CHECK_INT(dw_json_parse(text, strlen(text), &v, NULL), 0);
	list = dw_json_get(v, "a", "b", NULL);
	DW_CHECK_INT(dw_json_count(list), 3);
	DW_CHECK_STR(dw_json_text(dw_json_at(list, 1, &key)), "x");
	DW_CHECK(key == NULL);
	DW_CHECK(dw_json_true(dw_json_at(list, 2, NULL)));
	DW_CHECK(dw_json_number(dw_json_get(v, "n", NULL), &n) && n == -5);
	DW_CHECK(dw_json_get(v, "a", "c", NULL) == NULL);
	DW_CHECK(dw_json_get(v, "n", "c", NULL) == NULL);
	dw_json_at(v, 1, &key);
	DW_CHECK_STR(key, "n");
	dw_json_free(v);
}

DW_TEST(what_is_no_document_is_refused)
{
	struct dw_json_value *v = NULL;
	struct dw_error e = { 0 };
	char deep[200];

	DW_CHECK(dw_json_parse("{\"a\":", 5, &v, &e) < 0);
	DW_CHECK(e.message[0] != '\0');
	DW_CHECK(dw_json_parse("\0{}", 3, &v, &e) < 0);
	memset(deep, '[', sizeof(deep));
	DW_CHECK(dw_json_parse(deep, sizeof(deep), &v, &e) < 0);
}

DW_TEST_MAIN
