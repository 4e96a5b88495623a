import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type MariadbService, startMariadb } from '@parley/local-services';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Device, type Told } from './support/device.ts';
import { EdgeProcess } from './support/edge-process.ts';
import { eventually } from './support/eventually.ts';

const CLI = fileURLToPath(new URL('../../cli/bin/parley.js', import.meta.url));
const [ALICE, BOB] = [1, 2];

/** `parley` as operators run it. */
async function parley(...args: string[]): Promise<string> {
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { env: { PATH, ...env } });
  return stdout.trim();
}

let mariadb: MariadbService | null = null;
let env: Readonly<Record<string, string>>;
let database: string;
let pool: Pool;
let node: EdgeProcess | null = null;
const devices: Device[] = [];

/** What Bob's device has when the database is lost: the personal conversation, a group, and one that is younger than the copy. */
let personal: number;
let group: number;
let young: number;
let cursors: Readonly<Record<string, number>>;
let epoch: string;

beforeAll(async () => {
  database = `parley_restore_${randomBytes(6).toString('hex')}`;
  const { mysql_host: host, mysql_port: port = '3306', mysql_user: user = 'root', mysql_password = '' } = process.env;
  const given = host === undefined ? null : { host, port: Number(port), user, password: mysql_password };
  if (given === null) mariadb = await startMariadb();
  const server = given ?? (mariadb as MariadbService);
  env = {
    ...{ mysql_host: server.host, mysql_port: String(server.port), mysql_user: server.user },
    ...{ mysql_password: server.password, db_name: database, PARLEY_SINGLE_NODE: 'true', PARLEY_DRAIN_MS: '500' },
  };
  await parley('migrate');
  const { host: at, port: on, user: as, password } = server;
  pool = createPool({ host: at, port: on, user: as, password, database, connectionLimit: 2, multipleStatements: true });
  await live();
});

/** A cluster's life until its database is lost: a copy is made of it half way. */
async function live(): Promise<void> {
  await start();
  const alice = await connect(ALICE);
  personal = await opened(alice, { type: 'init_personal', member: [ALICE, BOB] });
  group = await opened(alice, { type: 'init_group', member: [ALICE, BOB], group_name: 'old' });
  await say(alice, 'personal', personal, ['a', 'b', 'c']);
  await say(alice, 'group', group, ['g', 'h']);
  await copyOut();
  await say(alice, 'personal', personal, ['lost 1', 'lost 2', 'lost 3', 'lost 4']);
  young = await opened(alice, { type: 'init_group', member: [ALICE, BOB], group_name: 'young' });
  await say(alice, 'group', young, ['lost too']);
  const bob = await connect(BOB, { cursors: {} });
  cursors = Object.fromEntries(bob.told('synced').map(({ conv_id, seq }) => [String(conv_id), Number(seq)]));
  expect(cursors).toEqual({ [personal]: 7, [group]: 2, [young]: 1 });
  epoch = String(bob.told('welcome')[0]?.epoch);
}

beforeEach(async () => {
  await stop();
  await copyIn();
});

afterEach(() => {
  for (const device of devices.splice(0)) device.end();
});

afterAll(async () => {
  await node?.kill();
  await pool?.query(`DROP DATABASE IF EXISTS ${database}; DROP DATABASE IF EXISTS ${database}_copy`);
  await pool?.end();
  await mariadb?.stop();
});

async function start(): Promise<EdgeProcess> {
  node = await EdgeProcess.start(env);
  return node;
}

async function stop(): Promise<void> {
  for (const device of devices.splice(0)) device.end();
  await node?.kill();
}

async function connect(userId: number, hello: object = {}): Promise<Device> {
  const device = await Device.connect((node as EdgeProcess).url, userId, hello);
  devices.push(device);
  return device;
}

async function opened(device: Device, init: object): Promise<number> {
  return Number((await device.ask(init)).conv_id);
}

async function say(device: Device, type: string, conv_id: number, texts: readonly string[]): Promise<void> {
  for (const msg of texts) expect(await device.ask({ type, conv_id, msg })).toMatchObject({ type: 'ack' });
}

