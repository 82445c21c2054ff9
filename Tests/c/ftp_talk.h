/* A client of FTP that waits for each answer, for a thread of its own. */
#include "harness.h"
#include <pthread.h>

static char block[600000]; /* what is sent */
static char read_back[1 << 20];
static int port;

static int dial(int to) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)to), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {LIMIT_SECONDS, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* The next reply: its last line, of which the code is checked. */
static char *reply(int fd, int code) {
    static char line[1024];
    size_t len;

    do {
        for (len = 0; len < sizeof line - 1; len++) {
            if (recv(fd, line + len, 1, 0) != 1) DIE("no reply, but %d was wanted", code);
            if (line[len] == '\n') break;
        }
        line[len] = 0;
    } while (line[3] != ' ');
    if (atoi(line) != code) DIE("%s, but %d was wanted", line, code);
    return line;
}

static char *say(int fd, int code, const char *line) {
    CHECK(send(fd, line, strlen(line), 0) == (ssize_t)strlen(line) && send(fd, "\r\n", 2, 0) == 2);
    return reply(fd, code);
}

static int passive(int fd) {
    int at;
    CHECK(sscanf(say(fd, 229, "EPSV"), "229 Entering Extended Passive Mode (|||%d|).", &at) == 1);
    return dial(at);
}

/* The block's beginning, in pieces. Its bytes would tell if one came to the wrong place. */
static void send_block(int fd, size_t len) {
    size_t i;

    for (i = 0; i < sizeof block; i++) block[i] = (char)(i * 7 + i / 251);
    for (i = 0; i < len; i += len / 10) CHECK(send(fd, block + i, len / 10, 0) == (ssize_t)(len / 10));
    close(fd);
}

static size_t read_all(int fd) {
    size_t len = 0;
    ssize_t got;

    while ((got = recv(fd, read_back + len, sizeof read_back - len, 0)) > 0) len += (size_t)got;
    CHECK(got == 0);
    close(fd);
    return len;
}
