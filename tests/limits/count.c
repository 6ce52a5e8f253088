/*
 * To be preloaded: adds the number of signature verifications, at the end, as
 * a line to the file that CERTAUTH_COUNT names.
 */
#undef OPENSSL_NO_DEPRECATED
#include "count.h"

#include <stdio.h>

__attribute__((constructor)) static void
begin(void)
{
	count_begin();
}

__attribute__((destructor)) static void
end(void)
{
	const char *name = getenv("CERTAUTH_COUNT");
	FILE *f = name == NULL ? NULL : fopen(name, "a");

	if (f == NULL)
		return;
	(void)fprintf(f, "%lu\n", counted);
	(void)fclose(f);
}
