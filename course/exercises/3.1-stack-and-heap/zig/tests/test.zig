const std = @import("std");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const Scores = exercise.Scores;

pub fn main() void {
    course.run(.{ checkFromZero, checkClampAll, checkWithoutEnds, checkHeap });
}

fn checkFromZero() void {
    var scores = Scores{ 7, 3, 9, 3, 4 };
    const got = exercise.fromZero(scores);
    course.expect(std.mem.eql(i32, &scores, &.{ 7, 3, 9, 3, 4 }), "fromZero changes the caller's scores; it must work on a copy", .{});
    course.expect(std.mem.eql(i32, &got, &.{ 4, 0, 6, 0, 1 }), "fromZero does not take the smallest score from each", .{});
    scores = .{ -2, -5, 0, 1, -5 };
    const negative = exercise.fromZero(scores);
    course.expect(std.mem.eql(i32, &negative, &.{ 3, 0, 5, 6, 0 }), "fromZero does not take the smallest score from each when that is below zero", .{});
}

fn checkClampAll() void {
    var scores = [_]i32{ 7, 3, 9, 5 };
    exercise.clampAll(&scores, 5);
    course.expect(!std.mem.eql(i32, &scores, &.{ 7, 3, 9, 5 }), "clampAll leaves the caller's scores as they were", .{});
    course.expect(std.mem.eql(i32, &scores, &.{ 5, 3, 5, 5 }), "clampAll gives other scores than wanted", .{});
}

fn checkWithoutEnds() void {
    const scores = [_]i32{ 7, 3, 9, 5 };
    const view = exercise.withoutEnds(&scores);
    course.expect(view.len == 2, "withoutEnds keeps {d} of four scores, not 2", .{view.len});
    course.expect(view.ptr == scores[1..].ptr, "the view that withoutEnds returns is not of the caller's scores, but of something that may be gone", .{});
    course.expect(exercise.withoutEnds(scores[0..2]).len == 0, "withoutEnds of two scores must be empty", .{});
    course.expect(exercise.withoutEnds(&.{}).len == 0, "withoutEnds of no scores must be empty", .{});
}

fn checkHeap() void {
    course.expectNoHeap("one of the three", useAll);
}

fn useAll() void {
    var scores = Scores{ 1, 2, 3, 4, 5 };
    exercise.clampAll(&scores, exercise.fromZero(scores)[1]);
    _ = exercise.withoutEnds(&scores);
}
