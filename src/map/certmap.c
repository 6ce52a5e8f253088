/*
 * match: by libsss_certmap, which is loaded when a rule asks for it: most
 * logins have none, and it would bring three libraries into the host.
 */
#include "map/match.h"

#ifdef HAVE_SSS_CERTMAP
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#define SONAME "libsss_certmap.so.0"

/* Its interface of version 0, as far as it is used (sss_certmap.h, which
 * cannot be included without talloc's header). */
struct sss_certmap_ctx;

struct certmap {
	void *lib;
	int (*init)(void *talloc, void *debug, void *debug_priv,
	    struct sss_certmap_ctx **);
	void (*free)(struct sss_certmap_ctx *);
	int (*add)(struct sss_certmap_ctx *, uint32_t, const char *,
	    const char *, const char **);
	int (*match)(struct sss_certmap_ctx *, const uint8_t *, size_t);
};

/* POSIX has dlsym give functions as data pointers. */
static bool
symbol(void *lib, const char *name, void *out)
{
	void *p = dlsym(lib, name);

	*(void **)out = p;
	return p != NULL;
}

static bool
load(struct certmap *m)
{
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
	struct certmap m = {0};
	struct sss_certmap_ctx *ctx = NULL;

	if (!load(&m) || m.init(NULL, NULL, NULL, &ctx) != 0) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if (m.add(ctx, 1, rule, NULL, NULL) != 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	int rc = m.match(ctx, der, len);
	if (rc != 0) {
		ret = rc == ENOENT ? CA_DENIED : CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	if (ctx != NULL)
		m.free(ctx);
	if (m.lib != NULL)
		(void)dlclose(m.lib);
	return ret;
}

#else

enum ca_err
ca_certmap_match(const char *rule, const void *der, size_t len)
{
	(void)rule;
	(void)der;
	(void)len;
	return CA_ERR_UNSUPPORTED;
}

#endif
