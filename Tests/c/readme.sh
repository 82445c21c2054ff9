#!/usr/bin/env bash
# The README's two programs, as they stand but for where they listen: extracted, compiled, run and talked to.
set -euo pipefail

extract() { # LANGUAGE: the first block of it
    awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } on && /^```/ { exit } on' README.md
}
id=
trap '[ -z "$id" ] || kill "$id" 2>/dev/null || true' EXIT
# serve PROGRAM WORD...: starts it as `id`, with a socket that listens on `port` already as its descriptor 3: who connects
# waits in the kernel until the program is there.
serve() {
    exec {said}< <(exec python3 - "$@" <<'END'
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(os.getpid(), listener.getsockname()[1], flush=True)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execvp(sys.argv[1], sys.argv[1:])
END
    )
    read -r -t 60 id port <&"$said"
}
# say INPUT WANTED: the server answers so
say() {
    printf '%b' "$1" | timeout 60 nc -N 127.0.0.1 "$port" >"$WORK/out"
    printf '%b' "$2" | diff - "$WORK/out"
}
where='s/tcp:8080:interface=127.0.0.1/fd:3/'

extract c | sed "$where" >"$WORK/echo.c"
[ "$(wc -l <"$WORK/echo.c")" -lt 40 ]
# shellcheck disable=SC2046 # these are words
cc -std=c99 -Wall -Wextra -pedantic -Werror "$WORK/echo.c" $(pkg-config --cflags --libs plait) -o "$WORK/echo"
serve "$WORK/echo"
say 'hello\r\n' 'hello\r\n'
kill "$id"
id=
echo "C: ok"

extract python | sed "$where" >"$WORK/chat.py"
export PYTHONPATH=$PWD/bindings/python PLAIT_LIBRARY
PLAIT_LIBRARY=$(readlink -f "$STAGE/lib/libplait.so")
serve python3 "$WORK/chat.py"
say 'hello\n' 'Welcome to chat server!\n'
kill "$id"
id=
echo "Python: ok"
