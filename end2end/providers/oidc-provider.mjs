// A real OpenID provider for tests and journeys: the npm package oidc-provider, with a password and a TOTP code.
//
// Settings come from the environment:
//   OIDC_PORT             the port; 0 or nothing takes a free one
//   OIDC_HOST             the host in the issuer's address (default localhost); it listens on loopback only
//   OIDC_CLIENT_ID        default "latchkey"
//   OIDC_CLIENT_SECRET    default "latchkey-test-secret"
//   OIDC_PORTAL           the portal's origin, such as http://localhost:7400
//   OIDC_ACCOUNTS         a JSON file: [{ sub, email, name, employee_number, password, totp_secret }, …]
//   OIDC_EVIDENCE         what it says of the factors: "amr,acr" (default), "amr", "acr" or "nothing"
//   OIDC_TOKEN_SECONDS    how long an ID token lives (default 300)
//
// When it is ready it writes one line of JSON with its issuer. Tests may call, from this machine only:
//   POST /test/rotate-keys   sign with a new key from now on; the old one is published no more
//   GET  /test/code?sub=…    the TOTP code that this person's authenticator shows now

import { createServer } from 'node:http';
import { createHash, randomUUID, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider, { interactionPolicy } from 'oidc-provider';
import { generate, verify } from 'otplib';

const env = process.env;
const host = env.OIDC_HOST ?? 'localhost';
const clientId = env.OIDC_CLIENT_ID ?? 'latchkey';
const portal = (env.OIDC_PORTAL ?? 'http://localhost:7400').replace(/\/$/, '');
const evidence = new Set((env.OIDC_EVIDENCE ?? 'amr,acr').split(','));
const MFA = 'urn:latchkey:test:mfa';

const accounts = new Map(
  (env.OIDC_ACCOUNTS
    ? JSON.parse(readFileSync(env.OIDC_ACCOUNTS, 'utf8'))
    : [
        {
          sub: 'sub-e0001',
          email: 'ada@example.test',
          name: 'Ada Example',
          employee_number: 'E0001',
          password: 'correct horse',
          totp_secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        },
      ]
  ).map((account) => [account.sub, account]),
);

/** The account whose e-mail address or subject somebody typed. */
const find = (name) => accounts.get(name) ?? [...accounts.values()].find((account) => account.email === name?.toLowerCase());

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

// acr_values are a wish in OpenID Connect; here a level that the session does not have leads back to the login.
function policy() {
  const prompts = interactionPolicy.base();
  const { Check } = interactionPolicy;
  prompts.get('login').checks.add(
    new Check('acr_values_unmet', 'a higher level is asked for', (ctx) => {
      const wanted = ctx.oidc.params.acr_values?.split(' ') ?? [];
      const met = wanted.length === 0 || wanted.includes(ctx.oidc.session.acr) || ctx.oidc.result?.login;
      return met ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  return prompts;
}

const cookieKeys = [randomUUID()];

// What the provider remembers. It outlives a change of keys, for which the provider is built anew.
const remembered = new Map();

class Memory {
  constructor(model) {
    this.key = (id) => `${model}:${id}`;
  }
  async upsert(id, payload, seconds) {
    remembered.set(this.key(id), { payload, until: Date.now() + seconds * 1000 });
  }
  async find(id) {
    const found = remembered.get(this.key(id));
    return found && found.until > Date.now() ? structuredClone(found.payload) : undefined;
  }
  async findBy(name, value) {
    const found = [...remembered.values()].find(({ payload, until }) => until > Date.now() && payload[name] === value);
    return found && structuredClone(found.payload);
  }
  findByUid = (uid) => this.findBy('uid', uid);
  findByUserCode = (userCode) => this.findBy('userCode', userCode);
  async consume(id) {
    const found = remembered.get(this.key(id));
    if (found) found.payload.consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    remembered.delete(this.key(id));
  }
  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of remembered) if (payload.grantId === grantId) remembered.delete(key);
  }
}

function build(issuer) {
  const provider = new Provider(issuer, {
    adapter: Memory,
    clients: [
      {
        client_id: clientId,
        client_secret: env.OIDC_CLIENT_SECRET ?? 'latchkey-test-secret',
        redirect_uris: [`${portal}/auth/callback`],
        post_logout_redirect_uris: [`${portal}/auth/logout`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: cookieKeys },
    acrValues: [MFA],
    // acr and amr go missing unless a scope lists them.
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', 'sid', 'employee_number'],
      email: ['email', 'email_verified'],
      profile: ['name'],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      IdToken: Number(env.OIDC_TOKEN_SECONDS ?? 300),
      Interaction: 600,
      Grant: 3600,
      Session: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = page(
            'Sign out',
            `${form}<p>Sign out of the test provider?</p>
             <button form="op.logoutForm" name="logout" value="yes">Sign out</button>
             <button form="op.logoutForm">Stay signed in</button>`,
          );
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = page('Signed out', '<p>Signed out.</p>');
        },
      },
    },
    interactions: { policy: policy(), url: (_, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_, sub) {
      const account = accounts.get(sub);
      if (!account) return undefined;
      const { email, name, employee_number } = account;
      return { accountId: sub, claims: () => ({ sub, email, email_verified: true, name, employee_number }) };
    },
    // Nobody is asked whether the portal may know them: the company decided that.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    async renderError(ctx, out) {
      ctx.type = 'html';
      ctx.body = page('The provider cannot go on', `<p>${escape(out.error)}: ${escape(out.error_description ?? '')}</p>`);
    },
  });
  provider.on('server_error', (_, error) => console.error(error));
  return provider;
}

const escape = (text) =>
  String(text ?? '').replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]);

