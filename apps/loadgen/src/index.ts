export { findK6, HOW_TO_GET_K6 } from './k6-binary.ts';
export { FAULTS, type Fault } from './peers/fault.ts';
export { type PlainServer, type PlainServerOptions, startPlainServer } from './peers/plain-server.ts';
