// Somebody is put into a group by hand: a pass finds it, whoever owns the system takes it away or lets it stay.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { until } from '../world.mjs';

const OWNER = 'E0005';
const SYSTEM = 'Office directory';

journeys('drift', { systems: true }, (journey, js) => {
  const login = js ? 'reception.display' : 'meeting.display';
  const guest = js ? 'old.scanner' : 'old.copier';

  journey('what nobody granted is found, taken away, and gone', async ({ as, world }) => {
    world.putIntoDirectory(login, 'report-readers');
    world.putIntoDirectory(guest, 'stewards');
    const owner = await as(OWNER);
    await owner.open('/systems/directory');
    await owner.see(owner.heading('What nobody granted'));
    await owner.accessible();
    await owner.link('See what was found').click();
    await owner.see(owner.heading(`Drift on ${SYSTEM}`));
    await until('a pass found it', async () => {
      await owner.open('/systems/directory/drift');
      const compare = owner.button(/^Compare now/);
      if (await compare.count()) await compare.click();
      return owner.page.getByText(`Data stewards, for ${guest}`).count();
    });
    await owner.accessible();

    // Without a reason nothing happens, and what was ticked stays ticked.
    await owner.page.getByLabel(new RegExp(`^Report readers, for ${login}`)).check();
    await owner.button('Take away what is ticked').click();
    await owner.see('There is a problem');
    await owner.see('Say why, in a sentence');
    assert.ok(await owner.page.getByLabel(new RegExp(`^Report readers, for ${login}`)).isChecked());
    await owner.accessible();
    await owner.page.getByLabel('Why').fill('Nobody knows this display');
    await owner.button('Take away what is ticked').click();
    await owner.see('It is being taken away.');
    await until('the directory let go', async () => !world.loginInDirectory(login, 'report-readers'));

    await owner.page.getByLabel(new RegExp(`^Data stewards, for ${guest}`)).check();
    await owner.page.getByLabel('Why').fill('Until the new one is there');
    await owner.button('Let it stay').click();
    await owner.see('with your reason on record');
    await owner.link(/^Let stay/).click();
    await owner.see('Until the new one is there');
    await owner.accessible();
    await until('the page says so', async () => {
      await owner.open('/systems/directory/drift?show=closed');
      return owner.page.getByText('Taken away, the system confirmed it').count();
    });
    await owner.see('Nobody knows this display');
    await owner.accessible();
    assert.ok(world.loginInDirectory(guest, 'stewards'), 'it stays');

    // Whoever has nothing to do with the system sees nothing of it.
    const stranger = await as('E0004');
    assert.equal((await stranger.open('/systems/directory/drift')).status(), 404);
  });
});
