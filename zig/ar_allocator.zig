//! Arpent's tracked heap for Zig.
//!
//! Five functions for code that shares memory with C and C++: `create`, `alloc`, `dupe`, `realloc` and `free`.
//! What they return may be released by `free` here, by `ar_heap__free` or plain `free` in any C or C++ module,
//! and the other way round, whatever flags each module was compiled with. And two `std.mem.Allocator`s,
//! `allocator()` and `namedAllocator(description)`, which put any Zig library's memory into the report.
//!
//! Tracked when this module is compiled with `-DDEBUG` (see `tracked`): then each block has a description and a
//! place, and `ar_heap`'s report lists what was never released. Otherwise all of it is the C library's malloc,
//! and what it leaves behind is in the report's section of other memory.
//!
//! Descriptions are copied: a string that is built at run time may be changed right after the call. Null is
//! "Unknown".
//!
//! Every function may be called from any thread. Running out of memory, or asking for more bytes than a `usize`
//! counts, gives null.

const std = @import("std");
const builtin = @import("builtin");

const c = @cImport({
    @cDefine("__ZIG__", "1");
    @cInclude("ar_heap.h");
});

/// Whether this module records what it allocates: it was compiled with `-DDEBUG` (with the package: `.tracked`).
pub const tracked = @hasDecl(c, "DEBUG");

/// A description that contains this marks a block that a test leaks on purpose; the report counts it apart.
pub const intentional_leak = c.AR_HEAP_INTENTIONAL_LEAK;

/// One `T`, not initialised: `?*T`.
pub inline fn create(comptime T: type, desc: [*c]const u8) One(T, "create") {
    const memory = take(@sizeOf(T), @alignOf(T), desc) orelse return null;
    return @ptrCast(@alignCast(memory));
}

/// `n` items, all bytes zero: `?[*]T`.
pub inline fn alloc(comptime T: type, n: usize, desc: [*c]const u8) Many(T, "alloc") {
    const memory = takeZeroed(n, @sizeOf(T), @alignOf(T), desc) orelse return null;
    return @ptrCast(@alignCast(memory));
}

/// A copy of a string, ended by a NUL of its own. Takes slices, sentinel slices, arrays and pointers to them, and
/// C pointers and sentinel-terminated many-pointers, which are read up to their sentinel (a C pointer's is NUL).
/// Null gives null.
pub inline fn dupe(str: anytype, desc: [*c]const u8) ?[*:0]u8 {
    const String = @TypeOf(str);
    comptime requireString(String, String);
    const bytes = bytesOf(&str) orelse return null;
    const memory = take(bytes.len + 1, 1, desc) orelse return null;
    const copy: [*]u8 = @ptrCast(memory);
    @memcpy(copy, bytes);
    copy[bytes.len] = 0;
    return copy[0..bytes.len :0].ptr;
}

/// Changes the number of items; the block may move: `?[*]T`. Items are kept up to the smaller number, and what is added is
/// not initialised. It counts as a new allocation, which belongs to this call's place. Takes null and any pointer
/// to `T`, slice of `T` or optional of these; null allocates. `n` 0 releases the block and gives null. When there
/// is no memory: null, and the old block is as it was.
pub inline fn realloc(comptime T: type, ptr: anytype, n: usize, desc: [*c]const u8) Many(T, "realloc") {
    comptime requireItems(T, @TypeOf(ptr));
    const size = bytesFor(n, @max(@sizeOf(T), 1)) orelse return null;
    const memory = retake(addressOf(ptr), size, @alignOf(T), desc) orelse return null;
    return @ptrCast(@alignCast(memory));
}

/// Releases a block, wherever in the process it was allocated: any pointer, slice or optional of one. Null does
/// nothing. A slice stands for the block that it begins; its length does not matter.
pub inline fn free(ptr: anytype) void {
    comptime requireReleasable(@TypeOf(ptr));
    release(addressOf(ptr));
}

/// The tracked heap as a `std.mem.Allocator`.
pub fn allocator() std.mem.Allocator {
    return namedAllocator("std.mem.Allocator");
}

