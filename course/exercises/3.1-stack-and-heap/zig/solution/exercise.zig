const std = @import("std");

pub const Scores = [5]i32;

pub fn fromZero(scores: Scores) Scores {
    var result = scores;
    const smallest = std.mem.min(i32, &scores);
    for (&result) |*score| {
        score.* -= smallest;
    }
    return result;
}

pub fn clampAll(scores: []i32, limit: i32) void {
    for (scores) |*score| {
        score.* = @min(score.*, limit);
    }
}

pub fn withoutEnds(scores: []const i32) []const i32 {
    if (scores.len < 3) return &.{};
    return scores[1 .. scores.len - 1];
}
