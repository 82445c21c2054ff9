/* The same programs on reactors with a loop: conns over TCP and UNIX sockets of this process, turned without waiting.
 */
#define WITH_LOOP 1
#include "border.c"
