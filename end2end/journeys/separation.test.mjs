// Two roles that one person must not combine: refused in words, let be by an exception, and in the report.

import { journeys } from '../journey.mjs';

const RULE_OWNER = 'E0001';
const MANAGER = 'E0002';
const DATA_KEEPER = 'E0006';
const RULE = 'Correcting data and administering reports';

journeys('separation of duties', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';

  journey('refused with what would help, then let be by an exception', async ({ as }) => {
    const asker = await as(id);
    await asker.ask('Data steward', 'I answer the questions of our readers.');
    const keeper = await as(DATA_KEEPER);
    await keeper.openDecision(name, 'Data steward');
    await keeper.decide('Approve');
    await keeper.see(`You approved Data steward for ${name}.`);

    // The other side isn't offered; the page names the rule, and who could change it.
    await asker.open('/catalog');
    await asker.page.getByRole('main').getByRole('searchbox', { name: 'Search the catalog' }).fill('Report administrator');
    await asker.page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
    await asker.page.getByRole('main').getByRole('link', { name: 'Report administrator', exact: true }).click();
    await asker.see(new RegExp(RULE));
    await asker.see(/Ada Bosse/);
    await asker.accessible();

    const owner = await as(RULE_OWNER);
    await owner.open('/admin/separation');
    await owner.see(owner.heading('Separation of duties'));
    await owner.accessible();
    await owner.page.getByRole('main').getByRole('link', { name: RULE, exact: true }).click();
    await owner.see(owner.heading(RULE));
    await owner.accessible();
    // Without a reason nothing is let be.
    await owner.page.getByLabel(/^For whom/).fill(id);
    await owner.button('Make the exception').click();
    await owner.see(owner.heading(/^There (is a|are \d) problem/));
    await owner.accessible();
    await owner.page.getByLabel(/^Until the end of/).fill(day(30));
    await owner.page.getByLabel(/^Why/).fill('The team is small until spring.');
    await owner.button('Make the exception').click();
    await owner.see('The team is small until spring.');
    await owner.accessible();

    await asker.ask('Report administrator', 'I stand in until spring.');
    const manager = await as(MANAGER);
    await manager.open('/approvals');
    await manager.page.getByRole('main').getByRole('link', { name: 'Report administrator', exact: true }).first().click();
    await manager.see(/An exception lets it be until/);
    await manager.accessible();
    await manager.decide('Approve');
    await manager.see(`You approved Report administrator for ${name}.`);

    // Whoever owns the rule finds them in the report, with the exception.
    await owner.open('/admin/separation/conflicts');
    await owner.see(name);
    await owner.see(/Ada Bosse/);
    await owner.accessible();
  });
});

/** A day so many days from now, as forms write it. */
function day(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
