// Break-glass: a role is taken out of one's own waiting request, everybody is told, and somebody else reviews it.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';
const OWNER = 'E0005';
const ROLE = 'Data rescue';
const WHY = 'The night load stopped, correcting two rows by hand.';

journeys('break-glass', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';
  const other = js ? 'E0004' : 'E0003';

  journey('taken while the request waits, given back, and reviewed by somebody else', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask(ROLE, 'For the load of this week.');

    // From the waiting request to the form, which says who is told and until when.
    await asker.link('Take it now, in an emergency').click();
    await asker.see(asker.page.getByRole('heading', { level: 1, name: `Take ${ROLE} in an emergency` }));
    await asker.see('would have decided');
    await asker.see('Mara Lindqvist');
    await asker.see('2 days after it ends');
    await asker.accessible();
    // Too short a reason comes back with what was typed.
    await asker.page.getByRole('radio', { name: /^4 hours/ }).check();
    await asker.page.getByLabel(/^What happens/).fill('Load down');
    await asker.button(/^Take it now/).click();
    await asker.see(asker.heading('There is a problem'));
    assert.equal(await asker.page.getByLabel(/^What happens/).inputValue(), 'Load down');
    assert.ok(await asker.page.getByRole('radio', { name: /^4 hours/ }).isChecked());
    await asker.accessible();
    await asker.page.getByLabel(/^What happens/).fill(WHY);
    await asker.button(/^Take it now/).click();
    await asker.see(/^It is yours, and 2 people were told\./);
    await asker.see(asker.page.getByRole('heading', { level: 1, name: `You took ${ROLE}` }));
    await asker.accessible();
    const review = asker.path;
    assert.match(review, /^\/break-glass\/[0-9a-f-]{36}$/);

    // It is theirs at once, and a second time is refused with the reason.
    await asker.open('/');
    await asker.see('One thing waits for you');
    await asker.see('Taken in an emergency');
    await asker.accessible();
    await asker.open('/catalog');
    await asker.page.getByRole('main').getByRole('link', { name: ROLE, exact: true }).click();
    await asker.see('You took this role in an emergency');
    await asker.accessible();
    await asker.open(`${new URL(asker.page.url()).pathname}/break-glass`);
    await asker.see(`You have ${ROLE} already.`);
    await asker.accessible();

    // What they did, in their own words.
    await asker.open(review);
    await asker.button('Keep it').click();
    await asker.see(asker.heading('There is a problem'));
    await asker.accessible();
    await asker.page.getByLabel('What you did').fill('Corrected two rows, nothing else.');
    await asker.button('Keep it').click();
    await asker.see('Kept. Whoever reviews it reads this.');

    // Whoever would have decided reads it, and doesn't review it; a colleague doesn't know of it.
    const manager = await as(MANAGER);
    await manager.open(review);
    await manager.see(manager.page.getByRole('heading', { level: 1, name: `${name} took ${ROLE}` }));
    await manager.see('The owner of the role and whoever looks after security review it.');
    assert.equal(await manager.button('Close the review').count(), 0);
    await manager.accessible();
    const colleague = await as(other);
    assert.equal((await colleague.open(review)).status(), 404);

    // The owner finds it on their home page; while the access lives, it can be ended and not reviewed.
    const owner = await as(OWNER);
    await owner.open('/');
    await owner.link(`Review what ${name} did with ${ROLE}`).click();
    await owner.see(/It can be reviewed once the access is over/);
    await owner.see(owner.link('End the access now'));
    assert.equal(await owner.button('Close the review').count(), 0);
    await owner.accessible();

    await asker.open(review);
    await asker.link('Give it back').click();
    await asker.see(asker.heading(`Give back ${ROLE}?`));
    await asker.button('Give it back').click();
    await asker.see('You have no access yet');

    await owner.open(review);
    await owner.see('Corrected two rows, nothing else.');
    await owner.accessible();
    await owner.page.getByLabel(/^What was done, and how/).fill('Two rows were corrected; the log of the warehouse says the same.');
    await owner.button('Close the review').click();
    await owner.see(owner.heading('There is a problem'));
    assert.match(await owner.page.getByLabel(/^What was done, and how/).inputValue(), /^Two rows/);
    await owner.accessible();
    await owner.page.getByRole('radio', { name: /^In part/ }).check();
    await owner.page.getByLabel(/^What follows/).fill('The load tries twice.');
    await owner.button('Close the review').click();
    await owner.see('The review is closed. Whoever took it is told what you found.');
    await owner.see('Less would have done');
    await owner.accessible();
    await owner.open('/break-glass?show=closed');
    await owner.see(`${name} took ${ROLE}`);
    await owner.accessible();

    await asker.open(review);
    await asker.see(asker.heading('What the review found'));
    await asker.see('The load tries twice.');
    await asker.accessible();

    // The request that waited goes on as if nothing had happened.
    await manager.openDecision(name, ROLE);
    await manager.decide('Approve');
    await asker.open(request);
    await asker.see(/approved/i);
    await asker.accessible();
  });
});
