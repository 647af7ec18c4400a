//! What the tests of the exercises in Zig are made of, as course.hpp is for those in C++: says the first thing that is
//! wrong in words, and ends with status 1. A test's root file has `pub const panic = course.panic;`.

const std = @import("std");
const endings = @import("endings.zig");
const places = @import("places.zig");
const refusal = @import("refusal.zig");
const survival = @import("survival.zig");

pub const Desk = @import("desk.zig").Desk;
pub const counted = refusal.counted;
pub const expect = refusal.expect;
pub const expectSurvives = survival.expectSurvives;
pub const expectSurvivesLimits = survival.expectSurvivesLimits;
pub const panic = endings.panic;
pub const refuse = refusal.refuse;

/// All of a test, a tuple of functions without parameters: ends the process.
pub fn run(comptime checks: anytype) noreturn {
    places.outermost = @frameAddress();
    endings.install();
    inline for (checks) |check| check();
    refusal.pass();
}

// Of <arpent/heap_watch.h>.
const Watch = extern struct { allocations: usize = 0, releases: usize = 0, first: usize = 0, reserved: ?*anyopaque = null };
extern fn ar_heap__watch_begin(watch: *Watch) c_int;
extern fn ar_heap__watch_end(watch: *Watch) void;

/// Neither malloc, by whomever, nor pages of the system may be used by `function()`.
pub fn expectNoHeap(comptime name: []const u8, comptime function: fn () void) void {
    var watch = Watch{};
    std.heap.next_mmap_addr_hint = null; // what page_allocator leaves where it was used
    const is_watched = ar_heap__watch_begin(&watch) != 0;
    function();
    ar_heap__watch_end(&watch);
    refusal.expect(is_watched, "the heap cannot be watched here, which the check needs", .{});
    const is_untouched = watch.allocations == 0 and std.heap.next_mmap_addr_hint == null;
    refusal.expect(is_untouched, name ++ " uses the heap, where nothing may", .{});
}

/// What `outcome` has, which must be no error.
pub fn expectMemory(comptime name: []const u8, outcome: anytype) @typeInfo(@TypeOf(outcome)).error_union.payload {
    return outcome catch |problem| refusal.refuse(name ++ " returns error.{s} though there is memory", .{@errorName(problem)});
}

/// Whether all of `part` lies within `whole`, in memory.
pub fn isWithin(comptime Item: type, part: []const Item, whole: []const Item) bool {
    const start = @intFromPtr(part.ptr);
    const end = start + part.len * @sizeOf(Item);
    return start >= @intFromPtr(whole.ptr) and end <= @intFromPtr(whole.ptr) + whole.len * @sizeOf(Item);
}
