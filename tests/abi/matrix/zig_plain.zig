//! Zig that knows nothing of Arpent: the standard library's allocators over malloc.
const std = @import("std");
const Block = [4242]u8;

fn make(allocator: std.mem.Allocator) ?*anyopaque {
    return allocator.create(Block) catch null;
}
fn end(allocator: std.mem.Allocator, block: ?*anyopaque) void {
    if (block) |present| allocator.destroy(@as(*Block, @ptrCast(present)));
}
export fn make_zig_c_allocator() ?*anyopaque {
    return make(std.heap.c_allocator);
}
export fn end_zig_c_allocator(block: ?*anyopaque) void {
    end(std.heap.c_allocator, block);
}
export fn make_zig_raw_c_allocator() ?*anyopaque {
    return make(std.heap.raw_c_allocator);
}
export fn end_zig_raw_c_allocator(block: ?*anyopaque) void {
    end(std.heap.raw_c_allocator, block);
}
