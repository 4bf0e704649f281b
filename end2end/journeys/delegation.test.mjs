// Out of office: somebody else decides the first of two steps, and it is on record for whom.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';
const OWNER = 'E0005';
const STANDS_IN = 'E0006';

journeys('delegation', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('a stand-in decides the first step, the owner the second', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Report writer', 'For the quarterly figures.');

    const manager = await as(MANAGER);
    await manager.open('/approvals');
    await manager.link('Out of office').click();
    await manager.see(manager.heading('Out of office'));
    await manager.accessible();
    await manager.page.getByRole('searchbox', { name: 'Who decides for you?' }).fill('nobody of that name');
    await manager.page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await manager.see('Nobody found');
    await manager.page.getByRole('searchbox', { name: 'Who decides for you?' }).fill('marchetti');
    await manager.page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await manager.page.getByRole('radio', { name: /^Sol Marchetti/ }).check();
    // A last day before the first one comes back with what was typed.
    const first = await manager.page.getByLabel('First day').inputValue();
    const last = await manager.page.getByLabel('Last day').inputValue();
    assert.match(first, /^\d{4}-\d\d-\d\d$/);
    await manager.page.getByLabel('Last day').fill('2020-01-01');
    await manager.button('Let them decide for me').click();
    await manager.see(manager.heading('There is a problem'));
    assert.equal(await manager.page.getByLabel('Last day').inputValue(), '2020-01-01');
    await manager.accessible();
    await manager.page.getByLabel('Last day').fill(last);
    // A role that nobody knows comes back, too; names are taken as the catalog has them.
    await manager.page.getByLabel(/^Only for these roles/).fill('Report painter');
    await manager.button('Let them decide for me').click();
    await manager.see('No role is called \u201cReport painter\u201d.');
    await manager.page.getByLabel(/^Only for these roles/).fill('report writer');
    await manager.button('Let them decide for me').click();
    await manager.see('They can decide for you in that time, and have been told.');
    await manager.see('Sol Marchetti decides for you');
    await manager.see('Only Report writer');
    await manager.accessible();

    // What waited already waits for the stand-in, too.
    const standIn = await as(STANDS_IN);
    await standIn.openDecision(name, 'Report writer');
    await standIn.see('You decide for Mara Lindqvist, who named you to stand in.');
    await standIn.accessible();
    await standIn.decide('Approve');
    await standIn.see(`You approved Report writer for ${name}. It goes on to the next step.`);

    const owner = await as(OWNER);
    await owner.openDecision(name, 'Report writer');
    await owner.decide('Approve');
    await owner.see(`You approved Report writer for ${name}.`);

    await asker.open(request);
    await asker.see('On behalf of Mara Lindqvist.');
    await asker.accessible();

    await manager.open('/approvals/delegation');
    await manager.button(/^End/).first().click();
    await manager.see('Ended. What waits is with whoever decides it themselves again.');
    await standIn.open('/approvals');
    await standIn.see('No decision is open');
  });
});
