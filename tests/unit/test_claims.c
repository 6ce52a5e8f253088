/*
 * The uses of signed passwords that the resident parent remembers, with a small table:
 * cases, a table that is handed over or damaged, and random claims against a model.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CA_CLAIMS_MAX 64
/* the table is small, and its inside can be damaged */
#include "../../src/verifier/claims.c"

#define START 1000000U

static struct ca_claims c;

static int
open_anew(void **state)
{
	(void)state;
	return ca_claims_open(&c, -1, START) == CA_OK ? 0 : -1;
}

static int
shut(void **state)
{
	(void)state;
	if (c.table != NULL)
		(void)munmap(c.table, sizeof *c.table);
	if (c.fd >= 0)
		(void)close(c.fd);
	c = (struct ca_claims){NULL, -1, false};
	return 0;
}

/* A text with that number, of the login 1 from the host 1. */
static struct ca_claim
text(unsigned number, uint64_t issued_at)
{
	struct ca_claim claim = {.issued_at = issued_at,
	    .lifetime = 120,
	    .skew = 30,
	    .user = 1,
	    .rhost = 1};

	memcpy(claim.content, &number, sizeof number);
	return claim;
}

static struct ca_claim
window(unsigned number, uint64_t issued_at, uint32_t seconds)
{
	struct ca_claim claim = text(number, issued_at);

	claim.window = seconds;
	return claim;
}

static enum ca_reason
take(struct ca_claim claim, uint64_t now)
{
	return ca_claims_take(&c, &claim, 0, now);
}

/* ---- one text ---- */

static void
once_is_once(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 100), CA_R_OK);
	for (unsigned i = 0; i <= 150; i++)
		assert_int_equal(
		    take(text(1, START + 100), START + 100 + i), CA_R_REPLAYED);
	/* it is forgotten, and too old */
	assert_int_equal(take(text(1, START + 100), START + 100 + 151),
	    CA_R_PASSWORD_EXPIRED);
	assert_int_equal(c.table->n, 0);
	assert_int_equal(take(text(2, START + 250), START + 251), CA_R_OK);
}

/* Each byte of the content counts, and nothing else of the text does. */
static void
the_content_is_the_text(void **state)
{
	struct ca_claim claim = text(1, START + 100);

	(void)state;
	assert_int_equal(take(claim, START + 100), CA_R_OK);
	for (size_t i = 0; i < sizeof claim.content; i += 47) {
		claim = text(1, START + 100);
		claim.content[i] ^= 1;
		assert_int_equal(take(claim, START + 100), CA_R_OK);
	}
	claim = text(1, START + 100);
	claim.user = 2;
	claim.rhost = 2;
	claim.issued_at++;
	assert_int_equal(take(claim, START + 100), CA_R_REPLAYED);
	assert_int_equal(
	    ca_claims_take(&c, &claim, 99, START + 100), CA_R_REPLAYED);
}

static void
a_window_is_for_one_host_and_ends(void **state)
{
	struct ca_claim claim = window(1, START + 100, 60);

	(void)state;
	assert_int_equal(take(claim, START + 110), CA_R_OK);
	assert_int_equal(take(claim, START + 110), CA_R_OK);
	claim.rhost = 2;
	assert_int_equal(take(claim, START + 111), CA_R_REPLAYED);
	claim.rhost = 1;
	assert_int_equal(take(claim, START + 170), CA_R_OK);
	/* 60 seconds after the first use, not after the last */
	assert_int_equal(take(claim, START + 171), CA_R_REPLAYED);
	/* a service that takes a text once does not take it again */
	assert_int_equal(
	    take(text(1, START + 100), START + 120), CA_R_REPLAYED);
}

