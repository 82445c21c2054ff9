#!/usr/bin/env bash
# What is installed, used as others use it: pkg-config and CMake, shared and static, also after the tree was moved; the
# archive in C without any shared library, in an ordinary Swift program, and beside a second Embedded Swift archive.
set -euo pipefail

version=$(sed -n 's/^#define PLAIT_VERSION_STRING "\(.*\)"/\1/p' include/plait/version.h)
# One version everywhere.
grep -qF "\"$version\"" bindings/python/plait/_version.py
grep -q "^## $version" CHANGELOG.md
program=$PWD/Tests/c/consumer/main.c

# An installation with DESTDIR, PREFIX and LIB of its own, moved away afterwards.
scripts/install "$WORK/dest" /opt/plait lib/x86_64-linux-gnu >/dev/null
mv "$WORK/dest/opt/plait" "$WORK/moved"
cmp LICENSE "$WORK/moved/share/doc/plait/LICENSE"

check() { # PREFIX LIB
    local prefix=$1 lib=$2 build
    export PKG_CONFIG_PATH=$prefix/$lib/pkgconfig
    unset LD_LIBRARY_PATH
    pkg-config --validate plait
    [ "$(pkg-config --modversion plait)" = "$version" ]
    read -ra shared <<<"$(pkg-config --cflags --libs plait)"
    read -ra static <<<"$(pkg-config --static --cflags --libs plait)"
    read -ra cflags <<<"$(pkg-config --cflags plait)"
    read -ra needs <<<"$(pkg-config --libs libuv openssl expat libidn)"

    gcc -o "$WORK/shared" "$program" "${shared[@]}"
    LD_LIBRARY_PATH=$prefix/$lib "$WORK/shared"
    gcc -Wl,--gc-sections -o "$WORK/archive" "$program" "${cflags[@]}" "$(pkg-config --variable=archive plait)" "${needs[@]}" -lresolv -lm
    "$WORK/archive"
    gcc -static -o "$WORK/static" "$program" "${static[@]}" 2>"$WORK/static.log" || { cat "$WORK/static.log"; exit 1; }
    "$WORK/static"
    if ldd "$WORK/static" >/dev/null 2>&1; then echo "not static"; exit 1; fi
    echo "$prefix: pkg-config: shared, archive ($(stat -c %s "$WORK/archive") bytes), static ($(stat -c %s "$WORK/static") bytes)"

    build=$WORK/cmake-$(basename "$prefix")
    cmake -S Tests/c/consumer -B "$build" -DCMAKE_PREFIX_PATH="$prefix" -DPLAIT_VERSION="$version" >"$build.log"
    cmake --build "$build" >>"$build.log"
    "$build/shared"
    "$build/static"
    echo "$prefix: CMake: shared, static"
}
check "$STAGE" lib
check "$WORK/moved" lib/x86_64-linux-gnu

# uninstall leaves nothing behind
scripts/install "$WORK/gone" /usr lib >/dev/null
UNINSTALL=1 scripts/install "$WORK/gone" /usr lib >/dev/null
if [ -n "$(find "$WORK/gone" -not -type d)" ]; then find "$WORK/gone" -not -type d; exit 1; fi
[ ! -e "$WORK/gone/usr/share/doc/plait" ]

archive=$STAGE/lib/libplait.a
# A program of lines takes in no other protocol.
read -ra needs <<<"$(pkg-config --libs libuv openssl expat libidn)"
gcc -O2 -Wl,--gc-sections -s -I "$STAGE/include" -o "$WORK/lines" examples/c/chat_server.c "$archive" "${needs[@]}" -lresolv -lm
size=$(stat -c %s "$WORK/lines")
[ "$size" -lt $((400 << 10)) ] || { echo "a program of lines has $size bytes"; exit 1; }
echo "a program of lines, linked with the archive: $size bytes"
# An ordinary Swift program has a runtime of its own, which the archive must not replace.
cp "$STAGE"/../../include/module.modulemap "$WORK/"
swiftc -O -module-cache-path "$WORK/cache" -I "$STAGE/../../include" -o "$WORK/swift-host" Tests/c/consumer/host.swift "$archive" -luv -lssl -lcrypto -lexpat -lidn -lresolv -lm
"$WORK/swift-host"
echo "Swift program: linked"

# Another Embedded Swift archive has the same parts of the runtime in it.
swiftc -O -wmo -parse-as-library -enable-experimental-feature Embedded -module-cache-path "$WORK/cache" -c \
    -o "$WORK/other.o" Tests/c/consumer/other.swift
ar -crs "$WORK/libother.a" "$WORK/other.o"
for order in "$archive $WORK/libother.a" "$WORK/libother.a $archive"; do
    # shellcheck disable=SC2086 # these are words
    gcc -DWITH_OTHER -o "$WORK/both" "$program" -I"$STAGE/include" $order -luv -lssl -lcrypto -lexpat -lidn -lresolv -lm
    "$WORK/both"
done
echo "second Embedded archive: linked in both orders"
echo ok
