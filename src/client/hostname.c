#include "client/hostname.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

#ifdef HAVE_IDN2
#include <idn2.h>
#endif

static size_t
name_len(const char *s)
{
	size_t len = strlen(s);

	return len > 1 && s[len - 1] == '.' ? len - 1 : len;
}

/* Copy name without its final dot; *ascii: it has nothing to convert.  False:
 * empty, too long, or with blanks or control characters. */
static bool
plain_name(const char *name, char out[CA_HOST_NAME_MAX + 1], bool *ascii)
{
	size_t len = name_len(name);

	*ascii = true;
	if (len == 0 || len > CA_HOST_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return false;
		*ascii = *ascii && (unsigned char)name[i] < 0x7f;
	}
	memcpy(out, name, len);
	out[len] = '\0';
	return true;
}

#ifdef HAVE_IDN2
/* RFC 5891 section 5, with the mapping of UTS 46, since users type capitals,
 * and without its exceptions for deviation characters, by which one spelling
 * could be two names. */
static bool
to_alabels(const char *name, char out[CA_HOST_NAME_MAX + 1])
{
	uint8_t *made = NULL;
	bool ok;

	if (idn2_lookup_u8((const uint8_t *)name, &made,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	ok = strlen((char *)made) <= CA_HOST_NAME_MAX;
	if (ok)
		memcpy(out, made, strlen((char *)made) + 1);
	idn2_free(made);
	return ok;
}
#else
static bool
to_alabels(const char *name, char out[CA_HOST_NAME_MAX + 1])
{
	(void)name, (void)out;
	return false;
}
#endif

bool
ca_host_ascii(const char *name, char out[CA_HOST_NAME_MAX + 1])
{
	char plain[CA_HOST_NAME_MAX + 1], made[CA_HOST_NAME_MAX + 1];
	bool ascii;

	if (!plain_name(name, plain, &ascii))
		return false;
	if (ascii) {
		memcpy(out, plain, strlen(plain) + 1);
		return true;
	}
	/* a full stop of another script may become a dot: check the result as
	 * the input was checked */
	return to_alabels(plain, made) && plain_name(made, out, &ascii) &&
	       ascii;
}

bool
ca_host_equal(const char *a, const char *b)
{
	char x[CA_HOST_NAME_MAX + 1], y[CA_HOST_NAME_MAX + 1];

	return ca_host_ascii(a, x) && ca_host_ascii(b, y) &&
	       strcasecmp(x, y) == 0;
}

bool
ca_host_match(const char *pattern, const char *name)
{
	char plain[CA_HOST_NAME_MAX + 1], made[CA_HOST_NAME_MAX + 1];
	bool ascii;

	if (!plain_name(name, plain, &ascii))
		return false;
	if (fnmatch(pattern, plain, FNM_CASEFOLD) == 0)
		return true;
	/* either pattern or name may have the A-labels */
	if (ca_host_ascii(plain, made) &&
	    fnmatch(pattern, made, FNM_CASEFOLD) == 0)
		return true;
	return ca_host_equal(pattern, plain);
}

bool
ca_host_in_cert(X509 *cert, const char *name)
{
	unsigned char address[16];
	char plain[CA_HOST_NAME_MAX + 1];
	bool found;

	/* to X509_check_host a leading dot means "any host below" */
	if (!ca_host_ascii(name, plain) || plain[0] == '.')
		return false;
	ERR_set_mark();
	if (inet_pton(AF_INET, plain, address) == 1 ||
	    inet_pton(AF_INET6, plain, address) == 1)
		found = X509_check_ip_asc(cert, plain,
			    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) == 1;
	else
		found = X509_check_host(cert, plain, 0,
			    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
				X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
			    NULL) == 1;
	ERR_pop_to_mark();
	return found;
}