async function tables(): Promise<string[]> {
  const [rows] = await pool.query<RowDataPacket[]>("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
  return rows.map((row) => String(Object.values(row)[0]));
}

async function copyOut(): Promise<void> {
  await pool.query(`CREATE DATABASE ${database}_copy`);
  for (const table of await tables())
    await pool.query(`CREATE TABLE ${database}_copy.${table} AS SELECT * FROM ${table}`);
}

/** As a restore does: every table, and the next ids, are again what they were. */
async function copyIn(): Promise<void> {
  const steps = (await tables()).flatMap((table) => [
    `DELETE FROM ${table}`,
    `INSERT INTO ${table} SELECT * FROM ${database}_copy.${table}`,
  ]);
  const ids = ['messages', 'conversations'].map((table) => `ALTER TABLE ${table} AUTO_INCREMENT = 1`);
  await pool.query(['SET foreign_key_checks = 0', ...steps, ...ids, 'SET foreign_key_checks = 1'].join(';'));
}

async function texts(device: Device, conv_id: number): Promise<unknown[]> {
  const { messages } = await device.ask({ type: 'history', conv_id });
  return (messages as Told[]).map(({ msg }) => msg);
}

const answers = (device: Device) =>
  device
    .told('reset', 'synced')
    .map(({ type, conv_id, seq, reason, recovered }) => [type, conv_id, seq, reason ?? recovered]);

async function resets(reason: string): Promise<number> {
  const text = await (await fetch(`${(node as EdgeProcess).adminUrl}/metrics`)).text();
  return Number(new RegExp(`^parley_cursor_resets_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('a database that was put back to an older copy', () => {
  it('G1 G2: with its epoch renewed, no device goes on from where it was in the other history', async () => {
    expect(await parley('epoch')).toBe(epoch);
    const said = await parley('epoch', 'renew');
    const [, renewed = '', before] = /^The epoch is now (\S+), before (\S+)\.\nRestart every node/.exec(said) ?? [];
    expect(before).toBe(epoch);
    expect(renewed).not.toBe(epoch);
    await start();
    const alice = await connect(ALICE);
    // The copy grows past what Bob's device had: only the epoch tells that its seven are others.
    await say(alice, 'personal', personal, ['new 4', 'new 5', 'new 6', 'new 7', 'new 8']);

    const bob = await connect(BOB, { epoch, cursors, groups: [group, young] });
    expect(bob.told('welcome')[0]?.epoch).toBe(renewed);
    expect(bob.told('personal', 'group')).toEqual([]);
    expect(new Set(answers(bob))).toEqual(
      new Set([
        ['reset', personal, 8, 'epoch'],
        ['reset', group, 2, 'epoch'],
        ['reset', young, 0, 'epoch'],
      ]),
    );
    expect(await texts(bob, personal)).toEqual(['a', 'b', 'c', 'new 4', 'new 5', 'new 6', 'new 7', 'new 8']);
    expect(await texts(bob, group)).toEqual(['g', 'h']);
    await say(alice, 'personal', personal, ['new 9']);
    expect(await bob.first('what is live', ({ type }) => type === 'personal')).toMatchObject({ seq: 9, msg: 'new 9' });

    // It is told once: with the new epoch its cursors are good again.
    const again = await connect(BOB, { epoch: renewed, cursors: { [personal]: 8, [group]: 2 }, groups: [group] });
    expect(answers(again)).toContainEqual(['synced', personal, 9, 1]);
    expect(again.told('reset')).toEqual([]);
    expect([await resets('epoch'), await resets('ahead')]).toEqual([1, 0]);
  });

  it('G1: without that, the devices that are ahead of it are told so, and operators what to do', async () => {
    const running = await start();
    const bob = await connect(BOB, { epoch, cursors, groups: [group, young] });
    expect(new Set(answers(bob))).toEqual(
      new Set([
        ['reset', personal, 3, 'ahead'],
        ['synced', group, 2, 0],
        ['reset', young, 0, 'ahead'],
      ]),
    );
    expect(await texts(bob, personal)).toEqual(['a', 'b', 'c']);
    expect(await resets('ahead')).toBe(1);
    const message = 'cursors ahead of this database: was it restored? run npx parley epoch renew';
    await eventually('the log to say so', () => running.logged.some((line) => line.message === message));
    const line = running.logged.find((logged) => logged.message === message);
    expect(line).toMatchObject({ level: 'warn', devices: 1, userId: BOB, conversations: 2 });
    const alice = await connect(ALICE);
    await say(alice, 'personal', personal, ['new 4']);
    expect(await bob.first('what is live', ({ type }) => type === 'personal')).toMatchObject({ seq: 4, msg: 'new 4' });
  });
});
