/** One series of a node's `/metrics`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus' text format; lines that are none are passed over. */
export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, name, labelText = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const labels: Record<string, string> = {};
    for (const [, label, content] of labelText.matchAll(LABEL)) if (label !== undefined) labels[label] = content ?? '';
    samples.push({ name, labels, value: Number(value.replace('+Inf', 'Infinity')) });
  }
  return samples;
}

/** The sum over all series of a metric that have these labels; 0 when there is none. */
export function sum(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    .reduce((total, { value }) => total + value, 0);
}

/**
 * As Prometheus' `histogram_quantile`: linear within the bucket.
 * @returns null when nothing was observed, infinity beyond the last bucket
 */
export function quantile(samples: readonly Sample[], name: string, q: number): number | null {
  const buckets = samples
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels, value }) => ({ upTo: Number(labels.le?.replace('+Inf', 'Infinity')), count: value }))
    .sort((a, b) => a.upTo - b.upTo);
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.upTo === Number.POSITIVE_INFINITY) return bucket.upTo;
      const share = (rank - below.count) / (bucket.count - below.count);
      return below.upTo + (bucket.upTo - below.upTo) * share;
    }
    below = bucket;
  }
  return Number.POSITIVE_INFINITY;
}
