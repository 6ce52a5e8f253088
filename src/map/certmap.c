/*
 * The selector match: by libsss_certmap.  certauth loads the library only if a rule
 * uses it.  A worker of the verifier can load nothing any more: its parent does.
 */
#include "map/match.h"

#ifdef HAVE_SSS_CERTMAP
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#define SONAME "libsss_certmap.so.0"

/* The functions of version 0 of the interface that are used here.  sss_certmap.h
 * cannot be included, because it needs talloc's header. */
struct sss_certmap_ctx;

static struct certmap {
	void *lib; /* stays loaded */
	int (*init)(void *talloc, void *debug, void *debug_priv,
	    struct sss_certmap_ctx **);
	void (*free)(struct sss_certmap_ctx *);
	int (*add)(struct sss_certmap_ctx *, uint32_t, const char *,
	    const char *, const char **);
	int (*match)(struct sss_certmap_ctx *, const uint8_t *, size_t);
} certmap;

/* In POSIX, dlsym returns functions as data pointers. */
static bool
symbol(void *lib, const char *name, void *out)
{
	void *p = dlsym(lib, name);

	*(void **)out = p;
	return p != NULL;
}

bool
ca_certmap_load(void)
{
	struct certmap *m = &certmap;

	if (m->lib == NULL)
		m->lib = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	return m->lib != NULL && symbol(m->lib, "sss_certmap_init", &m->init) &&
	       symbol(m->lib, "sss_certmap_free_ctx", &m->free) &&
	       symbol(m->lib, "sss_certmap_add_rule", &m->add) &&
	       symbol(m->lib, "sss_certmap_match_cert", &m->match);
}

enum ca_err
ca_certmap_match(const char *rule, const void *der, size_t len)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct sss_certmap_ctx *ctx = NULL;

	if (!ca_certmap_load() || certmap.init(NULL, NULL, NULL, &ctx) != 0) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if (certmap.add(ctx, 1, rule, NULL, NULL) != 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	int rc = certmap.match(ctx, der, len);
	if (rc != 0) {
		ret = rc == ENOENT ? CA_DENIED : CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	if (ctx != NULL)
		certmap.free(ctx);
	return ret;
}

enum ca_err
ca_certmap_check(const char *match, const char *map)
{
	struct sss_certmap_ctx *ctx = NULL;

	if (!ca_certmap_load() || certmap.init(NULL, NULL, NULL, &ctx) != 0)
		return CA_ERR_UNSUPPORTED;
	int rc = certmap.add(ctx, 1, match, map, NULL);
	certmap.free(ctx);
	return rc == 0 ? CA_OK : CA_ERR_FORMAT;
}

#else

enum ca_err
ca_certmap_check(const char *match, const char *map)
{
	(void)match;
	(void)map;
	return CA_ERR_UNSUPPORTED;
}

bool
ca_certmap_load(void)
{
	return false;
}

enum ca_err
ca_certmap_match(const char *rule, const void *der, size_t len)
{
	(void)rule;
	(void)der;
	(void)len;
	return CA_ERR_UNSUPPORTED;
}

#endif
