/*
 * Points at which a login can be made to fail, and the wrappers that do it.
 *
 * A wrapper does not know the type of what it wraps: it takes and passes on as
 * many words as any of these functions has arguments, and returns a word.  No
 * function of the table has arguments or a result that are not integers or
 * pointers, and reading registers and stack that hold no argument does no harm
 * on the machines that this runs on.
 */
#ifndef CA_TESTS_FAULT_POINT_H
#define CA_TESTS_FAULT_POINT_H

#include <stdbool.h>

struct point {
	const char *name;
	long value; /* what it returns when it fails */
	int err;    /* errno then, or 0 */
};

extern const struct point fault_point[]; /* 0: any allocation at all */
extern const int fault_points;

/* Does point i fail now?  Counts the call; openssl: leaves an error in the
 * queue, else in errno. */
bool fault_hits(int i, bool openssl);

#define WORDS                                                                  \
	long a, long b, long c, long d, long e, long f, long g, long h,        \
	    long i, long j
#define WRAP_BEGIN(name)                                                       \
	long __real_##name(WORDS);                                             \
	long __wrap_##name(WORDS);                                             \
	long __wrap_##name(WORDS)                                              \
	{
#define WRAP_FAIL(n, openssl)                                                  \
	if (fault_hits(n, openssl))                                            \
		return fault_point[n].value;
/* the third argument of these is `int *crit' */
#define WRAP_CRIT(n, openssl)                                                  \
	if (fault_hits(n, openssl)) {                                          \
		if (c != 0)                                                    \
			*(int *)c = 0;                                         \
		return 0;                                                      \
	}
#define WRAP_END(name)                                                         \
	return __real_##name(a, b, c, d, e, f, g, h, i, j);                    \
	}

#endif
