// Tests src/platform/signal_shield.cpp
#include "platform/signal_shield.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace {

using ar::platform::SignalShield;

volatile std::sig_atomic_t handled = 0;

void on_signal(int) { handled = handled + 1; }

sigset_t present_mask() {
  sigset_t mask;
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

TEST(SignalShield, DeliversAfterwardsWhatCameMeanwhile) {
  std::signal(SIGUSR1, on_signal);
  handled = 0;
  {
    const SignalShield shield;
    raise(SIGUSR1);
    EXPECT_EQ(handled, 0);
  }
  usleep(1);  // ThreadSanitizer delivers at the next call that it knows
  EXPECT_EQ(handled, 1);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST(SignalShield, RestoresTheMask) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  {
    const SignalShield shield;
    const sigset_t inside = present_mask();
    EXPECT_EQ(sigismember(&inside, SIGTERM), 1);
    EXPECT_EQ(sigismember(&inside, SIGSEGV), 0);
    EXPECT_EQ(sigismember(&inside, SIGABRT), 0);
  }
  const sigset_t after = present_mask();
  EXPECT_EQ(sigismember(&after, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
  sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
}

TEST(SignalShield, SwallowsABrokenPipeOfItsOwn) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  {
    const SignalShield shield;  // without it, the next line ends the test
    EXPECT_EQ(write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
  }
  close(ends[1]);
}

TEST(SignalShield, LeavesABrokenPipeThatWasWaitingAlready) {
  std::signal(SIGPIPE, on_signal);
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigprocmask(SIG_BLOCK, &pipe_signal, nullptr);
  handled = 0;
  raise(SIGPIPE);
  {
    const SignalShield shield;
  }
  EXPECT_EQ(handled, 0);
  sigprocmask(SIG_UNBLOCK, &pipe_signal, nullptr);
  usleep(1);
  EXPECT_EQ(handled, 1);
  std::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
