// A role that nobody has standing: the right to it is asked for once, then it is activated for hours and ended.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { until } from '../world.mjs';

const MANAGER = 'E0002';
const OWNER = 'E0005';
const ROLE = 'Report administrator';

journeys('activation', { systems: true }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('given once, activated with the owner’s word, ended now', async ({ as, world }) => {
    const inDirectory = () => world.inDirectory(id, 'report-writers');
    const asker = await as(id);
    const asked = await asker.ask(ROLE, 'I look after the reports of our team.');
    const manager = await as(MANAGER);
    await manager.open('/approvals');
    await manager.page.getByRole('main').getByRole('link', { name: ROLE, exact: true }).first().click();
    await manager.see(manager.heading(`${name} asks for the right to activate ${ROLE}`));
    await manager.accessible();
    await manager.decide('Approve');
    await manager.see(`You approved ${ROLE} for ${name}.`);

    await asker.open(asked);
    await asker.see('You may activate it for hours, each time with a reason');
    await asker.accessible();
    assert.equal(inDirectory(), false, 'the right alone gives nothing');

    // Without a reason the form comes back.
    await asker.open('/');
    await asker.see(asker.heading('Ready when you need it'));
    await asker.accessible();
    await asker.link(`Activate ${ROLE}`).click();
    await asker.see(asker.heading(`Activate ${ROLE}`));
    await asker.accessible();
    await asker.page.getByRole('radio', { name: /^4 hours/ }).check();
    await asker.button(/^Ask to activate it/).click();
    await asker.see(asker.heading('There is a problem'));
    assert.ok(await asker.page.getByRole('radio', { name: /^4 hours/ }).isChecked(), 'what was chosen stays');
    await asker.accessible();
    await asker.page.getByLabel(/^What for/).fill('The colours are wrong, OPS-12.');
    await asker.button(/^Ask to activate it/).click();
    await asker.page.waitForURL(/\/requests\/[0-9a-f-]+$/);
    const activation = asker.path;
    await asker.see(/Waiting for/);
    await asker.accessible();

    const owner = await as(OWNER);
    await owner.open('/approvals');
    await owner.page.getByRole('main').getByRole('link', { name: ROLE, exact: true }).first().click();
    await owner.see(owner.heading(`${name} asks to activate ${ROLE}`));
    await owner.see('The colours are wrong, OPS-12.');
    await owner.accessible();
    await owner.decide('Approve');
    await owner.see(`You approved ${ROLE} for ${name}.`);
    await until('the directory has it', async () => inDirectory());

    // It says until when, and isn't offered again meanwhile.
    await asker.open('/');
    await asker.link(`End now ${ROLE}`).waitFor();
    assert.equal(await asker.heading('Ready when you need it').count(), 0);
    await asker.accessible();
    await asker.link(`End now ${ROLE}`).click();
    await asker.see(asker.heading(`End ${ROLE} now?`));
    await asker.accessible();
    await asker.button('End it now').click();
    await until('the directory let go', async () => !inDirectory());
    await asker.open(activation);
    await asker.see('Given back');
    await asker.open('/');
    await asker.see(asker.heading('Ready when you need it'));
  });
});
