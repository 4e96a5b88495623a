/** Everything that was found, as plain counts. All but the first group must be 0 on a server that keeps its promises. */
export interface Findings {
  sent: number;
  acknowledged: number;
  /** First arrivals, counted per receiving connection. */
  delivered: number;
  /** Arrived again on a later connection: the server could not know that the first one had it. Not an error. */
  redelivered: number;
  /** Answered by a temporary error. */
  refused: number;
  /** The connection went before the answer came: stored or not, nobody knows. */
  unknown: number;

  /** Acknowledged and not received by someone who should have, counted per missing receiver. */
  lost: number;
  /** Arrived twice on one connection, or under two message ids. */
  duplicated: number;
  /** Arrived on one connection behind a later one of the same conversation. */
  outOfOrder: number;
  /** The id in the acknowledgement is not the id the message arrived with. */
  mismatched: number;
  /** Arrived though it was answered with an error, or never sent, or in someone else's conversation. */
  phantom: number;
}

export const noFindings = (): Findings => ({
  sent: 0,
  acknowledged: 0,
  delivered: 0,
  redelivered: 0,
  refused: 0,
  unknown: 0,
  lost: 0,
  duplicated: 0,
  outOfOrder: 0,
  mismatched: 0,
  phantom: 0,
});
