# What the tests of src/key/ need: a front end to it, and a PKCS#11 module that
# misbehaves on demand.
KEYTEST = $(B)/tests/key/keytool $(B)/tests/key/hostile_p11.so
testtools: $(KEYTEST)

$(B)/tests/key/keytool: $(B)/tests/key/keytool.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LIBS_CLI)

$(B)/tests/key/hostile_p11.so: $(B)/tests/key/hostile_p11.o
	$(say) LD $@
	$(Q)$(CC) -shared $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< -ldl
