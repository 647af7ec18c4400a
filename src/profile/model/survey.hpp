// What `arpent run` has to tell: how the program ended, and the profiles of its processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/model/profile.hpp"

namespace ar::profile {

// How the program that was run ended.
struct Ending {
  bool by_signal = false;
  int status = 0;  // exit status, when not by a signal
  int signal = 0;
  bool core_dumped = false;
  double seconds = 0;  // from start to end
};

// How one image of a process ended, as far as can be told.
enum class ImageEnd : std::uint8_t {
  exited,         // by exit, or return from main
  quick_exited,   // _exit, _Exit, quick_exit
  replaced,       // by exec; or ended without either, through a system call of its own
  killed,         // by a signal
  still_running,  // a child that outlives the program
};

// Why there are no figures of a program.
enum class Cause : std::uint8_t {
  none,
  mode_off,
  disabled,  // by ARPENT_DISABLE
  statically_linked,
  raised_privileges,     // set-uid, set-gid or file capabilities
  sanitizer,             // built with AddressSanitizer or one of its kin, or one is preloaded
  other_architecture,    // 32-bit, or for another processor
  other_c_library,       // its loader is not the C library's that Arpent is built for
  unknown_folder,        // its path is relative to a folder that its parent does not know
  library_out_of_reach,  // in another root or mount namespace
  cut_short,             // the rest of the file is missing
  own_malloc,            // inside the program
  own_pages,             // it maps its memory itself
  other_malloc,          // another library's malloc serves it
  address_limit,         // ulimit -v
  file_size_limit,       // ulimit -f
  no_space,              // where the profile belongs
  no_access,             // to the folder where it belongs
  no_trace,              // of what exec started: no access, or an early end
  ended_early,           // before the profile was there
};

// "statically_linked"; empty for none.
[[nodiscard]] std::string_view cause_name(Cause cause);

// A program that ran without Arpent in a process that was followed.
struct UntrackedProgram {
  std::int32_t pid = 0;
  std::int32_t parent_pid = 0;
  std::string program;  // its path
  Cause cause = Cause::none;
  std::string explanation;  // a sentence without full stop
};

// One program in one process: exec begins a new one.
struct ProcessImage {
  unsigned number = 0;  // 0, 1, … in order of exec within the process
  ImageEnd end = ImageEnd::exited;
  std::string file;  // of the profile: its name in the folder of the run
  Profile profile;
};

struct Survey {
  std::string version;  // of this command
  std::string program;  // path of what was run
  std::vector<std::string> arguments;
  std::int32_t pid = 0;
  Ending ending;
  std::vector<std::string> notes;           // sentences for the reader, most important first
  std::string why_not_tracked;              // empty when `main` is there
  Cause cause = Cause::none;                // of that
  std::optional<ProcessImage> main;         // the program's own last image
  std::vector<ProcessImage> others;         // earlier images, and children that were followed
  std::vector<UntrackedProgram> untracked;  // by process
  std::uint32_t unnamed_untracked = 0;      // further ones, of which nothing else is known
};

// Lost blocks of the main image and of followed children, intentional leaks apart.
[[nodiscard]] BlocksAndBytes definitely_lost(const Survey& survey);

struct ProcessCounts {
  std::uint32_t all = 0;
  std::uint32_t unscanned = 0;  // those whose last program was not scanned for leaks
};

// The process that was run, and those that were followed. Each untracked program of which nothing else is
// known counts as one process.
[[nodiscard]] ProcessCounts count_processes(const Survey& survey);

// The same of a profile, which may be merged of many.
[[nodiscard]] ProcessCounts count_processes(const Profile& profile);

// "2 of 5 processes were not scanned for leaks"; empty if all were.
[[nodiscard]] std::string unscanned_sentence(const ProcessCounts& counts);

// "exited with status 0", "killed by SIGSEGV (segmentation fault), core dumped".
[[nodiscard]] std::string described(const Ending& ending);
[[nodiscard]] std::string described(ImageEnd end);

// Facts about how far the figures reach: what the leak scan could not see, what was dropped. Sentences.
[[nodiscard]] std::vector<std::string> limits(const Profile& profile);

[[nodiscard]] std::string family_name(
    track::Family family);  // "malloc", "new", "new[]", "ar_heap", "adopted", "owned"
[[nodiscard]] std::string language_name(track::Language language);  // "C", "C++", "Zig", ""

// "SIGSEGV", or "signal 77".
[[nodiscard]] std::string signal_name(int signal);

}  // namespace ar::profile
