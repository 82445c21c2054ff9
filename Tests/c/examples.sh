#!/usr/bin/env bash
# The examples: as C99 and C++17, by gcc and clang, linked by pkg-config; each is run and its output compared.
set -euo pipefail

flags="-Wall -Wextra -pedantic -Werror -O1"
read -ra plait <<<"$(pkg-config --cflags --libs plait)"
for source in examples/c/*.c; do
    name=$(basename "$source" .c)
    # shellcheck disable=SC2086 # these are words
    {
        gcc -std=c99 -D_POSIX_C_SOURCE=200809L $flags -o "$WORK/$name" "$source" "${plait[@]}" -lpthread
        clang -std=c99 -D_POSIX_C_SOURCE=200809L $flags -o "$WORK/$name.clang" "$source" "${plait[@]}" -lpthread
        g++ -x c++ -std=c++17 $flags -o "$WORK/$name.gpp" "$source" "${plait[@]}" -lpthread
        clang++ -x c++ -std=c++17 $flags -o "$WORK/$name.clangpp" "$source" "${plait[@]}" -lpthread
    }
done

started=()
# shellcheck disable=SC2154 # a trap runs later
trap 'for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done' EXIT
# until_in FILE PATTERN: prints the first line with it, once the file has one; tail is woken by what is written.
until_in() {
    local follow id status=0
    exec {follow}< <(exec timeout 30 tail -n +1 -F "$1" 2>/dev/null)
    id=$!
    grep -m 1 -- "$2" <&"$follow" || status=$?
    exec {follow}<&-
    kill "$id" 2>/dev/null || true
    [ $status = 0 ] || echo "$1 never had: $2; but: $(cat "$1")" >&2
    return $status
}
# port_of FILE: waits until a server says where it listens.
port_of() { until_in "$1" '^listening on port' | sed 's/^listening on port //'; }

for variant in "" .clang .gpp .clangpp; do
    timeout 20 "$WORK/xmpp_component$variant" >"$WORK/out"
    diff "$WORK/out" - <<'END'
the component is there
juliet@example.com says: Wherefore art thou?
the component answers: Wherefore art thou?
END

    "$WORK/framer$variant" >"$WORK/out"
    diff "$WORK/out" - <<'END'
line: one
sent: 5 bytes
line: two
sent: 5 bytes
line: three
sent: 7 bytes
ended: in good order
END

    "$WORK/own_protocol$variant" >"$WORK/out"
    diff "$WORK/out" - <<'END'
the client hears anna!
the client hears 42
over: in good order
cut in 70 ways: always the same
END

    "$WORK/two_reactors$variant" >"$WORK/out"
    diff "$WORK/out" - <<'END'
second: told to stop
64 conversations were served
each reactor had its part
END

    "$WORK/echo$variant" tcp:0:interface=127.0.0.1 >"$WORK/echo.out" &
    started+=($!)
    # nc ends its side and waits for ours; lines end with CR LF here.
    printf 'hello\r\nthere\r\n' | timeout 30 nc -N 127.0.0.1 "$(port_of "$WORK/echo.out")" >"$WORK/out"
    printf 'hello\r\nthere\r\n' | cmp - "$WORK/out"
    kill "${started[-1]}"

    "$WORK/chat_server$variant" 0 >"$WORK/chat.out" &
    started+=($!)
    port=$(port_of "$WORK/chat.out")
    "$WORK/socks_proxy$variant" tcp:0:interface=127.0.0.1 "$port" >"$WORK/socks.out" &
    started+=($!)
    for version in socks4 socks4a socks5; do
        place="$version:proxy=tcp\\:127.0.0.1\\:$(port_of "$WORK/socks.out"):host=127.0.0.1:port"
        "$WORK/line_client$variant" "$place=$port" 1 30 | diff - <(echo 'Welcome to chat server!')
    done
    until_in "$WORK/socks.out" '^0 bytes there, 24 back' >/dev/null
    code=0
    "$WORK/line_client$variant" "$place=1" 1 30 2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q "the proxy's rules do not allow it" "$WORK/err"
    until_in "$WORK/socks.out" '^no tunnel' >/dev/null
    kill "${started[@]: -2}"
    rm "$WORK/socks.out" "$WORK/chat.out"

    "$WORK/amp_server$variant" tcp:0:interface=127.0.0.1 >"$WORK/amp.out" &
    started+=($!)
    port=$(port_of "$WORK/amp.out")
    "$WORK/amp_client$variant" "tcp:127.0.0.1:$port" 13 81 World | sort | diff - <(printf '13 + 81 = 94\nHello, World!\n')
    "$STAGE/bin/plait-amp" call "tcp:127.0.0.1:$port" 'Sum(a: Integer, b: Integer) -> (total: Integer)' a=13 b=81 \
        | diff - <(echo total=94)
    code=0
    "$STAGE/bin/plait-amp" call "tcp:127.0.0.1:$port" 'Greeting(name: Unicode) -> (text: Unicode)' name= 2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q 'NO_NAME: who are you?' "$WORK/err"
    code=0
    "$STAGE/bin/plait-amp" call "tcp:127.0.0.1:$port" 'Sum(a: Intege)' 2>"$WORK/err" || code=$?
    [ $code = 2 ] && grep -q 'unknown' "$WORK/err"
    # nothing is said but under TLS: this server has none
    [ -e "$WORK/tls/root.pem" ] || Tests/certificates "$WORK/tls"
    code=0
    "$WORK/amp_client$variant" "tcp:127.0.0.1:$port" 1 2 x "$WORK/tls/root.pem" >"$WORK/out" 2>"$WORK/err" || code=$?
    [ $code = 1 ] && [ ! -s "$WORK/out" ] && grep -q 'no TLS: TLS not available' "$WORK/err"
    kill "${started[-1]}"
    rm "$WORK/amp.out"
    "$WORK/amp_server$variant" tcp:0:interface=127.0.0.1 "$WORK/tls/good.pem" >"$WORK/amp.out" &
    started+=($!)
    port=$(port_of "$WORK/amp.out")
    "$WORK/amp_client$variant" "tcp:127.0.0.1:$port" 13 81 World "$WORK/tls/root.pem" | sort \
        | diff - <(printf '13 + 81 = 94\nHello, World!\n')
    kill "${started[-1]}"
    "$STAGE/bin/plait-amp" listen tcp:0:interface=127.0.0.1 >"$WORK/boxes.out" &
    started+=($!)
    code=0
    "$STAGE/bin/plait-amp" call "tcp:127.0.0.1:$(port_of "$WORK/boxes.out")" 'Any(x: ListOf(Integer))' 'x=[1,20]' \
        2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q UNHANDLED "$WORK/err"
    grep -qF '_ask=1 _command=Any x=\x00\x011\x00\x0220' "$WORK/boxes.out"
    kill "${started[-1]}"
    rm "$WORK/amp.out" "$WORK/boxes.out"

    mkdir -p "$WORK/served"
    echo hello >"$WORK/served/file"
    "$WORK/ftp_server$variant" tcp:0:interface=127.0.0.1 "$WORK/served" >"$WORK/ftp.out" &
    started+=($!)
    port=$(port_of "$WORK/ftp.out")
    curl -sS -m 20 "ftp://127.0.0.1:$port/file" | diff - <(echo hello)
    curl -sS -m 20 -v -Q TIME -T "$WORK/served/file" "ftp://me:secret@127.0.0.1:$port/up" 2>&1 | grep -q '200 It is '
    diff "$WORK/served/file" "$WORK/served/up"
    diff <(tail -n +2 "$WORK/ftp.out") <(printf '/file: 6 bytes, done\n/up: 6 bytes, done\n')
    touch "$WORK/served/"$'\e[2Jodd'
    "$WORK/ftp_client$variant" "tcp:host=127.0.0.1:port=$port" file "$WORK/copied" >"$WORK/ftp_client.out"
    rm "$WORK/served/"$'\e[2Jodd'
    diff "$WORK/served/file" "$WORK/copied"
    LC_ALL=C sort "$WORK/ftp_client.out" | diff - <(printf '6 bytes came\n?[2Jodd: 0 bytes\nfile: 6 bytes\nfile: done\nup: 6 bytes\n')
    rm "$WORK/ftp_client.out"
    kill "${started[-1]}"
    rm "$WORK/ftp.out"

    "$WORK/ftp_shell$variant" tcp:0:interface=127.0.0.1 >"$WORK/ftp.out" &
    started+=($!)
    port=$(port_of "$WORK/ftp.out")
    curl -sS -m 20 "ftp://127.0.0.1:$port/readme" | diff - <(echo 'Nothing of this is on a disk.')
    seq 20000 >"$WORK/numbers"
    curl -sS -m 20 -T "$WORK/numbers" "ftp://127.0.0.1:$port/numbers"
    curl -sS -m 20 -a -T "$WORK/served/file" "ftp://127.0.0.1:$port/numbers"
    curl -sS -m 20 "ftp://127.0.0.1:$port/numbers" | cmp - <(cat "$WORK/numbers" "$WORK/served/file")
    curl -sS -m 20 -l -Q '-DELE readme' "ftp://127.0.0.1:$port/" | sort | diff - <(printf 'numbers\nreadme\n')
    curl -sS -m 20 -l "ftp://127.0.0.1:$port/" | diff - <(echo numbers)
    code=0
    curl -sS -m 20 "ftp://127.0.0.1:$port/readme" 2>"$WORK/err" || code=$?
    [ $code = 78 ] || [ $code = 19 ]
    kill "${started[-1]}"
    rm "$WORK/ftp.out"

    rm -f "$WORK/input"
    mkfifo "$WORK/input"
    "$WORK/epoll_host$variant" tcp:0:interface=127.0.0.1 <"$WORK/input" >"$WORK/epoll.out" &
    host=$!
    started+=("$host")
    exec 4>"$WORK/input"
    printf 'hello\r\n' | timeout 30 nc -N 127.0.0.1 "$(port_of "$WORK/epoll.out")" >"$WORK/out"
    printf 'hello\r\n' | cmp - "$WORK/out"
    exec 4>&- # its input ends, and so does it
    wait $host

    "$WORK/chat_server$variant" 0 >"$WORK/chat.out" &
    started+=($!)
    port=$(port_of "$WORK/chat.out")
    "$WORK/line_client$variant" "tcp:127.0.0.1:$port" 2 30 >"$WORK/first" &
    first=$!
    until_in "$WORK/first" Welcome >/dev/null
    "$WORK/line_client$variant" "tcp:127.0.0.1:$port" 1 30 "hello" >"$WORK/second"
    wait $first
    diff "$WORK/first" <(printf 'Welcome to chat server!\nUser says: hello\n')
    diff "$WORK/second" <(printf 'Welcome to chat server!\n')
    kill "${started[-1]}"

    "$WORK/guarded_chat$variant" 0 300 >"$WORK/guarded.out" 2>"$WORK/guarded.log" &
    started+=($!)
    port=$(port_of "$WORK/guarded.out")
    "$WORK/line_client$variant" "tcp:127.0.0.1:$port" 2 30 >"$WORK/first"
    diff "$WORK/first" <(printf 'Welcome to chat server!\nYou were silent for too long.\n')
    until_in "$WORK/guarded.log" '^C 1: a time limit passed\|^C 1: nothing came' >/dev/null
    grep -q '^\* 1 127.0.0.1:' "$WORK/guarded.log"
    grep -q '^S 1: "Welcome to chat server!' "$WORK/guarded.log"
    kill "${started[-1]}"
    rm "$WORK/guarded.out" "$WORK/guarded.log"
    rm "$WORK/first" "$WORK/chat.out" "$WORK/echo.out" "$WORK/epoll.out"

    # the same over TLS, and a certificate that is renewed while its server runs
    "$WORK/chat_server$variant" "ssl:0:privateKey=$WORK/tls/good.pem:interface=127.0.0.1" >"$WORK/chat.out" &
    started+=($!)
    place="tls:localhost:$(port_of "$WORK/chat.out"):trustRoots=$WORK/tls/root.pem"
    "$WORK/line_client$variant" "$place" 2 30 >"$WORK/first" &
    first=$!
    until_in "$WORK/first" Welcome >/dev/null
    "$WORK/line_client$variant" "$place" 1 30 "hello" >"$WORK/second"
    wait $first
    diff "$WORK/first" <(printf 'Welcome to chat server!\nUser says: hello\n')
    kill "${started[-1]}"
    cp "$WORK/tls/expired.pem" "$WORK/current.pem"
    "$WORK/reloading_server$variant" 0 "$WORK/current.pem" >"$WORK/reload.out" 2>&1 &
    started+=($!)
    place="tls:localhost:$(port_of "$WORK/reload.out"):trustRoots=$WORK/tls/root.pem"
    code=0
    "$WORK/line_client$variant" "$place" 1 30 2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q "certificate has expired" "$WORK/err"
    cp "$WORK/tls/good.pem" "$WORK/renewed.pem"
    mv "$WORK/renewed.pem" "$WORK/current.pem"
    until_in "$WORK/reload.out" "read again" >/dev/null
    "$WORK/line_client$variant" "$place" 1 30 "hello" >"$WORK/second"
    diff "$WORK/second" <(printf 'hello\n')
    kill "${started[-1]}"
    rm "$WORK/first" "$WORK/chat.out" "$WORK/reload.out"

    # what goes wrong is said, and told by the exit code
    code=0
    "$WORK/line_client$variant" tcp:127.0.0.1:1 1 30 2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q "cannot connect" "$WORK/err"
    code=0
    "$WORK/echo$variant" tcp:nonsense 2>"$WORK/err" || code=$?
    [ $code = 1 ] && grep -q "^echo: " "$WORK/err"
done
echo ok
