// Several roles in one request by the cart, more time for what one has, and what a teammate has.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';

journeys('cart', { systems: false }, (journey, js) => {
  // Each way has a person of its own, so that neither finds what the other left.
  const [id, name, mate] = js ? ['E0003', 'Rosa Teixeira', 'Rui Okafor'] : ['E0004', 'Rui Okafor', 'Rosa Teixeira'];

  journey('two roles from the catalog are one request', async ({ as }) => {
    const asker = await as(id);
    const main = asker.page.getByRole('main');
    await asker.open('/catalog');
    await asker.accessible();
    await asker.button('Add to cart Report reader').click();
    await asker.see('In your cart. Nothing is asked for until you submit it.');
    assert.equal(asker.path, '/catalog', 'one stays where one was');
    await asker.button('Add to cart Report writer').click();
    await asker.page.getByRole('link', { name: 'Go to your cart' }).click();
    await asker.see(asker.page.getByRole('heading', { level: 1, name: '2 roles in your cart' }));
    await asker.accessible();
    // Nothing is lost by a problem: both lines say what is missing, and what was chosen stays.
    await asker.page.getByLabel('For how long').first().selectOption('7d');
    await asker.button('Submit request').click();
    await asker.see('There are 2 problems');
    await asker.accessible();
    assert.equal(await asker.page.getByLabel('For how long').first().inputValue(), '7d');
    await asker.page.getByLabel(/^Why, for every line/).fill('I take over the monthly figures.');
    await asker.button('Submit request').click();
    await asker.page.waitForURL(/\/requests\/[0-9a-f-]+$/);
    await asker.see('Submitted. You hear from us when it is decided.');
    for (const role of ['Report reader', 'Report writer']) {
      assert.equal(await main.locator('summary').filter({ hasText: role }).count(), 1, role);
    }
    await asker.accessible();
    await asker.open('/cart');
    await asker.see('Your cart is empty');
    await asker.accessible();
  });

  journey('other terms replace the request that waits, and more time goes on from what one has', async ({ as }) => {
    const asker = await as(id);
    await asker.open('/catalog?q=finished+reprots');
    await asker.page.getByRole('main').getByRole('link', { name: 'Report reader', exact: true }).click();
    await asker.see('You asked for this role');
    await asker.link('Ask with other terms').click();
    await asker.see('This replaces the request that waits.');
    await asker.accessible();
    await asker.page.getByRole('radio', { name: /^30 days/ }).check();
    await asker.page.getByLabel(/^Why/).fill('For the whole month.');
    await asker.button(/^Ask for access/).click();
    await asker.page.waitForURL(/\/requests\/[0-9a-f-]+$/);
    // The older one is still open for its other role, and says what became of this one.
    await asker.open('/requests?q=monthly+figures');
    await asker.page.getByRole('main').locator('[data-row]').getByRole('link').first().click();
    await asker.see('Replaced by a newer request');
    await asker.accessible();

    const manager = await as(MANAGER);
    await manager.openDecision(name, 'Report reader');
    await manager.see('For the whole month.');
    await manager.decide('Approve');

    await asker.open('/catalog?q=report+reader');
    await asker.page.getByRole('main').getByRole('link', { name: 'Report reader', exact: true }).click();
    await asker.link('Ask for more time').click();
    await asker.see(/More time goes on from there, without a gap/);
    await asker.accessible();
    assert.equal(await asker.page.getByLabel(/^Why/).inputValue(), 'For the whole month.', 'the form begins with what was asked before');
    await asker.button(/^Ask for more time/).click();
    await asker.page.waitForURL(/\/requests\/[0-9a-f-]+$/);
    await asker.see(/30 days more, from/);
    await asker.accessible();
    await manager.openDecision(name, 'Report reader');
    await manager.see(/This goes on from there, without a gap/);
    await manager.accessible();
    await manager.decide('Approve');
    await asker.page.reload();
    await asker.see('Approved, starts later');
  });

  journey('a manager asks for a report what another one has', async ({ as }) => {
    const manager = await as(MANAGER);
    await manager.open('/compare');
    await manager.accessible();
    await manager.page.getByLabel('For whom do you ask').selectOption({ label: mate });
    await manager.button('Choose').click();
    await manager.page.getByRole('main').getByRole('link', { name, exact: true }).click();
    await manager.see(manager.heading(`What ${name} has and ${mate} doesn’t`));
    await manager.accessible();
    const role = manager.page.getByRole('checkbox', { name: /Report reader/ });
    if (await role.count()) {
      await role.check();
      await manager.button('Add to cart').click();
      await manager.page.getByRole('link', { name: 'Go to your cart' }).first().click();
      await manager.see(`for ${mate}`);
      await manager.accessible();
      await manager.button(/^Take out/).first().click();
      await manager.see('Taken out of your cart.');
    }
    // Who is in another team isn't shown.
    const stranger = await as('E0006');
    await stranger.open('/compare');
    await stranger.accessible();
    assert.equal(await stranger.page.getByRole('main').getByRole('link', { name, exact: true }).count(), 0);
  });
});
