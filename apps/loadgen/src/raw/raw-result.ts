/** What a part can do by itself on this machine, in this run. */
export interface RawResult {
  /** Frames echoed, rows committed, messages published. */
  readonly perSecond: number;
  /** CPU time of the server that did it, µs each. */
  readonly serverCpuUs: number;
}
