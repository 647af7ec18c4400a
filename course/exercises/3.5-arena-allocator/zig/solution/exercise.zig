const std = @import("std");

const Allocator = std.mem.Allocator;

pub fn movingAverage(values: []const f32, window: usize, scratch: Allocator, result: Allocator) Allocator.Error![]f32 {
    if (window == 0 or window > values.len) return &.{};
    const sums = try scratch.alloc(f32, values.len + 1);
    sums[0] = 0;
    for (values, 0..) |value, index| {
        sums[index + 1] = sums[index] + value;
    }
    const averages = try result.alloc(f32, values.len - window + 1);
    for (averages, 0..) |*average, index| {
        average.* = (sums[index + window] - sums[index]) / @as(f32, @floatFromInt(window));
    }
    return averages;
}

pub fn largestAverages(batches: []const []const f32, window: usize, allocator: Allocator) Allocator.Error![]f32 {
    const result = try allocator.alloc(f32, batches.len);
    errdefer allocator.free(result);
    var arena = std.heap.ArenaAllocator.init(allocator);
    defer arena.deinit();
    for (batches, result) |batch, *largest| {
        const averages = try movingAverage(batch, window, arena.allocator(), arena.allocator());
        largest.* = if (averages.len == 0) 0 else std.mem.max(f32, averages);
        _ = arena.reset(.retain_capacity);
    }
    return result;
}
