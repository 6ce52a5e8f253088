/* What the client says if one of its rules 1 to 3 does not hold: whole texts,
 * since a user reads nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/rules.h"

#define NOW 1800000000

static char web1_full[] = "web1.example.com", web1[] = "web1",
	    alice[] = "alice", other[] = "m\xc3\xbcller", sshd[] = "sshd",
	    none[] = "", far[] = "192.0.2.7";
static const char *const web2[] = {"web2", "web2.example.com"};
static const char *const right[] = {"web1"};

static char hostile[] = "a'$(id)";

struct said {
	int rule;
	struct ca_intent intent;
	const char *user, *rhost; /* of the request */
	const char *text;
};

#define OTHER_HOST                                                             \
	", but the request is from web1.example.com, web1. Another host may "  \
	"be passing on the request. If it is the same host, add "
#define ON_THE_HOST                                                            \
	" to host_names in /etc/certauth/certauth.conf on that host. As a "    \
	"user, log in by a name of the request (HostName or HostKeyAlias in "  \
	"ssh's configuration, or --host of `certauth sign'), or add that "     \
	"name to trusted_hosts in the host's section of "                      \
	"~/.config/certauth/config"
#define OTHER_LOGIN                                                            \
	"rule 2, the login: you are logging in as alice, but the request is "  \
	"for m\xc3\xbcller. If that is right, "

static const struct said texts[] = {
    {1, {.host = web2, .nhosts = 2, .user = "alice", .now = NOW}, NULL, NULL,
	"rule 1, the host: you are logging in to web2, "
	"web2.example.com" OTHER_HOST "web2" ON_THE_HOST},
    {1, {.user = "alice", .now = NOW}, NULL, NULL,
	"rule 1, the host: you are logging in to (no host "
	"given)" OTHER_HOST "its name" ON_THE_HOST},
    {1, {.host = right, .nhosts = 1, .here = true, .now = NOW}, NULL, far,
	"rule 1, the host: the request is from this machine, but it is for a "
	"login over the network from 192.0.2.7, and ssh did not ask. If you "
	"log in to this machine from there, answer with `certauth sign "
	"--host'"},
    {2, {.host = right, .nhosts = 1, .user = "alice", .now = NOW}, other, NULL,
	OTHER_LOGIN "give --user, or set `user =' in "
		    "~/.config/certauth/config"},
    {2, {.host = right, .nhosts = 1, .ssh = true, .user = "alice", .now = NOW},
	other, NULL,
	OTHER_LOGIN "log in by that name (ssh -l 'm\xc3\xbcller')"},
    /* the host has chosen the login, and a user may copy the command */
    {2, {.host = right, .nhosts = 1, .ssh = true, .user = "alice", .now = NOW},
	hostile, NULL,
	"rule 2, the login: you are logging in as alice, but the request is "
	"for a'$(id). If that is right, log in by that name "
	"(ssh -l 'a'\\''$(id)')"},
    {2, {.host = right, .nhosts = 1, .here = true, .user = "alice", .now = NOW},
	other, NULL,
	OTHER_LOGIN
	"sudo asks for another user (rootpw, targetpw or runaspw in "
	"sudoers): set `user =' in ~/.config/certauth/config"},
    {3, {.host = right, .nhosts = 1, .user = "alice", .now = NOW + 421}, NULL,
	NULL,
	"rule 3, the time: by your clock, the host made the request 421 "
	"seconds ago; at most 420 seconds are allowed. Start the login "
	"again. If that does not help, compare the clock of this machine "
	"(`date -u`) with that of the host"},
    {3, {.host = right, .nhosts = 1, .user = "alice", .now = NOW - 900}, NULL,
	NULL,
	"rule 3, the time: by your clock, the host made the request 900 "
	"seconds in the future; at most 420 seconds are allowed. Start the "
	"login again. If that does not help, compare the clock of this "
	"machine (`date -u`) with that of the host"},
};

static void
rule_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct said *t = &texts[i];
		struct ca_request req = {.host_name = {web1_full, web1},
		    .nhost_names = 2,
		    .issued_at = NOW,
		    .lifetime = 120,
		    .service = sshd,
		    .user = t->user == NULL      ? alice
			    : t->user == hostile ? hostile
						 : other,
		    .rhost = t->rhost != NULL ? far : none};
		struct ca_client_conf *conf = ca_client_conf_new();
		struct ca_buf why = CA_BUF_INIT(65536);
		const struct ca_rules_case c = {
		    NULL, conf, &t->intent, &req, NULL, &why};
		int rule = 0;

		assert_non_null(conf);
		assert_int_equal(ca_rules_check(&c, &rule), CA_DENIED);
		assert_int_equal(rule, t->rule);
		assert_string_equal(ca_buf_text(&why), t->text);
		ca_buf_free(&why);
		ca_client_conf_free(conf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
