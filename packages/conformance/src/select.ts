import type { Rule } from './rule.ts';

/**
 * The rules that the words name, in the order of the rules: a rule's id (`V326`), a topic's hundred (`V3xx`), or the id of a promise or legacy rule
 * that it proves (`G3`, `L10`). Case does not matter.
 * @returns also the words that name nothing
 */
export function selectRules(
  rules: readonly Rule[],
  words: readonly string[],
): { readonly rules: readonly Rule[]; readonly unknown: readonly string[] } {
  const matches = (rule: Rule, word: string): boolean => {
    const wanted = word.trim().toLowerCase();
    const id = rule.id.toLowerCase();
    return (
      id === wanted ||
      `${id.slice(0, -2)}xx` === wanted ||
      rule.proves.some((proven) => proven.toLowerCase() === wanted)
    );
  };
  return {
    rules: rules.filter((rule) => words.some((word) => matches(rule, word))),
    unknown: words.filter((word) => !rules.some((rule) => matches(rule, word))),
  };
}
