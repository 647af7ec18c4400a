// Releases that are wrong in any build, by functions whose names and lines a message must have; lines that it
// must name end with "site: NAME". The argument says which.
#include <dlfcn.h>
#include <iconv.h>
#include <link.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace {

int children_seen = 0;

int* volatile items;
char* volatile text;

[[gnu::noinline]] void make_items() {
  items = new int[3];  // site: new[]
}
[[gnu::noinline]] void drop_items() {
  std::free(items);  // site: free
}
[[gnu::noinline]] void make_text() {
  text = static_cast<char*>(std::malloc(100));  // site: malloc
}
[[gnu::noinline]] void drop_text() {
  std::free(text);  // site: first free
}
[[gnu::noinline]] void drop_again() {
  std::free(text);  // site: second free
}
[[gnu::noinline]] void drop_inside() {
  std::free(text + 8);  // site: inside
}

void mismatch() {
  make_items();
  drop_items();
}

// The C library loads modules of its own for them, and unloads those that have not been used for a while.
void convert() {
  for (const char* name : {"UTF-16", "EUC-JP", "KOI8-R", "GBK", "CP1250", "EUC-KR", "ISO-8859-2", "SJIS"}) {
    iconv_close(iconv_open("UTF-8", name));
  }
}

// The loader's lock is held here.
int in_callback(dl_phdr_info*, std::size_t, void*) {
  mismatch();
  return 1;
}

void* in_thread(void* number) {
  make_items();
  int* const mine = items;
  // Each thread has a pair of its own.
  switch (reinterpret_cast<std::size_t>(number) % 4) {
    case 0:
      std::free(mine);
      break;
    case 1:
      delete mine;
      break;
    case 2:
      std::free(mine);
      break;
    default:
      delete mine;
      break;
  }
  return nullptr;
}

void in_threads() {
  pthread_t threads[8];
  std::size_t number = 0;
  for (pthread_t& thread : threads) {
    pthread_create(&thread, nullptr, in_thread, reinterpret_cast<void*>(number++));
  }
  for (const pthread_t thread : threads) {
    pthread_join(thread, nullptr);
  }
}

int in_child() {
  const pid_t child = fork();
  if (child == 0) {
    mismatch();
    std::fflush(nullptr);
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  signal(SIGCHLD, [](int) { ++children_seen; });
  const char* const what = count > 1 ? arguments[1] : "";
  if (std::strcmp(what, "mismatch") == 0) {
    mismatch();
    mismatch();
  } else if (std::strcmp(what, "double") == 0) {
    make_text();
    drop_text();
    drop_again();
  } else if (std::strcmp(what, "inside") == 0) {
    make_text();
    drop_inside();
  } else if (std::strcmp(what, "unloaded") == 0) {
    convert();
    mismatch();
  } else if (std::strcmp(what, "callback") == 0) {
    dl_iterate_phdr(in_callback, nullptr);
  } else if (std::strcmp(what, "threads") == 0) {
    in_threads();
  } else if (std::strcmp(what, "child") == 0) {
    return in_child();
  } else if (std::strcmp(what, "several") == 0) {
    mismatch();
    make_text();
    drop_text();
    drop_again();
    make_text();
    drop_inside();
  }
  // Nothing of how a message gets its places is seen by the program.
  return children_seen == 0 && waitpid(-1, nullptr, WNOHANG) == -1 ? 0 : 1;
}
