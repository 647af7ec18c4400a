// The exit statuses of the command that are its own; docs/commands/ lists them.
#pragma once

namespace ar::command {

inline constexpr int status_success = 0;
inline constexpr int status_failure = 1;           // a file could not be read or written (symbolize)
inline constexpr int status_usage = 2;             // an option or argument makes no sense
inline constexpr int status_unreadable = 3;        // a profile could not be read, or the output not written
inline constexpr int status_own_failure = 125;     // `run` itself failed, as with env(1) and timeout(1)
inline constexpr int status_not_executable = 126;  // the program was found but cannot be run
inline constexpr int status_not_found = 127;       // there is no such program
inline constexpr int status_signal_base = 128;     // + signal, where dying by the signal was not possible

}  // namespace ar::command
