// Numbers as people read them.
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

export function size(bytes) {
  let value = Math.abs(bytes);
  let unit = 0;
  while (unit < units.length - 1 && (unit === 0 ? value >= 1024 : value >= 1023.95)) {
    value /= 1024;
    unit += 1;
  }
  const sign = bytes < 0 ? '−' : '';
  return `${sign}${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export const count = (value) => (value < 0 ? '−' : '') + Math.abs(value).toLocaleString('en-US');

export function share(part, whole) {
  if (!whole || !part) return '0 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '<0.1 %';
  return `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

export const shown = (value, metric) => (metric.blocksOnly ? count(value) : size(value));

export function signed(value, metric) {
  return (value > 0 ? '+' : '') + shown(value, metric);
}

export const baseName = (path) => path.slice(path.lastIndexOf('/') + 1);
