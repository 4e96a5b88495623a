// Fills the template of docs/protocol.md: `{{name argument}}` is replaced by what is generated for it.
import { CLOSE_ADVICE, CLOSE_CODES, CURRENT_PROTOCOL, ERROR_ADVICE, ERROR_CODES } from '@parley/protocol/codes';
import { CLIENT, SERVER } from './frames.mjs';
import { limitRows, timeRows, typingBound } from './limit-meanings.mjs';
import { TRANSCRIPT } from './transcript.mjs';

const MARKER = /\{\{(\w+)(?: ([\w ]+))?\}\}/g;

/**
 * @param {string} template
 * @param {{ schemas: import('@parley/protocol/schemas').JsonSchemas, sampleClient: string }} sources
 * @throws {Error} when a marker is unknown, or a frame is told of twice or not at all
 */
export function protocolPage(template, { schemas, sampleClient }) {
  const told = new Set();
  const frame = (side, frames) => (argument) => {
    const types = argument.split(' ');
    for (const type of types) {
      if (told.has(`${side} ${type}`)) throw new Error(`the template tells of ${side} ${type} twice`);
      told.add(`${side} ${type}`);
    }
    const examples = types.flatMap((type) => frames[type].examples);
    return frameSection(ofTypes(schemas[side][types[0]], types), { ...frames[types[0]], examples });
  };
  const fill = {
    client: frame('client', CLIENT),
    server: frame('server', SERVER),
    errors: () => codeTable(ERROR_CODES, ERROR_ADVICE, errorRow, ['code', 'name', 'temporary', 'when', 'what to do']),
    closes: () => codeTable(CLOSE_CODES, CLOSE_ADVICE, closeRow, ['code', 'reason', 'reconnect', 'when', 'what to do']),
    limits: () => table(['limit', 'value'], limitRows()),
    times: () => table(['time', 'value'], timeRows()),
    typing: typingBound,
    version: () => `${CURRENT_PROTOCOL.major}.${CURRENT_PROTOCOL.minor}`,
    transcript: () => fenced('text', TRANSCRIPT.map(transcriptLine).join('\n')),
    sample: () => fenced('js', sampleClient.trimEnd()),
  };
  const page = template.replace(MARKER, (marker, name, argument) => {
    const make = fill[name];
    if (make === undefined) throw new Error(`the template has an unknown marker: ${marker}`);
    return make(argument);
  });
  for (const side of ['client', 'server']) {
    for (const type of Object.keys(schemas[side])) {
      if (!told.has(`${side} ${type}`)) throw new Error(`the template does not tell of ${side} ${type}`);
    }
  }
  return page;
}

/** Frames that differ in their type only are told of once. */
function ofTypes(schema, types) {
  if (types.length === 1) return schema;
  const { description } = schema.properties.type;
  return { ...schema, properties: { ...schema.properties, type: { enum: types, description } } };
}

function frameSection(schema, { answer, notice, examples }) {
  const answered = notice
    ? `Notice: answered with \`${answer}\` only when it has a \`ref\`.`
    : `Answer: \`${answer}\`.`;
  const forms = schema.anyOf ?? [schema];
  const tables = forms.map((form) =>
    forms.length === 1 ? fieldTable(form) : `${form.description}\n\n${fieldTable(form)}`,
  );
  return [
    `${schema.description}${answer === undefined ? '' : ` ${answered}`}`,
    ...tables,
    fenced('json', examples.map((example) => JSON.stringify(example)).join('\n')),
  ].join('\n\n');
}

function fieldTable(schema) {
  return table(['field', 'type', 'meaning'], fieldRows(schema, ''));
}

/** Fields of objects inside get rows of their own, `users[].user_id`. */
function fieldRows(schema, prefix) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (field.not !== undefined) return [];
    const optional = required.has(name) ? '' : field.default === undefined ? '?' : '';
    const preset = field.default === undefined ? '' : `, default \`${JSON.stringify(field.default)}\``;
    const type = name === 'ref' ? 'ref' : typeText(field);
    const row = [`\`${prefix}${name}\`${optional}`, type + preset, field.description ?? ''];
    return [row, ...rowsInside(field, `${prefix}${name}`)];
  });
}

