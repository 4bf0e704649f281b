// Signing in: with proof of two factors one gets in, with less one does not.

import assert from 'node:assert/strict';
import { journeys } from '../journey.mjs';
import { MFA } from '../world.mjs';

journeys('signing in', { systems: false }, (journey) => {
  journey('with a password and a code one is in', async ({ stranger }) => {
    const rosa = await stranger();
    await rosa.signIn('E0003');
    await rosa.see(rosa.page.getByText('Rosa Teixeira'));
    await rosa.accessible();
    // The session is the browser's: another window of the same person is in as well.
    await rosa.open('/requests');
    await rosa.see(rosa.page.getByRole('heading', { level: 1, name: 'My requests' }));
    await rosa.accessible();
    await rosa.open('/sessions');
    await rosa.see(rosa.page.getByRole('heading', { level: 1 }));
    await rosa.accessible();
  });

  journey('without the code one is refused, after one more try', async ({ stranger, world }) => {
    const asked = [];
    const rui = await stranger();
    rui.page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.href.startsWith(world.issuer) && url.searchParams.has('redirect_uri')) asked.push(url.searchParams);
    });
    const sessions = () => world.sql("select count(*) from session where identity_id is not null").rows[0][0];
    const before = sessions();
    await rui.open('/');
    await rui.givePassword('E0004');
    await rui.button('Go on without a code').click();
    // Latchkey asks once more, and says what it needs.
    await rui.see(rui.page.getByLabel('E-mail address'));
    assert.equal(asked.length, 2);
    assert.equal(asked[0].get('acr_values'), null);
    assert.equal(asked[1].get('acr_values'), MFA);
    await rui.givePassword('E0004');
    await rui.button('Go on without a code').click();
    await rui.see(rui.heading('A second factor is missing'));
    await rui.accessible();
    assert.equal(asked.length, 2, 'it is not asked a third time');
    assert.equal(sessions(), before, 'no session began');
    // And nothing opens: the way to any page leads to the provider.
    await rui.open('/requests');
    assert.ok(rui.page.url().startsWith(world.issuer), rui.page.url());
  });

  journey('after signing out nothing opens', async ({ stranger, world }) => {
    const olek = await stranger();
    await olek.signIn('E0005');
    const cookies = await olek.page.context().cookies(world.url);
    const headers = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
    const asked = async () => (await fetch(`${world.url}/requests`, { headers, redirect: 'manual' })).status;
    assert.equal(await asked(), 200, 'these cookies open the page');
    await olek.page.locator('summary').filter({ hasText: 'Olek Wanjiru' }).click();
    await olek.button('Sign out').click();
    // The provider's session ends too, if one wants.
    await olek.see(olek.heading('Sign out'));
    assert.ok(olek.page.url().startsWith(world.issuer), olek.page.url());
    assert.equal(await asked(), 401, 'they open nothing any more');
  });
});
