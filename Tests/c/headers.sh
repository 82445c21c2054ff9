#!/usr/bin/env bash
# Every header alone and twice, and every initializer, in five dialects, by two compilers.
set -euo pipefail

for header in "$STAGE"/include/plait/*.h; do
    name=$(basename "$header")
    file=$WORK/${name%.h}
    printf '#include <plait/%s>\n#include <plait/%s>\n' "$name" "$name" >"$file.c"
    # An object of each type that has an initializer: one that lacks a field is a warning, and so an error.
    sed -n 's/^#define PLAIT_\(.*\)_INIT .*/\1/p' "$header" | while read -r type; do
        echo "void use_${type,,}(plait_${type,,} *out); void use_${type,,}(plait_${type,,} *out) {" \
            "plait_${type,,} value = PLAIT_${type}_INIT; *out = value; }"
    done >>"$file.c"
    echo "typedef int not_empty;" >>"$file.c"
    cp "$file.c" "$file.cpp"
    flags=(-Wall -Wextra -pedantic -Werror -fsyntax-only "-I$STAGE/include")
    for dialect in c99 c11 c17; do
        gcc -std=$dialect -Wstrict-prototypes "${flags[@]}" "$file.c"
        clang -std=$dialect -Wstrict-prototypes "${flags[@]}" "$file.c"
    done
    for dialect in c++11 c++17; do
        g++ -std=$dialect "${flags[@]}" "$file.cpp"
        clang++ -std=$dialect "${flags[@]}" "$file.cpp"
    done
done
echo ok
