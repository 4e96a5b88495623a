import { type Need, type Rule, TOPICS, topicOf } from './rule.ts';

const NEEDS: Readonly<Record<Need, string>> = {
  tokens: 'tokens',
  user_ids: 'development sign-in',
  own_node: 'a node to stop',
};

/** The rules as tables in Markdown, one per topic. */
export function formatRuleList(rules: readonly Rule[]): string {
  const sections = Object.values(TOPICS).map((topic) => {
    const rows = rules.filter((rule) => topicOf(rule) === topic).map(formatRow);
    return [`### ${topic}`, '', '| rule | what it says | proves | needs |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return `${sections.join('\n\n')}\n`;
}

const formatRow = ({ id, title, proves, needs }: Rule): string =>
  `| ${id} | ${title} | ${proves.join(', ')} | ${needs.map((need) => NEEDS[need]).join(', ')} |`;
