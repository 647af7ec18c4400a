// The icicle: callers above, what they call below, as wide as what was allocated there.
import { element } from './dom.js';
import { baseName, share, shown, signed } from './format.js';

const rowHeight = 21;
const narrowest = 0.6;

function hue(text) {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 31 + text.charCodeAt(index)) >>> 0;
  return hash % 360;
}

export class Flame {
  constructor(container) {
    this.canvas = element('canvas', {
      tabindex: 0,
      role: 'application',
      'aria-describedby': 'flame-keys',
      'aria-label': 'Flame graph',
    });
    this.details = element('p', { class: 'details', role: 'status', 'aria-live': 'polite' });
    this.back = element('button', { type: 'button', onclick: () => this.zoom(0) }, 'Whole program');
    const keys = element(
      'p',
      { id: 'flame-keys', class: 'hint' },
      'Arrow keys walk the frames, Enter or a click zooms in, Escape zooms out.',
    );
    container.append(element('div', { class: 'bar' }, this.back, this.details), this.canvas, keys);
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    this.canvas.addEventListener('mousemove', (event) => this.#describe(this.#at(event) ?? this.current));
    this.canvas.addEventListener('mouseleave', () => this.#describe(this.current));
    this.canvas.addEventListener('click', (event) => {
      const node = this.#at(event);
      if (node !== undefined) this.zoom(node);
    });
    this.canvas.addEventListener('focus', () => this.draw());
    this.canvas.addEventListener('blur', () => this.draw());
    new ResizeObserver(() => this.draw()).observe(container);
  }

  show(model, metric, values, matches) {
    if (this.model !== model) Object.assign(this, { root: 0, current: 0 });
    Object.assign(this, { model, metric, values, matches });
    if (!(values.width[this.root] > 0)) this.root = 0;
    if (!(values.width[this.current] > 0)) this.current = this.root;
    this.draw();
  }

  zoom(node) {
    this.root = node;
    this.current = node;
    this.draw();
  }

  #layout(width) {
    const { below, width: amount } = this.values;
    const ancestors = [];
    for (let node = this.model.parent[this.root]; node >= 0; node = this.model.parent[node]) ancestors.unshift(node);
    this.boxes = ancestors.map((node, row) => ({ node, row, x: 0, width, faded: true }));
    if (!(amount[this.root] > 0)) return;
    const scale = width / amount[this.root];
    const waiting = [{ node: this.root, row: ancestors.length, x: 0, width }];
    while (waiting.length > 0) {
      const box = waiting.pop();
      this.boxes.push(box);
      let x = box.x;
      for (const child of below[box.node] ?? []) {
        const wide = amount[child] * scale;
        if (wide < narrowest) break; // sorted: all that follow are narrower
        waiting.push({ node: child, row: box.row + 1, x, width: wide });
        x += wide;
      }
    }
  }

  draw() {
    const width = this.canvas.parentElement.clientWidth;
    if (!this.model || width === 0) return;
    this.#layout(width);
    const rows = this.boxes.reduce((most, box) => Math.max(most, box.row + 1), 1);
    const ratio = window.devicePixelRatio || 1;
    const height = rows * rowHeight + 2;
    Object.assign(this.canvas, {
      width: Math.round(width * ratio),
      height: Math.round(Math.min(height, 16000) * ratio),
    });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${Math.min(height, 16000)}px` });
    const pen = this.canvas.getContext('2d');
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const look = (name) => style.getPropertyValue(name).trim();
    const dark = look('--dark') === '1';
    pen.font = `12px ${look('--mono')}`;
    pen.textBaseline = 'middle';
    const letter = pen.measureText('m').width;
    const focused = document.activeElement === this.canvas;
    for (const box of this.boxes) {
      const y = box.row * rowHeight + 1;
      const matched = this.matches === null || this.matches.has(box.node);
      pen.globalAlpha = box.faded ? 0.55 : matched ? 1 : 0.3;
      pen.fillStyle = this.#colour(box.node, dark);
      pen.fillRect(box.x, y, Math.max(box.width - 1, 0.5), rowHeight - 1);
      const letters = Math.floor((box.width - 10) / letter);
      if (letters >= 3) {
        const { name } = this.model.frames[box.node];
        pen.fillStyle = dark ? '#f2f3f5' : '#1b1d21';
        pen.fillText(name.length > letters ? `${name.slice(0, letters - 1)}…` : name, box.x + 5, y + rowHeight / 2);
      }
      pen.globalAlpha = 1;
      if (this.matches?.has(box.node) || (focused && box.node === this.current)) {
        pen.lineWidth = 2;
        pen.strokeStyle = focused && box.node === this.current ? look('--focus') : look('--match');
        pen.strokeRect(box.x + 1, y + 1, Math.max(box.width - 3, 1), rowHeight - 3);
      }
    }
    this.back.disabled = this.root === 0;
    this.#describe(this.current);
  }

  #colour(node, dark) {
    if (node === 0) return dark ? '#3a3f47' : '#d5d9df';
    if (this.model.compares) {
      const { after, before } = this.values;
      const change = (after[node] - before[node]) / Math.max(after[node], before[node], 1);
      if (Math.abs(change) < 0.001) return dark ? '#454a53' : '#d9dce1';
      const strength = 0.25 + 0.75 * Math.min(1, Math.abs(change));
      const light = dark ? 26 + 16 * strength : 92 - 24 * strength;
      return `hsl(${change > 0 ? 8 : 212} ${Math.round(75 * strength)}% ${light}%)`;
    }
    const frame = this.model.frames[node];
    const shade = (hue(frame.name) % 7) - 3;
    return `hsl(${hue(baseName(frame.module || frame.file))} ${dark ? 32 : 48}% ${(dark ? 34 : 80) + shade}%)`;
  }

  #describe(node) {
    const frame = this.model.frames[node];
    const { after, before } = this.values;
    const place = frame.file ? ` — ${frame.file}${frame.line ? `:${frame.line}` : ''}` : '';
    const amount = shown(after[node], this.metric) + (this.metric.blocksOnly ? ' calls' : '');
    const change = this.model.compares
      ? `, ${signed(after[node] - before[node], this.metric)} (before ${shown(before[node], this.metric)})`
      : `, ${share(after[node], after[0])}`;
    this.details.replaceChildren(element('strong', {}, frame.name), ` ${amount}${change}${place}`);
  }

  #at(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const row = Math.floor((event.clientY - bounds.top - 1) / rowHeight);
    return this.boxes.find((box) => box.row === row && x >= box.x && x < box.x + box.width)?.node;
  }

  #key(event) {
    const { below } = this.values;
    const parent = this.model.parent[this.current];
    const siblings = parent >= 0 ? (below[parent] ?? []) : [this.current];
    const place = siblings.indexOf(this.current);
    let next = this.current;
    if (event.key === 'ArrowDown') next = below[this.current]?.[0] ?? next;
    else if (event.key === 'ArrowUp') next = Math.max(parent, 0);
    else if (event.key === 'ArrowRight') next = siblings[place + 1] ?? next;
    else if (event.key === 'ArrowLeft') next = siblings[place - 1] ?? next;
    else if (event.key === 'Enter' || event.key === ' ') this.root = this.current;
    else if (event.key === 'Escape' || event.key === 'Backspace') {
      this.root = Math.max(this.model.parent[this.root], 0);
      next = this.root;
    } else return;
    event.preventDefault();
    this.current = next;
    this.draw();
    if (!this.boxes.some((box) => box.node === next)) this.zoom(next); // too narrow to be seen
  }
}
