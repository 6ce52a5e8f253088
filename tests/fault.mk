# Fault injection: the module and the archive of src, linked with wrappers that
# let one call after the other fail.  tests/fault/run.sh says what is tried.
FAULT_B = $(B)/tests/fault
FAULT_OBJ = $(FAULT_B)/fault.o $(FAULT_B)/app.o $(FAULT_B)/make.o \
	$(FAULT_B)/points.o
# what makes the indexes, which is no part of the module
FAULT_MAKERS = $(B)/src/map/compile.o $(B)/src/crl/index_build.o \
	$(B)/src/crl/index_file.o

.PHONY: fault check-fault
testtools: fault
fault: $(FAULT_B)/fault

check-fault: all fault
	@tests/fault/run.sh '$(B)' 1

$(FAULT_B)/points.c: $(MODULE) $(FAULT_MAKERS) tests/fault/points.txt \
		tests/fault/wrap.sh tests/fault.mk
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)rm -f $@ && tests/fault/wrap.sh tests/fault/points.txt $@ \
		$(FAULT_B)/wrap.ld $(MODULE) $(FAULT_MAKERS)

# a word is passed on as a word, whatever it means: see point.h
$(FAULT_B)/points.o: $(FAULT_B)/points.c tests/fault/point.h
	$(say) CC $<
	$(Q)$(CC) -std=gnu11 $(OPT) $(SAN) -fPIC -fno-builtin -Itests/fault \
		-c -o $@ $<

$(FAULT_B)/%.o: tests/fault/%.c tests/fault/app.h tests/fault/point.h Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fno-builtin -Itests/fault \
		-c -o $@ $<

$(FAULT_B)/fault: $(FAULT_OBJ) $(B)/pam_certauth.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) @$(FAULT_B)/wrap.ld -o $@ \
		$(FAULT_OBJ) $(B)/pam_certauth.o $(LIB) $(LIBS_CLI)
