/*
 * A minimal page-fault handler, as a baseline: it accepts one region by
 * Firecracker's handshake and copies from a mapped image. It does not handle
 * removals, zero pages or failures.
 *
 *     cc -O2 -o fault_handler fault_handler.c
 *     ./fault_handler SOCKET IMAGE BYTES_A_FAULT [push]
 *
 * With `push` it also copies everything else, PUSH bytes at a time, while no
 * fault is pending.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PUSH 0x20000

static int uffd;
static unsigned long base, size;

/* Copies a part of the image; pages that are already present are skipped. */
static void put(const unsigned char *image, unsigned long at,
                unsigned long length) {
  unsigned long end = at + length < size ? at + length : size;
  while (at < end) {
    struct uffdio_copy copy = {.dst = base + at,
                               .src = (unsigned long)image + at,
                               .len = end - at};
    if (!ioctl(uffd, UFFDIO_COPY, &copy)) break;
    at += copy.copy > 0 ? copy.copy : 4096; /* that page is present */
  }
}

static void serve(int sock, const unsigned char *image, unsigned long batch,
                  int push) {
  char text[4096] = {0}, control[256];
  struct iovec io = {text, sizeof text - 1};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  if (recvmsg(sock, &message, 0) <= 0) exit(1);
  memcpy(&uffd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof uffd);
  sscanf(strstr(text, "addr\":") + 6, "%lu", &base);
  sscanf(strstr(text, "size\":") + 6, "%lu", &size);
  struct pollfd fds[2] = {{uffd, POLLIN, 0}, {sock, POLLIN, 0}};
  unsigned long pushed = push ? 0 : size;
  if (push) puts("{\"event\":\"serving\"}"), fflush(stdout);
  for (;;) {
    int ready = poll(fds, 2, pushed < size ? 0 : -1);
    if (fds[1].revents) exit(0);
    if (ready == 0) {
      put(image, pushed, PUSH);
      pushed += PUSH;
      if (pushed >= size) puts("{\"event\":\"loaded\"}"), fflush(stdout);
      continue;
    }
    struct uffd_msg event;
    if (read(uffd, &event, sizeof event) != sizeof event) continue;
    put(image, (event.arg.pagefault.address - base) / batch * batch, batch);
  }
}

int main(int count, char **arguments) {
  if (count != 4 && count != 5) return 2;
  int fd = open(arguments[2], O_RDONLY);
  struct stat st;
  fstat(fd, &st);
  const unsigned char *image =
      mmap(0, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  int listening = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  strncpy(at.sun_path, arguments[1], sizeof at.sun_path - 1);
  if (bind(listening, (void *)&at, sizeof at) || listen(listening, 64)) return 1;
  puts("{\"event\":\"ready\"}");
  fflush(stdout);
  for (;;) {
    int sock = accept(listening, 0, 0);
    if (!fork()) serve(sock, image, strtoul(arguments[3], 0, 0), count == 5);
    close(sock);
  }
}
