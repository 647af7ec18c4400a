const std = @import("std");

const Allocator = std.mem.Allocator;

pub fn filterPositive(values: []const f32, allocator: Allocator) Allocator.Error![]f32 {
    _ = values; // yours to write; so are these two lines, which say that a parameter is not used yet
    _ = allocator;
    return &.{};
}

pub fn joinPositive(first: []const f32, second: []const f32, allocator: Allocator) Allocator.Error![]f32 {
    _ = first; // yours to write
    _ = second;
    _ = allocator;
    return &.{};
}
