// Live bytes and resident memory over time, with the peak and the program's own moments.
import { element } from './dom.js';
import { size } from './format.js';

const space = 'http://www.w3.org/2000/svg';
const frame = { width: 1000, height: 320, left: 84, right: 20, top: 30, bottom: 34 };

function drawn(name, attributes, text) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// A step that is round in powers of two, so that labels in KiB and MiB are short.
function stepFor(most) {
  return 2 ** Math.ceil(Math.log2(Math.max(most, 1) / 4));
}

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 2 : 0)} s`;

export function showTimeline(container, model) {
  const { timeline: points, moments, peak_bytes: peak } = model.latest;
  container.replaceChildren();
  if (points.length < 2) {
    container.append(
      element('p', { class: 'empty' }, `This profile holds no timeline. The program held ${size(peak)} at its peak.`),
    );
    return;
  }
  const first = points[0][0];
  const last = Math.max(points.at(-1)[0], first + 1);
  const most = Math.max(peak, ...points.map((point) => Math.max(point[1], point[2])));
  const step = stepFor(most);
  const top = step * Math.ceil(most / step);
  const x = (time) => frame.left + ((time - first) / (last - first)) * (frame.width - frame.left - frame.right);
  const y = (bytes) => frame.height - frame.bottom - (bytes / top) * (frame.height - frame.top - frame.bottom);
  const picture = drawn('svg', {
    viewBox: `0 0 ${frame.width} ${frame.height}`,
    role: 'img',
    tabindex: 0,
    'aria-label': `Live bytes over ${seconds(last - first)}; the peak is ${size(peak)}`,
  });
  for (let bytes = 0; bytes <= top; bytes += step) {
    picture.append(
      drawn('line', { class: 'grid', x1: frame.left, x2: frame.width - frame.right, y1: y(bytes), y2: y(bytes) }),
      drawn('text', { x: frame.left - 8, y: y(bytes) + 4, 'text-anchor': 'end' }, size(bytes)),
    );
  }
  for (let part = 0; part <= 4; part += 1) {
    const time = first + ((last - first) * part) / 4;
    picture.append(drawn('text', { x: x(time), y: frame.height - 10, 'text-anchor': 'middle' }, seconds(time)));
  }
  const line = (index) =>
    points.map((point, at) => `${at ? 'L' : 'M'}${x(point[0]).toFixed(1)} ${y(point[index]).toFixed(1)}`).join('');
  if (points.some((point) => point[2] > 0)) picture.append(drawn('path', { class: 'resident', d: line(2) }));
  picture.append(
    drawn('path', { class: 'live-area', d: `${line(1)}L${x(last)} ${y(0)}L${x(first)} ${y(0)}Z` }),
    drawn('path', { class: 'live', d: line(1) }),
  );
  const highest = points.reduce((best, point) => (point[1] > best[1] ? point : best));
  picture.append(
    drawn('circle', { class: 'peak', cx: x(highest[0]), cy: y(highest[1]), r: 4 }),
    drawn(
      'text',
      {
        class: 'peak-label',
        x: x(highest[0]),
        y: y(highest[1]) - 10,
        'text-anchor':
          x(highest[0]) > frame.width * 0.8 ? 'end' : x(highest[0]) < frame.width * 0.2 ? 'start' : 'middle',
      },
      `peak ${size(peak)}`,
    ),
  );
  for (const [time, label] of moments) {
    const place = x(Math.min(Math.max(time, first), last));
    picture.append(
      drawn('line', { class: 'moment', x1: place, x2: place, y1: frame.top - 12, y2: frame.height - frame.bottom }),
      drawn('text', { class: 'moment-label', x: place + 4, y: frame.top - 8 }, label),
    );
  }
  const cursor = drawn('line', {
    class: 'cursor',
    y1: frame.top,
    y2: frame.height - frame.bottom,
    visibility: 'hidden',
  });
  picture.append(cursor);
  const status = element(
    'p',
    { class: 'details', role: 'status' },
    'Point at the graph, or walk it with the left and right arrow keys.',
  );
  let at = points.indexOf(highest);
  const select = (index) => {
    at = Math.min(Math.max(index, 0), points.length - 1);
    const [time, live, resident] = points[at];
    for (const end of ['x1', 'x2']) cursor.setAttribute(end, x(time));
    cursor.setAttribute('visibility', 'visible');
    status.textContent = `${seconds(time)}: ${size(live)} live${resident ? `, ${size(resident)} resident` : ''}`;
  };
  picture.addEventListener('mousemove', (event) => {
    const bounds = picture.getBoundingClientRect();
    const time =
      first +
      ((((event.clientX - bounds.left) / bounds.width) * frame.width - frame.left) /
        (frame.width - frame.left - frame.right)) *
        (last - first);
    let low = 0;
    let high = points.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] < time) low = middle + 1;
      else high = middle;
    }
    select(low > 0 && time - points[low - 1][0] < points[low][0] - time ? low - 1 : low);
  });
  picture.addEventListener('keydown', (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    select(at + steps);
  });
  container.append(
    element(
      'p',
      { class: 'legend' },
      element('span', { class: 'key live-key' }),
      'live bytes',
      element('span', { class: 'key resident-key' }),
      'resident memory',
    ),
    picture,
    status,
  );
  if (moments.length > 0) {
    container.append(
      element('h3', {}, 'Moments'),
      element(
        'ul',
        { class: 'moments' },
        ...moments.map(([time, label, live]) => element('li', {}, `${seconds(time)}  ${label}: ${size(live)} live`)),
      ),
    );
  }
}