/// The same with a description for all that passes through it. The string must outlive the allocator's use.
pub fn namedAllocator(desc: [*c]const u8) std.mem.Allocator {
    const name: [*:0]const u8 = if (desc == null) "Unknown" else desc;
    return .{ .ptr = @ptrCast(@constCast(name)), .vtable = &standard_functions };
}

const standard_functions = functionsFor(std.mem.Allocator.VTable);

/// The functions behind `allocator()`, for either shape of the standard library's table: alignments as the
/// logarithm in a `u8`, or as `std.mem.Alignment` and with `remap`.
pub fn functionsFor(comptime VTable: type) VTable {
    const Functions = AllocatorFunctions(AlignmentIn(VTable));
    var table: VTable = undefined;
    table.alloc = Functions.alloc;
    table.resize = Functions.resize;
    if (@hasField(VTable, "remap")) table.remap = Functions.remap;
    table.free = Functions.free;
    return table;
}

fn AlignmentIn(comptime VTable: type) type {
    const Function = @typeInfo(@FieldType(VTable, "alloc")).pointer.child;
    return @typeInfo(Function).@"fn".params[2].type.?;
}

fn AllocatorFunctions(comptime Alignment: type) type {
    return struct {
        fn bytes(alignment: Alignment) usize {
            if (Alignment == u8) return @as(usize, 1) << @intCast(alignment);
            return alignment.toByteUnits();
        }

        // Once the standard library's functions are inlined, the return address that they hand over is their user's,
        // often outside of the program. Then the library finds the place itself.
        fn alloc(name: *anyopaque, size: usize, alignment: Alignment, return_address: usize) ?[*]u8 {
            if (!tracked) return @ptrCast(takeAligned(size, @max(bytes(alignment), @sizeOf(usize))));
            const place = if (builtin.mode == .Debug) return_address else 0;
            return @ptrCast(@call(.never_tail, c.ar_heap__malloc_at, .{ size, bytes(alignment), place, nameOf(name) }));
        }

        fn resize(_: *anyopaque, memory: []u8, _: Alignment, size: usize, _: usize) bool {
            if (tracked) return c.ar_heap__resize_in_place(memory.ptr, size) != 0;
            return size <= memory.len or size <= std.c.malloc_usable_size(memory.ptr);
        }

        // A block that moves keeps the place and the description that it had, as realloc of C does it. It would
        // not keep more alignment than malloc gives.
        fn remap(name: *anyopaque, memory: []u8, alignment: Alignment, size: usize, return_address: usize) ?[*]u8 {
            if (bytes(alignment) <= usual_alignment) return @ptrCast(std.c.realloc(memory.ptr, size));
            return if (resize(name, memory, alignment, size, return_address)) memory.ptr else null;
        }

        fn free(_: *anyopaque, memory: []u8, _: Alignment, _: usize) void {
            release(memory.ptr);
        }
    };
}

fn nameOf(context: *anyopaque) [*:0]const u8 {
    return @ptrCast(context);
}

// What malloc aligns to.
const usual_alignment = @alignOf(std.c.max_align_t);

// The functions below are inline and their calls never tail calls, so that the address that the library is called
// from lies in the user's function. It is all that a report knows of the place: Zig cannot tell file and line to
// a function that it calls.

inline fn take(size: usize, comptime alignment: usize, desc: [*c]const u8) ?*anyopaque {
    if (!tracked) return takeUntracked(size, alignment);
    if (alignment <= usual_alignment) return @call(.never_tail, c.ar_heap__malloc, .{ size, "zig", 0, desc });
    return @call(.never_tail, c.ar_heap__aligned_alloc, .{ alignment, size, "zig", 0, desc });
}

inline fn takeUntracked(size: usize, comptime alignment: usize) ?*anyopaque {
    if (alignment <= usual_alignment) return @call(.never_tail, std.c.malloc, .{size});
    return takeAligned(size, alignment);
}

// Of this function Arpent's heap looks for the user behind the standard library's, as in `std.heap.c_allocator`.
inline fn takeAligned(size: usize, alignment: usize) ?*anyopaque {
    var memory: ?*anyopaque = null;
    return if (std.c.posix_memalign(&memory, alignment, size) == 0) memory else null;
}

