/* Who waits for a worker of the resident verifier, and who is next: a table of cases,
 * and random floods against the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "verifier/queue.h"

static struct ca_queue q;

static void
put(uid_t uid, bool ready)
{
	static int fd = 10;

	assert_true(ca_queue_may(&q, uid));
	ca_queue_add(
	    &q, &(struct ca_waiting){.fd = fd++, .uid = uid, .ready = ready});
}

static size_t
fill(uid_t uid, size_t n)
{
	size_t i = 0;

	while (i < n && ca_queue_may(&q, uid)) {
		put(uid, true);
		i++;
	}
	return i;
}

static void
each_user_has_a_share(void **state)
{
	(void)state;
	ca_queue_init(&q, 4096);
	assert_int_equal(fill(1000, 500), CA_WAITING_USER);
	assert_int_equal(fill(1001, 500), CA_WAITING_USER);
	assert_int_equal(fill(65534, 500), CA_WAITING_USER);
	for (uid_t u = 2000; u < 2100; u++)
		(void)fill(u, 500);
	assert_int_equal(q.n, CA_WAITING_OTHERS);
	/* and root has the rest, whoever else waits */
	assert_int_equal(fill(0, 5000), CA_WAITING_MAX - CA_WAITING_OTHERS);
}

static void
few_descriptors_are_shared_too(void **state)
{
	(void)state;
	for (size_t n = 0; n < 5000; n += 100) {
		ca_queue_init(&q, n);
		for (uid_t u = 2000; u < 2100; u++)
			(void)fill(u, 500);
		assert_true(q.n >= 100 && q.n * 2 <= q.room);
		assert_true(n < 512 || q.room + 256 <= n || q.room == 2048);
		assert_int_equal(fill(0, 5000), q.room - q.others);
	}
}

static void
root_is_first_then_the_oldest(void **state)
{
	(void)state;
	ca_queue_init(&q, 4096);
	put(1000, false);
	put(1001, true);
	put(0, false);
	put(1002, true);
	assert_int_equal(ca_queue_next(&q, NULL, 0), 1);
	put(0, true);
	assert_int_equal(ca_queue_next(&q, NULL, 0), 4);
	ca_queue_remove(&q, 4);
	ca_queue_remove(&q, 1);
	assert_int_equal(q.v[ca_queue_next(&q, NULL, 0)].uid, 1002);
	ca_queue_remove(&q, 2);
	/* the others are silent */
	assert_int_equal(ca_queue_next(&q, NULL, 0), q.n);
	assert_int_equal(q.n, 2);
	assert_int_equal(ca_queue_find(&q, q.v[1].fd), 1);
	assert_int_equal(ca_queue_find(&q, 1), q.n);
}

/* A user who has his share of workers waits, and another who came later does not. */
static void
busy_users_wait(void **state)
{
	uid_t busy[CA_WORKERS_MAX];

	(void)state;
	ca_queue_init(&q, 4096);
	put(1000, true);
	put(1001, true);
	for (size_t i = 0; i < CA_WORKERS_MAX; i++)
		busy[i] = 1000;
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_USER - 1), 0);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_USER), 1);
	for (size_t i = 0; i < CA_WORKERS_MAX; i++)
		busy[i] = (uid_t)(3000 + i);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_OTHERS - 1), 0);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_OTHERS), 2);
	/* root's workers are not taken from the others' share */
	busy[0] = 0;
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_OTHERS), 0);
	put(0, true);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_OTHERS), 2);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_MAX - 1), 2);
	assert_int_equal(ca_queue_next(&q, busy, CA_WORKERS_MAX), 3);
}

/* Random users, whatever they do: the bounds hold, and root never waits while one of
 * another user is begun. */
static void
floods(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		uid_t busy[CA_WORKERS_MAX];
		size_t n = 0;

		srand(run);
		ca_queue_init(&q, (size_t)(rand() % 5000));
		for (int step = 0; step < 500; step++) {
			uid_t uid =
			    rand() % 3 == 0 ? 0 : (uid_t)(1000 + rand() % 20);

			if (ca_queue_may(&q, uid))
				put(uid, rand() % 4 != 0);
			assert_true(q.n <= q.room && q.room <= CA_WAITING_MAX);
			size_t at = ca_queue_next(&q, busy, n);
			if (at == q.n || rand() % 3 == 0) {
				if (n > 0)
					n--;
				continue;
			}
			assert_true(q.v[at].ready);
			size_t same = 0, others = 0, roots = 0;
			for (size_t i = 0; i < n; i++) {
				same += busy[i] == q.v[at].uid;
				others += busy[i] != 0;
			}
			for (size_t i = 0; i < q.n; i++)
				roots += q.v[i].ready && q.v[i].uid == 0;
			assert_true(n < CA_WORKERS_MAX);
			if (q.v[at].uid != 0) {
				assert_int_equal(roots, 0);
				assert_true(same < CA_WORKERS_USER);
				assert_true(others < CA_WORKERS_OTHERS);
			}
			busy[n++] = q.v[at].uid;
			ca_queue_remove(&q, at);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_user_has_a_share),
	    cmocka_unit_test(few_descriptors_are_shared_too),
	    cmocka_unit_test(root_is_first_then_the_oldest),
	    cmocka_unit_test(busy_users_wait),
	    cmocka_unit_test(floods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
