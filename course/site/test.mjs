// Opens the site's pages in Chromium: test.mjs FOLDER [FOLDER FOR SCREENSHOTS]
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { readdirSync } from 'node:fs';

const { chromium } = createRequire(join(process.cwd(), 'package.json'))('playwright-core');
const [site, pictures] = process.argv.slice(2);
const address = (name) => `file://${resolve(site, name)}`;
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
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('requestfailed', (request) => faults.push(`not there: ${request.url()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) faults.push(`not offline: ${request.url()}`);
  });
  const shot = async (name) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };

  const names = readdirSync(site).filter((name) => name.endsWith('.html'));
  same(names.length, 17, 'an overview, eight lessons, eight exercises');
  for (const name of names) {
    await page.goto(address(name));
    const links = await page.locator('a').evaluateAll((found) => found.map((link) => link.href));
    for (const link of links)
      same(
        link.startsWith('http') || names.includes(link.split('/').pop().split('#')[0]),
        true,
        `${name} leads to ${link}`,
      );
    same(
      await page.locator('img').evaluateAll((found) => found.every((image) => image.naturalWidth > 0)),
      true,
      `pictures of ${name}`,
    );
    same(await page.locator('nav a[aria-current]').count(), 1, `${name} is marked in the navigation`);
    same(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      true,
      `${name} is not too wide`,
    );
  }

  for (const name of readdirSync(site).filter((found) => found.endsWith('.svg'))) {
    await page.goto(address(name));
    same(
      await page.evaluate(() =>
        [...document.querySelectorAll('text')]
          .filter((text) => {
            const box = text.getBBox();
            return box.x < 0 || box.x + box.width > document.documentElement.viewBox.baseVal.width;
          })
          .map((text) => text.textContent),
      ),
      [],
      `text of ${name} that is cut off`,
    );
  }

  await page.goto(address('index.html'));
  await shot('overview');
  await page.getByRole('searchbox').fill('errdefer');
  await page.locator('#results a').first().click();
  same(/errdefer/.test(await page.locator('main').textContent()), true, 'what was sought is on the page');
  await page.getByRole('searchbox').fill('no such words anywhere');
  same(await page.locator('#results').textContent(), 'Nothing has all of these words.', 'nothing found');

  await page.goto(address('3.3-the-allocator-interface.html'));
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await shot('lesson-light');
  await page.getByRole('button', { name: 'Dark or light' }).click();
  same((await colour()) !== light, true, 'dark');
  await shot('lesson-dark');
  const answer = page.locator('details').first();
  same(await answer.evaluate((found) => found.open), false, 'answers are folded');
  await answer.locator('summary').click();
  same(await answer.evaluate((found) => found.open), true, 'and open');
  await page.locator('.around a').last().click();
  same((await page.title()).startsWith('Exercise 3.3'), true, 'on to the exercise');

  await page.emulateMedia({ media: 'print' });
  same(await page.locator('nav').isVisible(), false, 'no navigation on paper');
  same(await colour(), 'rgb(255, 255, 255)', 'paper is white');
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize({ width: 400, height: 800 });
  await page.goto(address('3.8-debugging-memory.html'));
  same(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'fits a telephone');
  await shot('narrow');
  same(faults, [], 'no faults');
  console.log(`${checks} checks of the course's site hold`);
} finally {
  await browser.close();
}
