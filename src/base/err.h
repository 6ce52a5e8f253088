/*
 * The result of every function of this project that can fail.
 *
 * Zero is not success: a variable that was never set, a zeroed struct, or a
 * function that forgot to set its result never grants anything.  The idiom of
 * every function (docs/style.md has the exceptions):
 *
 *	enum ca_err ret = CA_ERR_UNSET, rc;
 *	...
 *	if ((rc = callee(...)) != CA_OK) {
 *		ret = rc;
 *		goto out;
 *	}
 *	...
 *	ret = CA_OK;
 * out:
 *	free(...);
 *	return ret;
 *
 * A callee's code never goes directly into ret.  base/pamcode.h maps these
 * codes to those of PAM.
 */
#ifndef CA_BASE_ERR_H
#define CA_BASE_ERR_H

enum ca_err {
	CA_ERR_UNSET = 0,   /* no code was set: a bug, and never a success */
	CA_OK,              /* everything was done, or every check passed */
	CA_DENIED,          /* the checks ran, and one of them refused */
	CA_ERR_FORMAT,      /* the input is malformed */
	CA_ERR_TRUNCATED,   /* the end of a response is missing */
	CA_ERR_LIMIT,       /* a documented bound is exceeded */
	CA_ERR_EXPIRED,     /* the lifetime of a request is over */
	CA_ERR_NOT_FOUND,   /* the object is certainly absent (ENOENT) */
	CA_ERR_UNTRUSTED,   /* a file's owner, mode or type is not accepted */
	CA_ERR_IO,          /* a system call failed; errno says why */
	CA_ERR_CONFIG,      /* the configuration is wrong; already logged */
	CA_ERR_MEMORY,      /* memory cannot be allocated */
	CA_ERR_CRYPTO,      /* libcrypto failed unexpectedly */
	CA_ERR_CONV,        /* the conversation failed or gave no answer */
	CA_ERR_UNSUPPORTED, /* the input is well formed, but not supported */
	CA_ERR_STALE,       /* a file differs from the state that was read */
	CA_ERR_TIMEOUT,     /* a time limit expired */
	CA_ERR_CANCELLED,   /* the user, a signal or the caller stopped it */
	CA_ERR_USAGE,     /* the arguments, or the order of calls, are wrong */
	CA_ERR_PIN,       /* a PIN, password or passphrase is wrong */
	CA_ERR_SIGNATURE, /* a signature made by a key does not verify */
};

/* The compiler warns if the caller ignores the result. */
#define CA_MUST_CHECK __attribute__((warn_unused_result))

/*
 * A short English phrase for err, never NULL.  Static storage.
 */
const char *ca_err_text(enum ca_err err);

#endif