function rowsInside(field, path) {
  if (field.type === 'object' && field.properties !== undefined) return fieldRows(field, `${path}.`);
  if (field.type === 'array' && field.items.properties !== undefined) return fieldRows(field.items, `${path}[].`);
  if (field.oneOf === undefined) return [];
  // Of the forms of a group event.
  return field.oneOf.flatMap((form) => {
    const { kind, ...others } = form.properties;
    const fields = Object.entries(others).map(
      ([name, { description, ...inner }]) => `\`${name}\` (${typeText(inner)})`,
    );
    return [[`\`${path}.kind\` = \`"${kind.const}"\``, `with ${fields.join(', ')}`, form.description]];
  });
}

const isAnyInteger = ({ maximum }) => maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;

function typeText(schema) {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(unionPart).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  switch (schema.type) {
    case 'integer':
      return isAnyInteger(schema)
        ? `integer${schema.minimum === undefined ? '' : ` ≥ ${schema.minimum}`}`
        : `integer ${schema.minimum}…${schema.maximum}`;
    case 'string':
      return stringText(schema);
    case 'array': {
      const bounds = schema.maxItems === undefined ? '' : `${schema.minItems ?? 0}…${schema.maxItems} `;
      return `array of ${bounds}${schema.items.properties === undefined ? `(${typeText(schema.items)})` : 'objects'}`;
    }
    case 'object':
      return schema.maxProperties === undefined
        ? 'object'
        : `object of at most ${schema.maxProperties} (id as string: ${typeText(schema.additionalProperties)})`;
    case undefined:
      return schema.oneOf === undefined ? 'any' : 'object';
    default:
      return schema.type;
  }
}

/** Messages and events are told of where they stand by themselves. */
function unionPart(schema) {
  if (schema.properties?.event !== undefined) return '`event` frame';
  if (schema.properties?.msg !== undefined) return 'message frame';
  return typeText(schema);
}

const PATTERNS = {
  '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}$': 'timestamp',
  '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*$': 'string, a JWT in compact form',
  '^[!-~]{1,64}$': 'string, 1…64 printable ASCII characters without spaces',
  '^[!-}][!-~]{0,63}$': 'string, 1…64 printable ASCII characters without spaces, not starting with `~`',
};

function stringText({ 'x-max-bytes': maxBytes, minLength, maxLength, pattern }) {
  if (pattern !== undefined && PATTERNS[pattern] === undefined)
    throw new Error(`markdown.mjs has no words for ${pattern}`);
  const least = minLength === 1 ? 'not empty, ' : '';
  if (maxBytes !== undefined) return `string, ${least}≤ ${maxBytes} bytes of UTF-8`;
  const kind = PATTERNS[pattern] ?? 'string';
  return maxLength === undefined ? kind : `${kind}, ${least}≤ ${maxLength} characters`;
}

const errorRow = ([name, { code, temporary }], { when, action }) => [
  code,
  `\`${name}\``,
  temporary ? 'yes' : 'no',
  when,
  action,
];
const closeRow = ([, { code, reason, reconnect }], { when, action }) => [
  code,
  reason,
  reconnect ? 'yes' : 'no',
  when,
  action,
];
const codeTable = (codes, advice, row, head) =>
  table(
    head,
    Object.entries(codes).map((entry) => row(entry, advice[entry[0]])),
  );

const transcriptLine = (line) =>
  typeof line === 'string' ? `\n# ${line}` : `${line.from === 'client' ? '→' : '←'} ${JSON.stringify(line.frame)}`;

const cell = (value) => String(value).replaceAll('|', '\\|');
const tableRow = (cells) => `| ${cells.map(cell).join(' | ')} |`;
const table = (head, rows) => [tableRow(head), tableRow(head.map(() => '---')), ...rows.map(tableRow)].join('\n');
const fenced = (language, text) => `\`\`\`${language}\n${text.trim()}\n\`\`\``;
