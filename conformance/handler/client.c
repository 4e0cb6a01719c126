/*
 * Emulates Firecracker for a page-fault handler: maps memory, creates a
 * userfaultfd, passes both over the handler's socket, and executes a script. It
 * compares every page that it reads with the expected contents. README.md
 * describes the script language. It prints a line of JSON for each command.
 *
 *     cc -O2 -pthread -o client client.c
 *     ./client SOCKET < script
 *
 * Exit code: 0 success, 1 wrong pages, 2 invalid script or system, 3 stalled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REGIONS_MAX 64
#define SMALL 4096UL

struct region {
  unsigned char *base;
  size_t size, offset, page_size;
};

static struct region regions[REGIONS_MAX];
static int region_count;
static size_t total, page_size = SMALL;
static const unsigned char *image;
static size_t image_size;
static _Atomic unsigned char *removed; /* one byte per page */
static int uffd = -1, sock = -1;
static const char *socket_path;
static unsigned long wrong_pages;
static _Atomic int watch_seconds = 20;
static _Atomic long started;

static void fail(const char *what) {
  printf("{\"error\":\"%s: %s\"}\n", what, strerror(errno));
  fflush(stdout);
  _exit(2);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/*
 * Ends the program when a command makes no progress: a fault was not answered.
 */
static void *watch(void *unused) {
  (void)unused;
  for (;;) {
    usleep(50000);
    long begin = started;
    if (begin && now_us() / 1e6 - begin > watch_seconds) {
      printf("{\"stalled\":true}\n");
      fflush(stdout);
      _exit(3);
    }
  }
}

static void start_watch(void) {
  pthread_t thread;
  pthread_create(&thread, 0, watch, 0);
}

/* In `removed`: a page that the balloon removes repeatedly. */
enum { AGAIN_AND_AGAIN = 2 };

static uint64_t random_state = 1;
static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static unsigned char *page_address(size_t page) {
  size_t offset = page * page_size;
  for (int i = 0; i < region_count; i++)
    if (offset >= regions[i].offset &&
        offset < regions[i].offset + regions[i].size)
      return regions[i].base + (offset - regions[i].offset);
  errno = ERANGE;
  fail("page");
  return 0;
}

static int is_zero(const unsigned char *bytes, size_t length) {
  return length == 0 ||
         (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static int is_original(size_t page, const unsigned char *bytes) {
  size_t at = page * page_size;
  size_t known = at >= image_size ? 0 : image_size - at;
  if (known > page_size) known = page_size;
  return memcmp(bytes, image + at, known) == 0 &&
         is_zero(bytes + known, page_size - known);
}

static int is_original_or_zero(size_t page, const unsigned char *bytes) {
  size_t at = page * page_size;
  for (size_t i = 0; i < page_size; i++)
    if (bytes[i] && (at + i >= image_size || bytes[i] != image[at + i]))
      return 0;
  return 1;
}

/*
 * Reads a page, whose first byte causes the fault. Counts the page if it is
 * wrong.
 */
static double touch(size_t page) {
  volatile unsigned char *bytes = page_address(page);
  double begin = now_us();
  (void)*bytes;
  double end = now_us(), took = end - begin;
  started = end / 1e6;
  const unsigned char *all = (const unsigned char *)bytes;
  /*
   * A page of the balloon may be removed at any time, even during the
   * comparison.
   */
  int right = removed[page] == AGAIN_AND_AGAIN ? is_original_or_zero(page, all)
              : removed[page]                  ? is_zero(all, page_size)
                                               : is_original(page, all);
  if (!right) __atomic_add_fetch(&wrong_pages, 1, __ATOMIC_RELAXED);
  return took;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void report(const char *command, double *times, size_t count) {
  qsort(times, count, sizeof *times, by_value);
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += times[i];
  printf("{\"command\":\"%s\",\"pages\":%zu,\"wrong\":%lu,\"total_us\":%.1f,"
         "\"p50_us\":%.2f,\"p99_us\":%.2f,\"max_us\":%.2f}\n",
         command, count, wrong_pages, sum, count ? times[count / 2] : 0,
         count ? times[count * 99 / 100] : 0, count ? times[count - 1] : 0);
}

static void add_region(size_t size, size_t pages_of) {
  struct region *it = &regions[region_count++];
  if (region_count == REGIONS_MAX) { errno = E2BIG; fail("region"); }
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (pages_of > SMALL) flags |= MAP_HUGETLB | __builtin_ctzl(pages_of) << 26;
  it->base = mmap(0, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (it->base == MAP_FAILED) fail("mmap");
  it->size = size;
  it->offset = total;
  it->page_size = page_size = pages_of;
  total += size;
  /* A hole, so that regions are not neighbours. */
  mmap(0, 1 << 21, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void open_image(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st)) fail(path);
  image_size = st.st_size;
  image = mmap(0, image_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (image == MAP_FAILED) fail(path);
}

static void make_uffd(void) {
  removed = calloc(total / page_size + 1, 1);
  uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (uffd < 0) fail("userfaultfd");
  struct uffdio_api api = {.api = UFFD_API,
                           .features = UFFD_FEATURE_EVENT_REMOVE};
  if (ioctl(uffd, UFFDIO_API, &api)) fail("UFFDIO_API");
  for (int i = 0; i < region_count; i++) {
    struct uffdio_register it = {
        .range = {(uintptr_t)regions[i].base, regions[i].size},
        .mode = UFFDIO_REGISTER_MODE_MISSING};
    if (ioctl(uffd, UFFDIO_REGISTER, &it)) fail("UFFDIO_REGISTER");
  }
}

static void send_part(const char *text, size_t length, int fds[], int count) {
  struct iovec io = {(void *)text, length};
  char control[CMSG_SPACE(sizeof(int) * 4)] = {0};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
  if (count) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
  }
  if (sendmsg(sock, &message, MSG_NOSIGNAL) != (ssize_t)length) fail("sendmsg");
}

static void connect_socket(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path, sizeof to.sun_path, "%s", socket_path);
  if (connect(sock, (void *)&to, sizeof to)) fail("connect");
}

/* The process that `connect helper` leaves, and a pipe that it waits for. */
static pid_t helper_process;
static int helper_end[2];

/* leave: that process ends. */
static void leave(void) {
  close(helper_end[1]);
  waitpid(helper_process, 0, 0);
}

/* README.md describes the options of connect. */
static void handshake(char *options) {
  int late = 0, split = 0, legacy = 0, unknown = 0, two = 0, garbage = 0;
  int nofd = 0, cut = 0, orphan = 0, helper = 0, launcher = 0, given = 0;
  size_t pad = 0, claim = 0, shift = 0;
  for (char *it = strtok(options, " "); it; it = strtok(0, " ")) {
    if (!strcmp(it, "late")) late = 1;
    else if (!strcmp(it, "split")) split = 1;
    else if (!strcmp(it, "legacy")) legacy = 1;
    else if (!strcmp(it, "unknown")) unknown = 1;
    else if (!strcmp(it, "two")) two = 1;
    else if (!strcmp(it, "garbage")) garbage = 1;
    else if (!strcmp(it, "nofd")) nofd = 1;
    else if (!strcmp(it, "cut")) cut = 1;
    else if (!strcmp(it, "orphan")) orphan = 1;
    else if (!strcmp(it, "helper")) helper = 1;
    else if (!strcmp(it, "launcher")) launcher = 1;
    else if (!strcmp(it, "given")) given = 1;
    else if (!strcmp(it, "pad")) pad = strtoul(strtok(0, " "), 0, 0);
    else if (!strcmp(it, "claim")) claim = strtoul(strtok(0, " "), 0, 0);
    else if (!strcmp(it, "shift")) shift = strtoul(strtok(0, " "), 0, 0);
  }
  sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (orphan || helper) {
    int connected[2];
    char byte = 0;
    if (pipe(connected) || pipe(helper_end)) fail("pipe");
    helper_process = fork();
    if (!helper_process) {
      close(helper_end[1]);
      connect_socket();
      if (write(connected[1], &byte, 1) != 1) _exit(1);
      _exit(read(helper_end[0], &byte, 1) != 0);
    }
    if (read(connected[0], &byte, 1) != 1) fail("helper");
    if (orphan) leave();
  } else
    connect_socket();
  if (launcher) {
    /* The child continues the script; this process only waits for it. */
    pid_t child = fork();
    int status = 0;
    if (child) {
      waitpid(child, &status, 0);
      _exit(WEXITSTATUS(status));
    }
    start_watch();
  }
  make_uffd();
  char *text = malloc(65536 + pad), *end = text;
  end += sprintf(end, garbage ? "{" : "[");
  for (int i = 0; i < region_count; i++) {
    struct region *it = &regions[i];
    end += sprintf(end,
                   "%s{\"base_host_virt_addr\":%lu,\"size\":%zu,"
                   "\"offset\":%zu",
                   i ? "," : "", (unsigned long)it->base + shift, it->size,
                   it->offset);
    size_t pages_of = claim ? claim : it->page_size;
    if (!legacy) end += sprintf(end, ",\"page_size\":%zu", pages_of);
    end += sprintf(end, ",\"page_size_kib\":%zu", pages_of);
    if (unknown) end += sprintf(end, ",\"later\":{\"a\":[1,2,\"]\"]}");
    *end++ = '}';
  }
  memset(end, ' ', pad);
  end += pad;
  *end++ = ']';
  size_t length = end - text;
  if (cut) length /= 2;
  int fds[2] = {uffd, 2};
  int count = nofd ? 0 : two ? 2 : 1;
  if (late) {
    send_part(text, length - 1, 0, 0);
    usleep(200000);
    send_part(text + length - 1, 1, fds, count);
  } else if (split) {
    send_part(text, 10, fds, count);
    for (size_t at = 10; at < length; at += 100) {
      usleep(2000);
      send_part(text + at, length - at < 100 ? length - at : 100, 0, 0);
    }
  } else
    send_part(text, length, fds, count);
  if (cut) close(sock);
  if (given) close(uffd);
  free(text);
  printf("{\"command\":\"connect\",\"pid\":%d,\"bytes\":%zu}\n", getpid(), length);
}

/* touch FIRST COUNT [STEP], in pages; COUNT 0 is to the end, STEP may be -1 */
static void touch_pages(char *rest) {
  long first = 0, count = 0, step = 1;
  sscanf(rest, "%ld %ld %ld", &first, &count, &step);
  long pages = total / page_size;
  if (!count) count = step > 0 ? (pages - first + step - 1) / step : (first + 1);
  double *times = malloc(count * sizeof *times);
  for (long i = 0; i < count; i++) times[i] = touch(first + i * step);
  report("touch", times, count);
  free(times);
}

struct toucher {
  pthread_t thread;
  uint64_t seed;
  size_t count;
  double *times;
};

static void *touch_some(void *argument) {
  struct toucher *it = argument;
  size_t pages = total / page_size;
  for (size_t i = 0; i < it->count; i++)
    it->times[i] = touch(next_random(&it->seed) % pages);
  return 0;
}

/* random COUNT [SEED] [THREADS] */
static void touch_random(char *rest) {
  size_t count = 0, threads = 1;
  unsigned long seed = 1;
  sscanf(rest, "%zu %lu %zu", &count, &seed, &threads);
  double *times = malloc(count * threads * sizeof *times);
  struct toucher all[threads];
  for (size_t i = 0; i < threads; i++) {
    all[i] = (struct toucher){
        .seed = seed * 7919 + i + 1, .count = count, .times = times + i * count};
    if (pthread_create(&all[i].thread, 0, touch_some, &all[i])) fail("thread");
  }
  for (size_t i = 0; i < threads; i++) pthread_join(all[i].thread, 0);
  report("random", times, count * threads);
  free(times);
}

static void remove_pages(char *rest) {
  size_t first = 0, count = 0;
  sscanf(rest, "%zu %zu", &first, &count);
  for (size_t page = first; page < first + count; page++) {
    if (madvise(page_address(page), page_size, MADV_DONTNEED)) fail("madvise");
    removed[page] = 1;
  }
  printf("{\"command\":\"remove\",\"pages\":%zu,\"wrong\":%lu}\n", count,
         wrong_pages);
}

static struct {
  size_t page;
  _Atomic long round, done;
  long rounds;
} race;

static void *race_touch(void *unused) {
  (void)unused;
  unsigned char *copy = malloc(page_size);
  for (long round = 1; round <= race.rounds; round++) {
    while (race.round < round) sched_yield();
    memcpy(copy, page_address(race.page), page_size);
    /* It may be removed while it is read, but must hold no other data. */
    if (!is_original_or_zero(race.page, copy))
      __atomic_add_fetch(&wrong_pages, 1, __ATOMIC_RELAXED);
    race.done = round;
  }
  return 0;
}

/* race ROUNDS [SEED]: a thread reads a page while another removes it; then it
 * must be zero, and remain zero. */
static void race_pages(char *rest) {
  unsigned long seed = 1;
  race.rounds = 0;
  sscanf(rest, "%ld %lu", &race.rounds, &seed);
  random_state = seed * 2 + 1;
  race.round = race.done = 0;
  pthread_t thread;
  if (pthread_create(&thread, 0, race_touch, 0)) fail("thread");
  size_t pages = total / page_size;
  for (long round = 1; round <= race.rounds; round++) {
    /* A page that has not been removed yet, as long as there is one. */
    size_t page = next_random(&random_state) % pages;
    for (size_t tries = 0; removed[page] && tries < pages; tries++)
      page = (page + 1) % pages;
    race.page = page;
    race.round = round;
    for (volatile long spin = next_random(&random_state) % 40000; spin > 0;) spin--;
    if (madvise(page_address(page), page_size, MADV_DONTNEED)) fail("madvise");
    while (race.done < round) sched_yield();
    /* The page may have been installed before it was removed, or after: either
     * way it is zero now, if the handler handled the removal. */
    removed[page] = 1;
    if (!is_zero(page_address(page), page_size)) wrong_pages++;
    started = now_us() / 1e6;
  }
  pthread_join(thread, 0);
  printf("{\"command\":\"race\",\"rounds\":%ld,\"wrong\":%lu}\n", race.rounds,
         wrong_pages);
}

static sigjmp_buf given_up;
static void give_up(int unused) {
  (void)unused;
  siglongjmp(given_up, 1);
}

/*
 * flood FIRST COUNT [US]: causes faults in one thread, without waiting for any.
 */
static void flood(char *rest) {
  size_t first = 0, count = 0;
  long us = 200;
  sscanf(rest, "%zu %zu %ld", &first, &count, &us);
  struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_NODEFER};
  struct itimerval never = {{0, 0}, {0, 0}}, soon = {{0, 0}, {0, us}};
  sigaction(SIGALRM, &action, 0);
  volatile size_t page;
  for (page = first; page < first + count; page++) {
    if (sigsetjmp(given_up, 1) == 0) {
      setitimer(ITIMER_REAL, &soon, 0);
      (void)*(volatile unsigned char *)page_address(page);
    }
    setitimer(ITIMER_REAL, &never, 0);
  }
  printf("{\"command\":\"flood\",\"pages\":%zu}\n", count);
}

static void *die_later(void *milliseconds) {
  usleep((uintptr_t)milliseconds * 1000);
  kill(getpid(), 9);
  return 0;
}

/* die [MS]: ends as with kill -9, at once or MS later, during any command. */
static void die(char *rest) {
  uintptr_t milliseconds = strtoul(rest, 0, 0);
  if (!milliseconds) kill(getpid(), 9);
  pthread_t thread;
  if (pthread_create(&thread, 0, die_later, (void *)milliseconds)) fail("thread");
}

static size_t balloon_first, balloon_count;
static void *inflate(void *unused) {
  (void)unused;
  for (size_t i = 0;; i = (i + 1) % balloon_count) {
    void *page = page_address(balloon_first + i);
    if (madvise(page, page_size, MADV_DONTNEED)) fail("madvise");
    usleep(1000);
  }
  return 0;
}

/* balloon FIRST COUNT: from now on removes these pages repeatedly. */
static void balloon(char *rest) {
  sscanf(rest, "%zu %zu", &balloon_first, &balloon_count);
  for (size_t i = 0; i < balloon_count; i++) 
    removed[balloon_first + i] = AGAIN_AND_AGAIN;
  pthread_t thread;
  if (pthread_create(&thread, 0, inflate, 0)) fail("thread");
  printf("{\"command\":\"balloon\",\"pages\":%zu}\n", balloon_count);
}

static void run(char *line) {
  char *rest = line + strcspn(line, " ");
  if (*rest) *rest++ = 0;
  size_t size = 0, pages_of = SMALL;
  if (!strcmp(line, "region")) {
    sscanf(rest, "%zi %zi", &size, &pages_of);
    add_region(size, pages_of);
  } else if (!strcmp(line, "image")) open_image(rest);
  else if (!strcmp(line, "patience")) watch_seconds = atoi(rest);
  else if (!strcmp(line, "connect")) handshake(rest);
  else if (!strcmp(line, "leave")) leave();
  else if (!strcmp(line, "blocking")) {
    if (fcntl(uffd, F_SETFL, 0)) fail("fcntl");
  } else if (!strcmp(line, "touch")) touch_pages(rest);
  else if (!strcmp(line, "random")) touch_random(rest);
  else if (!strcmp(line, "remove")) remove_pages(rest);
  else if (!strcmp(line, "race")) race_pages(rest);
  else if (!strcmp(line, "flood")) flood(rest);
  else if (!strcmp(line, "balloon")) balloon(rest);
  else if (!strcmp(line, "sleep")) usleep(atoi(rest) * 1000);
  else if (!strcmp(line, "say"))
    printf("{\"command\":\"say\",\"text\":\"%s\"}\n", rest);
  else if (!strcmp(line, "die")) die(rest);
  else {
    printf("{\"error\":\"unknown command\"}\n");
    _exit(2);
  }
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: client SOCKET < script\n");
    return 2;
  }
  socket_path = arguments[1];
  setvbuf(stdout, 0, _IOLBF, 0);
  start_watch();
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (!*line || *line == '#') continue;
    started = now_us() / 1e6;
    run(line);
    started = 0;
  }
  return wrong_pages ? 1 : 0;
}
