#!/bin/sh
# setup.sh [all|run] - installs what is missing and says why. Works as root or with sudo; a second call changes nothing.
#   run   what the agent and the hub need at run time (slicer, sandbox)
#   all   that, and what building and testing need (default)
# Debian 12 and 13 and Raspberry Pi OS. PrusaSlicer is 2.9.2 or newer: older ones print off the bed without a word.
set -eu
what=${1:-all}
case $what in all | run) ;; *) echo "usage: $0 [all|run]" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH" DEBIAN_FRONTEND=noninteractive
SLICER_DIR=${SLICER_DIR:-/opt/platewright/slicer}
NODE=24.21.0
TOOLCHAIN=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 3; }
if [ "$(id -u)" = 0 ]; then as_root() { "$@"; } else as_root() { command -v sudo >/dev/null || fail "run this as root or install sudo"; sudo "$@"; }; fi

updated=
apt_install() { # PACKAGE REASON
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' && return 0
    say "installing $1: $2"
    if [ -z "$updated" ]; then as_root apt-get -q -q update || say "the package lists could not be refreshed; going on with the old ones"; updated=1; fi
    # RUNLEVEL=1 keeps packages from starting their services.
    as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -q -q install -y --no-install-recommends "$1" >/dev/null ||
        fail "apt cannot install $1 ($2)"
}

slicer() {
    . /etc/os-release
    for found in prusa-slicer "$SLICER_DIR/prusa-slicer"; do
        version=$("$found" --help 2>/dev/null </dev/null | sed -n '1s/^PrusaSlicer-\([0-9.]*\).*/\1/p') || version=
        if [ -n "$version" ] && dpkg --compare-versions "$version" ge 2.9.2; then return 0; fi
    done
    if [ "${VERSION_ID:-0}" -ge 13 ] 2>/dev/null; then
        apt_install prusa-slicer "slices the plates"
    else
        say "installing PrusaSlicer 2.9.2 into $SLICER_DIR: slices the plates (this system's own is too old)"
        as_root mkdir -p "$SLICER_DIR"
        as_root sh scripts/slicer-root.sh "$SLICER_DIR"
    fi
}

rust() {
    if command -v rustup >/dev/null; then
        rustup toolchain list | grep -q "^$TOOLCHAIN" && return 0
        say "installing Rust $TOOLCHAIN: builds the binaries"
        rustup toolchain install "$TOOLCHAIN" --profile minimal -c rustfmt -c clippy >/dev/null
    elif apt-cache show rustup >/dev/null 2>&1; then
        apt_install rustup "brings the pinned Rust toolchain"
        rustup toolchain install "$TOOLCHAIN" --profile minimal -c rustfmt -c clippy >/dev/null
    else
        fail "Rust is missing and this system has no rustup package: follow https://rustup.rs, then call make setup again"
    fi
}

# Drives the browser of the tests. Where the machine's own is missing or too old, a pinned one goes into .cache.
browser_driver() {
    is_new() { [ "$("$1" --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] 2>/dev/null; }
    command -v npm >/dev/null || apt_install npm "installs the browser tests' driver from its lock file"
    if ! is_new node && ! is_new .cache/node/bin/node; then
        case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) fail "no Node.js 20 for $(uname -m): install one, then call make setup again" ;; esac
        say "installing Node.js $NODE into .cache/node: drives the browser (this system's own is too old)"
        npm install --prefix .cache/node --no-audit --no-fund --no-save "node-linux-$arch@$NODE" >/dev/null
        mkdir -p .cache/node/bin
        ln -sf "../node_modules/node-linux-$arch/bin/node" .cache/node/bin/node
        is_new .cache/node/bin/node || fail "the installed Node.js does not run"
    fi
    cmp -s tests/browser/package-lock.json tests/browser/node_modules/.installed && return 0
    say "installing playwright-core and axe-core: look at the pages with a real browser"
    (cd tests/browser && npm ci --no-audit --no-fund >/dev/null && cp package-lock.json node_modules/.installed)
}

sandbox() {
    if bwrap --ro-bind / / --unshare-all /bin/true 2>/dev/null; then say "the slicer runs in bubblewrap"; return; fi
    if grep -q landlock /sys/kernel/security/lsm 2>/dev/null; then say "bubblewrap does not work here; the slicer runs under Landlock"; return; fi
    say "neither bubblewrap nor Landlock works here: set slicer.sandbox = \"none\"; demo and tests do so and show it"
}

apt_install ca-certificates "checks certificates"
apt_install bubblewrap "keeps the slicer from network and files"
slicer
if [ "$what" = all ]; then
    apt_install gcc "links the binaries and compiles SQLite"
    apt_install libc6-dev "the C library's headers for SQLite"
    rust
    apt_install git "tells which files belong to the project"
    apt_install mosquitto "the broker inside the simulated MQTT printer"
    apt_install vsftpd "the FTPS server inside the simulated MQTT printer"
    apt_install strace "records what reaches the disk, for the power-cut tests"
    apt_install openssl "certificates of the simulated MQTT printer"
    apt_install chromium "shows the pages to the browser tests"
    apt_install fonts-dejavu-core "letters for that browser"
    browser_driver
fi
sandbox
say "done"
