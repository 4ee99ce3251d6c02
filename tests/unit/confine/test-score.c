/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The score: its sum, what counts for whom, and that what is not known never looks good. */
#include "dw_confine_gather.h"
#include "dw_str.h"
#include "dw_test.h"

#define ALL_CAPS UINT64_C(0x1ffffffffff)

static struct dw_confine_service bare_root(void)
{
	return (struct dw_confine_service){
		.name = "x.service",
		.unit = "x.service",
		.processes = 1,
		.details_known = true,
		.root = DW_YES,
		.user = "root",
		.capabilities = ALL_CAPS,
		.no_new_privs = DW_NO,
		.filtered = DW_NO,
		.own_files = DW_NO,
		.settings_known = true,
		.reach = DW_CONFINE_REACH_ANY,
	};
}

static bool counts(const struct dw_confine_service *s, const char *id)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (dw_streq(s->items[i].id, id))
			return true;
	return false;
}

DW_TEST(root_in_no_cage_before_any_network_is_a_hundred)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = bare_root();
	unsigned sum = 0;

	dw_confine_judge(&s, a);
	DW_CHECK_INT(s.score, 100);
	DW_CHECK(!s.partly);
	for (size_t i = 0; i < s.n_items; i++) {
		sum += s.items[i].points;
		DW_CHECK(i == 0 || s.items[i].points <= s.items[i - 1].points);
	}
	DW_CHECK_INT(sum, s.score);
	DW_CHECK(s.advice.n > 0);
}

DW_TEST(a_user_without_capabilities_cannot_write_to_etc_anyway)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = bare_root();

	s.root = DW_NO;
	s.user = "postgres";
	s.capabilities = 0;
	s.reach = DW_CONFINE_REACH_LOOPBACK;
	dw_confine_judge(&s, a);
	DW_CHECK(!counts(&s, "writes-etc") && !counts(&s, "writes-system") &&
		 !counts(&s, "devices"));
	DW_CHECK(counts(&s, "set-uid") && counts(&s, "any-system-call"));
	DW_CHECK(s.score < 30);
	DW_CHECK_INT(s.advice.n, 0);
}

DW_TEST(one_that_keeps_a_capability_over_files_can)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = bare_root();

	s.root = DW_NO;
	s.capabilities = UINT64_C(1) << 1; /* CAP_DAC_OVERRIDE */
	dw_confine_judge(&s, a);
	DW_CHECK(counts(&s, "writes-etc") && counts(&s, "file-capabilities") &&
		 !counts(&s, "root"));
}

DW_TEST(settings_take_points_away)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const struct dw_confine_setting settings[] = {
		{ "ProtectSystem", "full" },   { "ProtectHome", "read-only" },
		{ "PrivateDevices", "yes" },   { "ProtectKernelTunables", "yes" },
		{ "PrivateTmp", "yes" },       { "RestrictAddressFamilies", "AF_UNIX AF_INET" },
		{ "RestrictNamespaces", "0" }, { "MemoryDenyWriteExecute", "yes" },
	};
	struct dw_confine_service s = bare_root();

	s.settings = settings;
	s.n_settings = DW_ARRAY_SIZE(settings);
	s.no_new_privs = s.filtered = DW_YES;
	dw_confine_judge(&s, a);
	DW_CHECK_INT(s.score, 20 + 14 + 8 + 5 + 4 + 11);
}

DW_TEST(what_is_not_known_is_no_point_less_without_a_word)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = bare_root();

	s.settings_known = false;
	s.root = DW_UNKNOWN;
	s.no_new_privs = DW_UNKNOWN;
	dw_confine_judge(&s, a);
	DW_CHECK(s.partly);
	DW_CHECK(!counts(&s, "root") && !counts(&s, "set-uid"));
}

DW_TEST(no_unit_means_no_setting_that_confines)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = bare_root();

	s.unit = NULL;
	s.settings_known = false;
	dw_confine_judge(&s, a);
	DW_CHECK_INT(s.score, 100);
	DW_CHECK(!s.partly);
}

DW_TEST(the_weights_add_up)
{
	static const char *const alternatives[] = { "reached-from-some", "reached-from-loopback" };
	unsigned sum = 0, points;
	const char *id;

	for (size_t i = 0; dw_confine_weight(i, &id, &points); i++)
		sum += dw_streq(id, alternatives[0]) || dw_streq(id, alternatives[1]) ? 0 : points;
	DW_CHECK_INT(sum, 100);
}

DW_TEST_MAIN
