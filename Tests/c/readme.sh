#!/usr/bin/env bash
# The README's two programs, as they stand but for the port: extracted, compiled, run and talked to.
set -euo pipefail

extract() { # LANGUAGE: the first block of it
    awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } on && /^```/ { exit } on' README.md
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

id=
trap '[ -z "$id" ] || kill "$id" 2>/dev/null || true' EXIT
# say PORT INPUT WANTED: until the server is there and answers so
say() {
    local i
    for ((i = 0; i < 300; i++)); do
        if printf '%b' "$2" | timeout 5 nc -N 127.0.0.1 "$1" >"$WORK/out" 2>/dev/null; then
            printf '%b' "$3" | diff - "$WORK/out"
            return
        fi
        kill -0 "$id" || return 1
        sleep 0.05
    done
    return 1
}

port=$(free_port)
extract c | sed "s/tcp:8080/tcp:$port/" >"$WORK/echo.c"
[ "$(wc -l <"$WORK/echo.c")" -lt 40 ]
# shellcheck disable=SC2046 # these are words
cc -std=c99 -Wall -Wextra -pedantic -Werror "$WORK/echo.c" $(pkg-config --cflags --libs plait) -o "$WORK/echo"
"$WORK/echo" &
id=$!
say "$port" 'hello\r\n' 'hello\r\n'
kill "$id"
echo "C: ok"

port=$(free_port)
extract python | sed "s/tcp:8080/tcp:$port/" >"$WORK/chat.py"
PYTHONPATH=$PWD/bindings/python PLAIT_LIBRARY=$(readlink -f "$STAGE/lib/libplait.so") python3 "$WORK/chat.py" &
id=$!
say "$port" 'hello\n' 'Welcome to chat server!\n'
kill "$id"
echo "Python: ok"
