//! The C++ allocators as std.mem.Allocators, and Zig's own conformance tests over each of them.

const std = @import("std");

extern fn exported_count() usize;
extern fn exported_name(number: usize) [*:0]const u8;
extern fn exported_alloc(number: usize, size: usize, alignment: usize) ?[*]u8;
extern fn exported_resize(number: usize, block: [*]u8, size: usize, alignment: usize, new_size: usize) bool;
extern fn exported_remap(number: usize, block: [*]u8, size: usize, alignment: usize, new_size: usize) ?[*]u8;
extern fn exported_free(number: usize, block: [*]u8, size: usize, alignment: usize) void;
extern fn exported_findings() usize;

const VTable = std.mem.Allocator.VTable;
const Alignment = @typeInfo(@typeInfo(@FieldType(VTable, "alloc")).pointer.child).@"fn".params[2].type.?;

fn bytes(alignment: Alignment) usize {
    if (Alignment == u8) return @as(usize, 1) << @intCast(alignment);
    return alignment.toByteUnits();
}

// The context is the allocator's number, past zero, which no pointer may be.
fn numberOf(context: *anyopaque) usize {
    return @intFromPtr(context) - 1;
}

fn alloc(context: *anyopaque, size: usize, alignment: Alignment, _: usize) ?[*]u8 {
    return exported_alloc(numberOf(context), size, bytes(alignment));
}
fn resize(context: *anyopaque, memory: []u8, alignment: Alignment, size: usize, _: usize) bool {
    return exported_resize(numberOf(context), memory.ptr, memory.len, bytes(alignment), size);
}
fn remap(context: *anyopaque, memory: []u8, alignment: Alignment, size: usize, _: usize) ?[*]u8 {
    return exported_remap(numberOf(context), memory.ptr, memory.len, bytes(alignment), size);
}
fn free(context: *anyopaque, memory: []u8, alignment: Alignment, _: usize) void {
    exported_free(numberOf(context), memory.ptr, memory.len, bytes(alignment));
}

const table = table: {
    var made: VTable = undefined;
    made.alloc = alloc;
    made.resize = resize;
    made.free = free;
    if (@hasField(VTable, "remap")) made.remap = remap;
    break :table made;
};

fn overAll(comptime check: fn (std.mem.Allocator) anyerror!void) !void {
    for (0..exported_count()) |number| {
        errdefer std.debug.print("in {s}\n", .{exported_name(number)});
        try check(.{ .ptr = @ptrFromInt(number + 1), .vtable = &table });
    }
    try std.testing.expectEqual(0, exported_findings());
}

test "testAllocator" {
    try overAll(std.heap.testAllocator);
}
test "testAllocatorAligned" {
    try overAll(std.heap.testAllocatorAligned);
}
test "testAllocatorLargeAlignment" {
    try overAll(std.heap.testAllocatorLargeAlignment);
}
test "testAllocatorAlignedShrink" {
    try overAll(std.heap.testAllocatorAlignedShrink);
}
// The newer table's remap, which this compiler's tests may not know of.
test "a block that remap moves keeps its bytes" {
    for (0..exported_count()) |number| {
        errdefer std.debug.print("in {s}\n", .{exported_name(number)});
        const block = exported_alloc(number, 100, 8) orelse return error.OutOfMemory;
        @memset(block[0..100], 7);
        var size: usize = 100;
        var now = block;
        if (exported_remap(number, block, 100, 8, 5000)) |moved| {
            now = moved;
            size = 5000;
        }
        for (now[0..100]) |byte| try std.testing.expectEqual(7, byte);
        exported_free(number, now, size, 8);
    }
    try std.testing.expectEqual(0, exported_findings());
}
