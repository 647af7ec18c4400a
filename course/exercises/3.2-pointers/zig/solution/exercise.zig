pub fn swapValues(first: *i32, second: *i32) void {
    const kept = first.*;
    first.* = second.*;
    second.* = kept;
}

pub fn increment(counter: ?*i32) void {
    if (counter) |present| {
        present.* += 1;
    }
}

pub fn findLargest(values: []i32) ?*i32 {
    if (values.len == 0) return null;
    var largest = &values[0];
    for (values[1..]) |*value| {
        if (value.* > largest.*) {
            largest = value;
        }
    }
    return largest;
}
