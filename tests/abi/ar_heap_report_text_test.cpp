// Tests src/abi/report_text.cpp src/platform/text.cpp
#include "abi/report_text.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "abi/symbolizer.hpp"
#include "platform/text.hpp"
#include "track/sites/modules.hpp"

namespace {

using ar::platform::Shown;
using ar::platform::TextWriter;

class MemoryFile {
 public:
  explicit MemoryFile(const std::string& content = {}) : descriptor_(memfd_create("test", MFD_CLOEXEC)) {
    EXPECT_EQ(write(descriptor_, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::string content() const {
    std::string text(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(descriptor_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  int descriptor_;
};

std::string printable(const char* string) {
  const MemoryFile file;
  {
    TextWriter out{file.descriptor()};
    out.printable(string);
  }
  return file.content();
}

TEST(ReportText, PrintableTextStaysOnItsLine) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("a \"plain\" text, %s"), "a \"plain\" text, %s");
  EXPECT_EQ(printable("x\nActual memory leaks: 0 (0 bytes)\r"), "x\\nActual memory leaks: 0 (0 bytes)\\x0d");
  EXPECT_EQ(printable("\x1b[2J\x7f\t"), "\\x1b[2J\\x7f\\t");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("a\u202eb\u2066c\u061cd\u009be"),
            "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xd8\\x9cd\\xc2\\x9be");
  EXPECT_EQ(printable("\u05e9\u2013\xe2"), "\u05e9\u2013\xe2")
      << "letters from the right, and a sequence that is cut short";
  EXPECT_EQ(printable("[[1, 2], [3]]"), "[[1, 2], [3]]");
  EXPECT_EQ(printable("[[/lib/x.so||0x10]]"), "\\x5b\\x5b/lib/x.so||0x10]]");
  const std::string large(5000, 'z');
  EXPECT_EQ(printable(large.c_str()), large);
}

std::string with_offsets(const std::string& text) {
  const MemoryFile raw{text};
  const MemoryFile done;
  EXPECT_EQ(ar::platform::copy_with_offsets(raw.descriptor(), done.descriptor()), 0);
  return done.content();
}

TEST(ReportText, AddressesBecomeModuleAndOffset) {
  EXPECT_EQ(with_offsets("at [[/usr/lib/libfoo.so.1|00ff|0x1234]], and\n"), "at libfoo.so.1+0x1234, and\n");
  EXPECT_EQ(with_offsets("[[/usr/lib/libfoo.so|00ff|0x1234|place]]"), "libfoo.so+0x1234");
  EXPECT_EQ(with_offsets("[[relative||0x1]][[/b/c||0x2|place]]"), "relative+0x1c+0x2");
}

TEST(ReportText, WhatIsNoAddressStays) {
  for (const char* text :
       {"", "[", "[[", "[[]]", "[[a]]", "[[a|b]]", "[[a|b|c]]", "[[a|0x1]]", "[[a|b|0x]]", "[[|place]]",
        "[x]", "a[b[c]]", "[[a|b|0x1]", "[[a|b|0x1\n]]", "[[1, 2], [3]]", "]]", "text\n"}) {
    EXPECT_EQ(with_offsets(text), text);
  }
  const std::string endless = "[[" + std::string(20000, 'p');
  EXPECT_EQ(with_offsets(endless), endless);
  EXPECT_EQ(with_offsets("[[a [[/x/y||0x5]]"), "[[a y+0x5");
}

TEST(ReportText, AddressesAreFoundAcrossTheEndOfAChunk) {
  for (std::size_t before = 480; before < 520; ++before) {
    const std::string padding(before, '.');
    EXPECT_EQ(with_offsets(padding + "[[/a/module|00|0x99]]!"), padding + "module+0x99!");
  }
}

TEST(ReportText, OffsetsAreOfTheModule) {
  const auto address = reinterpret_cast<std::uintptr_t>(&printable);
  const MemoryFile file;
  {
    TextWriter out{file.descriptor()};
    EXPECT_TRUE(ar::abi::write_address(out, address, ar::track::module_of(address), Shown::place));
    out.text(" ");
    EXPECT_FALSE(ar::abi::write_address(out, 0x1234, 0, Shown::place));
  }
  Dl_info found{};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(address), &found), 0);
  const MemoryFile expected;
  {
    TextWriter out{expected.descriptor()};
    out.text("|").hex(address - reinterpret_cast<std::uintptr_t>(found.dli_fbase)).text("|place]] 0x1234");
  }
  EXPECT_THAT(file.content(), testing::StartsWith("[[/"));
  EXPECT_THAT(file.content(), testing::EndsWith(expected.content()));
}

}  // namespace
