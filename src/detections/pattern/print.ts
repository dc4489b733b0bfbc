import type {
  Expression,
  FieldTest,
  JsonTest,
  Pattern,
  Selector,
  SpaceField,
  Step,
  Term,
  Value,
} from './ast.ts';

/** The pattern in one spelling; parsed again it is the same. */
export function printPattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'json':
      return `{ ${printExpression(pattern.expression, printTest)} }`;
    case 'space':
      return `[${pattern.fields.map(printField).join(', ')}]`;
    case 'text':
      return pattern.terms.map(printTerm).join(' ');
  }
}

export function printSelector({steps}: Selector): string {
  return `$${steps.map(printStep).join('')}`;
}

function printStep(step: Step): string {
  switch (step.kind) {
    case 'key':
      if (/^[A-Za-z0-9_-]+$/.test(step.key)) return `.${step.key}`;
      return `['${step.key.replace(/[\\']/g, '\\$&')}']`;
    case 'index':
      return `[${step.index}]`;
    case 'any-key':
      return '.*';
    case 'any-index':
      return '[*]';
  }
}

function printExpression<Leaf extends {readonly kind: string}>(
  expression: Expression<Leaf>,
  printLeaf: (leaf: Leaf) => string,
): string {
  const at = expression as Expression<{readonly kind: 'leaf'}>;
  switch (at.kind) {
    case 'or':
    case 'and': {
      const operands = at.operands as unknown as readonly Expression<Leaf>[];
      const printed = operands.map((operand) => printExpression(operand, printLeaf));
      return printed.join(at.kind === 'or' ? ' || ' : ' && ');
    }
    case 'group':
      return `(${printExpression(at.inner as unknown as Expression<Leaf>, printLeaf)})`;
    default:
      return printLeaf(expression as Leaf);
  }
}

export function printTest(test: JsonTest): string {
  const selector = printSelector(test.selector);
  switch (test.kind) {
    case 'compare':
      return `${selector} ${test.operator} ${printValue(test.value)}`;
    case 'is':
      return `${selector} IS ${test.what}`;
    case 'not-exists':
      return `${selector} NOT EXISTS`;
  }
}

export function printValue(value: Value): string {
  switch (value.kind) {
    case 'number':
      return value.text;
    case 'regex':
      return `%${value.source}%`;
    case 'text':
      return value.quoted ? `"${value.pieces.map(quoteText).join('*')}"` : value.pieces.join('*');
  }
}

function quoteText(text: string): string {
  return text
    .replace(/[\\"*]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
}

function printField(field: SpaceField): string {
  if (field.kind === 'ellipsis') return '...';
  return field.condition === null
    ? field.name
    : printExpression<FieldTest>(
        field.condition,
        ({name, operator, value}) => `${name} ${operator} ${printValue(value)}`,
      );
}

function printTerm({mode, match}: Term): string {
  const sign = mode === 'include' ? '' : mode === 'optional' ? '?' : '-';
  if (match.kind === 'regex') return `${sign}%${match.source}%`;
  return sign + (match.quoted ? `"${match.text.replace(/[\\"]/g, '\\$&')}"` : match.text);
}
