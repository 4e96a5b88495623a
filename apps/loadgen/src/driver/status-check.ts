interface Status {
  readonly user_id: number;
  readonly conv_id: number;
  readonly delivered_seq: number;
  readonly seen_seq: number;
}

/** What one seat has been told of how far others have come: never backwards, and never of itself (G6). */
export class StatusCheck {
  readonly #userId: number;
  readonly #told = new Map<string, { delivered: number; seen: number }>();

  constructor(userId: number) {
    this.#userId = userId;
  }

  take(text: string): 'good' | 'backwards' | 'own' {
    const { user_id: userId, conv_id: conversation, delivered_seq, seen_seq } = JSON.parse(text) as Status;
    if (userId === this.#userId) return 'own';
    const key = `${conversation} ${userId}`;
    const told = this.#told.get(key);
    if (told !== undefined && (delivered_seq < told.delivered || seen_seq < told.seen)) return 'backwards';
    this.#told.set(key, { delivered: delivered_seq, seen: seen_seq });
    return 'good';
  }
}
