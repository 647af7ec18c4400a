//! What the five functions do, tracked and untracked alike.

const std = @import("std");
const ar = @import("ar_allocator");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;
const expectEqualStrings = std.testing.expectEqualStrings;

const Point = struct { x: f64, y: f64 };
const Wide = struct { bytes: [200]u8 align(128) };
const half_of_all = std.math.maxInt(usize) / 2;

// All of this memory cannot be had, and whoever compiles must not know.
fn tooMany() usize {
    var n: usize = half_of_all;
    std.mem.doNotOptimizeAway(&n);
    return n;
}

test "create gives one item, typed" {
    const point: *Point = ar.create(Point, "a point").?;
    defer ar.free(point);
    point.* = .{ .x = 1, .y = 2 };
    try expectEqual(3, point.x + point.y);
}

test "create of a type without a size gives a block of its own" {
    const one = ar.create(void, "nothing").?;
    const other = ar.create(struct {}, "nothing").?;
    try expect(@intFromPtr(one) != @intFromPtr(other));
    ar.free(one);
    ar.free(other);
}

test "create aligns" {
    var kept: [20]*Wide = undefined;
    for (&kept) |*place| {
        place.* = ar.create(Wide, "wide").?;
        try expectEqual(0, @intFromPtr(place.*) % 128);
        @memset(&place.*.bytes, 7);
    }
    for (kept) |wide| ar.free(wide);
}

test "alloc gives zeroed items" {
    // Memory that was in use before must be zeroed too.
    for (0..20) |_| {
        const dirty: [*]u32 = ar.alloc(u32, 1000, "numbers").?;
        for (dirty[0..1000]) |number| try expectEqual(0, number);
        @memset(dirty[0..1000], 0xffffffff);
        ar.free(dirty);

        const wide: [*]Wide = ar.alloc(Wide, 3, "wide").?;
        try expectEqual(0, @intFromPtr(wide) % 128);
        for (std.mem.sliceAsBytes(wide[0..3])) |byte| try expectEqual(0, byte);
        @memset(std.mem.sliceAsBytes(wide[0..3]), 0xff);
        ar.free(wide);
    }
}

test "alloc of none gives a block of its own" {
    const none = ar.alloc(u32, 0, "none").?;
    ar.free(none);
}

test "alloc of more bytes than there are gives null" {
    try expectEqual(null, ar.alloc(u64, tooMany(), "too many"));
    try expectEqual(null, ar.alloc(u8, tooMany(), "too many"));
    try expectEqual(null, ar.alloc(Wide, tooMany(), "too many"));
}

test "dupe copies strings of every type" {
    const Check = struct {
        fn that(string: ?[*:0]u8, expected: []const u8) !void {
            const copy = string orelse return error.NoCopy;
            defer ar.free(copy);
            try expectEqualStrings(expected, std.mem.span(copy));
            copy[0] = '#'; // it can be written to
        }
    };
    var buffer = [_]u8{ 'h', 'e', 'l', 'l', 'o' };
    var ended = [_:0]u8{ 'h', 'e', 'l', 'l', 'o' };
    const slice: []const u8 = buffer[1..4];
    const writable: []u8 = buffer[1..4];
    const sentinel_slice: [:0]const u8 = "hello";
    const other_sentinel: [:'o']const u8 = buffer[0..4 :'o'];
    const many: [*:0]const u8 = "hello";
    const writable_many: [*:0]u8 = &ended;
    const other_many: [*:'o']const u8 = other_sentinel.ptr;
    const from_c: [*c]const u8 = "hello";
    const writable_c: [*c]u8 = &ended;
    try Check.that(ar.dupe("hello", "literal"), "hello");
    try Check.that(ar.dupe("", "empty") orelse return error.NoCopy, "");
    try Check.that(ar.dupe(slice, "slice"), "ell");
    try Check.that(ar.dupe(writable, "slice"), "ell");
    try Check.that(ar.dupe(sentinel_slice, "sentinel slice"), "hello");
    try Check.that(ar.dupe(other_sentinel, "sentinel slice"), "hell");
    try Check.that(ar.dupe(many, "many-pointer"), "hello");
    try Check.that(ar.dupe(writable_many, "many-pointer"), "hello");
    try Check.that(ar.dupe(other_many, "many-pointer"), "hell");
    try Check.that(ar.dupe(from_c, "C pointer"), "hello");
    try Check.that(ar.dupe(writable_c, "C pointer"), "hello");
    try Check.that(ar.dupe(buffer, "array"), "hello");
    try Check.that(ar.dupe(&buffer, "pointer to an array"), "hello");
    try Check.that(ar.dupe(ended, "sentinel array"), "hello");
    try Check.that(ar.dupe(&ended, "pointer to a sentinel array"), "hello");
    try Check.that(ar.dupe(@as(?[]const u8, slice), "optional slice"), "ell");
    try Check.that(ar.dupe(@as(?[:0]const u8, sentinel_slice), "optional"), "hello");
    try Check.that(ar.dupe(@as(?[*:0]const u8, many), "optional"), "hello");
    try Check.that(ar.dupe(@as(?[5]u8, buffer), "optional array"), "hello");
    try Check.that(ar.dupe(@as(?*const [5]u8, &buffer), "optional pointer"), "hello");
    try Check.that(ar.dupe(@as(??[]const u8, slice), "optional optional"), "ell");
}

