/**
 * What uWebSockets.js does not check of an upgrade (RFC 6455, section 4.2.1) and what Parley adds: uWS upgrades a wrong or missing
 * version, `Upgrade: h2c` or none at all, takes 70 KB of headers and believes a PROXY preamble from anybody.
 */

/** An upgrade request as read from the socket. Header names are lower case; a name may come more than once. */
export interface HandshakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The peer put a PROXY protocol preamble before the request. */
  readonly proxied: boolean;
}

export interface HandshakeRules {
  /** Paths that are served; null: every path. */
  readonly paths: readonly string[] | null;
  /**
   * Origins that may connect, as browsers write them (`https://chat.example`); `*`: every one. Null: those with the host name that the
   * request itself was sent to. A request without an Origin is no browser's and passes.
   */
  readonly allowedOrigins: readonly string[] | null;
  /** Subprotocols this server speaks; the first that the client offers too is echoed, and none when there is none. */
  readonly subprotocols: readonly string[];
  /** Bound on request line and headers together, in bytes. */
  readonly maxHandshakeBytes: number;
  readonly trustProxyProtocol: boolean;
}

export type RefusalReason =
  | 'bad_method'
  | 'bad_path'
  | 'bad_upgrade'
  | 'bad_version'
  | 'bad_key'
  | 'too_large'
  | 'bad_origin'
  | 'unexpected_proxy'
  | 'not_websocket'
  | 'too_many_connections'
  | 'draining';

export type HandshakeResult =
  | { readonly ok: true; readonly key: string; readonly subprotocol: string }
  | {
      readonly ok: false;
      readonly status: string;
      readonly reason: RefusalReason;
      readonly text: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** 16 bytes in base64: 21 characters, one that holds the last four bits, and the padding. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

const refuse = (
  status: string,
  reason: RefusalReason,
  text: string,
  headers?: Readonly<Record<string, string>>,
): HandshakeResult => ({ ok: false, status, reason, text, ...(headers === undefined ? {} : { headers }) });

/** Decides on one upgrade. Pure, synchronous: an upgrade that waits for something can outlive its socket. */
export function checkHandshake(request: HandshakeRequest, rules: HandshakeRules): HandshakeResult {
  if (request.proxied && !rules.trustProxyProtocol) {
    return refuse('400 Bad Request', 'unexpected_proxy', 'A PROXY protocol preamble is not expected here.');
  }
  // Request line and header lines with their separators: "GET path?query HTTP/1.1" and "name: value", each with CRLF.
  let bytes = request.method.length + request.path.length + request.query.length + 13;
  for (const [name, value] of request.headers) bytes += name.length + value.length + 4;
  if (bytes > rules.maxHandshakeBytes) {
    return refuse('431 Request Header Fields Too Large', 'too_large', 'The request headers are too large.');
  }
  if (request.method.toUpperCase() !== 'GET') {
    return refuse('405 Method Not Allowed', 'bad_method', 'A WebSocket handshake is a GET.', { Allow: 'GET' });
  }
  if (rules.paths !== null && !rules.paths.includes(request.path)) {
    return refuse('404 Not Found', 'bad_path', 'No WebSocket endpoint has this path.');
  }
  if (!hasToken(all(request, 'upgrade'), 'websocket') || !hasToken(all(request, 'connection'), 'upgrade')) {
    return refuse('400 Bad Request', 'bad_upgrade', 'The request must say Upgrade: websocket and Connection: Upgrade.');
  }
  const version = all(request, 'sec-websocket-version');
  if (version.length !== 1 || version[0]?.trim() !== '13') {
    return refuse('426 Upgrade Required', 'bad_version', 'Use WebSocket version 13.', {
      'Sec-WebSocket-Version': '13',
    });
  }
  const [key, ...moreKeys] = all(request, 'sec-websocket-key');
  if (key === undefined || moreKeys.length > 0 || !KEY.test(key)) {
    return refuse('400 Bad Request', 'bad_key', 'Sec-WebSocket-Key must be 16 bytes in base64.');
  }
  if (!originAllowed(request, rules.allowedOrigins)) {
    return refuse('403 Forbidden', 'bad_origin', 'This origin may not connect (see PARLEY_ALLOWED_ORIGINS).');
  }
  return { ok: true, key, subprotocol: chooseSubprotocol(request, rules.subprotocols) };
}

const all = (request: HandshakeRequest, name: string): string[] =>
  request.headers.filter(([header]) => header === name).map(([, value]) => value);

const tokens = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',')).map((token) => token.trim());

const hasToken = (values: readonly string[], wanted: string): boolean =>
  tokens(values).some((token) => token.toLowerCase() === wanted);

function originAllowed(request: HandshakeRequest, allowed: readonly string[] | null): boolean {
  const origins = all(request, 'origin');
  const [origin] = origins;
  if (origin === undefined) return true;
  if (origins.length > 1) return false;
  if (allowed === null) return sameHost(origin, all(request, 'host'));
  return allowed.some((entry) => entry === '*' || entry.toLowerCase() === origin.toLowerCase());
}

/** Ports are left out: a page of a development server and its node are on different ports of one host. */
function sameHost(origin: string, hosts: readonly string[]): boolean {
  const [host] = hosts;
  if (host === undefined || hosts.length > 1) return false;
  try {
    return new URL(origin).hostname === new URL(`http://${host}`).hostname;
  } catch {
    return false;
  }
}

function chooseSubprotocol(request: HandshakeRequest, spoken: readonly string[]): string {
  if (spoken.length === 0) return '';
  return tokens(all(request, 'sec-websocket-protocol')).find((offered) => spoken.includes(offered)) ?? '';
}
