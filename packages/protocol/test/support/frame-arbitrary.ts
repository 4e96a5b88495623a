import fc from 'fast-check';
import type { JsonSchema } from '../../src/json-schema.ts';

/** Long lists are generated short: what matters of a bound is tested at the bound. */
const MAX_LENGTH = 6;

/** Values that a JSON Schema takes, for the keywords that the schemas of this package use. Throws on any other. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if ('enum' in schema) return fc.constantFrom(...(schema.enum as unknown[]));
  const forms = (schema.anyOf ?? (schema.properties === undefined ? schema.oneOf : undefined)) as
    | JsonSchema[]
    | undefined;
  if (forms !== undefined) return fc.oneof(...forms.map(arbitraryOf));
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => arbitraryOf({ ...schema, type })));
  switch (schema.type) {
    case 'integer':
      return integers(schema);
    case 'number':
      return integers({ minimum: 0, maximum: 1_000 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return strings(schema);
    case 'array':
      return fc.array(arbitraryOf(schema.items as JsonSchema), {
        minLength: (schema.minItems as number | undefined) ?? 0,
        maxLength: MAX_LENGTH,
      });
    case 'object':
      return objects(schema);
    default:
      throw new Error(`no values known for ${JSON.stringify(schema)}`);
  }
}

function integers({ minimum, maximum }: JsonSchema): fc.Arbitrary<number> {
  const bounds = {
    min: (minimum as number | undefined) ?? Number.MIN_SAFE_INTEGER,
    max: (maximum as number | undefined) ?? Number.MAX_SAFE_INTEGER,
  };
  return fc.oneof(
    fc.maxSafeInteger().map((value) => clamp(value, bounds)),
    fc.constantFrom(bounds.min, bounds.max),
  );
}

const clamp = (value: number, { min, max }: { min: number; max: number }): number =>
  Math.min(max, Math.max(min, value));

function strings({ pattern, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern as string));
  const longest = Math.min((maxLength as number | undefined) ?? 40, 40);
  return fc
    .string({ unit: 'grapheme', minLength: (minLength as number | undefined) ?? 0, maxLength: longest })
    .filter((value) => maxLength === undefined || value.length <= (maxLength as number));
}

function objects(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  if (schema.propertyNames !== undefined) {
    return fc.dictionary(
      arbitraryOf({ type: 'string', ...(schema.propertyNames as JsonSchema) }) as fc.Arbitrary<string>,
      arbitraryOf(schema.additionalProperties as JsonSchema),
      { maxKeys: MAX_LENGTH, noNullPrototype: true },
    );
  }
  const properties = Object.entries(schema.properties as Record<string, JsonSchema>).filter(
    ([, field]) => field.not === undefined,
  );
  const fields = Object.fromEntries(properties.map(([name, field]) => [name, arbitraryOf(field)]));
  const alternatives = (schema.oneOf as { required: string[] }[] | undefined)?.map(({ required }) => required) ?? [[]];
  const together = (schema.not as { required: string[] } | undefined)?.required ?? [];
  return fc.constantFrom(...alternatives).chain((chosen) => {
    const excluded = new Set(alternatives.flat().filter((name) => !chosen.includes(name)));
    const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => !excluded.has(name)));
    const required = [...((schema.required as string[] | undefined) ?? []), ...chosen];
    return fc
      .record(kept, { requiredKeys: required, noNullPrototype: true })
      .map((frame) =>
        together.length > 0 && together.every((name) => name in frame) ? without(frame, together[0]!) : frame,
      );
  });
}

function without(frame: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = frame;
  return rest;
}

/** A frame with one field made wrong, left out, or added: valid still, or nearly so. */
export const damaged = (frame: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(fc.constantFrom(...Object.keys(frame), 'ref', 'client_id', 'conv_id', 'message_id', 'seq'), oddValue)
    .map(([name, value]) => (value === LEFT_OUT ? without(frame, name) : { ...frame, [name]: value }));

const LEFT_OUT = Symbol('left out');
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    LEFT_OUT,
    null,
    true,
    '',
    0,
    -1,
    1.5,
    2 ** 53,
    1e300,
    [],
    {},
    '~own',
    'a b',
    '\ud800',
    'server',
  ),
  fc.constantFrom<unknown>(
    [1],
    [0],
    ['1'],
    [1.5],
    { 1: 1 },
    { x: 1 },
    { 1: -1 },
    'é'.repeat(40),
    'x'.repeat(65),
    7,
    'ok',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
