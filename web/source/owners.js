// Arenas and buffers within the program, with what was allocated from them. Of two profiles the later one's.
import { element } from './dom.js';
import { count, size } from './format.js';
import { metrics } from './model.js';

const columns = metrics.filter((metric) => ['live', 'peak', 'total', 'leaked'].includes(metric.key));
const mostContents = 200;

function sums(contents) {
  return columns.map((metric) => contents.reduce((sum, each) => sum + each.values[metric.value], 0));
}

const cells = (values) => values.map((value) => element('td', { class: 'number' }, value === 0 ? '–' : size(value)));

function rows(model, owner) {
  const { strings } = model.latest;
  const contents = [...owner.contents].sort((a, b) => b.values[2] - a.values[2] || b.values[4] - a.values[4]);
  const facts = `${count(owner.made)} made, ${count(owner.ended)} ended`;
  const head = element(
    'tr',
    { class: 'owner' },
    element('th', { scope: 'row', class: 'text' }, strings[owner.label], element('span', { class: 'place' }, facts)),
    ...cells(sums(contents)),
  );
  const inside = contents
    .slice(0, mostContents)
    .map((each) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row', class: 'text inside' }, strings[each.label]),
        ...cells(columns.map((metric) => each.values[metric.value])),
      ),
    );
  return [head, ...inside];
}

export function showOwners(container, model, wanted) {
  const { owners, strings } = model.latest;
  const matching = owners.filter(
    (owner) =>
      wanted === '' || [owner, ...owner.contents].some((each) => strings[each.label].toLowerCase().includes(wanted)),
  );
  matching.sort((a, b) => sums(b.contents)[1] - sums(a.contents)[1]);
  container.replaceChildren(
    element('p', { class: 'hint' }, 'Their memory is also counted in the other views, where it came from.'),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        { class: 'owners' },
        element(
          'caption',
          {},
          `${count(matching.length)} ${matching.length === 1 ? 'arena or buffer' : 'arenas and buffers'}`,
        ),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col', class: 'text' }, 'Arena or buffer, and what was allocated from it'),
            ...columns.map((metric) => element('th', { scope: 'col', class: 'number' }, metric.label)),
          ),
        ),
        element('tbody', {}, ...matching.flatMap((owner) => rows(model, owner))),
      ),
    ),
  );
}
