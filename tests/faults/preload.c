/* A disk between a process and its files, for tests: preloaded, it keeps a journal of every write that no sync has followed,
 * so that a test can cut the power after it has killed the process; and it fails on demand.
 *
 * SEPTET_DISK_FOLDER   files under this folder are on the disk
 * SEPTET_DISK_JOURNAL  a folder outside of that one, where each process writes a journal of its own
 * SEPTET_DISK_CONTROL  eight 64-bit numbers, mapped and shared with the test (see the enum)
 * SEPTET_DISK_STASH    a folder on the same file system that keeps what was removed
 *
 * A journal is a sequence of lines of text, each followed by octets where the line says so; a kill may cut the last one:
 *   W inode offset old-size old-length new-length \n old octets, new octets
 *   T inode old-size new-size length \n octets that were cut off
 *   B inode thread \n                a sync begins: what it finds written
 *   S inode thread \n                is on disk when it ends, which a kill may prevent
 *   C path \n   R from \t to \n   U path \t stash \n   D \n     made, renamed, removed; the folder was synced
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT, FAIL_SYNCS, IGNORE_SYNCS, REFUSED, FAILED, WORDS = 8 };
enum { SYNC_MICROSECONDS = 2000 };
enum { OTHER, FOLDER, DATA, MOST = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char kinds[MOST];
static const char *folder, *stash;
static size_t folder_length;
static int journal = -1;
static volatile int64_t *control;
static int64_t none[WORDS];
static unsigned removed;

#define REAL(name) ((typeof(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_open)(const char *, int, ...);

__attribute__((constructor)) static void begin(void) {
    real_write = real("write");
    real_pwrite = real("pwrite64");
    real_open = real("open64");
    control = none;
    folder = getenv("SEPTET_DISK_FOLDER");
    stash = getenv("SEPTET_DISK_STASH");
    const char *path = getenv("SEPTET_DISK_JOURNAL"), *shared = getenv("SEPTET_DISK_CONTROL");
    if (!folder || !stash || !path || !shared) {
        folder = NULL;
        return;
    }
    folder_length = strlen(folder);
    char own[PATH_MAX];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    /* Names in the order of the lives. */
    snprintf(own, sizeof own, "%s/%020lld%09ld", path, (long long)now.tv_sec, now.tv_nsec);
    journal = real_open(own, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    int fd = real_open(shared, O_RDWR | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (journal < 0 || map == MAP_FAILED) {
        fprintf(stderr, "preload: %s or %s: %s\n", path, shared, strerror(errno));
        _exit(97);
    }
    control = map;
    close(fd);
}

static int inside(const char *path) {
    return folder && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

/* What lives in shared memory is made anew after a power cut, and a lock holds nothing. */
static int is_data(const char *path) {
    size_t length = strlen(path);
    return length > folder_length && !(length > 4 && !strcmp(path + length - 4, "-shm"));
}

static void put(const struct iovec *parts, int count) {
    /* One call, so that a kill leaves a whole record or, at the very end, a part of one. */
    while (writev(journal, parts, count) < 0 && errno == EINTR) {
    }
}

static void note(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct iovec part = {line, (size_t)length};
    put(&part, 1);
}

static int64_t used(void) {
    int64_t total = 0;
    DIR *all = opendir(folder);
    for (struct dirent *entry; all && (entry = readdir(all));) {
        char path[PATH_MAX];
        struct stat found;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (is_data(path) && !stat(path, &found) && S_ISREG(found.st_mode)) {
            total += found.st_size;
        }
    }
    if (all) {
        closedir(all);
    }
    return total;
}

static int is_full(int64_t growth) {
    if (growth <= 0 || !control[LIMIT] || used() + growth <= control[LIMIT]) {
        return 0;
    }
    control[REFUSED]++;
    errno = ENOSPC;
    return 1;
}

static ssize_t write_at(int fd, const void *octets, size_t length, off64_t at) {
    struct stat found;
    ssize_t done = -1;
    pthread_mutex_lock(&lock);
    if (!fstat(fd, &found) && !is_full(at + (off64_t)length - found.st_size)) {
        void *old = malloc(length ? length : 1);
        int reader = -1;
        ssize_t had = 0;
        if (at < found.st_size) {
            had = pread(fd, old, length, at);
            if (had < 0) {
                /* Opened for writing alone. */
                char path[64];
                snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
                reader = real_open(path, O_RDONLY | O_CLOEXEC);
                had = pread(reader, old, length, at);
                close(reader);
            }
        }
        had = had < 0 ? 0 : had;
        char line[160];
        int head = snprintf(line, sizeof line, "W %ju %jd %jd %zd %zu\n", (uintmax_t)found.st_ino, (intmax_t)at,
                            (intmax_t)found.st_size, had, length);
        struct iovec parts[] = {{line, (size_t)head}, {old, (size_t)had}, {(void *)octets, length}};
        put(parts, 3);
        done = real_pwrite(fd, octets, length, at);
        free(old);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

static int kind_of(int fd) { return fd >= 0 && fd < MOST ? kinds[fd] : OTHER; }

static int opened(int fd, const char *path, int was_there) {
    if (fd >= 0 && fd < MOST) {
        char whole[PATH_MAX];
        const char *named = realpath(path, whole) ? whole : path;
        kinds[fd] = !inside(named) ? OTHER : is_data(named) ? DATA : strlen(named) == folder_length ? FOLDER : OTHER;
        if (kinds[fd] == DATA && !was_there) {
            pthread_mutex_lock(&lock);
            note("C %s\n", named);
            pthread_mutex_unlock(&lock);
        }
    }
    return fd;
}

static int open_any(const char *path, int flags, mode_t mode) {
    int was_there = !(flags & O_CREAT) || !access(path, F_OK);
    int cuts = flags & O_TRUNC && was_there && inside(path) && is_data(path);
    int fd = real_open(path, cuts ? flags & ~O_TRUNC : flags, mode);
    opened(fd, path, was_there);
    if (cuts && fd >= 0 && ftruncate64(fd, 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!real_open) {
        real_open = real("open64");
    }
    return open_any(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!real_open) {
        real_open = real("open64");
    }
    return open_any(path, flags, mode);
}

int close(int fd) {
    if (fd >= 0 && fd < MOST) {
        kinds[fd] = OTHER;
    }
    return REAL(close)(fd);
}

ssize_t pwrite64(int fd, const void *octets, size_t length, off64_t at) {
    return kind_of(fd) == DATA ? write_at(fd, octets, length, at) : real_pwrite(fd, octets, length, at);
}

ssize_t pwrite(int fd, const void *octets, size_t length, off_t at) { return pwrite64(fd, octets, length, at); }

ssize_t write(int fd, const void *octets, size_t length) {
    if (!real_write) {
        real_write = real("write");
    }
    if (kind_of(fd) != DATA) {
        return real_write(fd, octets, length);
    }
    ssize_t done = write_at(fd, octets, length, lseek64(fd, 0, SEEK_CUR));
    if (done > 0) {
        lseek64(fd, done, SEEK_CUR);
    }
    return done;
}

int ftruncate64(int fd, off64_t size) {
    struct stat found;
    if (kind_of(fd) != DATA || fstat(fd, &found)) {
        return REAL(ftruncate64)(fd, size);
    }
    pthread_mutex_lock(&lock);
    size_t length = size < found.st_size ? (size_t)(found.st_size - size) : 0;
    char line[160];
    void *old = malloc(length ? length : 1);
    ssize_t had = length ? pread(fd, old, length, size) : 0;
    had = had < 0 ? 0 : had;
    int head = snprintf(line, sizeof line, "T %ju %jd %jd %zd\n", (uintmax_t)found.st_ino, (intmax_t)found.st_size,
                        (intmax_t)size, had);
    struct iovec parts[] = {{line, (size_t)head}, {old, (size_t)had}};
    put(parts, 2);
    free(old);
    int done = REAL(ftruncate64)(fd, size);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int sync_any(int fd, int (*way)(int)) {
    int kind = kind_of(fd);
    if (kind == OTHER) {
        return way(fd);
    }
    if (control[FAIL_SYNCS] > 0) {
        control[FAIL_SYNCS]--;
        control[FAILED]++;
        errno = EIO;
        return -1;
    }
    if (control[IGNORE_SYNCS]) {
        return 0;
    }
    /* Nothing here outlives the machine, so the journal's word is as good as the disk's. */
    struct stat found;
    pthread_mutex_lock(&lock);
    if (kind == FOLDER) {
        note("D\n");
    } else if (!fstat(fd, &found)) {
        int thread = gettid();
        note("B %ju %d\n", (uintmax_t)found.st_ino, thread);
        /* A disk takes its time, and a kill may come while it does. */
        pthread_mutex_unlock(&lock);
        usleep(SYNC_MICROSECONDS);
        pthread_mutex_lock(&lock);
        note("S %ju %d\n", (uintmax_t)found.st_ino, thread);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_any(fd, REAL(fsync)); }

int fdatasync(int fd) { return sync_any(fd, REAL(fdatasync)); }

int rename(const char *from, const char *to) {
    if (!inside(from)) {
        return REAL(rename)(from, to);
    }
    pthread_mutex_lock(&lock);
    int done = REAL(rename)(from, to);
    if (!done) {
        note("R %s\t%s\n", from, to);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) {
    if (!inside(path) || !is_data(path)) {
        return REAL(unlink)(path);
    }
    char kept[PATH_MAX];
    pthread_mutex_lock(&lock);
    /* It stays under another name: to be put back, and so that its inode goes to nobody else. */
    snprintf(kept, sizeof kept, "%s/%d-%u", stash, getpid(), removed++);
    int linked = !link(path, kept);
    int done = REAL(unlink)(path);
    if (!done && linked) {
        note("U %s\t%s\n", path, kept);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
