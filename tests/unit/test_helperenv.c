/* The environment of the helper has room for the variables that the verifier may
 * name, and a verifier that names more is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "channel/session.h"

#define MANY 64 /* what a message can have */

static void
ignore_log(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx, (void)level, (void)line;
}

/* Start a helper with n variables. */
static enum ca_err
start(size_t n)
{
	static const struct ca_log log = {ignore_log, NULL, false};
	const char *items[MANY];
	char text[MANY][16];
	const struct ca_channel_user user = {
	    .uid = geteuid(), .gid = getegid(), .name = "root", .home = "/"};
	const struct ca_channel_settings set = {.helper = "/usr/bin/true",
	    .helper_free = true,
	    .helper_env = items,
	    .nhelper_env = n};
	const struct ca_channel_session s = {
	    .set = &set, .log = &log, .user = &user, .timeout = 10};
	struct ca_spawn_end end;
	struct ca_spawn spawn = {-1, -1, -1, -1};

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text[i], sizeof text[i], "V%zu=x", i);
		items[i] = text[i];
	}
	enum ca_err rc = ca_helper_start(&s, &spawn);
	if (rc == CA_OK)
		ca_spawn_end(&spawn, &end);
	return rc;
}

static void
test_room(void **state)
{
	(void)state;
	assert_int_equal(start(0), CA_OK);
	assert_int_equal(start(CA_HELPER_ENV_MAX), CA_OK);
	assert_int_equal(start(CA_HELPER_ENV_MAX + 1), CA_ERR_LIMIT);
	assert_int_equal(start(MANY), CA_ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
