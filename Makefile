# Builds the C core for every Lua found, runs the tests and the lint.
#
#   make                    build/<lua>/oci/core.so for lua5.1 to lua5.4 and luajit
#   make LUA=lua5.4         one of them
#   make CC=clang           with another compiler
#   make SANITIZE=address   into build/address/ (or thread, fuzz)
#   make WERROR=1           warnings are errors
#   make quickstart [REF=registry/repository:tag]
#   make test [ONLY=spec/lua/registry_spec.lua] [SANITIZE=address]
#   make lint, make sanitize, make fuzz, make bench, make clean
#   eval "$(make -s env LUA=luajit)"

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# ---- what to build, with what, where to -----------------------------------------------------

KNOWN_LUAS := lua5.1 lua5.2 lua5.3 lua5.4 luajit
LUA ?=
LUAS := $(or $(LUA),$(foreach l,$(KNOWN_LUAS),$(shell pkg-config --exists $l 2>/dev/null && echo $l)))

ifeq ($(origin CC),default)
CC := gcc
endif
SANITIZE ?=
BUILD ?= build$(if $(SANITIZE),/$(SANITIZE))
VERBOSE ?=
Q := $(if $(VERBOSE),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wundef -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum -Wvla \
            $(if $(WERROR),-Werror)

SANITIZE_address := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE_thread  := -fsanitize=thread
SANITIZE_fuzz    := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
SANITIZE_FLAGS   := $(SANITIZE_$(SANITIZE))
ifneq ($(SANITIZE),)
ifeq ($(SANITIZE_FLAGS),)
$(error SANITIZE is address, thread or fuzz)
endif
endif

CFLAGS  ?= -O2 -g
OCI_CFLAGS := -std=gnu11 -fPIC -Icsrc -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(SANITIZE_FLAGS)
LIBS    := -lcrypto -lcjson -lz -lpthread -ldl
LDFLAGS ?=
OCI_LDFLAGS := $(LDFLAGS) $(SANITIZE_FLAGS)

CORE_SRC := $(filter-out csrc/lua/%,$(sort $(wildcard csrc/*/*.c)))
LUA_SRC  := $(sort $(wildcard csrc/lua/*.c))
CORE_OBJ := $(CORE_SRC:csrc/%.c=$(BUILD)/obj/%.o)

# A change of compiler or flags must rebuild: the objects depend on this file.
FLAGS_STAMP := $(BUILD)/flags
ifneq ($(filter-out env clean,$(or $(MAKECMDGOALS),all)),)
$(shell mkdir -p $(BUILD); \
  printf '%s\n' '$(CC) $(OCI_CFLAGS) $(OCI_LDFLAGS)' | cmp -s - $(FLAGS_STAMP) || \
  printf '%s\n' '$(CC) $(OCI_CFLAGS) $(OCI_LDFLAGS)' > $(FLAGS_STAMP))
endif

.PHONY: all core tests fuzz-programs env clean install-test quickstart test lint sanitize fuzz bench $(KNOWN_LUAS)

all: $(LUAS)
	@test -n "$(LUAS)" || { echo 'no Lua found by pkg-config; try: make quickstart'; exit 1; }

# ---- the core, once -------------------------------------------------------------------------

core: $(BUILD)/liboci.a

$(BUILD)/obj/%.o: csrc/%.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(CC) $(OCI_CFLAGS) -MMD -MP -c -o $@ $<

# Made anew each time, so that an object whose source is gone does not stay in it.
$(BUILD)/liboci.a: $(CORE_OBJ)
	@mkdir -p $(@D)
	@echo '  AR   $@'
	$(Q)rm -f $@; ar rcs $@ $^

# ---- the binding, once for each Lua ---------------------------------------------------------

# Lua's headers are not ours to warn about, hence -isystem.
define lua_rules
$1: $(BUILD)/$1/oci/core.so

$(BUILD)/obj-$1/%.o: csrc/lua/%.c $(FLAGS_STAMP)
	@mkdir -p $$(@D)
	@echo '  CC   $$< ($1)'
	$(Q)$(CC) $(OCI_CFLAGS) $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $1)) \
	  -MMD -MP -c -o $$@ $$<

$(BUILD)/$1/oci/core.so: $(LUA_SRC:csrc/lua/%.c=$(BUILD)/obj-$1/%.o) $(BUILD)/liboci.a
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$(Q)$(CC) $(OCI_LDFLAGS) -shared -o $$@ $$^ $(LIBS)

# An interpreter that has the sanitizer in it: see spec/support/host.c.
$(BUILD)/host/$1: spec/support/host.c $(FLAGS_STAMP)
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$(Q)$(CC) $(OCI_CFLAGS) $(OCI_LDFLAGS) \
	  $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $1)) -o $$@ $$< \
	  $(shell pkg-config --libs $1)
endef
$(foreach l,$(LUAS),$(eval $(call lua_rules,$l)))

# ---- C tests: every spec/c/*_test.c is a program --------------------------------------------

TEST_SRC    := $(sort $(wildcard spec/c/*_test.c))
TEST_BIN    := $(TEST_SRC:spec/c/%.c=$(BUILD)/test/%)
HARNESS_SRC := $(filter-out $(TEST_SRC) spec/c/failmalloc.c,$(sort $(wildcard spec/c/*.c)))
HARNESS_OBJ := $(HARNESS_SRC:spec/c/%.c=$(BUILD)/test/obj/%.o)
# So that the compiler does not leave out an allocation whose failure is being tested.
TEST_CFLAGS := -Ispec/c -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc \
               -fno-builtin-free

tests: $(TEST_BIN) $(if $(filter address,$(SANITIZE)),$(LUAS:%=$(BUILD)/host/%))

$(BUILD)/test/obj/%.o: spec/c/%.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(CC) $(OCI_CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

# In an archive, so that a program takes only what it uses.
$(BUILD)/test/libtest.a: $(HARNESS_OBJ)
	$(Q)rm -f $@; ar rcs $@ $^

# Only an out-of-memory sweep has malloc replaced.
$(BUILD)/test/%_oom_test: $(BUILD)/test/obj/%_oom_test.o $(BUILD)/test/obj/failmalloc.o \
                          $(BUILD)/test/libtest.a $(BUILD)/liboci.a
	@echo '  LD   $@'
	$(Q)$(CC) $(OCI_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/test/%_test: $(BUILD)/test/obj/%_test.o $(BUILD)/test/libtest.a $(BUILD)/liboci.a
	@echo '  LD   $@'
	$(Q)$(CC) $(OCI_LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY:

# ---- fuzzers: every spec/c/fuzz/*_fuzz.c, with clang ----------------------------------------

FUZZ_SRC := $(sort $(wildcard spec/c/fuzz/*_fuzz.c))
FUZZ_BIN := $(FUZZ_SRC:spec/c/fuzz/%.c=$(BUILD)/bin/%)
FUZZ_SECONDS ?= 60

fuzz-programs: $(FUZZ_BIN)
$(BUILD)/bin/%_fuzz: spec/c/fuzz/%_fuzz.c $(BUILD)/liboci.a $(FLAGS_STAMP)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(CC) $(OCI_CFLAGS) -fsanitize=fuzzer -Ispec/c -MMD -MP -MF $@.d -o $@ $< \
	  $(BUILD)/liboci.a $(LIBS)

fuzz:
	@spec/support/install.sh fuzz
	@$(MAKE) --no-print-directory CC=clang SANITIZE=fuzz fuzz-programs
	@spec/support/fuzz.sh build/fuzz/bin $(FUZZ_SECONDS)

# ---- what people call -----------------------------------------------------------------------

ENV_LUA := $(or $(LUA),lua5.4)
env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/$(BUILD)/$(ENV_LUA)/?.so;;'"

quickstart:
	@spec/support/install.sh quickstart
	@$(MAKE) --no-print-directory LUA=lua5.4 lua5.4
	@eval "$$($(MAKE) -s env LUA=lua5.4)"; lua5.4 examples/quickstart.lua $(REF)

# A second make, because only after the installation can pkg-config find everything.
# The programs of all Luas are built, so that each compiles; two of them run the tests.
install-test:
	@spec/support/install.sh test
test: install-test
	@$(MAKE) --no-print-directory all tests LUA= SANITIZE=$(SANITIZE)
	@python3 spec/support/run.py --build $(BUILD) $(ONLY)

lint: install-test
	@python3 spec/lint/lint.py

# ThreadSanitizer gets the C tests: interpreters and OpenSSL are not built with it.
sanitize: export OCI_TEST_TIMEOUT := 600
sanitize:
	@$(MAKE) --no-print-directory test SANITIZE=address
	@$(MAKE) --no-print-directory tests SANITIZE=thread
	@python3 spec/support/run.py --build build/thread --c-only

bench:
	@spec/support/install.sh bench
	@$(MAKE) --no-print-directory LUA=lua5.4 lua5.4
	@spec/bench/run
	@spec/bench/pack.py

# With what `luarocks make` leaves in a checkout.
clean:
	rm -rf build oci
	find csrc -name '*.o' -delete

-include $(CORE_OBJ:.o=.d) $(HARNESS_OBJ:.o=.d) $(TEST_SRC:spec/c/%.c=$(BUILD)/test/obj/%.d)
-include $(BUILD)/test/obj/failmalloc.d $(wildcard $(BUILD)/obj-*/*.d) $(FUZZ_BIN:=.d)
