import type { SettingName, Settings } from './settings.ts';

export type JwtKeyConfig =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'jwks_url'; readonly url: string };

export interface JwtConfig {
  readonly kind: 'jwt';
  readonly key: JwtKeyConfig;
  readonly issuer: string | null;
  readonly audience: string | null;
}

export type AuthConfig = { readonly kind: 'development' } | JwtConfig;

const MIN_SECRET_BYTES = 32;

/** Whom a node believes; what is wrong goes to `problems`. */
export function authOf(settings: Settings, problems: string[]): AuthConfig {
  const { PARLEY_JWT_SECRET: secret, PARLEY_JWT_KEY_FILE: path, PARLEY_JWKS_URL: url } = settings;
  const keys: [SettingName, JwtKeyConfig][] = [];
  if (secret !== undefined) keys.push(['PARLEY_JWT_SECRET', { kind: 'secret', secret }]);
  if (path !== undefined) keys.push(['PARLEY_JWT_KEY_FILE', { kind: 'file', path }]);
  if (url !== undefined) keys.push(['PARLEY_JWKS_URL', { kind: 'jwks_url', url }]);
  const names = keys.map(([name]) => name).join(', ');

  if (settings.PARLEY_AUTH === 'development') {
    if (keys.length > 0) problems.push(`${names} set without PARLEY_AUTH=jwt: set it, or unset the key.`);
    if (settings.NODE_ENV === 'production') {
      problems.push(
        'Development sign-in, which lets everybody be any user, is refused when NODE_ENV=production: set PARLEY_AUTH=jwt and one of PARLEY_JWT_SECRET, PARLEY_JWT_KEY_FILE, PARLEY_JWKS_URL.',
      );
    }
    return { kind: 'development' };
  }
  const [first] = keys;
  if (first === undefined || keys.length > 1) {
    const instead = first === undefined ? 'none is set' : `${names} are set`;
    problems.push(
      `PARLEY_AUTH=jwt needs exactly one of PARLEY_JWT_SECRET, PARLEY_JWT_KEY_FILE and PARLEY_JWKS_URL; ${instead}.`,
    );
  }
  if (secret !== undefined && Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    problems.push(`PARLEY_JWT_SECRET must be at least ${MIN_SECRET_BYTES} bytes long (openssl rand -base64 48).`);
  }
  if (url?.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    problems.push('PARLEY_JWKS_URL must begin with https://: over http anyone on the way can put in a key of his own.');
  }
  return {
    kind: 'jwt',
    key: first?.[1] ?? { kind: 'secret', secret: '' },
    issuer: settings.PARLEY_JWT_ISSUER ?? null,
    audience: settings.PARLEY_JWT_AUDIENCE ?? null,
  };
}

const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
