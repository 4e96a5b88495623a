import type { Log, Telemetry } from '@parley/core';

const nothing = (): void => undefined;

/** Nobody watches a test server. */
export const noLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Every method of `Telemetry` counts, and returns nothing: here none does. */
export const noTelemetry: Telemetry = new Proxy({} as Telemetry, { get: () => nothing });
