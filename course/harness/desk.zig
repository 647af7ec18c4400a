//! The allocator that stands in front of `ar_allocator.allocator()`: it knows by whom each block was taken and given
//! back. Each block ends where a page that nobody may touch begins, and is such a page itself once it was given back.

const std = @import("std");
const ar_allocator = @import("ar_allocator");
const places = @import("places.zig");
const refusal = @import("refusal.zig");

const Allocator = std.mem.Allocator;
const Frames = places.Frames;

const page = 4096;

const Block = struct {
    mapping: []align(page) u8, // with the page behind it
    bytes: []u8, // what the caller has
    allocated: Frames,
    given_back: ?Frames = null,

    fn holds(self: Block, address: usize) bool {
        return address >= @intFromPtr(self.mapping.ptr) and address - @intFromPtr(self.mapping.ptr) < self.mapping.len;
    }
};

var desks: ?*Desk = null;

/// A desk stays where it is once its `allocator()` was asked for.
pub const Desk = struct {
    blocks: std.ArrayListUnmanaged(Block) = .{},
    /// Blocks that were asked for, those included that could not be had.
    requests: usize = 0,
    allocations: usize = 0,
    /// Bytes that may be alive together.
    limit: usize = std.math.maxInt(usize),
    alive: usize = 0,
    /// The request with this number, from 0, finds no memory.
    failing: ?usize = null,
    failed: ?Frames = null,
    is_open: bool = false,
    next: ?*Desk = null,

    pub fn allocator(self: *Desk) Allocator {
        if (!self.is_open) {
            self.is_open = true;
            self.next = desks;
            desks = self;
        }
        return .{ .ptr = self, .vtable = &functions };
    }

    /// Nothing of its blocks may be looked at afterwards.
    pub fn deinit(self: *Desk) void {
        var place = &desks;
        while (place.*) |desk| : (place = &desk.next) {
            if (desk == self) {
                place.* = self.next;
                break;
            }
        }
        for (self.blocks.items) |block| {
            protect(block.mapping, std.posix.PROT.READ | std.posix.PROT.WRITE);
            ar_allocator.allocator().free(block.mapping);
        }
        self.blocks.deinit(std.heap.page_allocator);
        self.* = undefined;
    }

    /// `result` must be a block that is alive; one without items is none.
    pub fn expectAlive(self: *Desk, comptime name: []const u8, result: anytype) void {
        if (result.len == 0) return;
        const block = self.find(@intFromPtr(result.ptr)) orelse
            refusal.refuse("the result of " ++ name ++ " is not from the caller's allocator", .{});
        if (block.given_back) |frames| {
            refusal.refuse("the result of " ++ name ++ " was given back before the caller could read it, in {s}", .{places.textOf(frames)});
        }
    }

    /// Nothing may be alive.
    pub fn expectEmpty(self: *Desk) void {
        var count: usize = 0;
        var found = std.ArrayList([]const u8).init(std.heap.page_allocator);
        for (self.blocks.items) |block| {
            if (block.given_back != null) continue;
            count += 1;
            const place = places.textOf(block.allocated);
            for (found.items) |known| {
                if (std.mem.eql(u8, known, place)) break;
            } else found.append(place) catch {};
        }
        if (count == 0) return;
        const were = if (count == 1) "was" else "were";
        const lost = refusal.text("{s} {s} never given back; ", .{ refusal.counted(count, "block"), were });
        if (found.items.len == 1) {
            const who = if (count == 1) "it was" else if (count == 2) "both were" else "all were";
            refusal.refuse("{s}{s} allocated in {s}", .{ lost, who, found.items[0] });
        }
        const last = found.items.len - 1;
        const others = std.mem.join(std.heap.page_allocator, ", in ", found.items[0..last]) catch "several places";
        refusal.refuse("{s}they were allocated in {s} and in {s}", .{ lost, others, found.items[last] });
    }

    fn find(self: *Desk, address: usize) ?*Block {
        for (self.blocks.items) |*block| {
            if (@intFromPtr(block.bytes.ptr) == address) return block;
        }
        return null;
    }

    fn holding(self: *Desk, address: usize) ?*Block {
        for (self.blocks.items) |*block| {
            if (block.holds(address)) return block;
        }
        return null;
    }

    fn expectMay(self: *Desk, memory: []u8, comptime verb: []const u8, frames: Frames) *Block {
        const address = @intFromPtr(memory.ptr);
        const block = self.find(address) orelse {
            const what = if (self.holding(address) == null) "a block that did not come from this allocator" else "a part of a block, not all of it";
            refusal.refuse("{s} " ++ verb ++ " {s}", .{ places.whoOf(frames), what });
        };
        if (block.given_back) |before| refuseSecond(verb, frames, before);
        if (memory.len != block.bytes.len) refuseSize(frames, block.*);
        return block;
    }
};

