import { z } from 'zod';
import { hello } from './current/client/hello.ts';
import { CLIENT_FRAMES } from './current/client-frame.ts';
import { SERVER_FRAMES } from './current/server-frame.ts';

/** A JSON Schema (draft 7, which every validator reads). */
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface JsonSchemas {
  /** By type of frame. */
  readonly client: Readonly<Record<string, JsonSchema>>;
  readonly server: Readonly<Record<string, JsonSchema>>;
}

/** The JSON Schemas of all frames of the current protocol. Unknown fields are allowed: newer minor versions add some. */
export const jsonSchemas = (): JsonSchemas => ({
  client: schemasOf({ hello, ...CLIENT_FRAMES }),
  server: schemasOf(SERVER_FRAMES),
});

const schemasOf = (frames: Readonly<Record<string, z.ZodType>>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(frames).map(([type, schema]) => [type, jsonSchema(schema, type)]));

function jsonSchema(schema: z.ZodType, type: string): JsonSchema {
  const made = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const { $schema, description, properties, ...rest } = made;
  const head = { $schema, title: type, description };
  if (properties === undefined) return { ...head, ...rest };
  return { ...head, ...rest, properties: { ...(properties as object), type: { type: 'string', const: type } } };
}
