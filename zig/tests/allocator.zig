//! `allocator()` and `namedAllocator()` as std.mem.Allocators.

const std = @import("std");
const ar = @import("ar_allocator");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;

// Zig's own conformance tests.
test "testAllocator" {
    try std.heap.testAllocator(ar.allocator());
    try std.heap.testAllocator(ar.namedAllocator("conformance"));
}
test "testAllocatorAligned" {
    try std.heap.testAllocatorAligned(ar.allocator());
}
test "testAllocatorLargeAlignment" {
    try std.heap.testAllocatorLargeAlignment(ar.allocator());
}
test "testAllocatorAlignedShrink" {
    try std.heap.testAllocatorAlignedShrink(ar.allocator());
}

test "containers grow and shrink in it" {
    const allocator = ar.namedAllocator("containers");
    var list = std.ArrayList(u64).init(allocator);
    defer list.deinit();
    for (0..10_000) |i| try list.append(i);
    for (list.items, 0..) |item, i| try expectEqual(i, item);
    list.shrinkAndFree(10);
    try expectEqual(9, list.items[9]);

    var map = std.StringHashMap([]u8).init(allocator);
    defer map.deinit();
    for (0..1000) |i| {
        const key = try std.fmt.allocPrint(allocator, "key {d}", .{i});
        try map.put(key, try allocator.dupe(u8, key));
    }
    var entries = map.iterator();
    while (entries.next()) |entry| {
        try std.testing.expectEqualStrings(entry.key_ptr.*, entry.value_ptr.*);
        allocator.free(entry.key_ptr.*);
        allocator.free(entry.value_ptr.*);
    }
}

test "an arena stands on it" {
    var arena = std.heap.ArenaAllocator.init(ar.namedAllocator("an arena's chunks"));
    defer arena.deinit();
    for (0..1000) |i| {
        const bytes = try arena.allocator().alloc(u8, i);
        @memset(bytes, 1);
    }
}

test "blocks of its may be released by the functions, and the other way round" {
    const allocator = ar.allocator();
    const one = try allocator.create(u64);
    ar.free(one);
    const other = ar.create(u64, "a number").?;
    allocator.destroy(other);
    const items = try allocator.alloc(u8, 100);
    std.c.free(items.ptr);
}

test "what cannot be had is an error" {
    try std.testing.expectError(error.OutOfMemory, ar.allocator().alloc(u8, std.math.maxInt(usize) / 2));
}

test "it is a constant" {
    const constant = comptime ar.namedAllocator("at compile time");
    const one = try constant.create(u8);
    constant.destroy(one);
    try expect(constant.vtable == ar.allocator().vtable);
    const unnamed = try ar.namedAllocator(null).create(u8);
    ar.free(unnamed);
}

// The table as the standard library has it after this compiler's version.
const NewerAlignment = enum(std.math.Log2Int(usize)) {
    @"1" = 0,
    @"16" = 4,
    @"64" = 6,
    @"4096" = 12,
    _,

    pub fn toByteUnits(alignment: NewerAlignment) usize {
        return @as(usize, 1) << @intFromEnum(alignment);
    }
};
const NewerTable = struct {
    alloc: *const fn (*anyopaque, len: usize, alignment: NewerAlignment, ret_addr: usize) ?[*]u8,
    resize: *const fn (*anyopaque, memory: []u8, alignment: NewerAlignment, new_len: usize, ret_addr: usize) bool,
    remap: *const fn (*anyopaque, memory: []u8, alignment: NewerAlignment, new_len: usize, ret_addr: usize) ?[*]u8,
    free: *const fn (*anyopaque, memory: []u8, alignment: NewerAlignment, ret_addr: usize) void,
};

test "the newer table of functions" {
    const newer = comptime ar.functionsFor(NewerTable);
    const context = ar.namedAllocator("newer table").ptr;
    inline for ([_]NewerAlignment{ .@"1", .@"16", .@"64", .@"4096" }) |alignment| {
        var block: []u8 = newer.alloc(context, 100, alignment, @returnAddress()).?[0..100];
        try expectEqual(0, @intFromPtr(block.ptr) % alignment.toByteUnits());
        block[0] = 1;
        block[99] = 99;
        if (newer.resize(context, block, alignment, 101, 0)) block = block.ptr[0..101];
        try expectEqual(99, block[99]);
        try expect(!newer.resize(context, block, alignment, 1 << 40, 0));
        for ([_]usize{ 200, 1 << 20, 3 << 20, 64 }) |size| {
            const moved = newer.remap(context, block, alignment, size, 0) orelse continue;
            block = moved[0..size];
            block[size - 1] = 1;
            try expectEqual(0, @intFromPtr(block.ptr) % alignment.toByteUnits());
            try expectEqual(1, block[0]);
        }
        try expectEqual(null, newer.remap(context, block, alignment, std.math.maxInt(usize) / 2, 0));
        newer.free(context, block, alignment, 0);
    }
}

test "remap of a usually aligned block may move it" {
    const newer = comptime ar.functionsFor(NewerTable);
    const context = ar.allocator().ptr;
    const block = newer.alloc(context, 10, .@"16", 0).?[0..10];
    block[9] = 9;
    const moved = newer.remap(context, block, .@"16", 1 << 20, 0).?[0 .. 1 << 20];
    try expectEqual(9, moved[9]);
    newer.free(context, moved, .@"16", 0);
}
