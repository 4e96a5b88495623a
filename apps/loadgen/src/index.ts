/** What other packages take of the load tools: a server that makes mistakes on purpose, and where k6 is. The tools themselves are in `bin/`. */
export { findK6, HOW_TO_GET_K6 } from './k6-binary.ts';
export { FAULTS, type Fault } from './peers/fault.ts';
export { type PlainServer, type PlainServerOptions, startPlainServer } from './peers/plain-server.ts';
