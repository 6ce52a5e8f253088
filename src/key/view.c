#include "key/view.h"

#include <stdlib.h>

static void
slot_clear(struct ca_view_slot *s)
{
	char *const text[] = {s->reader, s->problem, s->label, s->serial,
	    s->manufacturer, s->model, s->pin, s->mechanisms};

	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
		free(text[i]);
	for (size_t i = 0; i < s->ncerts; i++) {
		X509_free(s->cert[i].cert);
		free(s->cert[i].label);
		free(s->cert[i].id);
		free(s->cert[i].uri);
	}
	for (size_t i = 0; i < s->nkeys; i++) {
		free(s->key[i].label);
		free(s->key[i].id);
	}
	free(s->cert);
	free(s->key);
}

void
ca_view_clear(struct ca_view *v)
{
	for (size_t i = 0; i < v->nmodules; i++) {
		struct ca_view_module *m = &v->module[i];

		for (size_t k = 0; k < m->nslots; k++)
			slot_clear(&m->slot[k]);
		free(m->slot);
		free(m->name);
		free(m->file);
		free(m->library);
		free(m->problem);
	}
	free(v->module);
	*v = (struct ca_view){NULL, 0};
}
