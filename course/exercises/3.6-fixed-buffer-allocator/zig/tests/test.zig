const std = @import("std");
const course = @import("course");
const exercise = @import("exercise");

pub const panic = course.panic;

const words = [_][]const u8{ "a", "small", "net" };

pub fn main() void {
    course.run(.{ checkHeap, checkJoinWords, checkTitleOf });
}

fn checkHeap() void {
    course.expectNoHeap("one of the two", useBoth);
}

fn useBoth() void {
    var buffer: [64]u8 = undefined;
    if (exercise.joinWords(&words, '-', &buffer)) |_| {} else |_| {}
    _ = exercise.titleOf(&words, &buffer);
}

fn checkJoinWords() void {
    var buffer: [11]u8 = undefined;
    const text = exercise.joinWords(&words, '-', &buffer) catch
        course.refuse("joinWords returns an error though the text fits the buffer exactly", .{});
    course.expect(text.len == 11, "joinWords gives {d} characters, not 11, for a-small-net", .{text.len});
    course.expect(course.isWithin(u8, text, &buffer), "the result of joinWords is not in the caller's buffer, but in something that may be gone", .{});
    course.expect(std.mem.eql(u8, text, "a-small-net"), "joinWords gives another text than a-small-net", .{});
    if (exercise.joinWords(&words, '-', buffer[0..10])) |_| {
        course.refuse("joinWords must return the error when the buffer is too small", .{});
    } else |_| {}
    const nothing = course.expectMemory("joinWords of no words", exercise.joinWords(&.{}, '-', &buffer));
    course.expect(nothing.len == 0, "joinWords of no words must be empty", .{});
}

fn checkTitleOf() void {
    var buffer: [64]u8 = undefined;
    const title = exercise.titleOf(&words, &buffer);
    course.expect(title.len == 11 and course.isWithin(u8, title, &buffer), "titleOf does not return the joined words, in the caller's buffer", .{});
    course.expect(std.mem.eql(u8, title, "a small net"), "titleOf gives another text than 'a small net'", .{});
    const fallback = exercise.titleOf(&words, buffer[0..4]);
    course.expect(std.mem.eql(u8, fallback, "a"), "titleOf must give the first word when the buffer is too small", .{});
    course.expect(fallback.ptr == words[0].ptr, "titleOf must give the first word where it is, not a copy", .{});
    course.expect(exercise.titleOf(&.{}, &buffer).len == 0, "titleOf of no words must be empty", .{});
}
