// `node scripts/conformance-docs.mjs`: writes the list of rules into docs/conformance.md, below its heading "The rules".
// Needs a build. A test of packages/conformance fails while the page is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { formatRuleList, RULES } from '../packages/conformance/dist/index.js';

const PAGE = new URL('../docs/conformance.md', import.meta.url);
const HEADING = '## The rules\n\n';

const page = readFileSync(PAGE, 'utf8');
const at = page.indexOf(HEADING);
if (at < 0) throw new Error(`docs/conformance.md has no heading "${HEADING.trim()}"`);
writeFileSync(PAGE, page.slice(0, at + HEADING.length) + formatRuleList(RULES));
