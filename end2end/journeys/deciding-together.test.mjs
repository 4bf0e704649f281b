// Several decisions at once, questions about a wish, less time than was asked for, handing over, and access that ends early.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';

journeys('deciding together', { systems: false }, (journey, js) => {
  const [first, second] = js ? ['E0003', 'E0004'] : ['E0004', 'E0003'];
  const names = { E0003: 'Rosa Teixeira', E0004: 'Rui Okafor' };

  /** Ticks somebody's wish in the list of decisions. */
  const tick = (visitor, role, name) => visitor.page.getByRole('checkbox', { name: `Select ${role} for ${name}` }).check();

  journey('several are denied with one comment, and what is risky is not among them', async ({ as }) => {
    const askers = [await as(first), await as(second)];
    const requests = [];
    for (const asker of askers) requests.push(await asker.ask('Report writer', 'For the close of the year.'));
    const manager = await as(MANAGER);
    await manager.open('/approvals');
    for (const id of [first, second]) await tick(manager, 'Report writer', names[id]);
    await manager.accessible();
    await manager.button('Decide the selected ones').click();
    await manager.see(manager.heading('Decide 2 requests together'));
    await manager.see('Approving gives 2 roles to 2 people');
    await manager.accessible();
    // A no without words comes back with what was chosen.
    await manager.button('Deny all 2').click();
    await manager.see(manager.heading('There is a problem'));
    await manager.accessible();
    await manager.page.getByLabel(/^Comment/).fill('Reading is enough this year.');
    await manager.button('Deny all 2').click();
    await manager.see(manager.heading('2 requests decided'));
    await manager.accessible();
    for (const [at, asker] of askers.entries()) {
      await asker.open(requests[at]);
      await asker.see('Reading is enough this year.');
      await asker.see(/denied/i);
    }
  });

  journey('what somebody withdrew meanwhile is told, and the other is decided', async ({ as }) => {
    const [one, other] = [await as(first), await as(second)];
    const request = await one.ask('Report writer', 'A mistake.');
    await other.ask('Report writer', 'For the audit.');
    const manager = await as(MANAGER);
    await manager.open('/approvals');
    for (const id of [first, second]) await tick(manager, 'Report writer', names[id]);
    await manager.button('Decide the selected ones').click();
    await manager.see(manager.heading('Decide 2 requests together'));
    await one.open(request);
    await one.link('Withdraw').click();
    await one.button('Withdraw it').click();
    await one.see('Withdrawn. Nobody has to decide it any more.');
    await manager.page.getByLabel(/^Comment/).fill('Ask again in spring.');
    await manager.button('Deny all 2').click();
    await manager.see(manager.heading('1 request decided, 1 not'));
    await manager.see(/It was withdrawn/);
    await manager.accessible();
  });

  journey('a question, its answer, and less time than was asked for', async ({ as }) => {
    const asker = await as(first);
    const request = await asker.ask('Report writer', 'For the audit.', { duration: /^30 days/ });
    const manager = await as(MANAGER);
    await manager.openDecision(names[first], 'Report writer');
    await manager.page.getByLabel('Ask them something').fill('Which <b>quarter</b> is it for?');
    await manager.button('Send').click();
    await manager.see('Sent. They get an e-mail, and their answer appears here.');
    await manager.see('1 unanswered question');
    await manager.accessible();
    await asker.open(request);
    await asker.see('Which <b>quarter</b> is it for?');
    await asker.button('Send').click();
    await asker.see(asker.heading('There is a problem'));
    await asker.page.getByLabel('Write to those who decide').fill('The second one.');
    await asker.button('Send').click();
    await asker.see('The second one.');
    await asker.accessible();
    await manager.openDecision(names[first], 'Report writer');
    await manager.see('The second one.');
    await manager.page.getByLabel('For how long, if you approve').selectOption({ label: '7 days only' });
    await manager.decide('Approve');
    await manager.see(`You approved Report writer for ${names[first]}. It goes on to the next step.`);
    await asker.open(request);
    await asker.see('For 7 days instead of 30 days.');
    await asker.link('Withdraw').click();
    await asker.button('Withdraw it').click();
    await asker.see('Withdrawn. Nobody has to decide it any more.');
  });

  journey('handed over, decided by the other, and taken back', async ({ as }) => {
    const asker = await as(first);
    const request = await asker.ask('Report reader', 'To read along.');
    const manager = await as(MANAGER);
    await manager.openDecision(names[first], 'Report reader');
    await manager.link('Hand it over to somebody else').click();
    await manager.page.getByRole('main').getByRole('searchbox', { name: 'Who' }).fill('Sol');
    await manager.page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
    await manager.button('Hand it over').click();
    await manager.see(manager.heading('There are 2 problems'));
    await manager.accessible();
    await manager.page.getByRole('radio', { name: /Sol Marchetti/ }).check();
    await manager.page.getByLabel(/^Why/).fill('You keep that data.');
    await manager.button('Hand it over').click();
    await manager.see('Handed over. Sol Marchetti decides it on your behalf and gets an e-mail.');
    const sol = await as('E0006');
    await sol.openDecision(names[first], 'Report reader');
    await sol.see('You decide on behalf of Mara Lindqvist, who handed it over.');
    await sol.decide('Approve');
    await sol.see(`You approved Report reader for ${names[first]}.`);
    await asker.open(request);
    await asker.see('On behalf of Mara Lindqvist.');
    await sol.open(request);
    await sol.link('Take back your approval').click();
    await sol.see(sol.heading(/^Take back your approval of Report reader/));
    await sol.button('Take it back').click();
    await sol.see(sol.heading('There is a problem'));
    await sol.accessible();
    await sol.page.getByLabel(/^Why/).fill('It was the wrong folder.');
    await sol.button('Take it back').click();
    await sol.see('Ended. They are told why, and the systems are being updated.');
    await asker.open(request);
    await asker.see('It was the wrong folder.');
    await asker.accessible();
    const stranger = await as(second);
    assert.equal((await stranger.open(request)).status(), 404);
  });
});
