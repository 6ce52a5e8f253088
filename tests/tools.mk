# Programs and libraries that the tests load; the head of each source says what
# it is for.
.PHONY: testtools
TEST_TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/lib/*.c))
TEST_LIBS = $(B)/tests/limits/count.so $(B)/tests/relay/pam_relay.so \
	$(B)/tests/relay/later.so $(B)/tests/relay/faster.so $(B)/tests/valgrind/nosandbox.so \
	$(B)/tests/nss/blind.so $(B)/tests/password/pam_behind.so
LOADTEST = $(B)/tests/load/crowd
TEST_VERIFIER = $(B)/tests/verifier/pam_certauth.so \
	$(B)/tests/verifier/certauth-verifier $(B)/tests/verifier/certauth \
	$(B)/tests/verifier/unconfined \
	$(B)/tests/takeover/certauth-verifier \
	$(B)/tests/later/certauth-verifier
KEYTEST = $(B)/tests/key/keytool $(B)/tests/key/hostile_p11.so
testtools: $(TEST_TOOLS) $(TEST_LIBS) $(KEYTEST) $(LOADTEST) $(TEST_VERIFIER) $(B)/tests/fault/fault ## build what tests use

$(B)/tests/lib/%: tests/lib/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(OPT) $(SAN) -o $@ $< \
		-lpam -lpthread -ldl

# The module with the paths of the tests' namespace, where /run is its own; and a
# verifier whose workers are killed by a system call that is not on their list.
$(B)/tests/verifier/%.o: tests/verifier/%.c src/module/verifier.h \
		src/confine/confine.h Makefile tests/tools.mk
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(B)/tests/verifier/pam_certauth.so: $(B)/pam_certauth.o \
		$(B)/tests/verifier/paths.o $(LIB) src/pam_certauth.map
	$(say) LD $@
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) \
		$(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script=src/pam_certauth.map -Wl,--as-needed \
		-o $@ $(B)/pam_certauth.o $(B)/tests/verifier/paths.o $(LIB) \
		$(LIBS_MODULE)

$(B)/tests/verifier/worker.o: src/verifier/worker.c Makefile tests/tools.mk
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) -DCA_CONFINE_TEST -DMESSAGE_MS=60000 \
		$(CFLAGS_ALL) -MMD -MP $(DEPS_OF) -c -o $@ $<

$(B)/tests/verifier/certauth-verifier: $(VERIFIER_OBJ) \
		$(B)/tests/verifier/worker.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ \
		$(VERIFIER_OBJ) $(B)/tests/verifier/worker.o $(LIB) \
		$(LIBS_VERIFIER)

# doctor looks for the verifier where the module does
$(B)/tests/verifier/certauth: $(CLI_OBJ) $(B)/tests/verifier/paths.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ \
		$(CLI_OBJ) $(B)/tests/verifier/paths.o $(LIB) $(LIBS_CLI)

# One that is not confined, to be run under valgrind.
$(B)/tests/verifier/unconfined: $(VERIFIER_OBJ) \
		$(B)/tests/verifier/worker.o \
		$(B)/tests/verifier/unconfined.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ \
		$(VERIFIER_OBJ) $(B)/tests/verifier/worker.o \
		$(B)/tests/verifier/unconfined.o $(LIB) $(LIBS_VERIFIER)

# A verifier whose worker does what one that was taken over would try; with the
# filter as it is installed.
$(B)/tests/takeover/worker.o: src/verifier/worker.c Makefile tests/tools.mk
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) -DCA_VERIFIER_HOOK $(CFLAGS_ALL) -MMD -MP \
		$(DEPS_OF) -c -o $@ $<

TAKEOVER_OBJ = $(B)/tests/takeover/worker.o $(B)/tests/takeover/hook.o
$(B)/tests/takeover/certauth-verifier: $(VERIFIER_OBJ) $(TAKEOVER_OBJ) $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ \
		$(VERIFIER_OBJ) $(TAKEOVER_OBJ) $(LIB) $(LIBS_VERIFIER)

# A verifier of the next version of the messages, which serves this one too.
LATER = sockets resident spawned
LATER_OBJ = $(LATER:%=$(B)/tests/later/%.o) $(B)/tests/later/link.o
$(LATER:%=$(B)/tests/later/%.o): $(B)/tests/later/%.o: src/verifier/%.c
$(B)/tests/later/link.o: src/op/link.c
$(LATER_OBJ): Makefile tests/tools.mk
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS_ALL) -DCA_OP_VERSION=2 -DCA_OP_SERVED=2,1 \
		$(CFLAGS_ALL) -MMD -MP $(DEPS_OF) -c -o $@ $(filter %.c,$^)

$(B)/tests/later/certauth-verifier: $(VERIFIER_OBJ) \
		$(B)/tests/verifier/worker.o $(LATER_OBJ) $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ \
		$(VERIFIER_OBJ) $(B)/tests/verifier/worker.o $(LATER_OBJ) \
		$(LIB) $(LIBS_VERIFIER)

$(B)/tests/limits/count.so: SO_LIBS = -lcrypto
$(B)/tests/relay/pam_relay.so: SO_LIBS = -lpam
$(B)/tests/password/pam_behind.so: SO_LIBS = -lpam
$(TEST_LIBS): $(B)/%.so: %.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 -fPIC -shared $(WARN) \
		-Wno-deprecated-declarations $(OPT) -o $@ $< $(SO_LIBS)

# Programs that use the archive of src.
$(B)/tests/key/keytool $(B)/tests/bench/drive $(B)/tests/bench/judge \
		$(B)/tests/bench/bench_wire $(LOADTEST): %: %.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ $< \
		$(LIB) $(LIBS_CLI) $(TOOL_LIBS)

$(LOADTEST): TOOL_LIBS = -lpam

$(B)/tests/key/hostile_p11.so: $(B)/tests/key/hostile_p11.o
	$(say) LD $@
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< -ldl

$(B)/tests/bench/gencrl: tests/bench/gencrl.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(OPT) -o $@ $< -lcrypto

# Fault injection: the module, a worker of the verifier and the archive of src,
# linked with wrappers that let one call after the other fail.  tests/fault/run.sh
# says what is tried.  The room src/confine has unit tests of its own.
FAULT_B = $(B)/tests/fault
FAULT_OBJ = $(FAULT_B)/fault.o $(FAULT_B)/app.o $(FAULT_B)/make.o \
	$(FAULT_B)/listen.o $(FAULT_B)/session.o $(FAULT_B)/points.o $(B)/src/verifier/sys.o \
	$(B)/tests/verifier/unconfined.o
# what the worker of the verifier calls
FAULT_VERIFIER = $(B)/tests/verifier/unconfined
# what makes the indexes, which is no part of the module
FAULT_MAKERS = $(B)/src/map/compile.o $(B)/src/crl/index_build.o \
	$(B)/src/crl/index_file.o

$(FAULT_B)/points.c: $(MODULE) $(FAULT_VERIFIER) $(FAULT_MAKERS) tests/fault/points.txt \
		tests/fault/wrap.sh tests/tools.mk
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)rm -f $@ && tests/fault/wrap.sh tests/fault/points.txt $@ \
		$(FAULT_B)/wrap.ld $(MODULE) $(FAULT_VERIFIER) $(FAULT_MAKERS)

# a word is passed on as a word, whatever it means: see point.h
$(FAULT_B)/points.o: $(FAULT_B)/points.c tests/fault/point.h
	$(say) CC $<
	$(Q)$(CC) -std=gnu11 $(OPT) $(SAN) -fPIC -fno-builtin -Itests/fault \
		-c -o $@ $<

$(FAULT_B)/%.o: tests/fault/%.c tests/fault/app.h tests/fault/point.h Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fno-builtin -Itests/fault \
		-MMD -MP $(DEPS_OF) -c -o $@ $<

$(FAULT_B)/fault: $(FAULT_OBJ) $(B)/pam_certauth.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) @$(FAULT_B)/wrap.ld \
		-Wl,--wrap=ca_verifier_connect -Wl,--wrap=ca_recorded_login -o $@ \
		$(FAULT_OBJ) $(B)/pam_certauth.o $(LIB) $(LIBS_CLI)
