// node scripts/check-islands.mjs PROGRAM: starts the example page with every island (examples/islands.rs), under the policy that the
// product is served with, and looks at it with a browser: that each island comes to life and does what it says, that a page
// which moves is brought up to date in place, and that nothing dead is shown without JavaScript.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const { chromium } = createRequire(new URL('../end2end/package.json', import.meta.url))('playwright-core');

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const server = spawn(process.argv[2], { stdio: ['ignore', 'pipe', 'inherit'] });
let browser;
try {
  const base = await new Promise((resolve, reject) => {
    server.stdout.once('data', (line) => resolve(String(line).trim()));
    server.once('exit', (status) => reject(new Error(`the example ended with status ${status}`)));
  });
  browser = await chromium.launch({ executablePath: BROWSERS.find(existsSync), args: ARGUMENTS });
  await withScripts(base);
  await withoutScripts(base);
  console.log('  islands: everything came to life and did what it says');
} finally {
  await browser?.close();
  server.kill();
}

async function withScripts(base) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', (request) => (bytes += request.encodedDataLength));

  await page.clock.install();
  await open(page, base);
  assert.ok(bytes < 150_000, `${bytes} bytes on a first visit`);
  console.log(`  a first visit took ${bytes} bytes over the wire`);

  await colours(page, context);
  await page.clock.runFor(61_000);
  assert.match(await page.textContent('#when'), /^\d+ years ago$/);
  await refresh(page, base);
  await selecting(page);
  await keys(page, base);
  assert.deepEqual(complaints, []);
  await context.close();
}

async function open(page, base) {
  await page.goto(base);
  await page.clock.runFor(2_000);
  await page.waitForSelector('html[data-islands=live]', { timeout: 15_000 });
}

async function colours(page, context) {
  await page.getByLabel('Dark').check();
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  const kept = (await context.cookies()).find((cookie) => cookie.name === 'latchkey_theme');
  assert.equal(kept?.value, 'dark');
  await page.getByLabel('As the system').check();
  assert.equal(await page.getAttribute('html', 'data-theme'), null);
}

// The server's event, the page fetched again, and the change in place, in the page's own clock.
async function until(page, words) {
  for (let tries = 0; tries < 100 && (await page.textContent('#words')) !== words; tries += 1) {
    await page.clock.runFor(200);
    await pause(50);
  }
  assert.equal(await page.textContent('#words'), words);
}

async function refresh(page, base) {
  const step = () => page.request.post(`${base}/step`);
  await page.click('#more summary');
  await page.focus('#search');
  await page.keyboard.type('typed');
  const before = await page.$('#words');
  await step();
  await until(page, 'Step 1');
  assert.equal(await before.textContent(), 'Step 1', 'the element is still the same one');
  assert.equal(await page.title(), 'Step 1 \u00b7 Latchkey');
  assert.equal(await page.locator('p[role=status]').textContent(), 'Step 1');
  assert.equal(await page.inputValue('#search'), 'typed');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
  assert.equal(await page.evaluate(() => document.querySelector('#more').open), true);
  assert.equal(await page.locator('.request-page li').count(), 2);
  await step();
  await until(page, 'Step 2');
  await step();
  await until(page, 'Step 3');
  assert.equal(await page.getAttribute('.request-page', 'data-moving'), null);
  // The third step was the last that moves: nobody listens any more.
  await step();
  await page.clock.runFor(3_000);
  await pause(500);
  assert.equal(await page.textContent('#words'), 'Step 3');
}

async function selecting(page) {
  await page.getByLabel('Select all').check();
  assert.equal(await page.locator('#list input:checked').count(), 3);
  assert.equal(await page.locator('.select-all [role=status]').textContent(), '3 selected');
  await page.locator('#list input').nth(1).uncheck();
  assert.equal(await page.evaluate(() => document.querySelector('.select-all input').indeterminate), true);
}

async function keys(page, base) {
  const focused = (what) => page.evaluate((name) => document.activeElement[name], what);
  const leave = () => page.evaluate(() => document.activeElement.blur());
  const dialogs = () => page.locator('dialog[open]').count();
  await leave();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await focused('textContent'), 'Row 1');
  await page.keyboard.press('x');
  assert.equal(await page.locator('#list input').nth(1).isChecked(), true);
  await page.keyboard.press('k');
  assert.equal(await focused('textContent'), 'Row 0');
  await page.keyboard.press('/');
  assert.equal(await focused('id'), 'search');
  await page.keyboard.type('j?');
  assert.equal(await page.inputValue('#search'), 'j?', 'what is typed is no command');
  await leave();
  await page.keyboard.press('?');
  assert.equal(await dialogs(), 1);
  await page.getByLabel('Use these keys in this browser').uncheck();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('?');
  assert.equal(await dialogs(), 0, 'turned off');
  await open(page, base);
  await page.keyboard.press('?');
  assert.equal(await dialogs(), 0, 'still off on the next page');
  await page.getByRole('button', { name: 'Keys' }).click();
  assert.equal(await dialogs(), 1, 'the list is still there to turn them on again');
}

async function withoutScripts(base) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(base);
  for (const dead of ['.theme-switch', 'button.menu-item', '.select-all', 'dialog']) {
    assert.equal(await page.locator(dead).isVisible(), false, `${dead} is shown without JavaScript`);
  }
  assert.equal(await page.textContent('#words'), 'Step 4');
  await context.close();
}
