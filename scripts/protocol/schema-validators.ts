import type { JsonSchemas } from '@parley/protocol/schemas';
import { Ajv } from 'ajv';

/** What a JSON Schema says of a frame: a list of what is wrong, empty when it is right. */
export type Validate = (type: string, frame: unknown) => string[];

/** Validators of the generated JSON Schemas, as somebody in another language would use them. */
export function validators(schemas: JsonSchemas): { readonly client: Validate; readonly server: Validate } {
  return { client: validatorOf(schemas.client), server: validatorOf(schemas.server) };
}

function validatorOf(schemas: JsonSchemas['client']): Validate {
  const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true });
  ajv.addKeyword('x-max-bytes');
  const compiled = new Map(Object.entries(schemas).map(([type, schema]) => [type, ajv.compile(schema)]));
  return (type, frame) => {
    const validate = compiled.get(type);
    if (validate === undefined) return [`no schema of ${type}`];
    return validate(frame) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
}
