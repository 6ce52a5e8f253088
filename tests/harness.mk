# Small programs that the tests and the demo need; see the head of each.
TEST_TOOLS := $(patsubst tests/lib/%.c,$(B)/tests/lib/%,\
	$(wildcard tests/lib/*.c))

.PHONY: testtools
testtools: $(TEST_TOOLS)

$(B)/tests/lib/%: tests/lib/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(OPT) $(SAN) -o $@ $< \
		-lpam -lpthread -ldl
