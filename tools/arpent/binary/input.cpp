#include "arpent/binary/input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::command::binary {
namespace {

constexpr std::size_t looked_at = 512;  // of a file that may be text

struct Magic {
  std::string_view start;
  std::string_view kind;
};
// NUL bytes inside: hence the views with lengths.
constexpr std::array magics{
    Magic{"BC\xC0\xDE",
          "is LLVM bitcode (an object of clang -flto): its configuration can be read once it is linked"},
    Magic{"\xDE\xC0\x17\x0B",
          "is LLVM bitcode (an object of clang -flto): its configuration can be read once it is linked"},
    Magic{"MZ", "is a Windows program, not an ELF file"},
    Magic{"\xCF\xFA\xED\xFE", "is a macOS file, not an ELF file"},
    Magic{"\xCE\xFA\xED\xFE", "is a macOS file, not an ELF file"},
    Magic{"\xCA\xFE\xBA\xBE", "is a macOS or Java file, not an ELF file"},
    Magic{std::string_view{"\0asm", 4}, "is WebAssembly, not an ELF file"},
    Magic{"/* GNU ld script", "is a linker script; give the files that it names"},
    Magic{"#!", "is a script; give the program that runs it"},
};

}  // namespace

std::expected<Input, std::string> Input::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) {
    return std::unexpected(errno == ENOENT ? std::string{"does not exist"}
                                           : fmt::format("cannot be read: {}", profile::reason(errno)));
  }
  struct stat status{};
  std::string wrong;
  char* address = nullptr;
  std::size_t size = 0;
  if (::fstat(descriptor, &status) != 0) {
    wrong = fmt::format("cannot be read: {}", profile::reason(errno));
  } else if (S_ISDIR(status.st_mode)) {
    wrong = "is a folder; give the files in it";
  } else if (!S_ISREG(status.st_mode)) {
    wrong = "is no regular file";
  } else if (status.st_size == 0) {
    wrong = "is empty";
  } else {
    size = static_cast<std::size_t>(status.st_size);
    // Writable, as libelf asks of memory; private, so nothing of it reaches the file.
    void* const mapped =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      wrong = fmt::format("cannot be read: {}", profile::reason(errno));
    } else {
      address = static_cast<char*>(mapped);
    }
  }
  ::close(descriptor);
  if (!wrong.empty()) {
    return std::unexpected(wrong);
  }
  return Input{address, size};
}

Input::Input(Input&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Input::~Input() {
  if (address_ != nullptr) {
    ::munmap(address_, size_);
  }
}

Format format_of(std::string_view bytes) {
  if (bytes.starts_with("\x7f"
                        "ELF")) {
    return Format::elf;
  }
  if (bytes.starts_with("!<arch>\n")) {
    return Format::archive;
  }
  return bytes.starts_with("!<thin>\n") ? Format::thin_archive : Format::other;
}

std::string foreign_kind(std::string_view bytes) {
  for (const Magic& magic : magics) {
    if (bytes.starts_with(magic.start)) {
      return std::string{magic.kind};
    }
  }
  const bool is_text = std::ranges::none_of(bytes.substr(0, looked_at), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != '\f') || code == 0x7f;
  });
  return is_text ? "is text, not an object, archive, library or executable"
                 : "is neither an ELF file nor an archive";
}

}  // namespace ar::command::binary
