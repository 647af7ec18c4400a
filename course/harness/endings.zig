//! What ends a process from below, in words: Zig's panics, and signals.

const std = @import("std");
const desk = @import("desk.zig");
const places = @import("places.zig");
const refusal = @import("refusal.zig");

const linux = std.os.linux;
const posix = std.posix;

/// For the root file: `pub const panic = course.panic;`.
pub const panic = if (@hasDecl(std.debug, "FullPanic")) std.debug.FullPanic(panicked) else panickedBefore;

fn panicked(message: []const u8, _: ?usize) noreturn {
    endInWords(message, places.from(@frameAddress()));
}

// What Zig called before 0.14.
fn panickedBefore(message: []const u8, _: ?*std.builtin.StackTrace, _: ?usize) noreturn {
    endInWords(message, places.from(@frameAddress()));
}

// What follows the beginning of a message is kept, in brackets.
const sentences = [_]struct { beginning: []const u8, words: []const u8 }{
    .{ .beginning = "index out of bounds: ", .words = "reaches beyond the end of an array" },
    .{ .beginning = "start index ", .words = "cuts a slice whose start lies behind its end" },
    .{ .beginning = "attempt to unwrap error: ", .words = "uses the value of a result that is an error" },
    .{ .beginning = "attempt to use null value", .words = "uses the value of an optional that is null" },
    .{ .beginning = "integer overflow", .words = "calculates a number that its type cannot hold" },
    .{ .beginning = "reached unreachable code", .words = "comes to where the code says that it never comes" },
    .{ .beginning = "for loop over objects with non-equal lengths", .words = "walks over arrays of different lengths together" },
    .{ .beginning = "@memcpy arguments have non-equal lengths", .words = "copies between arrays of different lengths" },
    .{ .beginning = "@memcpy arguments alias", .words = "copies an array over itself" },
};

var is_ending = false;

fn endInWords(message: []const u8, frames: places.Frames) noreturn {
    expectFirst(message);
    const who = places.whoOf(frames);
    // The bytes of an array are counted before it is given back.
    if (std.mem.eql(u8, message, "integer overflow") and places.isWithinRelease(frames)) {
        refusal.refuse("{s} gives back an array that is longer than memory can be: it was never set, or was overwritten", .{who});
    }
    for (sentences) |sentence| {
        if (!std.mem.startsWith(u8, message, sentence.beginning)) continue;
        const rest = message[sentence.beginning.len..];
        if (rest.len == 0) refusal.refuse("{s} {s}", .{ who, sentence.words });
        refusal.refuse("{s} {s} ({s})", .{ who, sentence.words, rest });
    }
    refusal.refuse("{s} panics: {s}", .{ who, message });
}

// What goes wrong while words are sought would come here again.
fn expectFirst(message: []const u8) void {
    if (is_ending) {
        refusal.circumstance = null;
        refusal.refuse("the check cannot say where: {s}", .{message});
    }
    is_ending = true;
}

/// From here on signals are told in words.
pub fn install() void {
    // Also for a stack that is full.
    var stack = posix.stack_t{ .sp = &signal_stack, .flags = 0, .size = signal_stack.len };
    posix.sigaltstack(&stack, null) catch {};
    const action = posix.Sigaction{
        .handler = .{ .sigaction = signalled },
        .mask = posix.empty_sigset,
        .flags = posix.SA.SIGINFO | posix.SA.ONSTACK | posix.SA.NODEFER,
    };
    posix.sigaction(posix.SIG.SEGV, &action, null);
    posix.sigaction(posix.SIG.BUS, &action, null);
    posix.sigaction(posix.SIG.ILL, &action, null);
    posix.sigaction(posix.SIG.FPE, &action, null);
}

var signal_stack: [1 << 20]u8 align(16) = undefined;

// Of an address that no memory can have, the processor does not tell which it was.
const code_of_kernel = 128;
const lowest_addresses = 65536;

fn signalled(signal: i32, information: *const posix.siginfo_t, context: ?*anyopaque) callconv(.C) void {
    expectFirst("a second signal");
    const general = &@as(*const posix.ucontext_t, @ptrCast(@alignCast(context.?))).mcontext.gregs;
    const stack: usize = @intCast(general[linux.REG.RSP]);
    const address = @intFromPtr(information.fields.sigfault.addr);
    if (signal == posix.SIG.SEGV and isFull(stack, address)) {
        // Its top cannot be read.
        refusal.refuse("{s} calls itself until the stack is full", .{places.whoOf(places.from(@intCast(general[linux.REG.RBP])))});
    }
    const frames = places.fromRegisters(.{
        .instruction = @intCast(general[linux.REG.RIP]),
        .stack = stack,
        .frame = @intCast(general[linux.REG.RBP]),
    });
    if (signal != posix.SIG.SEGV and signal != posix.SIG.BUS) {
        refusal.refuse("{s} does what ends a program with signal {d}", .{ places.whoOf(frames), signal });
    }
    const writes = general[linux.REG.ERR] & 2 != 0;
    if (writes) desk.refuseAccess(address, "writes", frames) else desk.refuseAccess(address, "reads", frames);
    const what = if (information.code == code_of_kernel)
        "follows a pointer that was never set, or lay in memory that was given back"
    else if (address < lowest_addresses)
        "follows a pointer that is null"
    else if (writes)
        "writes where nothing may be written"
    else
        "follows a pointer that points nowhere";
    refusal.refuse("{s} {s}", .{ places.whoOf(frames), what });
}

// A fault so near to the top of the stack is below it: what is in use can be read and written.
fn isFull(stack: usize, address: usize) bool {
    const reach = 1 << 16;
    return address +| reach > stack and address < stack +| reach;
}
