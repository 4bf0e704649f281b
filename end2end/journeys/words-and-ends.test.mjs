// What ends soon is extended together or let go of; what isn't in the catalog is wished for in words.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';
const OWNER = 'E0005';
const READER = 'Report reader';

journeys('words and ends', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  const given = async (as, role) => {
    const asker = await as(id);
    await asker.ask(role, 'The harbour study needs it.');
    const manager = await as(MANAGER);
    await manager.openDecision(name, role);
    await manager.decide('Approve');
    await manager.see(`You approved ${role} for ${name}.`);
    return asker;
  };

  journey('what ends soon is extended in one request, and let go of', async ({ as }) => {
    const asker = await given(as, READER);
    await asker.open('/');
    await asker.link('What ends soon, to extend or let go of together').click();
    await asker.see(asker.heading('Your access that ends soon'));
    await asker.accessible();
    const box = asker.page.getByRole('checkbox', { name: new RegExp(`^${READER}`) });
    if (!(await box.isChecked())) await box.check();
    await asker.page.getByLabel('For how long').selectOption({ label: '30 days' });
    await asker.button(/^Extend what is ticked/).click();
    await asker.see('Submitted, one request for all of it. You hear from us when it is decided.');
    await asker.see(/30 days more/);
    await asker.accessible();
    const request = asker.path;
    // It waits, so it can't be ticked again.
    await asker.open('/expiring');
    await asker.see('More time is asked for already:');
    assert.ok(await asker.page.getByRole('checkbox', { name: new RegExp(`^${READER}`) }).isDisabled());
    await asker.accessible();

    // Its owner sees it among what ends of their roles.
    const owner = await as(OWNER);
    await owner.open('/expiring?of=roles');
    await owner.see(owner.heading('Access to your roles that ends soon'));
    await owner.see(name);
    await owner.accessible();

    const manager = await as(MANAGER);
    await manager.openDecision(name, READER);
    await manager.see('This goes on from there, without a gap.');
    await manager.decide('Deny', 'The study is over.');
    await asker.open(request);
    await asker.see('The study is over.');

    await asker.open('/expiring');
    const again = asker.page.getByRole('checkbox', { name: new RegExp(`^${READER}`) });
    if (!(await again.isChecked())) await again.check();
    await asker.button(/^Let go of what is ticked/).click();
    await asker.see(asker.heading(`Let go of ${READER}?`));
    await asker.accessible();
    await asker.button('Let go of it').click();
    await asker.see('Given back. The systems are being updated.');
    await asker.see(asker.heading('Nothing of yours ends soon'));
    await asker.accessible();
  });

  journey('a wish in words is answered with a role', async ({ as }) => {
    const asker = await as(id);
    await asker.open('/wishes/new');
    await asker.see(asker.heading('Ask for what isn’t in the catalog'));
    await asker.accessible();
    await asker.button('Send it').click();
    await asker.see(asker.heading('There is a problem'));
    await asker.accessible();
    await asker.page.getByLabel(/^What do you want to do/).fill('Read what was finished last year, to compare it.');
    await asker.button('Send it').click();
    // Roles that might do are shown once; sent again, it goes.
    if (!/\/wishes\/[0-9a-f-]{36}$/.test(asker.path)) await asker.button('Send it').click();
    await asker.page.waitForURL(/\/wishes\/[0-9a-f-]{36}$/);
    await asker.see('Sent. You hear from us when it is answered.');
    await asker.accessible();
    const wish = asker.path;

    const manager = await as(MANAGER);
    await manager.open('/wishes');
    await manager.see('Read what was finished last year');
    await manager.accessible();
    await manager.open(`${wish}?q=report+reader`);
    await manager.accessible();
    await manager.page.getByRole('radio', { name: new RegExp(`^${READER}`) }).check();
    await manager.page.getByLabel(/^More about it/).first().fill('It shows every finished report.');
    await manager.button('Answer with this role').click();
    await manager.see('Answered. They get an e-mail with the role.');
    await manager.accessible();

    await asker.open(wish);
    await asker.see('It shows every finished report.');
    await asker.accessible();
    await asker.button(`Add to cart ${READER}`).click();
    await asker.open('/cart');
    await asker.see(READER);

    // Nobody else finds it.
    const stranger = await as('E0006');
    const answer = await stranger.open(wish);
    assert.equal(answer.status(), 404);
  });
});
