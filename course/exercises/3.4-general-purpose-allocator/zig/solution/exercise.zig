const std = @import("std");

const Allocator = std.mem.Allocator;

pub const Dataset = struct {
    allocator: Allocator,
    features: []f32,
    labels: []i32,

    pub fn init(allocator: Allocator, rows: usize, columns: usize) Allocator.Error!Dataset {
        const features = try allocator.alloc(f32, rows * columns);
        errdefer allocator.free(features);
        const labels = try allocator.alloc(i32, rows);
        @memset(features, 0);
        @memset(labels, 0);
        return .{ .allocator = allocator, .features = features, .labels = labels };
    }

    pub fn deinit(self: *Dataset) void {
        self.allocator.free(self.labels);
        self.allocator.free(self.features);
    }

    /// What was moved from owns nothing.
    pub fn move(self: *Dataset) Dataset {
        const moved = self.*;
        self.features = &.{};
        self.labels = &.{};
        return moved;
    }
};
