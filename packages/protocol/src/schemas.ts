// Entry "@parley/protocol/schemas": the zod schemas themselves and what is made of them, for tools and tests.
export { hello } from './current/client/hello.ts';
export { CLIENT_FRAMES } from './current/client-frame.ts';
export { SERVER_FRAMES } from './current/server-frame.ts';
export { type JsonSchema, type JsonSchemas, jsonSchemas } from './json-schema.ts';