inline fn takeZeroed(n: usize, size: usize, comptime alignment: usize, desc: [*c]const u8) ?*anyopaque {
    if (alignment > usual_alignment) {
        const total = bytesFor(n, size) orelse return null;
        const memory = take(total, alignment, desc) orelse return null;
        @memset(@as([*]u8, @ptrCast(memory))[0..total], 0);
        return memory;
    }
    if (tracked) return @call(.never_tail, c.ar_heap__calloc, .{ n, size, "zig", 0, desc });
    return @call(.never_tail, c.calloc, .{ n, size });
}

inline fn retake(old: ?*anyopaque, size: usize, comptime alignment: usize, desc: [*c]const u8) ?*anyopaque {
    if (alignment <= usual_alignment) {
        if (tracked) return @call(.never_tail, c.ar_heap__realloc, .{ old, size, "zig", 0, desc });
        return @call(.never_tail, std.c.realloc, .{ old, size });
    }
    // realloc would keep the block, but not its alignment.
    if (size == 0) {
        release(old);
        return null;
    }
    const new = take(size, alignment, desc) orelse return null;
    if (old != null) {
        const kept = @min(size, std.c.malloc_usable_size(old));
        @memcpy(@as([*]u8, @ptrCast(new))[0..kept], @as([*]const u8, @ptrCast(old)));
        release(old);
    }
    return new;
}

inline fn release(address: ?*anyopaque) void {
    if (tracked) {
        @call(.never_tail, c.ar_heap__free, .{address});
    } else {
        @call(.never_tail, std.c.free, .{address});
    }
}

fn bytesFor(n: usize, size: usize) ?usize {
    return std.math.mul(usize, n, size) catch null;
}

fn addressOf(ptr: anytype) ?*anyopaque {
    return switch (comptime kindOf(@TypeOf(ptr))) {
        .optional => if (ptr) |present| addressOf(present) else null,
        .slice => @ptrFromInt(@intFromPtr(ptr.ptr)),
        .one, .many, .c => @ptrFromInt(@intFromPtr(ptr)),
        .array, .other => null, // the literal `null`
    };
}

// Of a string by pointer, because it may be an array.
fn bytesOf(str: anytype) ?[]const u8 {
    return switch (comptime kindOf(@TypeOf(str.*))) {
        .optional => if (str.*) |*present| bytesOf(present) else null,
        .array => str,
        .slice, .one => str.*,
        .many => std.mem.span(str.*),
        .c => if (str.* == null) null else std.mem.span(str.*),
        .other => unreachable,
    };
}

// --- What may be given, told at compile time

const Kind = enum { one, many, slice, c, array, optional, other };

// Zig spelled the sizes of pointers with capitals before 0.14.
fn kindOf(comptime T: type) Kind {
    switch (@typeInfo(T)) {
        .pointer => |pointer| {
            const name = @tagName(pointer.size);
            return @field(Kind, .{std.ascii.toLower(name[0])} ++ name[1..]);
        },
        .array => return .array,
        .optional => return .optional,
        else => return .other,
    }
}

// The results, whose types alone would be an error that explains nothing for some `T`.
fn One(comptime T: type, comptime function: []const u8) type {
    requireSized(T, function);
    return ?*T;
}

fn Many(comptime T: type, comptime function: []const u8) type {
    requireSized(T, function);
    return ?[*]T;
}

fn requireSized(comptime T: type, comptime function: []const u8) void {
    const problem = switch (@typeInfo(T)) {
        .@"opaque" => "has no size that is known here",
        .@"fn" => "is a function type; allocate a pointer to it",
        .noreturn => "has no values",
        .type, .comptime_int, .comptime_float, .enum_literal, .null, .undefined => "exists at compile time only",
        else => return,
    };
    @compileError("ar_allocator." ++ function ++ " allocates items of a type with a size; " ++ @typeName(T) ++ " " ++ problem);
}