fn refuseSecond(comptime verb: []const u8, frames: Frames, before: Frames) noreturn {
    refusal.refuse("{s} " ++ verb ++ " a block a second time; it was given back in {s}", .{ places.whoOf(frames), places.textOf(before) });
}

fn refuseSize(frames: Frames, block: Block) noreturn {
    refusal.refuse("{s} gives a block back as if it had another size; it was allocated in {s}", .{ places.whoOf(frames), places.textOf(block.allocated) });
}

/// Says what is wrong with an access, if it was to a block of any desk.
pub fn refuseAccess(address: usize, comptime verb: []const u8, frames: Frames) void {
    var next = desks;
    while (next) |desk| : (next = desk.next) {
        const block = desk.holding(address) orelse continue;
        if (block.given_back) |before| {
            if (places.isRelease(frames)) refuseSecond("gives back", frames, before);
            refusal.refuse("{s} " ++ verb ++ " a block after it was given back; it was given back in {s}", .{ places.whoOf(frames), places.textOf(before) });
        }
        if (places.isRelease(frames)) refuseSize(frames, block.*);
        refusal.refuse("{s} " ++ verb ++ " beyond the end of an array; it was allocated in {s}", .{ places.whoOf(frames), places.textOf(block.allocated) });
    }
}

// The parameter's type changed with Zig 0.14: the logarithm in a u8, then std.mem.Alignment.
const Alignment = @typeInfo(@typeInfo(@FieldType(Allocator.VTable, "alloc")).pointer.child).@"fn".params[2].type.?;

fn bytesOf(alignment: Alignment) usize {
    if (Alignment == u8) return @as(usize, 1) << @intCast(alignment);
    return alignment.toByteUnits();
}

const functions = table: {
    var table: Allocator.VTable = undefined;
    table.alloc = alloc;
    table.resize = resize;
    table.free = free;
    if (@hasField(Allocator.VTable, "remap")) table.remap = Allocator.noRemap;
    break :table table;
};

fn alloc(context: *anyopaque, size: usize, alignment: Alignment, _: usize) ?[*]u8 {
    const self: *Desk = @ptrCast(@alignCast(context));
    const frames = places.from(@frameAddress());
    const number = self.requests;
    self.requests += 1;
    if (number == self.failing or size > self.limit - self.alive) {
        self.failed = frames;
        return null;
    }
    const room = std.mem.alignForward(usize, size, page);
    const heap = ar_allocator.allocator();
    const mapping = heap.alignedAlloc(u8, page, room + page) catch return null;
    const start = room - std.mem.alignForward(usize, size, bytesOf(alignment));
    self.blocks.append(std.heap.page_allocator, .{
        .mapping = mapping,
        .bytes = mapping[start..][0..size],
        .allocated = frames,
    }) catch {
        heap.free(mapping);
        return null;
    };
    protect(@alignCast(mapping[room..]), std.posix.PROT.NONE);
    self.allocations += 1;
    self.alive += size;
    return mapping.ptr + start;
}

// Arrays stay at the end of their pages, so that none can grow where it is.
fn resize(context: *anyopaque, memory: []u8, _: Alignment, size: usize, _: usize) bool {
    const self: *Desk = @ptrCast(@alignCast(context));
    const block = self.expectMay(memory, "resizes", places.from(@frameAddress()));
    if (size > memory.len) return false;
    self.alive -= memory.len - size;
    block.bytes = block.bytes[0..size];
    return true;
}

fn free(context: *anyopaque, memory: []u8, _: Alignment, _: usize) void {
    const self: *Desk = @ptrCast(@alignCast(context));
    const frames = places.from(@frameAddress());
    const block = self.expectMay(memory, "gives back", frames);
    block.given_back = frames;
    self.alive -= memory.len;
    protect(block.mapping, std.posix.PROT.NONE);
}

fn protect(memory: []align(page) u8, protection: u32) void {
    std.posix.mprotect(memory, protection) catch |problem|
        refusal.refuse("memory cannot be protected here, which the check needs: {s}", .{@errorName(problem)});
}
