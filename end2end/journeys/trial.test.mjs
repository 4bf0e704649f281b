// What somebody gets for the first time is a trial: kept with a word on what it was used for, or gone with the trial.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { until } from '../world.mjs';

const MANAGER = 'E0002';
const ROLE = 'Chart maker';

journeys('trial', { systems: true }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('tried, and kept for as long as was approved', async ({ as, world }) => {
    const asker = await as(id);
    await asker.open('/catalog');
    await asker.page.getByRole('main').getByRole('link', { name: ROLE, exact: true }).click();
    await asker.see('The first time, it starts as a trial of 7 days.');
    const asked = await asker.ask(ROLE, 'Charts for the yearly report.', { duration: /^30 days/ });
    const manager = await as(MANAGER);
    await manager.openDecision(name, ROLE);
    await manager.see('30 days, the first 7 days on trial');
    await manager.decide('Approve');
    await manager.see(`You approved ${ROLE} for ${name}.`);
    await until('the directory has it', async () => world.inDirectory(id, 'report-readers'));

    await asker.open('/');
    await asker.see(/on trial; kept, until/);
    await asker.accessible();
    // More time isn't asked for beside it.
    assert.equal(await asker.link(`Extend ${ROLE}`).count(), 0);
    await asker.link(new RegExp(`^Keep it.*${ROLE}$`)).click();
    await asker.see(asker.heading(`Do you use ${ROLE}?`));
    await asker.accessible();
    await asker.button('Keep it').click();
    await asker.see(asker.heading('There is a problem'));
    await asker.see('Say what you used it for, in a sentence.');
    await asker.accessible();
    await asker.page.getByLabel(/^What you used it for/).fill('Three charts for the yearly report.');
    await asker.button('Keep it').click();
    await asker.see('Kept. It lasts for as long as it was approved.');
    assert.equal(await asker.link(new RegExp(`^Keep it.*${ROLE}$`)).count(), 0);
    await asker.open(asked);
    await asker.see('You kept it after the trial');
    await asker.see('Three charts for the yearly report.');
    await asker.accessible();

    // It is one word, said once.
    const { rows } = world.sql(`select hex(g.id) from role_grant g join identity i on i.id = g.identity_id
      where i.display_name = ? and g.trial_kept_at is not null`, name);
    assert.equal(rows.length, 1);
    const hex = rows[0][0].toLowerCase();
    const grant = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    await asker.open(`/access/${grant}/keep`);
    await asker.see('or you have kept it already');
    assert.equal(await asker.page.getByLabel(/^What you used it for/).count(), 0);
    await asker.accessible();
  });
});