fn requireString(comptime Given: type, comptime T: type) void {
    const problem = switch (kindOf(T)) {
        .optional => return requireString(Given, @typeInfo(T).optional.child),
        .array => if (@typeInfo(T).array.child == u8) return else "its items are no u8",
        .slice, .c => if (isByte(T)) return else "its items are no u8",
        .many => if (!isByte(T))
            "its items are no u8"
        else if (hasSentinel(T))
            return
        else
            "nothing tells where it ends; give a slice",
        .one => switch (@typeInfo(@typeInfo(T).pointer.child)) {
            .array => |array| if (array.child == u8 and !@typeInfo(T).pointer.is_volatile) return else "its items are no u8",
            else => "it points to one item, not to a string",
        },
        .other => "it is no string",
    };
    @compileError("ar_allocator.dupe copies a slice, array, sentinel-terminated or C pointer of u8, or an optional of one; " ++
        @typeName(Given) ++ ": " ++ problem);
}

fn isByte(comptime Pointer: type) bool {
    const pointer = @typeInfo(Pointer).pointer;
    return pointer.child == u8 and !pointer.is_volatile;
}

// `sentinel` became `sentinel_ptr` in 0.14.
fn hasSentinel(comptime Pointer: type) bool {
    const pointer = @typeInfo(Pointer).pointer;
    return @field(pointer, if (@hasField(@TypeOf(pointer), "sentinel_ptr")) "sentinel_ptr" else "sentinel") != null;
}

fn requireItems(comptime T: type, comptime Given: type) void {
    const message = "ar_allocator.realloc resizes items of " ++ @typeName(T) ++
        ": null, a pointer to them, a slice of them or an optional of one is needed, not ";
    var Inner = Given;
    while (kindOf(Inner) == .optional) Inner = @typeInfo(Inner).optional.child;
    if (Inner == @TypeOf(null)) return;
    switch (kindOf(Inner)) {
        .one, .many, .slice, .c => {},
        .array, .optional, .other => @compileError(message ++ @typeName(Given)),
    }
    const pointer = @typeInfo(Inner).pointer;
    const Item = if (kindOf(Inner) == .one and kindOf(pointer.child) == .array)
        @typeInfo(pointer.child).array.child
    else
        pointer.child;
    if (Item != T and pointer.child != T) @compileError(message ++ @typeName(Given));
    if (pointer.is_const) @compileError(message ++ @typeName(Given) ++ ", which is const");
}

fn requireReleasable(comptime Given: type) void {
    const message = "ar_allocator.free takes a pointer, a slice or an optional of one, not ";
    var Inner = Given;
    while (kindOf(Inner) == .optional) Inner = @typeInfo(Inner).optional.child;
    switch (kindOf(Inner)) {
        .one, .many, .slice, .c => {},
        .array => @compileError(message ++ @typeName(Given) ++ "; an array is no block of its own"),
        .optional, .other => @compileError(message ++ @typeName(Given) ++ switch (@typeInfo(Inner)) {
            .error_union => "; deal with the error first",
            else => "",
        }),
    }
    if (@typeInfo(@typeInfo(Inner).pointer.child) == .@"fn") {
        @compileError(message ++ @typeName(Given) ++ "; functions are not allocated");
    }
}

// The note by which `arpent check` knows how this object was compiled (docs/module-notes.md). Language 3 is Zig.
comptime {
    const has_notes = builtin.object_format == .elf and !@hasDecl(c, "AR_HEAP_NO_NOTE");
    if (has_notes) {
        const unit = @typeName(@import("root"));
        const version = c.AR_HEAP_VERSION_MAJOR * 0x10000 + c.AR_HEAP_VERSION_MINOR * 0x100 + c.AR_HEAP_VERSION_PATCH;
        asm (std.fmt.comptimePrint(
                \\.pushsection .note.arpent,"a",%note
                \\.balign 4
                \\.long 7, {d}, 0x4152
                \\.ascii "Arpent\0\0"
                \\.long 1, 3, {d}, {d}
                \\.byte {s}
                \\.balign 4
                \\.popsection
            , .{ 16 + (unit.len + 4) / 4 * 4, @intFromBool(tracked), version, bytesForAssembler(unit) }));
    }
}

// With the NUL at the end.
fn bytesForAssembler(comptime text: []const u8) []const u8 {
    @setEvalBranchQuota(1000 + 1000 * text.len);
    comptime var list: []const u8 = "";
    inline for (text) |byte| list = list ++ std.fmt.comptimePrint("{d},", .{byte});
    return list ++ "0";
}
