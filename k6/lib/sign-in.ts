import crypto from 'k6/crypto';
import encoding from 'k6/encoding';

const TOKEN_LIFE_S = 24 * 3600;

/** The first frame of a user: the bare id (L1), or with a secret an HS256 token whose `sub` is the id (L17). */
export function firstFrame(userId: number, jwtSecret: string | null): string {
  if (jwtSecret === null) return String(userId);
  const now = Math.floor(Date.now() / 1000);
  const header = encoding.b64encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }), 'rawurl');
  const claims = encoding.b64encode(
    JSON.stringify({ sub: String(userId), iat: now, exp: now + TOKEN_LIFE_S }),
    'rawurl',
  );
  const signature = crypto.hmac('sha256', jwtSecret, `${header}.${claims}`, 'base64rawurl');
  return `${header}.${claims}.${signature}`;
}