/* The last first use, and a window behind the text's lifetime. */
static void
a_window_outlives_the_lifetime(void **state)
{
	const struct ca_claim claim = window(1, START + 100, 60);

	(void)state;
	assert_int_equal(take(claim, START + 220), CA_R_OK);
	assert_int_equal(take(claim, START + 280), CA_R_OK);
	assert_int_equal(take(claim, START + 281), CA_R_REPLAYED);
	/* forgotten after lifetime, skew and window: and nobody begins anew */
	assert_int_equal(take(claim, START + 100 + 210), CA_R_REPLAYED);
	assert_int_equal(take(claim, START + 100 + 211), CA_R_PASSWORD_EXPIRED);
	assert_int_equal(take(window(2, START + 100, 60), START + 311),
	    CA_R_PASSWORD_EXPIRED);
}

static void
a_text_has_a_lifetime(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 220), CA_R_OK);
	assert_int_equal(
	    take(text(2, START + 100), START + 221), CA_R_PASSWORD_EXPIRED);
	/* of the future */
	assert_int_equal(take(text(3, START + 251), START + 221), CA_R_OK);
	assert_int_equal(
	    take(text(4, START + 252), START + 221), CA_R_PASSWORD_EXPIRED);
	/* a refused one has claimed nothing */
	assert_int_equal(c.table->n, 2);
	assert_int_equal(take(text(4, START + 252), START + 222), CA_R_OK);
}

static void
the_start_refuses_what_it_may_have_seen(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START - 1), START + 1), CA_R_RESTARTED);
	assert_int_equal(take(text(1, START + 30), START + 40), CA_R_RESTARTED);
	assert_int_equal(take(text(1, START + 31), START + 40), CA_R_OK);
	assert_int_equal(take(text(0, 0), START + 40), CA_R_RESTARTED);
}

static void
a_clock_that_is_set_back_revives_nothing(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 100), CA_R_OK);
	/* it is forgotten */
	assert_int_equal(take(text(2, START + 300), START + 300), CA_R_OK);
	assert_int_equal(c.table->n, 1);
	assert_int_equal(
	    take(text(1, START + 100), START + 100), CA_R_PASSWORD_EXPIRED);
	assert_int_equal(take(text(2, START + 300), 0), CA_R_REPLAYED);
	/* a window does not last longer either */
	assert_int_equal(
	    take(window(3, START + 300, 60), START + 350), CA_R_OK);
	assert_int_equal(take(text(4, START + 400), START + 411), CA_R_OK);
	assert_int_equal(
	    take(window(3, START + 300, 60), START + 300), CA_R_REPLAYED);
}

/* Two services, of which one has a longer lifetime. */
static void
a_longer_span_does_not_revive_what_was_forgotten(void **state)
{
	struct ca_claim longer = text(1, START + 1000);

	(void)state;
	longer.lifetime = 3600;
	assert_int_equal(take(text(1, START + 1000), START + 1000), CA_R_OK);
	assert_int_equal(take(text(2, START + 1151), START + 1151), CA_R_OK);
	assert_int_equal(c.table->n, 1); /* the first is forgotten */
	assert_int_equal(take(longer, START + 1152), CA_R_RESTARTED);
	/* text 2 is not, and is not taken twice by the longer lifetime */
	longer = text(2, START + 1151);
	longer.lifetime = 3600;
	assert_int_equal(take(longer, START + 4000), CA_R_REPLAYED);
	/* what was made since then has the longer lifetime */
	longer = text(3, START + 1152);
	longer.lifetime = 3600;
	assert_int_equal(take(longer, START + 4700), CA_R_OK);
	assert_int_equal(take(longer, START + 4700), CA_R_REPLAYED);
	/* the shorter one of a service stays */
	assert_int_equal(
	    take(text(4, START + 4500), START + 4700), CA_R_PASSWORD_EXPIRED);
}

