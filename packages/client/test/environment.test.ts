import { expect, it } from 'vitest';
import { globalEnvironment } from '../src/environment.ts';

it('G3: ids are never the same twice, in one client or another, and fit the protocol', () => {
  const ids = [globalEnvironment(), globalEnvironment()].flatMap((environment) =>
    Array.from({ length: 10_000 }, () => environment.newId()),
  );
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{8,26}$/);
});
