/** WebSocket connections for the engine, on uWebSockets.js: the only package that imports it. */
export type { HandshakeRules, RefusalReason } from './handshake.ts';
export { ListenError } from './listen-failure.ts';
export { loadUws, NativeAddonError } from './native-addon.ts';
export type { UwsLimits, UwsTransportOptions } from './uws-options.ts';
export { UwsTransport } from './uws-transport.ts';