static void
claims_of_no_configuration(void **state)
{
	struct ca_claim claim[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		claim[i] = text(1, START + 100);
	claim[0].lifetime = CA_CLAIMS_SECONDS + 1;
	claim[1].skew = CA_CLAIMS_SECONDS + 1;
	claim[2].window = UINT32_MAX;
	claim[3].issued_at = (uint64_t)UINT32_MAX + 1;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(take(claim[i], START + 100), CA_R_INTERNAL);
	assert_int_equal(c.table->n, 0);
	assert_int_equal(c.table->span, 0);
	assert_int_equal(c.table->seen, START);
	const struct ca_claims none = {NULL, -1, false};
	assert_int_equal(
	    ca_claims_take(&none, &claim[0], 0, START), CA_R_NO_RESIDENT);
}

/* ---- quotas ---- */

/* Claims texts of login by uid until one is refused; how many there were. */
static unsigned
fill(uint64_t login, uid_t uid)
{
	static unsigned number = 1000;
	struct ca_claim claim;

	for (unsigned n = 0;; n++) {
		claim = text(number++, START + 100);
		claim.user = login;
		enum ca_reason r = ca_claims_take(&c, &claim, uid, START + 100);
		if (r != CA_R_OK) {
			assert_int_equal(r, CA_R_CLAIMS_FULL);
			return n;
		}
	}
}

static void
nobody_fills_the_place_of_others(void **state)
{
	unsigned n = 0;

	(void)state;
	assert_int_equal(fill(1, 33), CA_CLAIMS_LOGIN);
	assert_int_equal(fill(1, 33), 0);
	for (uint64_t login = 2; login < 20; login++)
		n += fill(login, 33);
	assert_int_equal(n, CA_CLAIMS_USER - CA_CLAIMS_LOGIN);
	assert_int_equal(fill(20, 34), CA_CLAIMS_LOGIN);
	for (uid_t uid = 34; uid < 50; uid++)
		for (uint64_t login = 20; login < 40; login++)
			(void)fill(login, uid);
	assert_int_equal(c.table->n, CA_CLAIMS_OTHERS);
	/* and root has the rest, whoever else has claimed */
	for (uint64_t login = 50; login < 100; login++)
		(void)fill(login, 0);
	assert_int_equal(c.table->n, CA_CLAIMS_MAX);
	/* full is not forgotten: a use is found, and time makes room */
	assert_int_equal(
	    take(text(1000, START + 100), START + 100), CA_R_REPLAYED);
	assert_int_equal(take(text(1, START + 251), START + 251), CA_R_OK);
	assert_int_equal(c.table->n, 1);
}

static void
a_change_to_a_window_revives_nothing(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 100), CA_R_OK);
	assert_int_equal(
	    take(window(1, START + 100, 60), START + 101), CA_R_REPLAYED);
	/* nor does a longer one last longer for what was used */
	assert_int_equal(
	    take(window(2, START + 100, 10), START + 100), CA_R_OK);
	assert_int_equal(
	    take(window(2, START + 100, 60), START + 112), CA_R_REPLAYED);
}

static void
a_login_of_root_has_a_share_too(void **state)
{
	(void)state;
	/* a user's own processes cannot use up the login of another */
	assert_int_equal(fill(1, 33), CA_CLAIMS_LOGIN);
	assert_int_equal(fill(1, 0), CA_CLAIMS_LOGIN);
	assert_int_equal(fill(2, 0), CA_CLAIMS_LOGIN);
	/* a window that is open does not need another place */
	struct ca_claim claim = window(5000, START + 100, 60);
	claim.user = 3;
	assert_int_equal(take(claim, START + 100), CA_R_OK);
	assert_int_equal(fill(3, 0), CA_CLAIMS_LOGIN - 1);
	assert_int_equal(take(claim, START + 100), CA_R_OK);
}

/* ---- the memory ---- */

/* Open what another process left. */
static void
hand_over(uint64_t now)
{
	int fd = dup(c.fd);

	assert_true(fd >= 0);
	(void)shut(NULL);
	assert_int_equal(ca_claims_open(&c, fd, now), CA_OK);
}

