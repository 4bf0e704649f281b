// A decision that takes long: those who wait nudge, then move it on to whoever comes next.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const OWNER = 'E0005';

journeys('waiting', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('a decision that takes long is nudged, then moved on to the owner', async ({ as, world }) => {
    const asker = await as(id);
    const request = await asker.ask('Report reader', 'To read along.');
    // Before the time has passed both are there, and say from when they are possible.
    await asker.see('Those who were asked still have time to decide. You can nudge from');
    const nudge = asker.button('Nudge them');
    assert.equal(await nudge.getAttribute('aria-disabled'), 'true');
    assert.equal(await asker.link('Move it on').count(), 0);
    await asker.accessible();

    const hex = request.split('/').at(-1).replaceAll('-', '');
    const opened = new Date(Date.now() - 10 * 86_400_000).toISOString().replace('Z', '+00:00');
    const { changes } = world.sql(
      `update stage set opened_at = ? where state = 'open' and item_id in (select id from item where hex(request_id) = upper(?))`,
      opened, hex);
    assert.equal(changes, 1, 'one step waits since long');
    await asker.open(request);
    assert.equal(await nudge.getAttribute('aria-disabled'), null);
    await asker.accessible();
    await nudge.click();
    await asker.see('Nudged. Mara Lindqvist got an e-mail.');
    await asker.see('Those who can decide were nudged');
    await asker.see('Those who can decide were nudged within the last day. You can nudge from');
    assert.equal(await nudge.getAttribute('aria-disabled'), 'true');

    await asker.link('Move it on').click();
    await asker.see(asker.heading('Move the decision on Report reader on?'));
    await asker.see('whom the policy names for when those who are asked don’t decide.');
    await asker.accessible();
    await asker.button('Move it on').click();
    await asker.see(/^Moved on\. .+ can decide it now and got an e-mail\.$/);
    await asker.see('It was moved on, and those who got it have as long as those before.');
    await asker.accessible();

    const owner = await as(OWNER);
    await owner.openDecision(name, 'Report reader');
    await owner.see('You decide because nobody did in time, and those who wait moved it on to you.');
    await owner.decide('Deny', 'Not this year.');
    await asker.open(request);
    await asker.see('Not this year.');
    assert.equal(await nudge.count(), 0);
  });
});
