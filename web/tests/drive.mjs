// Drives the built page through every view in Chromium: drive.mjs PAGE [FOLDER FOR SCREENSHOTS]
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';

const { chromium } = createRequire(join(process.cwd(), 'package.json'))('playwright-core');
const [pageFile, pictures] = process.argv.slice(2);
const template = readFileSync(pageFile, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'arpent-page-'));
const hostile = '"\'</script><img src=x onerror=window.broken=1>';

function profile(name, stacks, factor) {
  const strings = ['', 'all', hostile];
  const text = (value) => strings.push(value) - 1;
  const names = [
    'main',
    'serve_requests',
    'parse_header',
    'cache_insert',
    'render_page',
    'read_body',
    'table_grow',
    'copy_string',
    'compile_pattern',
    'node_create',
    'json_parse',
    'log_line',
  ].map(text);
  const file = text('src/server/store.cpp');
  const modules = ['/usr/bin/server', '/usr/lib/libjson.so.2', '/usr/lib/libpattern.so'].map(text);
  const frames = [1, 0, 0, 0];
  names.forEach((each, index) => frames.push(each, file, 10 + index, modules[index % 3]));
  for (let index = 0; index < stacks; index += 500)
    frames.push(text(`ns::visit_${index}<int>`), file, 100 + index, modules[index % 3]);
  const count = frames.length / 4;
  const nodes = [0, 0, 0, 1];
  const sites = [];
  const labels = names.map((each, index) => text(`${strings[each]}  src/server/store.cpp:${10 + index}`));
  const first = nodes.length / 2;
  for (let index = 0; index < stacks; index += 1) {
    const caller = index < 6 ? 1 : first + Math.floor((index - 1) / 4);
    nodes.push(caller, 2 + ((index * 7) % (count - 2)));
    const bytes = Math.round((((index * 7919) % 977) + 20) * 640 * (index % 5 === 0 ? factor : 1));
    sites.push({
      node: first + index,
      label: labels[index % labels.length],
      description: index === 0 ? 2 : index % 3 ? 0 : names[index % 12],
      type: 0,
      family: 0,
      file,
      line: 12,
      intentional: false,
      threads: [
        [0, 30, bytes * 3],
        [1, 10, bytes],
      ],
      sizes: [5, 10, 0, 30],
      lifetimes: [0, 4, 30, 6],
      values: [bytes >> 1, 3, bytes, 6, bytes * 4, 40, index % 4 ? 0 : bytes >> 2, index % 4 ? 0 : 2, index % 9],
      source:
        index < 50
          ? {
              first: 10,
              lines: [
                'void Store::insert(Key key) {',
                '  auto* node =',
                '      create<Node>(key);',
                '  link(node);',
                '}',
              ],
            }
          : null,
    });
  }
  const peak = sites.reduce((sum, site) => sum + site.values[2], 0);
  const course = Array.from(
    { length: 240 },
    (_, at) => 3e7 * (at / 240) + 9e6 * Math.sin(at / 9) ** 2 + (at > 150 ? -1.1e7 : 0) + 2e6,
  );
  const timeline = course.map((live, at) => [
    at * 50,
    Math.round((live / Math.max(...course)) * peak),
    Math.round(1.4e7 + (live / Math.max(...course)) * peak),
  ]);
  const owners =
    stacks > 1000
      ? []
      : [
          {
            label: text('serve_requests  src/server/store.cpp:11  "requests"'),
            made: 3,
            ended: 2,
            contents: [
              { label: labels[2], values: [4096, 4, 8192, 8, 65536, 64, 0, 0, 0] },
              { label: labels[5], values: [0, 0, 1024, 1, 2048, 2, 0, 0, 0] },
            ],
          },
        ];
  return {
    arpent: 1,
    name,
    program: 'server',
    command_line: 'server --port 8080',
    pid: 1,
    start_time: 0,
    leaks_known: true,
    peak_bytes: peak,
    limits: [],
    strings,
    frames,
    nodes,
    sites,
    owners,
    timeline,
    threads: [
      { tid: 1, name: 'server', allocated_bytes: 3 },
      { tid: 2, name: 'worker', allocated_bytes: 1 },
    ],
    moments: [[2000, 'warm', 1e7]],
  };
}

function write(name, ...profiles) {
  const path = join(folder, name);
  const json = JSON.stringify(profiles).replaceAll('<', '\\u003c');
  writeFileSync(
    path,
    template.replace('["arpent-profiles"]', () => json),
  );
  return path;
}

