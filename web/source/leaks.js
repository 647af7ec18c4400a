// What was lost, grouped, with stacks and source.
import { element } from './dom.js';
import { count, signed, size } from './format.js';
import { metrics } from './model.js';
import { siteDetails } from './sites.js';

const leaked = metrics.find((metric) => metric.key === 'leaked');
const mostGroups = 300;
const groupings = {
  description: { label: 'Description', of: (site) => site.description || '(no description)' },
  stack: { label: 'Stack', of: (site) => site.label },
  type: { label: 'Type', of: (site) => site.type || '(type not known)' },
};

export class Leaks {
  constructor(container) {
    this.container = container;
    this.by = 'description';
  }

  show(model, matches) {
    Object.assign(this, { model, matches });
    const choice = element(
      'select',
      {
        id: 'leaks-by',
        onchange: (event) => {
          this.by = event.target.value;
          this.show(model, matches);
          this.container.querySelector('select').focus();
        },
      },
      ...Object.entries(groupings).map(([key, { label }]) =>
        element('option', { value: key, selected: key === this.by ? '' : undefined }, label),
      ),
    );
    const bar = element('div', { class: 'bar' }, element('label', {}, 'Group by ', choice));
    this.container.replaceChildren(bar);
    const lost = model.sites.filter(
      (site) => (site.after[leaked.value] > 0 || site.before[leaked.value] > 0) && matches(site),
    );
    if (lost.length === 0) {
      bar.after(
        element(
          'p',
          { class: 'empty' },
          model.latest.leaks_known
            ? 'Nothing leaked that matches.'
            : 'Leaks were not looked for: the program had not ended by exit.',
        ),
      );
      return;
    }
    const groups = new Map();
    for (const site of lost) {
      const key = this.by === 'stack' ? site.node : groupings[this.by].of(site);
      const group = groups.get(key) ?? { name: groupings[this.by].of(site), sites: [], bytes: 0, blocks: 0, change: 0 };
      group.sites.push(site);
      group.bytes += site.after[leaked.value];
      group.blocks += site.after[leaked.blocks];
      group.change += site.after[leaked.value] - site.before[leaked.value];
      groups.set(key, group);
    }
    const sorted = [...groups.values()].sort((a, b) => b.bytes - a.bytes);
    for (const group of sorted.slice(0, mostGroups)) this.container.append(this.#group(group));
    if (sorted.length > mostGroups) {
      this.container.append(
        element(
          'p',
          { class: 'hint' },
          `${count(sorted.length - mostGroups)} smaller groups are not shown; search to see them.`,
        ),
      );
    }
  }

  #group(group) {
    const change = this.model.compares ? ` (${signed(group.change, leaked)})` : '';
    const opened = element(
      'details',
      { class: 'group' },
      element(
        'summary',
        {},
        element('span', { class: 'amount' }, `${size(group.bytes)}${change}`),
        element('span', { class: 'blocks' }, `${count(group.blocks)} ${group.blocks === 1 ? 'block' : 'blocks'}`),
        element('span', { class: 'name' }, group.name),
      ),
    );
    opened.addEventListener('toggle', () => {
      if (!opened.open || opened.childElementCount > 1) return;
      for (const site of group.sites.sort((a, b) => b.after[leaked.value] - a.after[leaked.value]).slice(0, 50)) {
        opened.append(element('h3', {}, site.label), siteDetails(this.model, site));
      }
    });
    return opened;
  }
}
