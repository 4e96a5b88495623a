import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import type { JwtKeyConfig } from './auth-config.ts';
import { ConfigError } from './config-error.ts';

/** What tokens are verified with. Algorithms follow from the kind of key, never from the token. */
export interface JwtKeys {
  readonly algorithms: readonly string[];
  readonly key: JWTVerifyGetKey;
  /** Fetches keys that live elsewhere, so that the first sign-in need not wait. Rejects when it cannot. */
  refresh(): Promise<void>;
}

const FETCH_TIMEOUT_MS = 5_000;
/** A token with an unknown key id makes the keys be fetched again, at most this often. */
const FETCH_COOLDOWN_MS = 30_000;
const MAX_JWKS_BYTES = 1_048_576;
const ASYMMETRIC = ['RS256', 'ES256'];
const MIN_RSA_BITS = 2_048;

/** @throws ConfigError when a key file cannot be used */
export async function openJwtKeys(config: JwtKeyConfig): Promise<JwtKeys> {
  switch (config.kind) {
    case 'secret': {
      const bytes = new TextEncoder().encode(config.secret);
      const hmac = { name: 'HMAC', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('raw', bytes, hmac, false, ['verify']);
      return { algorithms: ['HS256'], key: async () => key, refresh: async () => undefined };
    }
    case 'file':
      return fromFile(config.path);
    case 'jwks_url':
      return fromUrl(new URL(config.url));
  }
}

/** Keys stay in use while the server of the keys is away: whoever signs in need not wait for it. They are refreshed from outside. */
function fromUrl(url: URL): JwtKeys {
  const keySet = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: FETCH_COOLDOWN_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: boundedFetch,
  });
  return { algorithms: ASYMMETRIC, key: keySet, refresh: () => keySet.reload() };
}

/** A server of keys that answers without end fills no memory. */
async function boundedFetch(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JWKS_BYTES) throw new Error(`the key set is larger than ${MAX_JWKS_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}

function fromFile(path: string): JwtKeys {
  const text = readText(path).trim();
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw unusable(path, 'it holds a private key: a node only verifies, give it the public one');
  }
  if (text.startsWith('{')) {
    const json = parseJson(path, text) as Partial<JSONWebKeySet> & JWK;
    if (Array.isArray(json.keys)) return fixed(createLocalJWKSet(json as JSONWebKeySet), ASYMMETRIC);
    if (json.d !== undefined) {
      throw unusable(path, 'it holds a private key: a node only verifies, give it the public one');
    }
    return fromPublicKey(path, () => createPublicKey({ key: json as never, format: 'jwk' }));
  }
  return fromPublicKey(path, () => createPublicKey(text));
}

function fromPublicKey(path: string, make: () => KeyObject): JwtKeys {
  let key: KeyObject;
  try {
    key = make();
  } catch {
    throw unusable(path, 'it is no public key in PEM, JWK or a JWK set');
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return fixed(async () => key, ['RS256']);
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return fixed(async () => key, ['ES256']);
  throw unusable(path, `it must be an RSA key of ${MIN_RSA_BITS} bits or more, or an EC key on P-256`);
}

const fixed = (key: JWTVerifyGetKey | (() => Promise<KeyObject>), algorithms: readonly string[]): JwtKeys => ({
  algorithms,
  key: key as JWTVerifyGetKey,
  refresh: async () => undefined,
});

const unusable = (path: string, why: string): ConfigError =>
  new ConfigError([`PARLEY_JWT_KEY_FILE (${path}) cannot be used: ${why}.`]);

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? 'it cannot be read');
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(path, 'it is no JSON');
  }
}
