import { expect, it } from 'vitest';
import { parseMetrics, quantile, sum } from '../src/metrics-text.ts';

const samples = parseMetrics(`# HELP x What
# TYPE x counter
x{name="a",other="q\\"}{ x"} 3
x{name="b"} 4
x_more 100
y 1.5e-3 1700000000000

h_bucket{le="0.1"} 0
h_bucket{le="0.2"} 50
h_bucket{le="0.4"} 90
h_bucket{le="+Inf"} 100
not a line
`);

it('reads what a node exports', () => {
  expect(sum(samples, 'x')).toBe(7);
  expect(sum(samples, 'x', { name: 'b' })).toBe(4);
  expect(sum(samples, 'y')).toBe(0.0015);
  expect(sum(samples, 'absent')).toBe(0);
  expect(samples[0]?.labels).toEqual({ name: 'a', other: 'q\\"}{ x' });
});

it('interpolates quantiles as Prometheus does', () => {
  expect(quantile(samples, 'h', 0.25)).toBeCloseTo(0.15, 10);
  expect(quantile(samples, 'h', 0.5)).toBeCloseTo(0.2, 10);
  expect(quantile(samples, 'h', 0.7)).toBeCloseTo(0.3, 10);
  expect(quantile(samples, 'h', 0.99)).toBe(Number.POSITIVE_INFINITY);
  expect(quantile(samples, 'absent', 0.5)).toBeNull();
});
