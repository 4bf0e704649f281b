// The world of the journeys: an OpenID provider, a directory, a database, a SCIM service and Latchkey, all real, on free
// ports of this machine, in a folder that is removed afterwards. A failed run keeps its folder and says where it is.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync, chownSync, closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeBrowser } from './browser.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BASE_DN = 'dc=journeys,dc=test';
const SECRET = randomBytes(16).toString('hex');
const CALL_IN_KEY = randomBytes(32);
export const MFA = 'urn:latchkey:test:mfa';

/** Asks until the answer is truthy. Fails after `seconds`, with what was thrown last. */
export async function until(what, ask, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let last;
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(150);
  } while (Date.now() < end);
  throw new Error(`not within ${seconds} s: ${what}${last ? ` (${last.message})` : ''}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The people of people.csv by external id, as the provider knows them. */
function people() {
  const [, ...lines] = readFileSync(join(HERE, 'company/people.csv'), 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [id, email, given, family] = line.split(',');
      const totp_secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
      const account = { sub: `sub-${id}`, email, name: `${given} ${family}`, employee_number: id, password: `password of ${id}`, totp_secret };
      return [id, account];
    }),
  );
}

/** Makes a world. `systems: false` leaves the directory, the database and the SCIM service out. */
export async function makeWorld({ systems = true, company = true } = {}) {
  const world = new World();
  try {
    await world.start(systems, company);
  } catch (error) {
    world.failed = true;
    await world.stop();
    throw error;
  }
  return world;
}

class World {
  dir = mkdtempSync(join(tmpdir(), 'latchkey-journeys-'));
  people = people();
  failed = false;
  #running = [];
  #roles = [];
  // Whatever happens, nothing stays behind.
  #onExit = () => {
    this.#running.forEach((child) => child.kill('SIGKILL'));
    this.#dropRoles();
  };

  async start(systems, company) {
    process.once('exit', this.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
    chmodSync(this.dir, 0o711);
    this.port = await freePort();
    this.url = `http://localhost:${this.port}`;
    this.database = join(this.dir, 'latchkey.db');
    await this.#startProvider();
    let connections = '';
    if (systems) {
      this.prefix = `e2e${randomBytes(3).toString('hex')}_`;
      const parts = await Promise.all([this.#startDirectory(), this.#startApp()]);
      connections = [...parts, this.#prepareDatabase()].join('\n');
    }
    await this.#startLatchkey(connections, company);
    this.browser = await makeBrowser(this);
  }

  /** Stops everything. */
  async stop() {
    await this.browser?.close();
    for (const child of this.#running.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      if ((await Promise.race([gone, pause(10_000, 'late')])) === 'late') child.kill('SIGKILL');
      await gone;
    }
    process.removeListener('exit', this.#onExit);
    this.#dropRoles();
    if (this.failed) {
      for (const log of ['latchkey.log', 'provider.log']) this.#showTail(log);
      console.error(`The folder of this run is kept: ${this.dir}`);
    } else {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }

  #showTail(log) {
    const path = join(this.dir, log);
    if (!existsSync(path)) return;
    console.error(`--- the end of ${log}\n${readFileSync(path, 'utf8').split('\n').slice(-40).join('\n')}`);
  }

  #spawn(name, program, args, env = {}) {
    const log = openSync(join(this.dir, `${name}.log`), 'a');
    // Only what is said here: LATCHKEY_… variables of the caller are none of the program's settings.
    const clean = Object.fromEntries(['PATH', 'HOME', 'LANG', 'TMPDIR'].filter((k) => process.env[k]).map((k) => [k, process.env[k]]));
    const child = spawn(program, args, { cwd: this.dir, env: { ...clean, ...env }, stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', (error) => writeFileSync(join(this.dir, `${name}.log`), String(error), { flag: 'a' }));
    this.#running.push(child);
    return child;
  }

  #alive(child, name) {
    if (child.exitCode !== null) throw new Error(`${name} ended with status ${child.exitCode}`);
  }

  // ---- the provider ---------------------------------------------------------------------------------------

  async #startProvider() {
    const accounts = join(this.dir, 'accounts.json');
    writeFileSync(accounts, JSON.stringify(Object.values(this.people)));
    const child = this.#spawn('provider', process.execPath, [join(HERE, 'providers/oidc-provider.mjs')], {
      OIDC_PORTAL: this.url, OIDC_CLIENT_SECRET: SECRET, OIDC_ACCOUNTS: accounts,
    });
    const said = await until('the provider is ready', () => {
      this.#alive(child, 'the provider');
      return readFileSync(join(this.dir, 'provider.log'), 'utf8').split('\n').find((line) => line.includes('"ready"'));
    });
    this.issuer = JSON.parse(said).issuer;
  }

  /** The code that somebody's authenticator shows now. */
  async code(person) {
    return (await fetch(`${this.issuer}/test/code?sub=sub-${person}`)).text();
  }

  // ---- the directory --------------------------------------------------------------------------------------

  async #startDirectory() {
    const dir = join(this.dir, 'directory');
    mkdirSync(join(dir, 'db'), { recursive: true });
    const first = (paths) => paths.find(existsSync);
    const schema = first(['/etc/ldap/schema', '/etc/openldap/schema']);
    const modules = first(['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap']);
    const conf = `
${['core', 'cosine', 'inetorgperson'].map((name) => `include ${schema}/${name}.schema`).join('\n')}
modulepath ${modules}
moduleload back_mdb
moduleload memberof
moduleload refint
pidfile ${dir}/slapd.pid
database mdb
suffix "${BASE_DN}"
rootdn "cn=admin,${BASE_DN}"
rootpw "${SECRET}"
directory "${dir}/db"
maxsize 67108864
dbnosync
index objectClass,uid,cn,employeeNumber,member eq
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=people,${BASE_DN}" by dn.exact="cn=latchkey,${BASE_DN}" write by * read
access to dn.subtree="ou=groups,${BASE_DN}" by dn.exact="cn=latchkey,${BASE_DN}" write by * read
access to * by * read
overlay memberof
overlay refint
refint_attributes member
refint_nothing "cn=nobody,${BASE_DN}"
`;
    writeFileSync(join(dir, 'slapd.conf'), conf);
    const port = await freePort();
    this.ldap = `ldap://127.0.0.1:${port}`;
    const args = ['-f', join(dir, 'slapd.conf'), '-h', this.ldap, '-d', 'none'];
    if (process.getuid() === 0) {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'openldap'], { encoding: 'utf8' })));
      for (const path of [dir, join(dir, 'db'), join(dir, 'slapd.conf')]) chownSync(path, uid, gid);
      args.push('-u', 'openldap', '-g', 'openldap');
    }
    const child = this.#spawn('slapd', first(['/usr/sbin/slapd', '/usr/local/sbin/slapd', '/usr/libexec/slapd']), args);
    const admin = ['-x', '-H', this.ldap, '-D', `cn=admin,${BASE_DN}`, '-w', SECRET];
    await until('the directory answers', () => {
      this.#alive(child, 'slapd');
      execFileSync('ldapwhoami', admin, { stdio: 'pipe' });
      return true;
    });
    const groups = ['report-readers', 'report-writers', 'stewards'];
    const ldif = `dn: ${BASE_DN}
objectClass: dcObject
objectClass: organization
dc: journeys
o: Journeys

dn: ou=people,${BASE_DN}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${BASE_DN}
objectClass: organizationalUnit
ou: groups

dn: cn=latchkey,${BASE_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: latchkey
userPassword: ${SECRET}
${groups.map((cn) => `\ndn: cn=${cn},ou=groups,${BASE_DN}\nobjectClass: groupOfNames\ncn: ${cn}\nmember: cn=nobody,${BASE_DN}\n`).join('')}`;
    execFileSync('ldapadd', admin, { input: ldif, stdio: 'pipe' });
    return `[connection.directory]
kind = "ldap"
url = "${this.ldap}"
bind_dn = "cn=latchkey,${BASE_DN}"
password_file = "secret"
base_dn = "${BASE_DN}"
people_ou = "ou=people,${BASE_DN}"
`;
  }

  /** Whether a person is a member of a group, as the directory says it. */
  inDirectory(person, group) {
    const search = (base, filter, what) =>
      execFileSync('ldapsearch', ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', this.ldap, '-b', base, filter, what], { encoding: 'utf8' });
    const dn = /^dn: (.*)$/m.exec(search(`ou=people,${BASE_DN}`, `(employeeNumber=${person})`, 'dn'))?.[1];
    const members = search(`cn=${group},ou=groups,${BASE_DN}`, '(objectClass=*)', 'member');
    return Boolean(dn) && members.split('\n').includes(`member: ${dn}`);
  }

  /** Makes an account that is nobody's, and a member of a group, by hand. */
  putIntoDirectory(login, group) {
    const dn = `uid=${login},ou=people,${BASE_DN}`;
    const input = `dn: ${dn}
changetype: add
objectClass: inetOrgPerson
uid: ${login}
cn: ${login}
sn: ${login}

dn: cn=${group},ou=groups,${BASE_DN}
changetype: modify
add: member
member: ${dn}
`;
    execFileSync('ldapmodify', ['-x', '-H', this.ldap, '-D', `cn=admin,${BASE_DN}`, '-w', SECRET], { input, stdio: 'pipe' });
  }

  /** Whether an account is a member of a group, as the directory says it. */
  loginInDirectory(login, group) {
    const args = ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', this.ldap, '-b', `cn=${group},ou=groups,${BASE_DN}`, 'member'];
    return execFileSync('ldapsearch', args, { encoding: 'utf8' }).split('\n').includes(`member: uid=${login},ou=people,${BASE_DN}`);
  }

  // ---- the database ---------------------------------------------------------------------------------------

  #psql(sql) {
    const url = process.env.LATCHKEY_TEST_POSTGRES_URL;
    assert.ok(url, 'LATCHKEY_TEST_POSTGRES_URL names no PostgreSQL server');
    return execFileSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', url], { input: sql, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  #prepareDatabase() {
    const us = `${this.prefix}latchkey`;
    this.#roles = [us, ...['read', 'write', 'steward'].map((name) => `${this.prefix}wh_${name}`)];
    const [, ...granted] = this.#roles;
    this.#psql(`create role "${us}" login createrole password '${SECRET}';
      grant pg_signal_backend to "${us}";
      ${granted.map((role) => `create role "${role}" nologin; grant "${role}" to "${us}" with admin option;`).join('\n')}`);
    const { hostname, port } = new URL(process.env.LATCHKEY_TEST_POSTGRES_URL);
    return `[connection.warehouse]
kind = "postgresql"
host = "${hostname}"
port = ${port || 5432}
user = "${us}"
password_file = "secret"
`;
  }

  #dropRoles() {
    if (!this.#roles.length) return;
    // Those that Latchkey made go too: they begin with this run's prefix.
    const drops = this.#psql(`select 'drop role ' || quote_ident(rolname) || ';' from pg_roles
      where starts_with(rolname, '${this.prefix}') order by rolname = '${this.prefix}latchkey'`);
    if (drops) this.#psql(drops);
    this.#roles = [];
  }

  /** Whether a person's login role is a member of a role, as the database says it. */
  inDatabase(person, role) {
    return this.#psql(`select count(*) from pg_auth_members m
      join pg_roles member on member.oid = m.member join pg_roles role on role.oid = m.roleid
      where role.rolname = '${this.prefix}${role}' and shobj_description(member.oid, 'pg_authid') = 'latchkey:${person}'`) === '1';
  }

  // ---- the application ------------------------------------------------------------------------------------

  async #startApp() {
    const port = await freePort();
    this.scim = `http://127.0.0.1:${port}/v2`;
    const server = process.env.LATCHKEY_SCIM2_SERVER ?? join(HERE, '../.tools/venv/bin/scim2-server');
    const child = this.#spawn('scim', server, ['--port', String(port), '--bearer-token', SECRET]);
    await until('the SCIM service answers', async () => {
      this.#alive(child, 'scim2-server');
      return (await this.#scim('/Groups')).status === 200;
    });
    for (const displayName of ['Viewer Readers', 'Viewer Writers']) {
      const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName });
      const made = await this.#scim('/Groups', { method: 'POST', body });
      assert.equal(made.status, 201, await made.text());
    }
    return `[connection.app]
kind = "scim"
base_url = "${this.scim}"
token_file = "secret"
`;
  }

  #scim(path, options = {}) {
    const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/scim+json' };
    return fetch(`${this.scim}${path}`, { headers, ...options });
  }

  /** Whether a person's user is a member of a group, as the service says it. */
  async inApp(person, group) {
    const { Resources: users = [] } = await (await this.#scim('/Users')).json();
    const { Resources: groups = [] } = await (await this.#scim('/Groups')).json();
    const user = users.find((one) => one.externalId === person);
    const members = groups.find((one) => one.displayName === group)?.members ?? [];
    return Boolean(user) && members.some((member) => member.value === user.id);
  }

  // ---- Latchkey -------------------------------------------------------------------------------------------

  async #startLatchkey(connections, company) {
    writeFileSync(join(this.dir, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    writeFileSync(join(this.dir, 'call-in.secrets'), `whsec_${CALL_IN_KEY.toString('base64')}\n`, { mode: 0o600 });
    writeFileSync(join(this.dir, 'event.key'), randomBytes(32).toString('hex'), { mode: 0o600 });
    writeFileSync(join(this.dir, 'latchkey.toml'), `
public_url = "${this.url}"
listen = "127.0.0.1:${this.port}"
database_url = "sqlite:${this.database}"
event_key_file = "event.key"

[company]
name = "Journeys"
time_zone = "Europe/Brussels"

[oidc]
issuer = "${this.issuer}"
client_id = "latchkey"
client_secret_file = "secret"
bind = { claim = "employee_number", attribute = "external_id" }
mfa = [{ claim = "amr", values = ["mfa", "otp"] }]
step_up = { acr_values = ["${MFA}"] }

[call_in.board]
secrets_file = "call-in.secrets"

${connections}`);
    cpSync(join(HERE, 'company'), join(this.dir, 'company'), { recursive: true });
    if (company) {
      this.#ownPrefix(join(this.dir, 'company/catalog/systems'));
      this.latchkey('import', 'people', 'company/people.csv');
      this.latchkey('apply', 'company/catalog');
      this.latchkey('admin', 'add', 'E0001');
    } else {
      const [header, one] = readFileSync(join(this.dir, 'company/people.csv'), 'utf8').split('\n');
      writeFileSync(join(this.dir, 'one.csv'), `${header}\n${one}\n`);
      this.latchkey('import', 'people', 'one.csv');
      this.latchkey('admin', 'add', 'E0001');
    }
    const child = this.#spawn('latchkey', process.env.LATCHKEY_BIN, ['serve']);
    await until('Latchkey is ready', async () => {
      this.#alive(child, 'latchkey');
      return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok;
    });
  }

  /** A signed call of the on-call board; its answer. */
  async callIn(call, key = CALL_IN_KEY) {
    const [id, at, body] = [`call-${randomUUID()}`, Math.floor(Date.now() / 1000), JSON.stringify(call)];
    const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
    return fetch(`http://127.0.0.1:${this.port}/api/v1/call-ins/board`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}`,
      },
      body,
    });
  }

  #ownPrefix(dir) {
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"e2e_', `"${this.prefix}`));
    }
  }

  /** Runs a command of the program beside the server. */
  latchkey(...args) {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    try {
      return execFileSync(process.env.LATCHKEY_BIN, args, { cwd: this.dir, env, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      throw new Error(`latchkey ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`);
    }
  }

  /** Runs SQL in the server's SQLite file; rows come back as arrays. */
  sql(text, ...values) {
    const script = `import json, sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=20)
with c: print(json.dumps([[v.hex() if isinstance(v, bytes) else v for v in r] for r in c.execute(sys.argv[2], json.loads(sys.argv[3]))]))
print(c.total_changes)`;
    const said = execFileSync('python3', ['-c', script, this.database, text, JSON.stringify(values)], { encoding: 'utf8' });
    const [rows, changes] = said.trim().split('\n');
    return { rows: JSON.parse(rows), changes: Number(changes) };
  }
}
