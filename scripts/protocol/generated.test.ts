import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Parser } from '@asyncapi/parser';
import { decodeCurrentFrame, decodeHello } from '@parley/protocol';
import { CLIENT_FRAMES, hello, type JsonSchemas, jsonSchemas, SERVER_FRAMES } from '@parley/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { asyncApiDocument } from './asyncapi.mjs';
import { fingerprint } from './fingerprint.mjs';
import { CLIENT, SERVER } from './frames.mjs';
import { staleFiles } from './generate.mjs';
import { protocolPage } from './markdown.mjs';
import { FINGERPRINTS, outputs, recordVersion, VERSION } from './outputs.mjs';
import { validators } from './schema-validators.ts';
import { TRANSCRIPT } from './transcript.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const SCHEMAS = jsonSchemas();

test('the JSON Schemas, docs/asyncapi.yaml and docs/protocol.md are as the schemas say (else: npm run protocol)', () => {
  expect(staleFiles()).toEqual([]);
});

describe('a stale file is noticed', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'parley-protocol-'));
    for (const path of ['docs/protocol.md', 'docs/asyncapi.yaml', 'packages/protocol/schemas']) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      cpSync(join(ROOT, path), join(root, path), { recursive: true });
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('also one that is missing, and one of a frame that there is no more', () => {
    writeFileSync(join(root, 'docs/protocol.md'), `${read('docs/protocol.md')}\n`);
    rmSync(join(root, 'packages/protocol/schemas/client/ping.json'));
    writeFileSync(join(root, 'packages/protocol/schemas/server/reaction.json'), '{}');
    expect(staleFiles(root)).toEqual([
      'packages/protocol/schemas/client/ping.json',
      'docs/protocol.md',
      'packages/protocol/schemas/server/reaction.json',
    ]);
  });
});

describe('a version stands for its frames', () => {
  test(`the frames are those that version ${VERSION} was recorded with`, () => {
    expect(() => recordVersion(read(FINGERPRINTS), { unreleased: false })).not.toThrow();
    expect(JSON.parse(read(FINGERPRINTS))).toHaveProperty([VERSION], fingerprint(SCHEMAS));
  });

  test('frames that changed without the version fail, with what to do', () => {
    const other = JSON.stringify({ '1.9': 'kept', [VERSION]: 'of other frames' });
    expect(() => recordVersion(other, { unreleased: false })).toThrow(
      /Raise CURRENT_PROTOCOL\.minor .* `npm run protocol`/,
    );
    expect(JSON.parse(recordVersion(other, { unreleased: true }))).toEqual({
      '1.9': 'kept',
      [VERSION]: fingerprint(SCHEMAS),
    });
  });

  test('a changed bound, a new field and a new frame change the fingerprint; a changed description does not', () => {
    const { ping } = SCHEMAS.client;
    const withPing = (changed: unknown) =>
      fingerprint({ ...SCHEMAS, client: { ...SCHEMAS.client, ping: changed } } as JsonSchemas);
    const properties = ping!.properties as object;
    expect(withPing({ ...ping, description: 'In other words.' })).toBe(fingerprint(SCHEMAS));
    expect(withPing({ ...ping, properties: { ...properties, description: { type: 'string' } } })).not.toBe(
      fingerprint(SCHEMAS),
    );
    expect(withPing({ ...ping, required: ['type', 'ref'] })).not.toBe(fingerprint(SCHEMAS));
    expect(fingerprint({ ...SCHEMAS, client: { ...SCHEMAS.client, pang: ping! } })).not.toBe(fingerprint(SCHEMAS));
  });
});

