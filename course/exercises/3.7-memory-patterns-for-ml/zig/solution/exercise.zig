const std = @import("std");

const Allocator = std.mem.Allocator;

pub const SimpleModel = struct {
    allocator: Allocator,
    weights: []const f32,
    biases: []const f32,
    inputs: usize,

    pub fn init(weights: []const f32, biases: []const f32, inputs: usize, long_lived: Allocator) Allocator.Error!SimpleModel {
        const own_weights = try long_lived.dupe(f32, weights);
        errdefer long_lived.free(own_weights);
        const own_biases = try long_lived.dupe(f32, biases);
        return .{ .allocator = long_lived, .weights = own_weights, .biases = own_biases, .inputs = inputs };
    }

    pub fn deinit(self: *SimpleModel) void {
        self.allocator.free(self.biases);
        self.allocator.free(self.weights);
    }

    pub fn predict(self: *const SimpleModel, input: []const f32, scratch: Allocator, result: Allocator) Allocator.Error![]f32 {
        const scores = try scratch.alloc(f32, self.biases.len);
        for (scores, self.biases, 0..) |*score, bias, output| {
            const row = self.weights[output * self.inputs ..][0..self.inputs];
            score.* = bias;
            for (row, input) |weight, value| {
                score.* += weight * value;
            }
        }
        const answer = try result.alloc(f32, scores.len);
        const largest = std.mem.max(f32, scores);
        for (answer, scores) |*difference, score| {
            difference.* = score - largest;
        }
        return answer;
    }
};
