#include "base/tr.h"

#include <libintl.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>

#define DOMAIN "certauth"

/* strerror(3) and p11_kit_strerror(3) have catalogs of their own. */
static const char *const domains[] = {DOMAIN, "libc", "p11-kit"};
#define NDOMAINS (sizeof domains / sizeof *domains)

static locale_t language = (locale_t)0;
static bool users_log;

bool
ca_tr_use(const char *locale, bool log)
{
	users_log = log;
	if (language != (locale_t)0)
		freelocale(language);
	language = newlocale(
	    LC_MESSAGES_MASK, locale != NULL ? locale : "", (locale_t)0);
	if (language == (locale_t)0)
		return false;
	(void)bindtextdomain(DOMAIN, CA_LOCALEDIR);
	for (size_t i = 0; i < NDOMAINS; i++)
		(void)bind_textdomain_codeset(domains[i], "UTF-8");
	/* opens the catalogs */
	(void)ca_tr(N_("out of memory"));
	return true;
}

bool
ca_tr_known(void)
{
	const char *probe = N_("out of memory"), *found;

	if (language == (locale_t)0)
		return false;
	locale_t before = uselocale(language);
	found = dgettext(DOMAIN, probe);
	(void)uselocale(before);
	return found != probe;
}

/* The conversion at the next % of *p, and *len bytes of it; false: there is none. */
static bool
next_conversion(const char **p, const char **spec, size_t *len)
{
	const char *s = strchr(*p, '%');

	if (s == NULL)
		return false;
	size_t n = 1 + strspn(s + 1, "#0- +'123456789.*$hlLqjzt");
	if (s[n] != '\0')
		n++;
	*spec = s;
	*len = n;
	*p = s + n;
	return true;
}

static bool
same_conversions(const char *a, const char *b)
{
	const char *x, *y;
	size_t nx, ny;

	for (;;) {
		bool more = next_conversion(&a, &x, &nx);

		if (more != next_conversion(&b, &y, &ny))
			return false;
		if (!more)
			return true;
		if (nx != ny || memcmp(x, y, nx) != 0)
			return false;
	}
}

const char *
ca_tr(const char *text)
{
	const char *found = text;

	/* gettext answers an empty text with the header of the catalog */
	if (language == (locale_t)0 || text[0] == '\0')
		return text;
	locale_t before = uselocale(language);
	for (size_t i = 0; i < NDOMAINS && found == text; i++)
		found = dgettext(domains[i], text);
	(void)uselocale(before);
	return found == text || same_conversions(text, found) ? found : text;
}

const char *
ca_tr_part(const char *text)
{
	return users_log ? ca_tr(text) : text;
}

const char *
ca_trn(const char *one, const char *many, unsigned long n)
{
	const char *own = n == 1 ? one : many, *found;

	if (language == (locale_t)0)
		return own;
	locale_t before = uselocale(language);
	found = dngettext(DOMAIN, one, many, n);
	(void)uselocale(before);
	return same_conversions(own, found) ? found : own;
}
