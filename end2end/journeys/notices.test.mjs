// Each person chooses how they are told, and reads what they were told.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';

journeys('notices', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('somebody chooses a digest, and what keeps them safe stays on', async ({ as }) => {
    const asker = await as(id);
    await asker.open('/notices');
    await asker.see(asker.page.getByRole('heading', { level: 1, name: 'Notices' }));
    await asker.see('Nothing yet');
    await asker.accessible();
    const group = (title) => asker.page.getByRole('group', { name: title });
    const digest = group('Your requests').getByRole('radio', { name: 'In a daily digest' });
    assert.equal(await group('Your requests').getByRole('radio', { name: 'At once' }).isChecked(), true);
    assert.equal(await group('Changes that others make to your access').getByRole('radio', { name: 'Not by e-mail' }).isDisabled(), true);
    await digest.check();
    await asker.button('Save').click();
    await asker.see('Saved. What comes from now on is told in this way.');
    assert.equal(await digest.isChecked(), true);
    await asker.accessible();
    await asker.button('Save').click();
    await asker.see('Nothing was changed: you chose this before.');

    // Whoever decides reads here, too, that somebody asks.
    const request = await asker.ask('Report reader', 'To read along.');
    const manager = await as(MANAGER);
    await manager.open('/notices');
    await manager.link(`${name} asks for Report reader`).first().click();
    await manager.see(manager.page.getByRole('heading', { level: 1, name: 'Report reader' }));
    await asker.open(request);
    await asker.link('Withdraw').click();
    await asker.button('Withdraw it').click();
    await asker.see('Withdrawn. Nobody has to decide it any more.');
  });
});
