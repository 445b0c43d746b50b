#!/bin/sh
# Installs what is missing: install.sh quickstart | test | bench | fuzz
#
# Debian packages by apt-get when root; otherwise it names the missing ones and fails. The Go
# programs that Debian does not have are built into ${XDG_CACHE_HOME:-~/.cache}/lua-oci/peers when
# there is a Go for it; without them the tests that talk to them are skipped.
set -eu

BUILD_PACKAGES='gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev
  libssl-dev libcjson-dev zlib1g-dev libyaml-dev libdeflate-dev libpcre2-dev
  libcurl4-openssl-dev libarchive-dev libzstd-dev ca-certificates'

# luajit2 and its -dev, because lua-resty-core (so nginx) needs that one and it excludes luajit.
TEST_PACKAGES='lua5.1 liblua5.1-0-dev lua5.2 liblua5.2-dev lua5.3 liblua5.3-dev
  luajit2 libluajit2-5.1-dev lua-busted lua-check lua-luv lua-cjson lua-socket luarocks json-schema-test-suite
  docker-registry skopeo podman nginx libnginx-mod-http-lua apache2-utils openssl curl python3 valgrind git zstd
  clang clang-tidy cppcheck'

: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
PEERS=${XDG_CACHE_HOME:-$HOME/.cache}/lua-oci/peers

usage() {
  echo 'usage: install.sh quickstart | test | bench | fuzz' >&2
  exit 2
}

missing_packages() {
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
      installed*) ;;
      *) echo "$package" ;;
    esac
  done
}

# Packages of servers would start them; nobody asked for that. The file is Debian's way to say no.
without_services() {
  policy=/usr/sbin/policy-rc.d
  if [ -e $policy ]; then
    "$@"
    return
  fi
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' > $policy
  chmod +x $policy
  status=0
  "$@" || status=$?
  rm -f $policy
  trap - EXIT
  return $status
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -y install --no-install-recommends "$@" </dev/null
}

install_packages() {
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing packages: $missing" >&2
    echo "as root: apt-get install --no-install-recommends $missing" >&2
    exit 1
  fi
  echo "installing: $missing"
  # The lists of a fresh machine may be absent or old: once more with new ones if it fails.
  # shellcheck disable=SC2086
  without_services apt_install $missing || {
    apt-get -q update </dev/null
    without_services apt_install $missing
  }
}

# Go's version as a number: 1.26.8 -> 126
go_version() {
  go env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9]*\)\.\([0-9]*\).*/\1\2/p'
}

# go_program NAME MODULE@VERSION
go_program() {
  [ -x "$PEERS/$1" ] && return 0
  if [ "$(go_version || true)" -lt 126 ] 2>/dev/null || [ -z "$(go_version)" ]; then
    echo "warning: $1 is not installed and there is no Go >= 1.26 to build it;" \
      "its tests will be skipped (or put it into $PEERS)" >&2
    return 0
  fi
  echo "building $2 (once)"
  mkdir -p "$PEERS"
  GOBIN=$PEERS go install "$2" </dev/null ||
    echo "warning: $1 could not be built; its tests will be skipped" >&2
}

# Two at a time: one downloads or links while the other compiles. conftest is made of opa's packages, so it comes behind it.
test_programs() {
  {
    go_program registry github.com/distribution/distribution/v3/cmd/registry@v3.1.2
    go_program helm helm.sh/helm/v3/cmd/helm@v3.22.0
    go_program siftool github.com/sylabs/sif/v2/cmd/siftool@v2.24.2
  } &
  {
    go_program oras oras.land/oras/cmd/oras@v1.3.6
    go_program opa github.com/open-policy-agent/opa@v1.22.2
    go_program conftest github.com/open-policy-agent/conftest@v0.71.1
  } &
  wait
}

[ $# -eq 1 ] || usage
# shellcheck disable=SC2086
case $1 in
  quickstart) install_packages $BUILD_PACKAGES ;;
  test) install_packages $BUILD_PACKAGES $TEST_PACKAGES && test_programs ;;
  bench)
    install_packages $BUILD_PACKAGES $TEST_PACKAGES && test_programs
    go_program crane github.com/google/go-containerregistry/cmd/crane@v0.22.1
    ;;
  fuzz) install_packages $BUILD_PACKAGES clang libclang-rt-dev ;;
  *) usage ;;
esac
