/*
 * The result of every function of this project that can fail.
 *
 * Zero is not success: a variable that nobody set, a zeroed struct, or a code
 * that fell through its function never grants anything.  The idiom, kept in
 * every function (it is checked in review, and by the mutation tests):
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
 * A callee's code never goes straight into ret.  pam_certauth.c maps these
 * codes to those of PAM in one switch.
 */
#ifndef CA_BASE_ERR_H
#define CA_BASE_ERR_H

enum ca_err {
	CA_ERR_UNSET = 0,   /* nobody decided: a bug, and never a success */
	CA_OK,              /* all of it was done */
	CA_DENIED,          /* the checks ran, and one of them said no */
	CA_ERR_FORMAT,      /* input does not have the form that it must have */
	CA_ERR_TRUNCATED,   /* an answer lost its end on the way to us */
	CA_ERR_LIMIT,       /* a documented bound was exceeded */
	CA_ERR_EXPIRED,     /* a request outlived its lifetime */
	CA_ERR_NOT_FOUND,   /* it is certainly absent (ENOENT and its like) */
	CA_ERR_UNTRUSTED,   /* owner or mode of a file that decides is wrong */
	CA_ERR_IO,          /* a system call failed; errno says why */
	CA_ERR_CONFIG,      /* a configuration mistake, already logged */
	CA_ERR_MEMORY,      /* out of memory */
	CA_ERR_CRYPTO,      /* libcrypto failed where it should not */
	CA_ERR_CONV,        /* the conversation failed or gave no answer */
	CA_ERR_UNSUPPORTED, /* well formed, but nothing here can handle it */
	CA_ERR_STALE,       /* an index does not belong to its file any more */
	CA_ERR_TIMEOUT,     /* a time limit ran out */
	CA_ERR_CANCELLED,   /* the user said no, or a signal did */
	CA_ERR_USAGE,       /* the caller's arguments make no sense */
	CA_ERR_PIN,         /* a PIN, password or passphrase is wrong */
	CA_ERR_SIGNATURE,   /* a key made a signature that does not verify */
};

/* The compiler complains about a result that nobody looks at. */
#define CA_MUST_CHECK __attribute__((warn_unused_result))

/*
 * A short English phrase for err, never NULL, static storage.
 */
const char *ca_err_text(enum ca_err err);

#endif
