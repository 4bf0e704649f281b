// How a journey is written: once, and gone with JavaScript and without it. When it fails, the windows are kept as pictures.

import { after, before, describe, test } from 'node:test';
import { makeWorld } from './world.mjs';

const MINUTES = 4;

/** Journeys in one world. `write` gets `journey(name, async (traveller) => …)`, which it calls once for each journey. */
export function journeys(title, options, write) {
  describe(title, () => {
    let world;
    before(async () => {
      world = await makeWorld(options);
    }, { timeout: 120_000 });
    after(() => world?.stop(), { timeout: 60_000 });
    for (const js of [true, false]) {
      describe(js ? 'with JavaScript' : 'without JavaScript', () => {
        write((name, go) => {
          test(name, { timeout: MINUTES * 60_000 }, async () => {
            try {
              await go({ world, js, as: (id) => world.browser.person(id, js), stranger: () => world.browser.stranger(js) });
            } catch (error) {
              world.failed = true;
              await world.browser.screenshots(`${js ? 'js' : 'plain'} ${name}`);
              throw error;
            } finally {
              await world.browser.closeAll();
            }
          });
        }, js);
      });
    }
  });
}
