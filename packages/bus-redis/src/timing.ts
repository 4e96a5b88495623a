/**
 * Times in ms. Bound on a killed node: its lease ends after at most 6 s, a survivor sees it within 1 s and clears it away in pages: gone
 * within about 8 s, 13 s when the first survivor dies at that too (G9: 15 s). Bound on a silent inbox: three heartbeats missed, seen by the
 * fourth: 4 s and a reconnect (port: 5 s).
 */
export const LEASE_MS = 6_000;
export const HEARTBEAT_MS = 1_000;
export const MISSED_HEARTBEATS = 3;
/** How long a claim on a dead incarnation lasts without a sign of its claimer. */
export const CLAIM_MS = 5_000;
/** A command that is not answered is given up: what the ports promise as "within 2 s". */
export const COMMAND_TIMEOUT_MS = 1_800;
/** From the first connect to the confirmed subscription. */
export const OPEN_TIMEOUT_MS = 5_000;
/** A goodbye that takes longer is left to the survivors' reaper. */
export const GOODBYE_TIMEOUT_MS = 5_000;
/** Waits between attempts double from the first to the second, each with a random half taken off. */
export const RETRY_MIN_MS = 50;
export const RETRY_MAX_MS = 1_000;
