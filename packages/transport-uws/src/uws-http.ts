import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { HandshakeRequest, HandshakeResult } from './handshake.ts';

export type Refusal = Extract<HandshakeResult, { ok: false }>;

/** The answer to a browser or a health check that comes to the wrong port. */
export const PLAIN_HTTP: Refusal = {
  ok: false,
  status: '426 Upgrade Required',
  reason: 'not_websocket',
  text:
    'This is a Parley chat endpoint: it speaks WebSocket, not plain HTTP.\n' +
    'Connect with a WebSocket client. Health and metrics are on the admin port.\n',
  headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
};

/** Answers and closes. Call within the handler that got `res`. */
export function answer(res: HttpResponse, refusal: Refusal): void {
  res.writeStatus(refusal.status).writeHeader('Content-Type', 'text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(refusal.headers ?? {})) res.writeHeader(name, value);
  res.end(refusal.text, true);
}

/** Copies what a handshake is judged by; uWS's request is gone when its handler returns. */
export function readRequest(res: HttpResponse, req: HttpRequest): HandshakeRequest {
  const headers: [string, string][] = [];
  req.forEach((name, value) => {
    headers.push([name, value]);
  });
  return {
    method: req.getMethod(),
    path: req.getUrl(),
    // Undefined when there is none, whatever its type says.
    query: (req.getQuery() as string | undefined) ?? '',
    headers,
    proxied: res.getProxiedRemoteAddress().byteLength > 0,
  };
}
