// The page: reads the profiles that were put into it, or that the reader opens, and shows the chosen view.
import './style.css';
import { byId, element } from './dom.js';
import { Flame } from './flame.js';
import { count, shown, signed, size } from './format.js';
import { Leaks } from './leaks.js';
import { check, metrics, Model } from './model.js';
import { showOwners } from './owners.js';
import { SiteTable } from './sites.js';
import { showTimeline } from './timeline.js';

const views = ['flame', 'timeline', 'leaks', 'sites', 'owners'];
const flame = new Flame(byId('flame'));
const leaks = new Leaks(byId('leaks'));
const table = new SiteTable(byId('sites'));
let profiles = [];
let model = null;
let view = 'flame';
let metric = metrics[1];

function complain(text) {
  byId('message').textContent = text;
  byId('message').hidden = text === '';
}

function start(next) {
  profiles = next;
  model = new Model(profiles);
  const name = (profile) => profile.command_line || profile.program || profile.name;
  byId('program').textContent = model.compares ? `${profiles[0].name} → ${profiles[1].name}` : name(model.latest);
  document.title = `Arpent: ${byId('program').textContent}`;
  byId('content').hidden = false;
  byId('totals').replaceChildren(
    ...metrics.flatMap((each) => {
      const value = each.key === 'peak' ? model.latest.peak_bytes : model.total(each);
      const before = each.key === 'peak' ? profiles[0].peak_bytes : model.total(each, 'before');
      const unknown = each.key === 'leaked' && !model.latest.leaks_known;
      const note = unknown
        ? 'not looked for'
        : each.blocksOnly
          ? 'freed at once'
          : model.compares
            ? `${signed(value - before, each)}`
            : `${count(model.total(each, 'after', 'blocks'))} blocks`;
      return [
        element(
          'div',
          { class: each.key },
          element('dt', {}, each.label),
          element('dd', {}, unknown ? '–' : shown(value, each)),
          element('dd', { class: 'note' }, note),
        ),
      ];
    }),
  );
  byId('tab-owners').hidden = model.latest.owners.length === 0;
  if (view === 'owners' && byId('tab-owners').hidden) view = 'flame';
  byId('limits').replaceChildren(...model.latest.limits.map((text) => element('li', {}, text)));
  show();
}

function matcher() {
  const wanted = byId('search').value.trim().toLowerCase();
  if (wanted === '') return { nodes: null, site: () => true };
  const nodes = new Set();
  model.frames.forEach((frame, node) => {
    if (node > 0 && `${frame.name}\n${frame.file}\n${frame.module}`.toLowerCase().includes(wanted)) nodes.add(node);
  });
  const sites = new Set(
    model.sites.filter((site) => {
      if (`${site.label}\n${site.description}\n${site.type}`.toLowerCase().includes(wanted)) {
        nodes.add(site.node);
        return true;
      }
      for (let node = site.node; node > 0; node = model.parent[node]) if (nodes.has(node)) return true;
      return false;
    }),
  );
  const bytes = [...sites].reduce((sum, site) => sum + site.after[metric.value], 0);
  return { nodes, site: (site) => sites.has(site), found: `${count(sites.size)} sites, ${shown(bytes, metric)}` };
}

function show() {
  for (const each of views) {
    const chosen = each === view;
    byId(each).hidden = !chosen;
    byId(`tab-${each}`).setAttribute('aria-selected', String(chosen));
    byId(`tab-${each}`).tabIndex = chosen ? 0 : -1;
  }
  if (!model) return;
  const matches = matcher();
  byId('found').textContent = matches.found ?? '';
  if (view === 'flame') flame.show(model, metric, model.aggregate(metric), matches.nodes);
  else if (view === 'timeline') showTimeline(byId('timeline'), model);
  else if (view === 'leaks') leaks.show(model, matches.site);
  else if (view === 'owners') showOwners(byId('owners'), model, byId('search').value.trim().toLowerCase());
  else table.show(model, matches.site);
}

// A page that arpent wrote holds its profiles; its scripts do not run here.
function profilesIn(text) {
  const json = text.trimStart().startsWith('<')
    ? new DOMParser().parseFromString(text, 'text/html').getElementById('profiles')?.textContent
    : text;
  const found = JSON.parse(json ?? 'null');
  const list = (Array.isArray(found) ? found : [found]).map(check);
  if (list.length === 0) throw new Error('it holds no profile');
  return list;
}

async function open(file) {
  try {
    const [other] = profilesIn(await file.text()).slice(-1);
    start(profiles.length === 0 ? [other] : [profiles.at(-1), other]);
    complain('');
  } catch (error) {
    complain(
      `${file.name} cannot be shown: ${error instanceof SyntaxError ? 'it is no page of arpent' : error.message}`,
    );
  }
}

function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId('theme').textContent = `Theme: ${theme}`;
  flame.draw();
}

const themes = ['system', 'light', 'dark'];
byId('theme').addEventListener('click', () => {
  const now = document.documentElement.dataset.theme ?? 'system';
  setTheme(themes[(themes.indexOf(now) + 1) % themes.length]);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => flame.draw());

byId('metric').append(...metrics.map((each) => element('option', { value: each.key }, each.label)));
byId('metric').value = metric.key;
byId('metric').addEventListener('change', (event) => {
  metric = metrics.find((each) => each.key === event.target.value);
  show();
});
byId('search').addEventListener('input', show);
views.forEach((each) => {
  const tab = byId(`tab-${each}`);
  tab.addEventListener('click', () => {
    view = each;
    show();
  });
  tab.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const shownViews = views.filter((name) => !byId(`tab-${name}`).hidden);
    view = shownViews.at((shownViews.indexOf(each) + step) % shownViews.length);
    show();
    byId(`tab-${view}`).focus();
  });
});
byId('file').addEventListener('change', (event) => {
  if (event.target.files[0]) open(event.target.files[0]);
  event.target.value = '';
});
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
});

const embedded = JSON.parse(byId('profiles').textContent);
if (embedded.length === 0 || embedded[0] === 'arpent-profiles')
  complain('Open or drop a page that arpent view --output wrote.');
else start(embedded.map(check));