test "dupe of null gives null" {
    try expectEqual(null, ar.dupe(@as(?[]const u8, null), "null"));
    try expectEqual(null, ar.dupe(@as(?[*:0]const u8, null), "null"));
    try expectEqual(null, ar.dupe(@as([*c]const u8, null), "null"));
    try expectEqual(null, ar.dupe(@as(?[3]u8, null), "null"));
    try expectEqual(null, ar.dupe(@as(??[]const u8, null), "null"));
}

test "dupe keeps all of a slice" {
    const copy = ar.dupe("a\x00b", "with a NUL inside").?;
    defer ar.free(copy);
    try expectEqualStrings("a\x00b\x00", copy[0..4]);
}

test "realloc keeps items, typed" {
    var items: [*]u32 = ar.alloc(u32, 3, "numbers").?;
    for (items[0..3], 1..) |*item, i| item.* = @intCast(i);
    for ([_]usize{ 4, 1000, 100_000, 500, 3 }) |n| {
        items = ar.realloc(u32, items, n, "numbers, resized").?;
        items[n - 1] = if (n == 3) 3 else 77;
        try expectEqual(1, items[0]);
        try expectEqual(2, items[1]);
        try expectEqual(3, items[2]);
    }
    ar.free(items);
}

test "realloc keeps the alignment" {
    var items: [*]Wide = ar.alloc(Wide, 1, "wide").?;
    @memset(&items[0].bytes, 5);
    for ([_]usize{ 2, 3, 400, 7, 1 }) |n| {
        items = ar.realloc(Wide, items, n, "wide, resized").?;
        try expectEqual(0, @intFromPtr(items) % 128);
        try expectEqual(5, items[0].bytes[199]);
    }
    try expectEqual(null, ar.realloc(Wide, items, 0, "wide, ended"));
    try expectEqual(0, @intFromPtr(ar.realloc(Wide, null, 0, "wide, ended")));
}

test "realloc takes null, pointers, slices and optionals" {
    const first: [*]u16 = ar.realloc(u16, null, 1, "from nothing").?;
    const second = ar.realloc(u16, @as(?[*]u16, first), 2, "from an optional").?;
    const third = ar.realloc(u16, second[0..2], 3, "from a slice").?;
    const fourth = ar.realloc(u16, @as(*u16, &third[0]), 4, "from one").?;
    const fifth = ar.realloc(u16, @as([*c]u16, fourth), 5, "from a C pointer").?;
    const sixth = ar.realloc(u16, @as(*[5]u16, fifth[0..5]), 6, "from an array").?;
    const seventh = ar.realloc(u16, @as(?[]u16, sixth[0..6]), 7, "from an optional slice").?;
    try expect(ar.realloc(u16, seventh, 0, "to nothing") == null);
    const again = ar.realloc(u16, @as(?[*]u16, null), 1, "from null").?;
    ar.free(again);
}

test "realloc that fails leaves the block as it was" {
    const items: [*]u64 = ar.alloc(u64, 2, "numbers").?;
    items[1] = 42;
    try expectEqual(null, ar.realloc(u64, items, tooMany(), "too many"));
    try expectEqual(null, ar.realloc(u64, items, tooMany() / 8, "too many"));
    try expectEqual(42, items[1]);
    ar.free(items);
}

test "free takes any pointer, slice or optional" {
    ar.free(ar.create(Point, "one"));
    ar.free(ar.create(Point, "one").?);
    ar.free(@as(*const Point, ar.create(Point, "const").?));
    ar.free(@as(*volatile Point, ar.create(Point, "volatile").?));
    ar.free(@as(*anyopaque, ar.create(Point, "opaque").?));
    ar.free(@as(?*const anyopaque, ar.create(Point, "opaque").?));
    ar.free(@as([*c]u64, ar.create(u64, "C pointer").?));
    ar.free(ar.alloc(u8, 10, "many").?);
    ar.free(ar.alloc(u8, 10, "slice").?[0..10]);
    ar.free(@as([]const u8, ar.alloc(u8, 10, "slice").?[0..10]));
    ar.free(@as(?[]u8, ar.alloc(u8, 10, "optional slice").?[0..10]));
    ar.free(@as(*[10]u8, ar.alloc(u8, 10, "array").?[0..10]));
    ar.free(ar.dupe("text", "string"));
    ar.free(@as([:0]u8, std.mem.span(ar.dupe("text", "string").?)));
    ar.free(@as(??*Point, ar.create(Point, "optional optional").?));
}

test "free of null does nothing" {
    ar.free(@as(?*Point, null));
    ar.free(@as(?[]u8, null));
    ar.free(@as([*c]u8, null));
    ar.free(@as(??*Point, null));
}

test "a null description is none" {
    ar.free(ar.create(Point, null));
    ar.free(ar.alloc(u8, 1, null));
    ar.free(ar.dupe("x", null));
    ar.free(ar.realloc(u8, null, 1, null));
}

test "the same functions for memory of C" {
    ar.free(std.c.malloc(10));
    const text: [*]u8 = @ptrCast(std.c.malloc(2).?);
    text[0] = 'x';
    const longer = ar.realloc(u8, text, 5000, "from malloc").?;
    try expectEqual('x', longer[0]);
    std.c.free(longer);
}
