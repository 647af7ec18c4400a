// A site's stack and source, and the table of all sites.
import { element } from './dom.js';
import { baseName, count, share, shown, signed, size } from './format.js';
import { metrics } from './model.js';

const rowsAtOnce = 200;

export function siteDetails(model, site) {
  const stack = element(
    'ol',
    { class: 'stack' },
    ...model
      .stack(site.node)
      .map((frame) =>
        element(
          'li',
          {},
          element('span', { class: 'function' }, frame.name),
          element('span', { class: 'place' }, frame.file ? `${frame.file}:${frame.line}` : baseName(frame.module)),
        ),
      ),
  );
  const facts = [site.family, site.type && `type ${site.type}`, site.intentional && 'meant to leak'].filter(Boolean);
  const parts = [stack];
  if (facts.length > 0) parts.unshift(element('p', { class: 'facts' }, facts.join(' · ')));
  if (site.source) {
    parts.push(
      element(
        'pre',
        { class: 'source', tabindex: 0, 'aria-label': `Source of ${site.file}` },
        ...site.source.lines.map((text, index) => {
          const line = site.source.first + index;
          return element(
            'span',
            { class: line === site.line ? 'line here' : 'line' },
            `${String(line).padStart(5)}  ${text}\n`,
          );
        }),
      ),
    );
  }
  const figures = [
    histogram('Sizes of blocks', site.sizes),
    histogram('Bytes allocated during their life', site.lifetimes),
    threadList(model, site),
  ].filter(Boolean);
  if (figures.length > 0) parts.push(element('div', { class: 'figures' }, ...figures));
  return element('div', { class: 'site-details' }, ...parts);
}

// Bucket n is of numbers of n bits.
function histogram(title, [first, ...counts]) {
  if (first === undefined) return null;
  const whole = counts.reduce((sum, each) => sum + each, 0);
  const most = Math.max(...counts);
  return element(
    'table',
    { class: 'histogram' },
    element('caption', {}, `${title} (estimated)`),
    element(
      'tbody',
      {},
      ...counts.map((each, index) => {
        const bits = first + index;
        const label = bits < 2 ? size(bits) : `${size(2 ** (bits - 1))} to ${size(2 ** bits - 1)}`;
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, label),
          element(
            'td',
            { class: 'bar-cell' },
            element('span', { class: 'filled', style: `width: ${(100 * each) / most}%` }),
          ),
          element('td', { class: 'number' }, share(each, whole)),
        );
      }),
    ),
  );
}

function threadList(model, site) {
  if (site.threads.length === 0 || model.latest.threads.length < 2) return null;
  const sorted = [...site.threads].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return element(
    'table',
    { class: 'histogram' },
    element('caption', {}, 'Threads that allocate here'),
    element(
      'tbody',
      {},
      ...sorted.map(([thread, blocks, bytes]) =>
        element(
          'tr',
          {},
          element(
            'th',
            { scope: 'row' },
            model.latest.threads[thread]?.name || `thread ${model.latest.threads[thread]?.tid}`,
          ),
          element('td', { class: 'number' }, `${count(blocks)} ${blocks === 1 ? 'block' : 'blocks'}`),
          element('td', { class: 'number' }, size(bytes)),
        ),
      ),
    ),
  );
}

export class SiteTable {
  constructor(container) {
    this.container = container;
    this.sort = { column: 'peak', descending: true };
    this.rows = rowsAtOnce;
  }

  show(model, matches) {
    Object.assign(this, { model, matches, rows: rowsAtOnce });
    this.#draw();
  }

  #value(site, metric) {
    return this.model.compares ? site.after[metric.value] - site.before[metric.value] : site.after[metric.value];
  }

  #draw() {
    const { column, descending } = this.sort;
    const metric = metrics.find((each) => each.key === column);
    const direction = descending ? -1 : 1;
    const sites = this.model.sites
      .filter(this.matches)
      .sort(
        (a, b) =>
          direction * (metric ? this.#value(a, metric) - this.#value(b, metric) : a.label.localeCompare(b.label)),
      );
    const header = (key, label) =>
      element(
        'th',
        {
          scope: 'col',
          'aria-sort': column === key ? (descending ? 'descending' : 'ascending') : 'none',
          class: key === 'label' ? 'text' : 'number',
        },
        element(
          'button',
          {
            type: 'button',
            'data-column': key,
            onclick: () => {
              this.sort = { column: key, descending: column === key ? !descending : key !== 'label' };
              this.#draw();
              this.container.querySelector(`[data-column="${key}"]`).focus();
            },
          },
          label,
          element('span', { 'aria-hidden': 'true' }, column === key ? (descending ? ' ▾' : ' ▴') : ''),
        ),
      );
    const body = element('tbody');
    for (const site of sites.slice(0, this.rows)) body.append(...this.#row(site));
    const table = element(
      'table',
      {},
      element(
        'caption',
        {},
        this.model.compares ? `${count(sites.length)} sites: how each changed` : `${count(sites.length)} sites`,
      ),
      element(
        'thead',
        {},
        element('tr', {}, header('label', 'Site'), ...metrics.map((each) => header(each.key, each.label))),
      ),
      body,
    );
    const more =
      sites.length > this.rows
        ? element(
            'button',
            {
              type: 'button',
              onclick: () => {
                this.rows += rowsAtOnce * 5;
                this.#draw();
              },
            },
            `Show more (${count(sites.length - this.rows)} left)`,
          )
        : null;
    this.container.replaceChildren(element('div', { class: 'scroll' }, table), ...(more ? [more] : []));
  }

  #row(site) {
    const details = element('tr', { class: 'opened', hidden: '' });
    const button = element(
      'button',
      {
        type: 'button',
        class: 'open',
        'aria-expanded': 'false',
        onclick: () => {
          if (!details.hasChildNodes()) {
            details.append(element('td', { colspan: metrics.length + 1 }, siteDetails(this.model, site)));
          }
          details.hidden = !details.hidden;
          button.setAttribute('aria-expanded', String(!details.hidden));
        },
      },
      site.label || '(unknown)',
    );
    const cells = metrics.map((metric) => {
      const value = this.#value(site, metric);
      const change = this.model.compares && value !== 0 ? (value > 0 ? ' grew' : ' shrank') : '';
      const text = value === 0 ? '–' : this.model.compares ? signed(value, metric) : shown(value, metric);
      return element('td', { class: `number${change}` }, text);
    });
    return [element('tr', {}, element('th', { scope: 'row', class: 'text' }, button), ...cells), details];
  }
}