static void
a_table_is_handed_over(void **state)
{
	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 100), CA_R_OK);
	hand_over(START + 110);
	assert_int_equal(
	    take(text(1, START + 100), START + 110), CA_R_REPLAYED);
	/* what was issued before the hand-over is good, */
	assert_int_equal(take(text(2, START + 101), START + 110), CA_R_OK);
	/* and the latest time is known, of a clock that was set back */
	hand_over(START);
	assert_int_equal(c.table->seen, START + 110);
	/* no program that is executed gets it by accident */
	assert_int_equal(fcntl(c.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void
a_table_of_another_form_begins_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    take(text(1, START + 100), START + 100), CA_R_OK);
		if (i == 0)
			c.table->form++;
		else
			c.table->n = CA_CLAIMS_MAX + 1;
		hand_over(START + 110);
		assert_int_equal(c.table->n, 0);
		assert_int_equal(c.table->span, 0);
		assert_int_equal(
		    take(text(1, START + 100), START + 110), CA_R_RESTARTED);
		(void)shut(NULL);
		(void)open_anew(NULL);
	}
	/* of another size */
	int fd = dup(c.fd);
	assert_int_equal(ftruncate(fd, 4096), 0);
	(void)shut(NULL);
	assert_int_equal(ca_claims_open(&c, fd, START + 110), CA_OK);
	assert_int_equal(
	    take(text(1, START + 140), START + 141), CA_R_RESTARTED);
	assert_int_equal(take(text(1, START + 141), START + 141), CA_R_OK);
}

static void
what_is_no_memory_begins_anew(void **state)
{
	int pair[2];

	(void)state;
	(void)shut(NULL);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(ca_claims_open(&c, pair[0], START), CA_OK);
	assert_true(take(text(1, START + 31), START + 31) == CA_R_OK);
	(void)close(pair[1]);
	(void)shut(NULL);
	/* a number that nothing has */
	assert_int_equal(ca_claims_open(&c, 999, START), CA_OK);
	assert_int_equal(take(text(1, START + 31), START + 31), CA_R_OK);
	(void)shut(NULL);
	/* a file that cannot be written */
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ca_claims_open(&c, fd, START), CA_OK);
	assert_int_equal(take(text(1, START + 31), START + 31), CA_R_OK);
}

/* A worker that was taken over neither reads uses nor forgets them. */
static void
a_child_has_no_table(void **state)
{
	int status = 0;

	(void)state;
	assert_int_equal(take(text(1, START + 100), START + 100), CA_R_OK);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
		((volatile struct ca_claim_table *)c.table)->n = 0;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	assert_int_equal(
	    take(text(1, START + 100), START + 100), CA_R_REPLAYED);
}

/* ---- random claims ---- */

/* A model that forgets nothing: every use that was granted. */
#define USES_MAX 4096
static struct use {
	struct ca_claim claim;
	uint64_t first;
} use[USES_MAX];
static size_t uses;

static const struct use *
used(const struct ca_claim *claim)
{
	for (size_t i = 0; i < uses; i++)
		if (memcmp(use[i].claim.content, claim->content,
			sizeof claim->content) == 0)
			return &use[i];
	return NULL;
}

/* May the table grant it?  latest: the latest time so far; anew: that of its start. */
static bool
may_grant(const struct ca_claim *claim, uint64_t latest, uint64_t anew)
{
	const struct use *u = used(claim);

	if (claim->issued_at > latest + claim->skew ||
	    claim->issued_at <= anew + claim->skew)
		return false;
	if (u == NULL)
		return latest <= claim->issued_at + claim->lifetime;
	const uint64_t window =
	    claim->window < u->claim.window ? claim->window : u->claim.window;

	return window > 0 && u->claim.rhost == claim->rhost &&
	       latest <= u->first + window;
}

static unsigned
up_to(unsigned n)
{
	return (unsigned)random() % n;
}

