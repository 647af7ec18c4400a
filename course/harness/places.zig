//! Where in the learner's file something happened, in words: from return addresses and the program's own debug
//! information. Stacks are read by their frame pointers, which Debug builds keep.

const std = @import("std");
const refusal = @import("refusal.zig");

const depth = 24;
const exercise_file = "/exercise.zig";
const allocator_file = "/mem/Allocator.zig";

/// Return addresses, innermost first; zeros after the last.
pub const Frames = [depth]usize;

/// Stacks are read up to here; nothing is read while it is 0.
pub var outermost: usize = 0;

/// The processor, where a signal stopped it.
pub const Registers = struct { instruction: usize, stack: usize, frame: usize };

/// Of the function whose frame address it is, and of its callers.
pub fn from(frame: usize) Frames {
    var frames = [_]usize{0} ** depth;
    walk(&frames, 0, frame, frame);
    return frames;
}

pub fn fromRegisters(registers: Registers) Frames {
    var frames = [_]usize{0} ** depth;
    frames[0] = registers.instruction + 1; // as if it were a return address
    var count: usize = 1;
    // memset and its like have no frame: the frame pointer is their caller's, whose own place is on the stack's top.
    const has_frame = if (symbolAt(registers.instruction)) |symbol| !symbol.isRuntime() else false;
    if (!has_frame and registers.stack < outermost and registers.stack % @alignOf(usize) == 0) {
        frames[count] = @as(*const usize, @ptrFromInt(registers.stack)).*;
        count += 1;
    }
    walk(&frames, count, registers.frame, registers.stack);
    return frames;
}

fn walk(frames: *Frames, start: usize, first: usize, lowest: usize) void {
    var frame = first;
    for (frames[start..]) |*address| {
        if (frame < lowest or frame >= outermost or frame % @alignOf(usize) != 0) return;
        const record: *const [2]usize = @ptrFromInt(frame); // the caller's frame, and the address to return to
        address.* = record[1];
        if (record[0] <= frame) return;
        frame = record[0];
    }
}

const Symbol = struct {
    file: []const u8,
    function: []const u8,
    line: u64,

    /// Of a function of `Allocator`.
    fn isRelease(self: Symbol) bool {
        return std.mem.startsWith(u8, self.function, "free") or std.mem.startsWith(u8, self.function, "destroy");
    }

    fn isRuntime(self: Symbol) bool {
        return std.mem.indexOf(u8, self.file, "compiler_rt") != null or !std.mem.endsWith(u8, self.file, ".zig");
    }
};

fn symbolAt(address: usize) ?Symbol {
    const information = std.debug.getSelfDebugInfo() catch return null;
    const module = information.getModuleForAddress(address) catch return null;
    const symbol = module.getSymbolAtAddress(information.allocator, address) catch return null;
    const source = symbol.source_location orelse return null;
    return .{ .file = source.file_name, .function = symbol.name, .line = source.line };
}

/// The innermost frame that is in the learner's file, as "`function`, line 12".
fn inExercise(frames: Frames) ?[]const u8 {
    for (frames) |address| {
        if (address == 0) return null;
        const symbol = symbolAt(address - 1) orelse continue;
        if (!std.mem.endsWith(u8, symbol.file, exercise_file)) continue;
        // Of what was made for a type, Zig adds a number to the name.
        const end = std.mem.indexOf(u8, symbol.function, "__anon_") orelse symbol.function.len;
        return refusal.text("`{s}`, line {d}", .{ symbol.function[0..end], symbol.line });
    }
    return null;
}

/// For the end of a sentence.
pub fn textOf(frames: Frames) []const u8 {
    return inExercise(frames) orelse "the test";
}

/// For the beginning of a sentence.
pub fn whoOf(frames: Frames) []const u8 {
    const place = inExercise(frames) orelse return "the test, with what the exercise returned,";
    return refusal.text("{s},", .{place});
}

/// Whether it is `free` or `destroy` that came to this: they overwrite a block before they give it back.
pub fn isRelease(frames: Frames) bool {
    for (frames) |address| {
        if (address == 0) return false;
        const symbol = symbolAt(address - 1) orelse continue;
        if (symbol.isRuntime()) continue;
        if (!std.mem.endsWith(u8, symbol.file, allocator_file)) return false;
        if (symbol.isRelease()) return true;
    }
    return false;
}

/// The same where `free` has called other functions of Zig's, as it does to find out how many bytes an array has.
pub fn isWithinRelease(frames: Frames) bool {
    for (frames) |address| {
        if (address == 0) return false;
        const symbol = symbolAt(address - 1) orelse continue;
        if (std.mem.endsWith(u8, symbol.file, exercise_file)) return false;
        if (std.mem.endsWith(u8, symbol.file, allocator_file) and symbol.isRelease()) return true;
    }
    return false;
}
