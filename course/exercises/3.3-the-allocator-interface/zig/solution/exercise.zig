const std = @import("std");

const Allocator = std.mem.Allocator;

pub fn filterPositive(values: []const f32, allocator: Allocator) Allocator.Error![]f32 {
    var count: usize = 0;
    for (values) |value| {
        if (value > 0) count += 1;
    }
    const result = try allocator.alloc(f32, count);
    var next: usize = 0;
    for (values) |value| {
        if (value > 0) {
            result[next] = value;
            next += 1;
        }
    }
    return result;
}

pub fn joinPositive(first: []const f32, second: []const f32, allocator: Allocator) Allocator.Error![]f32 {
    const left = try filterPositive(first, allocator);
    defer allocator.free(left);
    const right = try filterPositive(second, allocator);
    defer allocator.free(right);
    const result = try allocator.alloc(f32, left.len + right.len);
    @memcpy(result[0..left.len], left);
    @memcpy(result[left.len..], right);
    return result;
}