/* The text decides when it was issued; who asks decides the rest. */
static struct ca_claim
random_claim(uint64_t base)
{
	static const uint32_t lifetimes[] = {120, 120, 120, 10, 300};
	const unsigned number = up_to(60);
	struct ca_claim claim = text(number, base + (number % 12) * 40);

	/* of this hour */
	memcpy(claim.content + 8, &base, sizeof base);
	claim.lifetime = lifetimes[up_to(5)];
	/* a table that was lost relies on one skew for one text */
	claim.skew = number % 2 * 30;
	claim.window = up_to(2) * (1 + up_to(100));
	claim.user = number % 20;
	claim.rhost = up_to(2);
	return claim;
}

/*
 * Nothing is granted that the model does not grant, through hand-overs, restarts that
 * lose everything, and clocks that go back; and, while the spans are those that came
 * first and there is room, nothing is refused that it grants.
 */
static void
random_claims(void **state)
{
	const char *seed = getenv("CERTAUTH_SEED");
	const unsigned s = seed != NULL ? (unsigned)strtoul(seed, NULL, 0)
					: (unsigned)time(NULL);
	uint64_t latest = START, anew = START, now = START;
	size_t granted = 0, replayed = 0, refused_anew = 0;

	(void)state;
	srandom(s);
	uses = 0;
	for (unsigned i = 0; i < 20000 && uses < USES_MAX - 1; i++) {
		const unsigned dice = up_to(400);

		if (dice == 0) {
			hand_over(now);
		} else if (dice == 1) {
			/* everything is lost, and the clock may be wrong */
			(void)shut(NULL);
			assert_int_equal(ca_claims_open(&c, -1, latest), CA_OK);
			anew = latest;
		} else if (dice == 2) {
			now -= up_to(300);
		} else if (dice < 40) {
			now += up_to(20);
		}
		if (now > latest)
			latest = now;
		const struct ca_claim claim =
		    random_claim(latest / 400 * 400 - 200);
		const uid_t uid = up_to(2) * 33;
		const bool may = may_grant(&claim, latest, anew);
		const size_t n = c.table->n;
		enum ca_reason r = ca_claims_take(&c, &claim, uid, now);

		if (r == CA_R_OK && !may)
			fail_msg("CERTAUTH_SEED=%u: claim %u, of a text that "
				 "may not be used, was granted",
			    s, i);
		if (r != CA_R_OK && may && r != CA_R_CLAIMS_FULL &&
		    !(r == CA_R_RESTARTED && c.table->start > anew))
			fail_msg("CERTAUTH_SEED=%u: claim %u was refused (%s)",
			    s, i, ca_reason_code(r));
		assert_true(c.table->n <= n + 1 && c.table->n <= CA_CLAIMS_MAX);
		granted += r == CA_R_OK;
		replayed += r == CA_R_REPLAYED;
		refused_anew += r == CA_R_RESTARTED;
		if (r == CA_R_OK && used(&claim) == NULL)
			use[uses++] = (struct use){claim, latest};
	}
	/* the run was about something */
	assert_true(granted > 100);
	assert_true(replayed > 100);
	assert_true(refused_anew > 10);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_anew, shut)
	const struct CMUnitTest tests[] = {
	    T(once_is_once),
	    T(the_content_is_the_text),
	    T(a_window_is_for_one_host_and_ends),
	    T(a_window_outlives_the_lifetime),
	    T(a_text_has_a_lifetime),
	    T(the_start_refuses_what_it_may_have_seen),
	    T(a_clock_that_is_set_back_revives_nothing),
	    T(a_longer_span_does_not_revive_what_was_forgotten),
	    T(claims_of_no_configuration),
	    T(nobody_fills_the_place_of_others),
	    T(a_change_to_a_window_revives_nothing),
	    T(a_login_of_root_has_a_share_too),
	    T(a_table_is_handed_over),
	    T(a_table_of_another_form_begins_anew),
	    T(what_is_no_memory_begins_anew),
	    T(a_child_has_no_table),
	    T(random_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
