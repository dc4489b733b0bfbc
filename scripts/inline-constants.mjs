// Writes numbers in place of the names of constant numbers, in the modules of a build.
//
// V8 does not do that across modules, nor for most constants of a module itself: each use is a load
// and a check that the module has been run. In the learner's loops that is a tenth of the time.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join, normalize} from 'node:path';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';

/** Inlines constants in the modules of a build's folders; what these import from others stays. */
export function inlineFolders(root, folders) {
  const names = folders.flatMap((folder) =>
    readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(folder, name)),
  );
  const texts = new Map(names.map((name) => [name, readFileSync(join(root, name), 'utf8')]));
  for (const [name, text] of inlineConstants(texts)) {
    if (text !== texts.get(name)) writeFileSync(join(root, name), text);
  }
}

/**
 * The modules, by path, with every use of a constant replaced by its value: of those in capitals
 * whose value is a number made of literals and other constants. A name that a module declares a
 * second time is left alone there.
 */
export function inlineConstants(texts) {
  const modules = new Map();
  for (const [path, text] of texts) {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    modules.set(path, {path, text, file, own: declared(file), imports: imported(file, path)});
  }
  return new Map([...modules].map(([path, module]) => [path, rewritten(module, modules)]));
}

/** Initialisers of a module's constants. */
function declared(file) {
  const own = new Map();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
    for (const {name, initializer} of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && CAPITALS.test(name.text)) own.set(name.text, initializer);
    }
  }
  return own;
}

/** Where the names come from that a module imports from another one of the build. */
function imported(file, path) {
  const names = new Map();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const from = statement.moduleSpecifier.text;
    const named = statement.importClause?.namedBindings;
    if (!from.startsWith('.') || named === undefined || !ts.isNamedImports(named)) continue;
    for (const {name, propertyName} of named.elements) {
      const target = normalize(join(dirname(path), from));
      if (CAPITALS.test(name.text)) names.set(name.text, [target, (propertyName ?? name).text]);
    }
  }
  return names;
}

/** Value of a name in a module, if it is a constant number. */
function constantOf(name, module, modules) {
  const initializer = module?.own.get(name);
  if (initializer !== undefined) return evaluated(initializer, module, modules);
  const [path, original] = module?.imports.get(name) ?? [];
  return path === undefined ? undefined : constantOf(original, modules.get(path), modules);
}

function evaluated(node, module, modules) {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isIdentifier(node)) return constantOf(node.text, module, modules);
  if (ts.isParenthesizedExpression(node)) return evaluated(node.expression, module, modules);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = evaluated(node.operand, module, modules);
    return value === undefined ? undefined : -value;
  }
  if (!ts.isBinaryExpression(node)) return undefined;
  const operation = OPERATIONS[node.operatorToken.getText()];
  const left = evaluated(node.left, module, modules);
  const right = evaluated(node.right, module, modules);
  if (operation === undefined || left === undefined || right === undefined) return undefined;
  return operation(left, right);
}

function rewritten(module, modules) {
  const uses = new Map();
  const declarations = new Map();
  const visit = (node) => {
    if (ts.isIdentifier(node) && (module.own.has(node.text) || module.imports.has(node.text))) {
      if (isUse(node)) uses.set(node.text, [...(uses.get(node.text) ?? []), node]);
      else if (isDeclaration(node)) {
        declarations.set(node.text, (declarations.get(node.text) ?? 0) + 1);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(module.file);
  const edits = [];
  for (const [name, nodes] of uses) {
    const value = declarations.get(name) === 1 ? constantOf(name, module, modules) : undefined;
    if (value === undefined || !Number.isFinite(value)) continue;
    const number = value < 0 ? `(${value})` : `${value}`;
    for (const node of nodes) edits.push({from: node.getStart(), to: node.end, number});
  }
  let {text} = module;
  for (const {from, to, number} of edits.sort((a, b) => b.from - a.from)) {
    text = text.slice(0, from) + number + text.slice(to);
  }
  return text;
}

function isDeclaration({parent}) {
  return !ts.isExportSpecifier(parent) && !ts.isPropertyAccessExpression(parent);
}

/** Whether an identifier is read as a value. */
function isUse(node) {
  const {parent} = node;
  if (ts.isBinaryExpression(parent)) return true;
  if (ts.isElementAccessExpression(parent)) return parent.argumentExpression === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression !== node;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node;
  if (ts.isConditionalExpression(parent)) return true;
  return ts.isReturnStatement(parent) || ts.isParenthesizedExpression(parent);
}

const CAPITALS = /^[A-Z][A-Z0-9_]*$/;
const OPERATIONS = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '|': (a, b) => a | b,
  '<<': (a, b) => a << b,
};

/** Every event passes these. */
const HOT = ['base', 'decode', 'event', 'features', 'model', 'pipeline', 'score'];
if (process.argv[1] === fileURLToPath(import.meta.url)) inlineFolders('dist', HOT);
