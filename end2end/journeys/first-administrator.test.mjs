// An installation that has nothing yet but one person, whom a command made administrator.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

journeys('an empty installation', { systems: false, company: false }, (journey) => {
  journey('the first administrator finds the administration', async ({ as }) => {
    const ada = await as('E0001');
    await ada.page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Admin' }).click();
    await ada.see(ada.page.getByRole('heading', { level: 1, name: 'Administration' }));
    await ada.accessible();
    await ada.open('/catalog');
    await ada.see(ada.page.getByRole('heading', { level: 1, name: 'Catalog' }));
    await ada.accessible();
    for (const page of ['/systems', '/audit']) {
      assert.ok([200, 404].includes((await ada.open(page)).status()), page);
      await ada.accessible();
    }
  });

  journey('nobody else gets in', async ({ stranger }) => {
    const rosa = await stranger();
    await rosa.open('/');
    await rosa.givePassword('E0003');
    await rosa.giveCode('E0003');
    await rosa.see(rosa.heading('Latchkey does not know you yet'));
    await rosa.accessible();
  });
});
