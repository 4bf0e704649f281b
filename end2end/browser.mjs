// The browser of the journeys: people with sessions of their own, with and without JavaScript. What is on a page is found as
// its users find it, by role and by label.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Starts the browser for a world. */
export async function makeBrowser(world) {
  return new Browser(world, await chromium.launch({ executablePath: BROWSERS.find(existsSync), args: ARGUMENTS }));
}

class Browser {
  #chromium;
  #sessions = new Map();
  visitors = new Set();
  /** The kinds of page that were looked at already. */
  lookedAt = new Set();

  constructor(world, started) {
    this.world = world;
    this.#chromium = started;
  }

  close() {
    return this.#chromium.close();
  }

  /** Somebody who is not signed in. */
  async stranger(js, storageState) {
    const context = await this.#chromium.newContext({
      javaScriptEnabled: js, storageState, reducedMotion: 'reduce', timezoneId: 'Europe/Brussels',
    });
    context.setDefaultTimeout(30_000);
    const visitor = new Visitor(this.world, await context.newPage(), js);
    this.visitors.add(visitor);
    return visitor;
  }

  /** Somebody who is signed in: once by the pages, later by the same session in a fresh window. */
  async person(id, js) {
    const key = `${id} ${js}`;
    const visitor = await this.stranger(js, this.#sessions.get(key));
    if (!this.#sessions.has(key)) {
      await visitor.signIn(id);
      this.#sessions.set(key, await visitor.page.context().storageState());
    }
    return visitor;
  }

  /** Closes every window. */
  async closeAll() {
    for (const visitor of this.visitors) await visitor.page.context().close();
    this.visitors.clear();
  }

  /** Saves what every open window shows. */
  async screenshots(name) {
    let at = 0;
    for (const { page } of this.visitors) {
      const path = join(this.world.dir, `${name.replace(/[^A-Za-z0-9]+/g, '-')}-${++at}.png`);
      await page.screenshot({ path, fullPage: true }).catch(() => {});
      console.error(`screenshot of ${page.url()}: ${path}`);
    }
  }
}

/** A window, and what one does in it. */
export class Visitor {
  /** What a page complained about: errors of scripts, and anything that its policy held back. */
  complaints = [];

  constructor(world, page, js) {
    this.world = world;
    this.page = page;
    this.js = js;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => /Content.Security.Policy/i.test(message.text()) && this.complaints.push(message.text()));
  }

  /** Opens an address of the portal; the answer. */
  open(path) {
    return this.page.goto(new URL(path, this.world.url).href);
  }

  get path() {
    const url = new URL(this.page.url());
    return url.pathname + url.search;
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  link(name) {
    return this.page.getByRole('link', { name });
  }

  heading(name) {
    return this.page.getByRole('heading', { name });
  }

  /** Waits until this is in sight. */
  async see(what) {
    const locator = typeof what === 'string' || what instanceof RegExp ? this.page.getByText(what) : what;
    await locator.first().waitFor({ state: 'visible' });
  }

  /**
   * The page keeps the rules of WCAG 2.2 AA, light and dark, as far as a machine can tell. It needs JavaScript to be looked at.
   * A kind of page in a state is looked at once: its title says which.
   */
  async accessible() {
    assert.deepEqual(this.complaints, [], `complaints on ${this.path}`);
    if (!this.js) return;
    const kind = `${this.path.replace(/[0-9a-f-]{36}/g, 'ID')} ${await this.page.title()} ${await this.page.getByRole('alert').count()}`;
    const { lookedAt } = this.world.browser;
    if (lookedAt.has(kind)) return;
    lookedAt.add(kind);
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme });
      await this.#settled();
      const { violations } = await new AxeBuilder({ page: this.page }).withTags(RULES).analyze();
      const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((n) => `${n.html}\n      ${n.failureSummary}`).join('\n    ')}`);
      assert.deepEqual(found, [], `accessibility of ${this.path}, ${colorScheme}:\n${found.join('\n')}`);
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
  }

  /** Waits until colours have stopped changing: halfway they have any contrast. */
  async #settled() {
    await this.page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      await frame();
      const changing = document.getAnimations().filter((one) => one instanceof CSSTransition);
      await Promise.allSettled(changing.map((one) => one.finished));
    });
  }

  // ---- signing in -----------------------------------------------------------------------------------------

  async givePassword(id) {
    const { email, password } = this.world.people[id];
    await this.page.getByLabel('E-mail address').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.button('Continue').click();
  }

  async giveCode(id) {
    await this.page.getByLabel('Code').fill(await this.world.code(id));
    await this.button('Sign in').click();
  }

  async signIn(id) {
    await this.open('/');
    await this.givePassword(id);
    await this.giveCode(id);
    await this.page.waitForURL(`${this.world.url}/`);
    await this.see(this.heading(/.+/));
  }

  // ---- asking and deciding --------------------------------------------------------------------------------

  /** From the catalog to a request; its path. */
  async ask(role, reason, { search = role, duration = /^7 days/ } = {}) {
    await this.open('/catalog');
    await this.accessible();
    await this.page.getByRole('main').getByRole('searchbox', { name: 'Search the catalog' }).fill(search);
    await this.page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
    await this.page.getByRole('main').getByRole('link', { name: role, exact: true }).click();
    await this.see(this.page.getByRole('heading', { level: 1, name: role }));
    await this.accessible();
    await this.page.getByRole('radio', { name: duration }).check();
    await this.page.getByLabel(/^Why/).fill(reason);
    await this.button(/^Ask for access/).click();
    await this.page.waitForURL(/\/requests\/[0-9a-f-]+$/);
    await this.see('Submitted. You hear from us when it is decided.');
    await this.accessible();
    return this.path;
  }

  /** Opens the decision about somebody's wish, by the list of decisions. */
  async openDecision(name, role) {
    await this.open('/approvals');
    const row = this.page.getByRole('main').getByRole('listitem').filter({ hasText: name });
    await row.getByRole('link', { name: role, exact: true }).first().click();
    await this.see(this.heading(`${name} asks for ${role}`));
    await this.accessible();
  }

  /** Says yes or no, with a comment where there is one. */
  async decide(verdict, comment = '') {
    if (comment) await this.page.getByLabel(/^Comment/).fill(comment);
    await this.page.getByRole('button', { name: new RegExp(`^${verdict} `) }).click();
  }
}
