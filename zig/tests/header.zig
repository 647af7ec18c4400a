//! The C header as it is, for Zig code that calls the macros itself.

const std = @import("std");
const ar = @import("ar_allocator");
const c = @cImport({
    @cDefine("__ZIG__", "1");
    @cInclude("ar_heap.h");
});

test "the macros" {
    const block: [*]u8 = @ptrCast(c.AR__HEAP__MALLOC(@as(usize, 10), "ten bytes").?);
    @memset(block[0..10], 1);
    const longer: [*]u8 = @ptrCast(c.AR__HEAP__REALLOC(block, @as(usize, 20), "twenty bytes").?);
    try std.testing.expectEqual(1, longer[9]);
    c.AR__HEAP__FREE(longer);

    const zeroed: [*]u32 = @ptrCast(@alignCast(c.AR__HEAP__CALLOC(@as(usize, 5), @as(usize, 4), "numbers").?));
    try std.testing.expectEqual(0, zeroed[4]);
    c.AR__HEAP__FREE(zeroed);

    const text = c.AR__HEAP__STRDUP("text", "a text");
    try std.testing.expectEqualStrings("text", std.mem.span(text));
    c.AR__HEAP__FREE(text);
}

test "the macros and the module release each other's blocks" {
    ar.free(c.AR__HEAP__MALLOC(@as(usize, 10), "from the macro"));
    c.AR__HEAP__FREE(ar.create(u64, "from the module"));
}

test "both are tracked, or none" {
    try std.testing.expectEqual(@hasDecl(c, "DEBUG"), ar.tracked);
}
