"""Runs a program with another clock: a small preloaded library, built with the system's compiler, replaces libc's clocks."""

import functools
import os
import pathlib
import shutil
import tempfile

from samples.support import foreign

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long offset(void) { const char *s = getenv("CLOCK_OFFSET"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(id, t);
  if (status == 0 && id == CLOCK_REALTIME) t->tv_sec += offset();
  return status;
}
int gettimeofday(struct timeval *t, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


@functools.cache
def _library():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clock-"))
    (folder / "clock.c").write_text(_SOURCE)
    foreign.run("cc", "-shared", "-fPIC", "-O1", "-o", folder / "clock.so", folder / "clock.c", "-ldl").ok()
    return folder / "clock.so"


def off_by(seconds, env=None):
    """The environment with which a program's clock is `seconds` ahead."""
    base = foreign.clean_environment() if env is None else env
    # A sanitizer's runtime must be loaded first.
    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    return {**base, "LD_PRELOAD": str(_library()), "CLOCK_OFFSET": str(seconds), "ASAN_OPTIONS": asan}


def remove():
    """Removes what was built; for tearDownModule."""
    if _library.cache_info().currsize:
        shutil.rmtree(_library().parent, ignore_errors=True)
        _library.cache_clear()
