# For sshd under valgrind: tests/valgrind.bats.
testtools: $(B)/tests/valgrind/nosandbox.so

$(B)/tests/valgrind/%.so: tests/valgrind/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 -fPIC -shared $(WARN) $(OPT) -o $@ $<
