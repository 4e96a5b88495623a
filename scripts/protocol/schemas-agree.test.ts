import { CLIENT_FRAMES, hello, jsonSchemas, SERVER_FRAMES } from '@parley/protocol/schemas';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryOf, damaged } from '../../packages/protocol/test/support/frame-arbitrary.ts';
import { validators } from './schema-validators.ts';

// JSON Schema cannot say everything: bytes of UTF-8, well-formed Unicode, numbers beyond 2^53 in keys. So what zod takes, the
// JSON Schema takes; and what the JSON Schema takes and zod refuses, zod refuses for one of these.
const BEYOND_JSON_SCHEMA = /well-formed Unicode|bytes of UTF-8|conversation ids/;

const SCHEMAS = jsonSchemas();
const AJV = validators(SCHEMAS);
const SIDES = { client: { hello, ...CLIENT_FRAMES }, server: SERVER_FRAMES };

describe.each(['client', 'server'] as const)('%s frames', (side) => {
  test.each(Object.entries(SIDES[side]))('%s: the JSON Schema and the zod schema agree', (type, zod) => {
    const valid = arbitraryOf(SCHEMAS[side][type]!) as fc.Arbitrary<Record<string, unknown>>;
    fc.assert(
      fc.property(fc.oneof(valid, valid.chain(damaged)), (made) => {
        const frame = JSON.parse(JSON.stringify(made)) as Record<string, unknown>;
        // One zod schema serves messages of both kinds; which one it is, the decoder has read already.
        fc.pre(frame.type === type);
        const parsed = zod.safeParse(frame);
        const wrong = AJV[side](type, frame);
        if (parsed.success) expect(wrong).toEqual([]);
        // Of a frame with several forms, what is wrong stands within each.
        else if (wrong.length === 0) expect(JSON.stringify(parsed.error.issues)).toMatch(BEYOND_JSON_SCHEMA);
      }),
      { numRuns: 200 },
    );
  });
});
