const std = @import("std");

const Allocator = std.mem.Allocator;

pub fn joinWords(words: []const []const u8, separator: u8, buffer: []u8) Allocator.Error![]u8 {
    var length = if (words.len == 0) 0 else words.len - 1;
    for (words) |word| {
        length += word.len;
    }
    var fixed = std.heap.FixedBufferAllocator.init(buffer);
    const text = try fixed.allocator().alloc(u8, length);
    var next: usize = 0;
    for (words, 0..) |word, index| {
        if (index != 0) {
            text[next] = separator;
            next += 1;
        }
        @memcpy(text[next..][0..word.len], word);
        next += word.len;
    }
    return text;
}

pub fn titleOf(words: []const []const u8, buffer: []u8) []const u8 {
    if (words.len == 0) return "";
    return joinWords(words, ' ', buffer) catch words[0];
}
