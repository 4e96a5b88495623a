// What check-imports.mjs needs to know of one source file, read from its syntax tree.
import ts from 'typescript';

/**
 * @param {string} path decides the dialect
 * @param {string} text
 * @returns {{ imports: Fact[], environment: number[], clock: Fact[], defaultExports: number[] }} lines count from 1
 * @typedef {{ line: number, name: string }} Fact
 */
export function sourceFacts(path, text) {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const facts = { imports: [], environment: [], clock: [], defaultExports: [] };
  const lineOf = (node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

  const visit = (node) => {
    const name = importedName(node);
    if (name !== undefined) facts.imports.push({ line: lineOf(node), name });
    if (isMember(node, 'process', 'env')) facts.environment.push(lineOf(node));
    const clock = clockName(node);
    if (clock !== undefined) facts.clock.push({ line: lineOf(node), name: clock });
    if (isDefaultExport(node)) facts.defaultExports.push(lineOf(node));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return facts;
}

/** Of `import … from`, `export … from`, `import()`, the type `import('…')`, `require()` and `require.resolve()`. */
function importedName(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const callee = node.expression;
  const loads =
    callee.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(callee) && callee.text === 'require') ||
    isMember(callee, 'require', 'resolve') ||
    (ts.isPropertyAccessExpression(callee) && ts.isMetaProperty(callee.expression) && callee.name.text === 'resolve');
  return loads ? literal(node.arguments[0]) : undefined;
}

function literal(node) {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** `object.member`, `object['member']`, and `const { member } = object`. */
function isMember(node, object, member) {
  const isObject = (other) =>
    other !== undefined && ((ts.isIdentifier(other) && other.text === object) || isMemberOfGlobal(other, object));
  if (ts.isPropertyAccessExpression(node)) return node.name.text === member && isObject(node.expression);
  if (ts.isElementAccessExpression(node))
    return literal(node.argumentExpression) === member && isObject(node.expression);
  if (!ts.isVariableDeclaration(node) || !ts.isObjectBindingPattern(node.name) || !isObject(node.initializer))
    return false;
  return node.name.elements.some((element) => (element.propertyName ?? element.name).getText() === member);
}

function isMemberOfGlobal(node, name) {
  return (
    ts.isPropertyAccessExpression(node) &&
    node.name.text === name &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'globalThis'
  );
}

/** How the node reads the wall clock or sets a timer of its own, if it does. */
function clockName(node) {
  if (isMember(node, 'Date', 'now')) return 'Date.now';
  if (isMember(node, 'performance', 'now')) return 'performance.now';
  if (isMember(node, 'process', 'hrtime')) return 'process.hrtime';
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  }
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  const timers = ['setTimeout', 'setInterval', 'setImmediate'];
  return timers.includes(node.expression.text) ? node.expression.text : undefined;
}

function isDefaultExport(node) {
  if (ts.isExportAssignment(node)) return node.isExportEquals !== true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
}
