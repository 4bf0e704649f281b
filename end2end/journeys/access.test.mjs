// Access from the wish to its end, looked at with the systems' own tools.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { until } from '../world.mjs';

const MANAGER = 'E0002';
const MINUTE = 60;

journeys('access', { systems: true }, (journey, js) => {
  // Each way has a person of its own, so that neither finds what the other left.
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  const held = async (world) => [
    world.inDirectory(id, 'report-readers'),
    world.inDatabase(id, 'wh_read'),
    await world.inApp(id, 'Viewer Readers'),
  ];

  /** Asks for Report reader and gets it; the request's path. */
  async function get({ as, world }, reason) {
    const asker = await as(id);
    const request = await asker.ask('Report reader', reason, { search: 'finished reports' });
    await asker.see(/Waiting for/);
    assert.deepEqual(await held(world), [false, false, false], 'nothing is given before somebody decided');
    const manager = await as(MANAGER);
    await manager.openDecision(name, 'Report reader');
    await manager.see(reason);
    await manager.decide('Approve');
    await manager.see(`You approved Report reader for ${name}. The systems are being updated.`);
    await manager.accessible();
    await until('the page says that every system confirmed it', async () => {
      // With JavaScript the open page follows by itself; without it one looks again.
      if (!js) await asker.open(request);
      return asker.page.getByText('Every system has confirmed it').isVisible();
    });
    await asker.see('Yours, confirmed');
    await asker.accessible();
    assert.deepEqual(await held(world), [true, true, true]);
    return { asker, request };
  }

  /** The request's page and the systems agree that it is over. */
  async function over(world, asker, request, seconds) {
    await until('every system let go', async () => (await held(world)).every((has) => !has), seconds);
    await until('the page says so', async () => {
      await asker.open(request);
      return asker.page.getByText('Every system has confirmed that it is gone').isVisible();
    });
    await asker.accessible();
  }

  journey('found, asked for, approved, confirmed; then given back', async (here) => {
    const { asker, request } = await get(here, 'I check the quarter’s figures.');
    await asker.open('/');
    await asker.accessible();
    await asker.link('Give back Report reader').click();
    await asker.see(asker.heading('Give back Report reader?'));
    await asker.accessible();
    await asker.button('Give it back').click();
    await asker.see('Given back. The systems are being updated.');
    await over(here.world, asker, request);
  });

  journey('ends by itself when its time is over', async (here) => {
    const { asker, request } = await get(here, 'Only for this week.');
    const item = request.split('/').at(-1).replaceAll('-', '');
    const { changes } = here.world.sql(
      `update role_grant set ends_at = '2026-01-02T08:00:00+00:00'
       where state = 'active' and item_id in (select id from item where hex(request_id) = upper(?))`, item);
    assert.equal(changes, 1, 'one grant is over');
    await over(here.world, asker, request, 2 * MINUTE);
  });

  journey('goes from the manager to the owner where both must agree', async ({ as, world }) => {
    const asker = await as(id);
    const request = await asker.ask('Report writer', 'I publish the figures.');
    const manager = await as(MANAGER);
    await manager.openDecision(name, 'Report writer');
    await manager.see('Approving passes it on to the next step.');
    await manager.decide('Approve', 'Agreed in the team.');
    await manager.see(`You approved Report writer for ${name}. It goes on to the next step.`);
    assert.equal(world.inDirectory(id, 'report-writers'), false, 'one of two decisions gives nothing');
    const owner = await as('E0005');
    await owner.openDecision(name, 'Report writer');
    await owner.see('Agreed in the team.');
    await owner.decide('Approve');
    await owner.see(`You approved Report writer for ${name}. The systems are being updated.`);
    await until('every system confirmed it', async () => {
      await asker.open(request);
      return asker.page.getByText('Every system has confirmed it').isVisible();
    });
    assert.ok(world.inDirectory(id, 'report-writers'));
    assert.ok(world.inDatabase(id, 'wh_write'));
    assert.ok(await world.inApp(id, 'Viewer Writers'));
  });

  journey('every place in the navigation opens', async ({ as, world }) => {
    for (const who of ['E0001', MANAGER]) {
      const reader = await as(who);
      const links = reader.page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link');
      await reader.open('/');
      const places = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      assert.ok(places.length >= 5, places.join(' '));
      for (const place of places) {
        assert.equal((await reader.open(place)).status(), 200, place);
        await reader.see(reader.page.getByRole('heading', { level: 1 }));
        await reader.accessible();
      }
      if (places.includes('/systems')) {
        await reader.open('/systems');
        await reader.page.getByRole('main').getByRole('link', { name: 'Office directory' }).first().click();
        await reader.see(reader.page.getByRole('heading', { level: 1, name: 'Office directory' }));
        await reader.accessible();
      }
      if (places.includes('/team') && who === MANAGER) {
        await reader.open('/team');
        await reader.page.getByRole('main').getByRole('link', { name }).first().click();
        await reader.see(reader.page.getByRole('heading', { level: 1, name }));
        await reader.accessible();
      }
    }
    assert.equal((await (await as(id)).open('/admin')).status(), 404, 'and the administration is not for everybody');
    assert.ok(world.browser.lookedAt.size > 0 || !js);
  });
});
