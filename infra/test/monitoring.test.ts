import type { ChatNodeStatus, Log } from '@parley/core';
import { CLOSE_CODES, ERROR_CODES } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../apps/edge/src/metrics.ts';
import { read, readYaml } from './manifests.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string; readonly promise: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const { groups } = readYaml('infra/prometheus/alerts.yml') as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('infra/grafana/parley.json')) as {
  panels: Panel[];
  templating: { list: { name: string; query: unknown }[] };
};
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Every series name that a node's /metrics has, histograms unfolded, and each metric's labels. */
async function exportedMetrics(): Promise<Map<string, ReadonlySet<string>>> {
  const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
  const metrics = new Metrics(log);
  metrics.watch(() => ({}) as ChatNodeStatus);
  const found = new Map<string, ReadonlySet<string>>([['up', new Set()]]);
  for (const metric of metrics.registry.getMetricsAsArray()) {
    const labels = new Set((metric as unknown as { labelNames: string[] }).labelNames);
    found.set(metric.name, labels);
    if (String(metric.type) !== 'histogram') continue;
    for (const suffix of ['_bucket', '_sum', '_count'])
      found.set(`${metric.name}${suffix}`, new Set([...labels, 'le']));
  }
  return found;
}

const metricNames = (expr: string): string[] =>
  [...expr.matchAll(/\b((?:parley|process|nodejs)_\w+|up)\b(?!\s*\()/g)].map(([name]) => name);

describe('alerts and dashboard', () => {
  it('use metrics that a node has, and only those', async () => {
    const exported = await exportedMetrics();
    expect(expressions.length).toBeGreaterThan(50);
    for (const [where, expr] of expressions) {
      const names = metricNames(expr);
      expect(names.length, where).toBeGreaterThan(0);
      for (const name of names) expect(exported.has(name), `${where}: ${name}`).toBe(true);
    }
  });

  it('use labels that these metrics have', async () => {
    const exported = await exportedMetrics();
    const given = new Set(['instance', 'job']);
    for (const [where, expr] of expressions) {
      for (const [, name, matchers] of expr.matchAll(/\b((?:parley|process|nodejs)_\w+)\{([^}]*)\}/g)) {
        for (const [, label] of matchers!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
          expect(given.has(label!) || exported.get(name!)!.has(label!), `${where}: ${name}{${label}}`).toBe(true);
        }
      }
      for (const [, list] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
        const metricLabels = new Set(metricNames(expr).flatMap((name) => [...exported.get(name)!]));
        for (const label of list!.split(',').map((one) => one.trim())) {
          expect(given.has(label) || metricLabels.has(label), `${where}: by (${label})`).toBe(true);
        }
      }
    }
  });

  it('name errors and outcomes that exist', () => {
    for (const [where, expr] of expressions) {
      for (const [, names] of expr.matchAll(/\{name=~?"([^"]+)"\}/g)) {
        for (const name of names!.split('|')) expect(Object.keys(ERROR_CODES), where).toContain(name);
      }
      for (const [, outcome] of expr.matchAll(/\{outcome="([^"]+)"\}/g))
        expect(['unknown', 'not_committed'], where).toContain(outcome);
    }
  });

  it('have balanced parentheses, braces and quotes', () => {
    for (const [where, expr] of expressions) {
      const bare = expr.replaceAll(/"[^"]*"/g, '');
      expect(bare, where).not.toContain('"');
      for (const [open, close] of ['()', '{}', '[]'] as const) {
        expect(bare.split(open!).length, `${where}: ${open}${close}`).toBe(bare.split(close!).length);
      }
    }
  });
});

describe('infra/prometheus/alerts.yml', () => {
  it('is shaped as Prometheus wants it', () => {
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(
        Object.keys(rule).filter((key) => !['alert', 'expr', 'for', 'labels', 'annotations'].includes(key)),
      ).toEqual([]);
      expect(rule.alert).toMatch(/^Parley[A-Z]\w+$/);
      expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
      expect(['page', 'ticket']).toContain(rule.labels.severity);
      expect(Object.keys(rule.annotations)).toEqual(['summary', 'description', 'runbook']);
      for (const [, action] of rule.annotations.description.matchAll(/\{\{([^}]*)\}\}/g)) {
        expect(action, rule.alert).toMatch(/^ \$(value|labels\.\w+)( \| humanize(Duration|Percentage)?)? $/);
      }
      // A sum has lost its labels: `{{ $labels.instance }}` would be empty.
      if (
        /^(sum|histogram_quantile)\((?!by \(instance)/.test(rule.expr) &&
        !rule.expr.startsWith('sum by (instance)')
      ) {
        expect(rule.annotations.description, rule.alert).not.toContain('$labels');
      }
    }
  });

  it('watches series that are there before they first count: a rise from nothing is invisible to a rate', async () => {
    const text = await new Metrics({ debug() {}, info() {}, warn() {}, error() {} }).registry.metrics();
    let watched = 0;
    for (const { alert, expr } of rules) {
      for (const [, name, label, values] of expr.matchAll(/\b(parley_\w+)\{(\w+)=~?"([^"]+)"\}/g)) {
        for (const value of values!.split('|')) {
          expect(text.split('\n'), alert).toContain(`${name}{${label}="${value}"} 0`);
          watched += 1;
        }
      }
    }
    expect(watched).toBeGreaterThan(5);
  });

  it('watches every promise', () => {
    const watched = new Set(rules.map(({ labels }) => labels.promise));
    expect(watched).toEqual(new Set(Array.from({ length: 10 }, (_, index) => `G${index + 1}`)));
  });

  it('has a section in the runbook for every alert, and no other sections', () => {
    const runbook = read('docs/runbook.md');
    const sections = [...runbook.matchAll(/^### (\w+)\n\n\*\*(G\d+), (page|ticket)\.\*\*/gm)].map(
      ([, alert, promise, severity]) => ({ alert, promise, severity }),
    );
    expect(sections).toEqual(
      rules.map(({ alert, labels }) => ({ alert, promise: labels.promise, severity: labels.severity })),
    );
    expect([...runbook.matchAll(/^### /gm)].length).toBe(sections.length);
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  });

  it('is what prometheus.yml loads, and selects the job that it scrapes on the admin port', () => {
    const config = readYaml('infra/prometheus/prometheus.yml') as {
      rule_files: string[];
      scrape_configs: { job_name: string; dns_sd_configs?: { port: number }[] }[];
    };
    expect(config.rule_files).toEqual(['alerts.yml']);
    const jobs = config.scrape_configs.map(({ job_name: job }) => job);
    for (const [where, expr] of expressions) {
      for (const [, job] of expr.matchAll(/job="([^"]+)"/g)) expect(jobs, where).toContain(job);
    }
    expect(config.scrape_configs[0]?.dns_sd_configs?.[0]?.port).toBe(9128);
  });
});

describe('docs/operations.md', () => {
  const operations = read('docs/operations.md');
  const rows = [...operations.matchAll(/^\| (G\d+) [^|]+\| (.+) \| ([^|]+) \|$/gm)].map(
    ([, promise, metrics, alerts]) => ({ promise, metrics: metrics!, alerts: alerts!.split(', ') }),
  );

  it('names metrics and alerts for every promise: those alerts that there are', () => {
    expect(rows.map(({ promise }) => promise)).toEqual(Array.from({ length: 10 }, (_, index) => `G${index + 1}`));
    for (const { promise, metrics, alerts } of rows) {
      expect(metricNames(metrics).length, promise).toBeGreaterThan(0);
      expect(alerts, promise).toEqual(
        rules.filter(({ labels }) => labels.promise === promise).map(({ alert }) => alert),
      );
    }
  });

  it('names only metrics that a node has, with the labels that they have; so does the runbook', async () => {
    const exported = await exportedMetrics();
    for (const text of [operations, read('docs/runbook.md')]) {
      const named = [...text.matchAll(/`((?:parley|process|nodejs)_\w+)(?:\{(\w+)[^`]*\})?`/g)];
      for (const [, name, label] of named) {
        expect(exported.has(name!), name).toBe(true);
        if (label !== undefined) expect(exported.get(name!)!.has(label), `${name}{${label}}`).toBe(true);
      }
    }
    expect(metricNames(operations).length).toBeGreaterThan(30);
  });

  it('leaves out no metric that the dashboard does not show either', async () => {
    const told = operations + expressions.map(([, expr]) => expr).join(' ');
    for (const name of (await exportedMetrics()).keys()) {
      if (/^parley_/.test(name) && !/_(bucket|sum|count)$/.test(name)) expect(told, name).toContain(name);
    }
  });
});

describe('infra/grafana/parley.json', () => {
  it('has panels with ids of their own that do not overlap', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('has a query in every panel, on a data source that the viewer chooses', () => {
    for (const panel of dashboard.panels) {
      if (panel.type !== 'row') expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
    }
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    const sources = read('infra/grafana/parley.json').match(/"uid": "(?!parley")[^"]+"/g)!;
    for (const source of sources) expect(source).toBe(`"uid": "\${datasource}"`);
  });

  it('explains only close codes that nodes use', () => {
    const codes = read('infra/grafana/parley.json').match(/\b(?:10\d\d|4\d\d\d)(?=:)/g)!;
    const known = new Set([1006, ...Object.values(CLOSE_CODES).map(({ code }) => code)]);
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) expect(known.has(Number(code)), code).toBe(true);
  });
});