const before = write('before.html', profile('before', 160, 1));
const after = write('after.html', profile('after', 160, 1.7));
const large = write('large.html', profile('large', 100000, 1));
const broken = join(folder, 'broken.json');
writeFileSync(broken, '{"arpent": 9}');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
let checks = 0;
const same = (actual, expected, what) => {
  assert.deepEqual(actual, expected, what);
  checks += 1;
};
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) faults.push(request.url());
  });
  await page.goto(`file://${resolve(after)}`);
  const details = page.locator('#flame .details');
  same((await details.textContent()).startsWith('all '), true, 'the root is described');
  await page.locator('canvas').focus();
  await page.keyboard.press('ArrowDown');
  same((await details.textContent()).startsWith('main '), true, 'down goes to the callee');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  same(await page.getByRole('button', { name: 'Whole program' }).isEnabled(), true, 'Enter zooms');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  same(await page.getByRole('button', { name: 'Whole program' }).isDisabled(), true, 'Escape zooms out');
  const tops = {};
  for (const key of ['live', 'peak', 'total', 'leaked', 'temporary']) {
    await page.selectOption('#metric', key);
    tops[key] = await details.textContent();
  }
  same(new Set(Object.values(tops)).size, 5, 'every measure has its own graph');
  await page.selectOption('#metric', 'peak');
  await page.fill('#search', 'parse_header');
  same(/^[1-9]\d* sites, /.test(await page.textContent('#found')), true, 'the search counts');
  await page.fill('#search', '');
  if (pictures) {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: join(pictures, `page-${scheme}.png`) });
    }
  }
  await page.getByRole('tab', { name: 'Flame graph' }).focus();
  await page.keyboard.press('ArrowRight');
  same(await page.locator('#timeline .peak-label').count(), 1, 'the peak is marked');
  same(await page.locator('#timeline .moment-label').textContent(), 'warm', 'moments are shown');
  await page.locator('#timeline svg').focus();
  await page.keyboard.press('End');
  same((await page.locator('#timeline .details').textContent()).startsWith('12 s: '), true, 'keys walk the timeline');
  if (pictures) await page.screenshot({ path: join(folder, 'timeline.png') });
  await page.getByRole('tab', { name: 'Leaks' }).click();
  await page.locator('summary', { hasText: 'script' }).first().click();
  same(
    await page.locator('details[open] .source .here').first().textContent(),
    '   12        create<Node>(key);\n',
    'source is shown',
  );
  await page.selectOption('#leaks-by', 'stack');
  same(await page.locator('details.group').count(), 40, 'a group for each stack');
  await page.getByRole('tab', { name: 'Sites' }).click();
  same(await page.locator('th[aria-sort=descending]').textContent(), 'At the peak ▾', 'sorted by the peak');
  await page.locator('[data-column=total]').press('Enter');
  same(
    await page.locator('th[aria-sort=descending]').textContent(),
    'Allocated in total ▾',
    'sorted by the chosen column',
  );
  await page.locator('button.open').first().press('Enter');
  same((await page.locator('.opened:visible .stack li').count()) > 0, true, 'a row opens');
  const figures = await page.locator('.opened:visible .histogram tr').allTextContents();
  same(
    figures.slice(0, 6),
    ['16 B to 31 B25 %', '32 B to 63 B0 %', '64 B to 127 B75 %', '0 B10 %', '1 B75 %', '2 B to 3 B15 %'],
    'sizes and lifetimes of a site',
  );
  same(
    figures.slice(6).map((text) => text.split(' blocks')[0]),
    ['server30', 'worker10'],
    'threads of a site',
  );
  if (pictures) await page.screenshot({ path: join(folder, 'sites.png') });
  await page.locator('#tab-sites').focus();
  await page.keyboard.press('ArrowRight');
  same(
    await page.locator('#owners tbody tr').allTextContents(),
    [
      'serve_requests  src/server/store.cpp:11  "requests"3 made, 2 ended4.0 KiB9.0 KiB66.0 KiB–',
      'parse_header  src/server/store.cpp:124.0 KiB8.0 KiB64.0 KiB–',
      'read_body  src/server/store.cpp:15–1.0 KiB2.0 KiB–',
    ],
    'an arena and what lies in it',
  );
  if (pictures) await page.screenshot({ path: join(folder, 'owners.png') });
  await page.setInputFiles('#file', broken);
  await page.locator('#message').waitFor({ state: 'visible' }); // the file is read meanwhile
  same((await page.textContent('#message')).includes('broken.json cannot be shown'), true, 'a bad file is told');
  await page.goto(`file://${resolve(before)}`);
  await page.setInputFiles('#file', after);
  await page.waitForFunction(() => document.getElementById('program').textContent.includes('→'));
  same(await page.textContent('#program'), 'before → after', 'a second page is compared');
  same((await page.locator('#totals .peak .note').textContent()).startsWith('+'), true, 'totals tell the change');
  if (pictures) await page.screenshot({ path: join(folder, 'compared.png') });
  await page.getByRole('tab', { name: 'Sites' }).click();
  same((await page.locator('td.grew').count()) > 0, true, 'growth is coloured');
  await page.getByRole('button', { name: /Theme/ }).click();
  same(await page.evaluate(() => document.documentElement.dataset.theme), 'light', 'the switch works');
  await page.goto(`file://${resolve(large)}`);
  same((await details.textContent()).startsWith('all '), true, '100,000 stacks are shown');
  same(await page.locator('#tab-owners').isHidden(), true, 'no arenas, no view of them');
  console.log(
    `100,000 stacks: ${Math.round(await page.evaluate(() => performance.getEntriesByType('navigation')[0].domComplete))} ms`,
  );
  same(await page.evaluate(() => window.broken), undefined, 'names are never markup');
  same(faults, [], 'no error, no request');
} finally {
  await browser.close();
}
console.log(`${checks} passed, 0 failed (${folder})`);
