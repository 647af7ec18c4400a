// What a service in JavaScript does: parses, keeps, serialises, and copies buffers.
'use strict';
const zlib = require('zlib');

let seed = 7;
const random = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed;
};

const kept = new Map();
let sum = 0;
for (let i = 0; i < 60000; i += 1) {
  const order = { id: i, customer: `customer ${random() % 5000}`, lines: [] };
  for (let line = 0; line < 4; line += 1)
    order.lines.push({ article: random() % 900, count: line + 1, text: 'x'.repeat(random() % 40) });
  const text = JSON.stringify(order);
  const copy = JSON.parse(text);
  kept.set(copy.customer, copy);
  const bytes = Buffer.alloc(9000 + (random() % 9000), text);
  sum = (sum + bytes.readUInt32LE(bytes.length - 8) + copy.lines.length) >>> 0;
  if (i % 400 === 0) sum = (sum + zlib.deflateSync(bytes).length) >>> 0;
}
console.log(kept.size, sum);
