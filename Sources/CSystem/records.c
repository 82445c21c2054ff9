#include "CSystem.h"
#include <errno.h>
#include <pthread.h>

struct csystem_record csystem_records[CSYSTEM_RECORDS];
uint64_t csystem_shared_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;
static int watching;

struct csystem_post {
    struct csystem_post *next;
    csystem_post_fn function;
    void *user;
};

/* The locks are held over the fork, so that the child gets them in a known state. */
static void before_fork(void) {
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&record_lock);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&record_lock);
    pthread_mutex_unlock(&lock);
}

static void after_fork_in_child(void) {
    for (int i = 0; i < CSYSTEM_RECORDS; i++)
        if (csystem_records[i].owner > CSYSTEM_RETIRED) csystem_records[i].owner = CSYSTEM_FORKED;
    after_fork_in_parent();
}

void csystem_lock(void) { pthread_mutex_lock(&lock); }
void csystem_unlock(void) { pthread_mutex_unlock(&lock); }

int csystem_record_take(void) {
    int found = -1;
    pthread_mutex_lock(&record_lock);
    if (!watching) watching = !pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    /* Record 0 stays free: its number stands for "process-wide" in handles. */
    for (int i = 1; i < CSYSTEM_RECORDS && found < 0; i++)
        if (csystem_records[i].owner == CSYSTEM_FREE) found = i;
    if (found >= 0) {
        csystem_records[found].context = NULL;
        __atomic_store_n(&csystem_records[found].owner, csystem_thread(), __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&record_lock);
    return found;
}

void csystem_record_set(uint32_t index, void *context, uint64_t id, csystem_wake_fn wake, void *argument) {
    struct csystem_record *record = &csystem_records[index];
    pthread_mutex_lock(&record_lock);
    record->context = context;
    record->id = id;
    record->wake = wake;
    record->wake_argument = argument;
    pthread_mutex_unlock(&record_lock);
}

void csystem_record_free(uint32_t index, uint32_t generation) {
    struct csystem_record *record = &csystem_records[index];
    pthread_mutex_lock(&record_lock);
    record->context = record->speaker = record->shown_box = NULL;
    record->id = record->speaking = record->shown = 0;
    record->wake = NULL;
    record->stop = record->signalled = record->driving = 0;
    record->generation = generation;
    /* Handles would come back: this number is used up. */
    int spent = generation >= 0x3ffffff;
    __atomic_store_n(&record->owner, spent ? CSYSTEM_RETIRED : CSYSTEM_FREE, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&record_lock);
}

/* With the lock held: 1 when the id is this record's and of this process. */
static int check(struct csystem_record *record, uint64_t id) {
    if (record->owner == CSYSTEM_FORKED) return 2;
    return record->owner > CSYSTEM_RETIRED && record->id == id && id;
}

int csystem_record_lives(uint64_t id, uint32_t index) {
    pthread_mutex_lock(&record_lock);
    int lives = check(&csystem_records[index & (CSYSTEM_RECORDS - 1)], id) == 1;
    pthread_mutex_unlock(&record_lock);
    return lives;
}

static void signal_record(struct csystem_record *record) {
    __atomic_store_n(&record->signalled, 1, __ATOMIC_RELEASE);
    if (record->wake) record->wake(record->wake_argument);
}

int csystem_record_post(uint32_t index, uint64_t id, csystem_post_fn function, void *user) {
    struct csystem_record *record = &csystem_records[index & (CSYSTEM_RECORDS - 1)];
    struct csystem_post *post = malloc(sizeof *post);
    if (!post) return -ENOMEM;
    post->next = NULL;
    post->function = function;
    post->user = user;
    pthread_mutex_lock(&record_lock);
    int status = check(record, id);
    if (status == 1) {
        if (record->last)
            record->last->next = post;
        else
            record->first = post;
        record->last = post;
        signal_record(record);
    }
    pthread_mutex_unlock(&record_lock);
    if (status != 1) free(post);
    return status;
}

int csystem_record_stop(uint32_t index, uint64_t id) {
    struct csystem_record *record = &csystem_records[index & (CSYSTEM_RECORDS - 1)];
    pthread_mutex_lock(&record_lock);
    int status = check(record, id);
    if (status == 1) {
        record->stop = 1;
        signal_record(record);
    }
    pthread_mutex_unlock(&record_lock);
    return status;
}

int csystem_record_adopt(uint32_t index, uint64_t id) {
    struct csystem_record *record = &csystem_records[index & (CSYSTEM_RECORDS - 1)];
    pthread_mutex_lock(&record_lock);
    int status = check(record, id);
    if (status == 1 && __atomic_load_n(&record->driving, __ATOMIC_ACQUIRE)) status = 3;
    if (status == 1) __atomic_store_n(&record->owner, csystem_thread(), __ATOMIC_RELEASE);
    pthread_mutex_unlock(&record_lock);
    return status;
}

void csystem_record_drive(uint32_t index, int driving) {
    __atomic_store_n(&csystem_records[index].driving, driving, __ATOMIC_RELEASE);
}

void csystem_record_end(uint32_t index) {
    pthread_mutex_lock(&record_lock);
    csystem_records[index].id = 0;
    csystem_records[index].wake = NULL;
    pthread_mutex_unlock(&record_lock);
}

int csystem_record_run_posts(uint32_t index) {
    struct csystem_record *record = &csystem_records[index];
    pthread_mutex_lock(&record_lock);
    struct csystem_post *post = record->first;
    record->first = record->last = NULL;
    __atomic_store_n(&record->signalled, record->stop, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&record_lock);
    int count = 0;
    while (post) {
        struct csystem_post *next = post->next;
        if (!csystem_forked(index)) post->function(post->user); /* one may have forked: the others are the parent's */
        free(post);
        post = next;
        count++;
    }
    return count;
}

int csystem_record_has_posts(uint32_t index) {
    pthread_mutex_lock(&record_lock);
    int has = csystem_records[index].first != NULL;
    pthread_mutex_unlock(&record_lock);
    return has;
}

int csystem_record_take_stop(uint32_t index) {
    struct csystem_record *record = &csystem_records[index];
    pthread_mutex_lock(&record_lock);
    int stop = record->stop;
    record->stop = 0;
    __atomic_store_n(&record->signalled, record->first != NULL, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&record_lock);
    return stop;
}
