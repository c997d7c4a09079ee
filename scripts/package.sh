#!/bin/sh
# package.sh [ARCH ...] - Debian packages of agent and hub, plain binaries and a bill of materials, into target/package.
# ARCH: amd64, arm64; both by default. The packages are for Debian 12 and 13 and Raspberry Pi OS (64 bit).
set -eu
cd "$(dirname "$0")/.."
export PATH="$HOME/.cargo/bin:$PATH"
[ $# -gt 0 ] || set -- arm64 amd64
out=$PWD/target/package
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
CYCLONEDX=0.5.9

say() { printf 'package: %s\n' "$*"; }
fail() { printf 'package: %s\n' "$*" >&2; exit 3; }
if [ "$(id -u)" = 0 ]; then as_root() { "$@"; } else as_root() { sudo "$@"; }; fi

# The compiler, C compiler and packager of an architecture other than this machine's.
cross() { # TRIPLE GNU
    rustup target add "$1" >/dev/null 2>&1 || fail "rustup cannot install the target $1: no packages for it"
    [ "$(rustc -vV | sed -n 's/^host: //p')" = "$1" ] && return 0
    command -v "$2-gcc" >/dev/null && return 0
    say "installing the C compiler for $2: links the binaries and compiles SQLite"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -q install -y --no-install-recommends "gcc-$(echo "$2" | tr _ -)" "libc6-dev-$3-cross" >/dev/null ||
        fail "apt cannot install the C compiler for $2"
}

# What both packages do after they are installed: a user of their own, and the service.
postinst() { # NAME
    cat <<SCRIPT
#!/bin/sh
set -e
[ "\$1" = configure ] || exit 0
getent passwd $1 >/dev/null || useradd --system --user-group --no-create-home --home-dir /var/lib/$1 --shell /usr/sbin/nologin $1
chown root:$1 /etc/$1/config.toml
chmod 640 /etc/$1/config.toml
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable $1.service >/dev/null
    systemctl restart $1.service
fi
SCRIPT
}

prerm() { # NAME
    cat <<SCRIPT
#!/bin/sh
set -e
if [ "\$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now $1.service; fi
SCRIPT
}

deb() { # NAME ARCH BINARIES DEPENDS DESCRIPTION...
    name=$1 arch=$2 from=$3 depends=$4 words=$5
    root=$(mktemp -d)
    chmod 755 "$root"
    trap 'rm -rf "$root"' EXIT
    mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/lib/systemd/system" "$root/etc/$name" "$root/usr/share/doc/$name"
    install -m 755 "$from/$name" "$root/usr/bin/"
    [ "$name" = edge-agent ] && install -m 755 "$from/gridflock" "$root/usr/bin/"
    install -m 644 "deployment/systemd/$name.service" "$root/lib/systemd/system/"
    install -m 640 "deployment/deb/$name.toml" "$root/etc/$name/config.toml"
    install -m 644 LICENSE-APACHE LICENSE-MIT docs/credits.md CHANGELOG.md "$root/usr/share/doc/$name/"
    echo "/etc/$name/config.toml" >"$root/DEBIAN/conffiles"
    postinst "$name" >"$root/DEBIAN/postinst"
    prerm "$name" >"$root/DEBIAN/prerm"
    chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm"
    cat >"$root/DEBIAN/control" <<CONTROL
Package: $name
Version: $version
Architecture: $arch
Maintainer: Platewright <platewright@localhost>
Section: misc
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: $depends
$([ "$name" = edge-agent ] && echo "Recommends: prusa-slicer (>= 2.9.2)" || echo "Recommends: systemd")
Description: $words
CONTROL
    dpkg-deb --root-owner-group -Zxz --build "$root" "$out/${name}_${version}_$arch.deb" >/dev/null
    rm -rf "$root"
    trap - EXIT
}

mkdir -p "$out"
for arch; do
    case $arch in
    amd64) triple=x86_64-unknown-linux-gnu gnu=x86_64-linux-gnu ;;
    arm64) triple=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu ;;
    *) fail "$arch: expected amd64 or arm64" ;;
    esac
    cross "$triple" "$gnu" "$arch"
    say "building for $arch"
    upper=$(echo "$triple" | tr 'a-z-' 'A-Z_')
    if [ "$(rustc -vV | sed -n 's/^host: //p')" != "$triple" ]; then
        export "CARGO_TARGET_${upper}_LINKER=$gnu-gcc" "CC_$(echo "$triple" | tr - _)=$gnu-gcc"
    fi
    cargo build --locked --release --target "$triple" -p edge-agent -p cloud-hub -p gridflock
    mkdir -p "$out/$arch"
    for binary in edge-agent cloud-hub gridflock; do install -m 755 "target/$triple/release/$binary" "$out/$arch/"; done
    deb edge-agent "$arch" "$out/$arch" "libc6, libgcc-s1, passwd, bubblewrap, ca-certificates" "prints the plates of a farm, with or without the internet"
    deb cloud-hub "$arch" "$out/$arch" "libc6, libgcc-s1, passwd, ca-certificates" "turns shop orders into prints, parcels and fulfilments"
done

if ! [ -x target/tools/bin/cargo-cyclonedx ]; then
    say "installing cargo-cyclonedx $CYCLONEDX: writes the bill of materials"
    cargo install --quiet --locked --root target/tools "cargo-cyclonedx@$CYCLONEDX"
fi
for crate in edge-agent cloud-hub gridflock; do
    PATH="$PWD/target/tools/bin:$PATH" cargo cyclonedx --quiet --format json --target all --override-filename "$crate-sbom" --manifest-path "$crate/Cargo.toml"
    mv "$crate/$crate-sbom.json" "$out/"
done
# The tool writes one beside every member it meets.
find . -name '*-sbom.json' -not -path './target/*' -delete
(cd "$out" && sha256sum ./*.deb ./*-sbom.json >SHA256SUMS)
say "done: $(cd "$out" && ls ./*.deb ./*-sbom.json | tr '\n' ' ')in target/package"
