//! Lets memory run out, everywhere.

const std = @import("std");
const places = @import("places.zig");
const refusal = @import("refusal.zig");
const Desk = @import("desk.zig").Desk;

var tried: struct { name: []const u8, desk: *Desk, count: ?usize } = undefined;

fn tell() []const u8 {
    const count = tried.count orelse return refusal.text("{s}, when memory runs out: ", .{tried.name});
    const place = if (tried.desk.failed) |frames| refusal.text(" ({s})", .{places.textOf(frames)}) else "";
    return refusal.text("{s}, when memory runs out: with allocation {d} of {d} failing{s}: ", .{ tried.name, tried.desk.failing.? + 1, count, place });
}

/// Lets each allocation of `function(allocator)` fail once. It returns `!void`, and gives back whatever it has.
pub fn expectSurvives(comptime name: []const u8, comptime function: anytype) void {
    const count = wholeCount(name, function);
    for (0..count) |index| {
        var desk = Desk{ .failing = index };
        tried = .{ .name = name, .desk = &desk, .count = count };
        refusal.circumstance = tell;
        const succeeded = runs(function, &desk);
        refusal.expect(desk.failed != null, "it was not asked for: the function must do the same in each run", .{});
        refusal.expect(!succeeded, "the function succeeded all the same: it must tell its caller", .{});
        desk.expectEmpty();
        refusal.circumstance = null;
        desk.deinit();
    }
}

fn wholeCount(comptime name: []const u8, comptime function: anytype) usize {
    var desk = Desk{};
    defer desk.deinit();
    refusal.expect(runs(function, &desk), name ++ " returns an error though there is memory", .{});
    desk.expectEmpty();
    return desk.requests;
}

/// Gives `function(allocator)` a little more memory each time, from nothing until it is enough. For what may do without
/// one of its blocks, as an arena that is reset.
pub fn expectSurvivesLimits(comptime name: []const u8, comptime function: anytype) void {
    const step = 256;
    const most = 1 << 20;
    var limit: usize = 0;
    while (limit < most) : (limit += step) {
        var desk = Desk{ .limit = limit };
        tried = .{ .name = name, .desk = &desk, .count = null };
        refusal.circumstance = tell;
        const succeeded = runs(function, &desk);
        desk.expectEmpty();
        refusal.circumstance = null;
        desk.deinit();
        if (succeeded) return;
    }
    refusal.refuse(name ++ " returns an error though there is memory", .{});
}

fn runs(comptime function: anytype, desk: *Desk) bool {
    const outcome: anyerror!void = function(desk.allocator());
    outcome catch |problem| {
        if (problem == error.OutOfMemory) return false;
        refusal.refuse("the function returns error.{s}, not error.OutOfMemory", .{@errorName(problem)});
    };
    return true;
}
