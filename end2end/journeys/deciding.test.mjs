// Decisions that do not give access, and who may see and change what.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';

const MANAGER = 'E0002';

journeys('deciding', { systems: false }, (journey, js) => {
  const id = js ? 'E0003' : 'E0004';
  const name = js ? 'Rosa Teixeira' : 'Rui Okafor';
  const other = js ? 'E0004' : 'E0003';

  journey('what is wrong with a wish is said, and what was typed stays', async ({ as }) => {
    const asker = await as(id);
    await asker.open('/catalog');
    await asker.page.getByRole('main').getByRole('link', { name: 'Report writer', exact: true }).click();
    await asker.page.getByRole('radio', { name: /^90 days/ }).check();
    await asker.button(/^Ask for access/).click();
    await asker.see(asker.heading('There is a problem'));
    assert.ok(await asker.page.getByRole('radio', { name: /^90 days/ }).isChecked());
    await asker.accessible();
  });

  journey('denied with a comment, and not without one', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Report writer', 'I would like to try it.');
    const manager = await as(MANAGER);
    await manager.openDecision(name, 'Report writer');
    await manager.decide('Deny', '   ');
    await manager.see(manager.heading('There is a problem'));
    await manager.accessible();
    // A comment that is too long comes back as it was typed.
    const long = `No. ${'Because. '.repeat(400)}`.trim();
    const box = manager.page.getByLabel(/^Comment/);
    await box.evaluate((element, text) => { element.removeAttribute('maxlength'); element.value = text; }, long);
    await manager.decide('Deny');
    await manager.see(manager.heading('There is a problem'));
    assert.equal(await manager.page.getByLabel(/^Comment/).inputValue(), long);
    await manager.decide('Deny', 'Ask Mara first: <b>reading</b> is enough.');
    await manager.see(`You denied Report writer for ${name}. They are told why.`);
    await asker.open(request);
    await asker.see('Ask Mara first: <b>reading</b> is enough.');
    await asker.see(/denied/i);
    await asker.accessible();
  });

  journey('withdrawn before anybody decided', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Report writer', 'A mistake.');
    const manager = await as(MANAGER);
    await manager.openDecision(name, 'Report writer');
    await asker.link('Withdraw').click();
    await asker.see(asker.heading('Withdraw the request for Report writer?'));
    await asker.accessible();
    await asker.button('Withdraw it').click();
    await asker.see('Withdrawn. Nobody has to decide it any more.');
    assert.equal(asker.path, request);
    await asker.accessible();
    // Who had it open hears so, and gives nothing.
    await manager.decide('Approve');
    await manager.see('There is nothing left to decide.');
    await asker.open(request);
    await asker.see('Withdrawn');
  });

  journey('of two who decide at once the second hears who was first', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Data steward', 'Questions come to me anyway.');
    const [olek, sol] = [await as('E0005'), await as('E0006')];
    await olek.openDecision(name, 'Data steward');
    await sol.openDecision(name, 'Data steward');
    await sol.page.getByLabel(/^Comment/).fill('Not this year.');
    // The first answer is on record before the second is sent; the second still shows the open form.
    await olek.decide('Deny', 'Two stewards are enough.');
    await olek.see(`You denied Data steward for ${name}. They are told why.`);
    await sol.decide('Deny');
    await sol.see('Somebody else decided first');
    await sol.see(/Olek Wanjiru.* denied it/);
    await sol.see('Not this year.');
    await sol.accessible();
    await asker.open(request);
    await asker.see('Two stewards are enough.');
    assert.equal(await asker.page.getByText('Not this year.').count(), 0, 'the second answer is not on record');
  });

  journey('of two who press at the same moment exactly one is heard', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Data steward', 'Both of you know me.');
    const two = [await as('E0005'), await as('E0006')];
    for (const one of two) await one.openDecision(name, 'Data steward');
    await Promise.all(two.map((one, at) => one.decide('Deny', `The words of number ${at}.`)));
    const heard = await Promise.all(two.map(async ({ page }) => {
      const yes = page.getByText(`You denied Data steward for ${name}. They are told why.`);
      const late = page.getByText('Somebody else decided first');
      await yes.or(late).first().waitFor();
      return yes.isVisible();
    }));
    assert.deepEqual(heard.toSorted(), [false, true]);
    await asker.open(request);
    await asker.see(`The words of number ${heard.indexOf(true)}.`);
    assert.equal(await asker.page.getByText(`The words of number ${heard.indexOf(false)}.`).count(), 0);
  });

  journey('others see nothing of a request', async ({ as }) => {
    const asker = await as(id);
    const request = await asker.ask('Report writer', 'Between Mara and me.');
    const stranger = await as(other);
    const answer = await stranger.open(request);
    assert.equal(answer.status(), 404);
    await stranger.see(stranger.heading('There is nothing here for you'));
    assert.equal(await stranger.page.getByText('Between Mara and me.').count(), 0);
    await stranger.accessible();
    const nothing = await stranger.open('/requests/00000000-0000-7000-8000-000000000000');
    assert.equal(nothing.status(), 404, 'the same as for a request that does not exist');
    await asker.link('Withdraw').click();
    await asker.button('Withdraw it').click();
    await asker.see('Withdrawn. Nobody has to decide it any more.');
  });

  journey('a change from elsewhere is refused', async ({ as, world }) => {
    const asker = await as(id);
    await asker.ask('Report writer', 'Mine to withdraw.');
    const href = await asker.link('Withdraw').getAttribute('href');
    const [, , request, , item] = href.split('/');
    const cookies = await asker.page.context().cookies(world.url);
    const send = (origin) => {
      const headers = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
      if (origin) headers.origin = origin;
      const body = new URLSearchParams({ item_id: item, request_id: request });
      return fetch(`${world.url}/do/withdraw-item`, { method: 'POST', headers, body, redirect: 'manual' });
    };
    for (const origin of ['http://evil.example', 'null', world.issuer]) {
      assert.equal((await send(origin)).status, 403, `from ${origin}`);
    }
    assert.equal((await send()).status, 403, 'from nowhere');
    await asker.page.reload();
    await asker.see(/Waiting for/);
    // The same form from the portal itself is taken: it was the origin that was refused.
    assert.equal((await send(world.url)).status, 303);
    await asker.page.reload();
    await asker.see('Withdrawn');
  });
});
