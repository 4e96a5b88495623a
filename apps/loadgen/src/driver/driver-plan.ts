/** How messages are made. */
export type Pace =
  /** Each sender keeps `window` sends unanswered: finds the capacity. Latencies then say how long the queue is, not how fast the system. */
  | { readonly kind: 'closed'; readonly window: number }
  /** `rate` messages a second at times fixed beforehand; latencies count from those times, also when the driver is late. */
  | { readonly kind: 'open'; readonly rate: number };

/** What the driver's clients speak: bare numbers and order, or refs, client ids and receipts. */
export type Protocol = 'legacy' | 'current';

export interface ChatPlan {
  readonly kind: 'chat';
  readonly protocol: Protocol;
  /** The users of a conversation connect to these in turn, so to different ones where there are several. */
  readonly urls: readonly string[];
  readonly userBase: number;
  /** Personal conversations; both sides send. */
  readonly pairs: number;
  /** Group conversations; all members send. */
  readonly groups: number;
  readonly groupSize: number;
  readonly pace: Pace;
  readonly bodyLength: number;
  /** Load runs this long before the window opens. */
  readonly warmupMs: number;
  /** Only what is acknowledged, and what arrives, within the window is counted and timed. */
  readonly windowMs: number;
  /** How long to wait afterwards for answers and deliveries that are missing. */
  readonly drainMs: number;
  /** Processes whose CPU time is taken at both ends of the window. */
  readonly watch: Readonly<Record<string, readonly number[]>>;
}

/** Users who sign in and say nothing, until the driver's standard input ends. */
export interface IdlePlan {
  readonly kind: 'idle';
  readonly urls: readonly string[];
  readonly userBase: number;
  readonly connections: number;
  readonly protocol: Protocol;
}

/** Frames thrown at an echo server: what the driver and the WebSocket library can do by themselves. */
export interface EchoPlan {
  readonly kind: 'echo';
  readonly url: string;
  readonly connections: number;
  readonly window: number;
  readonly bodyLength: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly watch: Readonly<Record<string, readonly number[]>>;
}

export type DriverPlan = ChatPlan | IdlePlan | EchoPlan;

/** Lines of JSON on the driver's standard output. */
export type DriverEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'window-open' }
  | { readonly event: 'window-closed' }
  | { readonly event: 'report'; readonly report: DriverReport };

export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Faults {
  /** Acknowledged, and not received by a member within the drain; counted per receiver. */
  readonly lost: number;
  readonly duplicated: number;
  /** By the sender's numbers, by message id, or by seq; or a status that went backwards. */
  readonly outOfOrder: number;
  /** The id (or seq) in the acknowledgement is not the one the message arrived with: answers out of order, or of something else. */
  readonly mismatched: number;
  /** Arrived where it does not belong: messages, statuses, and answers that nothing waits for. */
  readonly phantom: number;
  /** Answered with an error. */
  readonly refused: number;
  /** Never answered within the drain. */
  readonly unanswered: number;
  readonly connectionsLost: number;
}

export interface DriverReport {
  readonly windowMs: number;
  /** Within the window. */
  readonly acknowledged: number;
  readonly delivered: number;
  readonly ack: Latency;
  readonly delivery: Latency;
  /** CPU time used within the window, µs, by name of `watch`. */
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly driverCpuUs: number;
  /** Within the window: `delivered` frames that clients of the current protocol have sent, and `status` frames that they were told. */
  readonly receipts: number;
  readonly statuses: number;
  /** Open pace: sends skipped because a sender had too many unanswered. Not 0: the rate is beyond the capacity. */
  readonly skipped: number;
  readonly faults: Faults;
}
