/* Which names of files count in a directory of CA certificates. */
#include "verify/cadir.h"

#include <string.h>
#include <strings.h>

/* The eight lower-case hexadecimal digits at name. */
static bool
read_hash(const char *name, unsigned long *hash)
{
	static const char hex[] = "0123456789abcdef";

	*hash = 0;
	for (int i = 0; i < 8; i++) {
		const char *digit =
		    name[i] == '\0' ? NULL : strchr(hex, name[i]);
		if (digit == NULL)
			return false;
		*hash = *hash << 4 | (unsigned long)(digit - hex);
	}
	return true;
}

static bool
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

enum ca_cadir_name
ca_cadir_name(const char *name, unsigned long *hash)
{
	static const char *const ends[] = {
	    ".pem", ".crt", ".cer", ".cert", ".der", ".p7b", ".p7c"};
	const char *dot = strrchr(name, '.');

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return CA_CADIR_NOTHING;
	if (read_hash(name, hash) && name[8] == '.') {
		if (is_number(name + 9))
			return CA_CADIR_HASHED;
		/* that of a CRL, beside the CAs as in a CApath of OpenSSL */
		if (name[9] == 'r' && is_number(name + 10))
			return CA_CADIR_NOTHING;
	}
	if (name[0] == '.' || dot == NULL)
		return CA_CADIR_OTHER;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return CA_CADIR_PLAIN;
	return CA_CADIR_OTHER;
}

enum ca_cadir_hash
ca_cadir_hash_fits(
    struct ca_crypto *crypto, const X509_NAME *subject, unsigned long hash)
{
	int ok = 0;

	if (X509_NAME_hash_ex(
		subject, ca_crypto_get0_libctx(crypto), NULL, &ok) == hash &&
	    ok)
		return CA_CADIR_HASH_NEW;
	return X509_NAME_hash_old(subject) == hash ? CA_CADIR_HASH_OLD
						   : CA_CADIR_HASH_NEITHER;
}
