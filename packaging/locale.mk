# Translations: po/certauth.pot has the texts that a user reads, po/LANGUAGE.po each
# language's.  `make pot` collects the texts again and brings the languages up to date;
# `make lint` says if that was not done, or if a text is not translated.
.PHONY: catalogs pot
LANGUAGES := $(patsubst po/%.po,%,$(wildcard po/*.po))
MSGFMT := $(shell command -v msgfmt 2>/dev/null)
CATALOGS := $(if $(MSGFMT),$(LANGUAGES:%=$(B)/po/%.mo))

catalogs: $(CATALOGS) ## build the translations, if msgfmt is there
	@$(if $(MSGFMT),:,echo '  no translations are built: they need msgfmt (gettext)')

$(B)/po/%.mo: po/%.po
	@mkdir -p $(@D)
	$(say) MSGFMT $@
	$(Q)msgfmt --check --output-file=$@ $<

# Rooms that a user reads: what they log goes to the user.  Of the rest, what is marked.
USER_SRC = $(sort $(wildcard src/client/*.c src/key/*.c src/sign/*.c src/watch/*.c) \
	src/tool/cli.c src/cli/main.c)
MARKED_SRC = $(sort $(filter-out $(USER_SRC),$(LIB_SRC) $(MAIN_SRC)))
XGETTEXT = xgettext --language=C --from-code=UTF-8 --add-location=file --no-wrap \
	--sort-by-file --keyword --keyword=_ --keyword=N_ --keyword=P_ \
	--keyword=ca_trn:1,2 --package-name=certauth --package-version= --foreign-user \
	--add-comments=Translators:

pot: ## collect the texts of po/certauth.pot, and update each language
	@tests/lib/deps.sh translate
	@packaging/pot.sh '$(XGETTEXT)' '$(USER_SRC)' '$(MARKED_SRC)' po/certauth.pot
	@for l in $(LANGUAGES); do msgmerge --quiet --update --backup=none --no-wrap \
		--add-location=file --no-fuzzy-matching po/$$l.po po/certauth.pot || exit 1; done
