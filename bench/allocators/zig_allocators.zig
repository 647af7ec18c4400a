//! Zig's allocators in the same loops as the C++ ones (keep.hpp), compiled with ReleaseFast.

const std = @import("std");

const batch = 1024;

fn use(block: []u8, value: usize) void {
    std.mem.bytesAsValue(usize, block[0..8]).* = value;
    asm volatile (""
        :
        : [block] "r" (block.ptr),
        : "memory"
    );
}

fn sizeOf(size: usize, index: usize) usize {
    if (size != 0) return size;
    const small = ((index *% 0x9e3779b9) >> 8 & 15) < 10;
    return @as(usize, 16) << @intCast(if (small) index & 1 else index % 5);
}

fn take(allocator: std.mem.Allocator, size: usize) void {
    for (0..batch) |i| {
        use(allocator.alignedAlloc(u8, 8, sizeOf(size, i)) catch unreachable, i);
    }
}

var arena = std.heap.ArenaAllocator.init(std.heap.c_allocator);
export fn zig_arena_batch(size: usize) void {
    take(arena.allocator(), size);
    _ = arena.reset(.retain_capacity);
}
export fn zig_arena_from_nothing(size: usize) void {
    var fresh = std.heap.ArenaAllocator.init(std.heap.c_allocator);
    take(fresh.allocator(), size);
    fresh.deinit();
}

var buffer: [512 << 10]u8 align(16) = undefined;
var fixed = std.heap.FixedBufferAllocator.init(&buffer);
export fn zig_fixed_batch(size: usize) void {
    take(fixed.allocator(), size);
    fixed.reset();
}

fn takeAndGive(allocator: std.mem.Allocator, size: usize) void {
    var blocks: [batch][]align(8) u8 = undefined;
    for (&blocks, 0..) |*block, i| {
        block.* = allocator.alignedAlloc(u8, 8, sizeOf(size, i)) catch unreachable;
        use(block.*, i);
    }
    for (blocks) |block| allocator.free(block);
}

var safe = std.heap.GeneralPurposeAllocator(.{ .safety = true, .stack_trace_frames = 6 }){};
export fn zig_general_purpose_batch(size: usize) void {
    takeAndGive(safe.allocator(), size);
}
var unsafe = std.heap.GeneralPurposeAllocator(.{ .safety = false, .stack_trace_frames = 0 }){};
export fn zig_general_purpose_unsafe_batch(size: usize) void {
    takeAndGive(unsafe.allocator(), size);
}