describe('examples', () => {
  const { client, server } = validators(SCHEMAS);
  const zod = { client: { hello, ...CLIENT_FRAMES }, server: SERVER_FRAMES } as const;
  const examplesOf = (frames: Record<string, { examples: object[] }>) =>
    Object.entries(frames).flatMap(([type, { examples }]) => examples.map((example) => [type, example] as const));

  test('every frame has one', () => {
    expect(new Set(Object.keys(CLIENT))).toEqual(new Set(Object.keys(SCHEMAS.client)));
    expect(new Set(Object.keys(SERVER))).toEqual(new Set(Object.keys(SCHEMAS.server)));
    expect(Object.values({ ...CLIENT, ...SERVER }).every(({ examples }) => examples.length > 0)).toBe(true);
  });

  test.each(examplesOf(CLIENT))('client %s: %j', (type, example) => {
    expect(client(type, example)).toEqual([]);
    expect(zod.client[type as keyof typeof zod.client].parse(example)).toMatchObject(example);
    const text = JSON.stringify(example);
    expect(type === 'hello' ? decodeHello(text).kind : decodeCurrentFrame(text).ok).toBe(
      type === 'hello' ? 'hello' : true,
    );
  });

  test.each(examplesOf(SERVER))('server %s: %j', (type, example) => {
    expect(server(type, example)).toEqual([]);
    expect(zod.server[type as keyof typeof zod.server].parse(example)).toEqual(example);
  });

  test.each(TRANSCRIPT.filter((line) => typeof line === 'object'))('of the session: %j', ({ from, frame }) => {
    expect((from === 'client' ? client : server)((frame as { type: string }).type, frame)).toEqual([]);
  });
});

describe('docs/protocol.md', () => {
  const sources = { schemas: SCHEMAS, sampleClient: '' };
  const template = read('scripts/protocol/template.md');

  test('every request of the session is answered', () => {
    const refs = TRANSCRIPT.flatMap((line) => (typeof line === 'string' ? [] : [line])).filter(
      ({ frame }) => 'ref' in frame,
    );
    const asked = refs.filter(({ from }) => from === 'client').map(({ frame }) => (frame as { ref: unknown }).ref);
    const answered = refs.filter(({ from }) => from === 'server').map(({ frame }) => (frame as { ref: unknown }).ref);
    expect(answered).toEqual(asked);
  });

  test('it tells of every frame once', () => {
    expect(() => protocolPage(template.replace('{{client ping}}', ''), sources)).toThrow(
      'does not tell of client ping',
    );
    expect(() => protocolPage(`${template}{{client ping}}`, sources)).toThrow('tells of client ping twice');
    expect(() => protocolPage(`${template}{{nonsense}}`, sources)).toThrow('unknown marker');
  });

  test('every link inside it leads somewhere', () => {
    const page = read('docs/protocol.md');
    const anchor = (title: string) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-');
    const anchors = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title!)));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect(anchors).toContain(link);
  });

  test('the client that it shows is the one that is tested', () => {
    expect(read('docs/protocol.md')).toContain(read('scripts/protocol/sample-client.mjs').trim());
  });
});

describe('docs/asyncapi.yaml', () => {
  test('is a valid AsyncAPI 3 document, without so much as a hint', async () => {
    const { document, diagnostics } = await new Parser().parse(outputs().get('docs/asyncapi.yaml')!);
    expect(diagnostics.map(({ code, message, path }) => `${code} ${message} ${path.join('/')}`)).toEqual([]);
    expect(document?.version()).toMatch(/^3\./);
    expect(document?.info().version()).toBe(VERSION);
  }, 120_000);

  test('has every frame in its direction, and an answer for each of the client', () => {
    const { operations } = parse(read('docs/asyncapi.yaml')) as {
      operations: Record<string, { action: string; reply?: { messages: { $ref: string }[] } }>;
    };
    for (const [type, { answer }] of Object.entries(CLIENT)) {
      const operation = operations[`receive_${type}`];
      expect(operation?.action).toBe('receive');
      const replies = operation?.reply?.messages.map(({ $ref }) => $ref.split('/').at(-1));
      expect(replies).toEqual([`server_${answer}`, 'server_error']);
    }
    const sent = new Set([
      ...Object.keys(operations)
        .filter((name) => name.startsWith('send_'))
        .map((name) => name.slice(5)),
      ...Object.values(CLIENT).map(({ answer }) => answer),
    ]);
    expect(sent).toEqual(new Set(Object.keys(SERVER)));
  });

  test('an invalid one would be noticed', async () => {
    const broken = asyncApiDocument(SCHEMAS) as unknown as { operations: Record<string, { action: string }> };
    broken.operations.receive_ping!.action = 'shout';
    const { diagnostics } = await new Parser().parse(JSON.stringify(broken));
    expect(diagnostics.length).toBeGreaterThan(0);
  }, 120_000);
});