const page = (title, body) => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;

const passwordPage = (uid, problem) =>
  page(
    'Test provider: sign in',
    `${problem ? `<p role="alert">${escape(problem)}</p>` : ''}
     <form method="post" action="/interaction/${uid}/password">
       <p><label>E-mail address <input name="login" autocomplete="username" required></label></p>
       <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
       <button>Continue</button>
     </form>
     <form method="post" action="/interaction/${uid}/cancel"><button>Cancel</button></form>`,
  );

const codePage = (uid, problem) =>
  page(
    'Test provider: second factor',
    `${problem ? `<p role="alert">${escape(problem)}</p>` : ''}
     <form method="post" action="/interaction/${uid}/code">
       <p><label>Code <input name="code" inputmode="numeric" autocomplete="one-time-code" required></label></p>
       <button>Sign in</button>
     </form>
     <form method="post" action="/interaction/${uid}/skip"><button>Go on without a code</button></form>`,
  );

// Who gave the right password in which interaction, until the second factor.
const halfway = new Map();

function html(response, status, body) {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    'cache-control': 'no-store',
  });
  response.end(body);
}

async function form(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Error('the form is too long');
  }
  return Object.fromEntries(new URLSearchParams(text));
}

function same(a, b) {
  const hash = (text) => createHash('sha256').update(String(text ?? '')).digest('hex');
  return hash(a) === hash(b);
}

async function interact(provider, request, response, uid, step) {
  const details = await provider.interactionDetails(request, response);
  if (details.uid !== uid) return html(response, 400, page('This sign-in has run out', ''));
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  const finishLogin = (sub, amr, acr) => {
    halfway.delete(uid);
    const login = { accountId: sub, remember: true };
    if (evidence.has('amr')) login.amr = amr;
    if (evidence.has('acr') && acr) login.acr = acr;
    return finish({ login });
  };
  if (request.method === 'GET') return html(response, 200, halfway.has(uid) ? codePage(uid) : passwordPage(uid));
  const typed = await form(request);
  const sub = halfway.get(uid);
  switch (step) {
    case 'password': {
      const account = find(typed.login);
      if (!account || !same(account.password, typed.password)) {
        return html(response, 401, passwordPage(uid, 'That is not right.'));
      }
      halfway.set(uid, account.sub);
      return html(response, 200, codePage(uid));
    }
    case 'code': {
      if (!sub) return html(response, 400, passwordPage(uid));
      const secret = accounts.get(sub).totp_secret;
      const right = await verify({ secret, token: (typed.code ?? '').trim(), epochTolerance: 30 })
        .then((result) => result.valid)
        .catch(() => false);
      return right ? finishLogin(sub, ['pwd', 'otp', 'mfa'], MFA) : html(response, 401, codePage(uid, 'That is not right.'));
    }
    case 'skip':
      return sub ? finishLogin(sub, ['pwd']) : html(response, 400, passwordPage(uid));
    case 'cancel':
      return finish({ error: 'access_denied', error_description: 'cancelled' });
    default:
      return html(response, 404, page('Not found', ''));
  }
}

const server = createServer();
// On the host's own name, so that cookies and issuer agree; never beyond this machine.
server.listen(Number(env.OIDC_PORT ?? 0), '127.0.0.1', () => {
  const issuer = `http://${host}:${server.address().port}`;
  let provider = build(issuer);
  let callback = provider.callback();
  server.on('request', async (request, response) => {
    try {
      const url = new URL(request.url, issuer);
      const [, first, uid, step] = url.pathname.split('/');
      if (first === 'interaction' && uid) return await interact(provider, request, response, uid, step);
      if (request.method === 'POST' && url.pathname === '/test/rotate-keys') {
        // Codes, grants and sessions stay: both remember them in one place.
        provider = build(issuer);
        callback = provider.callback();
        response.writeHead(204);
        return response.end();
      }
      if (url.pathname === '/test/code') {
        const account = find(url.searchParams.get('sub'));
        response.writeHead(account ? 200 : 404, { 'content-type': 'text/plain' });
        return response.end(account ? await generate({ secret: account.totp_secret }) : '');
      }
      return callback(request, response);
    } catch (error) {
      console.error(error);
      if (!response.headersSent) html(response, 400, page('The provider cannot go on', `<p>${escape(error.message)}</p>`));
      return undefined;
    }
  });
  console.log(JSON.stringify({ ready: true, issuer }));
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
