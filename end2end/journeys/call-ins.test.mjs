// A shift begins and ends on the on-call board: its signed calls open a role for hours and end it.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { until } from '../world.mjs';

const ADMINISTRATOR = 'E0001';
const ROLE = 'Report administrator';

journeys('call-ins', { systems: true }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';
  const reference = js ? 'SHIFT-1' : 'SHIFT-2';

  journey('a shift opens a role, its holder sees it, its end takes it away', async ({ as, world }) => {
    const inDirectory = () => world.inDirectory(id, 'report-writers');
    const call = { type: 'opened', person: id, reference };
    assert.equal((await world.callIn(call, Buffer.alloc(32))).status, 401, 'somebody else signed it');
    assert.equal(inDirectory(), false);

    const holder = await as(id);
    await holder.open('/catalog');
    await holder.page.getByRole('main').getByRole('link', { name: ROLE, exact: true }).click();
    await holder.see('On-call board');
    await holder.accessible();

    const opened = await world.callIn(call);
    assert.equal(opened.status, 200, await opened.clone().text());
    assert.equal((await opened.json()).outcome, 'opened');
    await until('the directory has it', async () => inDirectory());
    await holder.open('/');
    await holder.see(`Opened by On-call board for ${reference}`);
    await holder.link(`End now ${ROLE}`).waitFor();
    await holder.accessible();

    // Whom the rule leaves out gets nothing, and the board learns which rule.
    const refused = await world.callIn({ type: 'opened', person: 'E0006', reference });
    assert.equal(refused.status, 409);
    assert.match((await refused.json()).detail, /leave this person out/);

    const administrator = await as(ADMINISTRATOR);
    await administrator.open('/admin/sources');
    await administrator.see(administrator.heading('Sources that call in'));
    await administrator.see(name);
    await administrator.see('Opened 1 role');
    await administrator.accessible();

    assert.equal((await world.callIn({ type: 'ended', reference })).status, 200);
    await until('the directory let go', async () => !inDirectory());
    await holder.open('/');
    assert.equal(await holder.page.getByText(`Opened by On-call board for ${reference}`).count(), 0);
    await administrator.open('/admin/sources');
    await administrator.see(/^Ended 1/);
  });
});
