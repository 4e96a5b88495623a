export type { TestServerClock } from './test-clock.ts';
export { startTestServer, type TestServer, type TestServerOptions } from './test-server.ts';
export type { FrameFate, FrameInTransit } from './test-socket.ts';
